"""Derivatives of gammainc by its shape, against high precision over six decades of a and x."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.primitives.incomplete_gamma import gamma_density, gammainc_by_shape

mp = pytest.importorskip("mpmath")

STEP = 10.0**-12


def reference(a: float, x: float, order: int) -> float:
    """By differences of the lesser tail, in seventy digits."""
    with mp.workdps(70):
        a, x, h = mp.mpf(a), mp.mpf(x), mp.mpf(STEP)

        def tail(shape: Any) -> Any:
            if x < a:
                return mp.gammainc(shape, 0, x, regularized=True)
            return -mp.gammainc(shape, x, mp.inf, regularized=True)

        low, high = tail(a - h), tail(a + h)
        if order == 1:
            return float((high - low) / (2 * h))
        return float((high - 2 * tail(a) + low) / h**2)


def errors(grid: Any, order: int) -> tuple[Any, Any]:
    """Relative to the value; and also to how far the first derivative changes at the peak."""
    a, x = (v.ravel() for v in np.meshgrid(grid, grid))
    found = gammainc_by_shape(a, x, order=order)
    expected, first = (np.vectorize(reference)(a, x, n) for n in (order, 1))
    size = np.abs(expected)
    error = np.abs(found - expected)
    normal = size > 1e-290
    scale = size + np.abs(first) / (1 + np.sqrt(a))
    return error[normal] / size[normal], error[normal] / scale[normal]


SAMPLE = np.logspace(-3, 3, 7)
FULL = pytest.param(np.logspace(-3, 3, 25), marks=pytest.mark.slow)


@pytest.mark.parametrize("grid", [SAMPLE, FULL], ids=["sample", "full"])
def test_first_derivative(grid):
    """To 1e-12 of its value wherever that is a normal number, however small: it has one sign."""
    relative, _ = errors(grid, 1)
    assert relative.max() < 1e-12
    assert np.median(relative) < 1e-14


@pytest.mark.parametrize("grid", [SAMPLE, FULL], ids=["sample", "full"])
def test_second_derivative(grid):
    """It changes its sign near x = a."""
    relative, scaled = errors(grid, 2)
    assert scaled.max() < 1e-12
    assert np.median(relative) < 1e-14
    assert np.sum(relative > 1e-12) <= len(grid)


@pytest.mark.parametrize(("a", "x"), [(0.7, 0.6), (2.5, 4.0), (30.0, 25.0)])
def test_third_and_mixed_derivatives(a, x):
    with mp.workdps(40):
        third = mp.diff(lambda s: mp.gammainc(s, 0, x, regularized=True), a, 3)
        mixed = mp.diff(lambda s: x ** (s - 1) * mp.exp(-x) / mp.gamma(s), a, 2)
    np.testing.assert_allclose(gammainc_by_shape(*np.array([a, x]), order=3), float(third), 1e-11)
    np.testing.assert_allclose(gamma_density(*np.array([a, x]), order=2), float(mixed), 1e-12)


@pytest.mark.parametrize("a", [0.0, -0.3, -1.0, -2.6])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_density_left_of_zero(a, order):
    """Where the derivatives by x lead."""
    with mp.workdps(40):
        exact = mp.diff(lambda s: mp.power(0.7, s - 1) * mp.exp(-0.7) * mp.rgamma(s), a, order)
    found = gamma_density(np.float64(a), np.float64(0.7), order=order)
    np.testing.assert_allclose(found, float(exact), rtol=1e-12, atol=1e-15)


def test_outside_of_the_domain():
    nan, inf = np.nan, np.inf
    a = np.array([-1.0, 1.0, nan, 1.0, 0.0, 2.0, inf, 2.0])
    x = np.array([1.0, -1.0, 1.0, nan, 0.0, inf, 1.0, 0.0])
    expected = [nan, nan, nan, nan, nan, 0.0, 0.0, 0.0]
    np.testing.assert_array_equal(gammainc_by_shape(a, x, order=1), expected)


def test_many_elements_are_what_they_are_alone():
    rng = np.random.default_rng(0)
    a, x = rng.uniform(0.1, 9, (2, 70, 90))
    together = gammainc_by_shape(a, x, order=1)
    assert together.shape == (70, 90)
    alone = gammainc_by_shape(a[69, 89], x[69, 89], order=1)
    np.testing.assert_allclose(together[69, 89], alone, rtol=1e-14)
