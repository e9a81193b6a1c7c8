"""The errors that a newcomer meets first: each names the line and says what to write instead."""

import re

import numpy as np
import pytest
from numpy import array as own_array
from numpy import asarray as own_asarray

import autodiff as ad
from autodiff.errors import (
    EscapeError,
    LeakedTracerError,
    NoValueError,
    UnsupportedFunctionError,
)

X = np.array([1.0, 2.0, 3.0])
HERE = r"test_first_errors\.py:\d+"


def raised(expected: type[Exception], call) -> str:
    """The text of the error that a call raises."""
    with pytest.raises(expected) as found:
        call()
    return "\n".join([str(found.value), *getattr(found.value, "__notes__", [])])


def test_an_integer_argument():
    text = raised(TypeError, lambda: ad.grad(lambda n: n * 2.0)(3))
    assert re.search(rf"grad of fun by `n`, which is the int 3.*\n  at {HERE}", text, re.DOTALL)
    assert "`float(n)`" in text


def test_an_array_of_integers():
    text = raised(TypeError, lambda: ad.grad(lambda n: np.sum(n * 2.0))(np.arange(3)))
    assert re.search(rf"`n`, which is of dtype int64.*{HERE}", text, re.DOTALL)
    assert "`n.astype(float)`" in text


def test_a_result_that_is_no_scalar():
    text = raised(TypeError, lambda: ad.grad(np.sin)(X))
    assert re.search(rf"sin returned f64\[3\].*{HERE}", text, re.DOTALL)
    assert "ad.jacobian" in text
    assert "np.sum" in text
    assert "ad.vjp" in text


def test_trees_that_do_not_match():
    params = {"w": X, "b": X}
    text = raised(ValueError, lambda: ad.jvp(lambda p: p["w"] * p["b"], (params,), ({"w": X},)))
    assert "'b'" in text
    assert re.search(HERE, text)


def test_a_value_under_jit():
    def f(x, steps):
        if x.sum() > 0:
            return x
        return -x

    text = raised(NoValueError, lambda: ad.jit(f)(X, 3))
    assert re.search(rf"depends on `x`, which has no value.*\n  at {HERE}, in f", text)
    assert "np.where" in text
    assert "static_argnames" in text


def test_a_tracer_that_leaked():
    kept = []

    def f(x):
        y = np.sin(x)
        kept.append(y)
        return np.sum(y)

    ad.grad(f)(X)
    text = raised(LeakedTracerError, lambda: kept[0] + 1)
    assert re.search(rf"a traced value of f.*, made at {HERE}", text)
    assert re.search(rf"used after that function had returned\n  at {HERE}", text)
    assert "return it from the function" in text


def test_assignment_to_a_captured_array():
    buffer = np.zeros(3)

    def f(x):
        y = x * buffer
        buffer[0] = 1.0
        return np.sum(y)

    text = raised(ValueError, lambda: ad.grad(f)(X))
    assert "read-only" in text
    assert "buffer = buffer.copy()" in text
    buffer[0] = 1.0  # and it is writeable again


def test_assignment_to_an_argument():
    def f(x):
        x[0] = 0.0
        return np.sum(x)

    text = raised(Exception, lambda: ad.grad(f)(X))
    assert re.search(HERE, text)
    assert "copy()" in text


def test_a_function_without_a_traced_form():
    text = raised(
        UnsupportedFunctionError, lambda: ad.grad(lambda x: np.sum(np.busday_offset(x, 1)))(X)
    )
    assert re.search(rf"busday_offset has no traced form\.\n  at {HERE}", text)
    assert "ad.value_of(x)" in text


def test_shapes_that_do_not_broadcast():
    text = raised(ValueError, lambda: ad.grad(lambda x: np.sum(x + np.ones((2, 4))))(X))
    assert re.search(rf"broadcast together with shapes \(3,\) \(2, 4\)\n  at {HERE}", text)
    assert "x[:, None]" in text


def test_shapes_that_do_not_multiply():
    text = raised(ValueError, lambda: ad.grad(lambda x: np.sum(x @ np.ones((2, 4))))(X))
    assert re.search(rf"shapes \(3,\) and \(2, 4\) do not fit.*\n  at {HERE}", text)
    assert "x @ y.T" in text


@pytest.mark.parametrize(
    "escape",
    [
        lambda x: float(x[0]) * x[1],
        lambda x: own_asarray(x)[0],
        lambda x: own_array([x[0], x[1]])[0],
        lambda x: np.zeros(3).__setitem__(0, x[0]),
    ],
)
def test_escapes(escape):
    text = raised(EscapeError, lambda: ad.grad(escape)(X))
    assert re.search(rf"\n  at {HERE}", text)
    assert "Write instead:" in text
    assert "ad.stop_gradient" in text


def test_a_gradient_that_is_zero_because_something_cuts_the_path():
    def f(x):
        steps = np.floor(x)
        return np.sum(steps * 2)

    with pytest.warns(ad.errors.ZeroGradientWarning) as found:
        gradient = ad.grad(f)(X)
    np.testing.assert_array_equal(gradient, np.zeros(3))
    assert re.search(rf"It ends in `floor` at {HERE}", str(found[0].message))
