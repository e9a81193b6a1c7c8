"""Running totals where it is delicate: zeros, ties, infinities, and the ways to run them."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.cumulative import (
    _columns,
    _compose,
    _rows,
    by_doubling,
    cumlogsumexp,
    cummax,
    cummin,
    cumprod,
    cumsum,
    recurrence,
)
from tests.calculus import (
    cotangents,
    difference,
    evaluated,
    jacobian_by_columns,
    jacobian_by_rows,
    tangents,
)
from tests.primitives.differentiate import program_of

nan, inf = np.nan, np.inf


def along(primitive, axis=0, reverse=False):
    return lambda *xs: primitive(*xs, axis=axis, reverse=reverse)


def jacobian(primitive, x, reverse=False):
    """By columns, after a look at whether it is the same by rows."""
    x = np.array(x, float)
    program = program_of(along(primitive, reverse=reverse), [x])
    columns = jacobian_by_columns(program, [x])
    np.testing.assert_array_equal(columns, jacobian_by_rows(program, [x]))
    return columns


# ---- products


def test_cumprod_with_zeros_is_exact():
    a, b, c = 2.0, 0.0, 5.0
    assert jacobian(cumprod, [a, b, c]).tolist() == [[1, 0, 0], [b, a, 0], [b * c, a * c, a * b]]
    assert jacobian(cumprod, [0.0, 0.0, c]).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert jacobian(cumprod, [a, b, c], reverse=True).tolist() == [
        [b * c, a * c, a * b],
        [0, c, b],
        [0, 0, 1],
    ]


@pytest.mark.parametrize("x", [[2.0, 0.0, 5.0, 3.0], [0.0, 0.0, 5.0, 3.0], [0.0, 0.0, 0.0, 0.0]])
def test_second_derivatives_of_cumprod_with_zeros(x, rng):
    x, u, ct = np.array(x), rng.normal(size=4), rng.normal(size=4)
    back = cotangents(program_of(along(cumprod), [x]))
    expected = difference(lambda xs: evaluated(back, xs), [x, ct], [u, None])
    forward_reverse = evaluated(tangents(back), [x, ct, u, np.zeros(4)])
    reverse_reverse = evaluated(cotangents(back), [x, ct, u])[:1]
    np.testing.assert_allclose(forward_reverse, expected, atol=1e-10)
    np.testing.assert_allclose(reverse_reverse, expected, atol=1e-10)


# ---- extremes


def test_ties_for_the_running_maximum_share_the_derivative():
    third = 1 / 3
    np.testing.assert_allclose(
        jacobian(cummax, [1, 3, 3, 2, 3, 4]),
        [
            [1, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0],
            [0, 0.5, 0.5, 0, 0, 0],
            [0, 0.5, 0.5, 0, 0, 0],
            [0, third, third, 0, third, 0],
            [0, 0, 0, 0, 0, 1],
        ],
        rtol=1e-15,
    )
    assert jacobian(cummin, [2, 1, 1], reverse=True).tolist() == [
        [0, 0.5, 0.5],
        [0, 0.5, 0.5],
        [0, 0, 1],
    ]


def test_nan_stays_the_maximum():
    result = cummax(np.array([1.0, nan, 3.0]), axis=0, reverse=False)
    np.testing.assert_array_equal(result, [1, nan, nan])


# ---- logsumexp


def test_cumlogsumexp_at_infinities():
    x = np.array([-inf, -inf, 1.0, inf, 2.0])
    value = cumlogsumexp(x, axis=0, reverse=False)
    np.testing.assert_array_equal(value, [-inf, -inf, 1, inf, inf])
    assert jacobian(cumlogsumexp, x).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0],
    ]


def test_cumlogsumexp_does_not_overflow():
    x = np.array([1e4, -1e4, 1e4])
    expected = [[1, 0, 0], [1, 0, 0], [0.5, 0, 0.5]]
    np.testing.assert_allclose(jacobian(cumlogsumexp, x), expected, rtol=1e-12)


# ---- recurrence


@pytest.mark.parametrize("shape", [(1,), (2, 3), (5,), (7, 2), (16, 9)])
def test_all_ways_to_run_a_recurrence_agree(shape, rng):
    a, b = rng.normal(size=(2, *shape))
    expected = np.empty(shape)
    before = np.zeros(shape[1:])
    for n in range(len(b)):
        before = expected[n] = a[n] * before + b[n]
    for result in (_rows(np, a, b), _columns(np, a, b), by_doubling(np, _compose, [a, b])[1]):
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_what_is_before_the_first_does_not_count():
    a, b = np.array([[inf, nan]]), np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(recurrence(a, b, axis=0, reverse=False), b)
    np.testing.assert_array_equal(recurrence(a[0], b[0], axis=0, reverse=True), [inf, 2])


@pytest.mark.parametrize("name", ["maximum", "minimum", "logaddexp"])
def test_accumulation_by_doubling(name, rng):
    ufunc = getattr(np, name)
    x = rng.normal(size=(11, 2))
    (result,) = by_doubling(np, lambda before, here: [ufunc(*before, *here)], [x])
    np.testing.assert_allclose(result, ufunc.accumulate(x), rtol=1e-14)


def test_the_mask_of_a_recurrence_stops_where_a_coefficient_is_zero():
    a = np.array([1.0, 1.0, 0.0, 1.0])
    mask = np.array([False, False, False, True])
    live = recurrence.mask(mask, 1, a, a, axis=0, reverse=False)
    assert live.tolist() == [False, False, True, True]
    assert cumsum.mask(mask, 0, a, axis=0, reverse=False).all()


def test_operands_that_do_not_fit_are_refused():
    x = ArrayType((3,), float)
    with pytest.raises(ValueError, match="axis 1 is out of bounds"):
        cumsum.types(x, axis=1, reverse=False)
    with pytest.raises(TypeError, match="operands of one type"):
        recurrence.types(x, ArrayType((4,), float), axis=0, reverse=False)
    with pytest.raises(TypeError, match="floating-point"):
        cumlogsumexp.types(ArrayType((3,), np.int64), axis=0, reverse=False)
