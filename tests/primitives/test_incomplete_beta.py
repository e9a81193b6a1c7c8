"""Derivatives of betainc by its parameters, against high precision over six decades of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.primitives.incomplete_beta import beta_density, betainc_by_parameters

mp = pytest.importorskip("mpmath")

POINTS = np.array([1e-6, 1e-3, 0.05, 0.3, 0.5, 0.75, 0.97, 1 - 2.0**-10, 1 - 2.0**-40])
Orders = tuple[int, int]


def reference(a: float, b: float, x: float, orders: Orders) -> float:
    """By differences of the lesser tail, in seventy digits."""
    with mp.workdps(70):
        a, b, x, h = (mp.mpf(v) for v in (a, b, x, 1e-12))
        lower = x < a / (a + b)

        def tail(p: Any, q: Any) -> Any:
            if lower:
                return mp.betainc(p, q, 0, x, regularized=True)
            return -mp.betainc(q, p, 0, 1 - x, regularized=True)

        if orders == (1, 1):
            corners = tail(a + h, b + h) - tail(a - h, b + h) - tail(a + h, b - h)
            return float((corners + tail(a - h, b - h)) / (4 * h * h))
        da, db = (h, 0) if orders[0] else (0, h)
        low, high = tail(a - da, b - db), tail(a + da, b + db)
        if sum(orders) == 1:
            return float((high - low) / (2 * h))
        return float((high - 2 * tail(a, b) + low) / h**2)


def errors(grid: Any, orders: Orders) -> tuple[Any, Any]:
    """Relative to the value; and also to how far the first derivative changes at the peak."""
    a, b, x = (v.ravel() for v in np.meshgrid(grid, grid, POINTS))
    found = betainc_by_parameters(a, b, x, orders=orders)
    once = (1, 0) if orders[0] else (0, 1)
    expected, first = (
        np.array([reference(*v, n) for v in zip(a, b, x, strict=True)]) for n in (orders, once)
    )
    size = np.abs(expected)
    error = np.abs(found - expected)
    scale = size + np.abs(first) / (1 + np.sqrt(np.maximum(a, b)))
    normal = size > 1e-290
    return error[normal] / size[normal], error[normal] / scale[normal]


SAMPLE = np.array([1e-3, 0.3, 1.0, 20.0, 1e3])
FULL = pytest.param(np.logspace(-3, 3, 10), marks=pytest.mark.slow)
every_grid = pytest.mark.parametrize("grid", [SAMPLE, FULL], ids=["sample", "full"])


@every_grid
@pytest.mark.parametrize("orders", [(1, 0), (0, 1)], ids=str)
def test_first_derivatives(grid, orders):
    relative, _ = errors(grid, orders)
    assert relative.max() < 5e-12
    assert np.median(relative) < 2e-14


@every_grid
@pytest.mark.parametrize("orders", [(2, 0), (1, 1), (0, 2)], ids=str)
def test_second_derivatives(grid, orders):
    """They change their signs, and some are zero by symmetry."""
    relative, scaled = errors(grid, orders)
    assert scaled.max() < 1e-11
    assert np.median(relative) < 2e-14


@pytest.mark.parametrize("orders", [(0, 0), (1, 0), (1, 2)], ids=str)
@pytest.mark.parametrize("falls", [(0, 0), (1, 0), (1, 2)], ids=str)
def test_density(orders, falls):
    def exact(a: Any, b: Any) -> Any:
        i, j = falls
        factor = mp.ff(a - 1, i) * mp.ff(b - 1, j)
        return factor * mp.mpf(0.3) ** (a - 1 - i) * mp.mpf(0.7) ** (b - 1 - j) / mp.beta(a, b)

    with mp.workdps(40):
        expected = float(mp.diff(exact, (1.7, 0.6), orders)) if any(orders) else exact(1.7, 0.6)
    found = beta_density(*np.array([1.7, 0.6, 0.3]), orders=orders, falls=falls)
    np.testing.assert_allclose(found, float(expected), rtol=1e-12)


def test_outside_of_the_domain():
    nan = np.nan
    a = np.array([-1.0, 1.0, 1.0, 1.0, nan, 0.0, 2.0, 2.0])
    b = np.array([1.0, -1.0, 1.0, 1.0, 1.0, 0.0, 2.0, 2.0])
    x = np.array([0.5, 0.5, -0.1, 1.1, 0.5, 0.5, 0.0, 1.0])
    expected = [nan, nan, nan, nan, nan, nan, 0.0, 0.0]
    np.testing.assert_array_equal(betainc_by_parameters(a, b, x, orders=(1, 0)), expected)
