"""`np.where(x > 0, np.log(x), 0)` has the right derivative, without the user's double where.

In every function below the branch that is not taken has an infinite or undefined derivative.
Forward mode, reverse mode, their batches and their second derivatives must all give the finite
truth, which stands beside the function. What is not guarded must stay infinite or NaN.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad
from tests.calculus import cotangents, evaluated, tangents


class Guarded(NamedTuple):
    """A scalar function, a point, and the derivative there."""

    function: Callable[[Any], Any]
    point: Any
    derivative: Any


MIXED = [-1.0, 0.0, 4.0]
MATRIX = np.arange(6.0).reshape(2, 3)


def normalized_rows(x):
    length = np.sqrt(np.sum(x * x, axis=1, keepdims=True))
    return np.sum(np.where(length > 0, x / length, 0) * MATRIX)


def assigned(x):
    out = np.zeros_like(x)
    out[0] = np.where(x[0] > 0, np.log(x[0]), 0)
    out[1:] = np.where(x[1:] > 0, np.sqrt(x[1:]), x[1:])
    return np.sum(out)


def looped(x):
    total = 0.0
    for entry in x:
        total = total + np.where(entry > 0, np.log(entry), 0.0)
    return total


GUARDED = {
    "log": Guarded(lambda x: np.sum(np.where(x > 0, np.log(x), 0)), MIXED, [0, 0, 0.25]),
    "sqrt": Guarded(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0)), MIXED, [0, 0, 0.25]),
    "reciprocal": Guarded(lambda x: np.sum(np.where(x != 0, 1 / x, 0)), [0.0, 2.0], [0, -0.25]),
    "power": Guarded(lambda x: np.sum(np.where(x > 0, x**-1.5, 0)), [0.0, -1.0, 1.0], [0, 0, -1.5]),
    "exponent": Guarded(
        lambda p: np.sum(
            np.where(np.array([-1.0, 0.0, 2.0]) > 0, np.array([-1.0, 0, 2.0]) ** p, 0)
        ),
        [0.5, -1.0, 2.0],
        [0, 0, 4 * np.log(2)],
    ),
    "arcsin": Guarded(
        lambda x: np.sum(np.where(np.abs(x) < 1, np.arcsin(x), 0)), [1.0, 2.0, 0.0], [0, 0, 1]
    ),
    "arccosh": Guarded(
        lambda x: np.sum(np.where(x > 1, np.arccosh(x), 0)), [1.0, 0.0, 2.0], [0, 0, 3**-0.5]
    ),
    "exp that overflows": Guarded(
        lambda x: np.sum(np.where(x < 100, np.exp(x), x)), [1000.0, 0.0], [1, 1]
    ),
    "softplus": Guarded(
        lambda x: np.sum(np.where(x > 30, x, np.log1p(np.exp(x)))), [1000.0, 0.0], [1, 0.5]
    ),
    "sinc": Guarded(
        lambda x: np.sum(np.where(x == 0, 1, np.sin(x) / x)),
        [0.0, 1.0],
        [0, np.cos(1) - np.sin(1)],
    ),
    "entropy": Guarded(
        lambda p: -np.sum(np.where(p > 0, p * np.log(p), 0)), [0.0, 0.5], [0, np.log(2) - 1]
    ),
    "quotient by the divisor": Guarded(
        lambda y: np.sum(np.where(y != 0, np.array([1.0, 3.0]) / y, 0)), [0.0, 2.0], [0, -0.75]
    ),
    "both branches": Guarded(
        lambda x: np.sum(np.where(x > 0, np.log(x), np.log(-x))), [-2.0, 4.0], [-0.5, 0.25]
    ),
    "nested": Guarded(
        lambda x: np.sum(np.where(x > 0, np.where(x < 1, np.log(x), 1 / (x - 1)), 0)),
        [-1.0, 0.0, 0.5, 3.0],
        [0, 0, 2, -0.25],
    ),
    "nested the other way": Guarded(
        lambda x: np.sum(np.where(x > 1, x, np.where(x > 0, np.sqrt(x), 0) / (x + 2))),
        [-1.0, 0.0, 2.0],
        [0, 0, 1],
    ),
    "two masks of one value": Guarded(
        lambda x: np.sum(np.where(x > 0, np.log(x), 0) + np.where(x > 1, np.log(x) ** 2, 0)),
        [0.0, 0.5, 4.0],
        [0, 2, 0.25 + np.log(4) / 2],
    ),
    "a long branch": Guarded(
        lambda x: np.sum(np.where(x > 0, 3 * np.exp(2 * np.log(x)) + np.sqrt(x) / x, 0)),
        [-1.0, 0.0, 1.0],
        [0, 0, 5.5],
    ),
    "NaN replaced": Guarded(
        lambda x: np.sum(np.where(np.isnan(np.sqrt(x)), 0, np.sqrt(x))), [-1.0, 4.0], [0, 0.25]
    ),
    "an infinite weight": Guarded(
        lambda x: np.where(x[0] > 0, x @ np.array([np.inf, 1.0]), 0.0), [-1.0, 2.0], [0, 0]
    ),
    "products of rows, one infinite": Guarded(
        lambda x: np.sum(
            np.where(x[:, 0] > 0, np.einsum("ij,ij->i", x, [[np.inf, 1.0], [3.0, 4.0]]), 0.0)
        ),
        [[-1.0, 2.0], [1.0, 2.0]],
        [[0, 0], [3, 4]],
    ),
    "a scalar": Guarded(lambda x: np.where(x > 0, np.log(x), 0), 0.0, 0),
    "the norm at zero": Guarded(
        lambda x: np.where(np.sum(x * x) > 0, np.sqrt(np.sum(x * x)), 0), [0.0, 0.0], [0, 0]
    ),
    "the norm elsewhere": Guarded(
        lambda x: np.where(np.sum(x * x) > 0, np.sqrt(np.sum(x * x)), 0), [3.0, 4.0], [0.6, 0.8]
    ),
    "a branch with a sum": Guarded(
        lambda x: np.where(np.sum(x) > 0, np.log(np.sum(x)), np.sum(x * x)), [1.0, -1.0], [2, -2]
    ),
    "a scalar that is broadcast": Guarded(
        lambda x: np.sum(np.where(np.array([False, False]), 1 / x, MATRIX[1, :2])), 0.0, 0
    ),
    "a column that is broadcast": Guarded(
        lambda x: np.sum(np.where(x[:, None] > 0, np.log(x)[:, None] * np.ones((1, 3)), 0)),
        MIXED,
        [0, 0, 0.75],
    ),
    "rows of length zero": Guarded(
        normalized_rows,
        [[0.0, 0.0, 0.0], [3.0, 0.0, 4.0]],
        [[0, 0, 0], [(3 * 25 - 3 * 29) / 125, 4 / 5, (5 * 25 - 4 * 29) / 125]],
    ),
    "then squared": Guarded(
        lambda x: np.sum(np.where(x > 0, np.log(x), 1) ** 2), MIXED, [0, 0, np.log(4) / 2]
    ),
    "then a matrix product": Guarded(
        lambda x: np.sum(MATRIX @ np.where(x > 0, np.sqrt(x), 0)), MIXED, [0, 0, 7 / 4]
    ),
    "then a mean and exp": Guarded(
        lambda x: np.exp(np.mean(np.where(x > 0, np.log(x), 0))), MIXED, [0, 0, 4 ** (1 / 3) / 12]
    ),
    "within max": Guarded(lambda x: np.max(np.where(x > 0, np.log(x), -10)), MIXED, [0, 0, 0.25]),
    "within maximum": Guarded(
        lambda x: np.sum(np.maximum(np.where(x > 0, 1 / x, 0), 0.1)), MIXED, [0, 0, -0.0625]
    ),
    "then cumsum": Guarded(
        lambda x: np.sum(np.cumsum(np.where(x > 0, np.sqrt(x), 0))), MIXED[::-1], [0.75, 0, 0]
    ),
    "then indexed": Guarded(
        lambda x: np.sum(np.where(x != 0, 1 / x, 0)[::2]), [0.0, 1.0, 2.0], [0, 0, -0.25]
    ),
    "of what is indexed": Guarded(
        lambda x: np.sum(np.where(x[[2, 1, 2]] > 0, np.log(x[[2, 1, 2]]), 0)), MIXED, [0, 0, 0.5]
    ),
    "of what is moved": Guarded(
        lambda x: np.sum(np.where(x.T[::-1] > 0, np.log(x).T[::-1], 0)),
        [[0.0, 4.0], [-1.0, 2.0]],
        [[0, 0.25], [0, 0.5]],
    ),
    "of what is joined": Guarded(
        lambda x: np.sum(np.where(np.append(x, x) > 0, np.concatenate([np.log(x), np.sqrt(x)]), 0)),
        MIXED,
        [0, 0, 0.5],
    ),
    "of a sum over hidden rows": Guarded(
        lambda x: np.sum(np.where([True, False], np.sum(np.log(x), axis=1), 0)),
        [[1.0, 2.0], [0.0, -1.0]],
        [[1, 0.5], [0, 0]],
    ),
    "of a product with hidden rows": Guarded(
        lambda x: np.sum(np.where([True, False], np.sqrt(x) @ np.ones(2), 0)),
        [[1.0, 4.0], [0.0, -1.0]],
        [[0.5, 0.25], [0, 0]],
    ),
    "np.select": Guarded(
        lambda x: np.sum(np.select([x < 0, x < 1], [x * 0, x * x], np.sqrt(x - 1))),
        [-1.0, 0.5, 5.0],
        [0, 1, 0.25],
    ),
    "assigned": Guarded(assigned, MIXED, [0, 1, 0.25]),
    "in a loop": Guarded(looped, MIXED, [0, 0, 0.25]),
    "pushed through complex": Guarded(
        lambda x: np.sum(np.where(x > 0, np.real(np.log(x + 0j)), 0)), [0.0, 4.0], [0, 0.25]
    ),
}

guarded = pytest.mark.parametrize("case", GUARDED.values(), ids=GUARDED)


def at(case: Guarded) -> Any:
    return np.asarray(case.point, float)


@pytest.fixture(autouse=True)
def quiet():
    """NumPy warns of what the dead branch does when it runs untraced, which is not the point."""
    with np.errstate(all="ignore"):
        yield


def test_there_are_enough_cases():
    assert len(GUARDED) >= 30


@guarded
def test_the_dead_branch_has_no_finite_derivative(case):
    """Else the case would prove nothing: an unmasked product of derivatives is not finite."""
    names = {e.primitive.name for e in ad.trace(case.function)(at(case)).equations}
    assert names & {"select", "index_set", "scatter"}


@guarded
def test_reverse(case):
    np.testing.assert_allclose(ad.grad(case.function)(at(case)), case.derivative, rtol=1e-12)


@guarded
def test_forward(case):
    program, x = ad.trace(case.function)(at(case)), at(case)
    arrays = [x, *captured_by(case, program)]
    push = tangents(program, only_first(program))
    columns = np.eye(x.size).reshape(x.size, *x.shape)
    found = [evaluated(push, [*arrays, dx])[0] for dx in columns]
    np.testing.assert_allclose(np.reshape(found, x.shape), case.derivative, rtol=1e-12)


def only_first(program: Any) -> tuple[bool, ...]:
    return tuple([i == 0 for i in range(len(program.inputs))])


def captured_by(case: Guarded, program: Any) -> list[Any]:
    """The arrays that the function captures, found by tracing it with its own recorder."""
    kept: list[Any] = []

    def spy(x):
        y = case.function(x)
        kept.extend(y._builder.captured)
        return y

    ad.trace(spy)(at(case))
    assert len(kept) == len(program.inputs) - 1
    return kept


@guarded
def test_jit(case):
    fast = ad.jit(ad.grad(case.function if case is not GUARDED["in a loop"] else looped))
    np.testing.assert_allclose(fast(at(case)), case.derivative, rtol=1e-12)


@guarded
def test_vmap(case):
    x = np.stack([at(case), at(case)])
    found = ad.vmap(ad.grad(case.function))(x)
    np.testing.assert_allclose(found, [case.derivative] * 2, rtol=1e-12)


@guarded
def test_second_derivatives_are_finite_and_agree(case):
    """The Hessian times `u`: forward over reverse, reverse over reverse, reverse over forward."""
    program, x = ad.trace(case.function)(at(case)), at(case)
    arrays = [x, *captured_by(case, program)]
    one, u = np.ones(()), np.random.default_rng(0).uniform(-1, 1, x.shape)
    back, push = cotangents(program, only_first(program)), tangents(program, only_first(program))
    mixed = evaluated(cotangents(push, only_first(push)), [*arrays, u, one])[0]
    forward = evaluated(tangents(back, only_first(back)), [*arrays, one, u])[0]
    reverse = evaluated(cotangents(back, only_first(back)), [*arrays, one, u])[0]
    assert np.all(np.isfinite(forward))
    np.testing.assert_allclose(reverse, forward, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(mixed, forward, rtol=1e-10, atol=1e-13)


# ---- what is not guarded

UNGUARDED = {
    "the taken branch": (
        lambda x: np.sum(np.where(x <= 0, np.sqrt(x), 0)),
        [0.0, -1.0],
        [np.inf, np.nan],
    ),
    "zero times infinity": (lambda x: np.sum(0 * np.sqrt(x)), [0.0, 1.0], [np.nan, 0]),
    "zero from elsewhere": (
        lambda x: np.sum(np.where(x > 0, 0.0, np.sqrt(x)) * np.where(x < 0, 1.0, 0.0)),
        [0.0, 1.0],
        [np.nan, 0],
    ),
    "a sum of both": (
        lambda x: np.sum(np.where(x > 0, np.log(x), 0) + 0 / x),
        [0.0, 1.0],
        [np.nan, 1],
    ),
}


@pytest.mark.parametrize("name", UNGUARDED)
def test_what_is_not_guarded_stays(name):
    function, x, derivative = UNGUARDED[name]
    np.testing.assert_array_equal(ad.grad(function)(np.array(x)), derivative)
