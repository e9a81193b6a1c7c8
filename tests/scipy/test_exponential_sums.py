"""`logsumexp`, `softmax`, `log_softmax`: SciPy's values at every edge, and right gradients."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import special

sp = pytest.importorskip("scipy.special")

inf, nan = np.inf, np.nan

CASES = [
    ([-inf, -inf], None),
    ([inf, 1.0], None),
    ([inf, -inf], None),
    ([1e5, 1e5], None),
    ([nan, 1.0], None),
    ([], None),
    ([1, 2], None),
    ([-inf, -inf], [1.0, 2.0]),
    ([1.0, 2.0], [0.0, 0.0]),
    ([1.0, 1.0], [1.0, -1.0]),
    ([inf, 1.0], [-1.0, 1.0]),
    ([inf, 1.0], [0.0, 1.0]),
    ([nan, 1.0], [0.0, 1.0]),
    ([1000.0, 1.0], [0.0, 1.0]),
    ([1.0, 2.0], [-1.0, -2.0]),
    ([1 + 2j, 3j], None),
    ([1 + 2j, 3j], [1, 2j]),
]


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("return_sign", [False, True])
@pytest.mark.parametrize(("a", "b"), CASES, ids=str)
def test_values_of_logsumexp_are_scipys(a, b, return_sign):
    given = [np.array(v) for v in (a, b) if v is not None]

    def call(module):
        return lambda a, b=None: module.logsumexp(a, b=b, return_sign=return_sign)

    for found, want in zip(
        np.atleast_1d(ad.jit(call(special))(*given)), np.atleast_1d(call(sp)(*given)), strict=True
    ):
        assert np.asarray(found).dtype == np.asarray(want).dtype
        np.testing.assert_allclose(found, want, rtol=1e-14)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_axes(axis, keepdims):
    x = np.random.default_rng(0).uniform(-3, 3, (2, 3, 4))
    for options in ({}, {"b": np.arange(1.0, 5.0)}):
        call = {"axis": axis, "keepdims": keepdims, **options}
        found = ad.jit(lambda x: special.logsumexp(x, **call))(x)  # noqa: B023
        want = sp.logsumexp(x, **call)
        assert found.shape == want.shape
        np.testing.assert_allclose(found, want, rtol=1e-14)


def test_shapes_and_dtypes_that_are_easily_missed():
    assert np.shape(ad.jit(lambda x: special.logsumexp(x, keepdims=True))(3.0)) == (1,)
    assert ad.jit(special.logsumexp)(np.float32([1, 2])).dtype == np.float32
    assert ad.jit(lambda x: special.logsumexp(x, b=[1, 2]))(np.float32([1, 2])).dtype == np.float64
    weights = np.ones((4, 1, 1))
    assert ad.jit(lambda x: special.logsumexp(x, axis=0, b=weights))(np.ones((2, 3))).shape == (
        2,
        3,
    )


def test_plain_arrays_go_to_scipy():
    x = np.array([0.1, 0.7, 0.2])
    assert special.logsumexp(x) == sp.logsumexp(x)
    np.testing.assert_array_equal(special.softmax(x), sp.softmax(x))


def test_scipys_own_logsumexp_can_be_differentiated_away_from_the_edges():
    x = np.array([0.1, 0.7, 0.2])
    np.testing.assert_allclose(ad.grad(lambda x: sp.logsumexp(x))(x), sp.softmax(x))


def test_weights_may_be_differentiated_at_zero():
    """Even that of an element which is much larger than all that count."""
    a, b = np.array([3.0, 1.0]), np.array([0.0, 2.0])
    by_a, by_b = ad.grad(lambda a, b: special.logsumexp(a, b=b), argnums=(0, 1))(a, b)
    np.testing.assert_allclose(by_a, [0.0, 1.0])
    np.testing.assert_allclose(by_b, np.exp(a - 1) / 2)


def test_a_sum_that_is_negative_has_no_logarithm_and_no_gradient():
    gradient = ad.grad(lambda a: special.logsumexp(a, b=np.array([-1.0, -2.0])))(np.ones(2))
    assert np.all(np.isnan(gradient))


def test_gradients_are_those_of_jax():
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(1)
    x, b, w = rng.uniform(-3, 3, (3, 4, 5))
    x[0, 1] = -inf
    with jax.enable_x64(True):
        theirs = jax.grad(
            lambda x, b: jax.numpy.sum(w[:, 0] * jax.nn.logsumexp(x, axis=1, b=b**2)), (0, 1)
        )(x, b)
        ours = ad.grad(lambda x, b: np.sum(w[:, 0] * special.logsumexp(x, axis=1, b=b**2)), (0, 1))(
            x, b
        )
        for name in ("softmax", "log_softmax"):
            f, same = getattr(special, name), getattr(jax.nn, name)
            finite = np.isfinite(x)
            other = jax.grad(
                lambda x: jax.numpy.sum(jax.numpy.where(finite, w * same(x, axis=1), 0))  # noqa: B023
            )(x)
            mine = ad.grad(lambda x: np.sum(np.where(finite, w * f(x, axis=1), 0)))(x)  # noqa: B023
            np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-15)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-15)
