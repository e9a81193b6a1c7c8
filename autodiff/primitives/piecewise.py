"""Functions made of pieces: absolute value and sign, maximum and minimum, clipping, steps.

Conventions where pieces meet: abs'(0) = 0; operands that tie for the maximum or minimum share the
derivative evenly; the derivative of `clip` at a bound is one. A piece that was not taken is left
out by `select`, so that an infinite derivative there does no harm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import select
from autodiff.primitives.comparison import equal, greater, less, less_equal, logical_and, logical_or
from autodiff.primitives.complexes import complex_sign, conj, real
from autodiff.primitives.dtypes import floating, magnitude, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive

__all__ = [
    "abs_", "clip", "copysign", "fmax", "fmin", "heaviside", "maximum", "minimum", "sign",
]  # fmt: skip


def _where(condition: Any, t: Any) -> Any:
    return select(condition, t, scalar(t, 0))


def _unless(condition: Any, t: Any) -> Any:
    return select(condition, scalar(t, 0), t)


# ---- absolute value and sign

sign = elementwise("sign", [None], ufunc=np.sign)  # of real numbers; see also `complex_sign`


def _abs_push(t: Any, y: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return real(mul(t, conj(complex_sign(x))))
    return mul(t, sign(x))


abs_ = elementwise("abs", [Push(_abs_push)], dtype=magnitude, ufunc=np.absolute)

copysign: Primitive = elementwise(
    "copysign",  # |x| with the sign of y, even that of -0.0
    [lambda z, x, y: mul(sign(x), copysign(scalar(x, 1), y)), None],
    dtype=floating,
    ufunc=np.copysign,
)

heaviside = elementwise(
    "heaviside",  # 0 for x < 0, h for x = 0, 1 for x > 0
    [None, Push(lambda t, y, x, h: _where(equal(x, scalar(x, 0)), t))],
    dtype=floating,
    ufunc=np.heaviside,
)


# ---- maximum and minimum


def _shared(t: Any, x: Any, y: Any) -> Any:
    """The tangent of a winner: halved where both operands win."""
    return mul(t, select(equal(x, y), scalar(t, 0.5), scalar(t, 1)))


# A NaN operand is never the loser: it is the result, and its tangent moves the result.
maximum = elementwise(
    "maximum",
    [
        Push(lambda t, z, x, y: _unless(less(x, y), _shared(t, x, y))),
        Push(lambda t, z, x, y: _unless(less(y, x), _shared(t, x, y))),
    ],
    ufunc=np.maximum,
)
minimum = elementwise(
    "minimum",
    [
        Push(lambda t, z, x, y: _unless(less(y, x), _shared(t, x, y))),
        Push(lambda t, z, x, y: _unless(less(x, y), _shared(t, x, y))),
    ],
    ufunc=np.minimum,
)

# Here NaN is passed over: the winner is the operand that equals the result.
_winner = [
    Push(lambda t, z, x, y: _where(equal(x, z), _shared(t, x, y))),
    Push(lambda t, z, x, y: _where(equal(y, z), _shared(t, x, y))),
]
fmax = elementwise("fmax", _winner, ufunc=np.fmax)
fmin = elementwise("fmin", _winner, ufunc=np.fmin)

# minimum(maximum(x, low), high): should the bounds be in the wrong order, it is the upper one.
clip = elementwise(
    "clip",
    [
        Push(lambda t, z, x, a, b: _unless(logical_or(less(x, a), greater(x, b)), t)),
        Push(lambda t, z, x, a, b: _where(logical_and(less(x, a), less_equal(a, b)), t)),
        Push(lambda t, z, x, a, b: _where(logical_or(greater(x, b), greater(a, b)), t)),
    ],
    run=lambda xp, x, low, high: xp.clip(x, low, high),
    text="np.clip({0}, {1}, {2})",
)
