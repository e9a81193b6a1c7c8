"""Quantiles where NumPy's dtypes and errors are particular; the ordinary is in test_reductions."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import check_call, check_gradient, sample
from tests.numpy.running import traced

X = np.array([3.0, -1.0, 2.0, 5.0])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i4", "i8"])
@pytest.mark.parametrize("q", [0, 1, 0.5, np.float32(0.5), np.float64(0.5), [0, 1], [0.25, 1.0]])
def test_dtypes_follow_those_of_array_and_quantile(q, dtype):
    x = X.astype(dtype)
    check_call(lambda x: np.quantile(x, q), x)
    check_call(lambda x: np.nanquantile(x, q), x)
    check_call(lambda x: np.percentile(x, np.multiply(q, 10)), x)


def test_of_booleans_there_are_the_least_and_the_greatest():
    check_call(lambda x: np.quantile(x, [0, 1]), X > 0)
    with pytest.raises(TypeError, match="real numbers"):
        traced(lambda x: np.quantile(x, 0.5), X > 0)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i4", "?"])
def test_nanmedian(dtype):
    x = sample((4, 3), dtype)
    if dtype[0] in "fc":
        x[1, 0] = x[2, 0] = x[:, 2] = np.nan
    for axis in (0, 1, None):
        check_call(lambda x, axis=axis: np.nanmedian(x, axis=axis, keepdims=True), x)


def test_gradient_of_nanmedian():
    check_gradient(lambda x: np.nanmedian(x), X)
    x = np.array([[3.0, np.nan, 2.0, 5.0], [np.nan] * 4])
    gradient = ad.grad(lambda x: np.sum(np.nanmedian(x, axis=1)))(x)
    np.testing.assert_array_equal(gradient, [[1, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("method", ["linear", "higher", "weibull", "inverted_cdf"])
@pytest.mark.parametrize("q", [1, 0.999, [0.0, 0.5, 1.0]])
def test_the_greatest_of_what_is_not_nan(q, method):
    x = np.array([[1.0, np.nan, 3.0, -2.0], [np.nan] * 4, [4.0, 9.0, 2.0, 1.0], [np.nan] * 4])
    x[3, 1] = 5.0
    check_call(lambda x: np.nanquantile(x, q, axis=1, method=method), x)
    check_call(lambda x: np.nanpercentile(x, np.multiply(q, 100), method=method), x)


def test_gradient_of_the_greatest_of_what_is_not_nan():
    x = np.array([[3.0, np.nan, 2.0, 5.0], [np.nan, 1.0, np.nan, np.nan]])
    gradient = ad.grad(lambda x: np.sum(np.nanquantile(x, 1.0, axis=1)))(x)
    np.testing.assert_array_equal(gradient, [[0, 0, 0, 1], [0, 1, 0, 0]])


@pytest.mark.parametrize("q", [0.5, [0.25, 0.5]])
def test_nothing_but_nan_in_no_elements(q):
    check_call(lambda x: np.nanquantile(x, q, axis=0), np.zeros((0, 3)))
    check_call(lambda x: np.nanmedian(x, axis=0), np.zeros((0, 3)))


@pytest.mark.parametrize("weights", [[1, -1, 2, 1], [0, 0, 0, 0], [1, np.nan, 1, 1]])
def test_weights_that_make_no_sense(weights):
    how = {"weights": np.array(weights, float), "method": "inverted_cdf"}
    with pytest.raises(ValueError, match="Weights"):
        traced(lambda x: np.quantile(x, 0.5, **how), X)
