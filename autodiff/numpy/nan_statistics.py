"""Statistics that pass over NaN: the reductions of `reductions` and `statistics` under a mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy import reductions, statistics
from autodiff.numpy.arguments import NOT_GIVEN, deliver, operand
from autodiff.numpy.selection import where as choose

__all__ = ["FUNCTIONS"]


def _mask(x: Any, where: Any = True) -> Any:
    """Which elements count."""
    if x.dtype.kind not in "fc":
        return where
    numbers = ~np.isnan(x)
    return numbers if where is True or where is NOT_GIVEN else numbers & where


def nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NOT_GIVEN, where: Any = True,
) -> Any:  # fmt: skip
    """`np.nansum`."""
    x = operand(a)
    return reductions.sum_(x, axis, dtype, out, keepdims, initial, _mask(x, where))


def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NOT_GIVEN, where: Any = True,
) -> Any:  # fmt: skip
    """`np.nanprod`."""
    x = operand(a)
    return reductions.prod(x, axis, dtype, out, keepdims, initial, _mask(x, where))


def nanmax(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:  # fmt: skip
    """`np.nanmax`; NaN where nothing else is."""
    return _extreme("nanmax", a, axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:  # fmt: skip
    """`np.nanmin`; NaN where nothing else is."""
    return _extreme("nanmin", a, axis, out, keepdims, initial, where)


def _extreme(
    called: str, a: Any, axis: Any, out: Any, keepdims: Any, initial: Any, where: Any
) -> Any:
    x = operand(a)
    extreme = reductions.max_ if called == "nanmax" else reductions.min_
    if x.dtype.kind not in "fc":
        return extreme(x, axis, out, keepdims, initial, where)
    if initial is NOT_GIVEN and not x.size:
        return extreme(x, axis, out, keepdims)  # which refuses to reduce no elements
    mask = _mask(x, where)
    lowest = x.dtype.type(-np.inf if called == "nanmax" else np.inf)
    start = lowest if initial is NOT_GIVEN else initial
    result = extreme(x, axis, None, keepdims, start, mask)
    if initial is NOT_GIVEN:
        some = reductions.any_(mask, axis, None, keepdims)
        result = choose(some, result, x.dtype.type(np.nan))
    return deliver(called, result, out)


def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """`np.nanargmax`; 0 where all are NaN (NumPy raises)."""
    x = operand(a)
    if x.dtype.kind in "fc":
        x = choose(np.isnan(x), -np.inf, x)
    return reductions.argmax(x, axis, out, keepdims=keepdims)


def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """`np.nanargmin`; 0 where all are NaN (NumPy raises)."""
    x = operand(a)
    if x.dtype.kind in "fc":
        x = choose(np.isnan(x), np.inf, x)
    return reductions.argmin(x, axis, out, keepdims=keepdims)


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *,
    where: Any = True,
) -> Any:  # fmt: skip
    """`np.nanmean`."""
    x = operand(a)
    return statistics.mean(x, axis, dtype, out, keepdims, where=_mask(x, where))


def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = False, *, where: Any = True, mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    """`np.nanvar`; NaN where no degrees of freedom are left."""
    x = operand(a)
    mask = _mask(x, where)
    if mask is True:
        return statistics.var(x, axis, dtype, out, ddof, keepdims, mean=mean, correction=correction)
    x = choose(mask, x, x.dtype.type(0))
    result = statistics.var(
        x, axis, dtype, None, ddof, keepdims, where=mask, mean=mean, correction=correction
    )
    lost = ddof if correction is NOT_GIVEN else correction
    count = reductions.sum_(np.broadcast_to(mask, x.shape), axis, keepdims=keepdims)
    return deliver("nanvar", choose(count > lost, result, result.dtype.type(np.nan)), out)


def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = False, *, where: Any = True, mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    """`np.nanstd`."""
    variance = nanvar(
        a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction
    )
    return deliver("nanstd", statistics.root(variance), out)


FUNCTIONS = {
    np.nansum: nansum,
    np.nanprod: nanprod,
    np.nanmax: nanmax,
    np.nanmin: nanmin,
    np.nanargmax: nanargmax,
    np.nanargmin: nanargmin,
    np.nanmean: nanmean,
    np.nanvar: nanvar,
    np.nanstd: nanstd,
}
