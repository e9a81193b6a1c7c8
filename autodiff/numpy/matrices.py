"""What the functions of `numpy.linalg` do with their arguments: dtypes and shapes of matrices.

**Hermitian matrices.** A matrix that NumPy takes to be Hermitian (by `cholesky`, `eigh`, `eigvalsh`
and `hermitian=True`) is so for derivatives, too: gradients by it are Hermitian, and of a tangent
its Hermitian part counts. JAX and PyTorch say the same. The value is NumPy's, which reads one
triangle. Where the matrix is computed so that it is Hermitian, no other convention would give
another derivative; a program that only ever fills one triangle must complete it first
(`np.tril(a) + np.tril(a, -1).T`), or what it left out counts as if it were the other half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import convert
from autodiff.primitives.cholesky import hermitian

__all__ = ["check_stacked", "hermitian_matrix", "linalg_dtype", "matrices", "matrix"]


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


def hermitian_matrix(function: str, x: Any) -> Any:
    """The same for what NumPy takes to be Hermitian: derivatives by it are Hermitian."""
    return hermitian(matrix(function, x), conjugated=True)


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
