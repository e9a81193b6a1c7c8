"""Rows for functions that apply functions, positions, bits, `i0` and what is not dispatched."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import booleans, integers, uniform
from tests.surface.row import Row

X, CUBE, U8 = uniform(-2, 2, (2, 3)), uniform(-1, 1, (2, 3, 2)), integers(0, 255, (2, 3), np.uint8)
VALUES = "the function asks for values"
PLACES = integers(0, 3, (2, 4))


def doubled_if_positive(x: Any, y: Any) -> Any:
    return 2 * x * y if x > 0 else np.sin(x)


vectorized = np.vectorize(doubled_if_positive)
smooth = np.vectorize(lambda x, y=2.0: (np.sin(x) * y, x * y), otypes=[float, float])

ROWS = [
    Row("numpy.apply_along_axis", lambda x: np.apply_along_axis(np.sum, 0, x), (X,)),
    Row(
        "numpy.apply_along_axis",
        lambda x: np.apply_along_axis(np.outer, 1, x, np.arange(1.0, 3)),
        (CUBE,),
        id="more-axes",
    ),
    Row(
        "numpy.apply_along_axis",
        lambda x: np.apply_along_axis(lambda r: r * r[0] if r[1] > 0 else r, 1, x),
        (X,),
        id="with-if",
        without=dict.fromkeys(("jit", "emit", "vmap"), VALUES),
    ),
    Row("numpy.apply_over_axes", lambda x: np.apply_over_axes(np.sum, x, [0, -1]), (CUBE,)),
    Row("numpy.vectorize", lambda x: smooth(x), (X,)),
    Row(
        "numpy.vectorize",
        lambda x: vectorized(x, [1.0, 2.0, 3.0]),
        (X,),
        id="with-if",
        without=dict.fromkeys(("jit", "emit", "vmap"), VALUES),
    ),
    Row("numpy.i0", np.i0, (X,)),
    Row("numpy.i0", np.i0, (uniform(15, 25, (4,)),), id="large"),
    Row("numpy.i0", np.i0, (uniform(-2, 2, (4,), np.float32),), id="f32"),
    Row("numpy.i0", np.i0, (integers(0, 9, (3,)),), id="integers"),
    Row("numpy.kaiser", lambda b: np.kaiser(6, b[0]), (uniform(3, 9, (1,)),)),
    Row("numpy.require", lambda x: np.require(x, np.float64, ["C"]) * 2, (X,)),
    Row("numpy.fromiter", lambda x: np.fromiter([x[0, 0], x[1, 2]], float), (X,)),
    Row("numpy.ix_", lambda i: np.ix_(i[0], i[1]), (PLACES,)),
    Row("numpy.ravel_multi_index", lambda i: np.ravel_multi_index((i, i), (3, 4)), (PLACES,)),
    Row(
        "numpy.ravel_multi_index",
        lambda i: np.ravel_multi_index((i + 1, i - 1), (3, 4), ("wrap", "clip"), "F"),
        (PLACES,),
        id="modes",
    ),
    Row("numpy.unravel_index", lambda i: np.unravel_index(i, (2, 3)), (PLACES,)),
    Row("numpy.unravel_index", lambda i: np.unravel_index(i, (2, 3), "F"), (PLACES,), id="F"),
    Row("numpy.packbits", np.packbits, (booleans((3, 5)),)),
    Row(
        "numpy.packbits",
        lambda x: np.packbits(x, axis=0, bitorder="little"),
        (PLACES,),
        id="axis",
    ),
    Row("numpy.unpackbits", np.unpackbits, (U8,)),
    Row("numpy.unpackbits", lambda x: np.unpackbits(x, 0, 5, "little"), (U8,), id="axis"),
    Row("numpy.unpackbits", lambda x: np.unpackbits(x, 1, -3), (U8,), id="but-the-last"),
    Row("numpy.unpackbits", lambda x: np.unpackbits(x, count=50), (U8,), id="padded"),
]
