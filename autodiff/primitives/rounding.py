"""Whole numbers and remainders, and the parts of a floating-point number.

Rounding has the derivative zero; what is left over by it moves with the operand.
"""

from __future__ import annotations

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import elementwise_type, neg
from autodiff.primitives.arithmetic import div, sub
from autodiff.primitives.dtypes import floating, integral
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive

__all__ = [
    "ceil", "exponent", "floor", "floor_divide", "fmod", "fraction", "ldexp", "mantissa",
    "nextafter", "remainder", "rint", "spacing", "trunc",
]  # fmt: skip

floor = elementwise("floor", [None], ufunc=np.floor)
ceil = elementwise("ceil", [None], ufunc=np.ceil)
trunc = elementwise("trunc", [None], ufunc=np.trunc)
rint = elementwise("rint", [None], ufunc=np.rint)


# ---- division with remainder

floor_divide = elementwise("floor_divide", [None, None], ufunc=np.floor_divide, text="{0} // {1}")

remainder = elementwise(
    "remainder",  # x - y * floor(x / y), with the sign of y
    [1, lambda z, x, y: neg(floor_divide(x, y))],
    ufunc=np.remainder,
    text="{0} % {1}",
)

fmod = elementwise(
    "fmod",  # x - y * trunc(x / y), with the sign of x; rint makes the quotient exact
    [1, lambda z, x, y: rint(div(sub(z, x), y))],
    ufunc=np.fmod,
)


# ---- modf, frexp and ldexp: `np.modf` is (fraction, trunc), `np.frexp` is (mantissa, exponent)

fraction = elementwise(
    "fraction",
    [1],
    dtype=floating,
    run=lambda xp, x: xp.modf(x)[0],
    text="np.modf({0})[0]",
)

mantissa = elementwise(
    "mantissa",
    [Push(lambda t, y, x: ldexp(t, neg(exponent(x))))],
    dtype=floating,
    run=lambda xp, x: xp.frexp(x)[0],
    text="np.frexp({0})[0]",
)


def _exponent_dtype(operand: ArrayType) -> np.dtype[np.intc]:
    floating(operand)
    return np.dtype(np.intc)


exponent: Primitive = elementwise(
    "exponent",
    [None],
    dtype=_exponent_dtype,
    run=lambda xp, x: xp.frexp(x)[1],
    text="np.frexp({0})[1]",
)


def _ldexp_types(x: ArrayType, n: ArrayType) -> tuple[ArrayType]:
    floating(x)
    integral(n)
    return (elementwise_type("ldexp", x, n.with_dtype(x.dtype)),)


ldexp: Primitive = elementwise(
    "ldexp",  # x * 2**n
    [Push(lambda t, y, x, n: ldexp(t, n)), None],
    types=_ldexp_types,
    ufunc=np.ldexp,
    transpose=lambda ct, i, x, n: ldexp(ct, n),
)


# ---- neighbours

# The step to the neighbour is constant between powers of two, so the derivative by x is one.
nextafter = elementwise("nextafter", [1, None], dtype=floating, ufunc=np.nextafter)
spacing = elementwise("spacing", [None], dtype=floating, ufunc=np.spacing)
