"""Writing in place: `x[index] = value`, `x += y`, `np.add.at` and their like.

Programs have no in-place operations: what is recorded is a new array (`index_set`, `scatter`,
`select`), and the handle moves to it (`views.assign`). As in NumPy, the dtype of the target stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import EscapeError
from autodiff.ir.types import ArrayType, type_of
from autodiff.numpy.arguments import apply, constant, is_scalar, lift, operand
from autodiff.numpy.indexing import Places, place, resolve, spec_of
from autodiff.numpy.promotion import as_operand, broadcast_to, convert, result_dtype
from autodiff.numpy.views import is_view
from autodiff.numpy.writing import assign
from autodiff.primitives.algebra import add, broadcast
from autodiff.primitives.arithmetic import select
from autodiff.primitives.gathering import gather, scatter, scatter_add
from autodiff.primitives.indexing import index, index_add, index_set
from autodiff.primitives.structure import reshape
from autodiff.tracing.bind import infer
from autodiff.tracing.builder import Builder
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "METHODS", "add_at", "inplace", "setitem"]


# ---- x[key] = value, and np.add.at(x, key, value)


def setitem(x: Tracer, key: Any, value: Any) -> None:
    """`x[key] = value`."""
    _write(x, key, value, adding=False)


def add_at(x: Tracer, key: Any, value: Any) -> None:
    """`np.add.at(x, key, value)`: each element is added to as many times as it is named."""
    _check_cast(np.add, result_dtype(x, as_operand(value)), x.dtype)
    _write(x, key, value, adding=True)


def _write(x: Tracer, key: Any, value: Any, *, adding: bool) -> None:
    entries = key if type(key) is tuple else (key,)
    spec = spec_of(entries)
    if spec:
        return _write_basic(x, spec, value, adding)
    value = as_operand(value)
    if _spreads_under_mask(x, entries, value):
        return _write_masked(x, entries[0], value, adding)
    places = resolve(x, entries)
    if places.arrays:
        return _write_gathered(place(x, places), places, value, adding)
    if places.shape is None:
        return _write_basic(x, places.spec or "...", value, adding)
    return _write_basic(place(x, places), "...", value, adding)


def _write_basic(x: Tracer, spec: str, value: Any, adding: bool) -> None:
    (part,) = infer(index, (("spec", spec),), (x.type,), {"spec": spec})
    new = _assignable(x._builder, value, part)
    if adding or spec.strip(":,."):  # not only full slices
        new = (index_add if adding else index_set)(x, new, spec=spec)
    assign(x, new)


def _write_gathered(part: Tracer, places: Places, value: Any, adding: bool) -> None:
    at: dict[str, Any] = {"axis": places.axis, "batch": 0}
    types = (part.type, *map(type_of, places.arrays))
    (found,) = infer(gather, tuple(at.items()), types, at)
    value = _assignable(part._builder, value, found)
    if adding:
        new = scatter_add(part, value, *places.arrays, **at)
    else:
        new = scatter(part, value, *places.arrays, **at, unique=places.unique)
    assign(part, new)


def _spreads_under_mask(x: Tracer, entries: Sequence[Any], value: Any) -> bool:
    """Whether the index is a mask and all that it names gets the same: its values do not matter."""
    mask: Any = entries[0] if len(entries) == 1 else None
    if not hasattr(mask, "dtype") or mask.dtype.kind != "b" or not mask.shape:
        return False
    count = len(mask.shape)
    shape = _without_leading_ones(type_of(value).shape, x.ndim - count)
    return bool(mask.shape == x.shape[:count]) and len(shape) <= x.ndim - count


def _write_masked(x: Tracer, mask: Any, value: Any, adding: bool) -> None:
    part = x.type.with_shape(x.shape[mask.ndim :])
    value = _assignable(x._builder, value, part)
    count = mask.ndim
    if part.shape != x.shape:
        mask = broadcast(operand(mask), shape=x.shape, axes=tuple(range(count, x.ndim)))
        value = broadcast(value, shape=x.shape, axes=tuple(range(count)))
    assign(x, select(mask, add(x, value) if adding else value, x))


# ---- the value


def _without_leading_ones(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    while len(shape) > ndim and shape[0] == 1:
        shape = shape[1:]
    return shape


def _assignable(builder: Builder, value: Any, target: ArrayType) -> Tracer:
    """`value` as a tracer of the type of what it is assigned to."""
    if type(value) is Tracer and value.type is target:
        return value
    value = as_operand(value)
    if target.dtype.kind != "c" and type_of(value).dtype.kind == "c":
        raise TypeError(
            f"complex values cannot be assigned to an array of {target.dtype}: the imaginary part "
            "would be lost. Write instead: assign `value.real`, or make the array complex"
        )
    if is_scalar(value):
        return constant(builder, target.dtype.type(value), target.shape)
    if type(value) is not Tracer:
        value = lift(builder, value)
    shape = _without_leading_ones(value.shape, target.ndim)
    fits = len(shape) <= target.ndim and all(
        d in (1, size) for d, size in zip(shape[::-1], target.shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(
            f"could not broadcast input array from shape {value.shape} into shape {target.shape}"
        )
    if shape != value.shape:
        value = reshape(value, shape=shape)
    return broadcast_to(convert(value, target.dtype), target.shape)


# ---- x += y


def inplace(x: Tracer, ufunc: Any, other: Any) -> Any:
    """`x += y` and its like. In NumPy an array changes, but a scalar is replaced by a new one."""
    result = apply(ufunc, x, other)
    if not x.shape and not is_view(x):
        return result
    if result.shape != x.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {x.shape} doesn't match the broadcast "
            f"shape {result.shape}"
        )
    _check_cast(ufunc, result.dtype, x.dtype)
    assign(x, convert(result, x.dtype), whole=True)
    return x


def _check_cast(ufunc: Any, source: Any, target: Any) -> None:
    if not np.can_cast(source, target, "same_kind"):
        name = ufunc.__name__
        raise TypeError(
            f"Cannot cast ufunc '{name}' output from {source!r} to {target!r} with casting rule "
            f"'same_kind'. Write instead: `x = np.{name}(x, y)`, or convert x by `x.astype(...)`"
        )


# ---- functions that write


def _target(function: str, a: Any) -> Tracer:
    if type(a) is not Tracer:
        raise EscapeError(
            f"np.{function} would write a traced value into a plain array, and its gradient would "
            "be lost. Write instead: make the array by `np.zeros(shape, like=x)`, where `x` is a "
            "traced array"
        )
    return a


def _cycled(values: Any, count: int) -> Any:
    """The elements of `values`, over and over again, until there are `count` of them."""
    v = operand(values)
    if is_scalar(v):
        return v
    v = reshape(v, shape=(v.size,))
    return v if v.size in (1, count) else gather(v, np.arange(count) % v.size, axis=0, batch=0)


def _write_flat(x: Tracer, key: Any, values: Any, count: int) -> None:
    """`x.flat[key] = values`, with `values` repeated to `count` elements."""
    if count == 0:
        return
    flat = reshape(x, shape=(x.size,))
    setitem(flat, key, _cycled(values, count))
    assign(x, reshape(flat, shape=x.shape))


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """`np.put`."""
    x, places = _target("put", a), as_operand(ind)
    if mode == "wrap":
        places = np.remainder(places, x.size)
    elif mode == "clip":
        places = np.clip(places, 0, x.size - 1)
    elif mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    places = np.reshape(places, -1)
    _write_flat(x, places, v, len(places))


def place_values(arr: Any, mask: Any, vals: Any) -> None:
    """`np.place`: where the mask is true, the values in turn, over and over again."""
    x = _target("place", arr)
    values = operand(np.reshape(operand(vals), -1))
    if not x.size:
        return
    if not values.size:
        raise ValueError("Cannot insert from an empty array!")
    mask = broadcast_to(convert(operand(mask), bool).reshape(-1), (x.size,))
    turn = (np.cumsum(mask) - 1) % values.size
    flat = select(mask, convert(np.take(values, turn), x.dtype), reshape(x, shape=(x.size,)))
    assign(x, reshape(flat, shape=x.shape))


def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """`np.putmask`: where the mask is true, the value at that position of `values`, repeated."""
    x = _target("putmask", a)
    values = _cycled(values, x.size)
    if not is_scalar(values):
        values = reshape(broadcast_to(values, (x.size,)), shape=x.shape)
    mask = convert(operand(mask), bool)
    assign(x, select(broadcast_to(mask, x.shape), _assignable(x._builder, values, x.type), x))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """`np.fill_diagonal`."""
    x = _target("fill_diagonal", a)
    if x.ndim < 2:
        raise ValueError("array must be at least 2-d")
    rows, columns = x.shape[:2]
    if x.ndim == 2:
        step, end = columns + 1, x.size if wrap else columns * columns
    elif len(set(x.shape)) == 1:
        step, end = sum([rows**k for k in range(x.ndim)]), x.size
    else:
        raise ValueError("All dimensions of input must be of equal length")
    _write_flat(x, slice(0, end, step), val, len(range(0, min(end, x.size), step)))


METHODS = {"__inplace__": inplace, "__setitem__": setitem, "put": put}
FUNCTIONS = {
    np.put: put,
    np.place: place_values,
    np.putmask: putmask,
    np.fill_diagonal: fill_diagonal,
}
