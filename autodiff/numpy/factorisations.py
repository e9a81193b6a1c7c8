"""Factorisations of matrices: Cholesky and QR. Of the matrix see `numpy.matrices`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import refuse
from autodiff.numpy.matrices import hermitian_matrix, matrix
from autodiff.primitives import cholesky as primitives
from autodiff.primitives import orthogonal
from autodiff.primitives.matrices import adjoint

__all__ = ["FUNCTIONS", "cholesky", "qr"]

_QRResult: Any = type(np.linalg.qr(np.ones((1, 1))))


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """`np.linalg.cholesky`."""
    x = hermitian_matrix("cholesky", a)
    return adjoint(primitives.cholesky(adjoint(x))) if upper else primitives.cholesky(x)


def qr(a: Any, mode: str = "reduced") -> Any:
    """`np.linalg.qr`; complete ones of tall matrices have no derivative."""
    if mode == "raw":
        why = "it is a list of reflections for LAPACK; use mode='reduced' or mode='r'"
        raise refuse("linalg.qr", "mode='raw'", why)
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"np.linalg.qr: Unrecognized mode {mode!r}")
    factors = orthogonal.qr(matrix("qr", a, square=False), complete=mode == "complete")
    return factors[1] if mode == "r" else _QRResult(*factors)


FUNCTIONS = {
    np.linalg.cholesky: cholesky,
    np.linalg.qr: qr,
}
