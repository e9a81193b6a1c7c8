"""A linear program on the vectors of the standard basis: Jacobians without a loop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import broadcast, full_like, reduce_sum, zeros_like
from autodiff.primitives.arithmetic import convert, select
from autodiff.primitives.comparison import equal
from autodiff.primitives.cumulative import cumsum
from autodiff.primitives.structure import reshape
from autodiff.tracing.build import build, evaluate, split
from autodiff.transforms.batch import batch

__all__ = ["columns", "diagonal"]


@lru_cache(maxsize=256)
def columns(program: Program, constants: int, size: int) -> Program:
    """`(constants, linear x) -> y` becomes `(constants, start) -> ys`.

    The entries of the linear inputs are numbered through; the first axis of the results is over the
    `size` basis vectors from number `start` on.
    """

    def fun(*args: Any) -> Sequence[Any]:
        return _images(program, args[:constants], _basis(program, constants, args[-1], size), size)

    return _build(fun, program, constants, "columns")


@lru_cache(maxsize=256)
def diagonal(program: Program, constants: int, size: int, present: tuple[bool, ...]) -> Program:
    """`(constants, linear x) -> y`, with a y like each x in `present`: its diagonal.

    The new program is `(constants, start) -> d`, with one d for each y. It has an entry for each of
    the `size` basis vectors from number `start` on: what is on the diagonal, or zero where the
    vector belongs to another x.
    """

    def fun(*args: Any) -> Sequence[Any]:
        basis = _basis(program, constants, args[-1], size)
        images = _images(program, args[:constants], basis, size)
        return [_picked(e, y) for e, y in zip(split(basis, present)[1], images, strict=True)]

    return _build(fun, program, constants, "diagonal")


def _build(fun: Any, program: Program, constants: int, name: str) -> Program:
    types = [*program.in_types[:constants], ArrayType((), np.int64)]
    return build(fun, types, f"{name}_{program.name}", ("",) * len(types))


def _images(
    program: Program, fixed: Sequence[Any], basis: Sequence[Any], size: int
) -> Sequence[Any]:
    if size == 1:  # no need for a mapped axis
        single = [reshape(e, shape=e.shape[1:]) for e in basis]
        outs = evaluate(program, [*fixed, *single])
        return [reshape(y, shape=(1, *y.shape)) for y in outs]
    mapped = (False,) * len(fixed) + (True,) * len(basis)
    many, _ = batch(program, mapped, size, (True,) * len(program.outputs))
    return evaluate(many, [*fixed, *basis])


def _basis(program: Program, constants: int, start: Any, size: int) -> list[Any]:
    """For each linear input, its part of the basis vectors; their axis is the first."""
    offset, parts = 0, []
    types = program.in_types[constants:]
    if sum(t.size for t in types) == 1:
        return [full_like(t.with_shape((size, *t.shape)), 1) for t in types]
    for t in types:
        parts.append(_part(t, offset, start, size))
        offset += t.size
    return parts


def _part(t: ArrayType, offset: int, start: Any, size: int) -> Any:
    shape = (size, t.size)
    rows = broadcast(start + _counted(size), shape=shape, axes=(1,))
    entries = broadcast(_counted(t.size) + np.int64(offset), shape=shape, axes=(0,))
    return reshape(convert(equal(rows, entries), dtype=t.dtype), shape=(size, *t.shape))


def _counted(n: int) -> Any:
    """0, 1, ..., n - 1."""
    return cumsum(full_like(ArrayType((n,), np.int64), 1), axis=0, reverse=False) - np.int64(1)


def _picked(e: Any, y: Any) -> Any:
    """For each basis vector the entry where it is one; others may be infinite and do not count."""
    is_one = equal(e, full_like(e, 1))
    return reduce_sum(select(is_one, y, zeros_like(y)), axes=tuple(range(1, len(y.shape))))
