"""Arrays as sets: their different elements, and which elements two arrays share.

How many there are depends on values, so these functions ask for them. Which element comes from
where is then known, and derivatives follow the first occurrence of each. Where there are no values,
`autodiff.numpy.unique(x, size=...)` gives as many as it is told to.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.numpy.arguments import axis_of, operand, static_int, traced_operands
from autodiff.numpy.known import known
from autodiff.numpy.promotion import convert, result_dtype
from autodiff.numpy.selection import where
from autodiff.numpy.sorting import lexsort, searchsorted, take
from autodiff.primitives.sorting import sort as sort_primitive
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["EXTENDED", "FUNCTIONS"]

_LENGTH = "how long its result is"
_SIZED = "`ad.numpy.unique(x, size=n)`, with the most that there can be"


_unique: Any = np.unique  # of plain arrays


def _flat(x: Any) -> Any:
    return reshape(x, shape=(x.size,))


# ---- different elements


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    """`np.unique`; the derivative is that of the first occurrence of each element."""
    return _unique_of("np.unique", ar, return_index, return_inverse, return_counts, axis, equal_nan)


def _unique_of(
    function: str, ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: Any = None, equal_nan: bool = True,
) -> Any:  # fmt: skip
    x = operand(ar)
    value = known(x, function, _LENGTH, _SIZED)
    others: list[Any]
    _, first, *others = _unique(
        value, True, return_inverse, return_counts, axis, equal_nan=equal_nan
    )
    values = take(x, first, axis)
    found = [values, *[first] * bool(return_index), *others]
    return tuple(found) if len(found) > 1 else values


class UniqueAll(NamedTuple):
    """What `np.unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What `np.unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What `np.unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def unique_all(x: Any) -> Any:
    """`np.unique_all`."""
    return UniqueAll(*_unique_of("np.unique_all", x, True, True, True, equal_nan=False))


def unique_counts(x: Any) -> Any:
    """`np.unique_counts`."""
    return UniqueCounts(*_unique_of("np.unique_counts", x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any) -> Any:
    """`np.unique_inverse`."""
    return UniqueInverse(*_unique_of("np.unique_inverse", x, return_inverse=True, equal_nan=False))


def unique_values(x: Any) -> Any:
    """`np.unique_values`, in the order in which NumPy finds them."""
    x = operand(x)
    value = known(x, "np.unique_values", _LENGTH, _SIZED)
    first = _unique(value, True, equal_nan=False)[1]
    ranks = np.argsort(np.argsort(np.unique_values(value), kind="stable"))
    return take(x, first[ranks])


# ---- as many different elements as one is told


def sized_unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
    size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """`np.unique`, with a number of elements that does not depend on values if `size` is given.

    Args:
        ar: an array.
        return_index: also return where each element occurs first.
        return_inverse: also return which of the elements is at each place of `ar`.
        return_counts: also return how often each occurs.
        axis: find different slices along this axis; None: elements of the flattened array.
        equal_nan: whether NaN equals NaN (slices that hold NaN always differ).
        sorted: the result is sorted anyway.
        size: how many elements to return, which is what `jit` and `vmap` need. If there are more,
            the smallest are returned; if there are fewer, the rest is filled.
        fill_value: with what; the smallest element by default. The index of a filled element is
            that of the smallest, and its count is 0.

    Returns:
        The elements, sorted; with `return_index` and the like, a tuple that begins with them.

    Raises:
        ValueError: `size` elements are asked of an empty array, and there is no `fill_value`.
        NoValueError: without `size`, if there is no value that says how many there are.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x = np.array([3.0, 1.0, 3.0])
        >>> print(ad.jit(lambda x: ad.numpy.unique(x, size=3, fill_value=0.0))(x))
        [1. 3. 0.]
        >>> print(ad.grad(lambda x: ad.numpy.unique(x, size=2)[1])(x))
        [1. 0. 0.]
    """
    if size is None:
        return (unique if type(ar) is Tracer else _unique)(
            ar, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
        )
    (x,) = traced_operands(ar)
    size = static_int(size, "unique: size")
    rows = _flat(x) if axis is None else np.moveaxis(x, axis_of(axis, x.ndim), 0)
    if not rows.shape[0]:
        wanted = (return_index, return_inverse, return_counts)
        return _filled(rows, size, fill_value, wanted, axis, x.shape)
    order, new = _runs(rows, equal_nan and axis is None)
    numbers, count = np.cumsum(new) - 1, np.sum(new)
    place = np.arange(size)
    starts = _positions_of_true(new, size)
    present = place < count
    index = where(present, order[starts], order[0])
    values = rows[index]
    if fill_value is not None:
        wide = np.reshape(present, (size,) + (1,) * (rows.ndim - 1))
        values = where(wide, values, convert(operand(fill_value), x.dtype))
    results = [values if axis is None else np.moveaxis(values, 0, axis)]
    if return_index:
        results.append(index)
    if return_inverse:
        inverse = numbers[np.argsort(order)]
        results.append(reshape(inverse, shape=x.shape) if axis is None else inverse)
    if return_counts:
        ends = where(place + 1 < count, _positions_of_true(new, size + 1)[1:], rows.shape[0])
        results.append(where(present, ends - starts, 0))
    return tuple(results) if len(results) > 1 else results[0]


def _runs(rows: Any, equal_nan: bool) -> tuple[Any, Any]:
    """The order in which rows rise, and which of them then differ from the one before."""
    columns = reshape(rows, shape=(rows.shape[0], rows.size // rows.shape[0]))
    if not columns.shape[1]:  # rows of nothing are all equal
        order = np.arange(rows.shape[0])
        return order, order == 0
    order = lexsort([columns[:, i] for i in reversed(range(columns.shape[1]))])
    ordered = columns[order]
    differs = ordered[1:] != ordered[:-1]
    if equal_nan and rows.dtype.kind in "fc":
        differs = differs & ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    return order, np.concatenate([np.ones(1, bool), np.any(differs, axis=1)])


def _positions_of_true(mask: Any, size: int) -> Any:
    """The first `size` positions where `mask` holds, in order; then any others."""
    order = np.argsort(~mask, kind="stable")
    return order[np.minimum(np.arange(size), mask.size - 1)]


def _filled(
    rows: Any, size: int, fill_value: Any, wanted: Any, axis: Any, given: tuple[int, ...]
) -> Any:
    """What is returned for no rows at all, in an array of the shape `given`."""
    if size and fill_value is None:
        raise ValueError("unique: an empty array has no elements to fill up with; give fill_value")
    shape = (size, *rows.shape[1:])
    values = np.full(shape, 0 if fill_value is None else fill_value, rows.dtype)
    shapes = (size, given if axis is None else 0, size)
    extras = [np.zeros(n, np.intp) for n, w in zip(shapes, wanted, strict=True) if w]
    results = [values if axis is None else np.moveaxis(values, 0, axis), *extras]
    return tuple(results) if extras else results[0]


# ---- two sets


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *,
    kind: Any = None,
) -> Any:  # fmt: skip
    """`np.isin`, by searching in the sorted test elements."""
    x, tests = traced_operands(element, test_elements)
    dtype = result_dtype(x, tests)
    x, tests = convert(x, dtype), convert(_flat(tests), dtype)
    if tests.size:
        tests = sort_primitive(tests, axis=0)
        nearest = np.minimum(searchsorted(tests, x), tests.size - 1)
        found = tests[nearest] == x
    else:
        found = np.zeros_like(x, bool)
    return ~found if invert else found


def _known(x: Any, function: str) -> Any:
    return known(
        x, function, _LENGTH, "`np.isin(x, y)`, a mask that is as long as x; or " + _SIZED
    ).ravel()


def union1d(ar1: Any, ar2: Any) -> Any:
    """`np.union1d`."""
    x, y = traced_operands(ar1, ar2)
    return _unique_of("np.union1d", np.concatenate([_flat(x), _flat(y)]))


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """`np.intersect1d`; the derivative is that of the elements of the first array."""
    x, y = traced_operands(ar1, ar2)
    mine, others = (_known(v, "np.intersect1d") for v in (x, y))
    _, first, second = np.intersect1d(mine, others, assume_unique, return_indices=True)
    values = convert(take(x, first), result_dtype(x, y))
    return (values, first, second) if return_indices else values


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """`np.setdiff1d`."""
    x, y = traced_operands(ar1, ar2)
    mine, others = (_known(v, "np.setdiff1d") for v in (x, y))
    places = _places(mine, assume_unique)
    return take(x, places[~np.isin(mine[places], others)])


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """`np.setxor1d`."""
    x, y = traced_operands(ar1, ar2)
    mine, others = (_known(v, "np.setxor1d") for v in (x, y))
    places = [_places(mine, assume_unique), mine.size + _places(others, assume_unique)]
    both, candidates = np.concatenate([mine, others]), np.concatenate(places)
    if not both.size:
        return np.concatenate([_flat(x), _flat(y)])
    candidates = candidates[np.argsort(both[candidates], kind="stable")]
    ordered = both[candidates]
    differs = np.concatenate([[True], ordered[1:] != ordered[:-1], [True]])
    return np.concatenate([_flat(x), _flat(y)])[candidates[differs[1:] & differs[:-1]]]


def _places(values: Any, assume_unique: bool) -> Any:
    """Where each different value occurs first."""
    if assume_unique:
        return np.arange(values.size)
    return np.unique(values, return_index=True)[1]


def sort_complex(a: Any) -> Any:
    """`np.sort_complex`."""
    x = operand(a)
    dtype = np.dtype("F") if x.dtype.char in "bhBH" else np.result_type(x.dtype, np.complex64)
    if x.dtype.kind != "c" and x.dtype.char not in "bhBHg":
        dtype = np.dtype("D")
    return convert(np.sort(x), x.dtype if x.dtype.kind == "c" else dtype)


# What `autodiff.numpy` offers in place of NumPy's functions, with more arguments than those have.
EXTENDED = {"unique": sized_unique}

FUNCTIONS = {
    np.unique: unique,
    np.unique_all: unique_all,
    np.unique_counts: unique_counts,
    np.unique_inverse: unique_inverse,
    np.unique_values: unique_values,
    np.isin: isin,
    np.union1d: union1d,
    np.intersect1d: intersect1d,
    np.setdiff1d: setdiff1d,
    np.setxor1d: setxor1d,
    np.sort_complex: sort_complex,
}
