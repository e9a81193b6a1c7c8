"""Windows at computed positions: `dynamic_slice` reads one, `dynamic_update` writes one.

The size of a window is static; where it starts along each axis is a 0-d integer that may be
computed. As in NumPy, a negative start counts from the end, and a window that does not fit raises
an IndexError. (Asking whether it fits makes a GPU wait, unless the start is known to the host.)

Both also work on a stack: starts of shape `lead` take one window from each of the arrays that `x`,
of shape `(*lead, ...)`, holds. This is what `vmap` makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread, zeros_like
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive

__all__ = ["dynamic_slice", "dynamic_update"]

Shape = tuple[int, ...]


def _window_shape(x: ArrayType, starts: Sequence[ArrayType], sizes: Shape) -> Shape:
    """The shape of the window(s), if starts and sizes fit the array."""
    lead = starts[0].shape if starts else ()
    dims = x.shape[len(lead) :]
    if any(s.dtype.kind not in "iu" or s.shape != lead for s in starts):
        raise TypeError(f"the starts of a window are integers of one shape, not {list(starts)}")
    if x.shape[: len(lead)] != lead or not len(starts) == len(sizes) == len(dims):
        raise ValueError(f"a window of {sizes} at {len(starts)} starts does not fit {x}")
    if any(not 0 <= n <= d for n, d in zip(sizes, dims, strict=True)):
        raise ValueError(f"a window of {sizes} is larger than an array of shape {dims}")
    return (*lead, *sizes)


# ---- where a window is


def _index(xp: Any, x: Any, starts: Sequence[Any], sizes: Shape) -> tuple[Any, ...]:
    """The index that selects the window(s)."""
    lead = starts[0].shape if starts else ()
    dims = x.shape[len(lead) :]
    bounds = zip(starts, sizes, dims, strict=True)
    if not lead:
        return tuple([_one(int(s), n, d) for s, n, d in bounds])
    axes = len(lead) + len(sizes)
    grid = [_along(xp.arange(d), axis, axes) for axis, d in enumerate(lead)]
    for axis, (s, n, d) in enumerate(bounds, len(lead)):
        firsts = _many(xp, s, n, d).reshape(lead + (1,) * len(sizes))
        grid.append(firsts + _along(xp.arange(n), axis, axes))
    return tuple(grid)


def _one(start: int, size: int, dim: int) -> slice:
    first = start + dim if start < 0 else start
    if not 0 <= first <= dim - size:
        raise IndexError(
            f"a window of {size} at {start} is out of bounds for an axis of length {dim}"
        )
    return slice(first, first + size)


def _many(xp: Any, starts: Any, size: int, dim: int) -> Any:
    starts = xp.asarray(starts, dtype=np.int64)
    firsts = xp.where(starts < 0, starts + dim, starts)
    if bool(((firsts < 0) | (firsts > dim - size)).any()):
        raise IndexError(f"a window of {size} is out of bounds for an axis of length {dim}")
    return firsts


def _along(positions: Any, axis: int, axes: int) -> Any:
    """A vector laid along one of `axes` axes."""
    return positions.reshape((1,) * axis + (-1,) + (1,) * (axes - axis - 1))


# ---- the primitives


def _stacked(size: int, xs: Sequence[Any], mapped: Sequence[bool], arrays: int) -> list[Any]:
    """Operands with a mapped axis: the first `arrays` of them, and the starts behind those."""
    full = [x if m else spread(x, size) for x, m in zip(xs[:arrays], mapped[:arrays], strict=True)]
    starts = xs[arrays:]
    if not any(mapped[arrays:]) and not (starts and starts[0].shape):
        return [*full, np.int64(0), *starts]  # one window, which takes in the whole new axis
    return full + [
        s if m else spread(s, size) for s, m in zip(starts, mapped[arrays:], strict=True)
    ]


def _slice_run(xp: Any, x: Any, *starts: Any, sizes: Shape) -> Any:
    return x[_index(xp, x, starts, sizes)] if starts else x


def _slice_transpose(ct: Any, i: int, x: Any, *starts: Any, sizes: Shape) -> Any:
    return dynamic_update(zeros_like(ArrayType(x.shape, ct.dtype)), ct, *starts)


def _slice_batch(size: int, xs: Any, mapped: Any, *, sizes: Shape) -> Any:
    x, *starts = _stacked(size, xs, mapped, arrays=1)
    grown = len(starts) == len(xs)
    return dynamic_slice(x, *starts, sizes=(size, *sizes) if grown else sizes)


dynamic_slice: Primitive = linear(
    "dynamic_slice",
    types=lambda x, *starts, sizes: x.with_shape(_window_shape(x, starts, sizes)),
    run=_slice_run,
    transpose=_slice_transpose,
    batch=_slice_batch,
    mask="move",
    view=True,
)


def _update_types(x: ArrayType, update: ArrayType, *starts: ArrayType) -> tuple[ArrayType]:
    lead = starts[0].ndim if starts else 0
    if update.dtype != x.dtype or update.shape != _window_shape(x, starts, update.shape[lead:]):
        raise TypeError(f"cannot write {update} into {x}")
    return (x,)


def _update_run(xp: Any, x: Any, update: Any, *starts: Any) -> Any:
    lead = len(starts[0].shape) if starts else 0
    out = xp.array(x)
    out[_index(xp, x, starts, update.shape[lead:])] = update
    return out


def _update_jvp(xs: Any, dxs: Any) -> Any:
    x, update, *starts = xs
    moved = [zeros_like(v) if t is None else t for v, t in zip((x, update), dxs[:2], strict=True)]
    return dynamic_update(x, update, *starts), dynamic_update(*moved, *starts)


def _update_transpose(ct: Any, i: int, x: Any, update: Any, *starts: Any) -> Any:
    if i == 0:
        return dynamic_update(ct, zeros_like(ArrayType(update.shape, ct.dtype)), *starts)
    lead = len(starts[0].shape) if starts else 0
    return dynamic_slice(ct, *starts, sizes=update.shape[lead:])


dynamic_update: Primitive = Primitive(
    "dynamic_update",  # x, but for the window at `starts`, which is `update`
    types=_update_types,
    run=_update_run,
    jvp=_update_jvp,
    transpose=_update_transpose,
    batch=lambda size, xs, mapped: dynamic_update(*_stacked(size, xs, mapped, arrays=2)),
    mask="move",
    kind="linear",
)
