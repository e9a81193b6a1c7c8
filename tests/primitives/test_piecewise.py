"""Where pieces meet: abs, sign, maximum and minimum, clip, copysign, heaviside."""

import numpy as np
import pytest

from autodiff.primitives.algebra import mul
from autodiff.primitives.exponential import log
from autodiff.primitives.piecewise import (
    abs_,
    clip,
    copysign,
    fmax,
    fmin,
    heaviside,
    maximum,
    minimum,
    sign,
)
from tests.primitives.differentiate import derivative, pull, push, values

nan, inf = np.nan, np.inf


def test_abs_and_sign_at_zero() -> None:
    assert values(derivative(abs_), -2.0, 0.0, -0.0, 3.0) == [-1, 0, 0, 1]
    assert sign.jvp is None


def test_abs_of_a_complex_number_at_zero() -> None:
    (ct,) = pull(abs_, [np.array([0j, 3 + 4j])])
    np.testing.assert_allclose(ct, [0, 0.6 - 0.8j])


@pytest.mark.parametrize(
    ("primitive", "x", "y", "dx", "dy"),
    [
        (maximum, 1.0, 2.0, 0, 1),
        (maximum, 2.0, 2.0, 0.5, 0.5),
        (maximum, inf, inf, 0.5, 0.5),
        (maximum, nan, 2.0, 1, 1),  # NaN is the result
        (minimum, 1.0, 2.0, 1, 0),
        (minimum, 0.0, -0.0, 0.5, 0.5),
        (minimum, 2.0, nan, 1, 1),
        (fmax, nan, 2.0, 0, 1),  # NaN is passed over
        (fmax, 2.0, 2.0, 0.5, 0.5),
        (fmax, 3.0, 2.0, 1, 0),
        (fmin, 2.0, nan, 1, 0),
        (fmin, 1.0, 2.0, 1, 0),
    ],
)
def test_ties_and_nans(primitive, x, y, dx, dy) -> None:
    got = pull(primitive, [np.array([x]), np.array([y])])
    np.testing.assert_array_equal(np.ravel(got), [dx, dy])


def test_a_losing_operand_with_an_infinite_derivative_is_left_out() -> None:
    def guarded(x):
        return maximum(log(x), np.float64(-3.0))

    x = np.array([0.0, 1.0])
    np.testing.assert_array_equal(pull(guarded, [x])[0], [0, 1])
    np.testing.assert_array_equal(push(guarded, [x], [np.ones(2)]), [0, 1])


def test_the_maximum_of_an_operand_with_itself() -> None:
    assert values(derivative(lambda x: maximum(x, x)), 0.7) == [1]


def test_clip_at_and_beyond_its_bounds() -> None:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    dx, low, high = pull(clip, [x, np.full(5, -1.0), np.full(5, 1.0)])
    np.testing.assert_array_equal(dx, [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(low, [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(high, [0, 0, 0, 0, 1])


def test_clip_with_bounds_in_the_wrong_order_is_the_upper_one() -> None:
    x = np.array([-2.0, 0.0, 2.0])
    assert np.all(clip(x, np.float64(1.0), np.float64(-1.0)) == -1)
    dx, low, high = pull(clip, [x, np.ones(3), -np.ones(3)])
    np.testing.assert_array_equal([dx, low, high], [[0] * 3, [0] * 3, [1] * 3])


def test_copysign_sees_the_sign_of_zero() -> None:
    x, y = np.array([2.0, 2.0, -2.0, 0.0]), np.array([0.0, -0.0, -1.0, 1.0])
    dx, dy = pull(copysign, [x, y])
    np.testing.assert_array_equal(dx, [1, -1, 1, 0])
    np.testing.assert_array_equal(dy, 0)


def test_heaviside_moves_with_its_value_at_zero() -> None:
    x = np.array([-1.0, 0.0, 1.0])
    dx, dh = pull(heaviside, [x, np.full(3, 0.5)])
    np.testing.assert_array_equal(dx, 0)
    np.testing.assert_array_equal(dh, [0, 1, 0])


def test_second_derivative_of_a_squared_hinge() -> None:
    def hinge(x):
        positive = maximum(x, np.float64(0.0))
        return mul(positive, positive)

    assert values(derivative(hinge, 2), -1.0, 2.0) == [0, 2]
