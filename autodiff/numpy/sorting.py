"""Sorting, searching, and taking by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import is_device_array
from autodiff.errors import EscapeError
from autodiff.numpy.arguments import axis_of, deliver, operand, refuse, traced_operands
from autodiff.numpy.assignment import setitem
from autodiff.numpy.indexing import getitem, nonzero
from autodiff.numpy.promotion import (
    as_operand,
    broadcast_shapes,
    broadcast_to,
    convert,
    kind_of,
    result_dtype,
)
from autodiff.numpy.views import fresh, is_view
from autodiff.numpy.writing import assign
from autodiff.primitives import gathering, sorting
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "METHODS", "argsort", "searchsorted", "sort", "take", "take_along_axis"]


def _flat(x: Any) -> Any:
    return reshape(x, shape=(x.size,))


def _along(x: Any, axis: Any) -> tuple[Any, int]:
    """An operand and one of its axes; `None` is the only axis of the flattened operand."""
    if axis is None or (not x.ndim and axis in (0, -1)):
        return _flat(x), 0
    return x, axis_of(axis, x.ndim)


# ---- sort


def _refuse_order(function: str, order: Any) -> None:
    if order is not None:
        raise refuse(function, "order=", "a traced array has no fields")


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """`np.sort`."""
    _refuse_order("sort", order)
    x = operand(a)
    x, axis = (_flat(x), 0) if axis is None else (x, axis_of(axis, np.ndim(x)))
    return sorting.sort(x, axis=axis)


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    """`np.argsort`."""
    _refuse_order("argsort", order)
    x, axis = _along(operand(a), axis)
    return sorting.argsort(x, axis=axis, stable=bool(stable) or kind in ("stable", "mergesort"))


def sort_in_place(
    x: Tracer, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> None:
    """`ndarray.sort`."""
    assign(x, sort(x, axis_of(axis, x.ndim), kind, order), whole=True)


def partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """`np.partition`: fully sorted, which is a partition by any element."""
    _check_kth(a, kth, axis)
    return sort(a, axis, None, order)


def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    """`np.argpartition`: that of a full sort."""
    _check_kth(a, kth, axis)
    return argsort(a, axis, None, order)


def partition_in_place(
    x: Tracer, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> None:
    """`ndarray.partition`."""
    _check_kth(x, kth, axis)
    sort_in_place(x, axis, None, order)


def _check_kth(a: Any, kth: Any, axis: Any) -> None:
    x, axis = _along(operand(a), axis)
    size = x.shape[axis]
    if any(not -size <= k < size for k in np.atleast_1d(kth).tolist()):
        raise ValueError(f"kth(={kth}) out of bounds ({size})")


def lexsort(keys: Any, axis: Any = -1) -> Any:
    """`np.lexsort`: by the last key, equal ones by the key before it, and so on."""
    first, *others = traced_operands(*keys)
    axis = axis_of(axis, first.ndim)
    order = sorting.argsort(first, axis=axis, stable=True)
    for key in others:
        ordered = gathering.take_along(key, order, axis)
        by_key = sorting.argsort(ordered, axis=axis, stable=True)
        order = gathering.take_along(order, by_key, axis)
    return order


# ---- search


def searchsorted(a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    """`np.searchsorted`; a position has no derivative."""
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got {side!r})")
    a, v = as_operand(a), as_operand(v)
    dtype = result_dtype(a, v)
    rows, values = [convert(x, dtype) for x in traced_operands(a, v)]
    if rows.ndim != 1:
        raise ValueError("object of too small depth for desired array")
    if sorter is not None:
        rows = take(rows, sorter)
    return sorting.searchsorted(rows, values, side=side, batch=0)


def digitize(x: Any, bins: Any, right: Any = False) -> Any:
    """`np.digitize`."""
    if type(bins) is Tracer:
        known = bins._value("np.digitize (whether its bins rise or fall)")
    else:
        bins = known = np.asarray(bins)
    steps = np.diff(known)
    side = "left" if right else "right"
    if bool((steps >= 0).all()):
        return searchsorted(bins, x, side)
    if bool((steps <= 0).all()):
        return bins.size - searchsorted(bins[::-1], x, side)
    raise ValueError("bins must be monotonically increasing or decreasing")


# ---- take and put


def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """`np.take`."""
    x, axis = _along(operand(a), axis)
    places = as_operand(indices)
    kind_of(places)  # refuses what is no array
    if is_device_array(places):
        places = operand(places)
    if mode == "wrap":
        places = np.remainder(places, x.shape[axis])
    elif mode == "clip":
        places = np.clip(places, 0, x.shape[axis] - 1)
    elif mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    if not isinstance(places, int) and places.dtype.kind == "b":
        places = convert(places, np.intp)
    result = getitem(x, (*[slice(None)] * axis, places))
    return deliver("take", fresh(result) if is_view(result) else result, out)


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """`np.take_along_axis`."""
    x, places = traced_operands(arr, indices)
    x, axis = _along(x, axis)
    _check_places(x, places)
    if places.dtype.kind == "u":
        places = convert(places, np.intp)
    count, size = places.shape[axis], x.shape[axis]
    others = [(*s[:axis], 1, *s[axis + 1 :]) for s in (x.shape, places.shape)]
    common = list(broadcast_shapes(*others))
    common[axis] = size
    x = broadcast_to(x, tuple(common))
    common[axis] = count
    return gathering.take_along(x, broadcast_to(places, tuple(common)), axis)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """`np.put_along_axis`."""
    if type(arr) is not Tracer:
        raise EscapeError(
            "np.put_along_axis would write a traced value into a plain array, and its gradient "
            "would be lost. Write instead: make the array by `np.zeros(shape, like=x)`, where `x` "
            "is a traced array"
        )
    (places,) = traced_operands(indices)
    x, along = _along(arr, axis)
    _check_places(x, places)
    grid: list[Any] = [
        np.arange(d).reshape([-1 if n == k else 1 for k in range(x.ndim)])
        for n, d in enumerate(x.shape)
    ]
    grid[along] = places
    setitem(x, tuple(grid), values)
    if axis is None:
        assign(arr, reshape(x, shape=arr.shape))


def _check_places(x: Any, places: Any) -> None:
    if places.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if places.ndim != x.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")


def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """`np.compress`, which asks for the value of a traced condition."""
    (places,) = nonzero(as_operand(condition))
    return take(a, places, axis, out)


def extract(condition: Any, arr: Any) -> Any:
    """`np.extract`, which asks for the value of a traced condition."""
    (places,) = nonzero(_flat(operand(condition)))
    return take(arr, places)


METHODS = {
    "argpartition": argpartition,
    "argsort": argsort,
    "compress": lambda x, condition, axis=None, out=None: compress(condition, x, axis, out),
    "partition": partition_in_place,
    "searchsorted": searchsorted,
    "sort": sort_in_place,
    "take": take,
}
# NumPy's own does not look at the indices.
CONSTRUCTORS = {"take": take}
FUNCTIONS = {
    np.argpartition: argpartition,
    np.argsort: argsort,
    np.compress: compress,
    np.digitize: digitize,
    np.extract: extract,
    np.lexsort: lexsort,
    np.partition: partition,
    np.put_along_axis: put_along_axis,
    np.searchsorted: searchsorted,
    np.sort: sort,
    np.take: take,
    np.take_along_axis: take_along_axis,
}
