"""A scan step by step, without a loop: for `unroll`, and to see which elements depend on which."""

from __future__ import annotations

from typing import Any

from autodiff.control.bodies import parts
from autodiff.control.loop import Loop
from autodiff.primitives.indexing import index
from autodiff.primitives.structure import concatenate, reshape
from autodiff.tracing.build import evaluate

__all__ = ["written_out"]


def written_out(loop: Loop, *operands: Any) -> list[Any]:
    """The results of a scan of at least one step, each of which is recorded for itself."""
    assert loop.length
    fixed, state, rows = parts(operands, loop.constants, loop.carry)
    made: list[list[Any]] = []
    for i in range(loop.length)[:: -1 if loop.reverse else 1]:
        outs = evaluate(loop.program, [*fixed, *state, *(index(x, spec=str(i)) for x in rows)])
        state = outs[: loop.carry]
        made.append([reshape(y, shape=(1, *y.shape)) for y in outs[loop.carry :]])
    if loop.reverse:
        made.reverse()
    return [*state, *(concatenate(*ys, axis=0) for ys in zip(*made, strict=True))]
