"""What the densities of the gamma and beta distributions are made of, without cancellation.

A power times an exponential over a gamma function overflows, or loses digits, where the parameters
are large, though the quotient is moderate. Stirling's formula splits it into exp(-deviance), which
is small near the peak, and a slowly varying factor (C. Loader, "Fast and accurate computation of
binomial probabilities", 2000). These are functions of arrays in double precision, not primitives.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

from autodiff.primitives.special import special_function

__all__ = [
    "NEAR_ZERO", "bernoulli", "deviance", "log_minus_digamma", "log_ratio", "polygamma_increment",
    "polygammas", "stirling_error", "value_at_zero",
]  # fmt: skip

NEAR_ZERO = 1e-20  # so close that a smooth factor has its value at zero

_LARGE = 16  # from here on the asymptotic series are exact to double precision
# B_2k / (2k (2k-1)) for k = 1, 2, …, and B_2k / (2k) (DLMF 5.11.1, 5.11.2)
_STIRLING = (
    1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
)  # fmt: skip
_DIGAMMA = tuple([c * (2 * k + 1) for k, c in enumerate(_STIRLING)])
_ATANH = tuple([1 / (2 * k + 3) for k in range(9)])


def _horner(coefficients: tuple[float, ...], y: Any) -> Any:
    total: Any = 0.0
    for c in reversed(coefficients):
        total = total * y + c
    return total


def stirling_error(xp: Any, a: Any) -> Any:
    """The difference log Γ(a) - (a - 1/2) log a + a - log(2π)/2, for a > 0."""
    large = xp.where(a > _LARGE, a, _LARGE)
    series = _horner(_STIRLING, 1 / (large * large)) / large
    small = xp.where(a > _LARGE, 1.0, a)
    log_gamma = special_function(xp, "gammaln")(small)
    direct = log_gamma - (small - 0.5) * xp.log(small) + small - 0.5 * math.log(2 * math.pi)
    return xp.where(a > _LARGE, series, direct)


def log_minus_digamma(xp: Any, a: Any) -> Any:
    """The difference log a - ψ(a), for a > 0."""
    large = xp.where(a > _LARGE, a, _LARGE)
    y = 1 / (large * large)
    series = 0.5 / large + y * _horner(_DIGAMMA, y)
    small = xp.where(a > _LARGE, 1.0, a)
    direct = xp.log(small) - special_function(xp, "digamma")(small)
    return xp.where(a > _LARGE, series, direct)


@lru_cache
def bernoulli(n: int) -> Fraction:
    """The Bernoulli number B_n."""
    if n == 0:
        return Fraction(1)
    total = sum([math.comb(n + 1, k) * bernoulli(k) for k in range(n)], start=Fraction(0))
    return -total / (n + 1)


def polygamma_increment(xp: Any, a: Any, h: Any, order: int) -> Any:
    """ψ⁽ⁿ⁾(a + h) - ψ⁽ⁿ⁾(a), for a > 0 and a + h > 0: relative to its own size if h is small.

    The recurrence moves both arguments to where the asymptotic series holds (DLMF 5.15.9), and
    each power of an argument is subtracted from its counterpart.
    """

    def rise(z: Any, p: int) -> Any:
        """(z + h)^-p - z^-p."""
        return xp.expm1(-p * xp.log1p(h / z)) / z**p

    total = 0.0
    for k in range(_LARGE):
        total = total + math.factorial(order) * rise(a + k, order + 1)
    a = a + _LARGE
    total = total + 0.5 * math.factorial(order) * rise(a, order + 1)
    total = total + (math.factorial(order - 1) * rise(a, order) if order else -xp.log1p(h / a))
    for k in range(2, 18, 2):
        c = bernoulli(k) * math.factorial(k + order - 1) / math.factorial(k)
        total = total + float(c) * rise(a, k + order)
    return -((-1) ** order) * total


def polygammas(xp: Any, a: Any, order: int) -> list[Any]:
    """The derivatives ψ'(a), ψ''(a), … of digamma, `order` of them, for a > 0."""
    zeta = special_function(xp, "zeta")
    return [(-1) ** (n + 1) * math.factorial(n) * zeta(n + 1.0, a) for n in range(1, order + 1)]


def log_ratio(xp: Any, x: Any, a: Any, excess: Any) -> Any:
    """log(x / a), where `excess` is x - a without cancellation."""
    near = xp.abs(excess) < 0.5 * a
    return xp.where(near, xp.log1p(xp.where(near, excess / a, 0.0)), xp.log(x) - xp.log(a))


def deviance(xp: Any, a: Any, x: Any, excess: Any) -> Any:
    """The deviance a log(a/x) + x - a ≥ 0, where `excess` is x - a without cancellation."""
    v = excess / (x + a)
    near = xp.abs(v) < 0.1
    v = xp.where(near, v, 0.0)
    y = v * v
    # log(x / a) = 2 atanh(v), and atanh(v) = v + v³/3 + …
    series = excess * v - 2 * a * v * y * _horner(_ATANH, y)
    return xp.where(near, series, excess - a * (xp.log(x) - xp.log(a)))


def value_at_zero(xp: Any, nearby: Any, exponent: Any, order: int) -> Any:
    """At x = 0 what behaves as x^exponent log(x)^order, and is `nearby` at `NEAR_ZERO`."""
    infinite = xp.where(nearby == 0, 0.0, xp.copysign(math.inf, nearby))
    at_one = nearby if order == 0 else infinite
    return xp.where(exponent > 0, 0.0, xp.where(exponent == 0, at_one, infinite))
