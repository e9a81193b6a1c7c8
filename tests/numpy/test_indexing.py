"""`x[index]` in all of NumPy's forms, with concrete and with traced indices."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.emit import to_source
from autodiff.errors import NoValueError
from tests.numpy.running import assert_same, random_index, traced

X = np.arange(24.0).reshape(2, 3, 4)
VECTOR = np.array([3.0, 1.0, 2.0])


@pytest.mark.parametrize("seed", range(300))
def test_random_indices_give_what_numpy_gives(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=tuple(rng.integers(1, 4, rng.integers(1, 5))))
    index = random_index(rng, x.shape)
    try:
        x[index]
    except IndexError:
        with pytest.raises(IndexError):
            traced(lambda a: a[index], x)
        return
    assert_same(lambda a: a[index], x, values=bool(seed % 2))


@pytest.mark.parametrize(
    "index",
    [7, (0, 5), (0, 0, 0, 0), (..., ...), 1.0, "name", (0, [0, 9]), ([0, 1], [0, 1, 2]),
     np.ones((2, 2), bool)],
)  # fmt: skip
def test_errors_are_worded_as_in_numpy(index):
    with pytest.raises(IndexError) as expected:
        X[index]
    with pytest.raises(IndexError) as found:
        traced(lambda x: x[index], X, values=False)
    assert str(found.value).strip() == str(expected.value).strip()


def test_an_integer_is_one_equation():
    program = ad.trace(lambda x: x[1])(X)
    assert [str(e.primitive.name) for e in program.equations] == ["index"]
    assert "x[1, 2:]" in to_source(ad.trace(lambda x: x[1, 2:])(X))


def test_rows_can_be_iterated_over():
    assert_same(lambda x: sum([row * k for k, row in enumerate(x)]), X)


def test_a_traced_integer_needs_no_value():
    places = np.array([2, -1])
    assert_same(lambda x, i: x[0, i[0]] + x[1, i[1]], X, places, values=False)
    assert_same(lambda x, i: x[:, i, 0], X, places, values=False)
    assert_same(lambda x, i: x[i[1] :], X, places, values=True)


def test_traced_unsigned_indices():
    assert_same(lambda x, i: x[i], VECTOR, np.array([2, 0], np.uint8), values=False)


def test_traced_indices_out_of_bounds_raise_when_run():
    f = ad.jit(lambda x, i: x[i])
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        f(VECTOR, np.array([0, 3]))


@pytest.mark.parametrize("index", [np.array(1), np.array([1]), np.array([[2, 0]])])
def test_a_plain_array_can_be_indexed_by_a_traced_one(index):
    table = np.arange(6.0).reshape(3, 2)
    assert_same(lambda i: table[i] * 2.0, index)


def test_a_plain_array_indexed_without_values_says_what_to_write():
    table = np.arange(3.0)
    with pytest.raises(NoValueError, match=r"ad\.numpy\.asarray\(arr\)\[x\]"):
        ad.jit(lambda i: table[i])(np.array(1))
    assert ad.jit(lambda i: ad.numpy.asarray(table)[i])(np.array(1)) == 1.0


def test_a_traced_mask_gives_its_value():
    assert_same(lambda x: x[x > 1.5], VECTOR)
    assert_same(lambda x: x[x[:, 0, 0] > 3], X)


def test_a_traced_mask_without_a_value_says_what_to_write():
    with pytest.raises(NoValueError, match=r"np\.where\(mask, x, 0\)"):
        ad.jit(lambda x: x[x > 1.5])(VECTOR)


def test_questions_for_positions():
    assert_same(lambda x: x[np.nonzero(x > 1.5)], VECTOR)
    assert_same(lambda x: x[(x > 1.5).nonzero()], VECTOR)
    assert_same(lambda x: x[np.where(x > 1.5)], VECTOR)
    assert_same(lambda x: np.flatnonzero(x > 5) * x.sum(), X)
    assert_same(lambda x: np.argwhere(x > 20) * x.sum(), X)


def test_the_gradient_of_repeated_places_adds_up():
    weights = np.array([1.0, 2.0, 4.0, 8.0])
    gradient = ad.grad(lambda x: np.sum(x[[0, 1, 0, -1]] * weights))(VECTOR)
    assert gradient.tolist() == [5.0, 2.0, 8.0]


def test_rows_of_a_table_under_vmap():
    table, rows = np.arange(6.0).reshape(3, 2), np.array([[0, 2], [1, 1]])
    tables = np.stack([table, -table])
    expected = np.stack([table[rows[0]], -table[rows[1]]])
    np.testing.assert_array_equal(ad.vmap(lambda t, i: t[i])(tables, rows), expected)
    np.testing.assert_array_equal(ad.vmap(lambda t: t[rows[0]])(tables), tables[:, rows[0]])


def test_a_second_derivative_through_indexing():
    slope = ad.grad(lambda x: x[0] * x[2] ** 2)
    hessian = ad.vmap(lambda v: ad.grad(lambda x: np.sum(slope(x) * v))(VECTOR))(np.eye(3))
    np.testing.assert_allclose(hessian, [[0, 0, 4], [0, 0, 0], [4, 0, 6]])
