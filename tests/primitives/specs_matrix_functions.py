"""Rows for functions of matrices, matrix equations, and decompositions that SciPy computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.matrix_equations import sylvester
from autodiff.primitives.matrix_functions import expm, frechet, logm, matching_scale, sqrtm
from autodiff.primitives.polar import unitary_factor
from autodiff.primitives.schur import schur, schur_rotation
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform
from tests.primitives.specs_dense_systems import regular

F32 = np.float32
SQUARE, COMPLEX = uniform(-1, 1, (3, 3)), complex_uniform(-1, 1, (2, 2))
EMPTY = uniform(-1, 1, (0, 0))
EXP, LOG = {"function": "expm"}, {"function": "logm"}


def spread_out(*shape: int, dtype: Any = float, upper: bool | None = None) -> Maker:
    """Matrices with real eigenvalues far apart, if `upper` is given triangular ones."""

    def make(rng: np.random.Generator) -> Any:
        entries = rng.uniform(-0.3, 0.3, shape)
        if np.dtype(dtype).kind == "c":
            entries = entries + 1j * rng.uniform(-0.3, 0.3, shape)
        entries = entries + np.diag(2.0 * np.arange(shape[-1]))
        if upper is not None:
            entries = np.triu(entries) if upper else np.tril(entries)
        return entries.astype(dtype)

    return make


SPECS = [
    Spec(expm, (SQUARE,)),
    Spec(expm, (uniform(-1, 1, (2, 2, 2), F32),), id="expm-stack-f32"),
    Spec(expm, (COMPLEX,), id="expm-complex"),
    Spec(expm, (EMPTY,), id="expm-empty"),
    # Of larger matrices SciPy's logarithm depends, in its last bits, on random numbers.
    Spec(logm, (regular(2, 2),)),
    Spec(logm, (regular(2, 2, 2),), id="logm-stack"),
    Spec(logm, (regular(2, 2, dtype=complex),), id="logm-complex"),
    Spec(sqrtm, (regular(3, 3),)),
    Spec(sqrtm, (regular(2, 2, 2, dtype=F32),), id="sqrtm-stack-f32"),
    Spec(sqrtm, (regular(2, 2, dtype=complex),), id="sqrtm-complex"),
    Spec(frechet, (SQUARE, SQUARE), EXP),
    Spec(frechet, (uniform(-1, 1, (2, 2, 2)), uniform(-1, 1, (2, 2, 2))), EXP, id="frechet-stack"),
    Spec(frechet, (COMPLEX, COMPLEX), EXP, id="frechet-complex"),
    Spec(frechet, (EMPTY, EMPTY), EXP, id="frechet-empty"),
    Spec(frechet, (regular(2, 2), uniform(-1, 1, (2, 2))), LOG, id="frechet-log"),
    Spec(matching_scale, (SQUARE, uniform(-1e5, 1e5, (3, 3)))),
    Spec(matching_scale, (EMPTY, EMPTY), id="matching_scale-empty"),
    Spec(sylvester, (regular(2, 2), regular(3, 3), uniform(-1, 1, (2, 3)))),
    Spec(
        sylvester,
        (regular(2, 2, 2, dtype=F32), regular(2, 1, 1, dtype=F32), uniform(-1, 1, (2, 2, 1), F32)),
        id="sylvester-stack-f32",
    ),
    Spec(
        sylvester,
        (regular(2, 2, dtype=complex), regular(2, 2, dtype=complex), COMPLEX),
        id="sylvester-complex",
    ),
    Spec(sylvester, (EMPTY, regular(2, 2), uniform(-1, 1, (0, 2))), id="sylvester-empty"),
    Spec(unitary_factor, (regular(3, 3),)),
    Spec(unitary_factor, (uniform(-1, 1, (2, 4, 2)),), id="unitary_factor-tall-stack"),
    Spec(unitary_factor, (complex_uniform(-1, 1, (3, 2)),), id="unitary_factor-complex"),
    Spec(unitary_factor, (regular(2, 2, dtype=F32),), id="unitary_factor-f32"),
    Spec(unitary_factor, (uniform(-1, 1, (3, 0)),), id="unitary_factor-empty"),
    Spec(schur, (spread_out(3, 3),)),
    Spec(schur, (spread_out(2, 2, 2, dtype=F32),), id="schur-stack-f32"),
    # Of a complex matrix it is given but for phases, which LAPACK chooses.
    Spec(schur, (spread_out(2, 2, dtype=complex),), id="schur-complex", smooth=False, order=1),
    # Differences would take T out of the triangular matrices; they are taken of `schur`.
    Spec(schur_rotation, (spread_out(3, 3, upper=True), SQUARE), {"upper": True}, smooth=False),
    Spec(
        schur_rotation,
        (spread_out(3, 3, upper=False), SQUARE),
        {"upper": False},
        id="schur_rotation-lower",
        smooth=False,
    ),
    Spec(
        schur_rotation,
        (spread_out(2, 2, dtype=complex, upper=True), COMPLEX),
        {"upper": True},
        id="schur_rotation-complex",
        smooth=False,
    ),
]
