"""`sparse_solve`: linear systems with a sparse matrix in compressed rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import namespace
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.numpy.promotion import as_operand, convert
from autodiff.primitives import sparse_systems
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["sparse_solve"]


def sparse_solve(data: Any, indices: Any, indptr: Any, b: Any, *, transposed: bool = False) -> Any:
    """The solution x of A x = b, where A is a square sparse matrix in compressed rows (CSR).

    The matrix is factorised by SciPy's SuperLU, once for the solve and the transposed solve that
    derivatives need. Derivatives by `data` have its shape: no dense matrix is ever made. Under
    `vmap`, many right-hand sides share one factorisation.

    Args:
        data: The entries that are stored, `[nnz]`, floating-point or complex.
        indices: The column of each entry, `[nnz]` integers, in any order; the entries of one place
            are added up, as SciPy does.
        indptr: Where each row begins, `[n + 1]` integers; the last is nnz.
        b: Right-hand sides, `[n]` or `[n, k]`.
        transposed: Solve with the transpose of A (which makes of the arrays those of a CSC matrix).

    Returns:
        The solution, in the shape of `b` and the common dtype of `data` and `b`.

    Raises:
        numpy.linalg.LinAlgError: If the matrix is singular.
        ValueError: If the arrays do not describe a matrix, or do not fit one another.
        TypeError: If a dtype is not one that SuperLU knows.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> # [[2, 0], [1, 4]]
        >>> indices, indptr = np.array([0, 0, 1]), np.array([0, 1, 3])
        >>> f = lambda data, b: ad.sparse_solve(data, indices, indptr, b)
        >>> f(np.array([2.0, 1.0, 4.0]), np.array([2.0, 9.0]))
        array([1., 2.])
        >>> ad.grad(lambda data: f(data, np.array([2.0, 9.0])).sum())(np.array([2.0, 1.0, 4.0]))
        array([-0.375, -0.25 , -0.5  ])
    """
    data, indices, indptr, b = (as_operand(x) for x in (data, indices, indptr, b))
    _check_shapes(*[type_of(x) for x in (data, indices, indptr, b)])
    dtype = np.result_type(data.dtype, b.dtype)
    dtype = dtype if dtype.kind in "fc" else np.dtype(float)
    if dtype.char not in "fdFD":
        raise TypeError(
            f"sparse_solve: {dtype} is not supported; write instead: `data.astype(float)`{here()}"
        )
    columns, starts = (convert(x, np.int64) for x in (indices, indptr))
    if type(columns) is not Tracer and type(starts) is not Tracer:
        _check_pattern(columns, starts, data.shape[0])
    rows = _rows(starts, data.shape[0])
    places = (columns, rows) if transposed else (rows, columns)
    right = b if b.ndim == 2 else reshape(b, shape=(b.shape[0], 1))
    x = sparse_systems.sparse_solve(convert(data, dtype), *places, convert(right, dtype))
    return x if b.ndim == 2 else reshape(x, shape=b.shape)


def _rows(starts: Any, count: int) -> Any:
    """The row of each entry: the last one that does not begin behind it."""
    xp = np if type(starts) is Tracer else namespace([starts])
    return convert(xp.searchsorted(starts, xp.arange(count), side="right") - 1, np.int64)


def _check_shapes(data: ArrayType, indices: ArrayType, indptr: ArrayType, b: ArrayType) -> None:
    for name, t in (("indices", indices), ("indptr", indptr)):
        if t.dtype.kind not in "iu":
            raise TypeError(f"sparse_solve: {name} must hold integers, not {t}{here()}")
    if data.ndim != 1 or indices.shape != data.shape or indptr.ndim != 1 or not indptr.size:
        raise ValueError(
            f"sparse_solve takes data [nnz], indices [nnz] and indptr [n + 1], not {data}, "
            f"{indices} and {indptr}{here()}\n"
            "Write instead: `sparse_solve(A.data, A.indices, A.indptr, b)` with a CSR matrix A"
        )
    if b.ndim not in (1, 2) or b.shape[0] != indptr.size - 1:
        n = indptr.size - 1
        raise ValueError(
            f"sparse_solve: the matrix has {n} rows, so b must have shape ({n},) or ({n}, k), not "
            f"{b.shape}{here()}"
        )


def _check_pattern(columns: Any, starts: Any, count: int) -> None:
    n = starts.shape[0] - 1
    if int(starts[0]) != 0 or int(starts[-1]) != count or bool((starts[1:] < starts[:-1]).any()):
        raise ValueError(
            f"sparse_solve: indptr must rise from 0 to the number of entries, {count}{here()}"
        )
    if count and (int(columns.min()) < 0 or int(columns.max()) >= n):
        raise ValueError(
            f"sparse_solve: indices must lie between 0 and {n - 1}: the matrix is square and has "
            f"{n} rows{here()}"
        )
