"""A list of arrays as one vector, and back: what solvers work on, whatever the user's container."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.arithmetic import convert
from autodiff.primitives.structure import concatenate, reshape, slice_

__all__ = ["common_dtype", "flat", "parted"]


def common_dtype(types: Sequence[ArrayType]) -> np.dtype[Any]:
    """The dtype of the vector that arrays of these types make: of single precision at least.

    Raises TypeError for a mixture of real and complex arrays: to multiply such a vector by a
    complex number would not be to multiply its parts.
    """
    if len({t.dtype.kind for t in types}) > 1:
        raise TypeError(
            f"the unknowns of a system of equations are all real or all complex, not {types}"
        )
    return np.result_type(np.float32, *[t.dtype for t in types])


def flat(xs: Sequence[Any], dtype: Any, lead: int = 0) -> Any:
    """The arrays as one vector of `dtype`, behind the first `lead` axes, which they share."""
    rows = [_as(reshape(x, shape=(*x.shape[:lead], type_of(x).size // _count(x, lead))), dtype)
            for x in xs]  # fmt: skip
    return rows[0] if len(rows) == 1 else concatenate(*rows, axis=lead)


def _count(x: Any, lead: int) -> int:
    return int(np.prod(x.shape[:lead], dtype=int))


def parted(vector: Any, types: Sequence[ArrayType]) -> list[Any]:
    """The arrays of these types that a vector consists of."""
    found, start = [], 0
    for t in types:
        stop = start + t.size
        part = vector
        if t.size != vector.shape[0]:
            part = slice_(vector, start=(start,), stop=(stop,), step=(1,))
        found.append(_as(reshape(part, shape=t.shape), t.dtype))
        start = stop
    return found


def _as(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else convert(x, dtype=dtype)
