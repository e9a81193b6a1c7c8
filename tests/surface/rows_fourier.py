"""Rows for Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.surface.row import Row

Z, X = complex_uniform(-1, 1, (3, 4)), uniform(-1, 1, (3, 4))
ODD, ODD_REAL = complex_uniform(-1, 1, (5,)), uniform(-1, 1, (5,))
PLANE, SOLID = uniform(-1, 1, (3, 4)), uniform(-1, 1, (2, 3, 3))
ZEROS = complex_uniform(-1, 1, (2, 3, 3))


def z32(rng: np.random.Generator) -> Any:
    return Z(rng).astype(np.complex64)


def call(name: str, maker: Maker, id: str = "", **options: Any) -> Row:
    """A transform with these options."""
    return Row(f"numpy.fft.{name}", lambda x: getattr(np.fft, name)(x, **options), (maker,), id=id)


NORMS = [
    call(name, maker, f"{norm}-{size}", norm=norm)
    for name, whole, odd in [
        ("fft", Z, ODD), ("ifft", Z, ODD), ("rfft", X, ODD_REAL),
        ("irfft", Z, ODD), ("hfft", Z, ODD), ("ihfft", X, ODD_REAL),
    ]
    for norm in ("ortho", "forward")
    for size, maker in (("even", whole), ("odd", odd))
]  # fmt: skip

LENGTHS = [
    call(name, maker, f"{n}-points", n=n, axis=0)
    for name, maker in [
        ("fft", Z),
        ("ifft", Z),
        ("rfft", X),
        ("irfft", Z),
        ("hfft", Z),
        ("ihfft", X),
    ]
    for n in (1, 2, 5)
]

SEVERAL = [
    call("fft2", Z),
    call("fft2", X, "real"),
    call("ifft2", Z),
    call("rfft2", X),
    call("irfft2", Z),
    call("irfft2", Z, "odd", s=(3, 5), norm="forward"),
    call("fftn", ZEROS),
    call("fftn", ZEROS, "cut-and-padded", s=(3, 2), axes=(0, 2), norm="ortho"),
    call("fftn", Z, "same-axis-twice", axes=(1, 1)),
    call("ifftn", ZEROS, "axes", axes=(-1, 0)),
    call("ifftn", ZEROS),
    call("rfftn", SOLID),
    call("rfftn", SOLID, "cut-and-padded", s=(4, 2), axes=(2, 0), norm="forward"),
    call("irfftn", ZEROS),
    call("irfftn", ZEROS, "odd", s=(3, 2, 5), axes=(0, 1, 2), norm="ortho"),
]

ROWS = [
    *[call(name, Z) for name in ("fft", "ifft", "irfft", "hfft")],
    *[call(name, X) for name in ("rfft", "ihfft")],
    *NORMS,
    *LENGTHS,
    *SEVERAL,
    call("fft", X, "real"),
    call("fft", integers(0, 9, (4,)), "integers"),
    call("fft", uniform(-1, 1, (4,), np.float32), "f32"),
    call("ifft", z32, "c64"),
    call("rfft", uniform(-1, 1, (4,), np.float32), "f32"),
    call("irfft", z32, "c64"),
    call("irfft", X, "real"),
    call("fft", complex_uniform(-1, 1, (0, 3)), "empty"),
    call("fftshift", X),
    call("fftshift", ODD, "odd"),
    call("fftshift", SOLID, "axes", axes=(0, 2)),
    call("ifftshift", ODD),
    call("ifftshift", X, "axis", axes=-1),
    Row(
        "autodiff.numpy.fft.fftfreq",
        lambda d: ad.numpy.fft.fftfreq(5, d[0]),
        (uniform(0.5, 1, (1,)),),
        plain=lambda d: np.fft.fftfreq(5, d[0]),
    ),
    Row(
        "autodiff.numpy.fft.rfftfreq",
        lambda d: ad.numpy.fft.rfftfreq(6, d[0]),
        (uniform(0.5, 1, (1,)),),
        plain=lambda d: np.fft.rfftfreq(6, d[0]),
    ),
]
