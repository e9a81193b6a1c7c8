"""Counting, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, check_call
from tests.numpy.running import traced

X = np.random.default_rng(0).normal(size=40).round(1)
W = np.random.default_rng(1).uniform(0, 1, 40)
EDGES = [-1.0, -0.5, 0.0, 0.4, 0.4, 2.0]
REAL = [d for d in DTYPES if d[0] != "c"]

# ---- bincount


@pytest.mark.parametrize("dtype", ["i8", "i4", "u1", "?"])
def test_bincount(dtype):
    x = np.array([0, 1, 1, 3, 0]).astype(dtype)
    check_call(lambda x: np.bincount(x), x, compiled=False)
    check_call(lambda x: np.bincount(x, minlength=6), x, compiled=False)
    check_call(lambda x, w: np.bincount(x, w), x, W[:5], compiled=False)
    check_call(lambda w: np.bincount([0, 2, 2, 0, 1], w, 7), W[:5].astype("f4"))
    check_call(lambda x: ad.numpy.bincount(x, length=4)[: x.max() + 1], x, compiled=False)


def test_bincount_refuses_what_numpy_refuses():
    x = np.array([0, 1])
    for f in (
        lambda x: np.bincount(x - 1),
        lambda x: np.bincount(x * 1.0),
        lambda x: np.bincount(x[:, None]),
        lambda x: np.bincount(x, [1.0]),
        lambda x: np.bincount(x, x * 1j),
        lambda x: np.bincount(x[0]),
        lambda x: np.bincount(x, minlength=-1),
    ):
        with pytest.raises((TypeError, ValueError)):
            f(x)
        with pytest.raises((TypeError, ValueError)):
            traced(f, x)


def test_bincount_under_jit():
    count = ad.jit(lambda x: ad.numpy.bincount(x, length=3))
    np.testing.assert_array_equal(count(np.array([2, 0, 2])), [1, 0, 2])
    for wrong in (np.array([0, 3]), np.array([-1, 0])):
        with pytest.raises(IndexError, match="out of bounds"):
            count(wrong)
    with pytest.raises(ad.errors.NoValueError, match="length=n"):
        ad.jit(lambda x: np.bincount(x))(np.array([1]))


# ---- histograms


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("bins", [1, 7, EDGES, np.array([0, 1, 3])], ids=str)
@pytest.mark.filterwarnings("ignore:Converting input from bool")
def test_histogram(dtype, bins):
    x = (X * 2).astype(dtype)
    check_call(lambda x: np.histogram(x, bins), x)
    check_call(lambda x: np.histogram(x.reshape(5, 8), bins, density=True), x)
    check_call(lambda x: np.histogram(x, bins, range=(-1, 1.5)), x)
    check_call(lambda x: np.histogram_bin_edges(x, bins), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights(dtype):
    w = (W * 5).astype(dtype)
    check_call(lambda x, w: np.histogram(x, 4, weights=w), X, w)
    if dtype not in ("?", "f2"):
        check_call(lambda x, w: np.histogram(x, EDGES, weights=w), X, w)


@pytest.mark.parametrize("bins", ["auto", "fd", "sturges", "scott", "rice", "doane", "sqrt"])
def test_estimated_bins(bins):
    check_call(lambda x: np.histogram(x, bins), X, compiled=False)
    check_call(lambda x: np.histogram(x, bins, range=(-0.5, 0.5)), X, compiled=False)
    with pytest.raises(ad.errors.NoValueError, match="the number of bins"):
        ad.jit(lambda x: np.histogram(x, bins))(X)


def test_edge_cases():
    for x in (np.zeros(0), np.ones(3), np.array([2]), np.zeros(0, int)):
        check_call(lambda x: np.histogram(x, 3), x)
    check_call(lambda x: np.histogram(x, [0.0, 1.0, 1.0]), np.array([1.0, 0.0, np.nan, 2.0]))


def test_histogram_refuses_what_numpy_refuses():
    for f in (
        lambda x: np.histogram(x, 0),
        lambda x: np.histogram(x, 2.5),
        lambda x: np.histogram(x, [1.0, 0.0]),
        lambda x: np.histogram(x, [[1.0, 0.0]]),
        lambda x: np.histogram(x, 3, (1, 0)),
        lambda x: np.histogram(x, 3, (0, np.inf)),
        lambda x: np.histogram(x * np.nan),
        lambda x: np.histogram(x, weights=x[1:]),
        lambda x: np.histogram(x, "auto", weights=x),
        lambda x: np.histogram(x, "best"),
        lambda x: np.histogramdd(x, [2, 2]),
        lambda x: np.histogramdd(x, 0),
        lambda x: np.histogramdd(x, range=[(0, 1), (0, 1)]),
        lambda x: np.histogram2d(x, x[1:]),
    ):
        with pytest.raises((TypeError, ValueError)):
            f(X)
        with pytest.raises((TypeError, ValueError)):
            traced(f, X)


def flat(result):
    return [result[0], *result[1]]


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
def test_several_dimensions(dtype):
    x = X.reshape(20, 2).astype(dtype)
    for options in ({}, {"bins": (3, 2)}, {"bins": [EDGES, 3], "density": True}):
        check_call(lambda x, o=options: flat(np.histogramdd(x, **o)), x)
    check_call(lambda x: flat(np.histogramdd(x, 2, weights=W[:20])), x)
    check_call(lambda x: flat(np.histogramdd([x[:, 0], x[:, 1]], 2, ((0, 1), None))), x)
    check_call(lambda x: flat(np.histogramdd(x[:, 0], 4)), x)
    check_call(lambda x: np.histogram2d(x[:, 0], x[:, 1], EDGES), x)
    check_call(lambda x: np.histogram2d(x[:, 0], x[:, 1], [2, EDGES], density=True), x)


def test_a_density_is_differentiated_by_weights_and_edges():
    w, edges = W[:4], np.array([0.0, 1.0, 3.0])
    x = np.array([0.5, 0.6, 1.0, 2.0])

    def loss(w, edges):
        return np.histogram(x, edges, weights=w, density=True)[0][0]

    by_weights, by_edges = ad.grad(loss, argnums=(0, 1))(w, edges)
    inside, total = w[0] + w[1], np.sum(w)
    np.testing.assert_allclose(
        by_weights, [(total - inside) / total**2] * 2 + [-inside / total**2] * 2
    )
    np.testing.assert_allclose(by_edges, [inside / total, -inside / total, 0])


@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_edges_of_complex_numbers_have_their_dtype(dtype):
    x = np.array([1.0, 2.0 + 1j, 4.0]).astype(dtype)
    check_call(lambda x: np.histogram(x, 3), x, compiled=False)
