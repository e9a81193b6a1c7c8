"""Distributions on all real numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.scipy.stats.distributions import Continuous, Formulas

__all__ = [
    "cauchy", "gennorm", "gumbel_l", "gumbel_r", "laplace", "logistic", "norm", "skewnorm", "t",
    "truncnorm", "vonmises",
]  # fmt: skip

special = scipy_namespace(np, "special")

HALF_LOG_TWO_PI = math.log(2 * math.pi) / 2


def log_bell(x: Any) -> Any:
    """The logarithm of the density of the standard normal distribution."""
    return -0.5 * np.square(x) - HALF_LOG_TWO_PI


def log1p_square(x: Any) -> Any:
    """The logarithm of 1 + x², also where x² is too large a number."""
    size = np.abs(x)
    return np.where(size < 1e8, np.log1p(np.square(x)), 2 * np.log(size))


norm = Continuous(
    "norm",
    Formulas(
        log_bell,
        cdf=lambda x: special.ndtr(x),
        logcdf=lambda x: special.log_ndtr(x),
        ppf=lambda q: special.ndtri(q),
        symmetric=True,
    ),
)

skewnorm = Continuous(
    "skewnorm",
    Formulas(
        lambda x, a: math.log(2) + log_bell(x) + special.log_ndtr(a * x),
        shapes=("a",),
        valid=lambda a: a == a,
    ),
)


def _gennorm_log_density(x: Any, beta: Any) -> Any:
    power = np.where(x == 0, 0.0, np.abs(x) ** beta)  # the slope at 0 is 0
    return np.log(0.5 * beta) - special.gammaln(1 / beta) - power


gennorm = Continuous("gennorm", Formulas(_gennorm_log_density, shapes=("beta",)))


# ---- Student's t, and its limit


def _t_log_density(x: Any, df: Any) -> Any:
    limit = np.isinf(df)
    n = np.where(limit, 1.0, df)
    # betaln(n/2, 1/2) is a difference of two logarithms of Γ that are nearly equal for large n
    constant = special.betaln(n / 2, n.dtype.type(0.5)) + 0.5 * np.log(n)
    value = -constant - (n + 1) / 2 * log1p_square(x / np.sqrt(n))
    return np.where(limit, log_bell(x), value)


t = Continuous(
    "t",
    Formulas(
        _t_log_density,
        shapes=("df",),
        cdf=lambda x, df: special.stdtr(df, x),
        ppf=lambda q, df: special.stdtrit(df, q),
        symmetric=True,
    ),
)


def _cauchy_quantile(q: Any) -> Any:
    middle = np.tan(math.pi * (q - 0.5))
    outside = np.where(q < 0.5, -1 / np.tan(math.pi * q), 1 / np.tan(math.pi * (1 - q)))
    return np.where(np.abs(q - 0.5) < 0.25, middle, outside)


cauchy = Continuous(
    "cauchy",
    Formulas(
        lambda x: -math.log(math.pi) - log1p_square(x),
        cdf=lambda x: np.arctan2(1.0, -x) / math.pi,
        ppf=_cauchy_quantile,
        symmetric=True,
    ),
)

# ---- with exponential tails

laplace = Continuous(
    "laplace",
    Formulas(
        lambda x: -np.abs(x) - math.log(2),
        cdf=lambda x: np.where(x > 0, 1 - 0.5 * np.exp(-x), 0.5 * np.exp(x)),
        logcdf=lambda x: np.where(x > 0, np.log1p(-0.5 * np.exp(-x)), x - math.log(2)),
        ppf=lambda q: np.where(q > 0.5, -np.log(2 * (1 - q)), np.log(2 * q)),
        symmetric=True,
    ),
)

logistic = Continuous(
    "logistic",
    Formulas(
        lambda x: special.log_expit(x) + special.log_expit(-x),
        cdf=lambda x: special.expit(x),
        logcdf=lambda x: special.log_expit(x),
        ppf=lambda q: special.logit(q),
        symmetric=True,
    ),
)

gumbel_r = Continuous(
    "gumbel_r",
    Formulas(
        lambda x: -x - np.exp(-x),
        cdf=lambda x: np.exp(-np.exp(-x)),
        sf=lambda x: -np.expm1(-np.exp(-x)),
        logcdf=lambda x: -np.exp(-x),
        ppf=lambda q: -np.log(-np.log(q)),
    ),
)

gumbel_l = Continuous(
    "gumbel_l",
    Formulas(
        lambda x: x - np.exp(x),
        cdf=lambda x: -np.expm1(-np.exp(x)),
        sf=lambda x: np.exp(-np.exp(x)),
        logsf=lambda x: -np.exp(x),
        ppf=lambda q: np.log(-np.log1p(-q)),
    ),
)

# ---- on the circle

vonmises = Continuous(
    "vonmises",
    Formulas(
        lambda x, kappa: (
            -2 * kappa * np.square(np.sin(x / 2)) - 2 * HALF_LOG_TWO_PI - np.log(special.i0e(kappa))
        ),
        shapes=("kappa",),
        valid=lambda kappa: kappa >= 0,
    ),
)

# ---- the normal distribution between two ends

_FAR = 1e10  # in place of infinite ends, at which derivatives are products of 0 and inf


def _log_difference(p: Any, q: Any) -> Any:
    """log(exp(p) - exp(q)) for p > q."""
    return p + np.log(-np.expm1(q - p))


def log_mass(a: Any, b: Any) -> Any:
    """The logarithm of the standard normal probability between a and b."""
    a, b = np.clip(a, -_FAR, _FAR), np.clip(b, -_FAR, _FAR)
    mirrored = a > 0  # between two points of the upper tail: the same in the lower one
    low, high = np.where(mirrored, -b, a), np.where(mirrored, -a, b)
    tail = _log_difference(special.log_ndtr(high), special.log_ndtr(low))
    middle = np.log1p(-special.ndtr(low) - special.ndtr(-high))
    return np.where(high <= 0, tail, middle)


def _log_share(part: Any, rest: Any, total: Any) -> Any:
    """The logarithm of a share of the whole, by way of the rest if it is nearly all."""
    share = part - total
    return np.where(share < -0.5, share, np.log1p(-np.exp(rest - total)))


def _truncnorm_quantile(q: Any, a: Any, b: Any) -> Any:
    """Counted from the end that lies in the nearer tail, in logarithms of probabilities."""
    total, mirrored = log_mass(a, b), a > 0
    end = special.log_ndtr(np.where(mirrored, -b, a))
    inside = np.where(mirrored, np.log1p(-q), np.log(q)) + total
    x = special.ndtri_exp(np.logaddexp(end, inside))
    return np.where(mirrored, -x, x)


truncnorm = Continuous(
    "truncnorm",
    Formulas(
        lambda x, a, b: log_bell(x) - log_mass(a, b),
        shapes=("a", "b"),
        support=lambda a, b: (a, b),
        valid=lambda a, b: a < b,
        cdf=lambda x, a, b: np.exp(log_mass(a, x) - log_mass(a, b)),
        sf=lambda x, a, b: np.exp(log_mass(x, b) - log_mass(a, b)),
        logcdf=lambda x, a, b: _log_share(log_mass(a, x), log_mass(x, b), log_mass(a, b)),
        logsf=lambda x, a, b: _log_share(log_mass(x, b), log_mass(a, x), log_mass(a, b)),
        ppf=_truncnorm_quantile,
    ),
)
