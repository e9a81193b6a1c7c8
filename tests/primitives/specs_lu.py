"""Rows for the LU factorisation and the order of its rows."""

from __future__ import annotations

import numpy as np

from autodiff.primitives.lu import lu, row_order
from tests.primitives.spec import Spec, complex_uniform, integers, uniform

F32 = np.float32
SPECS = [
    Spec(lu, (uniform(-1, 1, (3, 3)),), exact=False),
    Spec(lu, (uniform(-1, 1, (4, 2)),), id="lu-tall", exact=False),
    Spec(lu, (uniform(-1, 1, (2, 4)),), id="lu-wide", exact=False),
    Spec(lu, (uniform(-1, 1, (2, 3, 2)),), id="lu-stack", exact=False),
    Spec(lu, (uniform(-1, 1, (0, 3, 2)),), id="lu-no-stack", exact=False),
    Spec(lu, (uniform(-1, 1, (2, 0, 2)),), id="lu-empty", exact=False),
    Spec(lu, (complex_uniform(-1, 1, (3, 3)),), id="lu-complex", exact=False),
    Spec(lu, (uniform(-1, 1, (3, 3), F32),), id="lu-f32", exact=False),
    Spec(row_order, (integers(0, 3, (3,)),), {"rows": 3}),
    Spec(row_order, (integers(0, 2, (2, 2), np.int32),), {"rows": 4}, id="row_order-stack"),
]
