"""Rows for triangles of matrices and systems with a triangular matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.matrices import triangle
from autodiff.primitives.triangular import triangular_solve
from tests.primitives.spec import Spec, booleans, complex_uniform, uniform
from tests.primitives.specs_dense_systems import regular

F32 = np.float32
B = uniform(-1, 1, (3, 2))


def solving(
    lower: bool = True, transposed: bool = False, unit_diagonal: bool = False, strict: bool = True
) -> dict[str, Any]:
    return {
        "lower": lower,
        "transposed": transposed,
        "unit_diagonal": unit_diagonal,
        "strict": strict,
    }


SPECS = [
    Spec(triangle, (uniform(-1, 1, (3, 3)),), {"lower": True, "k": 0}),
    Spec(triangle, (uniform(-1, 1, (2, 4, 3)),), {"lower": False, "k": 1}, id="triangle-stack"),
    Spec(triangle, (uniform(-1, 1, (2, 0)),), {"lower": False, "k": -1}, id="triangle-empty"),
    Spec(triangle, (booleans((3, 3)),), {"lower": True, "k": -1}, id="triangle-bool"),
    Spec(triangle, (complex_uniform(-1, 1),), {"lower": True, "k": 0}, id="triangle-complex"),
    Spec(triangular_solve, (regular(3, 3), B), solving()),
    Spec(triangular_solve, (regular(3, 3), B), solving(lower=False), id="triangular_solve-upper"),
    Spec(
        triangular_solve,
        (regular(3, 3), B),
        solving(transposed=True),
        id="triangular_solve-lower-transposed",
    ),
    Spec(
        triangular_solve,
        (regular(3, 3), B),
        solving(lower=False, transposed=True, unit_diagonal=True),
        id="triangular_solve-upper-transposed-unit",
    ),
    Spec(
        triangular_solve,
        (regular(3, 3), B),
        solving(unit_diagonal=True, strict=False),
        id="triangular_solve-unit",
    ),
    Spec(
        triangular_solve,
        (regular(2, 3, 3), uniform(-1, 1, (2, 3, 1))),
        solving(strict=False),
        id="triangular_solve-stack",
    ),
    Spec(
        triangular_solve,
        (regular(2, 2, dtype=complex), complex_uniform(-1, 1, (2, 2))),
        solving(transposed=True),
        id="triangular_solve-complex",
    ),
    Spec(
        triangular_solve,
        (regular(2, 2, dtype=F32), uniform(-1, 1, (2, 1), F32)),
        solving(),
        id="triangular_solve-f32",
    ),
    Spec(
        triangular_solve,
        (regular(0, 0), uniform(-1, 1, (0, 2))),
        solving(),
        id="triangular_solve-empty",
    ),
]
