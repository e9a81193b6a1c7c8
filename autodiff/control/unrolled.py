"""A scan step by step, without a loop: for `unroll`, and to see which elements depend on which."""

from __future__ import annotations

from typing import Any

from autodiff.control.bodies import parts, stacked
from autodiff.control.loop import Loop
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.indexing import index
from autodiff.primitives.structure import concatenate, reshape
from autodiff.tracing.build import evaluate

__all__ = ["written_out"]


def written_out(loop: Loop, *operands: Any) -> list[Any]:
    """The results of a scan, each step of which is recorded for itself."""
    assert loop.length is not None
    fixed, state, rows = parts(operands, loop.constants, loop.carry)
    made: list[list[Any]] = []
    for i in range(loop.length)[:: -1 if loop.reverse else 1]:
        outs = evaluate(loop.program, [*fixed, *state, *(index(x, spec=str(i)) for x in rows)])
        state = outs[: loop.carry]
        made.append([reshape(y, shape=(1, *y.shape)) for y in outs[loop.carry :]])
    if loop.reverse:
        made.reverse()
    if not made:
        empty = [stacked(t, 0) for t in loop.program.out_types[loop.carry :]]
        return [*state, *map(zeros_like, empty)]
    return [*state, *(concatenate(*ys, axis=0) for ys in zip(*made, strict=True))]
