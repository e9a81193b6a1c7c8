"""Complex numbers and their parts.

What is linear over the reals only is transposed without conjugation: Re(ct * J t) = Re(Jᵀ ct * t).
So the gradient of a real function u is du/dx - i du/dy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import aligned, elementwise_type, mul, neg
from autodiff.primitives.arithmetic import div, select
from autodiff.primitives.comparison import equal
from autodiff.primitives.dtypes import complex_dtype, magnitude, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive

__all__ = ["complex_", "complex_sign", "conj", "imag", "real"]


def _only_complex(operand: ArrayType) -> np.dtype[Any]:
    if operand.dtype.kind != "c":
        raise TypeError(f"expected a complex operand, not {operand}")
    return operand.dtype


def _part_dtype(operand: ArrayType) -> np.dtype[Any]:
    _only_complex(operand)
    return magnitude(operand)


real: Primitive = elementwise(
    "real",
    [Push(lambda t, y, z: real(t))],
    dtype=_part_dtype,
    run=lambda xp, z: z.real,
    transpose=lambda ct, i, z: complex_(ct, scalar(ct, 0)),
    text="{0}.real",
    view=True,
)

imag: Primitive = elementwise(
    "imag",
    [Push(lambda t, y, z: imag(t))],
    dtype=_part_dtype,
    run=lambda xp, z: z.imag,
    transpose=lambda ct, i, z: complex_(scalar(ct, 0), neg(ct)),
    text="{0}.imag",
    view=True,
)

conj: Primitive = elementwise(
    "conj",
    [Push(lambda t, y, z: conj(t))],
    ufunc=np.conjugate,
    transpose=lambda ct, i, z: conj(ct),
)


# ---- complex: a number from its parts


def _complex_types(x: ArrayType, y: ArrayType) -> tuple[ArrayType]:
    parts = elementwise_type("complex", x, y)
    return (parts.with_dtype(complex_dtype(parts)),)


def _complex_run(xp: Any, x: Any, y: Any) -> Any:
    # Not x + 1j * y, which makes NaN of an infinite y.
    both = xp.broadcast(x, y)
    z = xp.empty(both.shape, xp.result_type(x.dtype, xp.complex64))
    z.real, z.imag = x, y
    return z[()]


def _complex_jvp(xs: Any, dxs: Any) -> Any:
    (x, y), (dx, dy) = xs, dxs
    zero = scalar(x, 0)
    return complex_(x, y), complex_(zero if dx is None else dx, zero if dy is None else dy)


complex_: Primitive = Primitive(
    "complex",
    types=_complex_types,
    run=_complex_run,
    jvp=_complex_jvp,
    transpose=lambda ct, i, x, y: neg(imag(ct)) if i else real(ct),
    batch=lambda size, xs, mapped: complex_(*aligned(size, xs, mapped)),
    mask="same",
    kind="elementwise",
    cheap=True,
)


# ---- sign: z / |z|, and 0 at 0


def _sign_push(t: Any, s: Any, z: Any) -> Any:
    """The direction turns by the part of the tangent across it; at 0 it has no derivative: 0."""
    radius = real(mul(z, conj(s)))
    across = imag(mul(t, conj(s)))
    turn = div(across, select(equal(radius, scalar(radius, 0)), scalar(radius, 1), radius))
    return mul(complex_(scalar(turn, 0), turn), s)


complex_sign = elementwise(
    "complex_sign",
    [Push(_sign_push)],
    dtype=_only_complex,
    run=lambda xp, z: xp.sign(z),
    text="np.sign({0})",
)
