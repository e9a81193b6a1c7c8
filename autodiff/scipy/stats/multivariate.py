"""Distributions of vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.scipy.stats.distributions import (
    Family,
    Frozen,
    common,
    defined_where,
    without_warnings,
)
from autodiff.scipy.stats.real_line import HALF_LOG_TWO_PI

__all__ = ["dirichlet", "multinomial", "multivariate_normal", "multivariate_t"]

special = scipy_namespace(np, "special")


class Multivariate(Family):
    """A distribution of vectors, by the logarithm of its density."""

    def __init__(self, name: str, log_density: Callable[..., Any]) -> None:
        self.name = name
        self._log_density = without_warnings(log_density)

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        """The distribution with these parameters."""
        return Frozen(self, args, kwargs)


class OfVectors(Multivariate):
    """A continuous distribution of vectors."""

    def logpdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the density."""
        return self._log_density(x, *args, **kwargs)

    def pdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The density."""
        return np.exp(self._log_density(x, *args, **kwargs))


class OfCounts(Multivariate):
    """A distribution of vectors of integers."""

    def logpmf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of x."""
        return self._log_density(x, *args, **kwargs)

    def pmf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of x."""
        return np.exp(self._log_density(x, *args, **kwargs))


# ---- the normal distribution and Student's t: functions of a distance


def _matrix(name: str, spread: Any, dim: int) -> Any:
    """A covariance, which may be given as a number or by its diagonal, as a matrix."""
    if spread.ndim == 0 or (dim == 1 and spread.size == 1):
        return np.reshape(spread, (1, 1)) * np.eye(dim, dtype=spread.dtype)
    if spread.shape == (dim,):
        return spread[:, None] * np.eye(dim, dtype=spread.dtype)
    if spread.shape != (dim, dim):
        raise ValueError(
            f"{name}: the covariance (or shape) of vectors of length {dim} is a number, a vector "
            f"of that length, or a square matrix, not an array of shape {spread.shape}{here()}"
        )
    return spread


def _distances(name: str, x: Any, centre: Any, spread: Any) -> tuple[Any, Any, int]:
    """Squared distances (x - m)ᵀ C⁻¹ (x - m), log det C, and the number of dimensions."""
    x, centre, spread = (np.asarray(v) for v in (x, centre, spread))
    dim = centre.size if centre.ndim else (len(spread) if spread.ndim == 2 else 1)
    if centre.ndim > 1:
        raise ValueError(
            f"{name}: the mean (or location) is a vector, not an array of shape {centre.shape}"
            f"{here()}"
        )
    factor = np.linalg.cholesky(_matrix(name, spread, dim))
    points = x[..., None] if x.ndim == 0 or (x.ndim == 1 and dim == 1) else x
    if points.shape[-1] not in (1, dim):
        raise ValueError(
            f"{name}: the vectors x are of length {points.shape[-1]}, the mean is of length {dim}"
            f"{here()}"
        )
    away = points - centre
    whitened = np.linalg.solve(factor, np.reshape(away, (-1, dim)).T)
    squared = np.reshape(np.sum(np.square(whitened), axis=0), away.shape[:-1])
    log_det = 2 * np.sum(np.log(np.diagonal(factor)))
    return np.squeeze(squared)[()], log_det, dim


def _normal(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    if allow_singular:
        raise TypeError(
            "multivariate_normal: a singular covariance has no density that could be "
            f"differentiated by it{here()}\nWrite instead: allow_singular=False"
        )
    x, mean, cov = common(x, 0 if mean is None else mean, 1 if cov is None else cov)
    squared, log_det, dim = _distances("multivariate_normal", x, mean, cov)
    return -0.5 * (squared + log_det) - dim * HALF_LOG_TWO_PI


def _student(x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
    x, loc, shape, df = common(x, 0 if loc is None else loc, 1 if shape is None else shape, df)
    squared, log_det, dim = _distances("multivariate_t", x, loc, shape)
    limit = np.isinf(df)
    n = np.where(limit, 1.0, df)
    constant = math.lgamma(dim / 2) - special.betaln(n / 2, n.dtype.type(dim / 2))
    heavy = constant - 0.5 * dim * np.log(n * math.pi) - (n + dim) / 2 * np.log1p(squared / n)
    value = np.where(limit, -0.5 * squared - dim * HALF_LOG_TWO_PI, heavy) - 0.5 * log_det
    return defined_where(df > 0, value, (squared, df))


multivariate_normal = OfVectors("multivariate_normal", _normal)
multivariate_t = OfVectors("multivariate_t", _student)

# ---- shares of a whole


def _is_no_whole(shares: Any, axis: int) -> Any:
    """Whether shares do not sum to one, as far as rounding lets them."""
    allowed = max(1e-9, 8 * shares.shape[axis] * float(np.finfo(shares.dtype).eps))
    return np.abs(np.sum(shares, axis=axis) - 1) > allowed


def _dirichlet(x: Any, alpha: Any) -> Any:
    """Of x: [K] or [K - 1], with further axes behind."""
    x, alpha = (np.asarray(v) for v in common(x, alpha))
    if alpha.ndim != 1 or x.ndim == 0 or x.shape[0] not in (len(alpha), len(alpha) - 1):
        raise ValueError(
            "dirichlet: x: [K, ...] or [K - 1, ...] goes with alpha: [K], not x of shape "
            f"{x.shape} with alpha of shape {alpha.shape}{here()}"
        )
    if len(x) < len(alpha):
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    powers = np.reshape(alpha, (-1,) + (1,) * (x.ndim - 1)) - 1
    constant = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    value = constant + np.sum(special.xlogy(powers, x), axis=0)
    outside = _is_no_whole(x, axis=0) | np.any((x < 0) | (x > 1), axis=0)
    value = np.where(outside, -np.inf, value)[()]
    return defined_where(np.all(alpha > 0), value, (value, np.sum(alpha)))


def _multinomial(x: Any, n: Any, p: Any) -> Any:
    """Of x: [..., K], in n: [...] trials with shares p: [..., K].

    Where these do not sum to one, the result is NaN (SciPy, before 1.18, takes another last one).
    """
    x, n, p = (np.asarray(v) for v in common(x, n, p))
    if x.ndim == 0 or p.ndim == 0 or x.shape[-1] != p.shape[-1]:
        raise ValueError(
            f"multinomial: x: [..., K] goes with p: [..., K], not x of shape {x.shape} with p of "
            f"shape {p.shape}{here()}"
        )
    value = special.gammaln(n + 1) + np.sum(special.xlogy(x, p) - special.gammaln(x + 1), axis=-1)
    outside = np.any((x < 0) | (np.floor(x) < x), axis=-1) | (np.sum(x, axis=-1) != n)
    good = (n >= 0) & np.all((p >= 0) & (p <= 1), axis=-1) & ~_is_no_whole(p, axis=-1)
    return defined_where(good, np.where(outside, -np.inf, value)[()], (n, np.sum(p, axis=-1)))


dirichlet = OfVectors("dirichlet", _dirichlet)
multinomial = OfCounts("multinomial", _multinomial)
