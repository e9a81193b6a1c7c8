"""Rows for inverses and determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.dense_systems import inverse
from autodiff.primitives.determinants import cofactors, determinant, log_determinant
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform
from tests.primitives.specs_dense_systems import STRICT, regular

F32 = np.float32


def of_rank(rank: int, *shape: int) -> Maker:
    """Matrices of this rank."""

    def make(rng: np.random.Generator) -> Any:
        *lead, n, _ = shape
        left, right = rng.uniform(-1, 1, (*lead, n, rank)), rng.uniform(-1, 1, (*lead, rank, n))
        return left @ right

    return make


COMPLEX = complex_uniform(-1, 1, (3, 3))
SINGULAR = [
    Spec(primitive, (of_rank(rank, 4, 4),) * count, id=f"{name}-rank-{rank}", exact=count == 1)
    for primitive, name, count in [(determinant, "determinant", 1), (cofactors, "cofactors", 2)]
    for rank in range(4)
]
SPECS = [
    Spec(inverse, (regular(3, 3),), STRICT),
    Spec(inverse, (regular(2, 2, 2),), {"strict": False}, id="inverse-stack"),
    Spec(inverse, (regular(2, 2, dtype=complex),), STRICT, id="inverse-complex"),
    Spec(inverse, (regular(2, 2, dtype=F32),), STRICT, id="inverse-f32"),
    Spec(inverse, (regular(0, 0),), STRICT, id="inverse-empty"),
    Spec(determinant, (uniform(-1, 1, (3, 3)),)),
    Spec(determinant, (uniform(-1, 1, (2, 3, 3)),), id="determinant-stack"),
    Spec(determinant, (COMPLEX,), id="determinant-complex"),
    Spec(determinant, (uniform(-1, 1, (3, 3), F32),), id="determinant-f32"),
    Spec(determinant, (uniform(-1, 1, (1, 1)),), id="determinant-1"),
    Spec(determinant, (uniform(-1, 1, (0, 0)),), id="determinant-empty"),
    Spec(cofactors, (regular(3, 3),), exact=False),
    Spec(cofactors, (uniform(-1, 1, (2, 3, 3)),) * 2, id="cofactors-stack", exact=False),
    Spec(cofactors, (COMPLEX,) * 2, id="cofactors-complex", exact=False),
    Spec(cofactors, (uniform(-1, 1, (4, 4)),) * 3, id="cofactors-2", exact=False),
    Spec(cofactors, (uniform(-1, 1, (2, 2)),) * 3, id="cofactors-zero", exact=False),
    Spec(cofactors, (uniform(-1, 1, (3, 3), F32),) * 2, id="cofactors-f32", exact=False),
    *SINGULAR,
    Spec(log_determinant, (uniform(-1, 1, (3, 3)),)),
    Spec(log_determinant, (uniform(-1, 1, (2, 2, 2)),), id="log_determinant-stack"),
    Spec(log_determinant, (COMPLEX,), id="log_determinant-complex"),
    Spec(log_determinant, (uniform(-1, 1, (3, 3), F32),), id="log_determinant-f32"),
    Spec(log_determinant, (uniform(-1, 1, (0, 0)),), id="log_determinant-empty"),
]
