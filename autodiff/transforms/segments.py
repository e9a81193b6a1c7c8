"""Which stages of a chain to keep and which to compute again: the least work for so much memory.

A plan for stages s to t either keeps what stage s makes for its derivative (all of it, or what is
not cheap to compute again); or it keeps only what comes out of a segment, s to r, which runs again
when the backward pass gets there, by a plan of its own and in the memory that is free then. The
rest is again a plan. So the best plan for every range and every amount of memory follows from those
for shorter ranges.

Source: O. Beaumont, L. Eyraud-Dubois, J. Herrmann, A. Joly and A. Shilova, "Optimal checkpointing
for heterogeneous chains: how to train deep neural networks with limited memory", 2019. In addition,
the gradients of parameters are counted, which stay once they are done.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from autodiff.transforms.stages import Stages

__all__ = ["Candidate", "Kept", "Plan", "Plans"]

_LEVELS = 128  # steps in which memory is counted
_KEEP, _LEAN = -1, -2  # choices other than where to cut


class Kept(NamedTuple):
    """A stage that is kept; if `lean`, but for what is cheap."""

    stage: int
    lean: bool


Plan = tuple[Any, ...]  # of stages that are kept, and of segments that run again: plans


class Candidate(NamedTuple):
    """A plan, the bytes that it takes as far as the model can tell, and what it does again."""

    plan: Plan
    memory: int
    work: float


class _Table(NamedTuple):
    """For each amount of memory, the work that the best plan does again, and its first choice."""

    work: np.ndarray[Any, np.dtype[np.float32]]
    choice: np.ndarray[Any, np.dtype[np.int8]]  # to keep the first stage, or where to cut


class Plans:
    """The best plans for amounts of memory up to `most` bytes."""

    def __init__(self, stages: Stages, most: int) -> None:
        self.stages, self.unit = stages, max(1, -(-most // _LEVELS))
        self.last = len(stages.work) - 1
        self.gradients = np.array([*stages.gradients, 0])
        self.forward = np.array(stages.forward)
        self.work = np.array([0, *accumulate(stages.work)])
        self.crossing = self._levels(stages.crossing)
        self.cotangents = self._levels(stages.cotangents)
        self.kept = {_KEEP: self._levels(stages.kept), _LEAN: self._levels(stages.lean)}
        self.tables: dict[tuple[int, int], _Table] = {}
        for t in range(self.last + 1):
            for s in range(t, -1, -1):
                self.tables[s, t] = self._table(s, t)

    def candidates(self) -> list[Candidate]:
        """Plans of different work, from the one that needs least memory to that of least work."""
        work = self.tables[0, self.last].work
        levels = [m for m in range(_LEVELS + 1) if work[m] < (work[m - 1] if m else np.inf)]
        return [
            Candidate(self._plan(0, self.last, m), m * self.unit, float(work[m])) for m in levels
        ]

    def _plan(self, s: int, t: int, memory: int) -> Plan:
        found: list[Any] = []
        while s <= t:
            r = int(self.tables[s, t].choice[memory])
            if r in self.kept:
                found.append(Kept(s, r == _LEAN))
                memory -= int(self.kept[r][s])
                s += 1
            else:
                found.append(self._plan(s, r, memory - int(self.cotangents[r, t])))
                memory -= int(self.crossing[s, r])
                s = r + 1
        return tuple(found)

    def _table(self, s: int, t: int) -> _Table:
        new = _Table(np.full(_LEVELS + 1, np.inf, np.float32), np.full(_LEVELS + 1, _KEEP, np.int8))
        stages = self.stages
        self._keep(new, s, t, _KEEP, stages.kept[s], 0.0)
        self._keep(new, s, t, _LEAN, stages.lean[s], stages.lean_work[s])
        if s < t:
            self._cut(new, s, t)
        return new

    def _keep(self, new: _Table, s: int, t: int, how: int, kept: int, again: float) -> None:
        """Keep stage s, where that is possible."""
        size = int(self.kept[how][s])
        before = self.forward[s] + self.gradients[t + 1]
        after = kept + self.stages.backward[s] + self.gradients[s + 1]
        start, end = max(size, int(self._levels(max(before, after)))), _LEVELS + 1
        if start < end:
            rest = 0.0 if s == t else self.tables[s + 1, t].work[start - size : end - size]
            _improve(new, start, rest + np.float32(again), how)

    def _cut(self, new: _Table, s: int, t: int) -> None:
        """Let a segment, from s up to some r, run again, where that is better."""
        x, y = self.crossing[s, s:t], self.cotangents[s:t, t]
        before = np.array([0, *self.stages.crossing[s, s : t - 1]])
        running = np.maximum.accumulate(before + self.forward[s:t]) + self.gradients[t + 1]
        start = np.maximum(np.maximum(x, y), self._levels(running))
        inner = np.array([self.tables[s, r].work for r in range(s, t)])
        rest = np.array([self.tables[r + 1, t].work for r in range(s, t)])
        again = (self.work[s + 1 : t + 1] - self.work[s]).astype(np.float32)
        work = _shifted(inner, y) + _shifted(rest, x) + again[:, None]
        work[np.arange(_LEVELS + 1) < start[:, None]] = np.inf
        best = work.argmin(axis=0)
        _improve(new, 0, np.take_along_axis(work, best[None], axis=0)[0], s + best)

    def _levels(self, sizes: Any) -> Any:
        return -(-np.asarray(sizes) // self.unit)


def _shifted(work: Any, levels: Any) -> Any:
    """The work of each row with so much less memory; of no meaning where that is negative."""
    memory = np.arange(work.shape[1]) - levels[:, None]
    return np.take_along_axis(work, np.maximum(memory, 0), axis=1)


def _improve(table: _Table, start: int, work: Any, choice: Any) -> None:
    """Choose so from `start` on, where that is less work."""
    better = work < table.work[start:]
    table.work[start:] = np.where(better, work, table.work[start:])
    table.choice[start:] = np.where(better, choice, table.choice[start:])
