"""What moves elements: bounds, shapes that do not fit, and slices against pads."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.dynamic import dynamic_slice, dynamic_update
from autodiff.primitives.structure import concatenate, flip, pad, permute, reshape, slice_
from tests.primitives.differentiate import pull
from tests.primitives.specs_structure import amounts, part

X = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("primitive", "shape", "params", "expected"),
    [
        (reshape, (6,), {"shape": (2, 3)}, "{0}.reshape(2, 3)"),
        (reshape, (), {"shape": (1,)}, "{0}.reshape(1)"),
        (reshape, (1, 1), {"shape": ()}, "{0}[0, 0]"),
        (reshape, (), {"shape": ()}, "{0}.reshape(())"),
        (permute, (2, 3), {"perm": (1, 0)}, "{0}.T"),
        (permute, (2, 3, 4), {"perm": (0, 2, 1)}, "{0}.transpose(0, 2, 1)"),
        (permute, (2, 3), {"perm": (0, 1)}, "{0}"),
        (flip, (2, 3), {"axes": (0,)}, "{0}[::-1]"),
        (flip, (2, 3), {"axes": (1,)}, "{0}[:, ::-1]"),
        (slice_, (5, 6), part((1, 3, 1), (0, 6, 2)), "{0}[1:3, ::2]"),
        (slice_, (5, 6), part((0, 5, 1), (2, 6, 1)), "{0}[:, 2:]"),
        (slice_, (5, 6), part((0, 4, 1), (0, 6, 1)), "{0}[:4]"),
        (concatenate, (2,), {"axis": 0}, "np.concatenate(({0},), 0)"),
    ],
)
def test_generated_text(primitive, shape, params, expected):
    assert primitive.python((ArrayType(shape, float),), params) == expected


@pytest.mark.parametrize(
    ("primitive", "params", "message"),
    [
        (reshape, {"shape": (5, 2)}, r"cannot reshape an array of shape \(3, 4\) into shape"),
        (reshape, {"shape": (-3, -4)}, "cannot reshape"),
        (permute, {"perm": (0, 0)}, "not a permutation"),
        (flip, {"axes": (2,)}, "cannot flip axes"),
        (slice_, part((0, 4, 1), (0, 4, 1)), "0:4:1 does not lie inside an axis of length 3"),
        (slice_, part((0, 3, 1)), "2 entries in each param"),
        (slice_, part((0, 3, 0), (0, 4, 1)), "does not lie inside"),
        (concatenate, {"axis": 2}, "along axis 2"),
    ],
)
def test_what_does_not_fit_is_refused(primitive, params, message):
    with pytest.raises(ValueError, match=message):
        primitive.types(ArrayType((3, 4), float), **params)


def test_operands_that_do_not_fit_are_refused():
    x, scalar = ArrayType((3, 4), float), ArrayType((), np.float32)
    with pytest.raises(TypeError, match="padded with a scalar of its dtype"):
        pad.types(x, scalar, **amounts((0, 1, 0), (0, 1, 0)))
    with pytest.raises(ValueError, match="negative amount"):
        pad.types(x, ArrayType((), float), **amounts((0, -1, 0), (0, 1, 0)))
    with pytest.raises(TypeError, match="cannot concatenate"):
        concatenate.types(x, ArrayType((3, 5), float), axis=0)


def test_pad_is_slice_assignment():
    padded = pad(X, np.float64(7), **amounts((1, 0, 1), (2, 1, 0)))
    expected = np.full((6, 7), 7.0)
    expected[1:6:2, 2:6] = X
    np.testing.assert_array_equal(padded, expected)
    back = slice_(padded, **part((1, 6, 2), (2, 6, 1)))
    np.testing.assert_array_equal(back, X)


# ---- windows


def test_a_negative_start_counts_from_the_end():
    window = dynamic_slice(X, np.int64(-2), np.int64(1), sizes=(2, 3))
    np.testing.assert_array_equal(window, X[-2:, 1:4])


@pytest.mark.parametrize("start", [3, -5])
def test_a_window_out_of_bounds_raises(start):
    message = f"a window of 2 at {start} is out of bounds for an axis of length 4"
    with pytest.raises(IndexError, match=message):
        dynamic_slice(np.arange(4.0), np.int64(start), sizes=(2,))
    with pytest.raises(IndexError, match=message):
        dynamic_update(np.arange(4.0), np.zeros(2), np.int64(start))
    with pytest.raises(IndexError, match="out of bounds for an axis of length 4"):
        dynamic_slice(X, np.array([0, 1, start]), sizes=(2,))


def test_update_leaves_its_operand_alone():
    x = np.arange(4.0)
    y = dynamic_update(x, np.zeros(2), np.int64(1))
    np.testing.assert_array_equal(y, [0, 0, 0, 3])
    np.testing.assert_array_equal(x, [0, 1, 2, 3])


def test_gradients_of_a_window():
    start = np.int64(1)
    (ct,) = pull(lambda x: dynamic_slice(x, start, sizes=(2,)), [np.arange(4.0)])
    np.testing.assert_array_equal(ct, [0, 1, 1, 0])
    cts = pull(lambda x, u: dynamic_update(x, u, start), [np.arange(4.0), np.zeros(2)])
    np.testing.assert_array_equal(cts[0], [1, 0, 0, 1])
    np.testing.assert_array_equal(cts[1], [1, 1])


def test_windows_that_do_not_fit_are_refused():
    x, start = ArrayType((3, 4), float), ArrayType((), np.int64)
    with pytest.raises(ValueError, match="larger than an array"):
        dynamic_slice.types(x, start, start, sizes=(4, 1))
    with pytest.raises(ValueError, match="does not fit"):
        dynamic_slice.types(x, start, sizes=(1,))
    with pytest.raises(TypeError, match="integers of one shape"):
        dynamic_slice.types(x, start, ArrayType((), float), sizes=(1, 1))
    with pytest.raises(TypeError, match="cannot write"):
        dynamic_update.types(x, ArrayType((1, 1), np.float32), start, start)
