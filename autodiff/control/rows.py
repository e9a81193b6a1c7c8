"""Mapped loops and branches in which the rows differ: some are done, or go another way.

A row never runs code that it would not run alone, since that might fail there, or never end.
Arrays have no holes, so such a row runs on the operands of a row that does run the code, and its
results are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import broadcast, spread
from autodiff.primitives.arithmetic import convert, select, stop_gradient
from autodiff.primitives.dynamic import dynamic_slice
from autodiff.primitives.reduction import argmax
from autodiff.primitives.structure import reshape

__all__ = ["borrowed", "chosen_by"]


def along(mask: Any, x: Any) -> Any:
    """A mask of rows in the shape of `x`."""
    axes = tuple(range(1, len(x.shape)))
    return broadcast(mask, shape=x.shape, axes=axes) if axes else mask


def chosen_by(mask: Any, x: Any, y: Any) -> Any:
    """The rows of `x` where the mask is true, and of `y` where it is not."""
    return select(along(mask, x), x, y)


def borrowed(active: Any, xs: Sequence[Any], mapped: Sequence[bool]) -> list[Any]:
    """Mapped operands in which each row that is not active has those of the first that is."""
    first = argmax(convert(active, dtype=np.dtype(np.int64)), axis=0)
    return [_lent(active, first, x) if m else x for x, m in zip(xs, mapped, strict=True)]


def _lent(active: Any, first: Any, x: Any) -> Any:
    starts = [first, *[np.int64(0)] * (len(x.shape) - 1)]
    row = reshape(dynamic_slice(x, *starts, sizes=(1, *x.shape[1:])), shape=x.shape[1:])
    return chosen_by(active, x, spread(_constant(row), x.shape[0]))


def _constant(x: Any) -> Any:
    t: ArrayType = x.type if hasattr(x, "type") else ArrayType(x.shape, x.dtype)
    return stop_gradient(x) if t.inexact else x
