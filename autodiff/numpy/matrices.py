"""What the functions of `numpy.linalg` do with their arguments: dtypes and shapes of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import convert

__all__ = ["check_stacked", "linalg_dtype", "matrices", "matrix"]


def linalg_dtype(function: str, *dtypes: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which `numpy.linalg` computes: integers and truth values count as float64."""
    for dtype in dtypes:
        if dtype.char not in "fdFD" and dtype.kind not in "biu":
            raise TypeError(
                f"np.linalg.{function}: array type {dtype} is unsupported in linalg{here()}\n"
                "Write instead: `x.astype(np.float64)` before, and back after"
            )
    return np.result_type(*[d if d.kind in "fc" else np.float64 for d in dtypes])


def matrices(function: str, *xs: Any) -> list[Any]:
    """Operands as tracers of the dtype in which NumPy computes with them."""
    given = traced_operands(*xs)
    dtype = linalg_dtype(function, *[x.dtype for x in given])
    return [convert(x, dtype) for x in given]


def matrix(function: str, x: Any, *, square: bool = True) -> Any:
    """A matrix or a stack of them as a tracer, of the dtype in which NumPy computes with it."""
    (a,) = matrices(function, x)
    check_stacked(function, a, square=square)
    return a


def check_stacked(function: str, a: Any, *, square: bool = True) -> None:
    """Raise NumPy's error unless `a` is a matrix, or a stack of them along its first axes."""
    if a.ndim < 2:
        raise np.linalg.LinAlgError(
            f"np.linalg.{function}: {a.ndim}-dimensional array given. Array must be at least "
            f"two-dimensional{here()}"
        )
    if square and a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(
            f"np.linalg.{function}: Last 2 dimensions of the array must be square, not "
            f"{a.shape[-2]} and {a.shape[-1]}{here()}"
        )
