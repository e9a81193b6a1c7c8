"""Constructors of the module `numpy` see tracers while, and only while, a function is traced."""

from threading import Barrier, Thread

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, -1.5, 2.0])
OWN = {name: getattr(np, name) for name in ("array", "asarray", "full", "asarray_chkfinite")}


def assert_own():
    assert {name: getattr(np, name) for name in OWN} == OWN


CONSTRUCTIONS = {
    "asarray": lambda x: np.asarray(x) * 2,
    "asarray with a dtype": lambda x: np.asarray(x, dtype=np.float32),
    "array": lambda x: np.array(x, copy=True) * x,
    "array of axes": lambda x: np.array(x, ndmin=2) * x,
    "array of several": lambda x: np.array([x[0], 1.0, x[1] * x[2]]),
    "array of arrays": lambda x: np.array([[x, 2 * x], [x * x, np.ones(3)]]),
    "array of tuples": lambda x: np.array((x[0], (x[1]))),
    "asanyarray": lambda x: np.asanyarray([x[0], x[1]]),
    "ascontiguousarray": lambda x: np.ascontiguousarray(x[::-1]),
    "asarray_chkfinite": lambda x: np.asarray_chkfinite(x) ** 2,
    "full": lambda x: np.full((2, 3), x),
    "full of a scalar": lambda x: np.full(2, x[1]),
    "by keyword": lambda x: np.array(object=[x[0], x[0]]),
}


@pytest.mark.parametrize("case", CONSTRUCTIONS)
def test_an_array_of_traced_values_is_traced(case):
    f = CONSTRUCTIONS[case]
    tangent = np.array([1.0, 2.0, -1.0])
    value, slope = ad.jvp(f, (X,), (tangent,))
    expected = f(X)
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(ad.jit(f)(X), expected)
    step = 1e-6
    difference = (f(X + step * tangent) - f(X - step * tangent)) / (2 * step)
    rough = 1e-8 if expected.dtype == float else 0.3
    np.testing.assert_allclose(slope, difference, rtol=rough, atol=rough)


def test_other_data_get_numpys_own():
    def f(x):
        plain = np.array([1.0, 2.0, 3.0])
        assert type(plain) is np.ndarray
        assert type(np.asarray([1, 2])) is np.ndarray
        with pytest.raises(ValueError, match="inhomogeneous"):
            np.array([[1.0], [1.0, 2.0]])
        return np.sum(plain * x)

    np.testing.assert_array_equal(ad.grad(f)(X), [1, 2, 3])


def test_numpy_is_as_it_was_outside_of_traces():
    ad.grad(lambda x: np.sum(np.asarray(x)))(X)
    assert_own()
    with pytest.raises(ZeroDivisionError):
        ad.grad(lambda x: 1 / 0)(X)
    assert_own()
    ad.grad(lambda x: np.sum(ad.grad(lambda y: np.sum(np.array([y[0], x[1]]) ** 2))(x)))(X)
    assert_own()


def test_a_trace_in_another_thread_ends_for_itself():
    """The first to end must not take the constructors from the other."""
    inside, ended = Barrier(2), Barrier(2)
    found = []

    def slow(x):
        inside.wait()
        ended.wait()
        return np.sum(np.array([x[0], x[1]]) ** 2)

    def quick(x):
        inside.wait()
        return np.sum(np.asarray(x))

    thread = Thread(target=lambda: found.append(ad.grad(slow)(X)))
    thread.start()
    ad.grad(quick)(X)
    ended.wait()
    thread.join()
    np.testing.assert_array_equal(found[0], [1.0, -3.0, 0.0])
    assert_own()


def test_code_that_asks_whether_it_has_an_array_is_told_so():
    def f(x):
        assert isinstance(x, np.ndarray)
        assert not isinstance(np.sum(x), np.ndarray)
        return np.sum(x * x)

    np.testing.assert_array_equal(ad.grad(f)(X), 2 * X)
    np.testing.assert_array_equal(ad.vmap(ad.grad(f))(X[None]), 2 * X[None])


def test_a_function_that_begins_to_need_them_gets_them():
    """Those that did not are traced without; what fails then is called again, with them."""
    calls = []

    def f(x):
        calls.append(np.asarray is OWN["asarray"])
        if x[0] > 0:
            return np.sum(x * x)
        return np.sum(np.asarray([x[0], x[1]]) ** 3)

    gradient = ad.grad(f)
    for _ in range(3):
        np.testing.assert_array_equal(gradient(X), 2 * X)
    assert calls == [False, True, True]
    np.testing.assert_array_equal(gradient(-X), [0.75, 6.75, 0])
    assert calls[3:] == [True, False]
    gradient(-X)
    assert calls[5:] == [False]
    with pytest.raises(ZeroDivisionError):
        ad.grad(lambda x: np.sum(x) / 0 if np.sum(x) else 1 / 0)(0 * X)
