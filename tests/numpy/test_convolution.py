"""`np.convolve` and `np.correlate`: all modes, dtypes and orders of lengths; memory; refusals."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import autodiff as ad

RNG = np.random.default_rng(0)
FUNCTIONS = (np.convolve, np.correlate)
PAIRS = ["dd", "fd", "ee", "gf", "Ff", "DD", "??", "bB", "lf", "Ge", "?e", "il"]


def sequence(n, dtype):
    x = 3 * RNG.normal(size=n) + (1j * RNG.normal(size=n) if dtype in "FDG" else 0)
    return np.asarray(x).astype(dtype)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("mode", ["full", "same", "valid", 0, 1, 2])
@pytest.mark.parametrize(
    "lengths", [(1, 1), (5, 1), (1, 4), (6, 3), (6, 4), (3, 6), (4, 7), (5, 5)]
)
def test_values_and_dtypes(function, mode, lengths):
    for pair in PAIRS:
        x, y = (sequence(n, dtype) for n, dtype in zip(lengths, pair, strict=True))
        expected = function(x, y, mode)
        found = ad.jit(lambda x, y: function(x, y, mode))(x, y)
        assert found.dtype == expected.dtype
        tolerance = 1e-2 if expected.dtype == "e" else 1e-5
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_infinities_stay_where_they_are(function, mode):
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([np.inf, 1.0, 2.0])
    found = ad.jit(lambda x, y: function(x, y, mode))(x, y)
    np.testing.assert_array_equal(found, function(x, y, mode))
    found = ad.jit(lambda x, y: function(y, x, mode))(x, y)
    np.testing.assert_array_equal(found, function(y, x, mode))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_gradients_take_linear_memory(mode):
    x, y = RNG.normal(size=3000), RNG.normal(size=1000)
    gradient = ad.jit(ad.grad(lambda x, y: np.sum(np.convolve(x, y, mode) ** 2), argnums=(0, 1)))
    gradient(x, y)
    tracemalloc.start()
    gradient(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * x.nbytes


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numbers_and_lists(function):
    x = np.array([1.0, 2.0], np.float32)
    found = ad.jit(lambda x: function(x, [1, 2], "full"))(x)
    expected = function(x, [1, 2], "full")
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype == np.float64
    assert ad.jit(lambda x: np.convolve(x, 2.0))(x).dtype == np.convolve(x, 2.0).dtype


@pytest.mark.parametrize("function", FUNCTIONS)
def test_refusals(function):
    x = np.arange(3.0)
    for other in ([], [[1.0]]):
        with pytest.raises(ValueError, match=r"test_convolution.py:(.|\n)*scipy\.signal"):
            ad.jit(lambda x, y=other: function(x, y))(x)
    with pytest.raises(ValueError, match="'valid', 'same', or 'full'"):
        ad.jit(lambda x: function(x, x, "v"))(x)
    with pytest.raises(ValueError, match="one axis"):
        ad.jit(lambda x: np.correlate(x, 2.0))(x)
