"""Putting arrays together, and taking them apart: concatenate, stack, split, tile, block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.numpy.arguments import (
    axis_of,
    deliver,
    operand,
    operands,
    static_int,
    traced_operands,
)
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.numpy.views import fresh, reshape_view
from autodiff.primitives import structure
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "concatenate", "joined", "repeat", "split", "stack"]


# ---- joining


def _members(arrays: Any) -> list[Any]:
    """The arrays to join, traced; one array stands for those along its first axis."""
    xs = traced_operands(*(list(arrays) if type(arrays) is Tracer else arrays))
    if not xs:
        raise ValueError("need at least one array to concatenate")
    return xs


def joined(xs: Sequence[Any], axis: int, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """The arrays along an existing axis, converted to their common dtype or to `dtype`."""
    common = np.result_type(*[x.dtype for x in xs])
    if dtype is not None:
        if not np.can_cast(common, dtype, casting):
            raise TypeError(
                f"cannot cast from {common} to {np.dtype(dtype)} by the rule {casting!r}"
            )
        common = np.dtype(dtype)
    if len(xs) == 1:
        return fresh(convert(xs[0], common))
    return structure.concatenate(*[convert(x, common) for x in xs], axis=axis)


def concatenate(
    arrays: Any,
    /,
    axis: Any = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """`np.concatenate`."""
    xs = _members(arrays)
    if axis is None:
        xs, axis = [reshape(x, shape=(x.size,)) for x in xs], 0
    if xs[0].ndim == 0:
        raise ValueError("zero-dimensional arrays cannot be concatenated; use `np.stack`")
    return deliver("concatenate", joined(xs, axis_of(axis, xs[0].ndim), dtype, casting), out)


def stack(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """`np.stack`."""
    xs = _members(arrays)
    shape = xs[0].shape
    if any(x.shape != shape for x in xs):
        raise ValueError("all input arrays must have the same shape")
    axis = axis_of(axis, len(shape) + 1)
    rows = [reshape(x, shape=(*shape[:axis], 1, *shape[axis:])) for x in xs]
    return deliver("stack", joined(rows, axis, dtype, casting), out)


def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """`np.vstack`."""
    return joined([np.atleast_2d(x) for x in _members(tup)], 0, dtype, casting)


def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """`np.hstack`."""
    xs = [np.atleast_1d(x) for x in _members(tup)]
    return joined(xs, min(xs[0].ndim - 1, 1), dtype, casting)


def dstack(tup: Any) -> Any:
    """`np.dstack`."""
    return joined([np.atleast_3d(x) for x in _members(tup)], 2)


def column_stack(tup: Any) -> Any:
    """`np.column_stack`."""
    xs = _members(tup)
    return joined([x if x.ndim > 1 else reshape(x, shape=(x.size, 1)) for x in xs], 1)


def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """`np.append`."""
    return concatenate([arr, values], axis)


def block(arrays: Any) -> Any:
    """`np.block`."""
    depth = _depth(arrays)
    leaves = traced_operands(*_leaves(arrays))
    ndim = max(depth, *[x.ndim for x in leaves])
    given = iter(leaves)

    def build(part: Any, level: int) -> Any:
        if isinstance(part, list):
            return joined([build(p, level + 1) for p in part], ndim - depth + level)
        x = next(given)
        return reshape(x, shape=(1,) * (ndim - x.ndim) + x.shape)

    return fresh(build(arrays, 0))


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(a) for a in arrays}
    if len(depths) != 1:
        raise ValueError("np.block: lists must be nested equally deep, and not be empty")
    return 1 + depths.pop()


def _leaves(arrays: Any) -> list[Any]:
    return [x for a in arrays for x in _leaves(a)] if isinstance(arrays, list) else [arrays]


# ---- repeating


def tile(A: Any, reps: Any) -> Any:
    """`np.tile`."""
    (x,) = traced_operands(A)
    counts = tuple(reps) if np.ndim(reps) else (reps,)
    counts = tuple([static_int(n, "np.tile: reps") for n in counts])
    ndim = max(len(counts), x.ndim)
    counts = (1,) * (ndim - len(counts)) + counts
    shape = (1,) * (ndim - x.ndim) + x.shape
    pairs = [d for pair in zip(counts, shape, strict=True) for d in pair]
    x = reshape(x, shape=tuple([d for s in shape for d in (1, s)]))
    full = tuple([n * d for n, d in zip(counts, shape, strict=True)])
    return fresh(reshape(broadcast_to(x, tuple(pairs)), shape=full))


def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """`np.repeat`; how often must be known while tracing."""
    x = operand(a)
    if axis is None or not x.ndim:
        x, axis = reshape(x, shape=(x.size,)), 0
    axis = axis_of(axis, x.ndim)
    if np.ndim(repeats) and len(repeats) != 1:
        places = np.repeat(np.arange(x.shape[axis]), [int(n) for n in repeats])
        return np.take(x, places, axis=axis)
    count = static_int(repeats[0] if np.ndim(repeats) else repeats, "np.repeat: repeats")
    before, after = x.shape[: axis + 1], x.shape[axis + 1 :]
    wide = broadcast_to(reshape(x, shape=(*before, 1, *after)), (*before, count, *after))
    return reshape(wide, shape=(*x.shape[:axis], x.shape[axis] * count, *after))


# ---- splitting


def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    """`np.array_split`."""
    x = operand(ary)
    axis = axis_of(axis, x.ndim)
    length = x.shape[axis]
    if np.ndim(indices_or_sections):
        cuts = [static_int(i, "np.split: an index") for i in indices_or_sections]
    else:
        count = static_int(indices_or_sections, "np.split: the number of sections")
        if count <= 0:
            raise ValueError("number sections must be larger than 0.")
        sizes = [length // count + (i < length % count) for i in range(count)]
        cuts = np.cumsum(sizes)[:-1].tolist()
    lead = (slice(None),) * axis
    bounds = zip([0, *cuts], [*cuts, length], strict=True)
    return [x[(*lead, slice(start, stop))] for start, stop in bounds]


def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    """`np.split`."""
    x = operand(ary)
    if not np.ndim(indices_or_sections) and x.shape[axis_of(axis, x.ndim)] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(x, indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`np.hsplit`."""
    x = operand(ary)
    return split(x, indices_or_sections, min(x.ndim - 1, 1))


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`np.vsplit`."""
    return split(_with_axes(ary, 2, "vsplit"), indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`np.dsplit`."""
    return split(_with_axes(ary, 3, "dsplit"), indices_or_sections, 2)


def _with_axes(ary: Any, ndim: int, function: str) -> Any:
    x = operand(ary)
    if x.ndim < ndim:
        raise ValueError(f"{function} only works on arrays of {ndim} or more dimensions")
    return x


def unstack(x: Any, /, *, axis: Any = 0) -> tuple[Any, ...]:
    """`np.unstack`."""
    return tuple(np.moveaxis(operand(x), axis, 0))


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """`np.meshgrid`."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    xs = operands(*[np.atleast_1d(x) for x in traced_operands(*xi)])
    ndim = len(xs)
    axes = list(range(ndim))
    if indexing == "xy" and ndim > 1:
        axes[0], axes[1] = 1, 0
    lengths = {axis: x.size for axis, x in zip(axes, xs, strict=True)}
    full = tuple([lengths[i] for i in range(ndim)])
    grids = [
        reshape_view(x, tuple([x.size if i == axis else 1 for i in range(ndim)]))
        for axis, x in zip(axes, xs, strict=True)
    ]
    if not sparse:
        grids = [np.broadcast_to(g, full) for g in grids]
    return tuple([fresh(g) if copy else g for g in grids])


FUNCTIONS = {
    np.concatenate: concatenate,
    np.concat: concatenate,
    np.stack: stack,
    np.vstack: vstack,
    np.hstack: hstack,
    np.dstack: dstack,
    np.column_stack: column_stack,
    np.append: append,
    np.block: block,
    np.tile: tile,
    np.repeat: repeat,
    np.array_split: array_split,
    np.split: split,
    np.hsplit: hsplit,
    np.vsplit: vsplit,
    np.dsplit: dsplit,
    np.unstack: unstack,
    np.meshgrid: meshgrid,
}
