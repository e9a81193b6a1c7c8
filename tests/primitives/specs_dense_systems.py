"""Rows for linear systems with a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.dense_systems import dense_solve
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform


def regular(*shape: int, dtype: Any = float) -> Maker:
    """Matrices whose diagonal dominates."""

    def make(rng: np.random.Generator) -> Any:
        entries = rng.uniform(-1, 1, shape)
        if np.dtype(dtype).kind == "c":
            entries = entries + 1j * rng.uniform(-1, 1, shape)
        return (entries + 3 * np.eye(shape[-1])).astype(dtype)

    return make


STRICT = {"strict": True}
F32 = np.float32
SPECS = [
    Spec(dense_solve, (regular(3, 3), uniform(-1, 1, (3, 2))), STRICT),
    Spec(dense_solve, (regular(1, 1), uniform(-1, 1, (1, 1))), STRICT, id="dense_solve-1"),
    Spec(
        dense_solve,
        (regular(2, 3, 3), uniform(-1, 1, (2, 3, 1))),
        {"strict": False},
        id="dense_solve-stack",
    ),
    Spec(
        dense_solve,
        (regular(2, 2, dtype=complex), complex_uniform(-1, 1, (2, 2))),
        STRICT,
        id="dense_solve-complex",
    ),
    Spec(
        dense_solve,
        (regular(2, 2, dtype=F32), uniform(-1, 1, (2, 1), F32)),
        STRICT,
        id="dense_solve-f32",
    ),
]
