"""Riemann's and Hurwitz' zeta functions, with derivatives in both arguments.

By s, they are computed by Euler's and Maclaurin's formula (DLMF 25.11.7) for the terms n ≥ N,
differentiated with power series in the increment of s. That holds for every real s; left of zero
Riemann's is better reflected.

Edges: at the pole s = 1 the derivative is NaN; left of it, Hurwitz' zeta is NaN as SciPy's is.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.errors import MissingRuleError
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, elementwise_type, mul, neg
from autodiff.primitives.arithmetic import select, sub
from autodiff.primitives.comparison import less
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.exponential import exp
from autodiff.primitives.gamma_functions import gamma
from autodiff.primitives.half_turns import cospi, sinpi
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.parameter_series import derivative, exponential, inverse, linear, product
from autodiff.primitives.polygammas import digamma
from autodiff.primitives.record import Primitive
from autodiff.primitives.saddle import bernoulli
from autodiff.primitives.special import special_function
from autodiff.primitives.tail_integral import in_double

__all__ = ["hurwitz_zeta", "riemann_zeta", "zeta_derivative"]

_DIRECT = 16  # terms that are added one by one
_CORRECTIONS = 12


# ---- derivatives by s


def _zeta_derivative(xp: Any, s: Any, q: Any, order: int) -> Any:
    good = (q > 0) & (s != 1) & (xp.abs(s) < math.inf)
    s, q = xp.where(good, s, 2.0), xp.where(good & (q < math.inf), q, 1.0)

    def power(base: Any, above: float) -> Any:
        """base^-(s + δ + above)."""
        logarithm = {(1, 0): -xp.log(base)} if order else {}
        series = exponential(logarithm, order, 0)
        return {k: c * base ** -(s + above) for k, c in series.items()}

    series = power(q, 0)
    for n in range(1, _DIRECT):
        series = _sum(series, power(q + n, 0))
    edge = q + _DIRECT
    series = _sum(series, product(power(edge, -1), inverse(s - 1, order, 0), order, 0))
    series = _sum(series, {k: 0.5 * c for k, c in power(edge, 0).items()})
    rising = linear(s, 0)  # s (s+1) … (s+2k-2)
    for k in range(1, _CORRECTIONS + 1):
        size = float(bernoulli(2 * k) / math.factorial(2 * k))
        term = product(rising, power(edge, 2 * k - 1), order, 0)
        series = _sum(series, {i: size * c for i, c in term.items()})
        for j in (2 * k - 1, 2 * k):
            rising = product(rising, linear(s + j, 0), order, 0)
    return xp.where(good, derivative(series, order), math.nan)


def _sum(f: Any, g: Any) -> Any:
    return {k: f[k] + g[k] for k in g}


def _derivative_types(s: ArrayType, q: ArrayType, *, order: int) -> tuple[ArrayType]:
    common = elementwise_type("a derivative of zeta", s, q)
    floating(common)
    return (common,)


def _by_q(t: Any, y: Any, s: Any, q: Any, *, order: int) -> Any:
    """Of ∂ⁿζ/∂sⁿ, from ∂ζ/∂q = -s ζ(s+1, q)."""
    above = add(s, scalar(s, 1))
    slope = mul(s, _any_order(above, q, order))
    if order:
        slope = add(slope, mul(scalar(s, order), _any_order(above, q, order - 1)))
    return neg(mul(t, slope))


def _any_order(s: Any, q: Any, order: int) -> Any:
    return zeta_derivative(s, q, order=order) if order else hurwitz_zeta(s, q)


zeta_derivative: Primitive = elementwise(
    "zeta_derivative",  # ∂ⁿζ(s, q)/∂sⁿ, order 1, 2, …
    [
        Push(lambda t, y, s, q, *, order: mul(t, zeta_derivative(s, q, order=order + 1))),
        Push(_by_q),
    ],
    types=_derivative_types,
    run=lambda xp, s, q, *, order: in_double(
        xp, lambda s, q: _zeta_derivative(xp, s, q, order), s, q
    ),
    cheap=False,
)

hurwitz_zeta: Primitive = elementwise(
    "hurwitz_zeta",
    [
        lambda y, s, q: zeta_derivative(s, q, order=1),
        lambda y, s, q: neg(mul(s, hurwitz_zeta(add(s, scalar(s, 1)), q))),
    ],
    dtype=floating,
    run=lambda xp, s, q: special_function(xp, "zeta")(s, q),
    cheap=False,
)


# ---- Riemann's zeta function


def _riemann_slope(y: Any, s: Any) -> Any:
    if s.dtype.kind == "c":
        raise MissingRuleError(
            "scipy.special.zeta has no derivative at complex arguments. Write instead: a real "
            "argument"
        )
    one = scalar(s, 1)
    left = less(s, scalar(s, 0))
    right = zeta_derivative(select(left, scalar(s, 2), s), one, order=1)
    return select(left, _reflected_slope(select(left, s, neg(one))), right)


def _reflected_slope(s: Any) -> Any:
    """The derivative of ζ(s) = 2 (2π)^(s-1) sin(πs/2) Γ(1-s) ζ(1-s) (DLMF 25.4.2)."""
    one, half = scalar(s, 1), scalar(s, 0.5)
    mirrored, log = sub(one, s), scalar(s, math.log(2 * math.pi))
    size = mul(scalar(s, 2), mul(exp(neg(mul(mirrored, log))), gamma(mirrored)))
    sine, cosine = sinpi(mul(half, s)), cospi(mul(half, s))
    zeta = riemann_zeta(mirrored)
    turned = add(mul(sine, sub(log, digamma(mirrored))), mul(scalar(s, math.pi / 2), cosine))
    fall = mul(sine, zeta_derivative(mirrored, one, order=1))
    return mul(size, sub(mul(turned, zeta), fall))


riemann_zeta: Primitive = elementwise(
    "riemann_zeta",
    [_riemann_slope],
    dtype=inexact,
    run=lambda xp, s: special_function(xp, "zeta")(s),
    cheap=False,
)
