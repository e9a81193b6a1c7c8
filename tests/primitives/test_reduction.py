"""Reductions where it is delicate: zeros in products, ties, NaN, infinities, nothing at all."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.reduction import (
    _halved,
    argmax,
    reduce_all,
    reduce_and,
    reduce_logsumexp,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_xor,
)
from tests.calculus import cotangents, evaluated, tangents
from tests.primitives.differentiate import program_of, pull

nan, inf = np.nan, np.inf


def over(primitive, *axes):
    return lambda x: primitive(x, axes=axes)


# ---- products


@pytest.mark.parametrize(
    ("x", "gradient"),
    [
        ([2.0, 3.0, 5.0], [15, 10, 6]),
        ([2.0, 0.0, 5.0], [0, 10, 0]),
        ([0.0, 0.0, 5.0], [0, 0, 0]),
        ([1e-300, 1e200, 1e-300], [1e-100, 0, 1e-100]),
        ([7.0], [1]),
    ],
)
def test_gradient_of_a_product(x, gradient):
    (ct,) = pull(over(reduce_prod, 0), [np.array(x)])
    np.testing.assert_allclose(ct, gradient, rtol=1e-15)


@pytest.mark.parametrize("x", [[2.0, 3.0, 5.0], [2.0, 0.0, 5.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])
def test_hessian_of_a_product(x):
    """Off the diagonal it is the third factor, whatever the others are; on it zero."""
    a, b, c = x
    expected = [[0, c, b], [c, 0, a], [b, a, 0]]
    hessian = tangents(cotangents(program_of(over(reduce_prod, 0), [np.array(x)])))
    ct, zero = np.float64(1), np.float64(0)
    columns = [evaluated(hessian, [np.array(x), ct, u, zero])[0] for u in np.eye(3)]
    np.testing.assert_array_equal(columns, expected)


# ---- maximum and minimum


@pytest.mark.parametrize(
    ("primitive", "x", "gradient"),
    [
        (reduce_max, [1.0, 3.0, 2.0], [0, 1, 0]),
        (reduce_max, [3.0, 3.0, 2.0, 3.0], [1 / 3, 1 / 3, 0, 1 / 3]),
        (reduce_min, [0.0, -0.0], [0.5, 0.5]),
        (reduce_min, [inf, inf], [0.5, 0.5]),
        (reduce_max, [-inf, 1.0], [0, 1]),
        (reduce_max, [nan, 1.0], [0.5, 0.5]),  # nothing is known to lose against NaN
    ],
)
def test_gradient_of_an_extreme(primitive, x, gradient):
    (ct,) = pull(over(primitive, 0), [np.array(x)])
    np.testing.assert_allclose(ct, gradient, rtol=1e-15)


def test_nan_is_the_maximum():
    assert np.isnan(reduce_max(np.array([1.0, nan, 3.0]), axes=(0,)))
    assert argmax(np.array([1.0, nan, 3.0]), axis=0) == 1


def test_extremes_of_nothing_have_numpys_message():
    nothing = ArrayType((0, 3), float)
    for primitive, message in (
        (reduce_max, "zero-size array to reduction operation maximum which has no identity"),
        (reduce_min, "zero-size array to reduction operation minimum which has no identity"),
    ):
        with pytest.raises(ValueError, match=message):
            primitive.types(nothing, axes=(0,))
        assert primitive.types(nothing, axes=(1,)) == (ArrayType((0,), float),)
    with pytest.raises(ValueError, match="attempt to get argmax of an empty sequence"):
        argmax.types(nothing, axis=0)


# ---- logic and bits


def test_bits_of_nothing():
    nothing = np.zeros((0, 2), np.uint8)
    assert reduce_and(nothing, axes=(0,)).tolist() == [255, 255]
    assert reduce_xor(nothing, axes=(0,)).tolist() == [0, 0]


@pytest.mark.parametrize("length", range(1, 8))
def test_folding_by_halves(length, rng):
    rows = rng.integers(0, 256, (length, 3))
    np.testing.assert_array_equal(
        _halved(np, np.bitwise_xor, rows), np.bitwise_xor.reduce(rows, axis=0)
    )


def test_operands_of_the_wrong_dtype_are_refused():
    numbers = ArrayType((2,), float)
    with pytest.raises(TypeError, match="takes truth values"):
        reduce_all.types(numbers, axes=(0,))
    with pytest.raises(TypeError, match="takes integers or truth values"):
        reduce_xor.types(numbers, axes=(0,))
    with pytest.raises(TypeError, match="expected real floating-point"):
        reduce_logsumexp.types(ArrayType((2,), complex), axes=(0,))


# ---- logsumexp


@pytest.mark.parametrize(
    ("x", "value", "gradient"),
    [
        ([0.0, 0.0], np.log(2), [0.5, 0.5]),
        ([1000.0, 1000.0], 1000 + np.log(2), [0.5, 0.5]),
        ([-1000.0, -1000.0], -1000 + np.log(2), [0.5, 0.5]),
        ([1e17, 1e17], 1e17, [0.5, 0.5]),  # log 2 is lost in the value, but not in the derivative
        ([3.0, -inf], 3, [1, 0]),
        ([-inf, -inf], -inf, [0, 0]),
        ([inf, 1.0], inf, [1, 0]),
        ([inf, inf, -inf], inf, [0.5, 0.5, 0]),
        ([nan, 1.0], nan, [nan, nan]),
    ],
)
def test_logsumexp(x, value, gradient):
    x = np.array(x)
    np.testing.assert_allclose(reduce_logsumexp(x, axes=(0,)), value, rtol=1e-15)
    (ct,) = pull(over(reduce_logsumexp, 0), [x])
    np.testing.assert_allclose(ct, gradient, rtol=1e-15)


def test_logsumexp_under_differentiation_has_the_same_value(rng):
    x = rng.normal(size=(3, 4))
    with_tangent, _ = reduce_logsumexp.jvp((x,), (x,), axes=(1,))
    np.testing.assert_array_equal(with_tangent, reduce_logsumexp(x, axes=(1,)))
