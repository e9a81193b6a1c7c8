"""Circular and hyperbolic functions, their inverses, and sinc.

Differences such as 1 - x² are taken as products (1 - x)(1 + x), which lose no digits near the ends
of the domain, and with complex operands the square roots keep to NumPy's branches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, select, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.powers import hypot, sqrt
from autodiff.primitives.record import Primitive

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh",
    "deg2rad", "rad2deg", "sin", "sinh", "tan", "tanh",
]  # fmt: skip


def _function(ufunc: Any, partial: Any) -> Primitive:
    """A transcendental function of one real or complex operand."""
    return elementwise(ufunc.__name__, [partial], dtype=inexact, ufunc=ufunc, cheap=False)


# ---- circular

sin = _function(np.sin, lambda y, x: cos(x))
cos: Primitive = _function(np.cos, lambda y, x: neg(sin(x)))
tan = _function(np.tan, lambda y, x: add(scalar(y, 1), mul(y, y)))


def _one_minus_square(x: Any) -> Any:
    one = scalar(x, 1)
    if x.dtype.kind != "c":
        return mul(sub(one, x), add(one, x))
    # 1 - x would lose the sign of a zero imaginary part, which says on what side of the cut x lies.
    return mul(neg(sub(x, one)), add(one, x))


arcsin = _function(np.arcsin, Push(lambda t, y, x: div(t, sqrt(_one_minus_square(x)))))
arccos = _function(np.arccos, Push(lambda t, y, x: div(neg(t), sqrt(_one_minus_square(x)))))
arctan = _function(np.arctan, Push(lambda t, y, x: div(t, add(scalar(x, 1), mul(x, x)))))


def _over_square(part: Any, x: Any, y: Any) -> Any:
    """The quotient part / (x² + y²) without squares that could overflow; at the origin, zero."""
    r = hypot(x, y)
    r = select(equal(r, scalar(r, 0)), scalar(r, 1), r)
    return div(div(part, r), r)


arctan2 = elementwise(
    "arctan2",
    [lambda out, y, x: _over_square(x, x, y), lambda out, y, x: neg(_over_square(y, x, y))],
    dtype=floating,
    ufunc=np.arctan2,
    cheap=False,
)


# ---- hyperbolic

sinh = _function(np.sinh, lambda y, x: cosh(x))
cosh: Primitive = _function(np.cosh, lambda y, x: sinh(x))
tanh = _function(np.tanh, lambda y, x: sub(scalar(y, 1), mul(y, y)))


def _arcsinh_push(t: Any, y: Any, x: Any) -> Any:
    one = scalar(x, 1)
    return div(t, sqrt(add(one, mul(x, x))) if x.dtype.kind == "c" else hypot(one, x))


def _arccosh_push(t: Any, y: Any, x: Any) -> Any:
    one = scalar(x, 1)
    return div(t, mul(sqrt(sub(x, one)), sqrt(add(x, one))))


arcsinh = _function(np.arcsinh, Push(_arcsinh_push))
arccosh = _function(np.arccosh, Push(_arccosh_push))
arctanh = _function(np.arctanh, Push(lambda t, y, x: div(t, _one_minus_square(x))))


# ---- degrees


def _scaling(ufunc: Any, factor: float) -> Primitive:
    return elementwise(
        ufunc.__name__,
        [factor],
        dtype=floating,
        ufunc=ufunc,
        transpose=lambda ct, i, x: mul(ct, scalar(ct, factor)),
    )


deg2rad = _scaling(np.deg2rad, math.pi / 180)
rad2deg = _scaling(np.rad2deg, 180 / math.pi)
