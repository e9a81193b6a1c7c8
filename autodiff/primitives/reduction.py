"""Folding axes away: prod, max, min, all, bitwise folds, logsumexp, and positions of extremes.

(`reduce_sum` and `reduce_any` are in `algebra`.) All have the param `axes`, but `argmax` and
`argmin` one `axis`. Conventions: elements that tie for the maximum share the derivative evenly;
the derivative of a product is exact where factors are zero; that of `reduce_logsumexp` is zero
where all elements are -inf, and at +inf it is shared by the elements that are +inf.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arrays import is_device_array
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import (
    add,
    broadcast,
    method_text,
    mul,
    neg,
    reduce_sum,
    reduced,
    shifted,
    zeros_like,
)
from autodiff.primitives.arithmetic import convert, div, select, stop_gradient
from autodiff.primitives.comparison import equal, greater, less, logical_not
from autodiff.primitives.cumulative import cumprod, previous
from autodiff.primitives.dtypes import floating, scalar
from autodiff.primitives.exponential import log
from autodiff.primitives.kinds import elementwise
from autodiff.primitives.piecewise import maximum, minimum
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute, reshape

__all__ = [
    "argmax", "argmin", "reduce_all", "reduce_and", "reduce_logsumexp", "reduce_max", "reduce_min",
    "reduce_or", "reduce_prod", "reduce_xor",
]  # fmt: skip

Shape = tuple[int, ...]


def _batch(new: Callable[[], Primitive]) -> Callable[..., Any]:
    return lambda size, xs, mapped, *, axes: new()(*xs, axes=shifted(axes))


def _count(x: ArrayType, axes: Shape) -> int:
    """How many elements are folded into one."""
    return math.prod([x.shape[axis] for axis in axes])


def _cost(in_types: Sequence[ArrayType], out_types: Sequence[ArrayType], **params: Any) -> int:
    return in_types[0].size


# ---- product


def _prod_jvp(xs: Any, dxs: Any, *, axes: Shape) -> Any:
    """Each tangent times the product of the other factors: of those before and those behind."""
    y = reduce_prod(*xs, axes=axes)
    (x, axis), (dx, _) = _one_axis(xs[0], axes), _one_axis(dxs[0], axes)
    if axis is None:
        return y, dx
    before = previous(cumprod(x, axis=axis, reverse=False), 1, axis=axis, reverse=False)
    behind = previous(cumprod(x, axis=axis, reverse=True), 1, axis=axis, reverse=True)
    return y, reduce_sum(mul(dx, mul(before, behind)), axes=(axis,))


def _one_axis(x: Any, axes: Shape) -> tuple[Any, int | None]:
    """`x` with the axes merged into one, and which that is."""
    if len(axes) <= 1:
        return x, axes[0] if axes else None
    kept = tuple([axis for axis in range(len(x.shape)) if axis not in axes])
    moved = permute(x, perm=(*kept, *axes))
    return reshape(moved, shape=(*moved.shape[: len(kept)], _count(x, axes))), len(kept)


reduce_prod: Primitive = Primitive(
    "reduce_prod",
    types=lambda x, *, axes: (reduced(x, axes),),
    run=lambda xp, x, *, axes: xp.prod(x, axis=axes, dtype=x.dtype),
    jvp=_prod_jvp,
    batch=_batch(lambda: reduce_prod),
    python=method_text("prod"),
    cost=_cost,
)


# ---- maximum and minimum


def _extreme(name: str, ufunc: str, loses: Primitive) -> Primitive:
    """`loses(x, y)` says whether an element is left behind by the result."""
    method = ufunc[:3]

    def types(x: ArrayType, *, axes: Shape) -> tuple[ArrayType]:
        if not _count(x, axes):
            raise ValueError(
                f"zero-size array to reduction operation {ufunc} which has no identity"
            )
        return (reduced(x, axes),)

    def jvp(xs: Any, dxs: Any, *, axes: Shape) -> Any:
        (x,), (dx,) = xs, dxs
        y = new(x, axes=axes)
        # Where the result is NaN nothing loses, so that its tangent is not lost, either.
        wins = logical_not(loses(x, broadcast(y, shape=x.shape, axes=axes)))
        winners = reduce_sum(convert(wins, dtype=x.dtype), axes=axes)
        return y, div(reduce_sum(select(wins, dx, scalar(x, 0)), axes=axes), winners)

    new: Primitive = Primitive(
        name,
        types=types,
        run=lambda xp, x, *, axes: getattr(xp, method)(x, axis=axes),
        jvp=jvp,
        batch=_batch(lambda: new),
        python=method_text(method),
        cost=_cost,
    )
    return new


reduce_max = _extreme("reduce_max", "maximum", less)
reduce_min = _extreme("reduce_min", "minimum", greater)


def _position(name: str) -> Primitive:
    """The index of the first extreme element along an axis."""

    def types(x: ArrayType, *, axis: int) -> tuple[ArrayType]:
        result = reduced(x, (axis,)).with_dtype(np.int64)
        if not x.shape[axis]:
            raise ValueError(f"attempt to get {name} of an empty sequence")
        return (result,)

    new: Primitive = Primitive(
        name,
        types=types,
        run=lambda xp, x, *, axis: getattr(xp, name)(x, axis=axis),
        batch=lambda size, xs, mapped, *, axis: new(*xs, axis=axis + 1),
        python=lambda types, params: f"{{0}}.{name}({params['axis']})",
        cost=_cost,
    )
    return new


argmax = _position("argmax")
argmin = _position("argmin")


# ---- logic and bits


def _logical_types(x: ArrayType, *, axes: Shape) -> tuple[ArrayType]:
    if x.dtype.kind != "b":
        raise TypeError(f"reduce_all takes truth values, not {x}")
    return (reduced(x, axes),)


reduce_all: Primitive = Primitive(
    "reduce_all",
    types=_logical_types,
    run=lambda xp, x, *, axes: xp.all(x, axis=axes),
    batch=_batch(lambda: reduce_all),
    python=method_text("all"),
    cost=_cost,
)


def _bitwise(name: str, called: str) -> Primitive:
    def types(x: ArrayType, *, axes: Shape) -> tuple[ArrayType]:
        if x.dtype.kind not in "biu":
            raise TypeError(f"{name} takes integers or truth values, not {x}")
        return (reduced(x, axes),)

    def run(xp: Any, x: Any, *, axes: Shape) -> Any:
        ufunc = getattr(xp, called)
        if not is_device_array(x):
            return ufunc.reduce(x, axis=axes)
        kept = [d for axis, d in enumerate(x.shape) if axis not in axes]
        rows = xp.moveaxis(x, axes, tuple(range(len(axes)))).reshape(_count(x, axes), *kept)
        if not len(rows):
            zeros = xp.zeros(kept, dtype=x.dtype)
            return ~zeros if called == "bitwise_and" else zeros
        return _halved(xp, ufunc, rows)

    new: Primitive = Primitive(name, types=types, run=run, batch=_batch(lambda: new), cost=_cost)
    return new


def _halved(xp: Any, ufunc: Any, rows: Any) -> Any:
    """Fold the first axis, for an array library that cannot reduce by this ufunc."""
    while len(rows) > 1:
        half = len(rows) // 2
        folded = ufunc(rows[:half], rows[half : 2 * half])
        rows = xp.concatenate([folded, rows[2 * half :]])
    return rows[0].copy()


reduce_and = _bitwise("reduce_and", "bitwise_and")
reduce_or = _bitwise("reduce_or", "bitwise_or")
reduce_xor = _bitwise("reduce_xor", "bitwise_xor")


# ---- the logarithm of a sum of exponentials

# exp(x - m) where m is the largest x; the bound keeps it 1 for an infinite x, with derivative 1.
exp_below = elementwise(
    "exp_below",
    [lambda e, x, m: e, lambda e, x, m: neg(e)],
    dtype=floating,
    run=lambda xp, x, m: xp.exp(xp.minimum(x - m, 0)),
    text="np.exp(np.minimum({0} - {1}, 0))",
    cheap=False,
)


def _logsumexp_types(x: ArrayType, *, axes: Shape) -> tuple[ArrayType]:
    floating(x)
    return (reduced(x, axes),)


def _logsumexp_run(xp: Any, x: Any, *, axes: Shape) -> Any:
    if not _count(x, axes):
        kept = [d for axis, d in enumerate(x.shape) if axis not in axes]
        return xp.full(kept, -math.inf, dtype=x.dtype)
    most = np.finfo(x.dtype).max
    m = xp.max(x, axis=axes, keepdims=True)
    e = xp.exp(xp.minimum(x - xp.minimum(xp.maximum(m, -most), most), 0))
    total = xp.sum(e, axis=axes)
    return xp.log(xp.where(total == 0, 1, total)) + m.reshape(total.shape)


def _logsumexp_jvp(xs: Any, dxs: Any, *, axes: Shape) -> Any:
    """Spelled out, so that the exponentials serve the value and the derivative."""
    (x,), (dx,) = xs, dxs
    if not _count(x, axes):
        y = reduce_logsumexp(x, axes=axes)
        return y, zeros_like(y)
    most = np.finfo(x.dtype).max
    m = stop_gradient(reduce_max(x, axes=axes))  # any shift gives the same result
    shift = minimum(maximum(m, scalar(x, -most)), scalar(x, most))
    e = exp_below(x, broadcast(shift, shape=x.shape, axes=axes))
    total = reduce_sum(e, axes=axes)
    total = select(equal(total, scalar(x, 0)), scalar(x, 1), total)  # zero if all are -inf
    return add(log(total), m), div(reduce_sum(mul(e, dx), axes=axes), total)


reduce_logsumexp: Primitive = Primitive(
    "reduce_logsumexp",
    types=_logsumexp_types,
    run=_logsumexp_run,
    jvp=_logsumexp_jvp,
    batch=_batch(lambda: reduce_logsumexp),
    cost=lambda in_types, out_types, *, axes: 4 * in_types[0].size,
)
