"""What is derived from a recording is derived once; step sizes become inputs."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend import derived as module
from autodiff.backend.derived import clear_cache, derive, run
from autodiff.ir.types import type_of
from autodiff.tracing.record import record
from autodiff.transforms.linearize import gradient


@pytest.fixture(autouse=True)
def _empty_cache():
    clear_cache()
    yield
    clear_cache()


class Counting:
    """A recipe that counts how often it is followed: the gradient by the first input."""

    def __init__(self):
        self.programs = []

    def __call__(self, program):
        self.programs.append(program)
        return gradient(program, (True,), value=False)

    @property
    def count(self):
        return len(self.programs)


def gradient_of(fun, x, recipe, identity="gradient"):
    recording = record(lambda xs: fun(xs[0]), [x], label="f")
    return run(derive(recording, recipe, identity, "f"), recording.args())[0]


X = np.array([0.5, 1.0, 2.0])


# ---- hits


def test_the_same_structure_is_derived_once():
    recipe = Counting()
    for scale in (1.0, 2.0, 3.0):  # other values, other functions, the same rows
        result = gradient_of(lambda x: np.sum(np.sin(x)), scale * X, recipe)
        np.testing.assert_allclose(result, np.cos(scale * X))
    assert recipe.count == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda x: np.sum(np.cos(x)),
        lambda x: np.sum(np.sin(x) * 1.0),
        lambda x: np.sum(np.sin(x), dtype=np.float64, keepdims=True)[0],
        lambda x: np.mean(np.sin(x)),
    ],
)
def test_another_structure_is_derived_anew(other):
    recipe = Counting()
    gradient_of(lambda x: np.sum(np.sin(x)), X, recipe)
    gradient_of(other, X, recipe)
    assert recipe.count == 2


@pytest.mark.parametrize("x", [X[:2], X.astype(np.float32), X[0], X[None]])
def test_another_type_is_derived_anew(x):
    recipe = Counting()
    for point in (X, x):
        result = gradient_of(lambda x: np.sum(np.sin(x)), point, recipe)
        assert type_of(result) is type_of(point)
        np.testing.assert_allclose(result, np.cos(point), rtol=1e-6)
    assert recipe.count == 2


def test_another_branch_is_derived_anew_and_both_are_kept():
    recipe = Counting()

    def f(x):
        return np.sum(np.sin(x)) if x.sum() > 0 else np.sum(x * x)

    for sign in (1, -1, 1, -1, 1):
        exact = np.cos(X) if sign > 0 else -2 * X
        np.testing.assert_allclose(gradient_of(f, sign * X, recipe), exact)
    assert recipe.count == 2


def test_recipes_are_told_apart_by_their_identity():
    first, second = Counting(), Counting()
    gradient_of(np.sum, X, first, "one")
    gradient_of(np.sum, X, second, "two")
    assert (first.count, second.count) == (1, 1)


# ---- literals that vary


def test_a_step_size_becomes_an_input_after_a_few_misses():
    recipe = Counting()
    for i in range(50):
        step = 0.1 * 0.9**i
        result = gradient_of(lambda x, step=step: np.sum(np.exp(step * x)), X, recipe)
        np.testing.assert_allclose(result, step * np.exp(step * X), rtol=1e-12)
    assert recipe.count <= 5


def test_a_step_size_of_zero_one_or_two_is_no_exception():
    """What was lifted once may be a constant that the rules would have simplified."""
    recipe = Counting()
    for step in (0.1, 0.2, 0.3, 0.4, 0.5, 0.0, 1.0, -1.0, np.inf, 2.0):
        result = gradient_of(lambda x, step=step: np.sum(np.sin(step * x)), X, recipe)
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(result, step * np.cos(step * X), rtol=1e-12)
    assert recipe.count <= 5


def test_literals_that_do_not_vary_stay_literals():
    recipe = Counting()
    for i in range(10):
        gradient_of(lambda x, i=i: np.sum((2.0 * x + 0.1 * i) ** 3), X, recipe)
    text = str(recipe.programs[-1])
    assert "2.0:f64" in text
    assert len(recipe.programs[-1].inputs) == 2


def test_two_literals_that_vary_at_different_times():
    recipe = Counting()
    for i in range(40):
        a, b = (0.1 * i, 0.5) if i < 20 else (0.1, 0.1 * i)
        result = gradient_of(lambda x, a=a, b=b: np.sum(np.sin(a * x) * b), X, recipe)
        np.testing.assert_allclose(result, a * b * np.cos(a * X), rtol=1e-12, atol=1e-15)
    assert recipe.count <= 10


def test_a_literal_operand_of_what_is_not_elementwise():
    recipe = Counting()
    for i in range(10):
        value = 0.5 * i
        result = gradient_of(
            lambda x, value=value: np.sum(np.pad(x, 1, constant_values=value) ** 2 * value),
            X,
            recipe,
        )
        np.testing.assert_allclose(result, 2 * X * value)
    assert recipe.count <= 6


# ---- captured arrays


def test_captured_arrays_are_arguments_and_not_constants():
    recipe = Counting()
    for scale in (1.0, 2.0, 3.0):
        w = scale * np.ones(3)
        result = gradient_of(lambda x, w=w: np.sum(w * x), X, recipe)
        np.testing.assert_array_equal(result, w)
    assert recipe.count == 1


def test_a_change_of_a_captured_array_is_seen_by_the_next_call():
    w = np.ones(3)
    gradient = ad.grad(lambda x: np.sum(w * x))
    np.testing.assert_array_equal(gradient(X), [1, 1, 1])
    w[:] = 5
    np.testing.assert_array_equal(gradient(X), [5, 5, 5])


def test_one_array_captured_twice_is_one_argument():
    w = np.ones(3)
    assert len(ad.trace(lambda x: np.sum(w * x + x / w))(X).inputs) == 2


def test_two_arrays_in_the_place_of_one_are_told_apart():
    """f(w, w) and f(w, v) have different structure, even when all arrays look alike."""
    recipe = Counting()
    w, v = np.ones(3), np.full(3, 2.0)
    gradient_of(lambda x: np.sum(x * w + x * x * w), X, recipe)
    result = gradient_of(lambda x: np.sum(x * w + x * x * v), X, recipe)
    np.testing.assert_allclose(result, w + 2 * X * v)
    assert recipe.count == 2


# ---- within another trace


def test_within_another_trace_a_call_is_recorded():
    inner = ad.grad(lambda x: np.sum(x**3))
    np.testing.assert_allclose(ad.grad(lambda x: np.sum(inner(x)))(X), 6 * X)
    names = {e.primitive.name for e in ad.trace(inner)(X).equations}
    assert "call" not in names  # inlined: it meant nothing by itself


# ---- bounds


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module._derived, "capacity", 100)
    for n in range(1, 60):
        gradient_of(lambda x, n=n: np.sum(np.tile(np.sin(x), n)), X, Counting())
    assert module._derived.weight <= 100
    assert ad.grad(np.sum)(X).tolist() == [1, 1, 1]


def test_the_collector_runs_again_afterwards():
    import gc

    assert gc.isenabled()
    gradient_of(np.sum, X, Counting())
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        gradient_of(np.sum, X, lambda program: 1 / 0, "failing")
    assert gc.isenabled()
