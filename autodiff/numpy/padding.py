"""`np.pad` in all modes: by constants, by elements of the array, or by what follows from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import operand, operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.numpy.views import fresh
from autodiff.primitives import structure

__all__ = ["FUNCTIONS", "pad"]

_OPTIONS = {
    "constant": "constant_values", "edge": "", "empty": "", "linear_ramp": "end_values",
    "maximum": "stat_length", "mean": "stat_length", "median": "stat_length",
    "minimum": "stat_length", "reflect": "reflect_type", "symmetric": "reflect_type", "wrap": "",
}  # fmt: skip
_STATISTICS: dict[str, Any] = {
    "maximum": np.max,
    "mean": np.mean,
    "median": np.median,
    "minimum": np.min,
}


def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """`np.pad`; how much must be known while tracing."""
    x = operand(array)
    widths = _widths(pad_width, x.ndim)
    if callable(mode):
        return _by_function(x, widths, mode, options)
    if mode not in _OPTIONS:
        raise ValueError(f"mode {mode!r} is not supported")
    unknown = set(options) - {_OPTIONS[mode]}
    if unknown:
        raise ValueError(f"unsupported keyword arguments for mode {mode!r}: {unknown}")
    if mode in ("constant", "empty"):
        return _constant(x, widths, options.get("constant_values", 0))
    for axis, width in enumerate(widths):
        if any(width):
            if not x.shape[axis]:
                raise ValueError(
                    f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'"
                )
            x = _along(x, axis, width, mode, options)
    return fresh(x) if x is array else x


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """How many elements come before and after, for each axis."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if np.ndim(width) == 0 else tuple(width)
        pad_width = pairs
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu":
        raise TypeError("`pad_width` must be of integral type.")
    if (widths < 0).any():
        raise ValueError("index can't contain negative values")
    return [(before, after) for before, after in np.broadcast_to(widths, (ndim, 2)).tolist()]


def _pairs(values: Any, ndim: int) -> list[Any]:
    """Something for before and after each axis; it may be traced."""
    (values,) = operands(values)
    pairs = np.broadcast_to(values, (ndim, 2))
    return [[pairs[i, 0], pairs[i, 1]] for i in range(ndim)]


def _along(x: Any, axis: int, width: tuple[int, int], mode: Any, options: Any) -> Any:
    if mode == "linear_ramp":
        return _ramps(x, axis, width, _pairs(options.get("end_values", 0), x.ndim)[axis])
    if mode in _STATISTICS:
        return _statistics(x, axis, width, mode, options.get("stat_length"))
    if options.get("reflect_type", "even") == "odd" and x.shape[axis] > 1:
        return _odd(x, axis, width, repeat_edge=mode == "symmetric")
    # NumPy itself says which elements come where
    order = np.pad(np.arange(x.shape[axis]), width, mode)
    return np.take(x, order, axis=axis)


def _part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(*[slice(None)] * axis, slice(start, stop))]


def _constant(x: Any, widths: list[tuple[int, int]], values: Any) -> Any:
    if np.ndim(values) == 0:
        (value,) = operands(values)
        low, high = zip(*widths, strict=True) if widths else ((), ())
        return structure.pad(x, convert(value, x.dtype), low=low, high=high, interior=(0,) * x.ndim)
    pairs = _pairs(values, x.ndim)
    for axis, (width, pair) in enumerate(zip(widths, pairs, strict=True)):
        for side, value in enumerate(pair):
            amounts = dict.fromkeys(("low", "high", "interior"), (0,) * x.ndim)
            one = tuple([width[side] if i == axis else 0 for i in range(x.ndim)])
            amounts["high" if side else "low"] = one
            x = structure.pad(x, convert(value, x.dtype), **amounts)
    return x


def _by_function(x: Any, widths: list[tuple[int, int]], change: Any, options: Any) -> Any:
    """Zeros around the array, then each line along each axis as the function changes it."""
    x = _constant(x, widths, 0)
    for axis, width in enumerate(widths):
        lines = np.moveaxis(x, axis, -1)
        for place in np.ndindex(lines.shape[:-1]):
            change(lines[(*place, ...)], list(width), axis, options)
    return x


def _ramps(x: Any, axis: int, width: tuple[int, int], ends: Any) -> Any:
    """Straight lines from the ends to the edges."""
    edges = np.take(x, 0, axis=axis), np.take(x, -1, axis=axis)
    before, after = (
        np.linspace(end, edge, count, endpoint=False, dtype=x.dtype, axis=axis)
        for end, edge, count in zip(ends, edges, width, strict=True)
    )
    return joined([before, x, np.flip(after, axis)], axis)


def _statistics(x: Any, axis: int, width: tuple[int, int], mode: str, lengths: Any) -> Any:
    """A statistic of the elements next to the edge, repeated."""
    size = x.shape[axis]
    given = [None, None] if lengths is None else np.broadcast_to(lengths, (x.ndim, 2))[axis]
    counts = [size if n is None else min(int(n), size) for n in given]
    if 0 in counts and mode in ("maximum", "minimum"):
        raise ValueError("stat_length of 0 yields no value for padding")
    parts = _part(x, axis, None, counts[0]), _part(x, axis, size - counts[1], None)
    sides = []
    for part, count in zip(parts, width, strict=True):
        value = _STATISTICS[mode](part, axis=axis, keepdims=True)
        value = np.round(value) if x.dtype.kind in "iu" else value
        sides.append(np.repeat(convert(value, x.dtype), count, axis=axis))
    return joined([sides[0], x, sides[1]], axis)


def _odd(x: Any, axis: int, width: tuple[int, int], *, repeat_edge: bool) -> Any:
    """Reflections through the point at the edge, again and again until enough is there."""
    period = x.shape[axis] - (not repeat_edge)
    before, after = width
    while before or after:
        size = x.shape[axis]
        chunk = (size - (not repeat_edge)) // period * period
        left, right = min(chunk, before), min(chunk, after)
        skip = 0 if repeat_edge else 1
        mirrored = [
            np.flip(_part(x, axis, skip, skip + left), axis),
            np.flip(_part(x, axis, size - skip - right, size - skip), axis),
        ]
        edges = _part(x, axis, 0, 1), _part(x, axis, -1, None)
        sides = [
            convert(2 * edge - part, x.dtype) for edge, part in zip(edges, mirrored, strict=True)
        ]
        x = joined([sides[0], x, sides[1]], axis)
        before, after = before - left, after - right
    return x


FUNCTIONS = {np.pad: pad}
