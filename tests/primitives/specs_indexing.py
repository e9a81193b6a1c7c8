"""Rows for basic indexing, for indexing by arrays, and for sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.primitives.gathering import gather, last_writes, scatter, scatter_add
from autodiff.primitives.indexing import index, index_add, index_set, unindex
from autodiff.primitives.sorting import argsort, searchsorted, sort
from tests.primitives.spec import (
    Maker,
    Spec,
    booleans,
    complex_uniform,
    distinct,
    integers,
    uniform,
)

F32 = np.float32
# A spec, the shape that it is applied to, and the shape of what it names.
PARTS: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
    ("1", (3,), ()),
    ("-1", (2, 3), (3,)),
    (":,1:", (2, 3), (2, 2)),
    ("::-1,::2", (2, 3), (2, 2)),
    ("...,0", (2, 3, 2), (2, 3)),
    ("2:2", (3,), (0,)),
    ("...", (), ()),
]


def at(axis: int, batch: int = 0, **more: Any) -> dict[str, Any]:
    """The params of gather and the scatters."""
    return {"axis": axis, "batch": batch, **more}


def sorted_rows(shape: tuple[int, ...]) -> Maker:
    """Ascending numbers along the last axis."""
    return lambda rng: np.sort(rng.uniform(-1, 1, shape))


def part_rows() -> list[Spec]:
    """Every basic spec, in the four primitives that take one."""
    rows = []
    for spec, whole, part in PARTS:
        x, v, params = uniform(-1, 1, whole), uniform(-1, 1, part), {"spec": spec}
        rows += [
            Spec(index, (x,), params, id=f"index[{spec}]"),
            Spec(unindex, (v,), {**params, "shape": whole}, id=f"unindex[{spec}]"),
            Spec(index_set, (x, v), params, id=f"index_set[{spec}]"),
            Spec(index_add, (x, v), params, id=f"index_add[{spec}]"),
        ]
    return rows


# What to index, the indices, the params, and the shape of what is found there.
PLACES: list[tuple[str, tuple[int, ...], tuple[Maker, ...], dict[str, Any], tuple[int, ...]]] = [
    ("one", (4, 3), (integers(-4, 4, ()),), at(0), (3,)),
    ("rows", (4, 3), (integers(-4, 4, (5,)),), at(0), (5, 3)),
    ("columns", (2, 3), (integers(0, 3, (2, 2)),), at(1), (2, 2, 2)),
    ("points", (3, 4), (integers(0, 3, (5,)), integers(-4, 4, (5,))), at(0), (5,)),
    ("inner", (2, 3, 2, 2), (integers(0, 3, (3,)), integers(0, 2, (3,))), at(1), (2, 3, 2)),
    ("lanes", (2, 4, 3), (integers(0, 4, (2, 3)),), at(1, 1), (2, 3, 3)),
    ("far", (2, 3, 4), (integers(0, 4, (2, 2)),), at(2, 1), (2, 3, 2)),
    ("along", (2, 3, 4), (integers(0, 4, (2, 3, 4)),), at(2, 2), (2, 3, 4)),
    ("i32", (4,), (integers(0, 4, (3,), np.int32),), at(0), (3,)),
    ("none", (4, 3), (integers(0, 4, (0,)),), at(0), (0, 3)),
]


def place_rows() -> list[Spec]:
    """Every way of naming places by arrays, in the three primitives that take them."""
    rows = []
    for name, whole, indices, params, part in PLACES:
        x, v = uniform(-1, 1, whole), uniform(-1, 1, part)
        rows += [
            Spec(gather, (x, *indices), params, id=f"gather_{name}"),
            Spec(scatter_add, (x, v, *indices), params, id=f"scatter_add_{name}"),
            Spec(scatter, (x, v, *indices), {**params, "unique": False}, id=f"scatter_{name}"),
        ]
    return rows


def permutation(size: int) -> Maker:
    """All positions, each once."""
    return lambda rng: rng.permutation(size)


ROWS = (integers(0, 4, (5,)),)
OTHER_DTYPES: list[tuple[str, Maker, Maker]] = [
    ("f32", uniform(-1, 1, (4, 3), F32), uniform(-1, 1, (5, 3), F32)),
    ("c128", complex_uniform(-1, 1, (4, 3)), complex_uniform(-1, 1, (5, 3))),
    ("bool", booleans((4, 3)), booleans((5, 3))),
    ("i16", integers(0, 9, (4, 3), np.int16), integers(0, 9, (5, 3), np.int16)),
]

SPECS: list[Spec] = [
    *part_rows(),
    *place_rows(),
    Spec(
        scatter,
        (uniform(-1, 1, (4, 3)), uniform(-1, 1, (4, 3)), permutation(4)),
        at(0, unique=True),
        id="scatter_unique",
    ),
    *[Spec(gather, (x, *ROWS), at(0), id=f"gather_{name}") for name, x, _ in OTHER_DTYPES],
    *[
        Spec(scatter_add, (x, v, *ROWS), at(0), id=f"scatter_add_{name}")
        for name, x, v in OTHER_DTYPES
    ],
    *[
        Spec(scatter, (x, v, *ROWS), at(0, unique=False), id=f"scatter_{name}")
        for name, x, v in OTHER_DTYPES
    ],
    Spec(last_writes, (integers(0, 3, (6,)),), {"sizes": (3,), "batch": 0}),
    Spec(
        last_writes,
        (integers(0, 2, (2, 5)), integers(-2, 2, (2, 5))),
        {"sizes": (2, 2), "batch": 1},
        id="last_writes_lanes",
    ),
    Spec(sort, (distinct((5,)),), {"axis": 0}),
    Spec(sort, (distinct((2, 3, 2)),), {"axis": 1}, id="sort_inner"),
    Spec(sort, (integers(0, 3, (2, 4)),), {"axis": 1}, id="sort_i64"),
    Spec(argsort, (distinct((2, 4)),), {"axis": 1, "stable": False}),
    Spec(argsort, (integers(0, 3, (4, 2)),), {"axis": 0, "stable": True}, id="argsort_stable"),
    Spec(
        searchsorted,
        (sorted_rows((4,)), uniform(-1, 1, (2, 3))),
        {"side": "left", "batch": 0},
        id="searchsorted_left",
    ),
    Spec(
        searchsorted,
        (sorted_rows((2, 4)), uniform(-1, 1, (2, 3))),
        {"side": "right", "batch": 1},
        id="searchsorted_lanes",
    ),
]
