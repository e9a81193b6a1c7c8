"""Positions in arrays as numbers, and bits in bytes: functions of integers, without derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.numpy.arguments import axis_of, operand, static_int, traced_operands
from autodiff.numpy.indexing import nonzero
from autodiff.numpy.joining import joined
from autodiff.numpy.known import known_or_none
from autodiff.numpy.promotion import convert
from autodiff.numpy.selection import where
from autodiff.primitives.structure import reshape

__all__ = ["FUNCTIONS"]


# ---- positions


def ix_(*args: Any) -> tuple[Any, ...]:
    """`np.ix_`; a traced mask is asked for its value."""
    return tuple([_along(x, k, len(args)) for k, x in enumerate(args)])


def _along(x: Any, k: int, ndim: int) -> Any:
    (places,) = traced_operands(x)
    if places.ndim != 1:
        raise ValueError("Cross index must be 1 dimensional")
    if not places.size and isinstance(x, list | tuple):
        places = convert(places, np.intp)
    if places.dtype.kind == "b":
        (places,) = nonzero(places)
    return np.reshape(places, (1,) * k + (places.size,) + (1,) * (ndim - k - 1))


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    """`np.ravel_multi_index`; under `jit`, positions out of bounds give a number out of bounds."""
    sizes = _sizes(dims)
    modes = (mode,) * len(sizes) if isinstance(mode, str) else tuple(mode)
    places = traced_operands(*multi_index)
    if not len(places) == len(modes) == len(sizes):
        raise ValueError("parameter multi_index must be a sequence of length " + str(len(sizes)))
    _check_whole(places)
    valid: Any = True
    total: Any = 0
    axes = range(len(sizes)) if _c_order(order) else reversed(range(len(sizes)))
    for i in axes:
        place, inside = _bounded(convert(places[i], np.intp), sizes[i], modes[i])
        valid, total = valid & inside, total * sizes[i] + place
    value = known_or_none(valid)
    if value is not None and not np.all(value):
        raise ValueError("invalid entry in coordinates array")
    return total if value is not None else where(valid, total, math.prod(sizes))


def _bounded(place: Any, size: int, mode: str) -> tuple[Any, Any]:
    """A position within an axis, and whether it lies there."""
    if mode == "wrap":
        return np.remainder(place, size), True
    if mode == "clip":
        return np.clip(place, 0, size - 1), True
    if mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    return place, (place >= 0) & (place < size)


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """`np.unravel_index`; under `jit`, numbers out of bounds give positions out of bounds."""
    sizes = _sizes(shape)
    (x,) = traced_operands(indices)
    _check_whole([x])
    rest, count = convert(x, np.intp), math.prod(sizes)
    valid = (rest >= 0) & (rest < count)
    value = known_or_none(valid)
    if value is not None and not np.all(value):
        wrong = np.asarray(known_or_none(rest))[~np.asarray(value)].ravel()[0]
        raise ValueError(f"index {wrong} is out of bounds for array with size {count}")
    places: list[Any] = []
    ordered = list(reversed(sizes)) if _c_order(order) else list(sizes)
    for size in ordered:
        place, rest = np.remainder(rest, max(size, 1)), np.floor_divide(rest, max(size, 1))
        places.append(place if value is not None else where(valid, place, size))
    return tuple(reversed(places)) if _c_order(order) else tuple(places)


def _c_order(order: str) -> bool:
    if order not in ("C", "F"):
        raise ValueError(f"only 'C' or 'F' order is permitted, not {order!r}")
    return order == "C"


def _sizes(shape: Any) -> tuple[int, ...]:
    if np.ndim(shape) == 0:
        return (static_int(shape, "a shape"),)
    return tuple([static_int(d, "a shape") for d in shape])


def _check_whole(arrays: Sequence[Any]) -> None:
    if any(x.dtype.kind not in "biu" for x in arrays):
        raise TypeError("only int indices permitted")


# ---- bits


def packbits(a: Any, /, axis: Any = None, bitorder: str = "big") -> Any:
    """`np.packbits`."""
    x = operand(a)
    if x.dtype.kind not in "biu":
        raise TypeError("Expected an input array of integer or boolean data type")
    x, axis = (reshape(x, shape=(x.size,)), 0) if axis is None else (x, axis_of(axis, x.ndim))
    bits = np.moveaxis(convert(x != 0, np.uint8), axis, -1)
    missing = -bits.shape[-1] % 8
    if missing:
        zeros = np.zeros_like(bits, shape=(*bits.shape[:-1], missing))
        bits = joined([bits, zeros], bits.ndim - 1)
    count = bits.shape[-1] // 8
    grouped = reshape(bits, shape=(*bits.shape[:-1], count, 8))
    packed: Any = np.sum(grouped << _shifts(bitorder), axis=-1, dtype=np.uint8)
    return np.moveaxis(packed, -1, axis)


def unpackbits(a: Any, /, axis: Any = None, count: Any = None, bitorder: str = "big") -> Any:
    """`np.unpackbits`."""
    x = operand(a)
    if x.dtype != np.uint8:
        raise TypeError("Expected an input array of unsigned byte data type")
    x, axis = (reshape(x, shape=(x.size,)), 0) if axis is None else (x, axis_of(axis, x.ndim))
    x = np.moveaxis(x, axis, -1)
    bits = (x[..., None] >> _shifts(bitorder)) & np.uint8(1)
    bits = reshape(bits, shape=(*x.shape[:-1], 8 * x.shape[-1]))
    if count is not None:
        bits = _counted(bits, static_int(count, "np.unpackbits: count"))
    return np.moveaxis(bits, -1, axis)


def _counted(bits: Any, count: int) -> Any:
    """The first `count` bits, or all but the last `-count`; zeros where there are no more."""
    length = bits.shape[-1]
    if count < -length:
        raise ValueError(f"-count({-count}) larger than number of elements")
    if count <= length:
        return bits[..., :count] if count >= 0 else bits[..., : length + count]
    zeros = np.zeros_like(bits, shape=(*bits.shape[:-1], count - length))
    return joined([bits, zeros], bits.ndim - 1)


def _shifts(bitorder: str) -> Any:
    if bitorder not in ("big", "little"):
        raise ValueError("'order' must be either 'little' or 'big'")
    shifts = np.arange(8, dtype=np.uint8)
    return shifts[::-1] if bitorder == "big" else shifts


FUNCTIONS = {
    np.ix_: ix_,
    np.ravel_multi_index: ravel_multi_index,
    np.unravel_index: unravel_index,
    np.packbits: packbits,
    np.unpackbits: unpackbits,
}
