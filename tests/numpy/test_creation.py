"""New arrays inside a trace by NumPy's own functions; `autodiff.numpy`: see `test_namespace`."""

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as adnp
from tests.numpy.calls import check_call, check_gradient, sample

CALLS = {
    "zeros_like": lambda x: np.zeros_like(x),
    "zeros_like-dtype": lambda x: np.zeros_like(x, dtype=int),
    "zeros_like-shape": lambda x: np.zeros_like(x, shape=(3,)),
    "ones_like": lambda x: np.ones_like(x),
    "full_like": lambda x: np.full_like(x, 3),
    "full_like-rows": lambda x: np.full_like(x, [1, 2, 3]),
    "full_like-traced": lambda x: np.full_like(x, x[0, 1]),
    "linspace": lambda x: np.linspace(x[0, 0], x[0, 1], 5),
    "linspace-open": lambda x: np.linspace(x[0], 3, 4, endpoint=False),
    "linspace-axis": lambda x: np.linspace(x[0], x[1], 4, axis=-1),
    "linspace-step": lambda x: np.linspace(x[0], x[1], 4, retstep=True),
    "linspace-int": lambda x: np.linspace(x[0], x[1] + 5, 3, dtype=int),
    "linspace-one": lambda x: np.linspace(x[0], x[1], 1),
    "logspace": lambda x: np.logspace(x[0], x[1], 3, base=2.0),
    "geomspace": lambda x: np.geomspace(x[0] + 1, x[1] + 2, 3),
    "geomspace-c8": lambda x: np.geomspace(x[0] + 1, x[1] + 2, 3, dtype="c8"),
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "c16"])
@pytest.mark.parametrize("name", CALLS)
def test_same_as_numpy(name, dtype):
    if dtype != "c16" or name != "linspace-int":  # there is no floor of complex numbers
        check_call(CALLS[name], sample((2, 3), dtype))


@pytest.mark.parametrize("name", [n for n in CALLS if "traced" in n or "space" in n])
def test_gradient(name):
    if name not in ("linspace-int", "geomspace-c8"):
        check_gradient(CALLS[name], sample((2, 3)))


LIKE = {
    "zeros": lambda x: np.zeros((2, 2), like=x),
    "zeros-int": lambda x: np.zeros(3, int, like=x),
    "ones": lambda x: np.ones(3, like=x),
    "full": lambda x: np.full((2,), 1.5, like=x),
    "eye": lambda x: np.eye(3, k=1, like=x),
    "identity": lambda x: np.identity(2, like=x),
    "tri": lambda x: np.tri(3, like=x),
    "arange": lambda x: np.arange(1, 5, 0.5, like=x),
    "array": lambda x: np.array([[1, 2], [3, 4]], like=x),
    "array-ndmin": lambda x: np.array([1, 2], ndmin=3, like=x),
    "asarray": lambda x: np.asarray([1.0, 2.0], dtype=np.float32, like=x),
    "fromfunction": lambda x: np.fromfunction(lambda i, j: i + 2 * j, (2, 3), like=x),
}


@pytest.mark.parametrize("name", LIKE)
def test_like(name):
    check_call(LIKE[name], sample((2,)))


def test_arrays_of_traced_values():
    def f(x):
        return adnp.array([[x[0], 1.0], [2, x[1] * x[2]]])

    x = sample((3,))
    assert adnp.array([1.0, 2.0]).tolist() == [1, 2]  # outside of a trace: NumPy's own
    np.testing.assert_array_equal(ad.jit(f)(x), [[x[0], 1], [2, x[1] * x[2]]])
    check_gradient(lambda x: np.array([[x[0], 1.0], [2, x[1]]], like=x), x)
    assert ad.jit(lambda x: adnp.asarray([x[0], x[1]], dtype=np.float32))(x).dtype == np.float32


def test_two_new_arrays_are_two():
    def f(x):
        a, b = np.zeros_like(x), np.zeros_like(x)
        a[0] = x[1]
        b[1] = x[0] ** 2
        return a, b

    check_call(f, sample((3,)))
    check_gradient(f, sample((3,)))


def test_device_is_refused():
    with pytest.raises(TypeError, match="device='gpu'"):
        ad.grad(lambda x: adnp.asarray(x, device="gpu").sum())(1.0)
