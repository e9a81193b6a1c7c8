"""Remainders and the parts of floating-point numbers."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives import rounding as r
from tests.primitives.differentiate import derivative, pull, values

X = np.array([7.3, -7.3, 7.3, -7.3])
Y = np.array([2.0, 2.0, -2.0, -2.0])


def test_rounding_has_no_derivative() -> None:
    for primitive in (r.floor, r.ceil, r.trunc, r.rint, r.floor_divide, r.spacing, r.exponent):
        assert primitive.jvp is None


@pytest.mark.parametrize(("primitive", "whole"), [(r.remainder, np.floor), (r.fmod, np.trunc)])
def test_remainders_move_with_both_operands(primitive, whole) -> None:
    dx, dy = pull(primitive, [X, Y])
    np.testing.assert_array_equal(dx, 1)
    np.testing.assert_array_equal(dy, -whole(X / Y))


def test_the_quotient_of_a_remainder_is_exact() -> None:
    x, y = np.array([0.6]), np.array([0.2])  # 0.6 / 0.2 rounds up to 3, the remainder is nearly 0.2
    np.testing.assert_array_equal(pull(r.remainder, [x, y])[1], [-2])
    np.testing.assert_array_equal(pull(r.fmod, [x, y])[1], [-2])


def test_parts_of_a_number_make_it_up() -> None:
    x = np.array([0.0, -0.75, 3.0, -1e-310, 6e30])
    np.testing.assert_array_equal(r.ldexp(r.mantissa(x), r.exponent(x)), x)
    np.testing.assert_array_equal(r.fraction(X) + r.trunc(X), X)
    assert values(derivative(r.mantissa), 3.0, -0.3) == [0.25, 2.0]
    assert values(derivative(r.fraction), 3.25) == [1.0]


def test_ldexp_takes_a_whole_exponent() -> None:
    half, x = np.dtype(np.float16), ArrayType((2,), np.float16)
    assert r.ldexp.types(x, ArrayType((2,), np.int32))[0].dtype == half
    with pytest.raises(TypeError, match="expected integer or bool operands"):
        r.ldexp.types(x, x)


def test_the_neighbour_moves_along() -> None:
    assert values(derivative(lambda x: r.nextafter(x, np.float64(9.0))), 2.0) == [1.0]
