"""Rows for products of arrays."""

from __future__ import annotations

import numpy as np

from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row

A, B, V = uniform(-1, 1, (2, 3)), uniform(-1, 1, (3, 4)), uniform(-1, 1, (3,))

ROWS = [
    Row("numpy.matmul", lambda a, b: a @ b, (A, B)),
    Row("numpy.matmul", lambda a, b: a @ b, (uniform(-1, 1, (2, 1, 2, 3)), B), id="stack"),
    Row("numpy.vdot", np.vdot, (complex_uniform(-1, 1), complex_uniform(-1, 1)), id="complex"),
    Row("numpy.kron", np.kron, (A, B)),
    Row("numpy.cross", np.cross, (uniform(-1, 1, (2, 3)), V)),
    Row("numpy.tensordot", lambda a, b: np.tensordot(a, b, axes=1), (A, B)),
    Row("numpy.einsum", lambda a, b: np.einsum("ij,jk->ik", a, b), (A, B)),
    Row(
        "numpy.einsum",
        lambda a: np.einsum("...ii->...", a),
        (uniform(-1, 1, (2, 3, 3)),),
        id="diagonal",
    ),
]
