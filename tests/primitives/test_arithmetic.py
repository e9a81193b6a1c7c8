"""Edge conventions of differences, quotients, select and convert; every ufunc has a primitive."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import convert, div, select, square, stop_gradient, sub
from autodiff.primitives.comparison import greater
from autodiff.primitives.exponential import log
from autodiff.primitives.powers import sqrt
from autodiff.primitives.record import Primitive
from tests.primitives.differentiate import derivative, pull, push, values
from tests.primitives.specs_arithmetic import SPECS

f64 = ArrayType((3,), np.float64)
ZERO = np.float64(0.0)

# Ufuncs that are made of other primitives, and those that contract.
COMPOSED = {np.divmod, np.modf, np.frexp, np.float_power, np.fabs, np.degrees, np.radians}
CONTRACTIONS = {np.matmul, np.vecdot} | {
    getattr(np, name) for name in ("matvec", "vecmat") if hasattr(np, name)
}


def test_every_ufunc_is_a_primitive_with_a_row() -> None:
    ufuncs = {u for u in vars(np).values() if isinstance(u, np.ufunc)} - {np.isnat}
    assert ufuncs - {s.primitive.ufunc for s in SPECS} == COMPOSED | CONTRACTIONS


def test_names_are_unique() -> None:
    ids = [str(s) for s in SPECS]
    assert len(ids) == len(set(ids))


# ---- select


def test_select_leaves_out_what_is_not_chosen_in_both_modes() -> None:
    def guarded(x):  # log has an infinite derivative where it is not chosen
        return select(greater(x, ZERO), log(x), ZERO)

    x = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(push(guarded, [x], [np.ones(3)]), [0, 0, 0.5])
    np.testing.assert_array_equal(pull(guarded, [x])[0], [0, 0, 0.5])


def test_nested_selects_and_scales_keep_the_mask() -> None:
    def guarded(x):
        inner = select(greater(x, ZERO), mul(np.float64(3.0), sqrt(x)), x)
        return select(greater(x, np.float64(-0.5)), square(inner), div(np.float64(1.0), x))

    x = np.array([-1.0, -0.25, 0.0, 4.0])
    expected = [-1.0, -0.5, 0.0, 9.0]
    np.testing.assert_allclose(pull(guarded, [x])[0], expected)
    np.testing.assert_allclose(push(guarded, [x], [np.ones(4)]), expected)


def test_an_unguarded_nan_stays() -> None:
    x = np.array([0.0, 1.0])
    assert np.isnan(pull(lambda x: mul(ZERO, log(x)), [x])[0][0])


def test_select_of_one_operand_twice_is_that_operand() -> None:
    x, y = np.array([1.0, 2.0]), np.array([2.0, 1.0])
    dx, dy = pull(lambda x, y: select(greater(x, y), x, y), [x, y])
    np.testing.assert_array_equal(dx + dy, 1)


def test_select_refuses_mixed_operands() -> None:
    mask = ArrayType((3,), bool)
    with pytest.raises(TypeError, match="of one dtype"):
        select.types(mask, f64, f64.with_dtype(np.float32))
    with pytest.raises(TypeError, match="condition of select is of dtype bool"):
        select.types(f64, f64, f64)
    with pytest.raises(TypeError, match="one shape"):
        select.types(mask, f64, f64.with_shape((4,)))


# ---- convert and stop_gradient


@pytest.mark.parametrize("dtype", [np.int64, bool])
def test_convert_out_of_the_inexact_dtypes_has_no_tangent(dtype) -> None:
    assert convert.jvp is not None
    y, dy = convert.jvp((np.array([0.0, 2.5]),), (np.ones(2),), dtype=np.dtype(dtype))
    assert dy is None
    assert y.dtype == dtype


def test_convert_to_a_real_dtype_takes_the_real_part_without_a_warning() -> None:
    z = np.array([1 + 2j, 3j])
    np.testing.assert_array_equal(convert(z, dtype=np.dtype(np.float32)), [1, 0])
    np.testing.assert_array_equal(convert(z, dtype=np.dtype(bool)), [True, True])


def test_convert_pulls_back_to_the_dtype_it_came_from() -> None:
    (ct,) = pull(lambda z: convert(z, dtype=np.dtype(np.float64)), [np.array([1 + 2j])])
    assert ct.dtype == np.complex128
    assert ct[0] == 1


def test_stop_gradient() -> None:
    assert stop_gradient.jvp is None
    assert stop_gradient.view
    assert values(derivative(lambda x: mul(x, stop_gradient(x))), 3.0) == [3.0]


# ---- quotients


def test_division_by_zero_has_the_limits_as_derivatives() -> None:
    x, y = np.array([1.0, -1.0]), np.array([0.0, 0.0])
    dx, dy = pull(div, [x, y])
    np.testing.assert_array_equal(dx, [np.inf, np.inf])
    np.testing.assert_array_equal(dy, [-np.inf, np.inf])


def test_higher_derivatives_of_a_reciprocal() -> None:
    third = derivative(lambda x: div(np.float64(1.0), x), 3)
    np.testing.assert_allclose(values(third, 2.0), [-6 / 2**4])


def test_a_difference_of_equal_operands_has_no_derivative() -> None:
    assert values(derivative(lambda x: sub(x, x)), 2.0) == [0.0]


@pytest.mark.parametrize("name", ["div", "exp", "sqrt", "sin"])
def test_integers_are_refused_where_numpy_would_convert_them(name) -> None:
    primitive = Primitive.named[name]
    operands = [f64.with_dtype(np.int64)] * (2 if name == "div" else 1)
    with pytest.raises(TypeError, match="floating-point or complex operands, not i64"):
        primitive.types(*operands)
