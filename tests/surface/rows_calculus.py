"""Rows for differences, sums along curves, and products of sequences and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import complex_uniform, uniform
from tests.surface.row import Row
from tests.surface.rows_manipulation import named

M, V, W = uniform(0.5, 2, (3, 5)), uniform(0.5, 2, (6,)), uniform(-1, 1, (4,))

ON_A_MATRIX: dict[str, Any] = {
    "diff": np.diff,
    "diff-twice": lambda x: np.diff(x, n=2, axis=0),
    "diff-ends": lambda x: np.diff(x, prepend=x[:, :1] * 2, append=1.0),
    "ediff1d": lambda x: np.ediff1d(x, to_begin=x[0, 0], to_end=[1.0, 2.0]),
    "gradient": np.gradient,
    "gradient-spacing": lambda x: np.gradient(x, np.array([0.0, 0.5, 0.7, 1.5, 2.0]), axis=1),
    "gradient-edges": lambda x: np.gradient(x, 0.5, axis=0, edge_order=2),
    "unwrap": lambda x: np.unwrap(4 * x, axis=1),
    "trapezoid": lambda x: np.trapezoid(x, dx=0.5, axis=0),
    "trapezoid-points": lambda x: np.trapezoid(x, np.cumsum(x, axis=1)),
    "sinc": np.sinc,
}

SEQUENCES: dict[str, Any] = {
    f"{name}-{mode}": lambda a, b, n=name, m=mode: getattr(np, n)(a, b, m)
    for name in ("convolve", "correlate")
    for mode in ("full", "same", "valid")
}

PRODUCTS: dict[str, Any] = {
    "dot": np.dot,
    "inner": np.inner,
    "outer": np.outer,
    "vdot": np.vdot,
    "tensordot-axes": lambda a, b: np.tensordot(a, b, axes=([1, 0], [1, 0])),
    "einsum-implicit": lambda a, b: np.einsum("ij,kj", a, b),
    "einsum-optimize": lambda a, b: np.einsum("ij,kj,ik->", a, b, a @ b.T, optimize=True),
    "einsum-ellipsis": lambda a, b: np.einsum("...j,...j->...", a, b),
    "einsum-lists": lambda a, b: np.einsum(a, [0, 1], b, [2, 1], [0, 2]),
    "einsum-repeated": lambda a, b: np.einsum("ii,jj->ij", a, b),
}

S = uniform(-1, 1, (3, 3))

ROWS = [
    *named("numpy.", ON_A_MATRIX, M),
    *named("numpy.", SEQUENCES, V, W),
    *named("numpy.", PRODUCTS, S, S),
    Row("numpy.convolve", np.convolve, (complex_uniform(-1, 1, (4,)), W), id="complex"),
    Row("numpy.sinc", np.sinc, (lambda rng: np.array([0.0, 0.5, 1e-9, 1.0]),), id="zero", order=1),
]
