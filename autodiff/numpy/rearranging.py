"""Moving elements within an array: flip, roll, diagonals, triangles, insert, delete."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.numpy.arguments import (
    axes_of,
    axis_of,
    operand,
    static_int,
    traced_operands,
)
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.numpy.reductions import sum_
from autodiff.numpy.selection import where
from autodiff.numpy.views import fresh, make_view, moved_view
from autodiff.primitives import structure
from autodiff.primitives.indexing import index, index_set
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "diagonal", "diagonal_view", "flip", "roll", "trace"]


# ---- order along an axis


def flip(m: Any, axis: Any = None) -> Any:
    """`np.flip`."""
    x = operand(m)
    axes = axes_of(axis, x.ndim)
    return x[tuple([slice(None, None, -1 if i in axes else None) for i in range(x.ndim)])]


def fliplr(m: Any) -> Any:
    """`np.fliplr`."""
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """`np.flipud`."""
    return flip(m, 0)


def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    """`np.rot90`."""
    first, second = axes
    turns = static_int(k, "np.rot90: k") % 4
    if turns == 0:
        return m[...]
    if turns == 2:
        return flip(m, (first, second))
    if turns == 1:
        return np.swapaxes(flip(m, second), first, second)
    return flip(np.swapaxes(m, first, second), second)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """`np.roll`; by how much must be known while tracing."""
    x = operand(a)
    if axis is None:
        return reshape(roll(reshape(x, shape=(x.size,)), shift, 0), shape=x.shape)
    for by, along in np.broadcast(np.asarray(shift), np.asarray(axis)):
        i = axis_of(along, x.ndim)
        length = x.shape[i]
        cut = -operator.index(by) % length if length else 0
        if cut:
            lead = (slice(None),) * i
            x = joined([x[(*lead, slice(cut, None))], x[(*lead, slice(cut))]], i)
    return fresh(x) if x is a else x


# ---- diagonals


def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """`np.diagonal`, to which nobody may write."""
    return diagonal_view(operand(a), offset, axis1, axis2, writable=False)


def diagonal_view(x: Any, offset: Any, axis1: Any, axis2: Any, *, writable: bool = True) -> Any:
    """A diagonal as a view: every (n + 1)-th element of the flattened matrix."""
    i, j = axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)
    if i == j:
        raise ValueError("axis1 and axis2 cannot be the same")
    perm = (*[k for k in range(x.ndim) if k not in (i, j)], i, j)
    x = moved_view(x, structure.permute, perm=perm)
    *lead, m, n = x.shape
    offset = static_int(offset, "np.diagonal: offset")
    count = max(0, min(m + min(offset, 0), n - max(offset, 0)))
    start = min(offset if offset >= 0 else -offset * n, m * n)
    stop = start + (count - 1) * (n + 1) + 1 if count else start
    flat = moved_view(x, reshape, shape=(*lead, m * n))
    spec = f"...,{start}:{stop}:{n + 1}"
    put = (lambda b, v: index_set(b, v, spec=spec)) if writable else None
    return make_view(flat, index(flat, spec=spec), put)


def diag(v: Any, k: Any = 0) -> Any:
    """`np.diag`: the diagonal of a matrix, or the matrix of a diagonal."""
    x = operand(v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    k = static_int(k, "np.diag: k")
    side = x.size + abs(k)
    start = k if k >= 0 else -k * side
    extent = (x.size - 1) * (side + 1) + 1 if x.size else 0
    rest = side * side - start - extent
    flat = structure.pad(x, x.dtype.type(0), low=(start,), high=(rest,), interior=(side,))
    return reshape(flat, shape=(side, side))


def diagflat(v: Any, k: Any = 0) -> Any:
    """`np.diagflat`."""
    x = operand(v)
    return diag(reshape(x, shape=(x.size,)), k)


def trace(
    a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None
) -> Any:
    """`np.trace`."""
    return sum_(diagonal(a, offset, axis1, axis2), -1, dtype, out)


def _matrix_trace(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Any:
    """`np.linalg.trace`: over the last two axes."""
    return trace(x, offset, -2, -1, dtype)


def _matrix_diagonal(x: Any, /, *, offset: Any = 0) -> Any:
    """`np.linalg.diagonal`: of the last two axes."""
    return diagonal(x, offset, -2, -1)


# ---- triangles


def tril(m: Any, k: Any = 0) -> Any:
    """`np.tril`."""
    x = _matrix(m)
    return where(_lower(x, k), x, x.dtype.type(0))


def triu(m: Any, k: Any = 0) -> Any:
    """`np.triu`."""
    x = _matrix(m)
    return where(_lower(x, k - 1), x.dtype.type(0), x)


def _lower(x: Any, k: Any) -> Any:
    """Where the elements on and below the k-th diagonal are."""
    rows, columns = x.shape[-2:]
    return np.tri(rows, columns, k, dtype=bool)


def _matrix(m: Any) -> Any:
    x = operand(m)
    return x if x.ndim > 1 else broadcast_to(x, (x.size, x.size))


# ---- insert, delete, resize: NumPy itself says which elements come where


def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """`np.delete`; what is deleted must be known while tracing."""
    x = operand(arr)
    if axis is None:
        x, axis = reshape(x, shape=(x.size,)), 0
    obj = np.asarray(obj) if isinstance(obj, Tracer) else obj
    return np.take(x, np.delete(np.arange(x.shape[axis]), obj), axis=axis)


def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """`np.insert`; where to insert must be known while tracing."""
    x, v = traced_operands(arr, values)
    if axis is None:
        x, axis = reshape(x, shape=(x.size,)), 0
    axis = axis_of(axis, x.ndim)
    obj = np.asarray(obj) if isinstance(obj, Tracer) else obj
    places = np.arange(x.shape[axis])[obj] if isinstance(obj, slice) else np.asarray(obj)
    v = reshape(v, shape=(1,) * (x.ndim - v.ndim) + v.shape)
    if places.ndim == 0:
        v = np.moveaxis(v, 0, axis)
    count = v.shape[axis] if places.size == 1 else places.size
    shape = tuple([count if i == axis else d for i, d in enumerate(x.shape)])
    v = broadcast_to(convert(v, x.dtype), shape)
    order = np.insert(np.arange(x.shape[axis]), obj, x.shape[axis] + np.arange(count))
    return np.take(joined([x, v], axis), order, axis=axis)


def resize(a: Any, new_shape: Any) -> Any:
    """`np.resize`: repeated or cut to a shape."""
    x = operand(a)
    if not x.size:
        return np.zeros_like(x, shape=new_shape)
    order = np.resize(np.arange(x.size), new_shape)
    return np.take(reshape(x, shape=(x.size,)), order)


FUNCTIONS = {
    np.flip: flip,
    np.fliplr: fliplr,
    np.flipud: flipud,
    np.rot90: rot90,
    np.roll: roll,
    np.diagonal: diagonal,
    np.diag: diag,
    np.diagflat: diagflat,
    np.trace: trace,
    np.linalg.diagonal: _matrix_diagonal,
    np.linalg.trace: _matrix_trace,
    np.tril: tril,
    np.triu: triu,
    np.delete: delete,
    np.insert: insert,
    np.resize: resize,
}
