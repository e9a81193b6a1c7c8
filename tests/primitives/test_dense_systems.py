"""`dense_solve` beyond the laws: singular matrices, and how often a matrix is factorised."""

import numpy as np
import pytest

from autodiff.primitives.dense_systems import dense_solve
from autodiff.transforms.batch import batch
from tests.programs import program, shown, typed


def solving(a: str = "f64[2,2]", b: str = "f64[2,1]", *, strict: bool = True):
    return program(lambda a, b: dense_solve(a, b, strict=strict), a, b)


def test_many_right_hand_sides_of_one_matrix_are_columns():
    together, _ = batch(solving(), (False, True), 3)
    assert shown(together).count("dense_solve") == 1
    assert "f64[2,3] = dense_solve[strict=True]" in shown(together)


def test_a_singular_matrix_is_an_error():
    with pytest.raises(np.linalg.LinAlgError, match=r"of 2 equations is singular"):
        dense_solve(np.ones((2, 2)), np.ones((2, 1)), strict=True)


def test_or_gives_nan_where_it_is_singular():
    a = np.stack([np.eye(2), np.ones((2, 2)), 2 * np.eye(2)])
    x = dense_solve(a, np.ones((3, 2, 1)), strict=False)
    np.testing.assert_array_equal(x[:, :, 0], [[1, 1], [np.nan, np.nan], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("a", "b"),
    [("f64[2,3]", "f64[2,1]"), ("f64[2,2]", "f64[3,1]"), ("f64[2,2]", "f64[2]")],
)
def test_shapes_are_checked(a, b):
    with pytest.raises(ValueError, match=r"\[\.\.\., n, n\]"):
        dense_solve.types(typed(a), typed(b), strict=True)


@pytest.mark.parametrize(("a", "b"), [("f64[2,2]", "f32[2,1]"), ("i64[2,2]", "i64[2,1]")])
def test_dtypes_are_checked(a, b):
    with pytest.raises(TypeError, match="float32, float64, complex64 and complex128"):
        dense_solve.types(typed(a), typed(b), strict=True)
