"""The blocks of a Jacobian, from what a linear map makes of basis vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.linear_maps import LinearMap
from autodiff.api.points import Point
from autodiff.arrays import namespace
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import Derived, prepare, run
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.transforms.basis import columns

__all__ = ["check_chunk_size", "from_columns", "from_rows", "over_basis"]


def from_columns(
    point: Point,
    linear: LinearMap,
    residuals: Sequence[Any],
    ins: Sequence[ArrayType],
    outs: Sequence[ArrayType],
    chunk_size: int | None,
) -> list[list[Any]]:
    """The block for each result and each input, from the images of the inputs' basis vectors."""
    total = sum(t.size for t in ins)
    images = iter(over_basis(columns, linear, residuals, total, chunk_size))
    rows = []
    for out, present in zip(outs, point.results.present(linear.active), strict=True):
        shapes = [(*out.shape, *t.shape) for t in ins]
        if present:
            image = next(images)
            image = namespace([image]).moveaxis(image, 0, -1)
            parts = _divided(image, ins)
            rows.append([_shaped(x, s) for x, s in zip(parts, shapes, strict=True)])
        else:
            rows.append([point.zeros(out.with_shape(s)) for s in shapes])
    return rows


def from_rows(
    point: Point,
    linear: LinearMap,
    residuals: Sequence[Any],
    ins: Sequence[ArrayType],
    outs: Sequence[ArrayType],
    chunk_size: int | None,
) -> list[list[Any]]:
    """The block for each result and each input, from the images of the results' basis vectors."""
    marks = point.results.present(linear.active)
    sizes = [t.size if m else 0 for t, m in zip(outs, marks, strict=True)]
    images = over_basis(columns, linear, residuals, sum(sizes), chunk_size)
    ends = np.cumsum([0, *sizes]).tolist()
    rows = []
    for k, (out, present) in enumerate(zip(outs, marks, strict=True)):
        shapes = [(*out.shape, *t.shape) for t in ins]
        if present:
            parts = [x[ends[k] : ends[k + 1]] for x in images]
            rows.append([_shaped(x, s) for x, s in zip(parts, shapes, strict=True)])
        else:
            rows.append([point.zeros(t.with_shape(s)) for t, s in zip(ins, shapes, strict=True)])
    return rows


def _divided(x: Any, types: Sequence[ArrayType]) -> list[Any]:
    """The parts of the last axis that belong to arrays of these types."""
    if len(types) == 1:
        return [x]
    ends = np.cumsum([0, *(t.size for t in types)]).tolist()
    return [x[..., ends[i] : ends[i + 1]] for i in range(len(types))]


def _shaped(x: Any, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape) if shape else x.reshape(shape)[()]


def over_basis(
    make: Callable[..., Program],
    linear: LinearMap,
    residuals: Sequence[Any],
    total: int,
    chunk_size: int | None,
    *options: Any,
) -> list[Any]:
    """What a linear map makes of all `total` basis vectors, along the first axis of each result."""
    program = linear.compiled.program
    step = max(min(chunk_size or total, total), 1)
    parts = []
    for start in range(0, max(total, 1), step):
        size = min(step, total - start)
        compiled = _prepared(make, program, len(residuals), size, *options)
        parts.append(run(Derived(compiled), [*residuals, np.int64(start)]))
    return [
        xs[0] if len(xs) == 1 else namespace(xs).concatenate(xs) for xs in zip(*parts, strict=True)
    ]


@lru_cache(maxsize=256)
def _prepared(make: Callable[..., Program], program: Program, *options: Any) -> Compiled:
    return prepare(make(program, *options))


def check_chunk_size(chunk_size: int | None) -> None:
    """Raise unless it is a positive number or None."""
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size}: expected a positive number of vectors, or None")
