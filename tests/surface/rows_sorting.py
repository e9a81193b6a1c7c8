"""Rows for sorting, searching and choosing elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import booleans, distinct, integers, uniform
from tests.surface.row import Row
from tests.surface.rows_manipulation import named

D, X, B = distinct((3, 4)), uniform(-1, 1, (3, 4)), booleans((3, 4))
TABLE = np.arange(5.0)
SIZE = {"jit": "how many there are depends on values", "vmap": "rows would differ in length",
        "emit": "how many there are depends on values"}  # fmt: skip

SMOOTH: dict[str, Any] = {
    "sort": np.sort,
    "sort-axis": lambda x: np.sort(x, axis=0),
    "sort-flat": lambda x: np.sort(x, axis=None),
    "partition": lambda x: np.sort(np.partition(x, 2)[:, :2]),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0),
    "nan_to_num": lambda x: np.nan_to_num(np.where(x > 0, x, np.nan), nan=2.0),
    "clip-none": lambda x: np.clip(x, None, 0.5),
    "select": lambda x: np.select([x > 1, x < 0], [x**2, -x], 0.5),
    "piecewise": lambda x: np.piecewise(x, [x < 0, x > 1], [np.exp, 2.0, np.sin]),
    "choose-raise": lambda x: np.choose(np.argsort(x) // 2, [x, x**2]),
    "interp-period": lambda x: np.interp(x, [-2.0, 0.5, 1.9], [1.0, 2.0, 0.0], period=4.5),
    "choose": lambda x: np.choose(np.argsort(x) % 3, [x, x**2, 1.5], mode="clip"),
    "interp": lambda x: np.interp(x, [-3.0, -0.3, 0.6, 3.0], [0.0, 2.0, 1.0, 4.0]),
    "real_if_close": lambda x: np.real_if_close(x),
}  # fmt: skip

STEPS: dict[str, Any] = {
    "argsort": lambda x: np.argsort(x, axis=0),
    "argpartition": lambda x: np.sort(np.argpartition(x, 2)[:, :2]),
    "lexsort": lambda x: np.lexsort((x[0], x[1] > 0)),
    "searchsorted": lambda x: np.searchsorted(np.sort(x[0]), x, side="right"),
    "digitize": lambda x: np.digitize(x, [-1.0, 0.0, 1.0]),
    "fix": np.fix,
    "isclose": lambda x: np.isclose(x, x.T.reshape(3, 4)),
    "allclose": lambda x: np.allclose(x, x + 1e-9),
    "array_equal": lambda x: np.array_equal(x, x[:, ::-1]),
    "array_equiv": lambda x: np.array_equiv(x[:1], x),
    "iscomplex": np.iscomplex,
    "isreal": np.isreal,
    "isneginf": np.isneginf,
    "isposinf": np.isposinf,
    "isin-like": lambda x: np.any(x[..., None] == x[0], axis=-1),
}

METHODS: dict[str, Any] = {
    "argsort": lambda x: x.argsort(axis=0),
    "searchsorted": lambda x: np.sort(x[0]).searchsorted(x),
    "argpartition": lambda x: np.sort(x.argpartition(2, axis=1)[:, :2]),
    "round": lambda x: x.round(1),
    "choose-raise": lambda x: np.choose(np.argsort(x) // 2, [x, x**2]),
    "interp-period": lambda x: np.interp(x, [-2.0, 0.5, 1.9], [1.0, 2.0, 0.0], period=4.5),
    "choose": lambda x: (x > 0).astype(int).choose([x, 2 * x], mode="wrap"),
}

BY_VALUE: dict[str, Any] = {
    "nonzero": lambda x: np.nonzero(x > 0),
    "flatnonzero": lambda x: np.flatnonzero(x > 0),
    "argwhere": lambda x: np.argwhere(x > 0),
    "where-indices": lambda x: np.where(x > 0),
}


def in_place(change: Any) -> Any:
    """The function that changes a copy of its argument."""

    def changed(x: Any, *others: Any) -> Any:
        x = x.copy()
        change(x, *others)
        return x

    return changed


IN_PLACE: dict[str, Any] = {
    "sort": lambda x: x.sort(axis=0),
    "fill": lambda x: x[0].fill(2.0),
    "partition": lambda x: x.sort(),
    "put": lambda x: x.put([0, 5, -1], x[1, :3] * 2),
    "__setitem__": lambda x: x.__setitem__((slice(1, 3), [0, 2]), x[:2, 1:3] ** 2),
    "__iadd__": lambda x: x[1].__iadd__(x[0]),
}

WRITING: dict[str, Any] = {
    "copyto": lambda x: np.copyto(x, x[0] * 2, where=x > 0),
    "put": lambda x: np.put(x, [1, 4], x[2, :2]),
    "place": lambda x: np.place(x, x > 0, [1.0, 2.0]),
    "putmask": lambda x: np.putmask(x, x > 0, x**2),
    "put_along_axis": lambda x: np.put_along_axis(x, np.argmax(x, 1, keepdims=True), 0.0, 1),
    "fill_diagonal": lambda x: np.fill_diagonal(x, x[0, :3] * 2),
    "add-out": lambda x: np.add(x, x, out=x),
    "cumsum-out": lambda x: np.cumsum(x, axis=1, out=x),
}

ROWS = [
    *named("numpy.", SMOOTH, D),
    *named("numpy.", STEPS, D, smooth=False),
    *named("numpy.ndarray.", METHODS, D, smooth=False),
    *named("numpy.", BY_VALUE, D, smooth=False, without=SIZE),
    *named("numpy.ndarray.", {k: in_place(f) for k, f in IN_PLACE.items()}, D),
    *named("numpy.", {k: in_place(f) for k, f in WRITING.items()}, D),
    Row("numpy.take", lambda i: np.take(TABLE, i), (integers(0, 5),), id="traced", smooth=False),
    Row("numpy.where", lambda c, x, y: np.where(c, x, y), (B, X, uniform(-1, 1, (4,)))),
    Row("numpy.fix", lambda x: x * np.fix(x), (uniform(1.1, 1.9),), id="smooth"),
    Row("numpy.round", lambda x: x * np.round(x, 1), (uniform(0.11, 0.13),), id="decimals"),
    Row("numpy.around", lambda x: x * np.around(x), (uniform(1.1, 1.4),)),
    Row("numpy.extract", lambda x: np.extract(x > 0, x), (D,), without=SIZE),
    Row("numpy.ndarray.__getitem__", lambda x: x[::-1, [0, 0, 2]], (X,)),
    Row("numpy.ndarray.__getitem__", lambda x: x[x > 0], (D,), id="mask", without=SIZE),
    Row("numpy.ndarray.__getitem__", lambda x, i: x[i], (X, integers(0, 3, (2, 2))), id="traced"),
    Row("numpy.interp", lambda x, xp, fp: np.interp(x, xp, fp),
        (uniform(0.1, 0.9, (5,)), lambda rng: np.linspace(0, 1, 4) ** 1.2, uniform(-1, 1, (4,))),
        id="traced"),
]  # fmt: skip
