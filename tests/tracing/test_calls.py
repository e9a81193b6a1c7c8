"""Calls that are remembered while tracing are told apart by all that they depend on."""

import numpy as np
import pytest

import autodiff as ad

X, Y, Z = np.array([1.0, 2.0]), np.array([10.0, 20.0]), np.array([100.0, 200.0])


@pytest.mark.parametrize("join", [np.concatenate, np.stack, np.vstack, np.hstack])
def test_lists_with_the_same_first_array(join):
    """The first array of a list does not stand for the list."""

    def both(x, y, z):
        return join([x, y]), join([x, z])

    for given, expected in zip(ad.jit(both)(X, Y, Z), both(X, Y, Z), strict=True):
        np.testing.assert_array_equal(given, expected)
    gradients = ad.grad(lambda *xs: sum(np.sum(part**2) for part in both(*xs)), (0, 1, 2))
    for _ in range(3):
        for given, expected in zip(gradients(X, Y, Z), (4 * X, 2 * Y, 2 * Z), strict=True):
            np.testing.assert_allclose(given, expected)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (0.0, -0.0),
        (complex(0, 0.0), complex(0, -0.0)),
        (1, 1.0),
        (True, 1),
        ((1, 2), (1.0, 2.0)),
    ],
)
def test_operands_that_are_equal_but_not_the_same(first, second):
    x = np.array([-0.0, 1.0]).astype(np.float32)

    def both(x):
        return np.multiply(x, first), np.multiply(x, second)

    for given, expected in zip(ad.jit(both)(x), both(x), strict=True):
        assert given.dtype == expected.dtype
        assert given.tobytes() == expected.tobytes()


def test_sums_over_different_axes():
    x = np.arange(6.0).reshape(2, 3)

    def sums(x):
        return np.sum(x, 0), np.sum(x, 1), np.sum(x, axis=0, keepdims=True), x.sum()

    for _ in range(3):
        for given, expected in zip(ad.jit(sums)(x), sums(x), strict=True):
            np.testing.assert_array_equal(given, expected)


def test_a_result_of_python_numbers_promotes_weakly():
    """A jitted helper on a Python float leaves float32 arrays float32, as the helper does."""

    def helper(s):
        return s * 2

    def f(x, s):
        return x * ad.jit(helper)(s)

    x = np.float32([1])
    assert f(x, 3.0).dtype == np.float32
    assert ad.jit(f)(x, 3.0).dtype == np.float32
