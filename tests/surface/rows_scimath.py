"""Rows for `np.emath`."""

from __future__ import annotations

import numpy as np

from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row

REASON = dict.fromkeys(("jit", "emit", "vmap"), "the dtype of the result depends on values")
INSIDE, BELOW, BEYOND = uniform(0.1, 0.9), uniform(-2, -1), uniform(1.5, 2)
COMPLEX = complex_uniform(0.1, 0.9)

ROWS = [
    Row(
        f"numpy.emath.{name}",
        getattr(np.emath, name),
        (maker,),
        id=id,
        without=None if maker is COMPLEX else REASON,
    )
    for names, outside in (
        (("sqrt", "log", "log10", "log2"), BELOW),
        (("arccos", "arcsin", "arctanh"), BEYOND),
    )
    for name in names
    for id, maker in (("", INSIDE), ("outside", outside), ("complex", COMPLEX))
] + [
    Row("numpy.emath.logn", np.emath.logn, (uniform(2, 3), BELOW), without=REASON),
    Row("numpy.emath.power", np.emath.power, (BELOW, uniform(1, 2)), without=REASON),
    Row(
        "numpy.emath.power",
        lambda x: np.emath.power(x, np.array([-1, 2, 3])),
        (BELOW,),
        id="negative-integer",
        without=REASON,
    ),
]
