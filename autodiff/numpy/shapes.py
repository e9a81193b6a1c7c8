"""The same elements under another shape: reshape, transpose and their kin, which all give views."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.numpy.arguments import axis_of, operand, refuse, traced_operands
from autodiff.numpy.promotion import broadcast_shapes
from autodiff.numpy.views import fresh, make_view, moved_view, ravel_view, reshape_view
from autodiff.primitives.algebra import broadcast
from autodiff.primitives.structure import permute

__all__ = [
    "FUNCTIONS",
    "flatten",
    "matrix_transpose",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "transpose",
]

Shape = tuple[int, ...]


# ---- reshape


@lru_cache(4096)
def _full_shape(old: Shape, shape: tuple[Any, ...]) -> Shape:
    """The shape with its -1 worked out."""
    dims = tuple([operator.index(d) for d in shape])
    size = math.prod(old)
    if -1 in dims:
        rest = -math.prod(dims)
        if dims.count(-1) > 1 or not rest or size % rest:
            raise ValueError(f"cannot reshape an array of shape {old} into shape {dims}")
        dims = tuple([size // rest if d == -1 else d for d in dims])
    return dims


def as_shape(shape: Any) -> tuple[Any, ...]:
    """A shape that may be given as one number."""
    if isinstance(shape, tuple):
        return shape
    return tuple(shape) if np.ndim(shape) else (operator.index(shape),)


def reshape(a: Any, /, shape: Any, order: Any = "C", *, copy: bool | None = None) -> Any:
    """`np.reshape`."""
    x = operand(a)
    full = _full_shape(x.shape, as_shape(shape))
    if order == "F":
        result = _with_axes(reshape_view(transpose(x), full[::-1]), tuple(range(len(full)))[::-1])
    elif order == "C":
        result = reshape_view(x, full)
    else:
        raise _refuse_order("reshape", order)
    return fresh(result) if copy else result


def _refuse_order(function: str, order: Any) -> TypeError:
    return refuse(function, f"order={order!r}", "it depends on memory layout; give 'C' or 'F'")


def ravel(a: Any, order: Any = "C") -> Any:
    """`np.ravel`."""
    if order not in ("C", "F"):
        raise _refuse_order("ravel", order)
    x = operand(a)
    return ravel_view(x if order == "C" else transpose(x))


def flatten(a: Any, order: Any = "C") -> Any:
    """`ndarray.flatten`: `ravel`, but never a view."""
    return fresh(ravel(a, order), c_order=True)


def expand_dims(a: Any, axis: Any) -> Any:
    """`np.expand_dims`."""
    x = operand(a)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    axes = normalize_axis_tuple(axis, x.ndim + count)
    dims = iter(x.shape)
    return reshape_view(x, tuple([1 if i in axes else next(dims) for i in range(x.ndim + count)]))


def squeeze(a: Any, axis: Any = None) -> Any:
    """`np.squeeze`."""
    x = operand(a)
    if axis is None:
        return reshape_view(x, tuple([d for d in x.shape if d != 1]))
    axes = normalize_axis_tuple(axis, x.ndim)
    if any(x.shape[i] != 1 for i in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape_view(x, tuple([d for i, d in enumerate(x.shape) if i not in axes]))


def atleast_1d(*arys: Any) -> Any:
    """`np.atleast_1d`."""
    return _each(arys, lambda shape: shape or (1,))


def atleast_2d(*arys: Any) -> Any:
    """`np.atleast_2d`: missing axes come first."""
    return _each(arys, lambda shape: (1,) * (2 - len(shape)) + shape)


def atleast_3d(*arys: Any) -> Any:
    """`np.atleast_3d`: of the missing axes, the first comes last."""
    return _each(arys, lambda shape: (1,) * (2 - len(shape)) + shape + (1,) * (len(shape) < 3))


def _each(arys: tuple[Any, ...], shape_of: Callable[[Shape], Shape]) -> Any:
    results = [reshape_view(x, shape_of(x.shape)) for x in traced_operands(*arys)]
    return results[0] if len(results) == 1 else tuple(results)


# ---- transpose


def _with_axes(x: Any, perm: Shape) -> Any:
    """A view of `x` with its axes in another order."""
    return moved_view(x, permute, perm=perm)


def transpose(a: Any, axes: Any = None) -> Any:
    """`np.transpose`."""
    x = operand(a)
    if axes is None:
        return _with_axes(x, tuple(range(x.ndim))[::-1])
    perm = normalize_axis_tuple(axes, x.ndim)
    if len(perm) != x.ndim:
        raise ValueError("axes don't match array")
    return _with_axes(x, perm)


def matrix_transpose(x: Any, /) -> Any:
    """`np.matrix_transpose`: the last two axes exchanged."""
    x = operand(x)
    if x.ndim < 2:
        raise ValueError(f"matrix transpose needs two axes, not shape {x.shape}")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    """`np.swapaxes`."""
    x = operand(a)
    i, j = axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)
    perm = list(range(x.ndim))
    perm[i], perm[j] = j, i
    return _with_axes(x, tuple(perm))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`np.moveaxis`."""
    x = operand(a)
    sources = normalize_axis_tuple(source, x.ndim, "source")
    targets = normalize_axis_tuple(destination, x.ndim, "destination")
    if len(sources) != len(targets):
        raise ValueError("source and destination must name as many axes")
    perm = [i for i in range(x.ndim) if i not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        perm.insert(target, axis)
    return _with_axes(x, tuple(perm))


def rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    """`np.rollaxis`."""
    x = operand(a)
    axis = axis_of(axis, x.ndim)
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


# ---- broadcasting


def broadcast_to_(array: Any, shape: Any, subok: bool = False) -> Any:
    """`np.broadcast_to`."""
    (x,) = traced_operands(array)
    return _repeated(x, tuple([operator.index(d) for d in as_shape(shape)]))


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """`np.broadcast_arrays`."""
    xs = traced_operands(*args)
    shape = broadcast_shapes((), *[x.shape for x in xs])
    return tuple([_repeated(x, shape) for x in xs])


def _repeated(x: Any, shape: Shape) -> Any:
    """A view of `x`, which nobody may write to, repeated to `shape`."""
    if broadcast_shapes(x.shape, shape) != shape:
        raise ValueError(f"cannot broadcast an array of shape {x.shape} to shape {shape}")
    lead = len(shape) - x.ndim
    repeated = [i for i, d in enumerate(x.shape) if d != shape[lead + i]]
    kept = reshape_view(x, tuple([d for i, d in enumerate(x.shape) if i not in repeated]))
    axes = (*range(lead), *[lead + i for i in repeated])
    return make_view(kept, broadcast(kept, shape=shape, axes=axes), None)


FUNCTIONS = {
    np.reshape: reshape,
    np.ravel: ravel,
    np.expand_dims: expand_dims,
    np.squeeze: squeeze,
    np.atleast_1d: atleast_1d,
    np.atleast_2d: atleast_2d,
    np.atleast_3d: atleast_3d,
    np.transpose: transpose,
    np.permute_dims: transpose,
    np.matrix_transpose: matrix_transpose,
    np.linalg.matrix_transpose: matrix_transpose,
    np.swapaxes: swapaxes,
    np.moveaxis: moveaxis,
    np.rollaxis: rollaxis,
    np.broadcast_to: broadcast_to_,
    np.broadcast_arrays: broadcast_arrays,
}
