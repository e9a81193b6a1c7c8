"""Digamma, its derivatives of any order, and its differences.

Of real numbers, the derivatives are SciPy's zeta function. Of complex ones, they are computed here:
the recurrence moves the argument to the right, where the asymptotic series is exact to double
precision (DLMF 5.15.9); the left half plane is reflected.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, elementwise_type, mul
from autodiff.primitives.dtypes import floating, inexact
from autodiff.primitives.half_turns import sinpi_of
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive
from autodiff.primitives.saddle import bernoulli, polygamma_increment
from autodiff.primitives.special import special, special_function
from autodiff.primitives.tail_integral import in_double

__all__ = ["digamma", "digamma_difference", "polygamma", "polygamma_difference"]


# ---- the derivatives of digamma


def _polygamma_types(x: ArrayType, *, order: int) -> tuple[ArrayType]:
    inexact(x)
    return (x,)


def _polygamma_run(xp: Any, x: Any, *, order: int) -> Any:
    if x.dtype.kind == "c":
        return _complex_polygamma(xp, xp.asarray(x), order)
    size = math.gamma(order + 1) if order < 171 else math.inf
    return (-1) ** (order + 1) * size * special_function(xp, "zeta")(x.dtype.type(order + 1), x)


def _complex_polygamma(xp: Any, z: Any, n: int) -> Any:
    dtype, left = z.dtype, z.real < 0.5
    z = z.astype(xp.complex128)
    w = _right_half(xp, xp.where(left, 1 - z, z), n)
    mirrored = (-1) ** n * w - math.pi ** (n + 1) * _cotangent_derivative(xp, math.pi * z, n)
    return xp.where(left, mirrored, w).astype(dtype)[()]


def _right_half(xp: Any, z: Any, n: int) -> Any:
    """For Re z ≥ 1/2."""
    total = xp.zeros_like(z)
    for _ in range(15 + n):
        total = total + 1 / z ** (n + 1)
        z = z + 1
    series = math.factorial(n - 1) / z**n + 0.5 * math.factorial(n) / z ** (n + 1)
    for k in range(2, 22, 2):
        c = bernoulli(k) * math.factorial(k + n - 1) / math.factorial(k)
        series = series + float(c) / z ** (k + n)
    return (-1) ** (n + 1) * (math.factorial(n) * total + series)


def _cotangent_derivative(xp: Any, x: Any, n: int) -> Any:
    """Of order n at x: a polynomial in c = cot x, since c' = -(1 + c²)."""
    polynomial = [0, 1]
    for _ in range(n):
        slope = [k * p for k, p in enumerate(polynomial)][1:]
        polynomial = [-(a + b) for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    c, total = 1 / xp.tan(x), 0.0
    for p in reversed(polynomial):
        total = total * c + p
    return total


polygamma: Primitive = elementwise(
    "polygamma",  # ψ^(order), order 1, 2, …
    [Push(lambda t, y, x, *, order: mul(t, polygamma(x, order=order + 1)))],
    types=_polygamma_types,
    run=_polygamma_run,
    cheap=False,
)

digamma = special("psi", [lambda y, x: polygamma(x, order=1)], dtype=inexact)


# ---- ψ⁽ⁿ⁾(x + h) - ψ⁽ⁿ⁾(x)


def _difference(xp: Any, x: Any, h: Any, order: int) -> Any:
    right = (x > 0) & (x + h > 0)
    one = xp.ones_like(x)
    result = polygamma_increment(xp, xp.where(right, x, one), xp.where(right, h, one), order)
    if bool(right.all()):
        return result
    other = _difference_of_digammas(xp, x, h) if order == 0 else _apart(xp, x, h, order)
    return xp.where(right, result, other)


def _apart(xp: Any, x: Any, h: Any, order: int) -> Any:
    if order == 0:
        digamma_of = special_function(xp, "digamma")
        return digamma_of(x + h) - digamma_of(x)
    return _polygamma_run(xp, x + h, order=order) - _polygamma_run(xp, x, order=order)


def _difference_of_digammas(xp: Any, x: Any, h: Any) -> Any:
    """Also where both are infinite, but their difference is not."""
    left = (x < 1) & (x + h < 1)
    one = xp.ones_like(x)
    mirrored = polygamma_increment(xp, xp.where(left, 1 - x, one), xp.where(left, -h, one), 0)
    # ψ(1 - x) = ψ(x) + π cot(πx), and a difference of two cotangents is a quotient of sines
    turn, poles = sinpi_of(xp, h), sinpi_of(xp, x) * sinpi_of(xp, x + h)
    cotangents = xp.where(turn == 0, 0.0, math.pi * turn / xp.where(turn == 0, 1.0, poles))
    return xp.where(left, mirrored + cotangents, _apart(xp, x, h, 0))


def _difference_types(x: ArrayType, h: ArrayType, *, order: int) -> tuple[ArrayType]:
    common = elementwise_type("polygamma_difference", x, h)
    floating(common)
    return (common,)


def _difference_by_h(t: Any, y: Any, x: Any, h: Any, *, order: int) -> Any:
    return mul(t, polygamma(add(x, h), order=order + 1))


polygamma_difference: Primitive = elementwise(
    "polygamma_difference",
    [
        Push(lambda t, y, x, h, *, order: mul(t, polygamma_difference(x, h, order=order + 1))),
        Push(_difference_by_h),
    ],
    types=_difference_types,
    run=lambda xp, x, h, *, order: in_double(xp, lambda x, h: _difference(xp, x, h, order), x, h),
    cheap=False,
)


def digamma_difference(x: Any, h: Any) -> Any:
    """ψ(x + h) - ψ(x)."""
    return polygamma_difference(x, h, order=0)
