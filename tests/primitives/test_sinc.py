"""All derivatives of sinc, at zero and across the change from series to recurrence."""

import numpy as np
import pytest

from autodiff.primitives.sinc import sinc, sinc_derivative
from tests.primitives.differentiate import derivative, values


def exact(x: float, order: int) -> float:
    """From sinc(x) = ∫ cos(πxs) ds over [0, 1], differentiated under the integral sign."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s = (nodes + 1) / 2
    integrand = (np.pi * s) ** order * np.cos(np.pi * x * s + order * np.pi / 2)
    return float(np.sum(weights * integrand) / 2)


@pytest.mark.parametrize("order", range(9))
def test_derivatives_at_zero(order) -> None:
    closed = (-1) ** (order // 2) * np.pi**order / (order + 1) if order % 2 == 0 else 0.0
    np.testing.assert_allclose(values(derivative(sinc, order), 0.0), [closed], rtol=1e-14)


@pytest.mark.parametrize("order", range(1, 9))
def test_derivatives_anywhere(order) -> None:
    points = [1e-9, 1e-3, 0.2, 1 / np.pi, 0.45, 0.6, 1.0, 1.7, -0.3, -2.5, 6.0]
    expected = [exact(x, order) for x in points]
    got = sinc_derivative(np.array(points), order=order)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-14 * np.pi**order)


def test_precision_and_scalars_are_kept() -> None:
    single = sinc_derivative(np.float32([0.0, 0.5]), order=1)
    assert single.dtype == np.float32
    assert isinstance(sinc_derivative(np.float64(0.25), order=2), np.float64)
