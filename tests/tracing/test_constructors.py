"""Constructors of the module `numpy` see tracers while, and only while, a function is traced."""

import pickle
from collections import namedtuple
from threading import Barrier, Thread

import numpy as np
import pytest
from numpy import asarray as numpys_asarray

import autodiff as ad
from autodiff.errors import EscapeError

X = np.array([0.5, -1.5, 2.0])
Pair = namedtuple("Pair", "first second")
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
    "sum of a list": lambda x: np.sum([x[0], 2 * x[1], 3.0]) * np.ones(2),
    "mean of lists": lambda x: np.mean([[x[0], x[1]], [1.0, x[2]]], axis=0),
    "largest of a list": lambda x: np.max([x[0], x[1] * x[2], -7.0]) * np.ones(1),
    "by keyword": lambda x: np.array(object=[x[0], x[0]]),
    "array of a named tuple": lambda x: np.array(Pair(x[0], x[1] * x[2])),
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


def switching(first, then):
    """A function that does one thing the first time, and another from then on."""
    calls = []

    def f(x, y):
        calls.append(1)
        return (first if len(calls) == 1 else then)(x, y)

    return f, calls


def test_code_that_catches_the_error_itself_gets_a_traced_array():
    def catching(x, y):
        try:
            return np.sum(np.asarray(x) * x)
        except Exception:
            return np.sum(0 * x)

    gradient = ad.grad(switching(lambda x, y: np.sum(x + y), catching)[0])
    np.testing.assert_array_equal(gradient(X, X), [1, 1, 1])
    np.testing.assert_array_equal(gradient(X, X), 2 * X)
    assert_own()


def test_an_array_of_what_no_derivative_depends_on_shares_memory_with_it():
    def writing(x, y):
        z = y * 2
        np.asarray(z)[0] = 100.0
        return np.sum(x * z)

    gradient = ad.grad(switching(lambda x, y: np.sum(x + y), writing)[0])
    gradient(X, X)
    np.testing.assert_array_equal(gradient(X, X), [100, -3, 4])


def test_numpys_own_asarray_gives_numbers_that_cannot_be_written_to():
    def f(x):
        z = ad.stop_gradient(x) * 2
        assert numpys_asarray(z, dtype=np.float32).flags.writeable  # a copy
        numpys_asarray(z)[0] = 100.0  # in NumPy, this would change z
        return np.sum(x * z)

    with pytest.raises(ValueError, match="read-only"):
        ad.grad(f)(X)


def test_a_function_that_fails_for_a_reason_of_its_own_is_called_once():
    def fail(x, y):
        raise ZeroDivisionError

    f, calls = switching(lambda x, y: np.sum(x * y), fail)
    inner = ad.grad(f)
    outer = ad.grad(lambda x: np.sum(inner(x, x)))
    outer(X)
    calls[1:] = []
    with pytest.raises(ZeroDivisionError):
        outer(X)
    assert len(calls) == 2
    assert_own()


def test_a_name_that_somebody_else_has_exchanged_is_left_alone(monkeypatch):
    def counting(*args, **kwargs):
        return OWN["asarray"](*args, **kwargs)

    def f(x):
        monkeypatch.setattr(np, "asarray", counting)
        return np.sum(x * np.asarray([1.0, 2.0, 3.0]) * np.array([x[0], 1.0, 1.0]))

    np.testing.assert_array_equal(ad.grad(f)(X), [1, 2, 3])
    assert np.asarray is counting
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(np.array([x[0]])))(X), [1, 0, 0])
    assert np.asarray is counting
    monkeypatch.undo()
    np.asarray = OWN["asarray"]
    assert_own()


def test_an_interrupted_trace_gives_numpy_back():
    def interrupt(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ad.grad(interrupt)(X)
    assert_own()


def test_what_may_not_be_copied_and_what_is_not_finite():
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        ad.jit(lambda x: np.array([x[0], x[1]], copy=False))(X)
    with pytest.raises(ValueError, match="infs or NaNs"):
        ad.grad(lambda x: np.sum(np.asarray_chkfinite(x)))(X * np.nan)


def test_pickling_would_lose_the_gradient():
    with pytest.raises(EscapeError, match=r"pickle\.dumps"):
        ad.grad(lambda x: np.sum(pickle.loads(pickle.dumps(x))))(X)
    square = ad.grad(lambda x: np.sum(x * pickle.loads(pickle.dumps(ad.stop_gradient(x)))))
    np.testing.assert_array_equal(square(X), X)


@pytest.mark.parametrize("scalar", [bool, int, float, complex])
@pytest.mark.parametrize("transform", [ad.jit, ad.grad], ids=["jit", "grad"])
def test_arrays_of_several_elements_are_no_scalars_as_in_numpy(scalar, transform):
    with pytest.raises((TypeError, ValueError)) as expected:
        scalar(X)
    with pytest.raises(expected.type, match=str(expected.value)[:40]):
        transform(lambda x: scalar(x))(X)


def test_polygamma_of_scipy_is_traced_under_any_name():
    """It is written in Python, with the `asarray` that SciPy took out of NumPy."""
    special = pytest.importorskip("scipy.special")
    polygamma, at = special.polygamma, np.array([2.0, 3.5])
    gradient = ad.vmap(ad.grad(lambda x: polygamma(1, x)))
    np.testing.assert_allclose(gradient(at), polygamma(2, at), rtol=1e-13)
    np.testing.assert_allclose(ad.jit(lambda x: polygamma(0, x))(at), special.psi(at), rtol=1e-14)
    assert vars(special._basic)["asarray"] is OWN["asarray"]
