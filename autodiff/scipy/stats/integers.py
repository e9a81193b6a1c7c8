"""Distributions of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.scipy.stats.distributions import Discrete, Formulas

__all__ = [
    "bernoulli", "betabinom", "binom", "dlaplace", "geom", "hypergeom", "logser", "nbinom",
    "poisson", "randint", "zipf",
]  # fmt: skip

special = scipy_namespace(np, "special")


def _log_choose(n: Any, k: Any) -> Any:
    """The logarithm of the number of ways to choose k of n."""
    return -np.log1p(n) - special.betaln(n - k + 1, k + 1)


def _is_share(p: Any) -> Any:
    return (p >= 0) & (p <= 1)


def _is_count(n: Any) -> Any:
    return (n >= 0) & (np.floor(n) == n)


poisson = Discrete(
    "poisson",
    Formulas(
        lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1) - mu,
        ("mu",),
        (0, np.inf),
        vanishing=lambda k, mu: mu**k * np.exp(-mu) * special.rgamma(k + 1),
        valid=lambda mu: mu >= 0,
        cdf=lambda k, mu: special.gammaincc(k + 1, mu),
        sf=lambda k, mu: special.gammainc(k + 1, mu),
    ),
)

binom = Discrete(
    "binom",
    Formulas(
        lambda k, n, p: _log_choose(n, k) + special.xlogy(k, p) + special.xlog1py(n - k, -p),
        ("n", "p"),
        lambda n, p: (0, n),
        vanishing=lambda k, n, p: special.binom(n, k) * p**k * (1 - p) ** (n - k),
        valid=lambda n, p: _is_count(n) & _is_share(p),
        cdf=lambda k, n, p: special.betaincc(k + 1, n - k, p),
        sf=lambda k, n, p: special.betainc(k + 1, n - k, p),
    ),
)

bernoulli = Discrete(
    "bernoulli",
    Formulas(
        lambda k, p: special.xlogy(k, p) + special.xlog1py(1 - k, -p),
        ("p",),
        (0, 1),
        vanishing=lambda k, p: np.where(k == 1, p, 1 - p),
        valid=_is_share,
        cdf=lambda k, p: 1 - p + 0 * k,
        sf=lambda k, p: p + 0 * k,
    ),
)

geom = Discrete(
    "geom",
    Formulas(
        lambda k, p: special.xlog1py(k - 1, -p) + np.log(p),
        ("p",),
        (1, np.inf),
        vanishing=lambda k, p: p * (1 - p) ** (k - 1),
        valid=lambda p: (p > 0) & (p <= 1),
        cdf=lambda k, p: -np.expm1(special.xlog1py(k, -p)),
        sf=lambda k, p: np.exp(special.xlog1py(k, -p)),
        logsf=lambda k, p: special.xlog1py(k, -p),
    ),
)

nbinom = Discrete(
    "nbinom",
    Formulas(
        lambda k, n, p: (
            -np.log(n + k) - special.betaln(n, k + 1) + special.xlogy(n, p) + special.xlog1py(k, -p)
        ),
        ("n", "p"),
        (0, np.inf),
        vanishing=lambda k, n, p: special.binom(n + k - 1, k) * p**n * (1 - p) ** k,
        valid=lambda n, p: (n > 0) & (p > 0) & (p <= 1),
        cdf=lambda k, n, p: special.betainc(n, k + 1, p),
        sf=lambda k, n, p: special.betaincc(n, k + 1, p),
    ),
)

betabinom = Discrete(
    "betabinom",
    Formulas(
        lambda k, n, a, b: (
            _log_choose(n, k) + special.betaln(k + a, n - k + b) - special.betaln(a, b)
        ),
        ("n", "a", "b"),
        lambda n, a, b: (0, n),
        valid=lambda n, a, b: _is_count(n) & (a > 0) & (b > 0),
    ),
)

hypergeom = Discrete(
    "hypergeom",
    Formulas(
        lambda k, M, n, N: _log_choose(n, k) + _log_choose(M - n, N - k) - _log_choose(M, N),
        ("M", "n", "N"),
        lambda M, n, N: (np.maximum(N - (M - n), 0), np.minimum(n, N)),
        valid=lambda M, n, N: _is_count(M) & _is_count(n) & _is_count(N) & (n <= M) & (N <= M),
    ),
)

dlaplace = Discrete(
    "dlaplace",
    Formulas(lambda k, a: np.log(np.tanh(a / 2)) - a * np.abs(k), ("a",)),
)

logser = Discrete(
    "logser",
    Formulas(
        lambda k, p: k * np.log(p) - np.log(k) - np.log(-np.log1p(-p)),
        ("p",),
        (1, np.inf),
        valid=lambda p: (p > 0) & (p < 1),
    ),
)

zipf = Discrete(
    "zipf",
    Formulas(
        lambda k, a: -a * np.log(k) - np.log(special.zeta(a, a.dtype.type(1))),
        ("a",),
        (1, np.inf),
        valid=lambda a: a > 1,
    ),
)

randint = Discrete(
    "randint",
    Formulas(
        lambda k, low, high: -np.log(high - low) + 0 * k,
        ("low", "high"),
        lambda low, high: (low, high - 1),
        valid=lambda low, high: (low < high) & (np.floor(low) == low) & (np.floor(high) == high),
        cdf=lambda k, low, high: (k - low + 1) / (high - low),
        sf=lambda k, low, high: (high - 1 - k) / (high - low),
    ),
)
