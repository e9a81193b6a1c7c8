"""Running totals along an axis: cumsum, cumprod, cummax, cummin, cumlogsumexp.

One linear primitive carries their derivatives, `recurrence`: t[n] = a[n] * t[n-1] + b[n]. Each
running total y[n] = f(y[n-1], x[n]) has the tangent dy[n] = f_y dy[n-1] + f_x dx[n], which is a
recurrence. No factor is divided by: derivatives of `cumprod` are exact where factors are zero.
The coefficients for `cumlogsumexp` lie between 0 and 1, so that nothing overflows. The derivative
of a recurrence is a recurrence again, and so is its transpose, in the other direction.

With `reverse`, totals run from the last element to the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from autodiff.arrays import is_device_array
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul, spread, sum_tangents
from autodiff.primitives.arithmetic import div, select
from autodiff.primitives.comparison import greater, less, not_equal
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.exponential import logaddexp
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import index_text, pad, slice_

__all__ = ["cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum", "previous", "recurrence"]


def _along(x: ArrayType, *, axis: int, reverse: bool) -> ArrayType:
    if not 0 <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of bounds for an array of shape {x.shape}")
    return x


def _backwards(axis: int) -> tuple[slice, ...]:
    """The index that reverses an axis."""
    return (*[slice(None)] * axis, slice(None, None, -1))


def _directed(f: Callable[..., Any]) -> Callable[..., Any]:
    """A run rule from `f(xp, *arrays, axis)` that knows only the forward direction."""

    def run(xp: Any, *arrays: Any, axis: int, reverse: bool) -> Any:
        if not reverse:
            return f(xp, *arrays, axis)
        index = _backwards(axis)
        return f(xp, *[x[index] for x in arrays], axis)[index]

    return run


def _directed_text(call: Callable[[ArrayType, int], str]) -> Callable[..., str]:
    """A text rule from one for the forward direction, of the operand `{0}`."""

    def text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
        axis, forward = params["axis"], call(types[0], params["axis"])
        if not params["reverse"]:
            return forward
        index = index_text([":"] * axis + ["::-1"])
        return index.format(forward.format(index))

    return text


def _reach(mask: Any, i: int, *inputs: Any, axis: int, reverse: bool) -> Any:
    """An element counts for all totals behind it."""
    return cummax(mask, axis=axis, reverse=not reverse)


def previous(x: Any, fill: float, *, axis: int, reverse: bool) -> Any:
    """For each position the element at the one before it; `fill` before the first."""
    if not x.shape[axis]:
        return x
    return _delayed(_without(x, axis, first=reverse), fill, axis, reverse)


def _without(x: Any, axis: int, *, first: bool) -> Any:
    """All but the first, or all but the last, along an axis."""
    unit, zeros = _unit(x, axis), (0,) * len(x.shape)
    shorter = tuple([d - u for d, u in zip(x.shape, unit, strict=True)])
    start, stop = (unit, x.shape) if first else (zeros, shorter)
    return slice_(x, start=start, stop=stop, step=(1,) * len(unit))


def _delayed(x: Any, fill: float, axis: int, reverse: bool) -> Any:
    """One position later, `fill` at the first."""
    unit, zeros = _unit(x, axis), (0,) * len(x.shape)
    low, high = (zeros, unit) if reverse else (unit, zeros)
    return pad(x, scalar(x, fill), low=low, high=high, interior=zeros)


def _all_before(x: Any, *, axis: int, reverse: bool) -> Any:
    """For each position what depends on all elements up to it: totals over 1, 2, 4, ... of them."""
    step = 1
    while step < x.shape[axis]:
        unit = _unit(x, axis)
        shift, zeros = tuple([step * u for u in unit]), (0,) * len(unit)
        shorter = tuple([d - s for d, s in zip(x.shape, shift, strict=True)])
        start, stop = (shift, x.shape) if reverse else (zeros, shorter)
        low, high = (zeros, shift) if reverse else (shift, zeros)
        moved = slice_(x, start=start, stop=stop, step=(1,) * len(unit))
        x = add(x, pad(moved, scalar(x, 0), low=low, high=high, interior=zeros))
        step *= 2
    return x


def _unit(x: Any, axis: int) -> tuple[int, ...]:
    return tuple([int(k == axis) for k in range(len(x.shape))])


def by_doubling(xp: Any, combine: Callable[..., Any], xs: Sequence[Any]) -> Sequence[Any]:
    """Running totals along the first axis by an associative `combine`, in log2(n) steps.

    For array libraries that cannot accumulate and where each step costs a launch.
    """
    step = 1
    while step < xs[0].shape[0]:
        joined = combine([x[:-step] for x in xs], [x[step:] for x in xs])
        xs = [xp.concatenate([x[:step], z]) for x, z in zip(xs, joined, strict=True)]
        step *= 2
    return xs


def _accumulated(name: str) -> Callable[..., Any]:
    """A run rule from a ufunc's `accumulate`."""

    def run(xp: Any, x: Any, axis: int) -> Any:
        ufunc = getattr(xp, name)
        if not is_device_array(x):
            with xp.errstate(invalid="ignore"):  # inf and NaN are nothing to warn of
                return ufunc.accumulate(x, axis)
        first = xp.moveaxis(x, axis, 0)
        (total,) = by_doubling(xp, lambda before, here: [ufunc(*before, *here)], [first])
        return xp.moveaxis(total, 0, axis)

    return _directed(run)


# ---- recurrence


def _recurrence_run(xp: Any, a: Any, b: Any, axis: int) -> Any:
    a, b = xp.moveaxis(a, axis, 0), xp.moveaxis(b, axis, 0)
    if not b.size:
        t = b
    elif is_device_array(b):
        t = by_doubling(xp, _compose, [a, b])[1]
    elif b.size < _FEW * b.shape[0]:
        t = _columns(xp, a, b)
    else:
        t = _rows(xp, a, b)
    return xp.moveaxis(t, 0, axis)


_FEW = 8  # so many columns take as long one by one as all at once


def _compose(before: Sequence[Any], here: Sequence[Any]) -> list[Any]:
    """Two steps t -> a * t + b as one."""
    (a, b), (c, d) = before, here
    return [c * a, c * b + d]


def _rows(xp: Any, a: Any, b: Any) -> Any:
    """The recurrence, one row after the other."""
    t = xp.array(b)
    for n in range(1, len(t)):
        t[n] += a[n] * t[n - 1]
    return t


def _columns(xp: Any, a: Any, b: Any) -> Any:
    """The recurrence in Python numbers, one column after the other."""
    flat = (len(b), b.size // len(b))
    columns = [
        list(accumulate(zip(p[1:], q[1:], strict=True), _step, initial=q[0]))
        for p, q in zip(a.reshape(flat).T.tolist(), b.reshape(flat).T.tolist(), strict=True)
    ]
    return xp.array(columns, b.dtype).T.reshape(b.shape)


def _step(t: Any, ab: tuple[Any, Any]) -> Any:
    return ab[0] * t + ab[1]


def _recurrence_types(a: ArrayType, b: ArrayType, *, axis: int, reverse: bool) -> Any:
    if a is not b:
        raise TypeError(f"recurrence takes operands of one type, not {a} and {b}")
    inexact(b)
    return (_along(b, axis=axis, reverse=reverse),)


def _recurrence_jvp(xs: Any, dxs: Any, **way: Any) -> Any:
    (a, b), (da, db) = xs, dxs
    t = recurrence(a, b, **way)
    moved = None if da is None else _times_previous(da, t, **way)
    return t, recurrence(a, sum_tangents([moved, db]), **way)


def _times_previous(da: Any, t: Any, *, axis: int, reverse: bool) -> Any:
    """da[n] * t[n-1], which does not depend on the first of da."""
    if not t.shape[axis]:
        return mul(da, t)
    behind, before = (
        _without(x, axis, first=first) for x, first in ((da, not reverse), (t, reverse))
    )
    return _delayed(mul(behind, before), 0, axis, reverse)


def _recurrence_transpose(ct: Any, i: int, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    """By b only: s[n] = a[n+1] * s[n+1] + ct[n]."""
    following = previous(a, 0, axis=axis, reverse=not reverse)
    return recurrence(following, ct, axis=axis, reverse=not reverse)


def _recurrence_mask(mask: Any, i: int, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    """An element counts for what is behind it, as far as no coefficient is zero."""
    back: dict[str, Any] = {"axis": axis, "reverse": not reverse}
    zero, one = np.float64(0), np.float64(1)
    carries = select(not_equal(previous(a, 0, **back), scalar(a, 0)), one, zero)
    return greater(recurrence(carries, select(mask, one, zero), **back), zero)


def _recurrence_batch(size: int, xs: Any, mapped: Any, *, axis: int, reverse: bool) -> Any:
    full = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return recurrence(*full, axis=axis + 1, reverse=reverse)


recurrence: Primitive = Primitive(
    "recurrence",  # t[n] = a[n] * t[n-1] + b[n]; what comes before the first is zero
    types=_recurrence_types,
    run=_directed(_recurrence_run),
    jvp=_recurrence_jvp,
    transpose=_recurrence_transpose,
    batch=_recurrence_batch,
    mask=_recurrence_mask,
    sparsity=lambda xs, linear, **way: _all_before(xs[1], **way),
    cost=lambda in_types, out_types, *, axis, reverse: 2 * out_types[0].size,
)


# ---- sums and products


def _total(name: str) -> Callable[..., str]:
    """The text of an ndarray method that accumulates; its result keeps the dtype of the operand."""

    def call(x: ArrayType, axis: int) -> str:
        dtype = "" if x.inexact else f", '{x.dtype.name}'"
        return f"{{0}}.{name}({axis}{dtype})"

    return _directed_text(call)


def _shift(new: Callable[[], Primitive]) -> Callable[..., Any]:
    return lambda size, xs, mapped, *, axis, reverse: new()(*xs, axis=axis + 1, reverse=reverse)


cumsum: Primitive = linear(
    "cumsum",
    types=_along,
    run=_directed(lambda xp, x, axis: x.cumsum(axis, x.dtype)),
    transpose=lambda ct, i, x, *, axis, reverse: cumsum(ct, axis=axis, reverse=not reverse),
    batch=_shift(lambda: cumsum),
    text=_total("cumsum"),
    mask=_reach,
    sparsity=lambda xs, linear, **way: _all_before(xs[0], **way),
)


def _cumprod_jvp(xs: Any, dxs: Any, **way: Any) -> Any:
    (x,), (dx,) = xs, dxs
    y = cumprod(x, **way)
    return y, recurrence(x, mul(dx, previous(y, 1, **way)), **way)


cumprod: Primitive = Primitive(
    "cumprod",
    types=lambda x, **way: (_along(x, **way),),
    run=_directed(lambda xp, x, axis: x.cumprod(axis, x.dtype)),
    jvp=_cumprod_jvp,
    batch=_shift(lambda: cumprod),
    python=_total("cumprod"),
)


# ---- extremes: elements that tie for the running maximum share the derivative evenly


def _extreme(name: str, ufunc: str, behind: Primitive) -> Primitive:
    """Running maximum or minimum; `behind(x, y)` says whether x loses against y."""

    def jvp(xs: Any, dxs: Any, **way: Any) -> Any:
        (x,), (dx,) = xs, dxs
        y = new(x, **way)
        zero, one = scalar(x, 0), scalar(x, 1)
        stays = select(behind(previous(y, 0, **way), y), zero, one)
        loses = behind(x, y)
        winners = recurrence(stays, select(loses, zero, one), **way)
        return y, div(recurrence(stays, select(loses, zero, dx), **way), winners)

    new: Primitive = Primitive(
        name,
        types=lambda x, **way: (_along(x, **way),),
        run=_accumulated(ufunc),
        jvp=jvp,
        batch=_shift(lambda: new),
    )
    return new


cummax = _extreme("cummax", "maximum", less)
cummin = _extreme("cummin", "minimum", greater)


# ---- the running logarithm of a sum of exponentials


def _cumlogsumexp_jvp(xs: Any, dxs: Any, **way: Any) -> Any:
    (x,), (dx,) = xs, dxs
    y = cumlogsumexp(x, **way)
    before, one = previous(y, -math.inf, **way), scalar(x, 1)
    assert logaddexp.jvp is not None
    _, of_before = logaddexp.jvp((before, x), (one, None))
    _, of_x = logaddexp.jvp((before, x), (None, one))
    return y, recurrence(of_before, mul(of_x, dx), **way)


def _cumlogsumexp_types(x: ArrayType, **way: Any) -> tuple[ArrayType]:
    floating(x)
    return (_along(x, **way),)


cumlogsumexp: Primitive = Primitive(
    "cumlogsumexp",
    types=_cumlogsumexp_types,
    run=_accumulated("logaddexp"),
    jvp=_cumlogsumexp_jvp,
    batch=_shift(lambda: cumlogsumexp),
)
