"""No overflow, no lost digits, and infinities in their places."""

import numpy as np
import pytest

from autodiff.primitives.exponential import (
    expm1,
    log1p,
    log1p_exp,
    logaddexp,
    logaddexp2,
    logistic,
)
from tests.primitives.differentiate import derivative, pull, values

inf = np.inf


def test_logistic_and_softplus_over_the_whole_range() -> None:
    x = np.array([-inf, -800.0, -40.0, 0.0, 40.0, 800.0, inf])  # warnings are errors
    tiny = np.exp(-40.0)
    np.testing.assert_allclose(logistic(x), [0, 0, tiny, 0.5, 1, 1, 1], rtol=1e-15)
    np.testing.assert_allclose(log1p_exp(x), [0, 0, tiny, np.log(2), 40, 800, inf], rtol=1e-15)
    assert logistic(np.float32(0)).dtype == np.float32


@pytest.mark.parametrize("x", [-40.0, -1.0, 0.0, 20.0, 40.0])
def test_derivatives_of_softplus_keep_their_digits(x) -> None:
    p, q = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))
    exact = [p, p * q, p * q * (q - p)]
    got = [values(derivative(log1p_exp, order), x)[0] for order in (1, 2, 3)]
    np.testing.assert_allclose(got, exact, rtol=1e-14)


@pytest.mark.parametrize("x", [-50.0, -1e-12, 1e-12, 3.0])
def test_derivatives_near_the_removed_one(x) -> None:
    np.testing.assert_allclose(values(derivative(expm1), x), np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(values(derivative(log1p), abs(x)), 1 / (1 + abs(x)), rtol=1e-15)


@pytest.mark.parametrize("primitive", [logaddexp, logaddexp2])
@pytest.mark.parametrize(
    ("x", "y", "dx", "dy"),
    [
        (-inf, -inf, 0, 0),
        (-inf, 1.0, 0, 1),
        (inf, 1.0, 1, 0),
        (inf, inf, 0.5, 0.5),
        (inf, -inf, 1, 0),
        (2.0, 2.0, 0.5, 0.5),
        (1e6, -1e6, 1, 0),
        (1e300, 1e300, 0.5, 0.5),
    ],
)
def test_logaddexp_at_infinities(primitive, x, y, dx, dy) -> None:
    x, y = np.array([x]), np.array([y])
    np.testing.assert_array_equal(np.ravel(pull(primitive, [x, y])), [dx, dy])
    ones = np.float64(1.0)
    by_x = derivative(lambda x: primitive(x, y[0]), 2)
    expected = 0.25 * (dx == 0.5 and abs(x[0]) < inf) * (1 if primitive is logaddexp else np.log(2))
    np.testing.assert_allclose(values(by_x, x[0] * ones), [expected])


def test_the_weights_of_logaddexp_keep_their_digits_far_from_zero() -> None:
    x, y = np.array([1e6 + 1]), np.array([1e6])
    expected = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(pull(logaddexp, [x, y])[0], expected, rtol=1e-15)
