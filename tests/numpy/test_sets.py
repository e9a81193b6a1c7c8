"""Arrays as sets, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, check_call
from tests.numpy.running import traced

X = np.array([[3, 1, 3, 2], [1, 1, 0, 2], [3, 1, 3, 2]])
EVERYTHING = {"return_index": True, "return_inverse": True, "return_counts": True}


def check(f, *arrays):
    check_call(f, *arrays, compiled=False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_unique(dtype):
    x = X.astype(dtype)
    for axis in (None, 0, 1):
        check(lambda x, axis=axis: np.unique(x, axis=axis), x)
        check(lambda x, axis=axis: np.unique(x, axis=axis, **EVERYTHING), x)
    for f in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values):
        check(lambda x, f=f: tuple(f(x)) if f is not np.unique_values else f(x), x)


def test_unique_with_nan():
    x = np.array([np.nan, 1.0, np.nan, 0.0, 1.0])
    check(lambda x: np.unique_values(x), x)
    for size, how in ((3, EVERYTHING), (4, {"equal_nan": False, **EVERYTHING})):
        check(lambda x, how=how: np.unique(x, **how), x)
        found = ad.jit(lambda x, n=size, how=how: ad.numpy.unique(x, size=n, **how))(x)
        for y, want in zip(found, np.unique(x, **how), strict=True):
            np.testing.assert_array_equal(y, want)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_unique_of_a_known_size_under_jit_and_outside_of_traces(axis):
    expected = np.unique(X, axis=axis, **EVERYTHING)
    size = len(expected[1])
    for x in (X, X.astype(float)):
        sized = lambda x: ad.numpy.unique(x, axis=axis, size=size, **EVERYTHING)
        for found in (ad.jit(sized)(x), sized(x)):
            for y, want in zip(found, expected, strict=True):
                assert y.shape == want.shape
                np.testing.assert_array_equal(y, want)


def test_unique_of_more_or_fewer_than_there_are():
    values, counts = ad.jit(lambda x: ad.numpy.unique(x, size=2, return_counts=True))(X)
    np.testing.assert_array_equal(values, [0, 1])
    np.testing.assert_array_equal(counts, [1, 4])
    values, index, counts = ad.jit(
        lambda x: ad.numpy.unique(x, True, False, True, size=6, fill_value=-1)
    )(X)
    np.testing.assert_array_equal(values, [0, 1, 2, 3, -1, -1])
    np.testing.assert_array_equal(index, [6, 1, 3, 0, 6, 6])
    np.testing.assert_array_equal(counts, [1, 4, 3, 4, 0, 0])
    np.testing.assert_array_equal(ad.numpy.unique(X, size=6), [0, 1, 2, 3, 0, 0])
    assert ad.numpy.unique(X[:0], size=0).shape == (0,)
    with pytest.raises(ValueError, match="fill_value"):
        ad.numpy.unique(X[:0], size=1)


def test_unique_of_a_known_size_agrees_with_jax():
    jax = pytest.importorskip("jax")
    x = np.array([2.0, 0.5, 2.0, 1.0])
    for size in (2, 3, 5):
        for fill_value in (None, 7.0):
            how = {"size": size, "fill_value": fill_value}
            found = ad.jit(lambda x, how=how: ad.numpy.unique(x, **how))(x)
            np.testing.assert_array_equal(found, jax.numpy.unique(x, **how))


def test_unique_without_a_size_says_what_to_write_under_jit():
    with pytest.raises(ad.errors.NoValueError, match=r"np\.unique.*\n.*\n.*ad\.numpy\.unique"):
        ad.jit(lambda x: np.unique(x))(X)
    with pytest.raises(ad.errors.NoValueError, match=r"np\.intersect1d.*\n.*\n.*np\.isin"):
        ad.jit(lambda x: np.intersect1d(x, x))(X)


def test_gradients_reach_first_occurrences():
    x = np.array([3.0, 1.0, 3.0])
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(np.unique(x) ** 2))(x), [6.0, 2.0, 0.0])
    y = np.array([1.0, 5.0])
    gradient = ad.grad(lambda x, y: np.sum(np.union1d(x, y) ** 2), argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(gradient[0], [6.0, 2.0, 0.0])
    np.testing.assert_array_equal(gradient[1], [0.0, 10.0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("assume_unique", [False, True])
def test_two_sets(dtype, assume_unique):
    x, y = np.array([4, 2, 0, 1]).astype(dtype), np.array([3, 1, 4]).astype("f4")
    if assume_unique and dtype == "?":
        return
    for f in (np.intersect1d, np.setdiff1d, np.setxor1d):
        check(lambda x, y, f=f: f(x, y, assume_unique), x, y)
    check(lambda x, y: np.intersect1d(x, y, assume_unique, return_indices=True), x, y)
    check(np.union1d, x, y)
    check(lambda x: np.union1d([9, 1], x), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_isin(dtype):
    x = X.astype(dtype)
    check_call(lambda x: np.isin(x, [1, 3, 9]), x)
    check_call(lambda x: np.isin(x, [1, 3], invert=True), x)
    check_call(lambda x: np.isin(x, []), x)
    check_call(lambda x: np.isin([[1], [7]], x), x)
    check_call(lambda x: np.isin(2, x), x)


def test_isin_never_finds_nan():
    check_call(np.isin, np.array([1.0, np.nan]), np.array([np.nan, 1.0, np.inf]))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i1", "u2", "i8", "c8", "c16"])
def test_sort_complex(dtype):
    check_call(np.sort_complex, X.astype(dtype))


def test_plain_arrays_stay_plain_within_a_trace():
    def f(x):
        found = ad.numpy.unique(np.array([2, 1, 2]))
        assert isinstance(found, np.ndarray)
        return x[found]

    np.testing.assert_array_equal(traced(f, np.arange(4.0)), [1.0, 2.0])


def test_sets_of_nothing():
    nothing = np.zeros((0,))
    check(lambda x, y: np.setxor1d(x, y), nothing, nothing)
    found = ad.jit(lambda x: ad.numpy.unique(x, size=1, fill_value=2.0, return_inverse=True))(
        np.zeros((2, 0))
    )
    assert [y.shape for y in found] == [(1,), (2, 0)]
