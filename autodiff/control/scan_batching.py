"""`vmap` of a scan: a scan of the mapped body.

Rows of stacked operands have the mapped axis behind that of the steps. If the rows that are mapped
take different numbers of steps, all go on until the last is done, and those that are done wait.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.control.bodies import Mask, batched_body, parts
from autodiff.control.loop import Loop
from autodiff.control.rows import borrowed, chosen_by
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, spread, zeros_like
from autodiff.primitives.comparison import greater
from autodiff.primitives.reduction import reduce_max
from autodiff.primitives.structure import permute
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.batch import Unmapped

__all__ = ["aligned", "batch_scan", "most_steps", "swapped"]


def batch_scan(size: int, xs: Any, mapped: Any, loop: Loop) -> list[Any]:
    """The results of a mapped scan."""
    n, c, k = loop.counters, loop.constants, loop.carry
    if any(mapped[:n]):
        return _scan_of_lengths(size, xs, mapped, loop)
    body, wanted, out_mapped = batched_body(loop.program, tuple(mapped[n:]), size, c, k)
    outs = loop._replace(program=body)(*xs[:n], *aligned(size, xs[n:], mapped[n:], wanted, c + k))
    return [
        Unmapped(y) if not m else y if i < k else swapped(y)
        for i, (y, m) in enumerate(zip(outs, out_mapped, strict=True))
    ]


def swapped(x: Any) -> Any:
    """The same array with its first two axes exchanged: the mapped one and that of the steps."""
    return permute(x, perm=(1, 0, *range(2, len(x.shape))))


def aligned(size: int, xs: Any, mapped: Any, wanted: Mask, first_row: int) -> list[Any]:
    """Operands with a mapped axis where one is wanted; rows have it behind that of the steps."""
    full = [
        spread(x, size) if w and not m else x for x, m, w in zip(xs, mapped, wanted, strict=True)
    ]
    return [
        swapped(x) if i >= first_row and w else x
        for i, (x, w) in enumerate(zip(full, wanted, strict=True))
    ]


def most_steps(steps: Any, size: int) -> Any:
    """How many steps the longest loop takes."""
    return reduce_max(steps, axes=(0,)) if size else np.int64(0)


def _scan_of_lengths(size: int, xs: Any, mapped: Any, loop: Loop) -> list[Any]:
    """Loops of different lengths run together until the last is done."""
    c, k = loop.constants, loop.carry
    wanted = (*mapped[1 : 1 + c], *[True] * k, *mapped[1 + c :][k:])
    most = most_steps(xs[0], size)
    fixed, state, rows = parts(aligned(size, xs[1:], mapped[1:], wanted, c + k), c, k)
    new = loop._replace(
        program=_patient_body(loop.program, wanted, size, c, k, loop.reverse),
        constants=c + 1,
        carry=k + 1,
    )
    start = most - np.int64(1) if loop.reverse else np.int64(0)
    outs = new(most, xs[0], *fixed, start, *state, *rows)[1:]
    return [y if i < k else swapped(y) for i, y in enumerate(outs)]


@lru_cache(maxsize=256)
def _patient_body(
    program: Program, mapped: Mask, size: int, constants: int, carry: int, reverse: bool
) -> Program:
    """A mapped body that leaves alone what belongs to rows that have fewer steps.

    Its first constant is their numbers of steps, its first carried value the number of this step.
    """
    body, mapped, out_mapped = batched_body(program, mapped, size, constants, carry)

    def step(lengths: Any, *args: Any) -> list[Any]:
        i = args[constants]
        xs = [*args[:constants], *args[constants + 1 :]]
        active = greater(lengths, spread(i, size))
        outs = evaluate(body, borrowed(active, xs, mapped))
        outs = [y if m else spread(y, size) for y, m in zip(outs, out_mapped, strict=True)]
        before = [*xs[constants : constants + carry], *map(zeros_like, outs[carry:])]
        kept = [chosen_by(active, y, x) for y, x in zip(outs, before, strict=True)]
        return [add(i, np.int64(-1 if reverse else 1)), *kept]

    counts, number = ArrayType((size,), np.int64), ArrayType((), np.int64)
    types = body.in_types
    return build(
        step, (counts, *types[:constants], number, *types[constants:]), f"patient_{program.name}"
    )
