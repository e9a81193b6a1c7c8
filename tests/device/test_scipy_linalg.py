"""Derivatives of SciPy's linear algebra at device arrays, and what to do where it has none."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import linalg
from tests.device.transfer import agree, on_device

pytest.importorskip("scipy")

RNG = np.random.default_rng(0)
A, B = RNG.uniform(-1, 1, (3, 3)), RNG.uniform(-1, 1, 3)
INDICES, INDPTR = np.array([0, 2, 1, 0, 2]), np.array([0, 2, 3, 5])
DATA = np.array([4.0, 1, 3, -1, 5])


def by_sparse_solve(data, b):
    return np.sum(ad.sparse_solve(data, INDICES, INDPTR, b) ** 2)


def by_exponential(a):
    return np.sum(linalg.expm(a) ** 2)


def by_factorisation(a, b):
    return np.sum(linalg.lu_solve(linalg.lu_factor(a), b) * linalg.cho_solve((a, True), b))


@pytest.mark.parametrize(
    ("f", "xs"),
    [(by_sparse_solve, [DATA, B]), (by_exponential, [A]), (by_factorisation, [A, B])],
)
def test_gradients(xp, f, xs):
    gradient = ad.grad(f, argnums=tuple(range(len(xs))))
    agree(xp, gradient(*on_device(xp, xs)), gradient(*xs))


def test_a_pattern_on_the_device(xp):
    x = ad.sparse_solve(*on_device(xp, [DATA, INDICES, INDPTR, B]))
    agree(xp, x, ad.sparse_solve(DATA, INDICES, INDPTR, B))


def test_what_a_device_has_none_of(xp):
    a = xp.asarray(A)
    calls = {
        "logm": ad.jit(linalg.logm),
        "sqrtm": linalg.sqrtm,
        "null_space": ad.grad(lambda a: linalg.null_space(a).sum()),
    }
    for name, call in calls.items():
        with pytest.raises(
            ad.errors.UnsupportedFunctionError, match=rf"linalg\.{name} .*x\.get\(\)"
        ):
            call(a)
