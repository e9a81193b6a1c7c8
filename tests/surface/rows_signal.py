"""Rows for `scipy.signal`: convolution, filters with feedback, smoothing, resampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.surface.row import Row

pytest.importorskip("scipy")
from autodiff.scipy import signal

F32 = np.float32


def reals(*shape: int, dtype: Any = float) -> Maker:
    return uniform(-1, 1, shape, dtype)


def complexes(*shape: int) -> Maker:
    return complex_uniform(-1, 1, shape)


def row(name: str, *inputs: Maker, id: str = "", smooth: bool = True, **options: Any) -> Row:
    """One call with these keywords."""
    function = getattr(signal, name)
    public = f"autodiff.scipy.signal.{name}"
    return Row(public, lambda *xs: function(*xs, **options), inputs, id=id, smooth=smooth)


def poles(*shape: int) -> Maker:
    """Denominators of stable filters."""

    def make(rng: np.random.Generator) -> Any:
        a = rng.uniform(-0.3, 0.3, shape)
        a[..., 0] = rng.uniform(1, 2, shape[:-1])
        return a

    return make


def sections(b: Any, a: Any) -> Any:
    """Sections of second order, with the leading one in the denominator that SciPy asks for."""
    return np.concatenate([b, np.ones((2, 1)), 0.3 * a], axis=1)


MODES = ("full", "same", "valid")
SIZES = {"": (7, 3), "even": (6, 4), "larger": (3, 7), "equal": (4, 4)}

STATES = [("even", 3, 3, (6,)), ("numerator", 4, 2, (2, 5)), ("short", 4, 3, (2,))]

ROWS = [
    *[
        row(name, reals(n), reals(k), id=f"{mode}{'-' * bool(what)}{what}", mode=mode)
        for name in ("convolve", "correlate", "fftconvolve")
        for mode in MODES
        for what, (n, k) in SIZES.items()
    ],
    *[
        row(name, reals(4, 5), reals(3, 2), id=f"{mode}-2d", mode=mode)
        for name in ("convolve", "correlate", "fftconvolve")
        for mode in MODES
    ],
    row("convolve", complexes(5), complexes(3), id="complex"),
    row("correlate", complexes(5), complexes(3), id="complex"),
    row("fftconvolve", complexes(5), complexes(3), id="complex"),
    row("convolve", complexes(5), reals(3), id="mixed"),
    row("convolve", reals(5, dtype=F32), reals(3, dtype=F32), id="f32"),
    row("fftconvolve", reals(5, dtype=F32), reals(3, dtype=F32), id="f32"),
    row("convolve", integers(-5, 5, (5,)), integers(-5, 5, (3,)), id="integers", smooth=False),
    row("convolve", reals(5), reals(3), id="fft", method="fft"),
    row("convolve", reals(), reals(), id="scalars"),
    row("fftconvolve", reals(3, 6), reals(3, 2), id="axes", axes=1),
    row("fftconvolve", reals(2, 5, 2), reals(2, 3, 1), id="broadcast", axes=(1,)),
    *[row("oaconvolve", reals(7), reals(3), id=mode, mode=mode) for mode in MODES],
    *[
        row(name, reals(4, 5), reals(2, 3), id=f"{m}-{b}", mode=m, boundary=b, fillvalue=0.3)
        for name in ("convolve2d", "correlate2d")
        for m in MODES
        for b in ("fill", "wrap", "symm")
    ],
    row("correlate2d", reals(2, 3), reals(4, 3), id="valid-larger", mode="valid"),
    row("correlate2d", complexes(2, 3), complexes(4, 3), id="valid-complex", mode="valid"),
    row("lfilter", reals(3), poles(3), reals(7)),
    row("lfilter", reals(2), poles(4), reals(2, 6), id="channels"),
    row("lfilter", reals(4), poles(2), reals(5, 2), id="axis", axis=0),
    row("lfilter", reals(3), poles(1), reals(6), id="without_feedback"),
    row("lfilter", reals(1), poles(3), reals(6), id="all_pole"),
    row("lfilter", reals(3), poles(3), complexes(6), id="complex"),
    Row(
        "autodiff.scipy.signal.lfilter",
        lambda x: signal.lfilter(F32([1, 0.5]), F32([2, 0.3]), x),
        (reals(6, dtype=F32),),
        id="f32",
    ),
    *[
        Row(
            "autodiff.scipy.signal.lfilter",
            lambda b, a, x, zi: signal.lfilter(b, a, x, zi=zi),
            (reals(nb), poles(na), reals(*shape), reals(*shape[:-1], max(na, nb) - 1)),
            id=f"state-{id}",
        )
        for id, nb, na, shape in [
            ("even", 3, 3, (6,)),
            ("numerator", 4, 2, (2, 5)),
            ("short", 4, 3, (2,)),
        ]
    ],
    row("lfilter_zi", reals(3), poles(3)),
    row("lfilter_zi", reals(2), poles(4), id="padded"),
    *[
        row("filtfilt", reals(2), poles(2), reals(9), id=str(p), padtype=p)
        for p in ("odd", "even", "constant", None)
    ],
    row("filtfilt", reals(2), poles(2), reals(9, 2), id="axis", axis=0, padlen=3),
    Row(
        "autodiff.scipy.signal.sosfilt",
        lambda b, a, x: signal.sosfilt(sections(b, a), x),
        (reals(2, 3), reals(2, 2), reals(6)),
    ),
    Row(
        "autodiff.scipy.signal.sosfilt",
        lambda b, a, x, zi: signal.sosfilt(sections(b, a), x, zi=zi),
        (reals(2, 3), reals(2, 2), reals(6), reals(2, 2)),
        id="state",
    ),
    *[
        row("savgol_filter", reals(2, 9), id=mode, window_length=5, polyorder=2, mode=mode)
        for mode in ("interp", "mirror", "constant", "nearest", "wrap")
    ],
    row("savgol_filter", reals(9), id="slope", window_length=5, polyorder=3, deriv=1, delta=0.3),
    row("savgol_filter", reals(9, dtype=F32), id="f32", window_length=5, polyorder=2),
    row("detrend", reals(2, 7)),
    row("detrend", reals(7, 2), id="constant", type="constant", axis=0),
    row("detrend", reals(8), id="pieces", bp=3),
    row("detrend", complexes(7), id="complex"),
    row("hilbert", reals(6)),
    row("hilbert", reals(2, 7), id="odd", axis=0),
    row("hilbert", reals(7), id="cut", N=5),
    *[row("resample", reals(n), id=f"{n}-{m}", num=m) for n in (6, 7) for m in (4, 5, 6, 7, 9, 10)],
    *[row("resample", complexes(6), id=f"complex-{m}", num=m) for m in (4, 5, 6, 8, 9)],
    row("resample", reals(2, 6), id="window", num=5, axis=1, window="hann"),
]
