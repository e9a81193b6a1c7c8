"""What the Python array API standard (2024.12) has beyond NumPy's own functions.

Where NumPy lacks an argument of the standard, `autodiff.numpy` takes it beside NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "argsort", "finfo", "iinfo", "sort"]


def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, descending: bool = False,
    stable: Any = None,
) -> Any:  # fmt: skip
    """`np.sort`, and `descending=` of the standard."""
    result = np.sort(a, axis, kind, order, stable=stable)
    return np.flip(result, -1 if axis is None else axis) if descending else result


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, descending: bool = False,
    stable: Any = None,
) -> Any:  # fmt: skip
    """`np.argsort`, and `descending=` of the standard."""
    if not descending:
        return np.argsort(a, axis, kind, order, stable=stable)
    if axis is None:
        a, axis = np.reshape(a, -1), -1
    # Turned round before and after, so that equal elements stay in order.
    places = np.argsort(np.flip(a, axis), axis, kind, order, stable=stable)
    return np.flip(np.shape(a)[axis] - 1 - places, axis)


def finfo(dtype: Any) -> Any:
    """`np.finfo`, which here takes arrays, too."""
    return np.finfo(_dtype_of(dtype))


def iinfo(int_type: Any) -> Any:
    """`np.iinfo`, which here takes arrays, too."""
    return np.iinfo(_dtype_of(int_type))


def _dtype_of(x: Any) -> Any:
    return x.dtype if type(x) is Tracer or isinstance(x, np.ndarray) else x


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "argsort": argsort,
    "finfo": finfo,
    "iinfo": iinfo,
    "sort": sort,
}
