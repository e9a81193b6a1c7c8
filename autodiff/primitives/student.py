"""Student's distribution function and its inverse, with derivatives by the degrees of freedom."""

from __future__ import annotations

import math
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, reciprocal, select, square, sub
from autodiff.primitives.comparison import isinf, less, logical_or
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.exponential import exp, log, log1p
from autodiff.primitives.gamma_functions import betaln
from autodiff.primitives.incomplete_beta import betainc_by_parameters
from autodiff.primitives.piecewise import abs_, sign
from autodiff.primitives.polygammas import digamma_difference
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = ["stdtr", "stdtrit"]

_CENTRE = 1e-6  # within, F(t) is linear in t to all digits that count


def _half(x: Any) -> Any:
    return mul(x, scalar(x, 0.5))


def _density(n: Any, t: Any) -> Any:
    """The derivative of F by t; for infinitely many degrees of freedom, the normal density."""
    limit = isinf(n)
    m = select(limit, scalar(n, 1), n)
    constant = add(betaln(_half(m), scalar(n, 0.5)), _half(log(m)))
    power = mul(_half(add(m, scalar(n, 1))), log1p(div(square(t), m)))
    bell = add(_half(square(t)), scalar(t, math.log(2 * math.pi) / 2))
    return exp(neg(select(limit, bell, add(constant, power))))


def _by_freedom(y: Any, n: Any, t: Any) -> Any:
    """F is 1 - I(n/2, 1/2; z)/2 for t > 0, with z = n / (n + t²), which moves with n, too."""
    limit, centre = logical_or(isinf(n), isinf(t)), less(abs_(t), scalar(t, _CENTRE))
    m, t = select(limit, scalar(n, 1), n), select(limit, scalar(t, 1), t)
    density = _density(m, t)
    # near 0, where F is t times the density there
    change = sub(digamma_difference(_half(m), scalar(n, 0.5)), reciprocal(m))
    near = mul(_half(change), mul(t, density))
    z = div(m, add(m, square(t)))
    by_shape = betainc_by_parameters(_half(m), scalar(n, 0.5), z, orders=(1, 0))
    moving = div(mul(t, density), mul(scalar(n, 2), m))
    far = neg(add(mul(sign(t), mul(by_shape, scalar(t, 0.25))), moving))
    return select(limit, scalar(t, 0), select(centre, near, far))


stdtr = special("stdtr", [_by_freedom, lambda y, n, t: _density(n, t)])


def _inverse_by_freedom(t: Any, n: Any, p: Any) -> Any:
    return neg(div(_by_freedom(p, n, t), _density(n, t)))


stdtrit: Primitive = special(
    "stdtrit", [_inverse_by_freedom, lambda t, n, p: reciprocal(_density(n, t))]
)
