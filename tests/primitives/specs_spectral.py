"""Rows for eigenvalues, singular values and pseudo-inverses.

Eigenvectors of complex matrices, and bases of null spaces, are not determined: only what does not
depend on the choice has derivatives that differences and second derivatives agree with. Those are
in `tests/numpy/test_spectral.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.diagonal_systems import diagonal_form, diagonal_quotient
from autodiff.primitives.eigen import eig, eigvals
from autodiff.primitives.hermitian_eigen import eigh, eigvalsh
from autodiff.primitives.pseudo_inverse import least_squares, pinv
from autodiff.primitives.singular_values import svd, svdvals
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform

F32, C64 = np.float32, np.complex64


def spread_out(*shape: int, dtype: Any = float) -> Maker:
    """Matrices whose eigenvalues and singular values are far apart, and far from zero."""

    def make(rng: np.random.Generator) -> Any:
        entries = rng.uniform(-0.4, 0.4, shape)
        if np.dtype(dtype).kind == "c":
            entries = entries + 1j * rng.uniform(-0.4, 0.4, shape)
        steps = np.zeros(shape[-2:])
        np.fill_diagonal(steps, 1.5 * np.arange(1, min(shape[-2:]) + 1))
        return (entries + steps).astype(dtype)

    return make


def diagonal(*shape: int, shift: float = 0.0, dtype: Any = float) -> Maker:
    """Diagonal matrices whose elements are far apart; those of another `shift` in between."""

    def make(rng: np.random.Generator) -> Any:
        values = np.arange(shape[-1]) + shift + rng.uniform(-0.1, 0.1, shape[:-1])
        return (values[..., None] * np.eye(shape[-1])).astype(dtype)

    return make


def constant(value: float, *shape: int, dtype: Any = float) -> Maker:
    return lambda rng: np.full(shape, value, dtype)


def named(primitive: Any, id: str, *inputs: Maker, **options: Any) -> Spec:
    """A row under the primitive's name and its own."""
    params = {k: v for k, v in options.items() if k not in ("smooth", "order")}
    rest = {k: v for k, v in options.items() if k in ("smooth", "order")}
    return Spec(primitive, inputs, params, id=f"{primitive.name}-{id}" if id else "", **rest)


UNDETERMINED = {"smooth": False, "order": 1}
THIN, FULL = {"full_matrices": False}, {"full_matrices": True}
SMALL = constant(1e-9, 3, 4)

SYSTEMS = [  # their operands must fit one another for differences to make sense
    named(
        diagonal_form, "", uniform(-1, 1, (2, 3)), uniform(-1, 1, (3, 4)), uniform(-1, 1, (4, 3)),
        uniform(-1, 1, (2,)), smooth=False,
    ),
    named(
        diagonal_form, "complex", complex_uniform(-1, 1, (2, 2, 3)),
        complex_uniform(-1, 1, (2, 3, 3)), complex_uniform(-1, 1, (2, 3, 2)),
        uniform(-1, 1, (2, 2)), smooth=False,
    ),
    named(
        diagonal_quotient, "", diagonal(3, 3), diagonal(4, 4, shift=0.5), SMALL,
        uniform(-1, 1, (3, 4)), smooth=False,
    ),
    named(
        diagonal_quotient, "equal", constant(1, 3, 3), constant(1, 4, 4), SMALL,
        uniform(-1, 1, (3, 4)), smooth=False,
    ),
    named(
        diagonal_quotient, "complex", diagonal(2, 2, 2, dtype=complex),
        diagonal(2, 2, 2, shift=0.5, dtype=complex), constant(1e-9, 2, 2, 2),
        complex_uniform(-1, 1, (2, 2, 2)), smooth=False,
    ),
]  # fmt: skip

LOWER = {"lower": True}
SOLVERS = [(eigvalsh, LOWER), (eigh, LOWER), (eigvals, {}), (eig, {})]

EIGEN = [
    named(p, id, maker, **params)
    for p, params in SOLVERS
    for id, maker in [
        ("", spread_out(3, 3)), ("1", spread_out(1, 1)), ("empty", spread_out(0, 0)),
        ("stack", spread_out(2, 3, 3)), ("f32", spread_out(2, 2, dtype=F32)),
    ]
] + [
    named(p, id, maker, **params, **(UNDETERMINED if p is eigh else {}))
    for p, params in SOLVERS
    for id, maker in [
        ("complex", spread_out(3, 3, dtype=complex)), ("c64", spread_out(2, 2, dtype=C64)),
    ]
] + [
    named(eigh, "upper", spread_out(3, 3), lower=False),
    named(eigvalsh, "upper", spread_out(3, 3, dtype=complex), lower=False),
]  # fmt: skip

ROTATIONS = [
    named(p, "pairs", lambda rng: rng.uniform(-0.1, 0.1, (3, 3)) + np.eye(3, k=1) - np.eye(3, k=-1))
    for p in (eigvals, eig)
]  # fmt: skip

SINGULAR = [
    named(p, f"{id}{more}", maker, **params)
    for p, more, params in [(svdvals, "", {}), (svd, "", THIN), (svd, "-full", FULL)]
    for id, maker in [
        ("square", spread_out(3, 3)), ("tall", spread_out(3, 2)), ("wide", spread_out(2, 2, 3)),
        ("1", spread_out(1, 1)), ("empty", spread_out(0, 2)), ("f32", spread_out(3, 2, dtype=F32)),
    ]
] + [
    named(p, f"{id}{more}", maker, **params)
    for p, more, params in [
        (svdvals, "", {}), (svd, "", THIN | UNDETERMINED), (svd, "-full", FULL | UNDETERMINED),
    ]
    for id, maker in [
        ("complex-tall", spread_out(4, 2, dtype=complex)),
        ("complex-wide", spread_out(2, 3, dtype=complex)), ("c64", spread_out(2, 2, dtype=C64)),
    ]
]  # fmt: skip

CUTOFF = constant(1e-13)
INVERSES = [
    named(pinv, id, maker, cutoff)
    for id, maker, cutoff in [
        ("", spread_out(3, 2), CUTOFF), ("wide", spread_out(2, 3), CUTOFF),
        ("stack", spread_out(2, 2, 2), constant(1e-13, 2)), ("empty", spread_out(0, 2), CUTOFF),
        ("complex", spread_out(3, 2, dtype=complex), CUTOFF),
        ("f32", spread_out(2, 2, dtype=F32), CUTOFF),
    ]
] + [
    named(least_squares, id, maker, columns, rcond=1e-13)
    for id, maker, columns in [
        ("", spread_out(4, 2), uniform(-1, 1, (4, 2))),
        ("wide", spread_out(2, 3), uniform(-1, 1, (2, 1))),
        ("stack", spread_out(2, 3, 2), uniform(-1, 1, (2, 3, 1))),
        ("empty", spread_out(3, 2), uniform(-1, 1, (3, 0))),
        ("complex", spread_out(3, 2, dtype=complex), complex_uniform(-1, 1, (3, 2))),
        ("f32", spread_out(3, 2, dtype=F32), uniform(-1, 1, (3, 1), F32)),
    ]
]  # fmt: skip

SPECS = [*SYSTEMS, *EIGEN, *ROTATIONS, *SINGULAR, *INVERSES]
