"""Pseudo-inverses and least squares of matrices that have full rank, and that have not."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.smoothness import RNG, WEIGHTS, direction, first, second

kinds = pytest.mark.parametrize("dtype", [float, complex])


@kinds
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (4, 4)])
def test_pseudo_inverse_and_least_squares_along_matrices_of_one_rank(shape, dtype):
    m, n = shape
    left, right = direction(np.zeros((m, 2), dtype)), direction(np.zeros((2, n), dtype))
    dleft, dright, b = direction(left), direction(right), direction(np.zeros((m, 2), dtype))

    def matrix(t):
        return (left + t * dleft) @ (right + t * dright)

    def inverse(t):
        p = np.linalg.pinv(matrix(t), rcond=1e-10)
        return np.sum(WEIGHTS[:n, :m] * (p.real + p.imag))

    def solution(t):
        x, residuals, _, _ = np.linalg.lstsq(matrix(t), b * (1 + t), rcond=1e-10)
        assert residuals.shape == (0,)
        return np.sum(WEIGHTS[:n, :2] * (x.real - x.imag))

    for f in (inverse, solution):
        slope = ad.grad(f)
        np.testing.assert_allclose(slope(0.0), first(f), rtol=1e-8)
        np.testing.assert_allclose(ad.grad(slope)(0.0), second(f), rtol=1e-6)


@kinds
@pytest.mark.parametrize("values", [(3.0, 2.0, 0.5), (2.0, 2.0, 0.5), (2.0, 0.5, 0.5)])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_singular_values_that_are_cut_off_need_not_be_zero(shape, values, dtype):
    m, n = shape
    rng = np.random.default_rng(4)
    turn = 1 if dtype is float else 1 + 0.5j
    u, _, vh = np.linalg.svd(rng.normal(size=shape) + (turn - 1) * rng.normal(size=shape))
    a = (u[:, :3] * values) @ vh[:3]
    da, b = rng.normal(size=shape) * turn, rng.normal(size=(m, 2)) * turn

    def inverse(t):
        p = np.linalg.pinv(a + t * da, rcond=0.4)
        return np.sum(WEIGHTS[:n, :m] * (p.real + p.imag))

    def solution(t):
        x = np.linalg.lstsq(a + t * da, b * (1 + t), rcond=0.4)[0]
        return np.sum(WEIGHTS[:n, :2] * (x.real - x.imag))

    for f in (inverse, solution):
        slope = ad.grad(f)
        np.testing.assert_allclose(slope(0.0), first(f), rtol=1e-7)
        np.testing.assert_allclose(ad.grad(slope)(0.0), first(slope), rtol=1e-6)


def test_least_squares_is_linear_in_the_right_hand_side():
    a = RNG.normal(size=(4, 2))
    map_ = ad.linear_transpose(lambda b: np.linalg.lstsq(a, b)[0], np.zeros(4))
    np.testing.assert_allclose(*map_(np.array([1.0, 2])), np.linalg.pinv(a).T @ [1, 2], rtol=1e-12)


def test_ranks_and_residuals():
    a, b = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2))
    results = ad.jit(np.linalg.lstsq)(a, b)
    for found, want in zip(results, np.linalg.lstsq(a, b), strict=True):
        assert (found.shape, found.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(found, want, rtol=1e-12)
    low = np.ones((4, 2))
    (_, residuals, rank, _), _ = ad.jvp(lambda x: np.linalg.lstsq(x, b), (low,), (low,))
    assert residuals.shape == (0,)
    assert rank == 1


def test_zero_sizes():
    empty = np.zeros((0, 3))
    for f in (np.linalg.svdvals, np.linalg.pinv, lambda x: np.linalg.svd(x)[2]):
        assert ad.grad(lambda x, f=f: np.sum(f(x)))(empty).shape == (0, 3)
    assert ad.grad(lambda x: np.sum(np.linalg.eigvalsh(x)))(np.zeros((0, 0))).shape == (0, 0)
    x = ad.grad(lambda b: np.sum(np.linalg.lstsq(np.ones((2, 3)), b)[0]))(np.zeros((2, 0)))
    assert x.shape == (2, 0)
