"""Incomplete beta functions, their inverses, and all their derivatives, also by the parameters.

With I = betainc and the density p(a, b, x) = x^(a-1) (1-x)^(b-1) / B(a, b), ∂I/∂x = p, and the
derivatives of I and of p are two families of primitives, with their orders as parameters. The
integral of ∂p over t < x is taken in the variable u = logit(x) - logit(t), in which the integrand
falls off smoothly; or it is that over t > x, by I_x(a, b) = 1 - I_{1-x}(b, a): whichever tail is
the lesser one. A parameter below one makes a long tail, and is raised first (DLMF 8.17.20):

    I_x(a, b) = I_x(a+1, b) + x^a (1-x)^b / (a B(a, b)).

All factors are power series in the increments of a and b.

Edges: at a = 0 or b = 0 the derivative is the limit from above; at x = 0 and x = 1 those by a and b
are zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import elementwise_type, mul, neg
from autodiff.primitives.arithmetic import div, select, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.dtypes import floating, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.parameter_series import (
    Series,
    derivative,
    exponential,
    inverse,
    linear,
    product,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.saddle import (
    NEAR_ZERO,
    deviance,
    polygamma_increment,
    polygammas,
    stirling_error,
    value_at_zero,
)
from autodiff.primitives.special import special, special_function
from autodiff.primitives.tail_integral import in_double, tail_integral

__all__ = [
    "beta_density", "betainc", "betainc_by_parameters", "betaincc", "betainccinv", "betaincinv",
]  # fmt: skip

_TINY = 1e-100  # stands for a parameter of zero


# ---- x^a y^b Γ(a+b+1) / (Γ(a+1) Γ(b+1)), with y = 1 - x


def _kernel(xp: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    n, excess = a + b, x * b - y * a
    depth = deviance(xp, a, n * x, excess) + deviance(xp, b, n * y, -excess)
    correction = stirling_error(xp, n) - stirling_error(xp, a) - stirling_error(xp, b)
    return xp.exp(correction - depth) * xp.sqrt(n / (2 * math.pi * a * b))


def _logarithm(xp: Any, a: Any, b: Any, x: Any, y: Any, m: int, n: int) -> Series:
    """The series in a and b of its logarithm, without constant term."""
    g: Series = {}
    if m:
        log = xp.where(x < 0.5, xp.log(x), xp.log1p(-xp.minimum(y, 0.6)))
        g[1, 0] = log + polygamma_increment(xp, a + 1, b, 0)
    if n:
        log = xp.where(y < 0.5, xp.log(y), xp.log1p(-xp.minimum(x, 0.6)))
        g[0, 1] = log + polygamma_increment(xp, b + 1, a, 0)
    of_sum = polygammas(xp, a + b + 1, m + n - 1)
    for i in range(m + 1):
        for j in range(n + 1):
            if i + j > 1:
                k = i + j - 1
                if j == 0:
                    value = polygamma_increment(xp, a + 1, b, k)
                elif i == 0:
                    value = polygamma_increment(xp, b + 1, a, k)
                else:
                    value = of_sum[k - 1]
                g[i, j] = value / (math.factorial(i) * math.factorial(j))
    return g


def _share(a: Any, b: Any, m: int, n: int) -> Series:
    """The share b / (a + b)."""
    return product(linear(b, 1), inverse(a + b, m, n), m, n)


# ---- the derivatives of betainc by its parameters


def _lower(xp: Any, a: Any, b: Any, x: Any, y: Any, m: int, n: int) -> Any:
    """From the integral over t < x."""
    raised = exponential(_logarithm(xp, a, b, x, y, m, n), m, n)
    step = derivative(product(raised, _share(a, b, m, n), m, n), m, n)
    step = xp.where(a < 1, _kernel(xp, a, b, x, y) * step, 0.0)
    a = xp.where(a < 1, a + 1, a)

    logarithm = _logarithm(xp, a, b, x, y, m, n)
    factor = product(linear(a, 0), _share(a, b, m, n), m, n)
    total, excess = a + b, a * y - b * x

    def log_rest(u: Any) -> Any:
        return xp.log1p(x * xp.expm1(-u))  # log((1 - x) / (1 - t))

    def weight(u: Any) -> Any:
        v = log_rest(u)
        moved = {(1, 0): u + v, (0, 1): v}
        series = exponential({k: c - moved.get(k, 0.0) for k, c in logarithm.items()}, m, n)
        return derivative(product(series, factor, m, n), m, n)

    tail = tail_integral(
        xp,
        drop=lambda u: excess * u + total * (log_rest(u) + x * u),
        slope=lambda u: a - total * x * xp.exp(-u) / (1 + x * xp.expm1(-u)),
        start=(42 - total * xp.log(y)) / a,
        weight=weight,
    )
    return step + _kernel(xp, a, b, x, y) * tail


def _takes_lower(xp: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """Which tail to integrate over: the first derivative has one sign in the lesser one."""
    digamma = special_function(xp, "digamma")
    lesser = xp.log(x) < digamma(a) - digamma(a + b)
    near_zero, near_one = (a + b) * x <= 1, (a + b) * y <= 1
    return xp.where(near_zero & near_one, x < 0.5, (lesser | near_zero) & ~near_one)


def _by_parameters(xp: Any, a: Any, b: Any, x: Any, m: int, n: int) -> Any:
    finite = (a < math.inf) & (b < math.inf)
    valid = (a >= 0) & (b >= 0) & ((a > 0) | (b > 0)) & (x >= 0) & (x <= 1) & finite
    good = valid & (x > 0) & (x < 1)
    result = xp.where(valid, 0.0, math.nan)
    a, b, y = xp.maximum(a, _TINY), xp.maximum(b, _TINY), 1 - x
    lower = good & _takes_lower(xp, a, b, xp.where(good, x, 0.5), xp.where(good, y, 0.5))
    upper = good & ~lower
    if bool(lower.any()):
        p, q, near, far = (v[lower] for v in (a, b, x, y))
        result[lower] = _lower(xp, p, q, near, far, m, n)
    if bool(upper.any()):
        p, q, near, far = (v[upper] for v in (b, a, y, x))
        result[upper] = -_lower(xp, p, q, near, far, n, m)
    return result


# ---- the density: (a-1) … (a-i) (b-1) … (b-j) x^(a-1-i) (1-x)^(b-1-j) / B(a, b), differentiated


def _density(
    xp: Any, a: Any, b: Any, x: Any, orders: tuple[int, int], falls: tuple[int, int]
) -> Any:
    (m, n), (i, j) = orders, falls
    good = (a >= 0) & (b >= 0) & (x >= 0) & (x <= 1) & (a < math.inf) & (b < math.inf)
    p, q = (xp.maximum(xp.where(good, v, 1.0), _TINY) for v in (a, b))
    t = xp.where(good, x, 0.5)
    t, rest = xp.maximum(t, NEAR_ZERO), xp.maximum(1 - t, NEAR_ZERO)
    factor = product(linear(p, 0), _share(p, q, m, n), m, n)
    for k in range(1, i + 1):
        factor = product(factor, linear(p - k, 0), m, n)
    for k in range(1, j + 1):
        factor = product(factor, linear(q - k, 1), m, n)
    series = exponential(_logarithm(xp, p, q, t, rest, m, n), m, n)
    value = derivative(product(series, factor, m, n), m, n)
    value = value * _kernel(xp, p, q, t, rest) / (t ** (1 + i) * rest ** (1 + j))
    value = xp.where(x == 0, value_at_zero(xp, value, a - 1 - i, m), value)
    value = xp.where(x == 1, value_at_zero(xp, value, b - 1 - j, n), value)
    return xp.where(good, value, math.nan)


# ---- the primitives


def _only(*types: ArrayType, **params: Any) -> tuple[ArrayType]:
    common = elementwise_type("a derivative of betainc", *types)
    floating(common)
    return (common,)


def _density_by_x(t: Any, y: Any, a: Any, b: Any, x: Any, *, orders: Any, falls: Any) -> Any:
    i, j = falls
    left = beta_density(a, b, x, orders=orders, falls=(i + 1, j))
    return mul(t, sub(left, beta_density(a, b, x, orders=orders, falls=(i, j + 1))))


def _next(primitive: Callable[[], Primitive], i: int) -> Push:
    """The derivative by parameter i: of the next order."""

    def rule(t: Any, y: Any, *xs: Any, orders: tuple[int, int], **params: Any) -> Any:
        m, n = orders
        return mul(t, primitive()(*xs, orders=(m, n + 1) if i else (m + 1, n), **params))

    return Push(rule)


def _in_x(t: Any, y: Any, a: Any, b: Any, x: Any, *, orders: Any) -> Any:
    return mul(t, beta_density(a, b, x, orders=orders, falls=(0, 0)))


beta_density: Primitive = elementwise(
    "beta_density",
    [_next(lambda: beta_density, 0), _next(lambda: beta_density, 1), Push(_density_by_x)],
    types=_only,
    run=lambda xp, a, b, x, *, orders, falls: in_double(
        xp, lambda a, b, x: _density(xp, a, b, x, orders, falls), a, b, x
    ),
    cheap=False,
)

betainc_by_parameters: Primitive = elementwise(
    "betainc_by_parameters",
    [
        _next(lambda: betainc_by_parameters, 0),
        _next(lambda: betainc_by_parameters, 1),
        Push(_in_x),
    ],
    types=_only,
    run=lambda xp, a, b, x, *, orders: in_double(
        xp, lambda a, b, x: _by_parameters(xp, a, b, x, *orders), a, b, x
    ),
    cheap=False,
)


def _by_a(y: Any, a: Any, b: Any, x: Any) -> Any:
    return betainc_by_parameters(a, b, x, orders=(1, 0))


def _by_b(y: Any, a: Any, b: Any, x: Any) -> Any:
    return betainc_by_parameters(a, b, x, orders=(0, 1))


def _by_x(y: Any, a: Any, b: Any, x: Any) -> Any:
    return beta_density(a, b, x, orders=(0, 0), falls=(0, 0))


def _negative(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: neg(rule(*args))


betainc = special("betainc", [_by_a, _by_b, _by_x])
betaincc = special("betaincc", [_negative(_by_a), _negative(_by_b), _negative(_by_x)])


# ---- inverses: x as a function of a, b and I_x(a, b)


def _moved(rule: Callable[..., Any]) -> Callable[..., Any]:
    """-I_a / I_x, and zero where x does not move."""

    def partial(x: Any, a: Any, b: Any, p: Any) -> Any:
        change = rule(x, a, b, x)
        still = equal(change, scalar(x, 0))
        return neg(div(change, select(still, scalar(x, 1), _by_x(x, a, b, x))))

    return partial


betaincinv = special(
    "betaincinv",
    [_moved(_by_a), _moved(_by_b), Push(lambda t, x, a, b, p: div(t, _by_x(x, a, b, x)))],
)
betainccinv = special(
    "betainccinv",
    [_moved(_by_a), _moved(_by_b), Push(lambda t, x, a, b, q: neg(div(t, _by_x(x, a, b, x))))],
)
