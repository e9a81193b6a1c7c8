"""Error functions and the normal distribution, with derivatives that keep their digits far out.

The scaled functions erfcx and dawsn fall off slowly, while the terms of their derivatives by the
textbook (2x erfcx(x) - 2/√π) do not: for large x these cancel. So each has its derivatives as one
primitive with their order as a parameter.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul, neg
from autodiff.primitives.arithmetic import div, square, sub
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.exponential import exp
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special, special_function
from autodiff.primitives.tail_integral import in_double, tail_integral

__all__ = [
    "dawsn", "dawsn_derivative", "erf", "erfc", "erfcinv", "erfcx", "erfcx_derivative", "erfi",
    "erfinv", "log_ndtr", "ndtr", "ndtri", "ndtri_exp",
]  # fmt: skip

_TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)


def _scaled(value: float, x: Any) -> Any:
    return mul(scalar(x, value), x)


def _bell(x: Any) -> Any:
    """The derivative of erf."""
    return _scaled(_TWO_BY_ROOT_PI, exp(neg(square(x))))


def _well(x: Any) -> Any:
    """The reciprocal of the derivative of erf."""
    return _scaled(1 / _TWO_BY_ROOT_PI, exp(square(x)))


erf = special("erf", [lambda y, x: _bell(x)], dtype=inexact)
erfc = special("erfc", [lambda y, x: neg(_bell(x))], dtype=inexact)
erfi = special("erfi", [lambda y, x: _scaled(_TWO_BY_ROOT_PI, exp(square(x)))], dtype=inexact)
erfinv = special("erfinv", [lambda y, x: _well(y)])
erfcinv = special("erfcinv", [lambda y, x: neg(_well(y))])


# ---- erfcx(x) = 2/√π ∫ exp(-u² - 2xu) du over u > 0


def _derivative_types(x: ArrayType, *, order: int) -> tuple[ArrayType]:
    floating(x)
    return (x,)


def _erfcx_derivative(xp: Any, x: Any, order: int) -> Any:
    """Under the integral sign for x > 1; by recurrence elsewhere, where no digits are lost."""
    far = xp.where(x > 1, x, 1.0)
    tail = tail_integral(
        xp,
        drop=lambda u: u * u + 2 * far * u,
        slope=lambda u: 2 * (u + far),
        start=21 / far,
        weight=lambda u: (-2 * u) ** order,
    )
    near = xp.where(x > 1, 1.0, x)
    last, new = special_function(xp, "erfcx")(near), 0.0
    last, new = new, last
    for n in range(order):  # f⁽ⁿ⁺¹⁾ = 2x f⁽ⁿ⁾ + 2n f⁽ⁿ⁻¹⁾, and the constant
        last, new = new, 2 * near * new + 2 * n * last - (_TWO_BY_ROOT_PI if n == 0 else 0.0)
    result = xp.where(x > 1, _TWO_BY_ROOT_PI * tail, new)
    return xp.where(xp.isnan(x), math.nan, xp.where(x == math.inf, 0.0, result))


erfcx_derivative: Primitive = elementwise(
    "erfcx_derivative",
    [Push(lambda t, y, x, *, order: mul(t, erfcx_derivative(x, order=order + 1)))],
    types=_derivative_types,
    run=lambda xp, x, *, order: in_double(xp, lambda x: _erfcx_derivative(xp, x, order), x),
    cheap=False,
)


def _erfcx_slope(y: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return sub(_scaled(2, mul(x, y)), scalar(x, _TWO_BY_ROOT_PI))
    return erfcx_derivative(x, order=1)


erfcx = special("erfcx", [_erfcx_slope], dtype=inexact)


# ---- Dawson's function

_FAR = 7.0  # from here on the asymptotic series is exact to double precision


def _dawsn_derivative(xp: Any, x: Any, order: int) -> Any:
    """The series Σ (2k-1)!! / (2^(k+1) x^(2k+1)), term by term, or by recurrence."""
    far = xp.where(xp.abs(x) > _FAR, x, _FAR)
    series = 0.0
    for k in range(24 + order):
        size = math.prod(range(1, 2 * k, 2)) * math.perm(2 * k + order, order) / 2.0 ** (k + 1)
        series = series + size * (1 / far) ** (2 * k + 1 + order)
    near = xp.where(xp.abs(x) > _FAR, 0.0, x)
    last, new = 0.0 * near, special_function(xp, "dawsn")(near)
    for n in range(order):
        last, new = new, (1.0 if n == 0 else 0.0) - 2 * near * new - 2 * n * last
    return xp.where(xp.abs(x) > _FAR, (-1) ** order * series, new)


dawsn_derivative: Primitive = elementwise(
    "dawsn_derivative",
    [Push(lambda t, y, x, *, order: mul(t, dawsn_derivative(x, order=order + 1)))],
    types=_derivative_types,
    run=lambda xp, x, *, order: in_double(xp, lambda x: _dawsn_derivative(xp, x, order), x),
    cheap=False,
)


def _dawsn_slope(y: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return sub(scalar(x, 1), _scaled(2, mul(x, y)))
    return dawsn_derivative(x, order=1)


dawsn = special("dawsn", [_dawsn_slope], dtype=inexact)


# ---- the normal distribution

_ROOT_HALF = math.sqrt(0.5)


def _density(x: Any) -> Any:
    return _scaled(1 / math.sqrt(2 * math.pi), exp(_scaled(-0.5, square(x))))


def _mills_ratio(x: Any) -> Any:
    """ndtr(x) by its derivative."""
    return _scaled(math.sqrt(math.pi / 2), erfcx(_scaled(-_ROOT_HALF, x)))


ndtr = special("ndtr", [lambda y, x: _density(x)], dtype=inexact)
ndtri = special(
    "ndtri",
    [lambda y, p: _scaled(math.sqrt(2 * math.pi), exp(_scaled(0.5, square(y))))],
)
log_ndtr = special("log_ndtr", [Push(lambda t, y, x: div(t, _mills_ratio(x)))], dtype=inexact)
ndtri_exp = special("ndtri_exp", [lambda y, x: _mills_ratio(y)])
