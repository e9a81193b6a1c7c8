"""Means, variances, averages, covariances: composed of reductions, in NumPy's own precision."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.numpy.arguments import (
    NOT_GIVEN,
    along,
    axes_of,
    deliver,
    operand,
    operands,
)
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert, result_dtype
from autodiff.numpy.reductions import count_nonzero, sum_
from autodiff.numpy.selection import where
from autodiff.primitives.algebra import reduce_sum
from autodiff.primitives.complexes import complex_
from autodiff.primitives.structure import reshape

__all__ = ["FUNCTIONS", "average", "cov", "mean", "std", "var"]


@lru_cache(256)
def _mean_dtypes(dtype: np.dtype[Any], asked: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """In what a mean is summed up, and what it is given back in."""
    if asked is not None:
        return np.dtype(asked), np.dtype(asked)
    if dtype == np.float16:
        return np.dtype(np.float32), dtype
    summed = np.dtype(float) if dtype.kind in "biu" else dtype
    return summed, summed


@lru_cache(4096)
def _count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """How many elements fall into one of the result."""
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count


def _given(mask: Any) -> bool:
    """Whether `where=` selects anything less than everything."""
    return mask is not True and mask is not NOT_GIVEN


def _counted(x: Any, axis: Any, keepdims: Any, mask: Any) -> Any:
    """How many elements a mean is over: a number, or with a mask an array."""
    if not _given(mask):
        return _count(x.shape, axes_of(axis, x.ndim))
    mask = convert(operand(mask), bool)
    shape = broadcast_shapes(x.shape, mask.shape)
    return count_nonzero(broadcast_to(mask, shape), axis, keepdims=keepdims)


def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    """`np.mean`."""
    x = operand(a)
    summed, returned = _mean_dtypes(x.dtype, dtype)
    x = convert(x, summed)
    if where is True or where is NOT_GIVEN:
        result = along(reduce_sum, x, axis, keepdims) / _count(x.shape, axes_of(axis, x.ndim))
    else:
        result = sum_(x, axis, keepdims=keepdims, where=where)
        result = result / convert(_counted(x, axis, keepdims, where), _real(summed))
    return deliver("mean", convert(result, returned), out)


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype.type(0).real.dtype


def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:
    """`np.var`."""
    if correction is not NOT_GIVEN:
        if ddof != 0:
            raise ValueError("np.var: ddof and correction can't be provided simultaneously")
        ddof = correction
    x = operand(a)
    summed, returned = _mean_dtypes(x.dtype, dtype)
    x = convert(x, summed)
    centre = _mean(x, axis, None, None, True, where=where) if mean is NOT_GIVEN else operand(mean)
    d = x - centre
    squares = np.square(d) if d.dtype.kind != "c" else np.square(d.real) + np.square(d.imag)
    total = sum_(squares, axis, keepdims=keepdims, where=where)
    count = _counted(x, axis, keepdims, where)
    if _given(where):
        count = convert(np.maximum(count - ddof, 0), total.dtype)
    else:
        count = max(count - ddof, 0)
    return deliver("var", convert(total / count, _real(returned)), out)


_mean = mean  # which `var` shadows by its argument of this name


def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:
    """`np.std`."""
    options: dict[str, Any] = {"where": where, "mean": mean, "correction": correction}
    return deliver("std", root(var(a, axis, dtype, None, ddof, keepdims, **options)), out)


def root(variance: Any) -> Any:
    """The square root, whose derivative is zero where all elements are equal, as that of a norm."""
    spread = np.sqrt(variance)
    return where(variance == 0, spread.dtype.type(0), spread)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    """`np.average`."""
    x, w = operands(a, weights)
    if w is None:
        result = mean(x, axis, keepdims=keepdims)
        total: Any = result.dtype.type(x.size / max(result.size, 1))
    else:
        kind = float if x.dtype.kind in "biu" else None
        dtype = result_dtype(x, w) if kind is None else np.result_type(result_dtype(x, w), float)
        w = _aligned_weights(x, w, axis)
        total = sum_(convert(w, dtype), axis, keepdims=keepdims)
        result = sum_(convert(x, dtype) * convert(w, dtype), axis, keepdims=keepdims) / total
    return (result, np.broadcast_to(total, result.shape)) if returned else result


def _aligned_weights(x: Any, w: Any, axis: Any) -> Any:
    """Weights of the shape of `x`, given for all of it or for its axes `axis`."""
    if w.shape == x.shape:
        return w
    if axis is None:
        raise TypeError("np.average: axis must be specified when shapes of a and weights differ")
    axes = normalize_axis_tuple(axis, x.ndim)
    if w.shape != tuple(x.shape[i] for i in axes):
        raise ValueError("np.average: the shape of weights must be that of a along axis")
    w = np.transpose(w, [axes.index(i) for i in sorted(axes)])
    dims = tuple(d if i in axes else 1 for i, d in enumerate(x.shape))
    return broadcast_to(reshape(w, shape=dims), x.shape)


# ---- covariance


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    """`np.cov`."""
    rows = [_rows(v, rowvar, dtype) for v in operands(m, y) if v is not None]
    x = np.concatenate(rows) if len(rows) > 1 else rows[0]
    ddof = int(not bias) if ddof is None else ddof
    weights = [w for w in operands(fweights, aweights) if w is not None]
    if not weights:
        centred = x - mean(x, 1, keepdims=True)
        freedom: Any = max(x.shape[1] - ddof, 0)
        weighted = centred
    else:
        w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
        total = sum_(w)
        centred = x - (sum_(x * w, 1) / total)[:, None]
        freedom = total - ddof * (1 if aweights is None else sum_(w * weights[-1]) / total)
        weighted = centred * w
    return np.squeeze(weighted @ np.conjugate(centred.T) / freedom)


def _rows(v: Any, rowvar: bool, dtype: Any) -> Any:
    """Variables as rows, in floating point."""
    if v.ndim > 2:
        raise ValueError("np.cov: m and y have at most two axes")
    v = convert(v, np.result_type(v.dtype, float) if dtype is None else dtype)
    v = np.atleast_2d(v)
    return v if rowvar or v.shape[0] == 1 else v.T


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """`np.corrcoef`."""
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.diagonal(c).real)
    c = c / spread[:, None] / spread[None, :]
    if c.dtype.kind == "c":
        return complex_(np.clip(c.real, -1, 1), np.clip(c.imag, -1, 1))
    return np.clip(c, -1, 1)


FUNCTIONS = {
    np.mean: mean,
    np.var: var,
    np.std: std,
    np.average: average,
    np.cov: cov,
    np.corrcoef: corrcoef,
}
