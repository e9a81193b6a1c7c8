"""Running sums, products, maxima: one table (`SCANS`) of the ufuncs that have a primitive."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import axis_of, deliver, kept_shape, operand
from autodiff.numpy.promotion import convert
from autodiff.numpy.reductions import fold_dtype
from autodiff.numpy.selection import where
from autodiff.primitives import cumulative
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import reshape

__all__ = ["FUNCTIONS", "SCANS", "cumprod", "cumsum", "scan"]

SCANS: dict[Any, Primitive] = {
    np.add: cumulative.cumsum,
    np.multiply: cumulative.cumprod,
    np.maximum: cumulative.cummax,
    np.minimum: cumulative.cummin,
    np.logaddexp: cumulative.cumlogsumexp,
}


def scan(ufunc: Any, a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """`ufunc.accumulate` for the ufuncs of `SCANS`; `axis=None` flattens first."""
    x = operand(a)
    x = convert(x, fold_dtype(ufunc, x.dtype) if dtype is None else dtype)
    if axis is None or x.ndim == 0:
        x, axis = reshape(x, shape=(x.size,)), axis or 0
    return SCANS[ufunc](x, axis=axis_of(axis, x.ndim), reverse=False)


def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """`np.cumsum`."""
    return deliver("cumsum", scan(np.add, a, axis, dtype), out)


def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """`np.cumprod`."""
    return deliver("cumprod", scan(np.multiply, a, axis, dtype), out)


def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """`np.nancumsum`: NaN counts as zero."""
    return cumsum(_without_nan(a, 0), axis, dtype, out)


def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """`np.nancumprod`: NaN counts as one."""
    return cumprod(_without_nan(a, 1), axis, dtype, out)


def _without_nan(a: Any, value: int) -> Any:
    x = operand(a)
    return where(np.isnan(x), value, x) if x.dtype.kind in "fc" else x


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """`np.cumulative_sum`."""
    return _cumulative(np.add, x, axis, dtype, out, include_initial)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """`np.cumulative_prod`."""
    return _cumulative(np.multiply, x, axis, dtype, out, include_initial)


def _cumulative(ufunc: Any, x: Any, axis: Any, dtype: Any, out: Any, include_initial: bool) -> Any:
    called = f"cumulative_{'sum' if ufunc is np.add else 'prod'}"
    x = operand(x)
    if axis is None and x.ndim > 1:
        raise ValueError(f"np.{called}: for more than one axis, `axis` is needed")
    axis = 0 if axis is None else axis_of(axis, x.ndim)
    result = scan(ufunc, x, axis, dtype)
    if include_initial:
        first = np.full_like(result, ufunc.identity, shape=kept_shape(result.shape, (axis,)))
        result = np.concatenate([first, result], axis=axis)
    return deliver(called, result, out)


FUNCTIONS = {
    np.cumsum: cumsum,
    np.cumprod: cumprod,
    np.nancumsum: nancumsum,
    np.nancumprod: nancumprod,
    np.cumulative_sum: cumulative_sum,
    np.cumulative_prod: cumulative_prod,
}
