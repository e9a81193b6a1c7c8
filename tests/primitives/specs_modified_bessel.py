"""Rows for modified Bessel functions of whole order."""

from __future__ import annotations

import numpy as np

from autodiff.primitives.modified_bessel import modified_bessel
from tests.primitives.spec import Spec, uniform

SPECS = [
    *[
        Spec(modified_bessel, (uniform(-3, 3),), {"order": n}, id=f"modified_bessel-{n}")
        for n in (0, 1, 2, 5)
    ],
    Spec(modified_bessel, (uniform(21, 24, (3,)),), {"order": 1}, id="modified_bessel-large"),
    Spec(modified_bessel, (uniform(-1, 1, ()),), {"order": 0}, id="modified_bessel-0d"),
    Spec(
        modified_bessel, (uniform(-3, 3, (3,), np.float32),), {"order": 0}, id="modified_bessel-f32"
    ),
    Spec(modified_bessel, (uniform(0, 1, (0,)),), {"order": 1}, id="modified_bessel-empty"),
]
