"""Indexing by arrays of integers: `gather`, and `scatter` and `scatter_add` that put elements back.

All three have one form. The k index arrays, of one shape, name positions along the k axes of `x`
that begin at `axis`; the axes of the index arrays take the place of those k axes, as in NumPy's
`x[:, i, j]` (there, `axis=1`). The first `batch` axes are common to `x` and the index arrays, which
name positions within each of those lanes.

Indices are signed and may be negative. Those out of bounds raise, also on a device (CuPy would wrap
around), where the check waits for the device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import broadcast, full_like, spread, zeros_like
from autodiff.primitives.indexing import linear_pair
from autodiff.primitives.kinds import linear
from autodiff.primitives.masked import Masked
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute

__all__ = ["gather", "last_writes", "scatter", "scatter_add", "take_along"]

Shape = tuple[int, ...]
_DIRECT = 2048  # up to so many elements, `np.add.at` on rows is faster than on flat numbers


# ---- types


def _index_shape(name: str, indices: tuple[ArrayType, ...]) -> Shape:
    if not indices or any(i.dtype.kind != "i" or i.shape != indices[0].shape for i in indices):
        shown = ", ".join(map(str, indices))
        raise TypeError(f"{name} takes signed integer indices of one shape, not {shown or 'none'}")
    return indices[0].shape


def _gathered(name: str, x: ArrayType, indices: Any, axis: int, batch: int) -> ArrayType:
    shape, stop = _index_shape(name, indices), axis + len(indices)
    if not (0 <= batch <= axis and stop <= x.ndim and x.shape[:batch] == shape[:batch]):
        raise ValueError(
            f"{name}: axes {axis} to {stop - 1} with {batch} batch axes do not fit an array of "
            f"shape {x.shape} and indices of shape {shape}"
        )
    return x.with_shape((*x.shape[:axis], *shape[batch:], *x.shape[stop:]))


def _scatter_type(
    x: ArrayType, v: ArrayType, *indices: ArrayType, axis: int, batch: int, unique: bool = True
) -> ArrayType:
    expected = _gathered("scatter", x, indices, axis, batch)
    if v is not expected:
        raise TypeError(f"scatter into {x} takes {expected}, not {v}")
    return x


# ---- run


def _to_front(xp: Any, x: Any, axis: int, count: int, batch: int) -> Any:
    """`x` with the `count` axes at `axis` moved to right behind the batch axes (a view)."""
    if axis == batch:
        return x
    return xp.moveaxis(x, _axes(axis, count), _axes(batch, count))


def _from_front(xp: Any, x: Any, axis: int, count: int, batch: int) -> Any:
    """What undoes `_to_front`."""
    if axis == batch:
        return x
    return xp.moveaxis(x, _axes(batch, count), _axes(axis, count))


def _axes(first: int, count: int) -> Shape:
    return tuple(range(first, first + count))


def _lanes(xp: Any, shape: Shape, batch: int) -> list[Any]:
    """For each batch axis, the indices of the lanes along it; they broadcast to `shape`."""
    return [xp.arange(shape[b]).reshape((-1,) + (1,) * (len(shape) - 1 - b)) for b in range(batch)]


def _rows(xp: Any, indices: tuple[Any, ...], sizes: Shape, batch: int) -> Any:
    """The number of each named position, in C order of the batch axes and those of `sizes`."""
    rows: Any = 0
    shape = indices[0].shape
    for lane, size in zip(_lanes(xp, shape, batch), shape[:batch], strict=True):
        rows = rows * size + lane
    for i, size in zip(indices, sizes, strict=True):
        i = xp.asarray(i)
        _check_bounds(xp, i, size)
        rows = rows * size + xp.where(i < 0, i + size, i)
    return rows


def _check_bounds(xp: Any, i: Any, size: int) -> None:
    outside = (i < -size) | (i >= size)
    if bool(outside.any()):
        wrong = int(i[outside].ravel()[0])
        raise IndexError(f"index {wrong} is out of bounds for an axis of size {size}")


def _gather_run(xp: Any, x: Any, *indices: Any, axis: int, batch: int) -> Any:
    if xp is not np:
        indices = tuple([xp.asarray(i) for i in indices])
        for i, size in zip(indices, x.shape[axis:], strict=False):
            _check_bounds(xp, i, size)
    if batch:
        shape = indices[0].shape
        front = _to_front(xp, x, axis, len(indices), batch)
        found = front[(*_lanes(xp, shape, batch), *indices)]
        return _from_front(xp, found, axis, len(shape) - batch, batch)
    if len(indices) == 1:
        return x.take(indices[0], axis=axis)
    return x[(slice(None),) * axis + indices]


def _scatter_run(
    xp: Any, x: Any, v: Any, *indices: Any, axis: int, batch: int, unique: bool
) -> Any:
    whole = xp.array(x)
    shape = indices[0].shape
    front = _to_front(xp, whole, axis, len(indices), batch)  # a view, through which we write
    values = _to_front(xp, xp.asarray(v), axis, len(shape) - batch, batch)
    where = (*_lanes(xp, shape, batch), *indices)
    if xp is not np:  # where NumPy lets the last of several writes win, CuPy lets any of them
        rows = _rows(xp, indices, x.shape[axis : axis + len(indices)], batch)
        if not unique and shape:
            wins = _last_of_each(xp, rows)
            where = tuple([xp.broadcast_to(xp.asarray(i), shape)[wins] for i in where])
            values = values[wins]
    front[where] = values
    return whole


def _scatter_add_run(xp: Any, x: Any, v: Any, *indices: Any, axis: int, batch: int) -> Any:
    count, shape = len(indices), indices[0].shape
    front = xp.array(_to_front(xp, x, axis, count, batch), order="C")
    values = _to_front(xp, xp.asarray(v), axis, len(shape) - batch, batch)
    if xp is np and (v.size <= _DIRECT or x.ndim == 1):
        np.add.at(front, (*_lanes(xp, shape, batch), *indices), values)
    else:
        rows = _rows(xp, indices, x.shape[axis : axis + count], batch)
        inner = values.size // max(rows.size, 1)
        numbers = (rows.reshape(-1, 1) * inner + xp.arange(inner)).ravel()
        _add_at(xp, front.reshape(-1), numbers, values.ravel())
    return _from_front(xp, front, axis, count, batch)


def _add_at(xp: Any, flat: Any, numbers: Any, values: Any) -> None:
    """`flat[numbers] += values` with repetitions; CuPy has it for few dtypes."""
    kind, size = flat.dtype.kind, flat.dtype.itemsize
    if xp is np or kind == "f" or (kind in "iu" and size >= 4):
        xp.add.at(flat, numbers, values)
    elif kind == "c":
        for part, value in ((flat.real, values.real), (flat.imag, values.imag)):
            sums = xp.array(part)
            xp.add.at(sums, numbers, xp.array(value))
            part[...] = sums
    else:  # for truth values, a sum is "any"
        sums = flat.astype(np.int32)
        xp.add.at(sums, numbers, values.astype(np.int32))
        flat[...] = sums.astype(flat.dtype)


def _last_of_each(xp: Any, rows: Any) -> Any:
    """Whether each number is the last one of its value, in C order."""
    numbers = rows.ravel()
    order = xp.argsort(numbers, kind="stable")
    ordered = numbers[order]
    last = xp.ones(numbers.shape, bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    wins = xp.empty_like(last)
    wins[order] = last
    return wins.reshape(rows.shape)


# ---- the other rules


def _gather_batch(size: int, xs: Any, mapped: Any, *, axis: int, batch: int) -> Any:
    if not any(mapped[1:]) and batch == 0:
        return gather(*xs, axis=axis + 1, batch=0)
    indices = [i if m else spread(i, size) for i, m in zip(xs[1:], mapped[1:], strict=True)]
    if mapped[0] or batch:
        x = xs[0] if mapped[0] else spread(xs[0], size)
        return gather(x, *indices, axis=axis + 1, batch=batch + 1)
    found = gather(xs[0], *indices, axis=axis, batch=0)  # the mapped axis is where `axis` is
    return permute(found, perm=_moved(found.ndim, axis, 0)) if axis else found


def _scatter_batch(primitive: Primitive, size: int, xs: Any, mapped: Any, params: Any) -> Any:
    axis, batch = params["axis"], params["batch"]
    lanes = any(mapped[2:]) or batch > 0
    spare = 2 if not lanes else len(xs)  # these need the mapped axis
    full = [
        x if m or n >= spare else spread(x, size)
        for n, (x, m) in enumerate(zip(xs, mapped, strict=True))
    ]
    return primitive(*full, **{**params, "axis": axis + 1, "batch": batch + lanes})


def _moved(ndim: int, source: int, target: int) -> Shape:
    """The permutation that takes axis `source` to the place `target`."""
    order = [axis for axis in range(ndim) if axis != source]
    order.insert(target, source)
    return tuple(order)


def _zeros(ct: Any, shape: Shape) -> Any:
    return zeros_like(ArrayType(shape, ct.dtype))


def _scatter_transpose(
    ct: Any, i: int, x: Any, v: Any, *indices: Any, axis: int, batch: int, unique: bool
) -> Any:
    at: dict[str, Any] = {"axis": axis, "batch": batch}
    if i == 1:
        found = gather(ct, *indices, **at)
        if unique:
            return found
        sizes = ct.shape[axis : axis + len(indices)]
        wins = last_writes(*indices, sizes=sizes, batch=batch)
        return Masked(found, _around(wins, found.shape, axis, batch))
    # What was overwritten does not count, whatever the derivative of it would have been.
    everywhere = full_like(ArrayType(ct.shape, np.dtype(bool)), True)
    zeros, nowhere = _zeros(ct, v.shape), _zeros(everywhere, v.shape)
    kept = scatter(everywhere, nowhere, *indices, **at, unique=True)
    return Masked(scatter(ct, zeros, *indices, **at, unique=True), kept, clean=True)


def _around(mask: Any, shape: Shape, axis: int, batch: int) -> Any:
    """A mask on the index arrays as one on gathered elements."""
    last = axis + type_of(mask).ndim - batch
    axes = (*range(batch, axis), *range(last, len(shape)))
    return broadcast(mask, shape=shape, axes=axes) if axes else mask


def _last_writes_types(*indices: ArrayType, sizes: Shape, batch: int) -> tuple[ArrayType]:
    return (ArrayType(_index_shape("last_writes", indices), np.dtype(bool)),)


def _last_writes_batch(size: int, xs: Any, mapped: Any, *, sizes: Shape, batch: int) -> Any:
    indices = [i if m else spread(i, size) for i, m in zip(xs, mapped, strict=True)]
    return last_writes(*indices, sizes=sizes, batch=batch + 1)


gather: Primitive = linear(
    "gather",
    types=lambda x, *indices, axis, batch: _gathered("gather", x, indices, axis, batch),
    run=_gather_run,
    transpose=lambda ct, i, x, *indices, **at: scatter_add(_zeros(ct, x.shape), ct, *indices, **at),
    batch=_gather_batch,
    # True where any element with a counting cotangent comes from: a sum of truth values.
    mask=lambda mask, i, x, *indices, **at: scatter_add(
        _zeros(mask, x.shape), mask, *indices, **at
    ),
    sparsity="copy",
    view=True,
    cheap=False,
)

scatter_add: Primitive = linear_pair(
    "scatter_add",
    types=_scatter_type,
    run=_scatter_add_run,
    transpose=lambda ct, i, x, v, *indices, **at: gather(ct, *indices, **at) if i else ct,
    batch=lambda size, xs, mapped, **at: _scatter_batch(scatter_add, size, xs, mapped, at),
    mask="move",
)

scatter: Primitive = linear_pair(
    "scatter",  # where positions are repeated the last write wins; `unique` promises they are not
    types=_scatter_type,
    run=_scatter_run,
    transpose=_scatter_transpose,
    batch=lambda size, xs, mapped, **at: _scatter_batch(scatter, size, xs, mapped, at),
    mask="move",
)

last_writes: Primitive = Primitive(
    "last_writes",  # which of the positions are not named again further on
    types=_last_writes_types,
    run=lambda xp, *indices, sizes, batch: _last_of_each(xp, _rows(xp, indices, sizes, batch)),
    batch=_last_writes_batch,
)


def take_along(x: Any, indices: Any, axis: int) -> Any:
    """`np.take_along_axis` for operands that agree in all axes but `axis`."""
    last = x.ndim - 1
    there, back = _moved(x.ndim, axis, last), _moved(x.ndim, last, axis)
    if axis == last:
        return gather(x, indices, axis=last, batch=last)
    found = gather(permute(x, perm=there), permute(indices, perm=there), axis=last, batch=last)
    return permute(found, perm=back)
