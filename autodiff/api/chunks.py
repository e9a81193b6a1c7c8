"""Scans whose steps are taken several at a time: written out, or checkpointed together."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.control.bodies import parts
from autodiff.control.call import call
from autodiff.control.loop import Loop
from autodiff.control.unrolled import written_out
from autodiff.ir.program import Program
from autodiff.primitives.structure import concatenate, reshape, slice_
from autodiff.tracing.build import build

__all__ = ["InChunks"]


class InChunks(NamedTuple):
    """A scan in chunks of `size` steps, and a shorter one at the end.

    Chunks are written out (`inlined`), or they are scans of which the backward pass finds nothing
    but the first state.
    """

    loop: Loop
    size: int
    inlined: bool

    def __call__(self, *operands: Any) -> list[Any]:
        """The results on these operands."""
        loop, size = self.loop, self.size
        assert loop.length is not None
        fixed, state, rows = parts(operands, loop.constants, loop.carry)
        count, left = divmod(loop.length, size)
        outer = loop._replace(program=_chunk(loop, size, self.inlined), length=count)
        start = left if loop.reverse else 0  # where the full chunks are
        full = [_rows(x, start, start + count * size) for x in rows]
        folded = [reshape(x, shape=(count, size, *x.shape[1:])) for x in full]
        outs = outer(*fixed, *state, *folded)
        made = [reshape(y, shape=(count * size, *y.shape[2:])) for y in outs[loop.carry :]]
        if not left:
            return [*outs[: loop.carry], *made]
        last = [_rows(x, *((0, left) if loop.reverse else (count * size, None))) for x in rows]
        ends = loop._replace(length=left)(*fixed, *outs[: loop.carry], *last)
        joined = [
            concatenate(*((b, a) if loop.reverse else (a, b)), axis=0)
            for a, b in zip(made, ends[loop.carry :], strict=True)
        ]
        return [*ends[: loop.carry], *joined]


def _rows(x: Any, start: int, stop: int | None) -> Any:
    stop = x.shape[0] if stop is None else stop
    zeros = (0,) * (len(x.shape) - 1)
    return slice_(x, start=(start, *zeros), stop=(stop, *x.shape[1:]), step=(1,) * len(x.shape))


@lru_cache(maxsize=256)
def _chunk(loop: Loop, size: int, inlined: bool) -> Program:
    """The body that takes `size` steps."""
    inner = loop._replace(length=size)
    body = loop.program
    first_row = loop.constants + loop.carry
    stacks = [t.with_shape((size, *t.shape)) for t in body.in_types[first_row:]]
    types = (*body.in_types[:first_row], *stacks)
    if inlined:
        return build(lambda *xs: written_out(inner, *xs), types, body.name)
    program = build(lambda *xs: inner(*xs), types, body.name)
    return build(lambda *xs: call(*xs, program=program, policy="recompute"), types, body.name)
