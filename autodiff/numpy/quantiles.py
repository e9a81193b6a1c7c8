"""Medians, percentiles and quantiles, also such that pass over NaN: sort, then interpolate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.numpy.arguments import axes_of, deliver, kept_shape, operand
from autodiff.numpy.known import known_or_none
from autodiff.numpy.promotion import convert
from autodiff.numpy.selection import where
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "median", "quantile"]

# Where the quantile q of n sorted elements lies: n q + a + q (1 - a - b), counted from 1.
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
# Others lie at (n - 1) q, counted from 0, or at one of the neighbours, or between them.
_PLACES: dict[str, Callable[[Any], Any]] = {
    "linear": lambda at: at,
    "lower": np.floor,
    "higher": np.ceil,
    "nearest": np.rint,
    "midpoint": lambda at: (np.floor(at) + np.ceil(at)) / 2,
}


def _closest(at: Any) -> Any:
    """The nearest element; halfway, that of even number (counted from 1)."""
    low = np.floor(at - 0.5)
    return where((at - 0.5 == low) & (low % 2 == 1), low, low + 1)


# And others at n q - 1, counted from 0, or at the element that follows it.
_DISCRETE: dict[str, Callable[[Any], Any]] = {
    "inverted_cdf": np.ceil,
    "averaged_inverted_cdf": lambda at: where(at == np.floor(at), at + 0.5, np.ceil(at)),
    "closest_observation": _closest,
}
_METHODS = (*_PLACES, *_CONTINUOUS, *_DISCRETE)
# which give an element, of the dtype of the array
_CHOOSING = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")


def _lanes(x: Any, axis: Any) -> Any:
    """The axes in question as one, in front."""
    axes = axes_of(axis, x.ndim)
    kept = [d for i, d in enumerate(x.shape) if i not in axes]
    count = math.prod([x.shape[i] for i in axes])
    return np.moveaxis(x, axes, range(len(axes))).reshape(count, *kept)


def _weights_of(called: str, x: Any, weights: Any, axis: Any, method: str) -> Any:
    """The weights of the elements, as lanes; they may be given for one axis only."""
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    weights = operand(weights)
    if weights.shape != x.shape:
        axes = axes_of(axis, x.ndim)
        if axis is None or weights.shape != tuple([x.shape[i] for i in axes]):
            raise ValueError(
                f"np.{called}: weights of shape {weights.shape} fit neither the array, of shape "
                f"{x.shape}, nor its axis {axis}"
            )
        weights = np.expand_dims(weights, tuple([i for i in range(x.ndim) if i not in axes]))
        weights = np.broadcast_to(weights, x.shape)
    lanes = _lanes(convert(weights, float), axis)
    value = known_or_none(lanes)
    if value is not None and np.any(value < 0):
        raise ValueError("Weights must be non-negative.")
    if value is not None and not (np.isfinite(value).all() and value.any(axis=0).all()):
        raise ValueError("Weights included NaN, inf or were all zero.")
    return lanes


def _weighted(lanes: Any, weights: Any, q: Any) -> Any:
    """Of each sorted lane the first element up to which the weights amount to `q` of all."""
    running = np.cumsum(weights, axis=0)
    part = running / running[-1:]
    part = where(part == 0, -1, part)  # what weighs nothing is not the quantile 0
    before = np.expand_dims(part, 0) < np.expand_dims(q, 1)
    place = np.minimum(np.sum(before, axis=1), lanes.shape[0] - 1)
    return np.take_along_axis(lanes, place, axis=0)


def _places(q: Any, count: Any, method: str) -> Any:
    """Where the quantiles of `count` elements are, as fractional positions."""
    if method in _PLACES:
        return _PLACES[method]((count - 1) * q)
    if method in _DISCRETE:
        at = _DISCRETE[method](count * q - 1)
    else:
        alpha, beta = _CONTINUOUS[method]
        at = count * q + (alpha + q * (1 - alpha - beta)) - 1
    last = max(count - 1, 0) if isinstance(count, int) else np.maximum(count - 1, 0)
    return np.clip(at, 0, last)


def _interpolated(lanes: Any, at: Any, last: Any, weak: bool, whole: bool) -> Any:
    """The sorted lanes (along axis 0) at fractional positions `at`, of shape (q, lane or 1).

    The elements of a lane behind the position `last` (NaN, where they are passed over) are not
    touched, not even with a weight of zero. If all positions are `whole`, nothing is interpolated.
    """
    low = np.floor(at)
    weight = at - low
    rest = 1 - weight
    if weak:  # as Python's numbers are
        weight, rest = convert(weight, lanes.dtype), convert(rest, lanes.dtype)
    first = low.astype(np.intp)
    below = _picked(lanes, first)
    if whole:
        return below
    above = _picked(lanes, np.minimum(first + 1, last))
    gap = where(np.isinf(below) & (below == above), 0, above - below)
    return where(weight < 0.5, below + gap * weight, above - gap * rest)


def _picked(lanes: Any, i: Any) -> Any:
    """Of each lane the elements at positions `i`, common to all lanes or given for each."""
    if i.shape[1:] == (1,) * (lanes.ndim - 1):
        return np.take(lanes, i.reshape(i.shape[0]), axis=0)
    return np.take_along_axis(lanes, i, axis=0)


def _of_lanes(lanes: Any, weights: Any, at: Any, method: str, weak: bool, skip_nan: bool) -> Any:
    """The quantiles `at` (along a new first axis) of each lane."""
    if weights is not None:
        order = np.argsort(lanes, axis=0, stable=True)
        weights = np.take_along_axis(weights, order, axis=0)
    lanes = np.sort(lanes, axis=0)
    missing = np.isnan(lanes)
    if weights is not None:
        result = _weighted(lanes, where(missing, 0, weights) if skip_nan else weights, at)
        return where(missing[:1] if skip_nan else missing[-1:], np.nan, result)
    if skip_nan:
        count = np.sum(~missing, axis=0, keepdims=True)
        at = _places(at, count.astype(at.dtype), method)
        result = _interpolated(lanes, at, np.maximum(count - 1, 0), weak, method in _CHOOSING)
        return where(count > 0, result, np.nan)
    last = lanes.shape[0] - 1
    result = _interpolated(lanes, _places(at, last + 1, method), last, weak, method in _CHOOSING)
    return where(missing[-1:], np.nan, result)


def _quantile(
    called: str, a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: Any, weights: Any,
    skip_nan: bool,
) -> Any:  # fmt: skip
    if method not in _METHODS:
        raise ValueError(f"np.{called}: method={method!r} is none of {', '.join(_METHODS)}")
    x = operand(a)
    ends = method == "linear" and type(q) is not Tracer and np.asarray(q).dtype.kind in "biu"
    choosing = ends or method in _CHOOSING
    if x.dtype.kind == "c" or (x.dtype.kind == "b" and not choosing):
        raise TypeError(f"np.{called}: the array must be of real numbers, not of {x.dtype}")
    weak = type(q) in (int, float) and x.dtype.kind == "f"
    q = _probabilities(q)
    given = x.dtype
    x = convert(x, np.result_type(x.dtype, q.dtype)) if x.dtype.kind in "biu" else x
    if skip_nan and not x.size:  # where NumPy does not look at q
        return deliver(called, np.nanmean(x, axis, keepdims=keepdims), out)
    lanes = _lanes(x, axis)
    if weights is not None:
        weights = _weights_of(called, x, weights, axis, method)
    at = q.reshape(-1, *[1] * (lanes.ndim - 1))
    result = _of_lanes(lanes, weights, at, method, weak, skip_nan)
    result = convert(result, given) if choosing else result
    kept = kept_shape(x.shape, axes_of(axis, x.ndim)) if keepdims is True else lanes.shape[1:]
    return deliver(called, reshape(result, shape=(*q.shape, *kept)), out)


def _probabilities(q: Any) -> Any:
    """The quantiles asked for: an array, or a tracer."""
    if type(q) is Tracer:
        return q
    known = np.asarray(q)
    known = known if known.dtype.kind == "f" else known.astype(float)
    if not ((known >= 0) & (known <= 1)).all():
        raise ValueError("Quantiles must be in the range [0, 1]")
    return known


def quantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: Any = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`np.quantile`."""
    return _quantile("quantile", a, q, axis, out, method, keepdims, weights, skip_nan=False)


def percentile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: Any = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`np.percentile`."""
    q = _hundredth(q)
    return _quantile("percentile", a, q, axis, out, method, keepdims, weights, skip_nan=False)


def nanquantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: Any = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`np.nanquantile`."""
    return _quantile("nanquantile", a, q, axis, out, method, keepdims, weights, skip_nan=True)


def nanpercentile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: Any = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """`np.nanpercentile`."""
    q = _hundredth(q)
    return _quantile("nanpercentile", a, q, axis, out, method, keepdims, weights, skip_nan=True)


def _hundredth(q: Any) -> Any:
    if type(q) in (int, float):
        return q / 100
    return np.asarray(np.true_divide(q, 100))  # which, unlike a scalar, decides the dtype


def median(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    """`np.median`."""
    x = operand(a)
    lanes = np.sort(_lanes(x, axis), axis=0)
    count = lanes.shape[0]
    result = np.mean(lanes[(count - 1) // 2 : count // 2 + 1], axis=0)
    if count and x.dtype.kind in "fc":
        result = where(np.isnan(lanes[-1]), lanes[-1], result)
    kept = kept_shape(x.shape, axes_of(axis, x.ndim)) if keepdims is True else lanes.shape[1:]
    return deliver("median", reshape(result, shape=kept), out)


def nanmedian(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    """`np.nanmedian`."""
    x = operand(a)
    if x.dtype.kind not in "fc":
        return median(x, axis, out, overwrite_input, keepdims)
    if not x.size:
        return deliver("nanmedian", np.nanmean(x, axis, keepdims=keepdims), out)
    lanes = np.sort(_lanes(x, axis), axis=0)
    count = np.sum(~np.isnan(lanes), axis=0, keepdims=True)
    middle = [np.take_along_axis(lanes, (count - i) // 2, axis=0)[0] for i in (1, 0)]
    result = where(count[0] > 0, np.mean(np.stack(middle), axis=0), np.nan)
    kept = kept_shape(x.shape, axes_of(axis, x.ndim)) if keepdims is True else lanes.shape[1:]
    return deliver("nanmedian", reshape(result, shape=kept), out)


FUNCTIONS = {
    np.median: median,
    np.quantile: quantile,
    np.percentile: percentile,
    np.nanmedian: nanmedian,
    np.nanquantile: nanquantile,
    np.nanpercentile: nanpercentile,
}
