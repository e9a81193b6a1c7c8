"""Plans for chains: against all plans there are, and against what is known of uniform chains."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from autodiff.transforms import segments
from autodiff.transforms.segments import Kept, Plans
from autodiff.transforms.stages import Stages


def uniform(count: int, gradient: int = 0) -> Stages:
    """A chain of equal stages, each of which makes one array of one byte."""
    upper = np.triu(np.ones((count, count), np.int64))
    return Stages(
        bounds=list(range(count + 1)),
        work=[1.0] * count,
        kept=[1] * count,
        lean=[1] * count,
        lean_work=[0.0] * count,
        forward=[1] * count,
        backward=[2] * count,
        gradients=[gradient * (count - i) for i in range(count)],
        crossing=upper,
        cotangents=upper - np.eye(count, dtype=np.int64),
    )


def varied(count: int, rng: np.random.Generator) -> Stages:
    """A chain of stages of all sizes."""
    size = rng.integers(1, 5, count)
    kept = size + rng.integers(0, 4, count)
    lean = np.maximum(size, kept - rng.integers(0, 3, count))
    upper = np.triu(np.ones((count, count), np.int64)) * size
    return Stages(
        bounds=list(range(count + 1)),
        work=rng.integers(1, 9, count).astype(float).tolist(),
        kept=kept.tolist(),
        lean=lean.tolist(),
        lean_work=np.where(lean < kept, 1.0, 0.0).tolist(),
        forward=(size + rng.integers(0, 3, count)).tolist(),
        backward=rng.integers(1, 6, count).tolist(),
        gradients=rng.integers(0, 2, count)[::-1].cumsum()[::-1].tolist(),
        crossing=upper,
        cotangents=np.triu(np.ones((count, count), np.int64), 1) * size[:, None],
    )


def best(stages: Stages, memory: int) -> float:
    """The least work, by trying every plan (that fits the rules in the module's docstring)."""
    last = len(stages.work) - 1
    done = [*stages.gradients[1:], 0]

    @cache
    def plan(s: int, t: int, m: int) -> float:
        found = [np.inf]
        for kept, again in ((stages.kept[s], 0.0), (stages.lean[s], stages.lean_work[s])):
            before = stages.forward[s] + done[t]
            after = kept + stages.backward[s] + done[s]
            if m >= max(kept, before, after):
                found.append(again + (0.0 if s == t else plan(s + 1, t, m - kept)))
        for r in range(s, t):
            x, y = int(stages.crossing[s, r]), int(stages.cotangents[r, t])
            running = max(
                (int(stages.crossing[s, k - 1]) if k > s else 0) + stages.forward[k]
                for k in range(s, r + 1)
            )
            if m >= max(x, y, running + done[t]):
                inner, rest = plan(s, r, m - y), plan(r + 1, t, m - x)
                found.append(sum(stages.work[s : r + 1]) + inner + rest)
        return min(found)

    return plan(0, last, memory)


@pytest.fixture(autouse=True)
def in_single_bytes(monkeypatch):
    monkeypatch.setattr(segments, "_LEVELS", 40)


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_is_better(seed):
    stages = varied(7, np.random.default_rng(seed))
    plans = Plans(stages, 40)
    work = plans.tables[0, 6].work
    np.testing.assert_allclose(work, [best(stages, m) for m in range(41)])
    assert np.isfinite(work).any()


def flat(plan) -> list[int]:
    return [k for part in plan for k in ([part.stage] if isinstance(part, Kept) else flat(part))]


def depth(plan) -> int:
    return max((0 if isinstance(p, Kept) else 1 + depth(p) for p in plan), default=0)


@pytest.mark.parametrize(
    "stages", [uniform(20), uniform(20, gradient=1), varied(12, np.random.default_rng(9))]
)
def test_a_plan_has_each_stage_once_and_in_order(stages):
    candidates = Plans(stages, 40).candidates()
    for candidate in candidates:
        assert flat(candidate.plan) == list(range(len(stages.work)))
    for less, more in pairwise(candidates):
        assert less.memory < more.memory
        assert less.work > more.work


def test_with_memory_enough_nothing_runs_again():
    last = Plans(uniform(20), 40).candidates()[-1]
    assert last.work == 0
    assert all(isinstance(part, Kept) and not part.lean for part in last.plan)


def test_a_chain_of_n_stages_fits_into_about_two_square_roots_of_n_with_one_more_run(monkeypatch):
    monkeypatch.setattr(segments, "_LEVELS", 80)
    enough = [c for c in Plans(uniform(64), 80).candidates() if c.work <= 64]
    assert enough[0].memory <= 2 * 8 + 4
    assert depth(enough[0].plan) == 1


def test_segments_within_segments_take_still_less(monkeypatch):
    monkeypatch.setattr(segments, "_LEVELS", 80)
    least = Plans(uniform(64), 80).candidates()[0]
    assert depth(least.plan) > 1
    assert least.memory <= 12


def test_gradients_leave_less_for_what_is_kept():
    without, beside = (Plans(uniform(20, g), 40).candidates() for g in (0, 1))
    assert beside[0].memory >= without[0].memory
    assert beside[-1].memory >= without[-1].memory
