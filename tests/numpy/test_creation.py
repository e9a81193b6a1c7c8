"""New arrays inside a trace: NumPy's `zeros_like` and `like=`, and `autodiff.numpy`."""

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
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "c16"])
@pytest.mark.parametrize("name", CALLS)
def test_same_as_numpy(name, dtype):
    if dtype == "c16" and ("linspace-int" in name or "geomspace" in name):
        pytest.skip("complex floors, and complex spirals")
    check_call(CALLS[name], sample((2, 3), dtype))


@pytest.mark.parametrize("name", [n for n in CALLS if "traced" in n or "space" in n])
def test_gradient(name):
    if name != "linspace-int":
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


MAKERS = {
    "zeros": lambda xp: xp.zeros((2, 3)),
    "zeros-int": lambda xp: xp.zeros(3, dtype=int),
    "ones": lambda xp: xp.ones(3),
    "empty": lambda xp: xp.empty((2,)) * 0,
    "full": lambda xp: xp.full((2,), 3),
    "eye": lambda xp: xp.eye(2),
    "identity": lambda xp: xp.identity(2),
    "tri": lambda xp: xp.tri(2, 3),
    "arange": lambda xp: xp.arange(2, 8, 2),
    "linspace": lambda xp: xp.linspace(0, 1, 5),
    "logspace": lambda xp: xp.logspace(0, 1, 3),
    "geomspace": lambda xp: xp.geomspace(1, 8, 4),
    "array": lambda xp: xp.array([[1, 2.0]]),
    "asarray": lambda xp: xp.asarray([1, 2]),
    "fromfunction": lambda xp: xp.fromfunction(lambda i: i * i, (4,)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_autodiff_numpy_makes_arrays(name):
    make = MAKERS[name]
    plain = make(np)
    assert isinstance(make(adnp), np.ndarray)  # outside of a trace

    def f(x):
        out = make(adnp)
        assert ad.is_traced(out)
        assert out.dtype == plain.dtype
        out[..., 0] = x  # inside of one, traced values may be assigned
        return out

    expected = np.array(plain)
    expected[..., 0] = 7
    np.testing.assert_allclose(ad.jit(f)(np.float64(7)), expected, rtol=1e-12)


def test_autodiff_numpy_is_numpy():
    assert adnp.sum is np.sum
    assert adnp.float32 is np.float32
    assert adnp.linalg is np.linalg
    assert adnp.einsum is np.einsum
    assert {"zeros", "einsum"} <= set(dir(adnp))
    with pytest.raises(AttributeError):
        adnp.no_such_function  # noqa: B018


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
