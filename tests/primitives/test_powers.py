"""Powers at zero and at negative bases, known exponents, and roots at zero."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul
from autodiff.primitives.powers import cbrt, hypot, integer_power, power, sqrt
from tests.primitives.differentiate import derivative, pull, values

nan, inf = np.nan, np.inf


@pytest.mark.parametrize(
    ("x", "p", "by_base", "by_exponent"),
    [
        (2.0, 3.0, 12.0, 8 * np.log(2)),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 0.5, inf, 0.0),
        (-2.0, 3.0, 12.0, nan),
        (-2.0, 2.0, -4.0, nan),
        (-2.0, 0.0, 0.0, nan),
        (3.0, 0.0, 0.0, np.log(3)),
    ],
)
def test_first_derivatives(x, p, by_base, by_exponent) -> None:
    got = pull(power, [np.array([x]), np.array([p])])
    np.testing.assert_allclose(np.ravel(got), [by_base, by_exponent])
    (alone,) = pull(lambda x: power(x, np.float64(p)), [np.array([x])])
    np.testing.assert_allclose(alone, [by_base])


@pytest.mark.parametrize("p", [0, 1, 2, 3])
@pytest.mark.parametrize("x", [0.0, -1.5, 2.0])
def test_all_derivatives_by_the_base_at_whole_exponents(p, x) -> None:
    exact = np.polynomial.Polynomial([0] * p + [1])
    for order in range(4):
        expected = exact.deriv(order)(x)
        known = derivative(lambda x: power(x, np.float64(p)), order)
        whole = derivative(lambda x: integer_power(x, n=p), order)
        np.testing.assert_allclose(values(known, x), [expected])
        np.testing.assert_allclose(values(whole, x), [expected])


def by_base(x, p):
    """The derivative of x**p by x, as the rule records it."""
    return power.jvp((x, p), (x.dtype.type(1), None))[1]


@pytest.mark.parametrize(("p", "expected"), [(0.0, 0.0), (1.0, 0.0), (2.0, 2.0), (3.0, 0.0)])
def test_second_derivative_by_the_base_at_zero(p, expected) -> None:
    np.testing.assert_array_equal(pull(by_base, [np.zeros(()), np.array(p)])[0], expected)


def test_mixed_second_derivative_where_the_exponent_is_zero() -> None:
    got = pull(by_base, [np.array(2.0), np.array(0.0)])
    np.testing.assert_array_equal(got, [0, 0.5])  # d/dp p x^(p-1) at p = 0 is 1/x


@pytest.mark.parametrize("n", [-17, -3, -2, -1, 0, 1, 2, 3, 10, 16, 17, 40])
def test_integer_powers_agree_with_numpy(n) -> None:
    x = np.array([-1.5, -0.5, 0.7, 1.2])
    np.testing.assert_allclose(integer_power(x, n=n), x ** float(n), rtol=2e-15)
    single = integer_power(x.astype(np.float32), n=n)
    assert single.dtype == np.float32


def test_integer_powers_of_zero_and_nan() -> None:
    x = np.array([0.0, -0.0, nan])
    np.testing.assert_array_equal(integer_power(x, n=0), 1)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(integer_power(x[:2], n=-1), [inf, -inf])
        np.testing.assert_array_equal(integer_power(x[:2], n=-2), [inf, inf])


def test_negative_powers_of_integers_are_refused() -> None:
    with pytest.raises(ValueError, match="negative integer powers"):
        integer_power.types(ArrayType((2,), np.int64), n=-1)


def test_roots_at_zero() -> None:
    assert values(derivative(sqrt), 0.0, 4.0) == [inf, 0.25]
    assert values(derivative(cbrt), 0.0, -8.0) == [inf, pytest.approx(1 / 12)]


def test_hypot_at_the_origin_and_far_out() -> None:
    x, y = np.array([0.0, 3e200, 0.0]), np.array([0.0, 4e200, -2.0])
    dx, dy = pull(hypot, [x, y])
    np.testing.assert_allclose(dx, [0, 0.6, 0])
    np.testing.assert_allclose(dy, [0, 0.8, -1])
    assert values(derivative(lambda x: mul(hypot(x, x), hypot(x, x))), 0.0) == [0]
