"""Incomplete gamma functions, their inverses, and all their derivatives, also by the shape.

With P = gammainc and the density p(a, x) = x^(a-1) e^-x / Γ(a):

    ∂P/∂x = p,   ∂p/∂x = p(a-1, x) - p(a, x),

and the derivatives by a are two families of primitives, with their order as a parameter. For
x ≤ 1, P is the sum over k of x^(a+k) e^-x / Γ(a+k+1) (DLMF 8.7.1), differentiated term by term.
For larger x, ∂ⁿp/∂aⁿ is integrated over the tail that x cuts off: in the variable u = |log(t/x)|
the integrand falls off smoothly, and the first derivative has one sign in it, so that no digits
are lost. All factors are power series in the increment of a.

Edges: at a = 0 the derivative is the limit from above; at x = 0 and x = inf those by a are zero.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import elementwise_type, mul, neg
from autodiff.primitives.arithmetic import div, select, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.dtypes import floating, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.parameter_series import derivative, exponential, linear, product
from autodiff.primitives.record import Primitive
from autodiff.primitives.saddle import (
    NEAR_ZERO,
    deviance,
    log_minus_digamma,
    log_ratio,
    polygammas,
    stirling_error,
    value_at_zero,
)
from autodiff.primitives.special import special, special_function
from autodiff.primitives.tail_integral import in_double, tail_integral

__all__ = [
    "gamma_density", "gammainc", "gammainc_by_shape", "gammaincc", "gammainccinv", "gammaincinv",
]  # fmt: skip

_TINY = 1e-100  # stands for a = 0, where everything is smooth
_TERMS = 20  # of the power series, for x ≤ 1


def _types(a: ArrayType, x: ArrayType, *, order: int) -> tuple[ArrayType]:
    common = elementwise_type("a derivative of gammainc", a, x)
    floating(common)
    return (common,)


# ---- the density and its derivatives


def _kernel(xp: Any, a: Any, x: Any) -> Any:
    """x^a e^-x / Γ(a+1), for a > -1 and x > 0."""
    large = xp.where(a < 10, 10.0, a)
    height = xp.exp(-deviance(xp, large, x, x - large) - stirling_error(xp, large))
    small = xp.where(a < 10, a, 1.0)
    direct = xp.exp(small * xp.log(x) - x - special_function(xp, "gammaln")(small + 1))
    return xp.where(a < 10, direct, height / xp.sqrt(2 * math.pi * large))


def _logarithm(xp: Any, a: Any, x: Any, order: int) -> Any:
    """The series in a of log(x^a / Γ(a+1)), without constant term."""
    if not order:
        return {}
    log = log_ratio(xp, x, a + 1, x - a - 1) + log_minus_digamma(xp, a + 1)
    higher = polygammas(xp, a + 1, order - 1)
    return {(1, 0): log} | {(k, 0): -p / math.factorial(k) for k, p in enumerate(higher, 2)}


def _density(xp: Any, a: Any, x: Any, order: int) -> Any:
    """∂ⁿp/∂aⁿ, from 1/Γ(a) = a (a+1) … / Γ(a+k), where k makes the argument positive."""
    good = (x >= 0) & (x < math.inf) & (xp.abs(a) < math.inf)
    b, t = xp.where(good, a, 1.0), xp.where(good, xp.maximum(x, NEAR_ZERO), 1.0)
    factor = {(k, 0): xp.zeros_like(b) for k in range(order + 1)} | linear(b, 0)
    power = 1 / t
    while bool((b < 0).any()):
        low = b < 0
        b = xp.where(low, b + 1, b)
        raised = product(factor, linear(b, 0), order, 0)
        factor = {k: xp.where(low, raised[k], factor[k]) for k in raised}
        power = xp.where(low, power / t, power)
    series = product(exponential(_logarithm(xp, b, t, order), order, 0), factor, order, 0)
    inside = power * _kernel(xp, b, t) * derivative(series, order)
    inside = xp.where(x == 0, value_at_zero(xp, inside, a - 1, order), inside)
    return xp.where(good, inside, xp.where(xp.isnan(a) | xp.isnan(x) | (x < 0), math.nan, 0.0))


def _density_by_x(t: Any, y: Any, a: Any, x: Any, *, order: int) -> Any:
    lower = gamma_density(sub(a, scalar(a, 1)), x, order=order)
    return mul(t, sub(lower, gamma_density(a, x, order=order)))


gamma_density: Primitive = elementwise(
    "gamma_density",
    [
        Push(lambda t, y, a, x, *, order: mul(t, gamma_density(a, x, order=order + 1))),
        Push(_density_by_x),
    ],
    types=_types,
    run=lambda xp, a, x, *, order: in_double(xp, lambda a, x: _density(xp, a, x, order), a, x),
    cheap=False,
)


# ---- the derivatives of gammainc by its shape


def _power_series(xp: Any, a: Any, x: Any, order: int) -> Any:
    """For 0 < x ≤ 1."""
    logarithm = {(1, 0): xp.log(x) - special_function(xp, "digamma")(a + 1)}
    for k, p in enumerate(polygammas(xp, a + 1, order - 1), 2):
        logarithm[k, 0] = -p / math.factorial(k)
    term, total = _kernel(xp, a, x), 0.0
    for _ in range(_TERMS):
        total = total + term * derivative(exponential(logarithm, order, 0), order)
        a = a + 1
        term = term * x / a
        logarithm = {(k, 0): v + (-1 / a) ** k / k for (k, _), v in logarithm.items()}
    return total


def _quadrature(xp: Any, a: Any, x: Any, order: int) -> Any:
    """For x > 1, over t = x e^(su) with s = -1 below the peak of the density, and 1 above."""
    s = xp.where((a > 1) & (xp.log(x) < special_function(xp, "digamma")(a)), -1.0, 1.0)
    logarithm = _logarithm(xp, a, x, order)

    def weight(u: Any) -> Any:
        moved = logarithm | {(1, 0): logarithm[1, 0] + s * u}
        return derivative(product(exponential(moved, order, 0), linear(a, 0), order, 0), order)

    above = xp.minimum(xp.sqrt(84 / x), 42 / xp.maximum(x - a, _TINY))
    tail = tail_integral(
        xp,
        drop=lambda u: s * (x - a) * u + x * (xp.expm1(s * u) - s * u),
        slope=lambda u: s * (x * xp.exp(s * u) - a),
        start=xp.where(s < 0, (42 + x) / xp.maximum(a, 1.0), above),
        weight=weight,
    )
    return -s * _kernel(xp, a, x) * tail


def _by_shape(xp: Any, a: Any, x: Any, order: int) -> Any:
    good = (a >= 0) & (a < math.inf) & (x > 0) & (x < math.inf)
    result = xp.where((a >= 0) & (x >= 0) & ((a > 0) | (x > 0)), 0.0, math.nan)
    a = xp.maximum(a, _TINY)
    for method, chosen in ((_power_series, good & (x <= 1)), (_quadrature, good & (x > 1))):
        if bool(chosen.any()):
            result[chosen] = method(xp, a[chosen], x[chosen], order)
    return result


def _by_shape_and_x(t: Any, y: Any, a: Any, x: Any, *, order: int) -> Any:
    return mul(t, gamma_density(a, x, order=order))


gammainc_by_shape: Primitive = elementwise(
    "gammainc_by_shape",  # order 1, 2, …
    [
        Push(lambda t, y, a, x, *, order: mul(t, gammainc_by_shape(a, x, order=order + 1))),
        Push(_by_shape_and_x),
    ],
    types=_types,
    run=lambda xp, a, x, *, order: in_double(xp, lambda a, x: _by_shape(xp, a, x, order), a, x),
    cheap=False,
)

gammainc = special(
    "gammainc",
    [
        lambda y, a, x: gammainc_by_shape(a, x, order=1),
        lambda y, a, x: gamma_density(a, x, order=0),
    ],
)
gammaincc = special(
    "gammaincc",
    [
        lambda y, a, x: neg(gammainc_by_shape(a, x, order=1)),
        lambda y, a, x: neg(gamma_density(a, x, order=0)),
    ],
)


# ---- inverses: x as a function of a and P(a, x)


def _inverse_by_shape(x: Any, a: Any, p: Any) -> Any:
    """-P_a / P_x, and zero where x does not move."""
    change = gammainc_by_shape(a, x, order=1)
    still = equal(change, scalar(x, 0))
    density = select(still, scalar(x, 1), gamma_density(a, x, order=0))
    return neg(div(change, density))


gammaincinv = special(
    "gammaincinv",
    [_inverse_by_shape, Push(lambda t, x, a, p: div(t, gamma_density(a, x, order=0)))],
)
gammainccinv = special(
    "gammainccinv",
    [_inverse_by_shape, Push(lambda t, x, a, q: neg(div(t, gamma_density(a, x, order=0))))],
)
