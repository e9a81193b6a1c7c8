"""Where a program is cut, and what its stages cost."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.optimize import optimize
from autodiff.ir.program import Program
from autodiff.transforms.stages import stages

SIZE = 8 * 20 * 10  # bytes of a hidden layer
W = 8 * 10 * 10  # bytes of a weight


def network(count: int) -> Program:
    def f(params, x):
        for w, b in params:
            x = np.tanh(x @ w + b)
        return np.sum(x)

    params = [(np.ones((10, 10)), np.ones(10)) for _ in range(count)]
    return optimize(ad.trace(f)(params, np.ones((20, 10))))


def chain(f, count: int) -> Program:
    def run(x):
        for _ in range(count):
            x = f(x)
        return np.sum(x)

    return optimize(ad.trace(run)(np.ones(100)))


def test_a_network_is_cut_behind_what_its_derivative_needs():
    program = network(5)
    found = stages(program, (True,) * 10 + (False,))
    ends = [program.equations[i - 1].primitive.name for i in found.bounds[1:-1]]
    assert ends == ["tanh"] * 5
    assert found.bounds == [0, 4, 8, 12, 16, 20, 21]
    assert found.kept == found.lean == [SIZE] * 5 + [8]
    assert len(set(found.work[:5])) == 1


def test_gradients_are_done_from_the_end_and_stay():
    found = stages(network(3), (True,) * 6 + (False,))
    assert found.gradients == [3 * (W + 80), 2 * (W + 80), W + 80, 0]
    only_last = stages(network(3), (False,) * 4 + (True, True, False))
    assert only_last.gradients == [W + 80] * (len(only_last.work) - 1) + [0]
    assert sum(only_last.kept) == 2 * SIZE + 8  # what goes into the last layer, and comes out


def test_what_crosses_counts_once():
    """From the stage that makes it to the one that uses it last."""

    def f(x):
        a = np.sin(x)
        b = np.exp(np.cos(np.cos(a)))
        return np.sum(a * b)

    found = stages(optimize(ad.trace(f)(np.ones(100))), (True,))
    # the stages: sin; cos; cos, exp; mul, sum. Neither the second cosine nor the product is needed
    assert found.bounds == [0, 1, 2, 4, 6]
    np.testing.assert_array_equal(
        found.crossing[:, :3] // 800,
        [
            [1, 2, 2],  # a; then a and another one, until their product is taken
            [0, 1, 1],
            [0, 0, 1],
            [0, 0, 0],
        ],
    )
    # of what crosses behind stage r, that of which stage t is the last to use it
    np.testing.assert_array_equal(
        found.cotangents // 800, [[0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 0, 2], [0, 0, 0, 0]]
    )


def test_what_is_cheap_can_be_left_out():
    found = stages(chain(lambda x: np.exp((x + 1) * (x + 2)), 40), (True,))
    assert sum(found.lean) < sum(found.kept)
    assert all(a <= b for a, b in zip(found.lean, found.kept, strict=True))
    saved = np.array(found.kept) - found.lean
    np.testing.assert_array_equal(saved > 0, np.array(found.lean_work) > 0)


def test_views_take_no_memory():
    found = stages(chain(lambda x: np.flip(np.sin(x)), 3), (True,))
    assert sum(found.kept) == 2 * 800 + 8  # the last sine is only summed


def test_what_a_loop_keeps_of_its_steps_belongs_to_its_stage():
    def f(x):
        y = ad.scan(lambda c, _: (np.sin(c), None), np.cos(x), None, length=9)[0]
        return np.sum(np.exp(y))

    found = stages(ad.trace(f)(np.ones(100)), (True,))
    assert max(found.kept) >= 9 * 800


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200, 1000])
def test_there_are_not_too_many_stages(count):
    found = stages(chain(np.sin, count), (True,))
    assert found.bounds[0] == 0
    assert found.bounds[-1] == count + 1
    assert found.bounds == sorted(set(found.bounds))
    assert len(found.work) == min(count + 1, len(found.work)) <= 64
    if count > 100:  # of about equal work
        assert max(found.work) <= 2.5 * np.mean(found.work)


def test_what_has_no_derivative_needs_nothing():
    f = ad.trace(lambda x: np.sum(ad.stop_gradient(np.exp(np.sin(x))) * x))
    found = stages(optimize(f(np.ones(100))), (True,))
    kept = sum(found.kept)
    assert kept <= 3 * 800 + 8  # what crosses the cuts
    assert all(b <= 3 * 800 for b in found.backward)
