import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, broadcast, mul, reduce_sum
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.basis import columns, diagonal

C = np.array([2.0, 3.0])
VECTOR, SCALAR = ArrayType((2,), float), ArrayType((), float)


def f(c, x, t):
    """A linear function of x and t: (c*x + t, sum(x))."""
    return add(mul(c, x), broadcast(t, shape=(2,), axes=(0,))), reduce_sum(x, axes=(0,))


def program():
    return build(f, [VECTOR, VECTOR, SCALAR])


def test_columns_are_the_images_of_basis_vectors():
    y, total = evaluate(columns(program(), 1, 3), [C, np.int64(0)])
    assert_array_equal(y, [[2, 0], [0, 3], [1, 1]])
    assert_array_equal(total, [1, 1, 0])


@pytest.mark.parametrize("start", [0, 1, 2])
def test_some_of_the_columns(start):
    everything = evaluate(columns(program(), 1, 3), [C, np.int64(0)])
    for size in range(1, 4 - start):
        part = evaluate(columns(program(), 1, size), [C, np.int64(start)])
        for x, y in zip(part, everything, strict=True):
            assert_array_equal(x, y[start : start + size])


def test_a_single_number_needs_no_mapped_axis():
    new = columns(build(lambda c, t: [mul(c, t)], [SCALAR, SCALAR]), 1, 1)
    assert_array_equal(evaluate(new, [5.0, np.int64(0)]), [[5]])
    assert all(e.primitive is not add for e in new.equations)


def test_the_diagonal_ignores_everything_else():
    def g(c, x, t):
        return mul(c, x), reduce_sum(x, axes=(0,))

    new = diagonal(build(g, [VECTOR, VECTOR, SCALAR]), 1, 3, (True, True))
    with np.errstate(invalid="ignore"):
        x, t = evaluate(new, [np.array([np.inf, 3.0]), np.int64(0)])
    assert_allclose(x, [np.inf, 3, 0])
    assert_array_equal(t, [0, 0, 0])


def test_results_may_be_missing():
    new = diagonal(
        build(lambda c, x, t: [mul(c, x)], [VECTOR, VECTOR, SCALAR]), 1, 3, (True, False)
    )
    assert_array_equal(evaluate(new, [C, np.int64(0)]), [[2, 3, 0]])
