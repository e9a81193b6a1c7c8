"""Norms where they have kinks: at zero, at ties, at zero elements; and condition numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, check_call

RNG = np.random.default_rng(0)
VECTOR_ORDERS = [None, 1, 2, 3, 1.5, 0.5, -1, -2.5, math.inf, -math.inf]
MATRIX_ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf]


def gradient(x: Any, *args: Any, **options: Any) -> Any:
    return ad.grad(lambda y: np.linalg.norm(y, *args, **options))(x)


# ---- zero


@pytest.mark.parametrize("dtype", [float, complex, np.float32])
@pytest.mark.parametrize("order", VECTOR_ORDERS)
def test_the_gradient_at_zero_is_zero(order, dtype):
    zero = np.zeros(3, dtype)
    g = gradient(zero, order)
    assert g.dtype == zero.dtype
    np.testing.assert_array_equal(g, 0)
    with np.errstate(all="ignore"):
        assert ad.value_and_grad(np.linalg.norm)(zero)[0] == 0


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("order", MATRIX_ORDERS)
@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3)])
def test_the_gradient_at_the_zero_matrix_is_zero(order, shape, dtype):
    np.testing.assert_array_equal(gradient(np.zeros(shape, dtype), order), 0)


@pytest.mark.parametrize("order", [None, 1, 2, 3, math.inf])
def test_the_gradient_of_the_squared_norm_at_zero_is_zero(order):
    f = ad.grad(lambda x: np.linalg.norm(x, order) ** 2)
    np.testing.assert_array_equal(f(np.zeros(3)), 0)
    assert np.isfinite(ad.jvp(f, (np.zeros(3),), (np.ones(3),))[1]).all()


def test_rows_that_are_zero_leave_the_others_alone():
    x = np.array([[3.0, 4], [0, 0], [0, 2]])
    g = ad.grad(lambda y: np.sum(np.linalg.norm(y, axis=1)))(x)
    np.testing.assert_allclose(g, [[0.6, 0.8], [0, 0], [0, 1]])
    hessian = ad.jacfwd(ad.grad(lambda y: np.sum(np.linalg.norm(y, axis=1))))(x)
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("p", [3, 1.5, 0.5])
def test_zero_elements_contribute_nothing(p):
    x = np.array([1.0, 0, -2])
    total = 1 + 2**p
    expected = total ** (1 / p - 1) * np.array([1, 0, -(2 ** (p - 1))])
    np.testing.assert_allclose(gradient(x, p), expected, rtol=1e-14)


@pytest.mark.parametrize("p", [-1, -2.5])
def test_a_zero_element_makes_norms_of_negative_order_zero(p):
    x = np.array([1.0, 0, -2])
    value, g = ad.value_and_grad(lambda y: np.linalg.norm(y, p))(x)
    assert value == 0
    np.testing.assert_array_equal(g, 0)


def test_the_branch_that_is_not_taken_adds_no_nan():
    def f(x):
        n = np.linalg.norm(x)
        return np.sum(np.where(n > 0, x / np.where(n > 0, n, 1), 0.0))

    np.testing.assert_array_equal(ad.grad(f)(np.zeros(2)), 0)


# ---- ties


def test_equal_maxima_share():
    np.testing.assert_allclose(gradient(np.array([2.0, -2, 1]), math.inf), [0.5, -0.5, 0])
    np.testing.assert_allclose(gradient(np.array([2.0, -1, 1]), -math.inf), [0, -0.5, 0.5])


def test_the_spectral_norm_of_the_identity_has_a_subgradient():
    g = gradient(np.eye(3), 2)
    assert math.isclose(np.trace(g), 1.0)
    assert math.isclose(np.linalg.norm(g, "nuc"), 1.0)


def test_the_nuclear_norm_of_a_matrix_of_low_rank_has_a_subgradient():
    u, v = RNG.normal(size=(4, 1)), RNG.normal(size=(1, 3))
    a = u @ v
    g = gradient(a, "nuc")
    assert math.isclose(np.sum(g * a), np.linalg.norm(a, "nuc"))
    assert np.linalg.norm(g, 2) < 1 + 1e-12


# ---- values and dtypes as NumPy's


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1,), (0,)])
def test_values_and_dtypes_of_norms(dtype, shape):
    x = (RNG.uniform(1, 3, shape) * (1 if dtype in "u1?" else -1)).astype(dtype)
    check_call(np.linalg.norm, x)
    check_call(np.linalg.vector_norm, x)
    if x.size:
        for order in (0, 1, 2, 3, 0.5, np.float64(3), -1, math.inf, -math.inf):
            check_call(lambda y, p=order: np.linalg.norm(y, p, axis=-1), x)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "c8", "?"])
@pytest.mark.parametrize("order", MATRIX_ORDERS)
def test_values_and_dtypes_of_norms_of_matrices(dtype, order):
    x = RNG.uniform(-3, 3, (2, 3)).astype(dtype)
    check_call(lambda y: np.linalg.norm(y, order), x)
    check_call(lambda y: np.linalg.norm(y, order, axis=(1, 0), keepdims=True), x)
    check_call(lambda y: np.linalg.matrix_norm(y, ord=order or "fro"), x)


def test_views_and_extended_precision():
    x = RNG.normal(size=(4, 6))
    check_call(lambda y: np.linalg.norm(y[::-2, ::3].T, axis=0), x)
    wide = x[0].astype(np.longdouble)
    assert ad.jit(np.linalg.norm)(wide).dtype == np.longdouble
    np.testing.assert_allclose(gradient(wide), wide / np.linalg.norm(wide), rtol=1e-18)


def test_infinite_elements():
    x = np.array([math.inf, 1.0])
    for order in (None, 1, 2, 3, math.inf):
        assert ad.jit(lambda y, p=order: np.linalg.norm(y, p))(x) == math.inf


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        ((3,), {}, "Invalid norm order for matrices: 3"),
        (("nuc",), {"axis": 0}, "Invalid norm order 'nuc' for vectors"),
        ((), {"axis": (0, 0)}, "Duplicate axes"),
        ((2,), {"axis": (0, 1, 0)}, "Improper number of dimensions"),
    ],
)
def test_refusals(args, options, message):
    with pytest.raises(ValueError, match=message):
        ad.jit(lambda x: np.linalg.norm(x, *args, **options))(np.ones((2, 3)))


# ---- condition numbers


@pytest.mark.parametrize("p", [None, 1, -1, 2, -2, math.inf, -math.inf, "fro", "nuc"])
def test_condition_numbers_of_a_diagonal_matrix(p):
    """Of diag(x, 1), known in closed form."""

    def closed(x):
        large, small = np.maximum(x, 1), np.minimum(x, 1)
        if p in (-1, -2, -math.inf):
            return small / large
        if p == "fro":
            return np.sqrt((x**2 + 1) * (1 / x**2 + 1))
        if p == "nuc":
            return (x + 1) * (1 / x + 1)
        return large / small

    def f(x):
        return np.linalg.cond(np.diag(np.stack([x, x**0])), p)

    for g, h in [(f, closed), (ad.grad(f), ad.grad(closed))]:
        np.testing.assert_allclose(g(3.0), h(3.0), rtol=1e-13)
    np.testing.assert_allclose(
        ad.grad(ad.grad(f))(3.0), ad.grad(ad.grad(closed))(3.0), rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize("p", [None, 1, "fro"])
def test_the_condition_number_of_a_singular_matrix_is_infinite(p):
    singular = np.stack([np.zeros((2, 2)), np.eye(2)])
    with np.errstate(all="ignore"):
        found = ad.jit(lambda x: np.linalg.cond(x, p))(singular)
    np.testing.assert_array_equal(found, np.linalg.cond(singular, p))
    with pytest.raises(np.linalg.LinAlgError, match="empty"):
        ad.jit(np.linalg.cond)(np.zeros((0, 0)))


# ---- against JAX


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("order", VECTOR_ORDERS)
def test_gradients_of_vector_norms_are_those_of_jax(order, dtype):
    jax = pytest.importorskip("jax")
    x = np.array([0.3, -1.2, 2.0]) + (1j * RNG.normal(size=3) if dtype is complex else 0)
    with jax.enable_x64(True):
        expected = jax.grad(lambda y: jax.numpy.linalg.norm(y, order))(x)
        np.testing.assert_allclose(gradient(x, order), np.asarray(expected), rtol=1e-12)


@pytest.mark.parametrize("order", MATRIX_ORDERS)
def test_gradients_of_matrix_norms_are_those_of_jax(order):
    jax = pytest.importorskip("jax")
    x = RNG.normal(size=(3, 2))
    with jax.enable_x64(True):
        expected = jax.grad(lambda y: jax.numpy.linalg.norm(y, order))(x)
        np.testing.assert_allclose(gradient(x, order), np.asarray(expected), rtol=1e-10, atol=1e-12)
