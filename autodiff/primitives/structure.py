"""Moving elements without computing on them: reshape, permute, flip, slice, pad, concatenate.

All are linear, and they transpose into one another: `slice_` and `pad` are such a pair. Everything
about their shapes is static; for windows at computed positions see `dynamic`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import (
    broadcast,
    full_like,
    reduce_any,
    reduce_sum,
    shifted,
    spread,
    zeros_like,
)
from autodiff.primitives.arithmetic import select
from autodiff.primitives.comparison import logical_and
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive

__all__ = ["concatenate", "flip", "index_text", "pad", "permute", "reshape", "slice_"]

Shape = tuple[int, ...]


def index_text(parts: Sequence[str]) -> str:
    """`{0}[...]` with an index for each axis; full slices at the end are left out."""
    kept = list(parts)
    while kept and kept[-1] == ":":
        kept.pop()
    return f"{{0}}[{', '.join(kept)}]" if kept else "{0}"


# ---- reshape and permute


def _reshape_types(x: ArrayType, *, shape: Shape) -> ArrayType:
    if math.prod(shape) != x.size or min(shape, default=0) < 0:
        raise ValueError(f"cannot reshape an array of shape {x.shape} into shape {shape}")
    return x.with_shape(shape)


def _reshape_text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    shape = params["shape"]
    if not shape and types[0].ndim:  # an element as a scalar, which later operations prefer
        return index_text(["0"] * types[0].ndim)
    return f"{{0}}.reshape({', '.join(map(str, shape)) or '()'})"


reshape: Primitive = linear(
    "reshape",  # elements keep their order (the last axis changes fastest)
    types=_reshape_types,
    run=lambda xp, x, *, shape: x.reshape(shape)[()],  # [()]: of one element, a scalar
    transpose=lambda ct, i, x, *, shape: reshape(ct, shape=x.shape),
    batch=lambda size, xs, mapped, *, shape: reshape(*xs, shape=(size, *shape)),
    text=_reshape_text,
    mask="move",
    view=True,
)


def _permute_types(x: ArrayType, *, perm: Shape) -> ArrayType:
    if sorted(perm) != list(range(x.ndim)):
        raise ValueError(f"{perm} is not a permutation of the axes of an array of shape {x.shape}")
    return x.with_shape(tuple([x.shape[axis] for axis in perm]))


def inverse(perm: Shape) -> Shape:
    """The permutation that undoes `perm`."""
    return tuple(sorted(range(len(perm)), key=perm.__getitem__))


def _permute_text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    perm = params["perm"]
    if perm == tuple(range(len(perm))):
        return "{0}"
    if perm == tuple(reversed(range(len(perm)))):
        return "{0}.T"
    return f"{{0}}.transpose{perm}"


permute: Primitive = linear(
    "permute",  # axis i of the result is axis perm[i] of x
    types=_permute_types,
    run=lambda xp, x, *, perm: x.transpose(perm),
    transpose=lambda ct, i, x, *, perm: permute(ct, perm=inverse(perm)),
    batch=lambda size, xs, mapped, *, perm: permute(*xs, perm=(0, *shifted(perm))),
    text=_permute_text,
    mask="move",
    view=True,
)


# ---- flip


def _flip_types(x: ArrayType, *, axes: Shape) -> ArrayType:
    if any(not 0 <= axis < x.ndim for axis in axes):
        raise ValueError(f"cannot flip axes {axes} of an array of shape {x.shape}")
    return x


def _flip_text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    axes = params["axes"]
    return index_text(["::-1" if axis in axes else ":" for axis in range(types[0].ndim)])


flip: Primitive = linear(
    "flip",
    types=_flip_types,
    run=lambda xp, x, *, axes: xp.flip(x, axes),
    transpose=lambda ct, i, x, *, axes: flip(ct, axes=axes),
    batch=lambda size, xs, mapped, *, axes: flip(*xs, axes=shifted(axes)),
    text=_flip_text,
    mask="move",
    view=True,
)


# ---- slice: every step-th element from start up to stop, along each axis


def _slice_types(x: ArrayType, *, start: Shape, stop: Shape, step: Shape) -> ArrayType:
    if not len(start) == len(stop) == len(step) == x.ndim:
        raise ValueError(
            f"a slice of an array of shape {x.shape} has {x.ndim} entries in each param"
        )
    for a, b, s, d in zip(start, stop, step, x.shape, strict=True):
        if not (0 <= a <= b <= d and s >= 1):
            raise ValueError(f"the slice {a}:{b}:{s} does not lie inside an axis of length {d}")
    return x.with_shape(
        tuple([len(range(a, b, s)) for a, b, s in zip(start, stop, step, strict=True)])
    )


def _slice_run(xp: Any, x: Any, *, start: Shape, stop: Shape, step: Shape) -> Any:
    return x[tuple(map(slice, start, stop, step))] if start else x


def _slice_transpose(ct: Any, i: int, x: Any, *, start: Shape, stop: Shape, step: Shape) -> Any:
    high = [
        d - (a + _extent(n, s - 1))
        for d, a, n, s in zip(x.shape, start, ct.shape, step, strict=True)
    ]
    interior = tuple([s - 1 for s in step])
    return pad(ct, ct.dtype.type(0), low=start, high=tuple(high), interior=interior)


def _slice_batch(size: int, xs: Any, mapped: Any, *, start: Any, stop: Any, step: Any) -> Any:
    return slice_(*xs, start=(0, *start), stop=(size, *stop), step=(1, *step))


def _slice_text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    parts = [
        (f"{a}:" if a else ":") + (f"{b}" if b < d else "") + (f":{s}" if s > 1 else "")
        for d, a, b, s in zip(types[0].shape, *params.values(), strict=True)
    ]
    return index_text(parts)


slice_: Primitive = linear(
    "slice",
    types=_slice_types,
    run=_slice_run,
    transpose=_slice_transpose,
    batch=_slice_batch,
    text=_slice_text,
    mask="move",
    view=True,
)


# ---- pad: `value` before, behind and between the elements along each axis


def _extent(count: int, interior: int) -> int:
    """The length of `count` elements with `interior` others between neighbours."""
    return count + (count - 1) * interior if count else 0


def _pad_types(
    x: ArrayType, value: ArrayType, *, low: Shape, high: Shape, interior: Shape
) -> tuple[ArrayType]:
    if value.shape or value.dtype is not x.dtype != value.dtype:
        raise TypeError(f"{x} is padded with a scalar of its dtype, not with {value}")
    if not len(low) == len(high) == len(interior) == x.ndim:
        raise ValueError(
            f"padding an array of shape {x.shape} takes {x.ndim} entries in each param"
        )
    if min(*low, *high, *interior, 0, 0) < 0:
        raise ValueError(f"cannot pad by a negative amount: {low}, {high}, {interior}")
    return (
        x.with_shape(
            tuple([
                a + _extent(d, s) + b
                for d, a, b, s in zip(x.shape, low, high, interior, strict=True)
            ])
        ),
    )  # fmt: skip


def _inside(shape: Shape, low: Shape, interior: Shape) -> tuple[slice, ...]:
    """Where the elements of an array of this shape are once it is padded."""
    return tuple([
        slice(a, a + _extent(d, s), s + 1) for d, a, s in zip(shape, low, interior, strict=True)
    ])  # fmt: skip


def _pad_run(xp: Any, x: Any, value: Any, *, low: Shape, high: Shape, interior: Shape) -> Any:
    inside = _inside(x.shape, low, interior)
    shape = tuple([part.stop + b for part, b in zip(inside, high, strict=True)])
    out = xp.full(shape, value, dtype=x.dtype)
    out[inside] = x
    return out


def _pad_jvp(xs: Any, dxs: Any, **amounts: Shape) -> Any:
    (x, value), (dx, dvalue) = xs, dxs
    dx = zeros_like(x) if dx is None else dx
    dvalue = zeros_like(value) if dvalue is None else dvalue
    return pad(x, value, **amounts), pad(dx, dvalue, **amounts)


def _outside(x: Any, **amounts: Shape) -> Any:
    """Where the result of padding `x` is not an element of `x`."""
    return pad(full_like(ArrayType(x.shape, bool), False), np.True_, **amounts)


def _unpad(ct: Any, x: Any, *, low: Shape, high: Shape, interior: Shape) -> Any:
    inside = _inside(x.shape, low, interior)
    start, stop, step = (
        [getattr(part, name) for part in inside] for name in ("start", "stop", "step")
    )
    return slice_(ct, start=tuple(start), stop=tuple(stop), step=tuple(step))


def _pad_transpose(ct: Any, i: int, x: Any, value: Any, **amounts: Shape) -> Any:
    if i == 0:
        return _unpad(ct, x, **amounts)
    outside = select(_outside(x, **amounts), ct, ct.dtype.type(0))
    return reduce_sum(outside, axes=tuple(range(len(ct.shape))))


def _pad_mask(mask: Any, i: int, x: Any, value: Any, **amounts: Shape) -> Any:
    if i == 0:
        return _unpad(mask, x, **amounts)
    live = logical_and(_outside(x, **amounts), mask)
    return reduce_any(live, axes=tuple(range(len(mask.shape))))


def _pad_batch(size: int, xs: Any, mapped: Any, **amounts: Shape) -> Any:
    x, value = xs
    x = x if mapped[0] else spread(x, size)
    more = {name: (0, *amount) for name, amount in amounts.items()}
    if not mapped[1]:
        return pad(x, value, **more)
    padded = pad(x, x.dtype.type(0), **more)
    values = broadcast(value, shape=padded.shape, axes=tuple(range(1, len(padded.shape))))
    return select(_outside(x, **more), values, padded)


pad: Primitive = Primitive(
    "pad",
    types=_pad_types,
    run=_pad_run,
    jvp=_pad_jvp,
    transpose=_pad_transpose,
    batch=_pad_batch,
    mask=_pad_mask,
    sparsity="copy",
    kind="linear",
    cheap=True,
)


# ---- concatenate


def _concatenate_types(*types: ArrayType, axis: int) -> tuple[ArrayType]:
    if not types:
        raise ValueError("need at least one array to concatenate")
    first = types[0]
    if not 0 <= axis < first.ndim:
        raise ValueError(f"cannot concatenate arrays of shape {first.shape} along axis {axis}")
    before, after = first.shape[:axis], first.shape[axis + 1 :]
    for t in types:
        if t.dtype != first.dtype or (t.shape[:axis], t.shape[axis + 1 :]) != (before, after):
            raise TypeError(f"cannot concatenate {first} and {t} along axis {axis}")
    return (first.with_shape((*before, sum([t.shape[axis] for t in types]), *after)),)


def _concatenate_jvp(xs: Any, dxs: Any, *, axis: int) -> Any:
    moved = [zeros_like(x) if t is None else t for x, t in zip(xs, dxs, strict=True)]
    return concatenate(*xs, axis=axis), concatenate(*moved, axis=axis)


def _concatenate_transpose(ct: Any, i: int, *inputs: Any, axis: int) -> Any:
    first = sum([x.shape[axis] for x in inputs[:i]])
    last = first + inputs[i].shape[axis]
    start = tuple([first if k == axis else 0 for k in range(len(ct.shape))])
    stop = tuple([last if k == axis else d for k, d in enumerate(ct.shape)])
    return slice_(ct, start=start, stop=stop, step=(1,) * len(start))


def _concatenate_batch(size: int, xs: Any, mapped: Any, *, axis: int) -> Any:
    full = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return concatenate(*full, axis=axis + 1)


def _concatenate_text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    items = ", ".join([f"{{{i}}}" for i in range(len(types))])
    return f"np.concatenate(({items},), {params['axis']})"


concatenate: Primitive = Primitive(
    "concatenate",
    types=_concatenate_types,
    run=lambda xp, *xs, axis: xp.concatenate(xs, axis),
    jvp=_concatenate_jvp,
    transpose=_concatenate_transpose,
    batch=_concatenate_batch,
    python=_concatenate_text,
    mask="move",
    kind="linear",
    cheap=True,
)
