"""Distributions of positive definite matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.scipy.stats.distributions import common, defined_where
from autodiff.scipy.stats.multivariate import OfVectors

__all__ = ["invwishart", "wishart"]

special = scipy_namespace(np, "special")


def _factors(name: str, x: Any, df: Any, scale: Any) -> tuple[Any, Any, Any]:
    """Cholesky factors of x, with its matrices in the last two axes, and of the scale; and df."""
    x, df, scale = (np.asarray(v) for v in common(x, df, 1 if scale is None else scale))
    scale = _square(scale, 1 if scale.ndim == 0 else len(scale))
    dim = len(scale)
    matrices = np.reshape(x, (1, 1, -1)) if dim == 1 and x.ndim == 1 else _square(x, dim)
    if df.ndim or scale.shape != (dim, dim) or matrices.shape[:2] != (dim, dim) or x.ndim > 3:
        raise ValueError(
            f"{name}: x: [K, K] or [K, K, N] goes with a number df and scale: [K, K], not x of "
            f"shape {x.shape} with df of shape {df.shape} and scale of shape {scale.shape}{here()}"
        )
    if matrices.ndim == 3:
        matrices = np.moveaxis(matrices, -1, 0)
    return np.linalg.cholesky(matrices), np.linalg.cholesky(scale), df


def _square(x: Any, dim: int) -> Any:
    """A matrix that may be given as a number or by its diagonal."""
    return x if x.ndim > 1 else x * np.eye(dim, dtype=x.dtype)


def _log_det(factor: Any) -> Any:
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    return 2 * np.sum(np.log(diagonal), axis=-1)


def _squared_norm(a: Any) -> Any:
    return np.sum(np.square(a), axis=(-2, -1))


def _log_constant(df: Any, dim: int) -> Any:
    """log(2^(df dim/2) Γ_dim(df/2)), with the multivariate Γ (DLMF 35.3.4)."""
    halves = np.arange(dim, dtype=df.dtype) / 2
    log_gamma = np.sum(special.gammaln(df / 2 - halves)) + dim * (dim - 1) / 4 * math.log(math.pi)
    return df * (dim / 2 * math.log(2)) + log_gamma


def _guarded(value: Any, df: Any, dim: int) -> Any:
    return defined_where(df > dim - 1, np.squeeze(value)[()], (df, value))


def _wishart(x: Any, df: Any, scale: Any = None) -> Any:
    lower, base, df = _factors("wishart", x, df, scale)
    dim = len(base)
    powers = (df - dim - 1) * _log_det(lower) - df * _log_det(base)
    value = 0.5 * (powers - _squared_norm(np.linalg.solve(base, lower))) - _log_constant(df, dim)
    return _guarded(value, df, dim)


def _invwishart(x: Any, df: Any, scale: Any = None) -> Any:
    lower, base, df = _factors("invwishart", x, df, scale)
    dim = len(base)
    powers = df * _log_det(base) - (df + dim + 1) * _log_det(lower)
    value = 0.5 * (powers - _squared_norm(np.linalg.solve(lower, base))) - _log_constant(df, dim)
    return _guarded(value, df, dim)


wishart = OfVectors("wishart", _wishart)
invwishart = OfVectors("invwishart", _invwishart)
