"""Rows for `ad.sparse_solve`, each beside a dense system with the same matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.primitives.spec import complex_uniform, uniform
from tests.primitives.specs_banded_systems import entries
from tests.surface.row import Row

pytest.importorskip("scipy.sparse")

# Rows 0, 1, 2; their entries neither in order nor, in the first, each at a place of its own.
INDICES, INDPTR = np.array([0, 2, 2, 1, 2, 0], np.int32), np.array([0, 3, 4, 6])
REGULAR = np.array([5, 0, 0, 4, 4, 0])


def solved(data: Any, b: Any, **options: bool) -> Any:
    return ad.sparse_solve(data + REGULAR.astype(data.real.dtype), INDICES, INDPTR, b, **options)


def dense(data: Any, b: Any, transposed: bool = False) -> Any:
    matrix = np.zeros((3, 3), data.dtype)
    rows = np.repeat(np.arange(3), np.diff(INDPTR))
    np.add.at(matrix, (rows, INDICES), data + REGULAR.astype(data.real.dtype))
    return np.linalg.solve(matrix.T if transposed else matrix, b)


def row(id: str, *inputs: Any, **options: bool) -> Row:
    return Row(
        "autodiff.sparse_solve",
        lambda data, b: solved(data, b, **options),
        inputs,
        id=id,
        plain=lambda data, b: dense(data, b, **options),
    )


DATA, F32 = uniform(-1, 1, (6,)), np.float32
ROWS = [
    row("", DATA, uniform(-1, 1, (3, 2))),
    row("vector", DATA, uniform(-1, 1, (3,))),
    row("transposed", DATA, uniform(-1, 1, (3,)), transposed=True),
    row("complex", complex_uniform(-1, 1, (6,)), uniform(-1, 1, (3,))),
    row("f32", entries(6, dtype=F32), uniform(-1, 1, (3, 2), F32)),
]
