"""Rows for `name`, the identity that gives a value a name."""

from __future__ import annotations

from autodiff.primitives.naming import name
from tests.primitives.spec import Spec, complex_uniform, integers, uniform

SPECS = [
    Spec(name, (uniform(-1, 1),), {"label": "h"}),
    Spec(name, (uniform(-1, 1, (3,), "f4"),), {"label": "h 1"}, id="name-f32"),
    Spec(name, (complex_uniform(-1, 1),), {"label": "h"}, id="name-complex"),
    Spec(name, (integers(0, 9),), {"label": "h"}, id="name-int"),
    Spec(name, (uniform(-1, 1, ()),), {"label": "h"}, id="name-0d"),
]
