"""Rows for the Cholesky and the QR factorisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.cholesky import cholesky, hermitian
from autodiff.primitives.orthogonal import qr
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform

F32 = np.float32
REDUCED, COMPLETE = {"complete": False}, {"complete": True}


def positive(*shape: int, dtype: Any = float) -> Maker:
    """Symmetric (Hermitian) positive definite matrices."""

    def make(rng: np.random.Generator) -> Any:
        half = rng.uniform(-1, 1, shape)
        if np.dtype(dtype).kind == "c":
            half = half + 1j * rng.uniform(-1, 1, shape)
        return (half @ np.conj(np.swapaxes(half, -1, -2)) + np.eye(shape[-1])).astype(dtype)

    return make


COMPLEX = positive(2, 2, dtype=complex)
SPECS = [
    # Not smooth: the directions are not symmetric, so that differences tell something else.
    Spec(hermitian, (positive(3, 3),), {"conjugated": True}, smooth=False),
    Spec(hermitian, (COMPLEX,), {"conjugated": True}, id="hermitian-complex", smooth=False),
    Spec(hermitian, (COMPLEX,), {"conjugated": False}, id="hermitian-symmetric", smooth=False),
    Spec(cholesky, (positive(3, 3),), exact=False),
    Spec(cholesky, (positive(2, 2, 2),), id="cholesky-stack", exact=False),
    Spec(cholesky, (positive(3, 3, dtype=complex),), id="cholesky-complex", exact=False),
    Spec(cholesky, (positive(3, 3, dtype=F32),), id="cholesky-f32", exact=False),
    Spec(cholesky, (positive(0, 0),), id="cholesky-empty", exact=False),
    Spec(qr, (uniform(-1, 1, (3, 3)),), COMPLETE, exact=False),
    Spec(qr, (uniform(-1, 1, (4, 2)),), REDUCED, id="qr-tall", exact=False),
    Spec(qr, (uniform(-1, 1, (2, 4)),), REDUCED, id="qr-wide", exact=False),
    Spec(qr, (uniform(-1, 1, (2, 3)),), COMPLETE, id="qr-wide-complete", exact=False),
    Spec(qr, (uniform(-1, 1, (2, 3, 2)),), REDUCED, id="qr-stack", exact=False),
    Spec(qr, (complex_uniform(-1, 1, (3, 2)),), REDUCED, id="qr-complex", exact=False),
    Spec(qr, (complex_uniform(-1, 1, (2, 3)),), REDUCED, id="qr-complex-wide", exact=False),
    Spec(qr, (uniform(-1, 1, (3, 2), F32),), REDUCED, id="qr-f32", exact=False),
    Spec(qr, (uniform(-1, 1, (3, 0)),), REDUCED, id="qr-empty", exact=False),
]
