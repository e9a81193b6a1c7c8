"""Counting: `bincount` and the histograms, with derivatives by the weights and by the edges.

A count has no derivative; a sum of weights has one by the weights, and a density also by the edges
of the bins, which may be traced. In which bin an element lies is found by a search among the edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from math import prod
from typing import Any

import numpy as np

from autodiff.errors import NoValueError
from autodiff.numpy.arguments import operand, static_int, traced_operands
from autodiff.numpy.creation import array, linspace, ones, zeros
from autodiff.numpy.known import known, known_or_none
from autodiff.numpy.promotion import convert, result_dtype
from autodiff.numpy.selection import where
from autodiff.numpy.sorting import searchsorted
from autodiff.primitives.gathering import scatter_add
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["EXTENDED", "FUNCTIONS"]


def _sums(places: Any, weights: Any, length: int) -> Any:
    """The sum of the weights at each place (the number of elements there if they are None)."""
    (places,) = traced_operands(places)
    if weights is None:
        weights = ones(places.shape, np.intp)
    return scatter_add(zeros(length, weights.dtype), weights, places, axis=0, batch=0)


# ---- bincount


def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    """`np.bincount`; the derivative is that by the weights."""
    return sized_bincount(x, weights, minlength)


def sized_bincount(
    x: Any, /, weights: Any = None, minlength: Any = 0, *, length: int | None = None
) -> Any:
    """`np.bincount`, with a length that does not depend on values if `length` is given.

    Args:
        x: 1-d array of integers that are not negative.
        weights: what to add up for each element of `x`, of the same length; None: ones.
        minlength: the least length of the result.
        length: the length of the result, which is what `jit` and `vmap` need if `x` is traced.
            Every element of `x` must be less.

    Returns:
        The number (intp), or the sum of the weights (float64), of each integer's occurrences.

    Raises:
        NoValueError: without `length`, if there is no value that says how long the result is.
        IndexError: an element of `x` is negative or not less than `length`.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> count = ad.jit(lambda x: ad.numpy.bincount(x, length=4))
        >>> print(count(np.array([1, 3, 1])))
        [0 2 0 1]
    """
    places = operand(x)
    np.bincount(np.zeros((0,) * places.ndim, places.dtype))  # raises what is wrong with the type
    if length is None:
        instead = "`ad.numpy.bincount(x, weights, length=n)`, with a length that is known"
        value = known(x, "np.bincount", "how long its result is", instead)
        length = len(np.bincount(value, minlength=minlength))
    length = static_int(length, "bincount: length")
    places = convert(places, np.intp)
    if type(places) is Tracer:  # what is negative counts from no end: it is out of bounds
        places = where(places < 0, length, places)
    if weights is None:
        return _sums(places, None, length)
    (w,) = traced_operands(weights)
    if w.shape != places.shape:
        raise ValueError("The weights and list don't have the same length.")
    if not np.can_cast(w.dtype, float):
        raise TypeError(f"Cannot cast array data from {w.dtype} to float64 according to 'safe'")
    return _sums(places, convert(w, float), length)


# ---- edges


def _outer_edges(a: Any, given: Any) -> tuple[Any, Any]:
    """The ends of the range: as given, or else those of the data."""
    if given is not None:
        first, last = given
    elif not a.size:
        return 0, 1
    else:
        first, last = np.min(a), np.max(a)
    ends = known_or_none(first), known_or_none(last)
    if None not in [e if e is None else 0 for e in ends]:
        kind = "autodetected" if given is None else "supplied"
        if not np.isfinite(ends[0]) or not np.isfinite(ends[1]):
            raise ValueError(f"{kind} range of [{ends[0]}, {ends[1]}] is not finite")
        if ends[0] > ends[1]:
            raise ValueError("max must be larger than min in range parameter.")
    if type(first) is not Tracer and type(last) is not Tracer:
        return (first - 0.5, last + 0.5) if first == last else (first, last)
    half = where(first == last, 0.5, 0.0)
    dtype = result_dtype(first, last)
    half = convert(half, np.empty(0, dtype).real.dtype if dtype.kind in "fc" else float)
    return first - half, last + half


def _checked(edges: Any, called: str) -> Any:
    """Edges that were given, which must rise."""
    edges = edges if type(edges) is Tracer else array(edges)
    value = known_or_none(edges)
    if value is not None and np.any(value[:-1] > value[1:]):
        raise ValueError(f"`{called}` must increase monotonically, when an array")
    return edges


def _count(bins: Any, called: str) -> int:
    try:
        count = static_int(bins, called)
    except NoValueError:
        raise
    except TypeError as error:
        raise TypeError(f"`{called}` must be an integer, a string, or an array") from error
    if count < 1:
        raise ValueError(f"`{called}` must be positive, when an integer")
    return count


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """`np.histogram_bin_edges`; without a range, the edges follow the least and the greatest."""
    return _edges(_samples(a), bins, range, weights)


def _samples(a: Any) -> Any:
    (x,) = traced_operands(a)
    x = reshape(x, shape=(x.size,))
    return convert(x, np.uint8) if x.dtype.kind == "b" else x


def _edges(x: Any, bins: Any, range: Any, weights: Any) -> Any:
    if isinstance(bins, str):
        if weights is not None:
            raise TypeError(
                "Automated estimation of the number of bins is not supported for weighted data"
            )
        instead = "the number of bins, or their edges"
        value = known(x, "np.histogram", "how many bins there are", instead)
        ends: Any = range and [known(e, "np.histogram", "the range", instead) for e in range]
        bins = len(np.histogram_bin_edges(value, bins, ends)) - 1
    if np.ndim(bins) == 1:
        return _checked(bins, "bins")
    if np.ndim(bins):
        raise ValueError("`bins` must be 1d, when an array")
    count = _count(bins, "bins")
    first, last = _outer_edges(x, range)
    dtype = result_dtype(first, last, x)
    dtype = np.result_type(dtype, float) if dtype.kind in "iu" else dtype
    edges = linspace(first, last, count + 1, dtype=dtype)
    value = known_or_none(edges)
    if value is not None and np.any(value[:-1] >= value[1:]):
        raise ValueError(f"Too many bins for data range. Cannot create {count} finite-sized bins.")
    return edges


def _bins_of(x: Any, edges: Any) -> Any:
    """The number of the bin in which each element lies, from 1; 0 and the last are outside."""
    dtype = result_dtype(x, edges)
    x, edges = convert(x, dtype), convert(edges, dtype)
    last = edges.shape[0]
    return where(x == edges[-1], last - 1, searchsorted(edges, x, side="right"))


# ---- histograms


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """`np.histogram`; under `jit` nobody checks that the range is finite and that edges rise."""
    x = _samples(a)
    if weights is not None:
        (weights,) = traced_operands(weights)
        if weights.shape != np.shape(a):
            raise ValueError("weights should have the same shape as a.")
        weights = reshape(weights, shape=x.shape)
    edges = _edges(x, bins, range, weights)
    n = _weighted_sums(_bins_of(x, edges), weights, edges.shape[0] + 1)[1:-1]
    if density:
        return n / np.diff(convert(edges, float)) / np.sum(n), edges
    return n, edges


def _weighted_sums(places: Any, weights: Any, length: int) -> Any:
    """Sums in the dtype of the weights, added up in double precision at least."""
    if weights is None or weights.dtype.kind not in "fc":
        return _sums(places, weights, length)
    wide = convert(weights, np.result_type(weights.dtype, float))
    return convert(_sums(places, wide, length), weights.dtype)


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """`np.histogramdd`."""
    x = sample if len(getattr(sample, "shape", ())) == 2 else _in_columns(sample)
    (x,) = traced_operands(x)
    count, dims = x.shape
    ranges = _each(range, dims, "range argument must have one entry per dimension")
    bins = _each(
        bins, dims, "The dimension of bins must be equal to the dimension of the sample x."
    )
    columns = [x[:, i] for i in np.arange(dims)]
    edges = list(starmap(_edges_along, zip(columns, bins, ranges, np.arange(dims), strict=True)))
    shape = tuple([e.shape[0] + 1 for e in edges])
    numbers: Any = np.zeros(count, np.intp)
    for column, e, length in zip(columns, edges, shape, strict=True):
        numbers = numbers * length + _bins_of(column, e)
    if weights is not None:
        weights = convert(traced_operands(weights)[0], float)
        if weights.shape != (count,):
            raise ValueError("The weights and list don't have the same length.")
    sums = convert(_sums(numbers, weights, prod(shape)), float)
    hist = reshape(sums, shape=shape)[(slice(1, -1),) * dims]
    if density:
        hist = _density(hist, edges)
    return hist, edges


def _density(hist: Any, edges: Sequence[Any]) -> Any:
    total = np.sum(hist)
    for i, e in enumerate(edges):
        widths = np.diff(e)
        hist = hist / np.reshape(widths, (-1,) + (1,) * (len(edges) - 1 - i))
    return hist / total


def _in_columns(sample: Any) -> Any:
    """A sequence of arrays, one for each dimension, as points."""
    return np.atleast_2d(sample if type(sample) is Tracer else array(sample)).T


def _each(option: Any, dims: int, wrong: str) -> Sequence[Any]:
    """One entry for each dimension."""
    length = _length(option)
    if length not in (None, dims):
        raise ValueError(wrong)
    return [option] * dims if length is None else option


def _length(option: Any) -> int | None:
    """How many entries there are; None of a number (`np.ndim` would make an array of a list)."""
    try:
        return len(option)
    except TypeError:
        return None


def _edges_along(column: Any, bins: Any, range: Any, i: int) -> Any:
    called = f"bins[{i}]"
    if np.ndim(bins) == 1:
        return _checked(bins, called)
    if np.ndim(bins):
        raise ValueError(f"`{called}` must be a scalar or 1d array")
    count = _count(bins, called)
    return linspace(*_outer_edges(column, range), count + 1)


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """`np.histogram2d`."""
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if _length(bins) not in (None, 1, 2):
        bins = [bins, bins]
    hist, edges = histogramdd(_in_columns([x, y]), bins, range, density, weights)
    return hist, edges[0], edges[1]


# What `autodiff.numpy` offers in place of NumPy's functions, with more arguments than those have.
EXTENDED = {"bincount": sized_bincount}

FUNCTIONS = {
    np.bincount: bincount,
    np.histogram: histogram,
    np.histogram_bin_edges: histogram_bin_edges,
    np.histogram2d: histogram2d,
    np.histogramdd: histogramdd,
}
