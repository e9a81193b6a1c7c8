"""Rows for the Cholesky and the QR factorisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row

F32 = np.float32
SQUARE, TALL, WIDE = (uniform(-1, 1, shape) for shape in ((3, 3), (4, 2), (2, 4)))


def factor(half: Any) -> Any:
    """The Cholesky factor of a positive definite matrix, in terms of what that is made from."""
    return np.linalg.cholesky(gram(half))


def upper_factor(half: Any) -> Any:
    return np.linalg.cholesky(gram(half), upper=True)


def gram(half: Any) -> Any:
    a = half @ np.conj(np.swapaxes(half, -1, -2))
    return a + np.eye(a.shape[-1], dtype=a.dtype)


def complete(matrices: Any) -> tuple[Any, ...]:
    return tuple(np.linalg.qr(matrices, mode="complete"))


COMPLETE = dict.fromkeys(
    ("jvp", "vjp", "second order"), "the last columns of Q are any that complete a basis"
)
ROWS = [
    Row("numpy.linalg.cholesky", factor, (SQUARE,)),
    Row("numpy.linalg.cholesky", factor, (uniform(-1, 1, (2, 2, 2)),), id="stack"),
    Row("numpy.linalg.cholesky", factor, (complex_uniform(-1, 1, (3, 3)),), id="complex"),
    Row("numpy.linalg.cholesky", factor, (uniform(-1, 1, (3, 3), F32),), id="f32"),
    Row("numpy.linalg.cholesky", factor, (uniform(-1, 1, (0, 0)),), id="empty"),
    Row("numpy.linalg.cholesky", upper_factor, (SQUARE,), id="upper"),
    Row(
        "numpy.linalg.cholesky", upper_factor, (complex_uniform(-1, 1, (3, 3)),), id="upper-complex"
    ),
    Row("numpy.linalg.qr", np.linalg.qr, (SQUARE,)),
    Row("numpy.linalg.qr", np.linalg.qr, (TALL,), id="tall"),
    Row("numpy.linalg.qr", np.linalg.qr, (WIDE,), id="wide"),
    Row("numpy.linalg.qr", np.linalg.qr, (uniform(-1, 1, (2, 3, 2)),), id="stack"),
    Row("numpy.linalg.qr", np.linalg.qr, (complex_uniform(-1, 1, (3, 2)),), id="complex"),
    Row("numpy.linalg.qr", np.linalg.qr, (uniform(-1, 1, (3, 2), F32),), id="f32"),
    Row("numpy.linalg.qr", np.linalg.qr, (uniform(-1, 1, (0, 2)),), id="empty"),
    Row("numpy.linalg.qr", lambda a: np.linalg.qr(a, mode="r"), (TALL,), id="r"),
    Row("numpy.linalg.qr", lambda a: np.linalg.qr(a, mode="r"), (WIDE,), id="r-wide"),
    Row("numpy.linalg.qr", complete, (SQUARE,), id="complete-square"),
    Row("numpy.linalg.qr", complete, (WIDE,), id="complete-wide"),
    Row("numpy.linalg.qr", complete, (TALL,), id="complete-tall", without=COMPLETE),
]
