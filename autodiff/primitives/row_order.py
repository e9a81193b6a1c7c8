"""`row_order`: the order of rows that the exchanges of an LU factorisation lead to."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autodiff.arrays import to_host
from autodiff.ir.types import ArrayType
from autodiff.primitives.record import Primitive

__all__ = ["row_order"]


def _types(pivots: ArrayType) -> tuple[ArrayType]:
    if pivots.dtype.kind not in "iu" or pivots.ndim < 1:
        raise TypeError(f"row_order takes integers [..., n], not {pivots}")
    return (pivots.with_dtype(np.int64),)


def _run(xp: Any, pivots: Any) -> Any:
    exchanges = np.asarray(to_host(pivots)).reshape(prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(pivots.shape[-1]), (len(exchanges), 1))
    lane = np.arange(len(exchanges))
    for i, other in enumerate(exchanges.T):
        order[lane, i], order[lane, other] = order[lane, other], order[lane, i]
    return xp.asarray(order.reshape(pivots.shape))


row_order: Primitive = Primitive(
    "row_order",  # row i was exchanged with row pivots[i], for each i in turn
    types=_types,
    run=_run,
    batch=lambda size, xs, mapped: row_order(*xs),
)
