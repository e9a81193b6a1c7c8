"""Rows for systems with banded, Toeplitz and sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.banded_systems import (
    band_of_outer,
    band_product,
    band_transposed,
    banded_solve,
)
from autodiff.primitives.sparse_systems import sparse_solve
from autodiff.primitives.toeplitz_systems import toeplitz_solve
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform

F32 = np.float32
EMPTY, COMPLEX = uniform(-1, 1, (0, 2)), complex_uniform(-1, 1, (2, 2))
WIDTHS = {"lower": 2, "upper": 1}
TRIDIAGONAL = {"lower": 1, "upper": 1, "positive": False}


def band(lower: int, upper: int, n: int, *lead: int, dtype: Any = float) -> Maker:
    """Bands whose diagonal dominates."""

    def make(rng: np.random.Generator) -> Any:
        entries = rng.uniform(-1, 1, (*lead, lower + upper + 1, n))
        if np.dtype(dtype).kind == "c":
            entries = entries + 1j * rng.uniform(-1, 1, entries.shape)
        entries[..., upper, :] += 3 * (lower + upper)
        return entries.astype(dtype)

    return make


def column(n: int, dtype: Any = float, lead: tuple[int, ...] = ()) -> Maker:
    """First columns of Toeplitz matrices whose diagonal dominates."""

    def make(rng: np.random.Generator) -> Any:
        c = rng.uniform(-1, 1, (*lead, n)).astype(dtype)
        c[..., :1] += 2 * n
        return c

    return make


def places(*numbers: int) -> Maker:
    """Rows or columns of entries (there are always the same)."""
    return lambda rng: np.array(numbers)


def entries(*shape: int, dtype: Any = float) -> Maker:
    """Entries, the first three of which are large."""

    def make(rng: np.random.Generator) -> Any:
        data = rng.uniform(-1, 1, shape)
        data[..., :3] += 4
        return data.astype(dtype)

    return make


# The diagonal, and three others, two of which are one element.
ROWS, COLUMNS = places(0, 1, 2, 2, 0, 0), places(0, 1, 2, 0, 1, 1)


def stacked(maker: Maker, count: int) -> Maker:
    return lambda rng: np.stack([maker(rng)] * count)


SPECS = [
    Spec(band_transposed, (uniform(-1, 1, (4, 5)),), WIDTHS),
    Spec(band_transposed, (uniform(-1, 1, (2, 4, 2), F32),), WIDTHS, id="band_transposed-small"),
    Spec(band_product, (uniform(-1, 1, (4, 5)), uniform(-1, 1, (5, 2))), WIDTHS),
    Spec(
        band_product,
        (complex_uniform(-1, 1, (2, 4, 2)), complex_uniform(-1, 1, (2, 2, 1))),
        WIDTHS,
        id="band_product-complex-small",
    ),
    Spec(band_product, (uniform(-1, 1, (4, 0)), EMPTY), WIDTHS, id="band-empty"),
    Spec(band_of_outer, (uniform(-1, 1, (5, 2)), uniform(-1, 1, (5, 2))), WIDTHS),
    Spec(
        band_of_outer,
        (uniform(-1, 1, (2, 3, 1), F32), uniform(-1, 1, (2, 3, 1), F32)),
        WIDTHS,
        id="band_of_outer-stack-f32",
    ),
    Spec(banded_solve, (band(2, 1, 4), uniform(-1, 1, (4, 2))), {**WIDTHS, "positive": False}),
    Spec(
        banded_solve,
        (band(1, 1, 4, dtype=complex), complex_uniform(-1, 1, (4, 1))),
        TRIDIAGONAL,
        id="banded_solve-tridiagonal-complex",
    ),
    Spec(
        banded_solve,
        (band(1, 1, 3, 2, dtype=F32), uniform(-1, 1, (2, 3, 2), F32)),
        TRIDIAGONAL,
        id="banded_solve-stack-f32",
    ),
    Spec(
        banded_solve,
        (band(1, 1, 1), uniform(-1, 1, (1, 2))),
        TRIDIAGONAL,
        id="banded_solve-of-one",
    ),
    Spec(toeplitz_solve, (column(3), uniform(-1, 1, (3,)), uniform(-1, 1, (3, 2)))),
    Spec(
        toeplitz_solve,
        (column(2, complex, (2,)), COMPLEX, complex_uniform(-1, 1, (2, 2, 1))),
        id="toeplitz_solve-stack-complex",
    ),
    Spec(toeplitz_solve, (column(0), uniform(-1, 1, (0,)), EMPTY), id="toeplitz-empty"),
    Spec(sparse_solve, (entries(6), ROWS, COLUMNS, uniform(-1, 1, (3, 2)))),
    Spec(
        sparse_solve,
        (entries(6, dtype=complex), ROWS, COLUMNS, complex_uniform(-1, 1, (3, 1))),
        id="sparse_solve-complex",
    ),
    Spec(
        sparse_solve,
        (
            entries(2, 6, dtype=F32),
            stacked(ROWS, 2),
            stacked(COLUMNS, 2),
            uniform(-1, 1, (2, 3, 2), F32),
        ),
        id="sparse_solve-stack-f32",
    ),
]
