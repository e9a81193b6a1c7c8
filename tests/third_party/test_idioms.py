"""Idioms of NumPy code: differentiated as they are, or refused with words that help."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import EscapeError, UnsupportedFunctionError
from tests.third_party import idioms
from tests.third_party.checks import check

X = np.array([0.4, -1.3, 2.2, 0.7, -0.6, 1.9])


def test_a_class_that_checks_what_it_got():
    check(lambda x: idioms.Signal(x, rate=2.0).energy(), X)
    check(lambda x: idioms.Signal(x).normalised().values, X)


def test_a_class_that_takes_lists():
    gradient = ad.grad(lambda t: idioms.Signal([1.0, t, t * t]).energy())(0.7)
    np.testing.assert_allclose(gradient, 2 * 0.7 + 2 * 0.7**3, rtol=1e-12)


def test_masks_of_values():
    check(idioms.huber, X, jit=False, vmap=False)
    np.testing.assert_allclose(ad.grad(lambda x: idioms.huber(x).sum())(X), np.clip(X, -1, 1))


def test_vectorize():
    check(idioms.vectorised, X, jit=False, vmap=False)


def test_apply_along_axis():
    check(idioms.along_rows, X.reshape(2, 3))


@pytest.mark.parametrize("name", ["polynomial_class", "chebyshev_class"])
def test_classes_of_series(name):
    check(lambda x: getattr(idioms, name)(np.array([0.3, -1.0, 2.0, 0.5]), x), X / 2)


def test_empty_like():
    check(idioms.preallocated_like, X)


def test_assignment_into_a_plain_array_says_what_to_write():
    with pytest.raises(EscapeError, match=r"np\.zeros\(n, like=x\)"):
        ad.grad(idioms.preallocated)(X)


def test_as_strided_says_what_to_write():
    with pytest.raises(AttributeError, match="sliding_window_view"):
        ad.grad(lambda x: idioms.strided(x, x.strides).sum())(X)
    with pytest.raises(UnsupportedFunctionError, match="as_strided") as caught:
        ad.grad(lambda x: idioms.strided(x, (8,)).sum())(X)
    assert "sliding_window_view" in str(caught.value)


def test_hessian_products_of_scipy_say_what_to_write():
    """`rosen_hess_prod` writes into `np.zeros(N)`, which nothing tells about the trace."""
    optimize = pytest.importorskip("scipy.optimize")
    p = np.ones(6)
    with pytest.raises(EscapeError, match=r"np\.zeros\(n, like=x\)"):
        ad.jacobian(lambda x: optimize.rosen_hess_prod(x, p))(X)


def test_metropolis():
    rng = np.random.default_rng(0)
    proposals, uniforms = rng.normal(size=(8, 2)), rng.uniform(size=8)

    def walk(x, scale):
        return idioms.metropolis(lambda x: -0.5 * np.sum((x / scale) ** 2), x, proposals, uniforms)

    check(walk, np.array([0.3, -0.2]), 1.4, jit=False, vmap=False, second=False)


def test_iteration_to_convergence():
    x = np.array([2.0, 3.0, 0.5])
    check(idioms.newton, x, jit=False, vmap=False, second=False)
    slope = ad.grad(lambda x: idioms.newton(x).sum())(x)
    np.testing.assert_allclose(slope, 0.5 / np.sqrt(x), rtol=1e-6)


def test_gram_schmidt():
    check(idioms.gram_schmidt, np.random.default_rng(0).normal(size=(3, 4)), jit=False, vmap=False)


def test_returns():
    check(lambda p: idioms.log_returns(p, 2), np.array([1.0, 1.3, 1.1, 1.7, 1.6, 2.0]))


def test_interp():
    knots, values = np.array([0.0, 1.0, 2.5]), np.array([1.0, -1.0, 3.0])
    check(idioms.interpolated, np.array([0.3, 1.6]), knots, values)


def test_dictionaries():
    parameters = {"a": np.array([1.0, 2.0]), "bb": np.array(3.0)}
    gradient = ad.grad(idioms.in_a_dictionary)(parameters)
    np.testing.assert_allclose(gradient["a"], [2.0, 4.0])
    np.testing.assert_allclose(gradient["bb"], 12.0)


def test_views_and_masks():
    check(idioms.many_names, X, jit=False, vmap=False, second=False)
