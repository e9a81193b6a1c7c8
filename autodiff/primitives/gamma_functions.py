"""The gamma function, its logarithm and reciprocal, and products and quotients of it.

Where a factor 1/Γ has a zero, the logarithmic derivative has a pole: there the derivative is that
of 1/Γ itself, by its reflection formula, which is finite. Digamma's differences are computed as
such, so that no digits are lost between large arguments that lie close together.

Edges: at a pole of Γ itself the derivative is NaN or infinite, as digamma is.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import select, sub
from autodiff.primitives.comparison import equal, less
from autodiff.primitives.complexes import real
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.half_turns import cospi, sinpi
from autodiff.primitives.polygammas import digamma, digamma_difference
from autodiff.primitives.special import special

__all__ = [
    "beta", "betaln", "binom", "gamma", "gammaln", "gammasgn", "loggamma", "poch", "rgamma",
    "rgamma_slope",
]  # fmt: skip

gamma = special("gamma", [lambda y, x: mul(y, digamma(x))], dtype=inexact)
gammaln = special("gammaln", [lambda y, x: digamma(x)])
loggamma = special("loggamma", [lambda y, x: digamma(x)], dtype=inexact)
gammasgn = special("gammasgn", [None])


# ---- 1/Γ(x), which is smooth everywhere


def rgamma_slope(y: Any, x: Any) -> Any:
    """The derivative of y = 1/Γ(x): -y ψ(x), or that of Γ(1-x) sin(πx)/π."""
    one = scalar(x, 1)
    left = less(real(x) if x.dtype.kind == "c" else x, scalar(x, 0.5).real)
    mirrored = select(left, sub(one, x), one)
    turn = sub(cospi(x), mul(scalar(x, 1 / math.pi), mul(sinpi(x), digamma(mirrored))))
    right = neg(mul(y, digamma(select(left, one, x))))
    return select(left, mul(gamma(mirrored), turn), right)


rgamma = special("rgamma", [rgamma_slope], dtype=inexact)


# ---- B(a, b) = Γ(a) Γ(b) / Γ(a+b)

beta = special(
    "beta",
    [
        lambda y, a, b: neg(mul(y, digamma_difference(a, b))),
        lambda y, a, b: neg(mul(y, digamma_difference(b, a))),
    ],
)
betaln = special(
    "betaln",
    [
        lambda y, a, b: neg(digamma_difference(a, b)),
        lambda y, a, b: neg(digamma_difference(b, a)),
    ],
)


# ---- binom(n, k) = Γ(n+1) / (Γ(k+1) Γ(n-k+1))


def _is_zero(y: Any) -> Any:
    return equal(y, scalar(y, 0))


def _factors(n: Any, k: Any) -> tuple[Any, Any, Any]:
    one = scalar(n, 1)
    return add(n, one), add(k, one), add(sub(n, k), one)


def _binom_by_n(y: Any, n: Any, k: Any) -> Any:
    top, left, right = _factors(n, k)
    slope = rgamma_slope(rgamma(right), right)
    at_zero = add(mul(y, digamma(top)), mul(gamma(top), mul(rgamma(left), slope)))
    return select(_is_zero(y), at_zero, mul(y, digamma_difference(right, k)))


def _binom_by_k(y: Any, n: Any, k: Any) -> Any:
    top, left, right = _factors(n, k)
    f, g = rgamma(left), rgamma(right)
    slope = sub(mul(rgamma_slope(f, left), g), mul(f, rgamma_slope(g, right)))
    elsewhere = mul(y, digamma_difference(left, sub(right, left)))
    return select(_is_zero(y), mul(gamma(top), slope), elsewhere)


binom = special("binom", [_binom_by_n, _binom_by_k])


# ---- poch(z, m) = Γ(z+m) / Γ(z)


def _poch_by_z(y: Any, z: Any, m: Any) -> Any:
    total = add(z, m)
    slope = mul(gamma(total), rgamma_slope(rgamma(z), z))
    at_zero = add(mul(y, digamma(total)), slope)
    return select(_is_zero(y), at_zero, mul(y, digamma_difference(z, m)))


poch = special("poch", [_poch_by_z, lambda y, z, m: mul(y, digamma(add(z, m)))])
