"""Distributions of extreme values, of excesses, and others with heavy or logistic tails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.scipy.stats.distributions import Continuous, Formulas
from autodiff.scipy.stats.real_line import log1p_square, log_bell

__all__ = [
    "burr12", "exponnorm", "fisk", "genextreme", "gengamma", "genlogistic", "genpareto",
    "halflogistic", "hypsecant", "invweibull", "johnsonsu", "laplace_asymmetric", "loggamma",
    "moyal",
]  # fmt: skip

special = scipy_namespace(np, "special")
POSITIVE = (0.0, np.inf)


def _any_number(*shapes: Any) -> Any:
    return np.isfinite(shapes[0])


# ---- the limits of maxima and of excesses


def _stretched(x: Any, c: Any) -> Any:
    """log(1 + c x) / c, which is x for c = 0, with derivatives by c there."""
    z = c * x
    near = np.abs(z) < 0.5
    series = x * special.hyp2f1(*z.dtype.type([1, 1, 2]), np.where(near, -z, 0.0))
    return np.where(near, series, np.log1p(z) / np.where(near, 1.0, c))


def _genextreme_rate(x: Any, c: Any) -> Any:
    """The exponent of the distribution function."""
    return -np.exp(-_stretched(x, -c))


def _genextreme_log_density(x: Any, c: Any) -> Any:
    u = _stretched(x, -c)
    return -np.exp(-u) - np.where(c == 1, 0.0, (1 - c) * u)


genextreme = Continuous(
    "genextreme",
    Formulas(
        _genextreme_log_density,
        ("c",),
        lambda c: (np.where(c < 0, 1 / c, -np.inf), np.where(c > 0, 1 / c, np.inf)),
        valid=_any_number,
        cdf=lambda x, c: np.exp(_genextreme_rate(x, c)),
        sf=lambda x, c: -np.expm1(_genextreme_rate(x, c)),
        logcdf=_genextreme_rate,
        ppf=lambda q, c: -special.boxcox(-np.log(q), c),
    ),
)

genpareto = Continuous(
    "genpareto",
    Formulas(
        lambda x, c: -np.where(c == -1, 0.0, (c + 1) * _stretched(x, c)),
        ("c",),
        lambda c: (0.0, np.where(c < 0, -1 / c, np.inf)),
        valid=_any_number,
        cdf=lambda x, c: -np.expm1(-_stretched(x, c)),
        sf=lambda x, c: np.exp(-_stretched(x, c)),
        logsf=lambda x, c: -_stretched(x, c),
        ppf=lambda q, c: -special.boxcox1p(-q, -c),
    ),
)

invweibull = Continuous(
    "invweibull",
    Formulas(
        lambda x, c: np.log(c) - (c + 1) * np.log(x) - x**-c,
        ("c",),
        POSITIVE,
        open=True,
        cdf=lambda x, c: np.exp(-(x**-c)),
        sf=lambda x, c: -np.expm1(-(x**-c)),
        logcdf=lambda x, c: -(x**-c),
        ppf=lambda q, c: (-np.log(q)) ** (-1 / c),
    ),
)

moyal = Continuous(
    "moyal",
    Formulas(
        lambda x: -0.5 * (x + np.exp(-x) + math.log(2 * math.pi)),
        cdf=lambda x: special.erfc(math.sqrt(0.5) * np.exp(-0.5 * x)),
        sf=lambda x: special.erf(math.sqrt(0.5) * np.exp(-0.5 * x)),
        ppf=lambda q: -2 * np.log(math.sqrt(2) * special.erfcinv(q)),
    ),
)

# ---- powers and logarithms of the gamma distribution


gengamma = Continuous(
    "gengamma",
    Formulas(
        lambda x, a, c: np.log(np.abs(c)) + special.xlogy(c * a - 1, x) - x**c - special.gammaln(a),
        ("a", "c"),
        POSITIVE,
        valid=lambda a, c: (a > 0) & (c != 0),
        cdf=lambda x, a, c: np.where(c > 0, special.gammainc(a, x**c), special.gammaincc(a, x**c)),
        sf=lambda x, a, c: np.where(c > 0, special.gammaincc(a, x**c), special.gammainc(a, x**c)),
        ppf=lambda q, a, c: (
            np.where(c > 0, special.gammaincinv(a, q), special.gammainccinv(a, q)) ** (1 / c)
        ),
    ),
)

loggamma = Continuous(
    "loggamma",
    Formulas(
        lambda x, c: c * x - np.exp(x) - special.gammaln(c),
        ("c",),
        cdf=lambda x, c: special.gammainc(c, np.exp(x)),
        sf=lambda x, c: special.gammaincc(c, np.exp(x)),
        ppf=lambda q, c: np.log(special.gammaincinv(c, q)),
    ),
)

# ---- logistic ones


def _log1p_power(x: Any, c: Any) -> Any:
    """log(1 + x^c), also where x^c is too large a number."""
    small = x < 1
    low, high = np.where(small, x, 1.0), np.where(small, 1.0, x)
    return np.where(small, np.log1p(low**c), c * np.log(high) + np.log1p(high**-c))


burr12 = Continuous(
    "burr12",
    Formulas(
        lambda x, c, d: (
            np.log(c) + np.log(d) + special.xlogy(c - 1, x) - (d + 1) * _log1p_power(x, c)
        ),
        ("c", "d"),
        POSITIVE,
        cdf=lambda x, c, d: -np.expm1(-d * _log1p_power(x, c)),
        sf=lambda x, c, d: np.exp(-d * _log1p_power(x, c)),
        logsf=lambda x, c, d: -d * _log1p_power(x, c),
        ppf=lambda q, c, d: np.expm1(-np.log1p(-q) / d) ** (1 / c),
    ),
)

fisk = Continuous(
    "fisk",
    Formulas(
        lambda x, c: np.log(c) + special.xlogy(c - 1, x) - 2 * _log1p_power(x, c),
        ("c",),
        POSITIVE,
        cdf=lambda x, c: np.exp(-_log1p_power(1 / x, c)),
        sf=lambda x, c: np.exp(-_log1p_power(x, c)),
        logcdf=lambda x, c: -_log1p_power(1 / x, c),
        logsf=lambda x, c: -_log1p_power(x, c),
        ppf=lambda q, c: (q / (1 - q)) ** (1 / c),
    ),
)

genlogistic = Continuous(
    "genlogistic",
    Formulas(
        lambda x, c: np.log(c) + special.log_expit(-x) + c * special.log_expit(x),
        ("c",),
        cdf=lambda x, c: np.exp(c * special.log_expit(x)),
        sf=lambda x, c: -np.expm1(c * special.log_expit(x)),
        logcdf=lambda x, c: c * special.log_expit(x),
        ppf=lambda q, c: -np.log(np.expm1(-np.log(q) / c)),
    ),
)

halflogistic = Continuous(
    "halflogistic",
    Formulas(
        lambda x: math.log(2) + special.log_expit(x) + special.log_expit(-x),
        support=POSITIVE,
        cdf=lambda x: np.tanh(x / 2),
        sf=lambda x: 2 * special.expit(-x),
        logsf=lambda x: np.where(
            x < 1, np.log1p(-np.tanh(x / 2)), math.log(2) + special.log_expit(-x)
        ),
        ppf=lambda q: 2 * np.arctanh(q),
    ),
)

hypsecant = Continuous(
    "hypsecant",
    Formulas(
        lambda x: -np.logaddexp(x, -x) + math.log(2 / math.pi),
        cdf=lambda x: 2 / math.pi * np.arctan(np.exp(x)),
        ppf=lambda q: np.log(np.tan(math.pi / 2 * q)),
        symmetric=True,
    ),
)

# ---- made of the normal, the exponential and Laplace's distribution


def _exponnorm_log_term(x: Any, K: Any) -> Any:
    """The logarithm of what the exponential part takes from the normal distribution function."""
    return 0.5 / np.square(K) - x / K + special.log_ndtr(x - 1 / K)


exponnorm = Continuous(
    "exponnorm",
    Formulas(
        lambda x, K: _exponnorm_log_term(x, K) - np.log(K),
        ("K",),
        cdf=lambda x, K: special.ndtr(x) - np.exp(_exponnorm_log_term(x, K)),
        sf=lambda x, K: special.ndtr(-x) + np.exp(_exponnorm_log_term(x, K)),
    ),
)

johnsonsu = Continuous(
    "johnsonsu",
    Formulas(
        lambda x, a, b: np.log(b) + log_bell(a + b * np.arcsinh(x)) - 0.5 * log1p_square(x),
        ("a", "b"),
        valid=lambda a, b: (b > 0) & (a == a),
        cdf=lambda x, a, b: special.ndtr(a + b * np.arcsinh(x)),
        sf=lambda x, a, b: special.ndtr(-a - b * np.arcsinh(x)),
        logcdf=lambda x, a, b: special.log_ndtr(a + b * np.arcsinh(x)),
        logsf=lambda x, a, b: special.log_ndtr(-a - b * np.arcsinh(x)),
        ppf=lambda q, a, b: np.sinh((special.ndtri(q) - a) / b),
    ),
)


def _below(x: Any, kappa: Any) -> Any:
    """The distribution function of the asymmetric one for x < 0, or `sf` of -x with 1/kappa."""
    return np.exp(x / kappa) * kappa / (kappa + 1 / kappa)


def _asymmetric_quantile(q: Any, kappa: Any) -> Any:
    total = kappa + 1 / kappa
    low, high = np.log(q * total / kappa) * kappa, -np.log((1 - q) * total * kappa) / kappa
    return np.where(q < kappa / total, low, high)


laplace_asymmetric = Continuous(
    "laplace_asymmetric",
    Formulas(
        lambda x, kappa: -np.where(x < 0, -x / kappa, x * kappa) - np.log(kappa + 1 / kappa),
        ("kappa",),
        cdf=lambda x, kappa: np.where(x < 0, _below(x, kappa), 1 - _below(-x, 1 / kappa)),
        sf=lambda x, kappa: np.where(x < 0, 1 - _below(x, kappa), _below(-x, 1 / kappa)),
        ppf=_asymmetric_quantile,
    ),
)
