"""What transforms make of a sweep.

Forward mode and batching of a sweep are sweeps. Cut in two or transposed, it is the two scans that
it stands for, one of which keeps all states: only the first reverse derivative needs little memory,
and what is derived from it in forward mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.control.bodies import Mask, element, filled, unwoven
from autodiff.control.loop import Loop, Sweep
from autodiff.control.rows import borrowed, chosen_by
from autodiff.control.scan_batching import aligned, most_steps, swapped
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, spread, zeros_like
from autodiff.primitives.comparison import greater
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp

__all__ = ["batch_sweep", "push_sweep", "two_scans"]


@lru_cache(maxsize=256)
def two_scans(loop: Sweep, types: tuple[ArrayType, ...]) -> Program:
    """A sweep as a scan that keeps all states and a scan back, which uses them."""
    n, c, s, k = loop.counters, loop.constants, loop.state, loop.carry

    def there(*args: Any) -> list[Any]:
        after = evaluate(loop.step, args)
        return [*after, *args[c : c + s]]

    def back(*args: Any) -> list[Any]:
        fixed, carry, rows = args[:c], args[c : c + k], args[c + k :]
        return evaluate(loop.pull, [*fixed, *rows[:s], *carry, *rows[s:]])

    def both(*xs: Any) -> Sequence[Any]:
        steps, xs = xs[:n], xs[n:]
        fixed, state, carry, rows = xs[:c], xs[c : c + s], xs[c + s : c + s + k], xs[c + s + k :]
        first = Loop(forward, loop.length, c, s, loop.reverse)
        states = first(*steps, *fixed, *state, *rows)[s:]
        second = Loop(backward, loop.length, c, k, not loop.reverse)
        return second(*steps, *fixed, *carry, *states, *rows)

    given = types[n:]
    rows = [element(t) for t in given[c + s + k :]]
    states, carries = given[c : c + s], given[c + s : c + s + k]
    forward = build(there, [*given[:c], *states, *rows], loop.step.name)
    backward = build(back, [*given[:c], *carries, *states, *rows], loop.pull.name)
    return build(both, types, loop.pull.name)


# ---- forward mode


def push_sweep(xs: Any, dxs: Any, loop: Sweep) -> tuple[list[Any], list[Any]]:
    """A sweep of values and tangents."""
    n, c, s, k = loop.counters, loop.constants, loop.state, loop.carry
    ends = [c, c + s, c + s + k]
    step, pull, active, out_active = _pushed(loop, tuple([t is not None for t in dxs[n:]]))
    dxs = filled(xs[n:], dxs[n:], active)
    operands = []
    for i, j in zip([0, *ends], [*ends, None], strict=True):
        operands += [*xs[n:][i:j], *(t for t in dxs[i:j] if t is not None)]
    new = loop._replace(
        step=step,
        pull=pull,
        constants=c + sum(active[:c]),
        state=s + sum(active[c : c + s]),
        carry=k + sum(active[c + s : ends[2]]),
    )
    return unwoven(new(*xs[:n], *operands), out_active, k)


@lru_cache(maxsize=256)
def _pushed(loop: Sweep, active: Mask) -> tuple[Program, Program, Mask, Mask]:
    """Step and pull on values and tangents, each part followed by its tangents.

    Also which operands have a tangent, those that get one on the way included, and which results.
    """
    c, s, k = loop.constants, loop.state, loop.carry
    end = c + s + k
    while True:
        there = jvp(loop.step, _of_step(active, loop))[1]
        back = jvp(loop.pull, active)[1]
        after = [a or b for a, b in zip(active[c:end], (*there, *back[:k]), strict=True)]
        if tuple(after) == active[c:end]:
            break
        active = (*active[:c], *after, *active[end:])
    of_step = _of_step(active, loop)
    forward, moving = jvp(loop.step, of_step, active[c : c + s])
    carried = (*active[c + s : end], *[False] * (len(loop.pull.outputs) - k))
    backward, out_active = jvp(loop.pull, active, carried)
    step = _woven(forward, of_step, [c, c + s], moving, [])
    return step, _woven(backward, active, [c, c + s, end], out_active, [k]), active, out_active


def _woven(
    program: Program, active: Mask, ends: list[int], out_active: Mask, out_ends: list[int]
) -> Program:
    """The program of `jvp` with the tangents of each part right behind it."""

    def weave(atoms: Sequence[Any], mask: Mask, ends: list[int]) -> tuple[Any, ...]:
        own, rest = atoms[: len(mask)], iter(atoms[len(mask) :])
        tangents = [next(rest) if a else None for a in mask]
        woven: list[Any] = []
        for i, j in zip([0, *ends], [*ends, None], strict=True):
            woven += [*own[i:j], *(t for t in tangents[i:j] if t is not None)]
        return tuple(woven)

    return replace(
        program,
        inputs=weave(program.inputs, active, ends),
        outputs=weave(program.outputs, out_active, out_ends),
        input_names=(),
    )


# ---- batching


def batch_sweep(size: int, xs: Any, mapped: Any, loop: Sweep) -> list[Any]:
    """A sweep of the mapped programs: all states and carries are mapped."""
    n, c, s, k = loop.counters, loop.constants, loop.state, loop.carry
    inner = mapped[n:]
    wanted = (*inner[:c], *[True] * (s + k), *inner[c + s + k :])
    operands = aligned(size, xs[n:], inner, wanted, c + s + k)
    if any(mapped[:n]):
        step, pull = _patient(loop, wanted, size)
        new = loop._replace(step=step, pull=pull, constants=c + 1, state=s + 1)
        fixed, rest = operands[:c], operands[c:]
        outs = new(most_steps(xs[0], size), xs[0], *fixed, np.int64(0), *rest)
    else:
        step = batch(loop.step, _of_step(wanted, loop), size, (True,) * s)[0]
        pull = batch(loop.pull, wanted, size, (True,) * len(loop.pull.outputs))[0]
        outs = loop._replace(step=step, pull=pull)(*xs[:n], *operands)
    return [y if i < k else swapped(y) for i, y in enumerate(outs)]


def _of_step(mask: Mask, loop: Sweep) -> Mask:
    """The part of a mask of operands that is about those of the step: all but the carry."""
    end = loop.constants + loop.state
    return (*mask[:end], *mask[end + loop.carry :])


@lru_cache(maxsize=256)
def _patient(loop: Sweep, mapped: Mask, size: int) -> tuple[Program, Program]:
    """Mapped programs that leave alone what belongs to rows that have fewer steps.

    Their first constant is the numbers of steps, and their first state the number of this step.
    """
    c, s, k = loop.constants, loop.state, loop.carry
    step = batch(loop.step, _of_step(mapped, loop), size, (True,) * s)[0]
    pull = batch(loop.pull, mapped, size, (True,) * len(loop.pull.outputs))[0]

    def started(args: Any) -> tuple[Any, list[Any], Any]:
        lengths, i = args[0], args[1 + c]
        active = greater(lengths, spread(i, size))
        return i, [*args[1 : 1 + c], *args[2 + c :]], active

    def there(*args: Any) -> list[Any]:
        i, xs, active = started(args)
        outs = evaluate(step, borrowed(active, xs, _of_step(mapped, loop)))
        kept = [chosen_by(active, y, x) for y, x in zip(outs, xs[c : c + s], strict=True)]
        return [add(i, np.int64(1)), *kept]

    def back(*args: Any) -> list[Any]:
        _, xs, active = started(args)
        outs = evaluate(pull, borrowed(active, xs, mapped))
        before = [*xs[c + s : c + s + k], *map(zeros_like, outs[k:])]
        return [chosen_by(active, y, x) for y, x in zip(outs, before, strict=True)]

    counts, number = ArrayType((size,), np.int64), ArrayType((), np.int64)
    types = [
        (counts, *program.in_types[:c], number, *program.in_types[c:]) for program in (step, pull)
    ]
    return build(there, types[0], loop.step.name), build(back, types[1], loop.pull.name)
