"""Reading by an index: `x[index]` in all of NumPy's forms.

An index is resolved in the order in which it is recorded: integers and slices (`index`), then new
axes (`reshape`), then arrays of integers (`gather`). Masks become arrays of integers, for which
their values are needed, because the shape of the result depends on them.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.arrays import namespace
from autodiff.numpy.arguments import operand
from autodiff.numpy.promotion import as_operand, broadcast_to, convert
from autodiff.numpy.views import fresh, index_view, make_view, moved_view, part_of, reshape_view
from autodiff.primitives.gathering import gather, scatter
from autodiff.primitives.structure import permute
from autodiff.tracing.tracer import Tracer

__all__ = [
    "FUNCTIONS", "METHODS", "Places", "argwhere", "flatnonzero", "getitem", "nonzero", "place",
    "resolve", "spec_of",
]  # fmt: skip

Entry = Any  # an int, a bool, a slice, an ellipsis, None, or an array of integers or truth values

_INVALID = (
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean "
    "arrays are valid indices"
)


# ---- basic indices: integers and slices


def spec_of(entries: Sequence[Any]) -> str | None:
    """The spec of an index of integers, slices and at most one ellipsis; None if it has more."""
    parts = []
    for entry in entries:
        kind = type(entry)
        if kind is int or isinstance(entry, np.integer):
            parts.append(str(entry))
        elif kind is slice:
            parts.append(_slice_spec(entry))
        elif entry is ...:
            parts.append("...")
        else:
            return None
    return ",".join(parts)


def _slice_spec(part: slice) -> str:
    start, stop, step = [
        "" if bound is None else str(operator.index(bound))
        for bound in (part.start, part.stop, part.step)
    ]
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def getitem(x: Tracer, key: Any) -> Any:
    """`x[key]`."""
    if type(key) is int:
        if len(x.type.shape) == 1:  # a scalar, which is no view
            return part_of(x, str(key))
        return index_view(x, str(key))
    if x._alias is not None and x._alias.flat:
        x = fresh(x, c_order=True)
    entries = key if type(key) is tuple else (key,)
    spec = spec_of(entries)
    if not spec:
        places = resolve(x, entries)
        part = place(x, places)
        return part if not places.arrays else _gathered(part, places)
    if spec in (":", "...") and (x.type.shape or spec == "..."):
        return x  # a view of all of it cannot be told from the array itself
    if len(entries) == len(x.type.shape) and not (":" in spec or "..." in spec):
        return part_of(x, spec)
    return index_view(x, spec)


# ---- indices with new axes and arrays


class Places(NamedTuple):
    """An index, resolved: apply `spec`, then `shape`, then `perm`, then gather by the arrays."""

    spec: str  # integers and slices
    shape: tuple[int, ...] | None  # with new axes; None if there are none
    perm: tuple[int, ...] | None  # which takes the axes of the arrays to the front, if need be
    arrays: tuple[Any, ...]  # of integers, of one shape
    axis: int  # the first of the axes that the arrays index
    unique: bool  # whether the arrays are known to name each place once
    scalar: bool  # whether the result is a scalar by NumPy's rules, and so no view


def place(x: Tracer, places: Places) -> Any:
    """The part of `x` that the arrays of an index refer to, or the whole index if it has none."""
    part: Any = x
    if places.scalar and not places.arrays:
        return part_of(x, places.spec) if places.spec else fresh(x)
    if places.spec.strip(":,"):
        part = index_view(part, places.spec)
    if places.shape is not None:
        part = reshape_view(part, places.shape)
    if places.perm is not None:
        part = moved_view(part, permute, perm=places.perm)
    return part


def _gathered(part: Tracer, places: Places) -> Any:
    arrays = [operand(a) for a in places.arrays]
    at: dict[str, Any] = {"axis": places.axis, "batch": 0}
    found = gather(part, *arrays, **at)
    if arrays[0].shape or places.scalar:
        return found
    # Traced integers: for NumPy this is basic indexing, and gives a view.
    return make_view(part, found, lambda b, v: scatter(b, v, *arrays, **at, unique=True))


def resolve(x: Any, entries: Sequence[Any]) -> Places:
    """What an index of any kind refers to in `x`."""
    entries = [_entry(e) for e in entries]
    dims, spec, arrays, axes = _expand(x.shape, entries)
    kinds = [e.dtype.kind for e in entries if _is_array(e)]
    new_axes = any(e is None or type(e) is bool for e in entries)
    scalar = len(dims) == len(axes) and not any(e is ... for e in entries)
    perm, axis = None, axes[0] if axes else 0
    if arrays:
        arrays = _broadcast(arrays)
        scalar = scalar and not arrays[0].shape
        if _separated(entries):
            axis = 0
            rest = [n for n in range(len(dims)) if n not in axes]
            perm = None if axes == list(range(len(axes))) else (*axes, *rest)
    shape = tuple(dims) if new_axes else None
    unique = kinds == ["b"] or (bool(arrays) and not arrays[0].shape)
    return Places(",".join(spec), shape, perm, tuple(arrays), axis, unique, scalar)


def _expand(shape: tuple[int, ...], entries: Sequence[Entry]) -> Any:
    """The axes that integers, slices and new axes leave; the spec; the arrays, and their axes."""
    dims: list[int] = []
    spec: list[str] = []
    arrays: list[Any] = []
    axes: list[int] = []
    sizes = iter(shape)
    for entry in _with_ellipsis(shape, entries):
        if entry is None:
            dims.append(1)
        elif type(entry) is bool:  # as if it were a mask on a new axis
            axes.append(len(dims))
            dims.append(1)
            arrays.append(np.zeros(int(entry), np.intp))
        elif type(entry) is int:
            next(sizes)
            spec.append(str(entry))
        elif type(entry) is slice:
            dims.append(len(range(*entry.indices(next(sizes)))))
            spec.append(_slice_spec(entry))
        else:
            for part in _integers(entry, shape, len(spec)):
                axes.append(len(dims))
                dims.append(next(sizes))
                arrays.append(_checked(part, dims[-1], len(spec)))
                spec.append(":")
    return dims, spec, arrays, axes


def _with_ellipsis(shape: tuple[int, ...], entries: Sequence[Entry]) -> list[Entry]:
    """The entries with as many full slices as there are axes left in place of the ellipsis."""
    used = sum(map(_axes_used, entries))
    if used > len(shape):
        raise IndexError(
            f"too many indices for array: array is {len(shape)}-dimensional, "
            f"but {used} were indexed"
        )
    rest = [slice(None)] * (len(shape) - used)
    places = [n for n, e in enumerate(entries) if e is ...]
    if len(places) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    at = places[0] if places else len(entries)
    return [*entries[:at], *rest, *entries[at + 1 :]]


def _axes_used(entry: Entry) -> int:
    if entry is None or entry is ... or type(entry) is bool:
        return 0
    return len(entry.shape) if _is_array(entry) and entry.dtype.kind == "b" else 1


def _is_array(entry: Entry) -> bool:
    return hasattr(entry, "dtype")


def _separated(entries: Sequence[Entry]) -> bool:
    """Whether something stands between the arrays; then NumPy puts their axes in front."""
    advanced = [_is_array(e) or isinstance(e, int) for e in entries]
    first, last = advanced.index(True), len(advanced) - advanced[::-1].index(True)
    return not all(advanced[first:last])


# ---- the entries of an index


def _entry(entry: Any) -> Entry:
    """An entry of an index in one of the forms that are told apart from here on."""
    if entry is None or entry is ... or type(entry) in (int, bool, slice):
        return entry
    if isinstance(entry, list | tuple) and not entry:
        return np.zeros(0, np.intp)
    array = as_operand(entry)
    if isinstance(array, str) or not hasattr(array, "dtype"):
        array = _scalar_entry(array)
    if array.dtype.kind not in "iub":
        raise IndexError(
            "arrays used as indices must be of integer (or boolean) type"
            if array.shape
            else _INVALID
        )
    if array.dtype.kind == "b" and type(array) is Tracer:
        array = _known(array)
    if not array.shape and type(array) is not Tracer:
        return array.item()
    return array


def _scalar_entry(entry: Any) -> Any:
    try:
        return np.int64(operator.index(entry))
    except TypeError:
        raise IndexError(_INVALID) from None


def _known(mask: Tracer) -> Any:
    return mask._value(
        "a traced mask as an index (`x[mask]`, whose shape depends on the values of the mask; "
        "`np.where(mask, x, 0)` has the shape of x)"
    )


def _integers(entry: Any, shape: tuple[int, ...], axis: int) -> Sequence[Any]:
    """The arrays of integers that an array entry stands for, the first of them for `axis`."""
    if entry.dtype.kind != "b":
        return [convert(entry, np.intp) if entry.dtype.kind == "u" else entry]
    for n, size in enumerate(entry.shape, axis):
        if size != shape[n]:
            raise IndexError(
                f"boolean index did not match indexed array along axis {n}; size of axis is "
                f"{shape[n]} but size of corresponding boolean axis is {size}"
            )
    return entry.nonzero()


def _checked(array: Any, size: int, axis: int) -> Any:
    """The array, if its values are known to be in bounds; those of tracers are checked later."""
    if issubclass(type(array), np.ndarray) and array.size:
        low, high = int(array.min()), int(array.max())
        if low < -size or high >= size:
            wrong = low if low < -size else high
            raise IndexError(f"index {wrong} is out of bounds for axis {axis} with size {size}")
    return array


def _broadcast(arrays: list[Any]) -> list[Any]:
    shapes = [a.shape for a in arrays]
    if all(s == shapes[0] for s in shapes):
        return arrays
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing arrays could not be broadcast together with shapes "
            + " ".join([str(s).replace(" ", "") for s in shapes])
        ) from None
    return [
        broadcast_to(a, shape) if type(a) is Tracer else namespace([a]).broadcast_to(a, shape)
        for a in arrays
    ]


# ---- questions for the values


def nonzero(a: Any) -> Any:
    """`np.nonzero`: plain arrays of integers; on a traced array this asks for its value."""
    if type(a) is not Tracer:
        return namespace([a]).nonzero(a)
    return a._value(
        "np.nonzero, np.argwhere or np.where with one argument, whose result has a shape that "
        "depends on values,"
    ).nonzero()


def flatnonzero(a: Any) -> Any:
    """`np.flatnonzero`."""
    return nonzero(operand(a).reshape(-1))[0]


def argwhere(a: Any) -> Any:
    """`np.argwhere`."""
    places = nonzero(a)
    return namespace(places).stack(places, axis=-1)


METHODS = {"__getitem__": getitem, "nonzero": nonzero}
FUNCTIONS = {np.nonzero: nonzero, np.flatnonzero: flatnonzero, np.argwhere: argwhere}
