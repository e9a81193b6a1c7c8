"""Complete and incomplete elliptic integrals and Jacobi's functions, of the parameter m = k².

The usual derivatives by m are quotients by m and 1 - m of differences that vanish there. Near m = 0
other forms are taken: hypergeometric functions for the complete integrals, and the integral of the
derivative itself, summed by Gauss's rule, for the incomplete ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, elementwise_type, mul, neg
from autodiff.primitives.arithmetic import div, reciprocal, select, square, sub
from autodiff.primitives.comparison import less
from autodiff.primitives.dtypes import floating, scalar
from autodiff.primitives.hypergeometric import hyp2f1
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.powers import sqrt
from autodiff.primitives.record import Primitive
from autodiff.primitives.several_results import special_of_several_results
from autodiff.primitives.special import special, special_function
from autodiff.primitives.trigonometric import cos, sin

__all__ = [
    "ellipe", "ellipe_complement", "ellipeinc", "ellipj", "ellipk", "ellipkinc",
    "ellipkinc_by_parameter", "ellipkm1", "sine_integral",
]  # fmt: skip

# ---- complete integrals (DLMF 19.5.1 and 19.5.2)


def _series(factor: float, a: float, b: float, c: float, m: Any) -> Any:
    """The hypergeometric function 2F1(a, b; c; m), times `factor`."""
    return mul(hyp2f1(scalar(m, a), scalar(m, b), scalar(m, c), m), scalar(m, factor))


def _ellipk_slope(m: Any) -> Any:
    return _series(math.pi / 8, 1.5, 1.5, 2, m)


ellipk = special("ellipk", [lambda y, m: _ellipk_slope(m)])
ellipe = special("ellipe", [lambda y, m: _series(-math.pi / 8, 0.5, 1.5, 2, m)])


def _complementary_slope(y: Any, p: Any) -> Any:
    """The derivative of K(1 - p), which keeps its digits for the smallest p."""
    one = scalar(p, 1)
    small = less(p, scalar(p, 0.5))
    safe = select(small, p, scalar(p, 0.25))
    excess = sub(ellipe_complement(safe), mul(safe, ellipkm1(safe)))
    near = div(excess, mul(scalar(p, 2), mul(safe, sub(one, safe))))
    far = _ellipk_slope(sub(one, select(small, scalar(p, 0.5), p)))
    return neg(select(small, near, far))


ellipkm1: Primitive = special("ellipkm1", [_complementary_slope])

ellipe_complement = elementwise(
    "ellipe_complement",  # E(1 - p), for p < 1/2
    [lambda y, p: div(sub(ellipkm1(p), y), mul(scalar(p, 2), sub(scalar(p, 1), p)))],
    dtype=floating,
    run=lambda xp, p: special_function(xp, "ellipe")(1 - p),
    cheap=False,
)

# ---- incomplete integrals of powers of Δ = √(1 - m sin²θ), from θ = 0 to φ


def _squared_delta(phi: Any, m: Any) -> Any:
    return sub(scalar(m, 1), mul(m, square(sin(phi))))


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def _sine_types(phi: ArrayType, m: ArrayType, *, order: int, power: int) -> tuple[ArrayType]:
    common = elementwise_type("sine_integral", phi, m)
    floating(common)
    return (common,)


def _sine_run(xp: Any, phi: Any, m: Any, *, order: int, power: int) -> Any:
    """Gauss's rule within half a period of the integrand, and twice the whole for each before."""

    def integral(end: Any) -> Any:
        total = 0.0
        for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
            s = xp.square(xp.sin((0.5 + 0.5 * node) * end))
            total = total + weight * s**order * (1 - m * s) ** (power / 2)
        return 0.5 * end * total

    turns = xp.round(phi / math.pi)
    part, half = integral(phi - math.pi * turns), integral(xp.full_like(phi, math.pi / 2))
    return (part + xp.where(turns == 0, 0, 2 * turns * half)).astype(m.dtype)


def _sine_by_angle(y: Any, phi: Any, m: Any, *, order: int, power: int) -> Any:
    delta = sqrt(_squared_delta(phi, m))
    result = delta if power > 0 else reciprocal(delta)
    for _ in range(abs(power) - 1):
        result = mul(result, delta) if power > 0 else div(result, delta)
    for _ in range(order):
        result = mul(result, square(sin(phi)))
    return result


def _sine_by_parameter(y: Any, phi: Any, m: Any, *, order: int, power: int) -> Any:
    raised = sine_integral(phi, m, order=order + 1, power=power - 2)
    return mul(raised, scalar(m, -power / 2))


sine_integral: Primitive = elementwise(
    "sine_integral",  # of sin(θ)^(2 order) Δ^power, where |m| sin²θ < 1/2; odd powers
    [
        Push(lambda t, y, *xs, **of: mul(t, _sine_by_angle(y, *xs, **of))),
        Push(lambda t, y, *xs, **of: mul(t, _sine_by_parameter(y, *xs, **of))),
    ],
    types=_sine_types,
    run=_sine_run,
    cheap=False,
)


def _is_small(phi: Any, m: Any) -> Any:
    """Whether |m| sin²θ < 1/2 on the whole way, so that Gauss's rule is exact to all digits."""
    first = less(abs_(phi), scalar(m, math.pi / 2))
    size = mul(abs_(m), select(first, square(sin(phi)), scalar(m, 1)))
    return less(size, scalar(size, 0.5))


def _ellipkinc_slope(phi: Any, m: Any) -> Any:
    return reciprocal(sqrt(_squared_delta(phi, m)))


ellipkinc: Primitive = special(
    "ellipkinc",
    [lambda y, phi, m: _ellipkinc_slope(phi, m), lambda y, phi, m: ellipkinc_by_parameter(phi, m)],
)


def _ellipeinc_by_parameter(y: Any, phi: Any, m: Any) -> Any:
    """(E - F)/(2m)."""
    near = _is_small(phi, m)
    small, large = select(near, m, scalar(m, 0)), select(near, scalar(m, 1), m)
    series = mul(sine_integral(phi, small, order=1, power=-1), scalar(m, -0.5))
    return select(near, series, div(sub(y, ellipkinc(phi, m)), mul(scalar(m, 2), large)))


ellipeinc = special(
    "ellipeinc",
    [lambda y, phi, m: sqrt(_squared_delta(phi, m)), _ellipeinc_by_parameter],
)


def _by_parameter_run(xp: Any, phi: Any, m: Any) -> Any:
    """By Carlson's integral R_D (DLMF 19.25), which loses no digits for any m."""
    turns = xp.round(phi / math.pi)
    part = phi - math.pi * turns
    s, c = xp.sin(part), xp.cos(part)
    integral = special_function(xp, "elliprd")(c * c, xp.ones_like(s), 1 - m * s * s)
    whole = special_function(xp, "hyp2f1")(*[xp.asarray(v, m.dtype) for v in (1.5, 1.5, 2)], m)
    more = xp.where(turns == 0, 0, turns * (math.pi / 4) * whole)
    return (s**3 / 6 * integral + more).astype(m.dtype)


def _by_parameter_by_angle(y: Any, phi: Any, m: Any) -> Any:
    squared = _squared_delta(phi, m)
    half = mul(square(sin(phi)), scalar(m, 0.5))
    return div(half, mul(squared, sqrt(squared)))


def _by_parameter_again(y: Any, phi: Any, m: Any) -> Any:
    """From the equation m (1-m) F'' + (1-2m) F' - F/4 = -sin(φ) cos(φ) / (4 Δ³)."""
    near = _is_small(phi, m)
    small, large = select(near, m, scalar(m, 0)), select(near, scalar(m, -1), m)
    series = mul(sine_integral(phi, small, order=2, power=-5), scalar(m, 0.75))
    one = scalar(m, 1)
    squared = _squared_delta(phi, m)
    edge = div(mul(sin(phi), cos(phi)), mul(squared, sqrt(squared)))
    rest = sub(mul(ellipkinc(phi, m), scalar(m, 0.25)), mul(sub(one, mul(scalar(m, 2), m)), y))
    forced = sub(rest, mul(edge, scalar(m, 0.25)))
    return select(near, series, div(forced, mul(large, sub(one, large))))


ellipkinc_by_parameter: Primitive = elementwise(
    "ellipkinc_by_parameter",  # the integral of sin²θ / (2Δ³)
    [_by_parameter_by_angle, _by_parameter_again],
    dtype=floating,
    run=_by_parameter_run,
    cheap=False,
)

# ---- Jacobi's functions sn, cn, dn and the amplitude φ, for which u = F(φ, m)


def _by_argument(ys: Any, u: Any, m: Any) -> tuple[Any, ...]:
    sn, cn, dn, _ = ys
    return mul(cn, dn), neg(mul(sn, dn)), neg(mul(m, mul(sn, cn))), dn


def _by_jacobi_parameter(ys: Any, u: Any, m: Any) -> tuple[Any, ...]:
    """Since u is kept, dφ/dm is -dn ∂F/∂m."""
    sn, cn, dn, phi = ys
    turn = neg(mul(dn, ellipkinc_by_parameter(phi, m)))
    slope = neg(div(add(mul(scalar(m, 0.5), square(sn)), mul(mul(m, mul(sn, cn)), turn)), dn))
    return mul(cn, turn), neg(mul(sn, turn)), slope, turn


ellipj = special_of_several_results("ellipj", 4, _by_argument, _by_jacobi_parameter)
