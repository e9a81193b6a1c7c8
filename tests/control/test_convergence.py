"""`ensure` and `host`: what programs do on the host while they run."""

import warnings

import numpy as np
import pytest

from autodiff.control.convergence import ensure
from autodiff.control.host import host
from autodiff.errors import ConvergenceError, ConvergenceWarning, MissingRuleError
from autodiff.ir.types import type_of
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from tests.calculus import evaluated
from tests.programs import program

X = np.arange(3.0)


def ensured(x, ok, on_failure="raise"):
    params = {"name": "the root of f", "advice": "more steps", "on_failure": on_failure}
    return ensure(x, ok, np.int64(7), np.float64(0.5), **params)


def test_what_converged_passes():
    assert ensured(X, np.True_) is X


def test_what_did_not_is_an_error():
    with pytest.raises(ConvergenceError, match=r"the root of f .* in 7 steps.*0\.5.\n.*more steps"):
        ensured(X, np.False_)


def test_or_a_warning_or_nothing():
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        assert ensured(X, np.False_, "warn") is X
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ensured(X, np.False_, "ignore") is X


def test_it_counts_the_mapped_systems_that_failed():
    f = program(lambda x, ok: ensured(x, ok), "f64[3]", "bool[]")
    together, _ = batch(f, (False, True), 4)
    assert evaluated(together, [X, np.full(4, True)])[0].shape == (4, 3)
    with pytest.raises(ConvergenceError, match="for 1 of 4 mapped systems"):
        evaluated(together, [X, np.array([True, True, False, True])])


def test_its_derivative_is_that_of_the_identity():
    f = program(lambda x, ok: ensured(x, ok), "f64[3]", "bool[]")
    forward, moving = jvp(f, (True, False))
    assert moving == (True,)
    assert forward.outputs[1] is forward.inputs[2]


# ---- host


def twice(x, y):
    return [2 * x, x.sum() + y]


def calling(function=twice):
    types = (type_of(X), type_of(np.float64(0)))
    return program(lambda x, y: host(x, y, function=function, types=types), "f64[3]", "f64[]")


def test_a_function_of_arrays():
    a, b = evaluated(calling(), [X, np.float64(1)])
    np.testing.assert_array_equal(a, 2 * X)
    assert b == 4


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_calls_it_for_each_row(mapped):
    together, _ = batch(calling(), mapped, 4)
    xs = [np.arange(12.0).reshape(4, 3) if mapped[0] else X, np.arange(4.0) if mapped[1] else 1.0]
    found = evaluated(together, xs)
    for i in range(4):
        row = [x[i] if m else x for x, m in zip(xs, mapped, strict=True)]
        for y, expected in zip(found, twice(*row), strict=True):
            np.testing.assert_array_equal(y[i], expected)


def test_maps_nest():
    inner, _ = batch(calling(), (True, False), 4)
    outer, _ = batch(inner, (False, True), 2)
    a, b = evaluated(outer, [np.ones((4, 3)), np.array([1.0, 2.0])])
    assert a.shape == (2, 4, 3)
    np.testing.assert_array_equal(b, [[4.0] * 4, [5.0] * 4])


def test_shapes_of_results_are_checked():
    with pytest.raises(ValueError, match="was to give"):
        evaluated(calling(lambda x, y: [x[:2], y]), [X, np.float64(1)])


def test_it_has_no_derivative():
    with pytest.raises(MissingRuleError, match="on the host"):
        jvp(calling(), (True, False))
