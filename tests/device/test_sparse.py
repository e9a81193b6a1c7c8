"""Sparse derivatives at device arrays: all numbers stay on the device, in a matrix of CuPy's."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.arrays import is_device_array, to_host
from tests.device import fakecupy

sparse = pytest.importorskip("scipy.sparse")


class Matrix:
    """What stands in for `cupyx.scipy.sparse.csr_matrix`."""

    def __init__(self, parts, shape):
        assert all(is_device_array(x) for x in parts)
        self.host = sparse.csr_matrix(tuple([to_host(x) for x in parts]), shape=shape)
        self.dtype = self.host.dtype

    def get(self):
        return self.host


@pytest.fixture(autouse=True)
def matrices(xp, monkeypatch):
    """The module of sparse matrices that belongs to the stand-in."""
    if xp is fakecupy.library:
        module = SimpleNamespace(csr_matrix=Matrix)
        monkeypatch.setitem(sys.modules, f"{fakecupy.NAME}x.scipy.sparse", module)


def tridiagonal(x):
    return np.concatenate([x[:1], x[1:] * x[:-1]]) ** 2


def chain(x):
    return np.sum((x[1:] - x[:-1] ** 2) ** 2)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("chunk_size", [None, 1])
def test_jacobian(xp, mode, chunk_size):
    x = np.linspace(1, 2, 6)
    found = ad.sparse_jacobian(tridiagonal, mode=mode, chunk_size=chunk_size)(xp.asarray(x))
    assert_allclose(found.get().toarray(), ad.jacobian(tridiagonal)(x))


def test_hessian(xp):
    x = np.linspace(1, 2, 6)
    for _ in range(2):
        found = ad.sparse_hessian(chain)(xp.asarray(x))
        assert_allclose(found.get().toarray(), ad.hessian(chain)(x), atol=1e-12)


def test_indices_on_the_device(xp):
    x, i = np.linspace(1, 2, 6), np.array([3, 0, 0])
    f = lambda x, i: x[i] ** 2
    found = ad.sparse_jacobian(f)(xp.asarray(x), xp.asarray(i))
    assert_allclose(found.get().toarray(), ad.jacobian(f)(x, i))


def test_single_precision(xp):
    found = ad.sparse_jacobian(tridiagonal)(xp.ones(4, dtype=np.float32))
    assert found.dtype == np.float32
