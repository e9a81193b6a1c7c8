"""Distributions of vectors: SciPy's values and shapes, JAX's derivatives, errors."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import stats

scipy_stats = pytest.importorskip("scipy.stats")
inf = np.inf

C = np.array([[2.0, 0.3], [0.3, 1.0]])
PAIR, MEAN = [0.3, 1.0], [0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("multivariate_normal", (0.3,)),
        ("multivariate_normal", (PAIR,)),
        ("multivariate_normal", (PAIR, 0.0, 2.0)),
        ("multivariate_normal", (PAIR, MEAN)),
        ("multivariate_normal", (PAIR, MEAN, 3.0)),
        ("multivariate_normal", (PAIR, MEAN, [1.0, 2.0])),
        ("multivariate_normal", (PAIR, MEAN, C)),
        ("multivariate_normal", (PAIR, None, C)),
        ("multivariate_normal", (0.3, MEAN, C)),
        ("multivariate_normal", (np.ones((3, 2)), MEAN, C)),
        ("multivariate_normal", (np.ones((3, 1, 2)), MEAN, C)),
        ("multivariate_normal", (np.ones((0, 2)), MEAN, C)),
        ("multivariate_t", (0.3,)),
        ("multivariate_t", (PAIR, MEAN, C, 3.0)),
        ("multivariate_t", (PAIR, None, C, 3.0)),
        ("multivariate_t", (PAIR, MEAN, None, 3.0)),
        ("multivariate_t", (np.ones((3, 2)), MEAN, C, 3.0)),
        ("dirichlet", ([0.3, 0.7], [2.0, 3.0])),
        ("dirichlet", ([0.3], [2.0, 3.0])),
        ("dirichlet", ([0.0, 1.0], [1.0, 3.0])),
        ("dirichlet", ([[0.3, 0.2], [0.7, 0.8]], [2.0, 3.0])),
        ("multinomial", ([1, 2], 3, [0.3, 0.7])),
        ("multinomial", ([1, 2], 4, [0.3, 0.7])),
        ("multinomial", ([-1, 4], 3, [0.3, 0.7])),
        ("multinomial", ([0, 3], 3, [0.0, 1.0])),
        ("multinomial", ([[1, 2], [3, 0]], [3, 3], [0.3, 0.7])),
    ],
)
def test_values_and_shapes(name, args):
    kind = "pmf" if name == "multinomial" else "pdf"
    for function in (f"log{kind}", kind):
        found = getattr(getattr(stats, name), function)(*args)
        want = getattr(getattr(scipy_stats, name), function)(*args)
        assert np.shape(found) == np.shape(want)
        np.testing.assert_allclose(found, want, rtol=1e-13)


def test_limits_and_what_lies_outside():
    normal = stats.multivariate_normal.logpdf(PAIR, MEAN, C)
    np.testing.assert_allclose(stats.multivariate_t.logpdf(PAIR, MEAN, C, inf), normal, rtol=1e-15)
    np.testing.assert_allclose(stats.multivariate_t.logpdf(PAIR, MEAN, C, 1e9), normal, rtol=1e-9)
    assert np.isnan(stats.multivariate_t.logpdf(PAIR, MEAN, C, -1.0))
    assert stats.dirichlet.logpdf([0.1, 1.0], [2.0, 3.0]) == -inf  # where SciPy raises
    slope = ad.grad(lambda x: stats.dirichlet.logpdf(x, [2.0, 3.0]))(np.array([0.1, 1.0]))
    np.testing.assert_array_equal(slope, [0, 0])
    by_shares = ad.grad(lambda p: stats.multinomial.logpmf([1, 2], 4, p))(np.array([0.3, 0.7]))
    np.testing.assert_array_equal(by_shares, [0, 0])


def test_against_jax():
    jax = pytest.importorskip("jax")
    x = np.array(PAIR)
    cases = [
        ("multivariate_normal", "logpdf", (x, np.array(MEAN), C), (0, 1, 2)),
        ("dirichlet", "logpdf", (np.array([0.3, 0.7]), np.array([2.0, 3.0])), (1,)),
        ("multinomial", "logpmf", (np.array([1, 2]), 3, np.array([0.3, 0.7])), (2,)),
    ]
    for name, function, args, numbers in cases:
        with jax.enable_x64(True):
            theirs = getattr(getattr(jax.scipy.stats, name), function)
            want = jax.grad(theirs, argnums=numbers)(*args)
        found = ad.grad(getattr(getattr(stats, name), function), argnums=numbers)(*args)
        for a, b in zip(found, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_transforms_and_dtypes():
    x = np.array([[0.3, 1.0], [0.1, -2.0]])
    logpdf = stats.multivariate_normal.logpdf
    rows = ad.vmap(logpdf, in_axes=(0, None, None))(x, np.array(MEAN), C)
    np.testing.assert_allclose(rows, logpdf(x, MEAN, C), rtol=1e-14)
    single = [v.astype("f4") for v in (x, np.array(MEAN), C)]
    assert logpdf(*single).dtype == "f4"
    assert ad.jit(logpdf)(*single).dtype == "f4"
    assert stats.multivariate_t.logpdf(*single, np.float32(3)).dtype == "f4"
    frozen = stats.multivariate_normal(MEAN, C)
    np.testing.assert_array_equal(frozen.logpdf(x), logpdf(x, MEAN, C))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f([0.3, 1.0, 2.0], MEAN, C), ValueError, "length 3, the mean is of length 2"),
        (lambda f: f(PAIR, MEAN, np.eye(3)), ValueError, r"not an array of shape \(3, 3\)"),
        (lambda f: f(PAIR, np.eye(2), C), ValueError, "the mean .* is a vector"),
        (lambda f: f(PAIR, MEAN, -C), np.linalg.LinAlgError, "positive definite"),
        (lambda f: f(PAIR, MEAN, C, allow_singular=True), TypeError, "singular covariance"),
    ],
)
def test_misuse(call, error, message):
    with pytest.raises(error, match=message):
        call(stats.multivariate_normal.logpdf)


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="dirichlet: x"):
        stats.dirichlet.logpdf([0.2, 0.3, 0.5], [2.0, 3.0])
    with pytest.raises(ValueError, match="multinomial: x"):
        stats.multinomial.logpmf([1, 2, 3], 6, [0.3, 0.7])


# ---- matrices

SCALE = np.array([[1.5, 0.2], [0.2, 0.8]])


@pytest.mark.parametrize("name", ["wishart", "invwishart"])
@pytest.mark.parametrize(
    "args",
    [
        (C, 3.5, SCALE),
        (np.stack([C, SCALE, C + SCALE], axis=-1), 2, SCALE),
        (C, 3.0, [1.5, 0.8]),
        (2.0, 3.0, SCALE),
        ([2.0, 1.0], 3.0, SCALE),
        (0.7, 3.0, 2.0),
        ([0.7, 1.2], 3.0, 2.0),
    ],
)
def test_distributions_of_matrices(name, args):
    for function in ("logpdf", "pdf"):
        found = getattr(getattr(stats, name), function)(*args)
        want = getattr(getattr(scipy_stats, name), function)(*args)
        np.testing.assert_allclose(found, want, rtol=1e-13)
        assert np.shape(found) == np.shape(want)


def test_matrices_that_do_not_fit():
    for bad in ((np.eye(3), 3.0, SCALE), (C, [3.0], SCALE), (C, 3.0, np.ones((2, 3)))):
        with pytest.raises(ValueError, match=r"(?s)wishart: x: \[K, K\].*test_stats_vectors"):
            stats.wishart.logpdf(*bad)
    assert np.isnan(stats.wishart.logpdf(C, 0.5, SCALE))
    assert np.isnan(ad.grad(lambda df: stats.wishart.logpdf(C, df, SCALE))(0.5))


def test_shares_that_are_no_whole_have_no_probability():
    assert np.isnan(stats.multinomial.logpmf([1, 2, 2], 5, [0.2, 0.3, 0.1]))
    assert np.isnan(stats.multinomial.pmf([1, 2, 2], 5, [0.2, 0.3, 0.6]))
    slope = ad.grad(lambda p: stats.multinomial.logpmf([1, 2, 2], 5, p))
    assert np.isnan(slope(np.array([0.2, 0.3, 0.6]))).all()
    np.testing.assert_allclose(slope(np.array([0.2, 0.3, 0.5])), [5, 2 / 0.3, 4])
    for dtype in ("f4", "f8"):
        many = np.full(1000, 1, dtype) / np.full(1000, 1000, dtype)
        assert np.isfinite(stats.multinomial.logpmf(np.ones(1000, dtype), 1000, many))
