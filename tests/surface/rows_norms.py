"""Rows for norms and condition numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import Maker, complex_uniform, distinct, integers, uniform
from tests.primitives.specs_spectral import spread_out
from tests.surface.row import Row

X, Z, STACK = distinct((5,)), complex_uniform(0.5, 1.5, (4,)), distinct((2, 3, 4))
A, C, SQUARE = spread_out(3, 4), spread_out(3, 2, dtype=complex), spread_out(2, 3, 3)
CUBE, PLANES = spread_out(2, 3, 4), distinct((3, 2, 4))


def norm(id: str, maker: Maker, *args: Any, function: str = "norm", **options: Any) -> Row:
    """A norm with these options; `smooth` is the row's."""
    smooth = options.pop("smooth", True)

    def call(x: Any) -> Any:
        return getattr(np.linalg, function)(x, *args, **options)

    return Row(f"numpy.linalg.{function}", call, (maker,), id=id, smooth=smooth)


VECTORS = [
    norm(f"{kind}-ord-{ord}", maker, ord, smooth=ord != 0)
    for kind, maker in [("vector", X), ("complex", Z)]
    for ord in (None, 0, 1, 2, 3, 0.5, -1, -2.5, np.inf, -np.inf)
] + [
    norm(f"axis-ord-{ord}", STACK, ord, axis=-2, keepdims=ord == 1, smooth=ord != 0)
    for ord in (None, 0, 1, 2, 2.5, -1, np.inf, -np.inf)
]  # fmt: skip

MATRICES = [
    norm(f"{kind}-ord-{ord}", maker, ord)
    for kind, maker in [("matrix", A), ("complex-matrix", C)]
    for ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
] + [
    norm(f"axes-{axes}-ord-{ord}", PLANES, ord, axis=axes, keepdims=axes[0] == 0)
    for axes in [(0, 2), (-1, 0)]
    for ord in (None, "nuc", 1, -1, 2, -2, np.inf, -np.inf)
]  # fmt: skip

OTHERS = [
    norm("all-axes", STACK),
    norm("all-axes-kept", STACK, keepdims=True),
    norm("scalar", uniform(1, 2, ())),
    norm("integers", integers(1, 5), smooth=False),
    norm("f32", uniform(0.5, 1, (3,), np.float32), 3),
    norm("f16", uniform(0.5, 1, (3,), np.float16), smooth=False),
    norm("no-elements", uniform(0, 1, (0,))),
    norm("", X, function="vector_norm"),
    norm("order", STACK, ord=3, axis=(0, 2), function="vector_norm"),
    norm("largest", STACK, ord=np.inf, keepdims=True, function="vector_norm"),
    norm("one-axis", STACK, axis=1, ord=1, keepdims=True, function="vector_norm"),
    norm("scalar", uniform(1, 2, ()), function="vector_norm"),
    norm("", A, function="matrix_norm"),
    norm("nuclear", CUBE, ord="nuc", keepdims=True, function="matrix_norm"),
    norm("spectral", CUBE, ord=2, function="matrix_norm"),
]

CONDITIONS = [
    norm(f"p-{p}", maker, p, function="cond")
    for p, maker in [
        (None, A), (2, SQUARE), (-2, SQUARE), ("fro", SQUARE), ("nuc", SQUARE), (1, SQUARE),
        (-1, SQUARE), (np.inf, SQUARE), (-np.inf, SQUARE),
    ]
] + [
    norm("complex", spread_out(2, 2, dtype=complex), 1, function="cond"),
    norm("f32", spread_out(2, 2, dtype=np.float32), function="cond"),
]  # fmt: skip

ROWS = [*VECTORS, *MATRICES, *OTHERS, *CONDITIONS]
