"""A program as a chain of stages, with what each costs to keep and to compute again.

Where to cut: a value that crosses a cut has to be kept if the part behind it is computed again. So
the best cuts are where little is alive, and where what is alive is needed by the derivative anyway.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress, groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import Literal
from autodiff.transforms.footprint import effort, new_bytes, shares, workspace
from autodiff.transforms.linearize import linearize

__all__ = ["Stages", "stages"]

Table = np.ndarray[Any, np.dtype[np.int64]]

_MOST = 64  # stages; the search takes time in proportion to the third power


@dataclass(frozen=True, eq=False)
class Stages:
    """Bytes and work of the stages of a program, and of the cuts between them."""

    bounds: list[int]  # stage k is made of equations bounds[k] up to bounds[k + 1]
    work: list[float]  # of computing a stage again
    kept: list[int]  # bytes that a stage makes for its derivative and for what comes after it
    lean: list[int]  # the same if what is cheap is computed again
    lean_work: list[float]  # of computing it again
    forward: list[int]  # bytes that are alive at most while a stage runs
    backward: list[int]  # and while its derivative does, beside what was kept
    gradients: list[int]  # bytes of the gradients that are done after the derivative of a stage
    crossing: Table  # [s, r]: bytes of what stages s to r make and later ones use
    cotangents: Table  # [r, t]: bytes of the cotangents of what only stages r + 1 to t use


def stages(program: Program, active: Sequence[bool]) -> Stages:
    """Cut a program that is differentiated by its active inputs into stages."""
    lives = _Lives(program)
    needs = _needs(program, active, lives.roots)
    alive = lives.crossing(lives.sizes)
    surplus = lives.crossing({v: s for v, s in lives.sizes.items() if v not in needs.kept})
    bounds = _bounds(program.equations, alive, surplus)
    ranges = list(pairwise(bounds))
    last = {v: i for i, e in enumerate(program.equations) for v in e.inputs}
    gradients = [0] * len(program.equations)
    for v, a in zip(program.inputs, active, strict=True):
        if a and v in last:
            gradients[last[v]] += v.type.nbytes
    kept = [lives.made(i, j, needs.kept) for i, j in ranges]
    lean = [
        _lean(program.equations[i:j], made, lives, j)
        for made, (i, j) in zip(kept, ranges, strict=True)
    ]
    extra = [sum(needs.extra[i:j]) for i, j in ranges]
    return Stages(
        bounds,
        [effort(program.equations[i:j]) for i, j in ranges],
        [lives.bytes(made) + x for made, x in zip(kept, extra, strict=True)],
        [lives.bytes(made) + x for (made, _), x in zip(lean, extra, strict=True)],
        [work for _, work in lean],
        [max(lives.running[i:j]) - min(alive[i], min(lives.running[i:j])) for i, j in ranges],
        [max(needs.running[i:j]) for i, j in ranges],
        [sum(gradients[i:]) for i, _ in ranges],
        *lives.between(bounds, needs.active),
    )


class _Lives:
    """When the arrays of a program are made, and when they are used for the last time."""

    def __init__(self, program: Program) -> None:
        self.roots: dict[Any, Any] = {}  # whose memory a variable shares, if the program made it
        self.born: dict[Any, int] = {}
        self.died: dict[Any, int] = {}
        self.sizes: dict[Any, int] = {}
        self.equations = program.equations
        self.count = len(program.equations)
        for i, e in enumerate(program.equations):
            self._use(e.inputs, i)
            for v in e.outputs:
                root = self.roots.get(e.inputs[0]) if shares(e) else v
                if root is not None:
                    self.roots[v] = root
                if root is v:
                    self.born[v] = self.died[v] = i
                    self.sizes[v] = v.type.nbytes
        self._use(program.outputs, self.count)
        alive = self.crossing(self.sizes)
        self.running = [
            alive[i] + new_bytes(e) + workspace(e) for i, e in enumerate(program.equations)
        ]

    def _use(self, atoms: Sequence[Atom], position: int) -> None:
        for a in atoms:
            if a in self.roots:
                self.died[self.roots[a]] = position

    def crossing(self, sizes: Mapping[Any, int]) -> list[int]:
        """The bytes of these that are alive before each equation, and at the end."""
        change = [0] * (self.count + 2)
        for v, size in sizes.items():
            change[self.born[v] + 1] += size
            change[self.died[v] + 1] -= size
        return list(accumulate(change))[: self.count + 1]

    def between(self, bounds: Sequence[int], active: Collection[Any]) -> tuple[Table, Table]:
        """What crosses cuts; and of what has cotangents, by when it is used for the last time."""
        count = len(bounds) - 1
        crossing, cotangents = np.zeros((2, count, count), np.int64)
        for v, size in self.sizes.items():
            first = bisect_right(bounds, self.born[v]) - 1  # the stage that makes it
            last = bisect_right(bounds, self.died[v]) - 1  # the first stage that is done with it
            crossing[: first + 1, first:last] += size
            if v in active:
                cotangents[first:last, last:] += size
        return crossing, cotangents

    def made(self, start: int, stop: int, kept: Collection[Any]) -> set[Any]:
        """What equations of a range make and that is kept, or used behind it."""
        return {
            v
            for e in self.equations[start:stop]
            for v in e.outputs
            if v in self.sizes and (v in kept or self.died[v] >= stop)
        }

    def bytes(self, arrays: Iterable[Any]) -> int:
        """The memory of these arrays."""
        return sum([self.sizes[v] for v in arrays])


@dataclass(frozen=True, eq=False)
class _Needs:
    """What the derivative of a program needs."""

    kept: set[Any]  # arrays of the program
    active: set[Any]  # arrays that have a cotangent
    extra: list[int]  # bytes that each equation has to keep beside those (a loop does)
    running: list[int]  # bytes that the derivative of each equation takes


def _needs(program: Program, active: Sequence[bool], roots: Mapping[Any, Any]) -> _Needs:
    moving: set[Any] = {v for v, a in zip(program.inputs, active, strict=True) if a}
    needs = _Needs(set(), set(), [], [])
    for e in program.equations:
        mask = tuple([a in moving for a in e.inputs])
        local = _local_needs(_Call(e), mask) if any(mask) else _NOTHING
        around = (*e.inputs, *e.outputs)
        outs = [v for v, a in zip(e.outputs, local.active, strict=False) if a]
        moving.update(outs)
        needs.kept.update([roots[around[i]] for i in local.around if around[i] in roots])
        needs.active.update([roots[v] for v in outs if v in roots])
        needs.extra.append(local.extra)
        passed = [*outs, *(a for a, m in zip(e.inputs, mask, strict=True) if m)] if outs else []
        needs.running.append(sum(a.type.nbytes for a in passed) + workspace(e))
    return needs


class _Local(NamedTuple):
    """What the derivative of one equation needs."""

    around: tuple[int, ...]  # operands and results, by position
    extra: int  # bytes beside those
    active: tuple[bool, ...]  # results that have a derivative


_NOTHING = _Local((), 0, ())


class _Call:
    """An equation, equal to others that do the same to operands of the same types."""

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        operands = [a if isinstance(a, Literal) else a.type for a in equation.inputs]
        self.key = (equation.primitive, tuple(equation.params.items()), *operands)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=1024)
def _local_needs(call: _Call, mask: tuple[bool, ...]) -> _Local:
    e = call.equation
    if e.primitive.jvp is None:
        return _NOTHING
    operands = tuple([a if isinstance(a, Literal) else Var(a.type) for a in e.inputs])
    places = [i for i, a in enumerate(operands) if isinstance(a, Var)]
    outputs = tuple([Var(v.type) for v in e.outputs])
    program = Program(
        tuple([operands[i] for i in places]),  # type: ignore[misc]
        (Equation(e.primitive, operands, e.params, outputs, e.trail),),
        outputs,
    )
    known, _, active = linearize(program, [mask[i] for i in places])
    n = len(outputs)
    there: dict[Any, int] = {v: len(operands) + i for i, v in enumerate(known.outputs[:n])}
    there.update(zip(known.inputs, places, strict=True))
    residuals = set(known.outputs[n:])
    extra = sum(v.type.nbytes for v in residuals if v not in there)
    return _Local(tuple([there[v] for v in residuals if v in there]), extra, active)


def _lean(
    equations: Sequence[Equation], kept: set[Any], lives: _Lives, stop: int
) -> tuple[set[Any], float]:
    """What a stage keeps if what is cheap is computed again, and the work of that."""
    kept, work = set(kept), 0.0
    for e in reversed(equations):
        if e.primitive.cheap and not kept.isdisjoint(e.outputs):
            made = {v for v in e.outputs if v in kept and lives.died[v] < stop}
            paid = {lives.roots[a] for a in e.inputs if a in lives.roots} - kept
            paid = {v for v in paid if lives.born[v] >= stop - len(equations)}
            if made and lives.bytes(paid) <= lives.bytes(made):
                kept = (kept - made) | paid
                work += effort([e])
    return kept, work


# ---- where to cut


def _bounds(
    equations: Sequence[Equation], alive: Sequence[int], surplus: Sequence[int]
) -> list[int]:
    """The cuts: at most so many, where little is alive that the derivative does not need."""
    count = len(equations)
    runs = [
        (price, list(places)) for price, places in groupby(range(1, count), surplus.__getitem__)
    ]
    prices = [math.inf, *(price for price, _ in runs), math.inf]
    lowest = [prices[i] < min(prices[i - 1], prices[i + 1]) for i in range(1, len(prices) - 1)]
    cuts = [i for _, places in compress(runs, lowest) for i in places]
    if len(cuts) >= _MOST:
        cuts = _thinned(equations, cuts, list(zip(surplus, alive, strict=True)))
    return [0, *cuts, count]


def _thinned(
    equations: Sequence[Equation], cuts: Sequence[int], price: Sequence[tuple[float, int]]
) -> list[int]:
    """One cut for each equal part of the work: the best of those near its end."""
    done = list(accumulate([effort([e]) for e in equations], initial=0.0))
    best: dict[int, int] = {}
    for i in cuts:
        part = int((_MOST - 1) * done[i] / done[-1]) if done[-1] else i % (_MOST - 1)
        if part not in best or price[i] <= price[best[part]]:
            best[part] = i
    return sorted(best.values())
