"""`sparse_solve`: linear systems with a sparse matrix, by SciPy's SuperLU.

The matrix is given as its `data` with the row and the column of each entry, so the transposed
matrix is the same with these two exchanged; entries of one place are added up. It is factorised
once for the solve and for the transposed solve of the derivatives: the last few factorisations are
kept, each with a copy of its data, for as long as the data array itself lives.

Nothing here ever has a dense matrix: the derivative by `data` is read off at the entries.
"""

from __future__ import annotations

import weakref
from math import prod
from typing import Any, NamedTuple

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import broadcast, mul, neg, sum_tangents, zeros_like
from autodiff.primitives.gathering import gather, scatter_add
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_systems, check_dtypes, each

__all__ = ["sparse_product", "sparse_solve"]

_KEPT = 4


def _types(data: ArrayType, rows: ArrayType, columns: ArrayType, b: ArrayType) -> tuple[ArrayType]:
    check_dtypes("sparse_solve", data, b)
    if rows.dtype.kind != "i" or columns.dtype.kind != "i":
        raise TypeError(f"sparse_solve takes signed integer places, not {rows} and {columns}")
    fits = b.ndim == data.ndim + 1 and b.ndim >= 2 and b.shape[:-2] == data.shape[:-1]
    if not (data.shape == rows.shape == columns.shape and fits):
        raise ValueError(
            f"sparse_solve takes data, rows and columns [..., entries] and b: [..., n, k], not "
            f"{data}, {rows}, {columns} and {b}"
        )
    return (b,)


# ---- factorisations, kept


class _Factorisation(NamedTuple):
    """What was factorised, and what SciPy found."""

    owner: weakref.ref[Any]
    content: tuple[Any, Any, Any]  # copies of data, rows and columns
    size: int
    solver: Any

    def transposed(self, xp: Any, size: int, data: Any, rows: Any, columns: Any) -> bool | None:
        """Whether it is of this matrix (False), of its transpose (True), or of another (None)."""
        own_data, own_rows, own_columns = self.content
        if size != self.size or not _equal(xp, data, own_data):
            return None
        for flag, places in ((False, (rows, columns)), (True, (columns, rows))):
            if _equal(xp, places[0], own_rows) and _equal(xp, places[1], own_columns):
                return flag
        return None


_known: list[_Factorisation] = []


def _equal(xp: Any, x: Any, y: Any) -> bool:
    return type(x) is type(y) and x.dtype == y.dtype and bool(xp.array_equal(x, y))


def _factorised(
    xp: Any, size: int, owner: Any, data: Any, rows: Any, columns: Any
) -> tuple[Any, bool]:
    """A solver for this matrix, and whether it is to solve the transposed system.

    What is new is kept for as long as the array `owner` lives.
    """
    for entry in list(_known):
        transposed = entry.transposed(xp, size, data, rows, columns)
        if transposed is not None:
            return entry.solver, transposed
    solver = _factorise(xp, size, data, rows, columns)
    content = (data.copy(), rows.copy(), columns.copy())
    _known.insert(0, _Factorisation(weakref.ref(owner, _forget), content, size, solver))
    del _known[_KEPT:]
    return solver, False


def _forget(owner: weakref.ref[Any]) -> None:
    """Drop the factorisations of an array that is gone."""
    _known[:] = [entry for entry in list(_known) if entry.owner is not owner]


def _factorise(xp: Any, size: int, data: Any, rows: Any, columns: Any) -> Any:
    matrix = scipy_namespace(xp, "sparse").coo_matrix((data, (rows, columns)), (size, size))
    try:
        return scipy_namespace(xp, "sparse.linalg").splu(matrix.tocsc())
    except RuntimeError as error:  # SuperLU met a pivot that is zero, or NaN
        if not bool(xp.isfinite(data).all()):
            raise np.linalg.LinAlgError(
                "the matrix of a sparse linear system has entries that are not finite"
            ) from error
        raise np.linalg.LinAlgError(
            f"the matrix of a sparse linear system of {size} equations is singular, so the system "
            "has no solution, or more than one"
        ) from error


def _run(xp: Any, data: Any, rows: Any, columns: Any, b: Any) -> Any:
    def single(number: Any, columns_of_b: Any) -> tuple[Any]:
        places = [x.reshape(-1, x.shape[-1])[int(number)] for x in (data, rows, columns)]
        solver, transposed = _factorised(xp, b.shape[-2], data, *places)
        trans = "T" if transposed else "N"
        return (solver.solve(xp.ascontiguousarray(columns_of_b), trans=trans),)

    if b.shape[-2] and not data.shape[-1]:
        raise np.linalg.LinAlgError("the matrix of a sparse linear system has no entries")
    numbers = np.arange(prod(data.shape[:-1])).reshape(data.shape[:-1])
    return each(xp, single, [type_of(b)], numbers.ndim, numbers, b)[0]


# ---- the other rules


def sparse_product(data: Any, rows: Any, columns: Any, x: Any) -> Any:
    """The product of the matrix with the columns of `x`: `[..., n, k]`."""
    lead = len(data.shape) - 1
    terms = gather(x, columns, axis=lead, batch=lead)
    weights = broadcast(data, shape=terms.shape, axes=(lead + 1,))
    return scatter_add(zeros_like(x), mul(weights, terms), rows, axis=lead, batch=lead)


def _jvp(xs: Any, dxs: Any) -> Any:
    """A x = b, hence A dx = db - dA x."""
    (data, rows, columns, _), (ddata, _, _, db) = xs, dxs
    x = sparse_solve(*xs)
    change = None if ddata is None else neg(sparse_product(ddata, rows, columns, x))
    return x, sparse_solve(data, rows, columns, sum_tangents([db, change]))


sparse_solve: Primitive = Primitive(
    "sparse_solve",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=lambda ct, i, data, rows, columns, b: sparse_solve(data, columns, rows, ct),
    batch=batch_systems(lambda: sparse_solve),
)
