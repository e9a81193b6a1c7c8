"""Python's own control flow on traced values, and what happens where there is no value."""

import math
import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import NoValueError

X = np.array([0.5, -1.5, 2.0])


# ---- control flow


def test_if():
    def f(x):
        if x.sum() > 0:
            return np.sum(x**2)
        return np.sum(x)

    np.testing.assert_allclose(ad.grad(f)(X), 2 * X)
    np.testing.assert_allclose(ad.grad(f)(-X), np.ones(3))


def test_elif_and_or_not_and_ternary():
    def f(x):
        if x[0] > 1 and x[1] > 1:
            return x[0]
        elif not x[2] < 1 or x[0] < -5:
            return x[1] * 3 if x[1] < 0 else x[2]
        return np.sum(x)

    assert ad.grad(f)(X).tolist() == [0, 3, 0]


def test_while_until_converged():
    """The square root by Newton's method; the derivative is that of the square root."""

    def root(a):
        x, error = a, 1.0
        while error > 1e-12:
            new = 0.5 * (x + a / x)
            x, error = new, abs(new - x)
        return x

    np.testing.assert_allclose(ad.grad(root)(2.0), 0.5 / math.sqrt(2), rtol=1e-12)
    np.testing.assert_allclose(ad.grad(ad.grad(root))(2.0), -0.25 * 2**-1.5, rtol=1e-8)


def test_a_count_that_is_computed():
    def f(x):
        total = 0.0
        for i in range(int(np.argmax(x)) + 1):
            total = total + x[i] ** 2
        return total

    np.testing.assert_allclose(ad.grad(f)(X), 2 * X)
    np.testing.assert_allclose(ad.grad(f)(X[::-1].copy()), [4, 0, 0])


def test_an_index_that_is_computed():
    table = [10.0, 20.0, 30.0]
    assert ad.grad(lambda x: table[np.argmax(x)] * np.sum(x))(X).tolist() == [30, 30, 30]


def test_sorting_with_python():
    def f(x):
        largest = max(x)  # compares tracers, and returns one
        return largest * sorted(x)[0]

    assert ad.grad(f)(X).tolist() == [0, 2.0, -1.5]


def test_assert_and_isfinite():
    def f(x):
        assert np.all(np.isfinite(x)), "must be finite"
        return np.sum(x)

    assert ad.grad(f)(X).tolist() == [1, 1, 1]
    with pytest.raises(AssertionError, match="must be finite"):
        ad.grad(f)(np.array([np.nan]))


def test_printing_shows_the_value(capsys):
    def f(x):
        y = x * 2
        print("y is", y)
        print(f"{y[0]:.3f}")
        return np.sum(y)

    ad.grad(f)(X)
    printed = capsys.readouterr().out
    assert "[ 1. -3.  4.]" in printed
    assert "1.000" in printed


def test_only_what_is_asked_for_is_computed(monkeypatch):
    ran = []
    original = ad.primitives.trigonometric.sin.run

    def f(x):
        np.sin(x)
        if x[0] > 0:
            return np.sum(x)
        return x[0]

    def spy(xp, x):
        ran.append(x)
        return original(xp, x)

    spied = ad.primitives.trigonometric.sin
    object.__setattr__(spied, "run", spy)
    try:
        ad.grad(f)(X)
    finally:
        object.__setattr__(spied, "run", original)
    assert ran == []


def test_a_value_is_computed_once():
    ran = []
    spied = ad.primitives.exponential.exp
    original = spied.run

    def spy(xp, x):
        ran.append(x)
        return original(xp, x)

    def f(x):
        y = np.exp(x)
        for _ in range(5):
            if y.sum() > 100:
                return y.sum()
        return np.sum(x)

    object.__setattr__(spied, "run", spy)
    try:
        ad.grad(f)(X)
    finally:
        object.__setattr__(spied, "run", original)
    assert len(ran) == 1


# ---- nesting: an inner trace asks the outer one


def test_inner_and_outer_values():
    def outer(x):
        def inner(y):
            if x.sum() > 0 and y.sum() > x[0]:
                return np.sum(x * y**2)
            return np.sum(y)

        return np.sum(ad.grad(inner)(2 * x))  # sum of 4 x^2

    np.testing.assert_allclose(ad.grad(outer)(X), 8 * X)


def test_the_value_of_a_derivative():
    def f(x):
        slope = ad.grad(lambda y: y**3)(x)
        return x * 2 if slope > 1 else x

    assert ad.grad(f)(1.0) == 2
    assert ad.grad(f)(0.1) == 1


def test_what_vmap_does_not_map_has_a_value():
    def f(w, x):
        return np.sum(w) * x if w.sum() > 0 else x

    found = ad.vmap(f, in_axes=(None, 0))(X, np.ones(4))
    np.testing.assert_allclose(found, np.full(4, 1.0))


def test_a_jitted_function_within_grad_has_no_values():
    jitted = ad.jit(lambda x: x if x > 0 else -x)
    with pytest.raises(NoValueError):
        ad.grad(lambda x: jitted(x) * 2)(1.0)


# ---- no value

CASES = {
    "if": lambda x: x if np.sum(x) > 0 else -x,
    "while": lambda x: [None for _ in iter(lambda: bool(np.sum(x) > 0), False)],
    "int": lambda x: range(int(np.argmax(x))),
    "index": lambda x: [1, 2, 3][np.argmax(x)],
    "in": lambda x: 2.0 in x,
    "and": lambda x: np.sum(x) and x,
    "boolean index": lambda x: x[x > 0],
    "nonzero": lambda x: np.nonzero(x),
}


@pytest.mark.parametrize("case", CASES)
def test_under_jit_there_is_no_value(case):
    def loss(data):
        return CASES[case](data)

    with pytest.raises(NoValueError) as caught:
        ad.jit(loss)(X)
    text = str(caught.value)
    assert "`data`" in text
    assert "loss (under jit)" in text
    assert re.search(r"at .*test_values\.py:\d+", text)
    assert "np.where(condition, a, b)" in text
    assert "static_argnames" in text


def test_under_vmap_there_is_no_value():
    def step(state, rate):
        return state if rate > 0 else -state

    with pytest.raises(NoValueError, match=r"`rate`.*step \(under vmap\)") as caught:
        ad.vmap(step)(np.ones((2, 3)), np.ones(2))
    assert "in_axes" in str(caught.value)


def test_the_line_of_the_question_is_named():
    def loss(x):
        y = np.sin(x)
        if y.sum() > 0:  # the question
            return np.sum(y)
        return np.sum(x)

    line = loss.__code__.co_firstlineno + 2
    with pytest.raises(NoValueError, match=rf"test_values\.py:{line}, in loss"):
        ad.jit(loss)(X)


def test_the_argument_that_matters_is_named_and_not_another():
    def loss(weights, n):
        return np.sum(weights) * sum(range(int(n)))

    with pytest.raises(NoValueError, match="depends on `n`"):
        ad.jit(loss)(X, 3)
    fast = ad.jit(loss, static_argnames="n")
    np.testing.assert_allclose(fast(X, 4), 6 * X.sum())


def test_print_under_jit_shows_the_type():
    shown = []
    ad.jit(lambda x: shown.append(repr(x * 2)) or x)(X)
    assert shown == ["traced f64[3]"]
