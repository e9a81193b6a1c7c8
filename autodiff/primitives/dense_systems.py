"""`dense_solve`: linear systems with a matrix, by the array library's LU factorisation."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import full_like, neg, spread, sum_tangents
from autodiff.primitives.contraction import contract
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute, reshape

__all__ = ["dense_solve"]


def _types(a: ArrayType, b: ArrayType, *, strict: bool) -> tuple[ArrayType]:
    if a.dtype is not b.dtype != a.dtype or a.dtype.char not in "fdFD":
        raise TypeError(
            f"dense_solve takes a matrix and right-hand sides of one of the dtypes float32, "
            f"float64, complex64 and complex128, not {a} and {b}"
        )
    square = a.ndim >= 2 and a.shape[-1] == a.shape[-2]
    if not square or b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1]:
        raise ValueError(f"dense_solve takes a: [..., n, n] and b: [..., n, k], not {a} and {b}")
    return (b,)


def _run(xp: Any, a: Any, b: Any, *, strict: bool) -> Any:
    try:
        return xp.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if strict:
            raise np.linalg.LinAlgError(
                f"the matrix of a linear system of {a.shape[-1]} equations is singular, so the "
                "system has no solution, or more than one"
            ) from None
    if a.ndim == 2:
        return xp.full_like(b, np.nan)
    return xp.stack([_run(xp, *pair, strict=False) for pair in zip(a, b, strict=True)])


def _jvp(xs: Any, dxs: Any, *, strict: bool) -> Any:
    """A x = b, hence A dx = db - dA x."""
    (a, _), (da, db) = xs, dxs
    x = dense_solve(*xs, strict=strict)
    terms = [db, None if da is None else neg(_product(da, x))]
    return x, dense_solve(a, sum_tangents(terms), strict=strict)


def _product(a: Any, x: Any) -> Any:
    lead = "abcdefgh"[: len(a.shape) - 2]
    return contract(a, x, spec=f"{lead}ij,{lead}jk->{lead}ik")


def _transpose(ct: Any, i: int, a: Any, b: Any, *, strict: bool) -> Any:
    return dense_solve(transposed(a), ct, strict=strict)


def transposed(a: Any) -> Any:
    """A matrix, or a stack of them, with rows and columns exchanged."""
    n = len(a.shape)
    return permute(a, perm=(*range(n - 2), n - 1, n - 2))


def _batch(size: int, xs: Sequence[Any], mapped: Sequence[bool], *, strict: bool) -> Any:
    a, b = xs
    if mapped[0]:
        return dense_solve(a, b if mapped[1] else spread(b, size), strict=strict)
    # One matrix for all: what is mapped are further columns, so it is factorised once.
    n = len(a.shape)
    columns = permute(b, perm=(*range(1, n + 1), 0))
    wide = reshape(columns, shape=(*a.shape[:-1], prod(columns.shape[-2:])))
    x = reshape(dense_solve(a, wide, strict=strict), shape=columns.shape)
    return permute(x, perm=(n, *range(n)))


def _cost(in_types: Any, out_types: Any, *, strict: bool) -> int:
    n, k = in_types[1].shape[-2:]
    return prod(in_types[0].shape[:-2]) * (2 * n**3 // 3 + 2 * n * n * k)


dense_solve: Primitive = Primitive(
    # Of a singular matrix: an error if `strict`, otherwise (and always on a device) not finite.
    "dense_solve",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    sparsity=lambda xs, linear, **_: _product(full_like(xs[0], 1), xs[1]),
    cost=_cost,
)
