"""Sorting: `sort`, `argsort` and `searchsorted`.

A sorted array is the array itself in another order, so its derivative is the tangent in that order.
Among equal elements the order is that of the stable sort.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread
from autodiff.primitives.gathering import take_along
from autodiff.primitives.record import Primitive

__all__ = ["argsort", "searchsorted", "sort"]


def _checked_axis(name: str, x: ArrayType, axis: int) -> None:
    if not 0 <= axis < x.ndim:
        raise ValueError(f"{name}: axis {axis} does not fit an array of shape {x.shape}")


def _sort_types(x: ArrayType, *, axis: int) -> tuple[ArrayType]:
    _checked_axis("sort", x, axis)
    return (x,)


def _sort_jvp(xs: Any, dxs: Any, *, axis: int) -> Any:
    order = argsort(*xs, axis=axis, stable=True)
    return take_along(xs[0], order, axis), take_along(dxs[0], order, axis)


sort: Primitive = Primitive(
    "sort",  # ascending, NaN last
    types=_sort_types,
    run=lambda xp, x, *, axis: xp.sort(x, axis=axis),
    jvp=_sort_jvp,
    batch=lambda size, xs, mapped, *, axis: sort(*xs, axis=axis + 1),
)


def _argsort_types(x: ArrayType, *, axis: int, stable: bool) -> tuple[ArrayType]:
    _checked_axis("argsort", x, axis)
    return (x.with_dtype(np.intp),)


argsort: Primitive = Primitive(
    "argsort",  # not stable: the order of equal elements is the array library's choice
    types=_argsort_types,
    run=lambda xp, x, *, axis, stable: xp.argsort(x, axis=axis, kind="stable" if stable else None),
    batch=lambda size, xs, mapped, *, axis, stable: argsort(*xs, axis=axis + 1, stable=stable),
)


def _search_types(a: ArrayType, v: ArrayType, *, side: str, batch: int) -> tuple[ArrayType]:
    if a.dtype is not v.dtype and a.dtype != v.dtype:
        raise TypeError(f"searchsorted takes operands of one dtype, not {a} and {v}")
    if a.ndim != batch + 1 or v.shape[:batch] != a.shape[:batch]:
        raise ValueError(
            f"searchsorted takes sorted rows and what to find in each, not {a} and {v} with "
            f"{batch} batch axes"
        )
    return (v.with_dtype(np.intp),)


def _search_run(xp: Any, a: Any, v: Any, *, side: str, batch: int) -> Any:
    if not batch:
        return xp.searchsorted(a, v, side=side)
    places = xp.empty(v.shape, np.intp)
    for lane in product(*map(range, a.shape[:batch])):
        places[lane] = xp.searchsorted(a[lane], v[lane], side=side)
    return places


def _search_batch(size: int, xs: Any, mapped: Any, *, side: str, batch: int) -> Any:
    a, v = xs
    if not mapped[0] and not batch:
        return searchsorted(a, v, side=side, batch=0)
    a, v = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return searchsorted(a, v, side=side, batch=batch + 1)


searchsorted: Primitive = Primitive(
    "searchsorted",  # where to insert `v` into the sorted rows of `a`; they share `batch` axes
    types=_search_types,
    run=_search_run,
    batch=_search_batch,
)
