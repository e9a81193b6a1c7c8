"""Rows for functions that make arrays, whose arguments may be traced."""

from __future__ import annotations

import numpy as np

import autodiff.numpy as adnp
from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row

A, B, V = uniform(1, 2, (3,)), uniform(0.5, 3, ()), uniform(0.2, 1, (2,))
Z = complex_uniform(1, 2, (2,))


def _filled(a):
    """What `empty_like` gives, once all of it is written."""
    new = np.empty_like(a)
    new[...] = a
    return new


ROWS = [
    Row("numpy.array", lambda a, b: np.array([[b, 1.0, 2], a]), (A, B)),
    Row("numpy.asarray", lambda a, b: np.asarray([a[0], b]), (A, B)),
    Row("numpy.array", lambda a: np.array([a, 2 * a]), (A,), id="rows"),
    Row("numpy.copy", np.copy, (A,)),
    Row("numpy.asanyarray", lambda a: np.asanyarray([a, a]), (A,)),
    Row("numpy.asarray_chkfinite", lambda a: np.asarray_chkfinite(a) * a, (A,)),
    Row("numpy.ascontiguousarray", lambda a: np.ascontiguousarray(a[::-1]), (A,)),
    Row("numpy.asfortranarray", lambda a: np.asfortranarray([a, 2 * a]), (A,)),
    Row("numpy.full", lambda a: np.full((2, 3), a), (A,)),
    Row("numpy.full_like", lambda a, b: np.full_like(a, b), (A, B)),
    Row("numpy.zeros_like", lambda a: np.zeros_like(a) + a, (A,)),
    Row("numpy.ones_like", lambda a: np.ones_like(a) * a, (A,)),
    Row("numpy.empty_like", _filled, (A,)),
    Row("numpy.linspace", lambda a, b: np.linspace(a, b, 5), (A, B)),
    Row("numpy.linspace", lambda a: np.linspace(a, 3, 4, endpoint=False, axis=-1), (A,), id="open"),
    Row(
        "numpy.linspace",
        lambda a, b: np.linspace(a, b, 4, endpoint=False, retstep=True, axis=-1),
        (A, B),
        id="step",
    ),
    Row("numpy.linspace", lambda z: np.linspace(z, 1, 3), (Z,), id="complex"),
    Row("numpy.logspace", lambda a, b: np.logspace(a, b, 4, base=2.0), (A, B)),
    Row("numpy.logspace", lambda v: np.logspace(0, 2, 3, base=v), (V,), id="base"),
    Row("numpy.geomspace", lambda a, b: np.geomspace(a, b, 5), (A, B)),
    Row("numpy.geomspace", lambda a: np.geomspace(-a, -8.0, 4, axis=-1), (A,), id="negative"),
    Row("numpy.geomspace", lambda z: np.geomspace(z, 3j, 4), (Z,), id="complex"),
    Row("numpy.meshgrid", lambda a, v: np.meshgrid(a, v), (A, V)),
    Row("numpy.meshgrid", lambda a, v: np.meshgrid(a, v, indexing="ij"), (A, V), id="ij"),
    Row("numpy.meshgrid", lambda a, v: np.meshgrid(a, v, sparse=True), (A, V), id="sparse"),
    Row("numpy.fromfunction", lambda b: adnp.fromfunction(lambda i, j: i * b + j, (2, 3)), (B,)),
    Row("numpy.r_", lambda a, b: adnp.r_[0, a, b, 1:3], (A, B)),
    Row("numpy.r_", lambda a: adnp.r_["0,2", a, a**2], (A,), id="rows"),
    Row("numpy.c_", lambda a: adnp.c_[a, a**2, np.ones(3)], (A,)),
    Row("numpy.mgrid", lambda b: adnp.mgrid[0:b:3j, 1:2:2j], (B,)),
    Row("numpy.ogrid", lambda b: adnp.ogrid[0:b:3j, 1:2:2j], (B,)),
]
