"""Sorting, searching and taking, against NumPy."""

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import check_call, check_gradient
from tests.numpy.running import assert_same

X = np.array([[3.0, -1.0, 2.5, 0.5], [0.25, 4.0, -2.0, 1.0], [7.0, 6.0, 5.0, 8.0]])
ROW = X[0]
TIES = np.array([[1, 0, 1, 0, 1], [2, 2, 0, 0, 2]])

CALLS = {
    "sort": lambda x: np.sort(x),
    "sort-axis": lambda x: np.sort(x, axis=0),
    "sort-flat": lambda x: np.sort(x, axis=None),
    "sort-stable": lambda x: np.sort(x, kind="stable"),
    "take": lambda x: np.take(x, [0, -1, 5]),
    "take-axis": lambda x: np.take(x, [[1, 0], [2, 2]], axis=0),
    "take-one": lambda x: np.take(x, 2, axis=1),
    "take-method": lambda x: x.take([0, 1], 1),
    "take-wrap": lambda x: np.take(x, [7, -5], axis=1, mode="wrap"),
    "take-clip": lambda x: np.take(x, [7, -5], axis=1, mode="clip"),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0),
    "take_along_axis-broadcast": lambda x: np.take_along_axis(x, np.array([[0, 3]]), axis=1),
    "take_along_axis-flat": lambda x: np.take_along_axis(x, np.array([2, 5]), axis=None),
    "compress": lambda x: np.compress([True, False, True], x, axis=0),
    "compress-method": lambda x: x.compress([False, True, True]),
    "extract": lambda x: np.extract(np.array([[True, False, True, True]] * 3), x),
    "lexsort": lambda x: x[:, np.lexsort((x[0], np.round(x[1])))],
    "searchsorted": lambda x: np.searchsorted(np.sort(x[0]), x),
    "searchsorted-right": lambda x: np.sort(x[0]).searchsorted(x[0], side="right"),
    "searchsorted-sorter": lambda x: np.searchsorted(x[0], 1.0, sorter=np.argsort(x[0])),
    "searchsorted-plain": lambda x: np.searchsorted(np.array([0, 1, 2]), x),
    "digitize": lambda x: np.digitize(x, [0.0, 1.0, 2.5]),
    "digitize-falling": lambda x: np.digitize(x, [2.5, 1.0, 0.0], right=True),
    "argsort": lambda x: np.argsort(x, axis=0),
    "argsort-flat": lambda x: x.argsort(axis=None),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    check_call(CALLS[name], X)


@pytest.mark.parametrize("name", CALLS)
def test_gradients(name):
    check_gradient(CALLS[name], X)


@pytest.mark.parametrize("kind", [None, "stable"])
def test_the_order_of_equal_elements_is_that_of_numpy(kind):
    check_call(lambda x: np.argsort(x, axis=1, kind=kind), TIES)
    check_call(lambda x: np.lexsort(x), TIES)


def test_nans_come_last():
    check_call(lambda x: np.sort(x), np.array([1.0, np.nan, -np.inf, 0.5, np.nan]))


def test_sorting_in_place():
    def fun(x):
        y, z = x * 1, x * 1
        y.sort()
        z[1].sort()
        z[:, 0].partition(1)
        return y, z[1], z[1:2, 1]

    assert_same(fun, X)


@pytest.mark.parametrize("kth", [0, 2, -1, (1, 3)])
def test_partition(kth):
    parts = ad.jit(lambda x: (np.partition(x, kth), np.argpartition(x, kth)))(X)
    expected = np.partition(X, kth)
    for found in (parts[0], np.take_along_axis(X, parts[1], 1)):
        for k in np.atleast_1d(kth):
            np.testing.assert_array_equal(found[:, k], expected[:, k])
    with pytest.raises(ValueError, match="out of bounds"):
        ad.jit(lambda x: np.partition(x, 4))(X)


def test_the_gradient_of_sorting_follows_the_elements():
    weights = np.array([1.0, 10.0, 100.0, 1000.0])
    assert ad.grad(lambda x: np.sum(np.sort(x) * weights))(ROW).tolist() == [1000, 1, 100, 10]


def test_sorting_under_vmap():
    np.testing.assert_array_equal(ad.vmap(lambda x: np.sort(x))(X), np.sort(X))
    np.testing.assert_array_equal(
        ad.vmap(lambda a, v: np.searchsorted(np.sort(a), v))(X, X),
        [np.searchsorted(np.sort(a), a) for a in X],
    )
    np.testing.assert_array_equal(ad.vmap(lambda x: np.take(x, [3, 0]))(X), X[:, [3, 0]])


def test_a_field_order_is_refused():
    with pytest.raises(TypeError, match="order="):
        ad.jit(lambda x: np.sort(x, order="name"))(X)


def test_positions_of_a_list_of_numbers():
    x = np.array([0.5, 1.5, 2.5])
    np.testing.assert_array_equal(ad.jit(lambda x: np.searchsorted(x, [1, 2]))(x), [1, 2])
    np.testing.assert_array_equal(ad.jit(lambda x: np.searchsorted([1, 2], x))(x), [0, 1, 2])


def test_a_scalar_has_no_axis_to_sort_along():
    with pytest.raises(np.exceptions.AxisError):
        ad.jit(np.sort)(1.0)
    np.testing.assert_array_equal(ad.jit(lambda x: np.sort(x, axis=None))(1.0), [1.0])
