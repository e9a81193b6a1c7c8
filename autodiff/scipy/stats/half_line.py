"""Distributions on the positive numbers, or on an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.scipy.stats.distributions import Continuous, Formulas
from autodiff.scipy.stats.real_line import HALF_LOG_TWO_PI, log1p_square, log_bell

__all__ = [
    "beta", "betaprime", "chi", "chi2", "expon", "f", "gamma", "gompertz", "halfcauchy", "halfnorm",
    "invgamma", "invgauss", "levy", "lognorm", "lomax", "maxwell", "nakagami", "pareto", "powerlaw",
    "rayleigh", "uniform", "weibull_max", "weibull_min",
]  # fmt: skip

special = scipy_namespace(np, "special")
POSITIVE = (0.0, np.inf)


def _positive(name: str, log_density: Callable[..., Any], *shapes: str, **formulas: Any) -> Any:
    """A distribution on the positive numbers."""
    return Continuous(name, Formulas(log_density, shapes, POSITIVE, **formulas))


# ---- the uniform distribution, and powers of it

uniform = Continuous(
    "uniform",
    Formulas(
        lambda x: 0.0 * x,
        support=(0.0, 1.0),
        cdf=lambda x: x,
        sf=lambda x: 1 - x,
        logsf=lambda x: np.log1p(-x),
        ppf=lambda q: q,
    ),
)

powerlaw = Continuous(
    "powerlaw",
    Formulas(
        lambda x, a: np.log(a) + special.xlogy(a - 1, x),
        ("a",),
        (0.0, 1.0),
        cdf=lambda x, a: x**a,
        sf=lambda x, a: -np.expm1(a * np.log(x)),
        logcdf=lambda x, a: a * np.log(x),
        ppf=lambda q, a: q ** (1 / a),
    ),
)

beta = Continuous(
    "beta",
    Formulas(
        lambda x, a, b: special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b),
        ("a", "b"),
        (0.0, 1.0),
        cdf=lambda x, a, b: special.betainc(a, b, x),
        sf=lambda x, a, b: special.betaincc(a, b, x),
        ppf=lambda q, a, b: special.betaincinv(a, b, q),
    ),
)

# ---- the exponential distribution, and powers and exponentials of it

expon = _positive(
    "expon",
    lambda x: -x,
    cdf=lambda x: -np.expm1(-x),
    sf=lambda x: np.exp(-x),
    logsf=lambda x: -x,
    ppf=lambda q: -np.log1p(-q),
)

weibull_min = _positive(
    "weibull_min",
    lambda x, c: np.log(c) + special.xlogy(c - 1, x) - x**c,
    "c",
    cdf=lambda x, c: -np.expm1(-(x**c)),
    sf=lambda x, c: np.exp(-(x**c)),
    logsf=lambda x, c: -(x**c),
    ppf=lambda q, c: (-np.log1p(-q)) ** (1 / c),
)

weibull_max = Continuous(
    "weibull_max",
    Formulas(
        lambda x, c: np.log(c) + special.xlogy(c - 1, -x) - (-x) ** c,
        ("c",),
        (-np.inf, 0.0),
        cdf=lambda x, c: np.exp(-((-x) ** c)),
        sf=lambda x, c: -np.expm1(-((-x) ** c)),
        logcdf=lambda x, c: -((-x) ** c),
        ppf=lambda q, c: -((-np.log(q)) ** (1 / c)),
    ),
)

pareto = Continuous(
    "pareto",
    Formulas(
        lambda x, b: np.log(b) - (b + 1) * np.log(x),
        ("b",),
        (1.0, np.inf),
        cdf=lambda x, b: -np.expm1(-b * np.log(x)),
        sf=lambda x, b: x**-b,
        logsf=lambda x, b: -b * np.log(x),
        ppf=lambda q, b: np.exp(-np.log1p(-q) / b),
    ),
)

lomax = _positive(
    "lomax",
    lambda x, c: np.log(c) - (c + 1) * np.log1p(x),
    "c",
    cdf=lambda x, c: -np.expm1(-c * np.log1p(x)),
    sf=lambda x, c: np.exp(-c * np.log1p(x)),
    logsf=lambda x, c: -c * np.log1p(x),
    ppf=lambda q, c: np.expm1(-np.log1p(-q) / c),
)

gompertz = _positive(
    "gompertz",
    lambda x, c: np.log(c) + x - c * np.expm1(x),
    "c",
    cdf=lambda x, c: -np.expm1(-c * np.expm1(x)),
    sf=lambda x, c: np.exp(-c * np.expm1(x)),
    logsf=lambda x, c: -c * np.expm1(x),
    ppf=lambda q, c: np.log1p(-np.log1p(-q) / c),
)

# ---- the gamma distribution and its kin

gamma = _positive(
    "gamma",
    lambda x, a: special.xlogy(a - 1, x) - x - special.gammaln(a),
    "a",
    cdf=lambda x, a: special.gammainc(a, x),
    sf=lambda x, a: special.gammaincc(a, x),
    ppf=lambda q, a: special.gammaincinv(a, q),
)

invgamma = _positive(
    "invgamma",
    lambda x, a: -(a + 1) * np.log(x) - special.gammaln(a) - 1 / x,
    "a",
    open=True,
    cdf=lambda x, a: special.gammaincc(a, 1 / x),
    sf=lambda x, a: special.gammainc(a, 1 / x),
    ppf=lambda q, a: 1 / special.gammainccinv(a, q),
)

chi2 = _positive(
    "chi2",
    lambda x, df: (
        special.xlogy(df / 2 - 1, x) - x / 2 - special.gammaln(df / 2) - math.log(2) * df / 2
    ),
    "df",
    cdf=lambda x, df: special.gammainc(df / 2, x / 2),
    sf=lambda x, df: special.gammaincc(df / 2, x / 2),
    ppf=lambda q, df: 2 * special.gammaincinv(df / 2, q),
)

chi = _positive(
    "chi",
    lambda x, df: (
        special.xlogy(df - 1, x)
        - np.square(x) / 2
        - special.gammaln(df / 2)
        - math.log(2) * (df / 2 - 1)
    ),
    "df",
    cdf=lambda x, df: special.gammainc(df / 2, np.square(x) / 2),
    sf=lambda x, df: special.gammaincc(df / 2, np.square(x) / 2),
    ppf=lambda q, df: np.sqrt(2 * special.gammaincinv(df / 2, q)),
)

nakagami = _positive(
    "nakagami",
    lambda x, nu: (
        math.log(2)
        + special.xlogy(nu, nu)
        - special.gammaln(nu)
        + special.xlogy(2 * nu - 1, x)
        - nu * np.square(x)
    ),
    "nu",
    cdf=lambda x, nu: special.gammainc(nu, nu * np.square(x)),
    sf=lambda x, nu: special.gammaincc(nu, nu * np.square(x)),
    ppf=lambda q, nu: np.sqrt(special.gammaincinv(nu, q) / nu),
)


def _quantile_of_ratio(q: Any, a: Any, b: Any) -> Any:
    """Z / (1 - z) of the beta distribution's quantile, with the digits of 1 - z near 1."""
    z = special.betaincinv(a, b, q)
    low = z < 0.5
    rest = special.betainccinv(b, a, np.where(low, 0.5, q))
    return z / np.where(low, 1 - z, rest)


betaprime = _positive(
    "betaprime",
    lambda x, a, b: special.xlogy(a - 1, x) - special.xlog1py(a + b, x) - special.betaln(a, b),
    "a",
    "b",
    cdf=lambda x, a, b: special.betainc(a, b, x / (1 + x)),
    sf=lambda x, a, b: special.betainc(b, a, 1 / (1 + x)),
    ppf=lambda q, a, b: _quantile_of_ratio(q, a, b),
)

f = _positive(
    "f",
    lambda x, dfn, dfd: (
        special.xlogy(dfn / 2 - 1, x)
        + special.xlogy(dfn / 2, dfn)
        + special.xlogy(dfd / 2, dfd)
        - special.xlogy((dfn + dfd) / 2, dfd + dfn * x)
        - special.betaln(dfn / 2, dfd / 2)
    ),
    "dfn",
    "dfd",
    cdf=lambda x, dfn, dfd: special.betainc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x)),
    sf=lambda x, dfn, dfd: special.betainc(dfd / 2, dfn / 2, dfd / (dfd + dfn * x)),
    ppf=lambda q, dfn, dfd: dfd / dfn * _quantile_of_ratio(q, dfn / 2, dfd / 2),
)

# ---- made of the normal and of Cauchy's distribution


def _lognorm_density(x: Any, s: Any) -> Any:
    return -np.square(np.log(x) / s) / 2 - np.log(s * x) - HALF_LOG_TWO_PI


lognorm = _positive(
    "lognorm",
    _lognorm_density,
    "s",
    open=True,
    cdf=lambda x, s: special.ndtr(np.log(x) / s),
    sf=lambda x, s: special.ndtr(-np.log(x) / s),
    logcdf=lambda x, s: special.log_ndtr(np.log(x) / s),
    logsf=lambda x, s: special.log_ndtr(-np.log(x) / s),
    ppf=lambda q, s: np.exp(s * special.ndtri(q)),
)

halfnorm = _positive(
    "halfnorm",
    lambda x: math.log(2) + log_bell(x),
    cdf=lambda x: special.erf(x * math.sqrt(0.5)),
    sf=lambda x: special.erfc(x * math.sqrt(0.5)),
    logsf=lambda x: np.where(
        x < 1, np.log1p(-special.erf(x * math.sqrt(0.5))), math.log(2) + special.log_ndtr(-x)
    ),
    ppf=lambda q: special.ndtri((1 + q) / 2),
)

halfcauchy = _positive(
    "halfcauchy",
    lambda x: math.log(2 / math.pi) - log1p_square(x),
    cdf=lambda x: 2 / math.pi * np.arctan(x),
    sf=lambda x: 2 / math.pi * np.arctan2(1.0, x),
    ppf=lambda q: np.where(q < 0.5, np.tan(math.pi / 2 * q), 1 / np.tan(math.pi / 2 * (1 - q))),
)

rayleigh = _positive(
    "rayleigh",
    lambda x: np.log(x) - np.square(x) / 2,
    cdf=lambda x: -np.expm1(-np.square(x) / 2),
    sf=lambda x: np.exp(-np.square(x) / 2),
    logsf=lambda x: -np.square(x) / 2,
    ppf=lambda q: np.sqrt(-2 * np.log1p(-q)),
)

maxwell = _positive(
    "maxwell",
    lambda x: math.log(2) - HALF_LOG_TWO_PI + 2 * np.log(x) - np.square(x) / 2,
    cdf=lambda x: special.gammainc(x.dtype.type(1.5), np.square(x) / 2),
    sf=lambda x: special.gammaincc(x.dtype.type(1.5), np.square(x) / 2),
    ppf=lambda q: np.sqrt(2 * special.gammaincinv(q.dtype.type(1.5), q)),
)

levy = _positive(
    "levy",
    lambda x: -HALF_LOG_TWO_PI - 1.5 * np.log(x) - 0.5 / x,
    open=True,
    cdf=lambda x: special.erfc(np.sqrt(0.5 / x)),
    sf=lambda x: special.erf(np.sqrt(0.5 / x)),
    ppf=lambda q: 1 / np.square(special.ndtri(q / 2)),
)


# ---- the time at which a Brownian motion with a drift first reaches a level


def _invgauss_terms(x: Any, mu: Any) -> tuple[Any, Any, Any]:
    """Logarithms of the two terms of which `cdf` is the sum, and `sf` one less the other."""
    root = np.sqrt(x)
    second = 2 / mu + special.log_ndtr(-(x / mu + 1) / root)
    z = (x / mu - 1) / root
    return special.log_ndtr(z), special.log_ndtr(-z), second


def _invgauss_logcdf(x: Any, mu: Any) -> Any:
    below, _, second = _invgauss_terms(x, mu)
    return np.logaddexp(below, second)


def _invgauss_logsf(x: Any, mu: Any) -> Any:
    _, above, second = _invgauss_terms(x, mu)
    return above + np.log1p(-np.exp(second - above))


invgauss = _positive(
    "invgauss",
    lambda x, mu: -HALF_LOG_TWO_PI - 1.5 * np.log(x) - np.square((x - mu) / mu) / (2 * x),
    "mu",
    open=True,
    cdf=lambda x, mu: np.exp(_invgauss_logcdf(x, mu)),
    sf=lambda x, mu: np.exp(_invgauss_logsf(x, mu)),
    logcdf=_invgauss_logcdf,
    logsf=_invgauss_logsf,
)
