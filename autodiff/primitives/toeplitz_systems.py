"""`toeplitz`: the matrix with given first column and row; and `toeplitz_solve`, by Levinson.

Element (i, j) of the matrix is `c[i - j]` on and below the diagonal, and `r[j - i]` above it: the
first element of `r` is not read.
"""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import broadcast, neg, sum_tangents, zeros_like
from autodiff.primitives.matrices import matmul, part
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_systems, check_dtypes, each, scipy_linalg
from autodiff.primitives.structure import concatenate, flip, reshape, slice_

__all__ = ["toeplitz", "toeplitz_solve"]


def toeplitz(c: Any, r: Any) -> Any:
    """The matrices `[..., m, n]` with first columns `c`: `[..., m]` and rows `r`: `[..., n]`.

    With all diagonals in a row d of length k = m + n - 1, the last row of the matrix is at the
    beginning of d, the row above starts one element later, and so on: in m copies of d behind one
    another, a row is found every k + 1 elements.
    """
    *lead, m = c.shape
    n, k = r.shape[-1], m + r.shape[-1] - 1
    last = len(lead)
    if not m or not n:
        return zeros_like(ArrayType((*lead, m, n), c.dtype))
    diagonals = concatenate(flip(c, axes=(last,)), _part(r, 1, n), axis=last)
    copies = broadcast(diagonals, shape=(*lead, m, k), axes=(last,))
    flat = reshape(copies, shape=(*lead, m * k))
    zeros = zeros_like(ArrayType((*lead, m), c.dtype))
    rows = reshape(concatenate(flat, zeros, axis=last), shape=(*lead, m, k + 1))
    return flip(part(rows, slice(0, m), slice(0, n)), axes=(last,))


def _part(x: Any, first: int, stop: int) -> Any:
    """The elements of the last axis from `first` up to `stop`."""
    *lead, n = x.shape
    zeros, ones = (0,) * len(lead), (1,) * len(lead)
    return slice_(x, start=(*zeros, min(first, n)), stop=(*lead, min(stop, n)), step=(*ones, 1))


def _types(c: ArrayType, r: ArrayType, b: ArrayType) -> tuple[ArrayType]:
    check_dtypes("toeplitz_solve", c, r, b)
    if c.ndim < 1 or c.shape != r.shape or b.shape[:-1] != c.shape:
        raise ValueError(
            f"toeplitz_solve takes c and r: [..., n] and b: [..., n, k], not {c}, {r} and {b}"
        )
    return (b,)


def _run(xp: Any, c: Any, r: Any, b: Any) -> Any:
    solve = scipy_linalg(xp, "solve_toeplitz")

    def single(c: Any, r: Any, b: Any) -> tuple[Any]:
        return (solve((c, r), b, check_finite=False),)

    return each(xp, single, [type_of(b)], b.ndim - 2, c, r, b)[0]


def _jvp(xs: Any, dxs: Any) -> Any:
    """T x = b, hence T dx = db - dT x."""
    (c, r, _), (dc, dr, db) = xs, dxs
    x = toeplitz_solve(*xs)
    change = None
    if dc is not None or dr is not None:
        dc, dr = (zeros_like(v) if dv is None else dv for v, dv in ((c, dc), (r, dr)))
        change = neg(matmul(toeplitz(dc, dr), x))
    return x, toeplitz_solve(c, r, sum_tangents([db, change]))


def _transpose(ct: Any, i: int, c: Any, r: Any, b: Any) -> Any:
    """The transposed matrix has column and row exchanged, but for the diagonal, which `c` has."""
    n = c.shape[-1]
    column = concatenate(_part(c, 0, 1), _part(r, 1, n), axis=len(c.shape) - 1)
    return toeplitz_solve(column, c, ct)


toeplitz_solve: Primitive = Primitive(
    "toeplitz_solve",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=batch_systems(lambda: toeplitz_solve),
)
