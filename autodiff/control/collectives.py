"""Collectives: primitives that bring the rows of a mapped axis together.

Each takes, beside its operand, the number of the row that it runs for: a scalar that is mapped
along the axis in question and no other. Its batch rule therefore needs no names. Where the row
number is mapped, this is the axis, and what is left is a sum, a maximum or nothing at all; where
only the operand is mapped, the axis is another one, which just makes the operand larger. What comes
out is the same for all rows (but for `psum_scatter` and `ppermute`) and is computed once.

A derivative is that of the sum of the results of all rows, so `psum` is its own transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from autodiff.errors import UnboundAxisError
from autodiff.ir.editing import held_programs
from autodiff.ir.program import Equation, Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import (
    broadcast,
    mul,
    reduce_sum,
    reduced,
    shifted,
    spread,
    zeros_like,
)
from autodiff.primitives.arithmetic import convert, div, select
from autodiff.primitives.comparison import greater, less, logical_not
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive
from autodiff.primitives.reduction import reduce_max, reduce_min
from autodiff.primitives.structure import concatenate, permute, slice_
from autodiff.transforms.batch import Unmapped

__all__ = [
    "all_gather", "pmax", "pmin", "ppermute", "psum", "psum_scatter", "refuse_meeting",
]  # fmt: skip

Shape = tuple[int, ...]


def _refuse(name: str) -> Callable[..., NoReturn]:
    """A row by itself does not know the others."""

    def run(xp: Any, *xs: Any, **params: Any) -> NoReturn:
        raise UnboundAxisError(
            f"{name} was run by itself, outside of the axis whose rows it brings together. Run the "
            "program that `vmap(..., axis_name=...)` makes of it"
        )

    return run


def _check_rows(name: str, rows: Sequence[ArrayType]) -> None:
    if not rows or any(t.shape or t.dtype.kind != "i" for t in rows):
        shown = ", ".join(map(str, rows)) or "none"
        raise TypeError(f"{name} takes integer scalars as row numbers, not {shown}")


def _own_axis(mapped: Sequence[bool], rows: Sequence[Any]) -> tuple[bool, list[Any]]:
    """Whether one of the row numbers is mapped, and the others."""
    return any(mapped[1:]), [r for r, m in zip(rows, mapped[1:], strict=True) if not m]


# ---- sum


def _sum_types(x: ArrayType, *rows: ArrayType) -> ArrayType:
    _check_rows("psum", rows)
    return x


def _sum_batch(size: int, xs: Any, mapped: Any) -> Any:
    x, *rows = xs
    own, others = _own_axis(mapped, rows)
    if not own:
        return psum(x, *rows)
    y = reduce_sum(x, axes=(0,)) if mapped[0] else mul(x, scalar(x, size))
    return Unmapped(psum(y, *others) if others else y)


psum: Primitive = linear(
    "psum",
    types=_sum_types,
    run=_refuse("psum"),
    transpose=lambda ct, i, x, *rows: psum(ct, *rows),
    batch=_sum_batch,
    mask=lambda mask, i, x, *rows: pmax(mask, *rows, axes=()),
    cheap=False,
)


# ---- maximum and minimum


def _extreme(name: str, fold: Primitive, loses: Primitive) -> Primitive:
    """The extreme over all rows, and over the operand's own `axes`; those that tie share evenly."""

    def types(x: ArrayType, *rows: ArrayType, axes: Shape) -> tuple[ArrayType]:
        _check_rows(name, rows)
        return (reduced(x, axes),)

    def jvp(xs: Any, dxs: Any, *, axes: Shape) -> Any:
        (x, *rows), dx = xs, dxs[0]
        y = new(x, *rows, axes=axes)
        if dx is None:
            return y, None

        def total(part: Any) -> Any:
            return psum(reduce_sum(part, axes=axes) if axes else part, *rows)

        wins = logical_not(loses(x, broadcast(y, shape=x.shape, axes=axes)))
        winners = total(convert(wins, dtype=x.dtype))
        return y, div(total(select(wins, dx, scalar(x, 0))), winners)

    def batch(size: int, xs: Any, mapped: Any, *, axes: Shape) -> Any:
        x, *rows = xs
        own, others = _own_axis(mapped, rows)
        over = shifted(axes) if mapped[0] else axes
        if not own:
            return new(x, *rows, axes=over)
        over = (0, *over) if mapped[0] else over
        return Unmapped(new(x, *others, axes=over) if others else fold(x, axes=over))

    new: Primitive = Primitive(name, types=types, run=_refuse(name), jvp=jvp, batch=batch)
    return new


pmax: Primitive = _extreme("pmax", reduce_max, less)
pmin: Primitive = _extreme("pmin", reduce_min, greater)


# ---- all rows together, and a sum of which each row gets its part


def _swapped(x: Any) -> Any:
    """The first two axes in the other order."""
    return permute(x, perm=(1, 0, *range(2, len(x.shape))))


def _gather_types(x: ArrayType, *rows: ArrayType, size: int) -> ArrayType:
    _check_rows("all_gather", rows)
    return x.with_shape((size, *x.shape))


def _gather_batch(count: int, xs: Any, mapped: Any, *, size: int) -> Any:
    x, row = xs
    if not mapped[1]:
        return _swapped(all_gather(x, row, size=size))
    return Unmapped(x if mapped[0] else spread(x, size))


all_gather: Primitive = linear(
    "all_gather",  # a new first axis of `size` entries, one for each row
    types=_gather_types,
    run=_refuse("all_gather"),
    transpose=lambda ct, i, x, row, *, size: psum_scatter(ct, row, size=size),
    batch=_gather_batch,
    mask=lambda mask, i, x, row, *, size: _any_scatter(mask, row, size),
    cheap=False,
)


def _any_scatter(mask: Any, row: Any, size: int) -> Any:
    """Whether entry `row` of the mask holds in any row."""
    count = psum_scatter(convert(mask, dtype=np.dtype(np.int64)), row, size=size)
    return greater(count, scalar(count, 0))


def _scatter_types(x: ArrayType, *rows: ArrayType, size: int) -> ArrayType:
    _check_rows("psum_scatter", rows)
    if x.shape[:1] != (size,):
        raise ValueError(f"psum_scatter over {size} rows takes as many entries, not {x}")
    return x.with_shape(x.shape[1:])


def _scatter_batch(count: int, xs: Any, mapped: Any, *, size: int) -> Any:
    x, row = xs
    if not mapped[1]:
        return psum_scatter(_swapped(x), row, size=size)
    return reduce_sum(x, axes=(0,)) if mapped[0] else mul(x, scalar(x, size))


psum_scatter: Primitive = linear(
    "psum_scatter",  # row r gets the sum over all rows of their entry r
    types=_scatter_types,
    run=_refuse("psum_scatter"),
    transpose=lambda ct, i, x, row, *, size: all_gather(ct, row, size=size),
    batch=_scatter_batch,
    mask="move",
    cheap=False,
)


# ---- rows exchanged


def _permute_types(x: ArrayType, *rows: ArrayType, sources: Shape) -> ArrayType:
    _check_rows("ppermute", rows)
    return x


def _permute_batch(size: int, xs: Any, mapped: Any, *, sources: Shape) -> Any:
    x, row = xs
    if not mapped[1]:
        return ppermute(x, row, sources=sources)
    x = x if mapped[0] else spread(x, size)
    parts = [_stretch(x, *run) for run in _runs(sources)]
    return concatenate(*parts, axis=0) if len(parts) > 1 else parts[0]


def _stretch(x: Any, first: int, count: int) -> Any:
    """`count` rows from `first` on; zeros, if that is -1."""
    shape = x.shape[1:]
    if first < 0:
        return zeros_like(ArrayType((count, *shape), x.dtype))
    start, stop = (first, *[0] * len(shape)), (first + count, *shape)
    return slice_(x, start=start, stop=stop, step=(1,) * len(stop))


def _runs(sources: Shape) -> list[tuple[int, int]]:
    """Sources of neighbouring rows that are neighbours themselves, as (first, count)."""
    runs: list[tuple[int, int]] = []
    for source in sources:
        first, count = runs[-1] if runs else (0, 0)
        if count and source == (-1 if first < 0 else first + count):
            runs[-1] = (first, count + 1)
        else:
            runs.append((source, 1))
    return runs


def _sent_back(sources: Shape) -> Shape:
    """Where each row went: from there its cotangent comes."""
    back = {source: row for row, source in enumerate(sources) if source >= 0}
    return tuple([back.get(row, -1) for row in range(len(sources))])


ppermute: Primitive = linear(
    "ppermute",  # row r gets what row `sources[r]` has, or zeros where that is -1
    types=_permute_types,
    run=_refuse("ppermute"),
    transpose=lambda ct, i, x, row, *, sources: ppermute(ct, row, sources=_sent_back(sources)),
    batch=_permute_batch,
    mask="move",
    cheap=False,
)


# ---- rows that go different ways

_COLLECTIVES = frozenset((psum, pmax, pmin, all_gather, psum_scatter, ppermute))


def _meetings(program: Program) -> Iterator[Equation]:
    for e in program.equations:
        if e.primitive in _COLLECTIVES:
            yield e
        for _, held in held_programs(e):
            yield from _meetings(held)


_UNIFORM = (
    "a condition that is the same for all rows, such as `pmax(error, axis_name) > limit`; or bring "
    "rows together outside"
)


def refuse_meeting(program: Program, mapped: Program, where: str, instead: str = _UNIFORM) -> None:
    """Raise an error if rows bring something together in a program that not all of them run.

    `mapped` is the program over the axis: what brought rows of this axis together is gone.
    """
    before = list(_meetings(program))
    if before and len(list(_meetings(mapped))) < len(before):
        raise ValueError(
            f"{before[0].primitive.name} ({before[0].source}) is in {where}, which rows of its "
            f"axis go through differently, so they do not meet there. Write instead: {instead}"
        )
