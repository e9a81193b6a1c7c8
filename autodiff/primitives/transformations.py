"""What statistics and learning put data through: logistic function, Box-Cox, Huber's loss, degrees.

Conventions: huber is differentiable everywhere; pseudo_huber'(0, 0) = (0, 0); boxcox(0, λ) has the
derivative 1/λ² by λ > 0, the limit; at λ = 0 all are smooth.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, select, square, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.dtypes import floating, scalar
from autodiff.primitives.entropy_functions import xlog1py
from autodiff.primitives.exponential import exp, log, log1p
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.piecewise import abs_, clip, maximum
from autodiff.primitives.powers import hypot, power
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special
from autodiff.primitives.tail_integral import gauss, in_double
from autodiff.primitives.trigonometric import sin

__all__ = [
    "boxcox", "boxcox1p", "cosdg", "cosm1", "cotdg", "exp10", "expit", "exprel",
    "exprel_derivative", "huber", "inv_boxcox", "inv_boxcox1p", "log_expit", "logit", "powm1",
    "pseudo_huber", "radian", "sindg", "tandg",
]  # fmt: skip


# ---- the logistic function

expit: Primitive = special("expit", [lambda y, x: mul(y, expit(neg(x)))])
log_expit = special("log_expit", [lambda y, x: expit(neg(x))])
logit = special("logit", [Push(lambda t, y, p: div(t, mul(p, sub(scalar(p, 1), p))))])


# ---- (exp(x) - 1)/x = ∫ exp(xt) dt over 0 < t < 1


def _exprel_types(x: ArrayType, *, order: int) -> tuple[ArrayType]:
    floating(x)
    return (x,)


def _exprel_derivative(xp: Any, x: Any, order: int) -> Any:
    """Under the integral sign, over that part of the interval that counts."""
    size = xp.minimum(xp.abs(x), 1e308)
    end = xp.minimum(1.0, 42 / xp.maximum(size, 1.0))
    falling = gauss(xp, lambda u: u**order * xp.exp(-size * u), end)
    rising = xp.exp(x) * gauss(xp, lambda u: (1 - u) ** order * xp.exp(-size * u), end)
    return xp.where(x < 0, falling, xp.where(x == math.inf, math.inf, rising))


exprel_derivative: Primitive = elementwise(
    "exprel_derivative",
    [Push(lambda t, y, x, *, order: mul(t, exprel_derivative(x, order=order + 1)))],
    types=_exprel_types,
    run=lambda xp, x, *, order: in_double(xp, lambda x: _exprel_derivative(xp, x, order), x),
    cheap=False,
)

exprel = special("exprel", [lambda y, x: exprel_derivative(x, order=1)])


# ---- Box and Cox: (x^λ - 1)/λ = L exprel(λL) with L = log x


def _by_lambda(logarithm: Any, p: Any) -> Any:
    """The derivative by λ. A logarithm of -inf counts as one whose square is still finite."""
    low = scalar(logarithm, -1e-4 * math.sqrt(float(np.finfo(logarithm.dtype).max)))
    logarithm = maximum(logarithm, low)
    return mul(square(logarithm), exprel_derivative(mul(p, logarithm), order=1))


def _less_one(p: Any) -> Any:
    return sub(p, scalar(p, 1))


def _power_of_one_plus(x: Any, p: Any) -> Any:
    return exp(xlog1py(p, x))


boxcox = special(
    "boxcox",
    [lambda y, x, p: power(x, _less_one(p)), lambda y, x, p: _by_lambda(log(x), p)],
)
boxcox1p = special(
    "boxcox1p",
    [
        lambda y, x, p: _power_of_one_plus(x, _less_one(p)),
        lambda y, x, p: _by_lambda(log1p(x), p),
    ],
)


# The inverses' derivatives follow from those of the functions at x, the result.
def _inverse_by_lambda(slope: Any, logarithm: Any, p: Any) -> Any:
    return neg(mul(_by_lambda(logarithm, p), slope))


inv_boxcox = special(
    "inv_boxcox",
    [
        lambda x, y, p: power(x, neg(_less_one(p))),
        lambda x, y, p: _inverse_by_lambda(power(x, neg(_less_one(p))), log(x), p),
    ],
)
inv_boxcox1p = special(
    "inv_boxcox1p",
    [
        lambda x, y, p: _power_of_one_plus(x, neg(_less_one(p))),
        lambda x, y, p: _inverse_by_lambda(_power_of_one_plus(x, neg(_less_one(p))), log1p(x), p),
    ],
)


# ---- Huber's losses

huber = special(
    "huber",
    [
        lambda y, d, r: maximum(sub(abs_(r), d), scalar(r, 0)),
        lambda y, d, r: clip(r, neg(d), d),
    ],
)


def _radius(d: Any, r: Any) -> Any:
    """√(d² + r²), with one for zero: a divisor."""
    h = hypot(d, r)
    return select(equal(h, scalar(h, 0)), scalar(h, 1), h)


def _pseudo_huber_by_delta(y: Any, d: Any, r: Any) -> Any:
    """(h - d)² / h with h = √(d² + r²), where h - d = r²/(h + d)."""
    h = _radius(d, r)
    return div(square(div(square(r), add(h, d))), h)


pseudo_huber = special(
    "pseudo_huber",  # d (h - d)
    [_pseudo_huber_by_delta, lambda y, d, r: mul(d, div(r, _radius(d, r)))],
)


# ---- elementary functions under SciPy's names

_DEGREE = math.pi / 180

cosm1 = special("cosm1", [lambda y, x: neg(sin(x))])
exp10: Primitive = special("exp10", [lambda y, x: mul(scalar(x, math.log(10)), y)])
powm1 = special(
    "powm1",
    [
        lambda z, x, y: mul(y, power(x, _less_one(y))),
        lambda z, x, y: mul(power(x, y), log(x)),
    ],
)

sindg: Primitive = special("sindg", [lambda y, x: mul(scalar(x, _DEGREE), cosdg(x))])
cosdg: Primitive = special("cosdg", [lambda y, x: mul(scalar(x, -_DEGREE), sindg(x))])


def _one_plus_square(y: Any, factor: float) -> Any:
    return mul(scalar(y, factor), add(scalar(y, 1), square(y)))


tandg = special("tandg", [lambda y, x: _one_plus_square(y, _DEGREE)])
cotdg = special("cotdg", [lambda y, x: _one_plus_square(y, -_DEGREE)])
radian = special("radian", [_DEGREE, _DEGREE / 60, _DEGREE / 3600])
