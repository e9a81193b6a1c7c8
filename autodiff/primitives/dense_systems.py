"""`dense_solve` and `inverse`: linear systems, by the array library's LU factorisation.

And what they share with systems of triangular matrices (`triangular`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import (
    broadcast,
    full_like,
    neg,
    reduce_any,
    spread,
    sum_tangents,
)
from autodiff.primitives.matrices import check_matrices, matmul, transposed
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute, reshape

__all__ = ["batch_systems", "check_systems", "dense_solve", "inverse", "mask_systems", "solved"]


def check_systems(name: str, a: ArrayType, b: ArrayType) -> None:
    """Raise unless `a` holds square matrices and `b` as many matrices of right-hand sides."""
    check_matrices(name, a)
    if a.dtype is not b.dtype != a.dtype:
        raise TypeError(
            f"{name} takes a matrix and right-hand sides of one of the dtypes float32, "
            f"float64, complex64 and complex128, not {a} and {b}"
        )
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1]:
        raise ValueError(f"{name} takes a: [..., n, n] and b: [..., n, k], not {a} and {b}")


def solved(solve: Callable[[Any, Any], Any], xp: Any, a: Any, b: Any, *, strict: bool) -> Any:
    """`solve(a, b)`; where a matrix is singular, an error if `strict`, otherwise NaN."""
    try:
        return solve(a, b)
    except np.linalg.LinAlgError:
        if strict:
            raise np.linalg.LinAlgError(
                f"the matrix of a linear system of {a.shape[-1]} equations is singular: it has no "
                "inverse, and the system no solution, or more than one"
            ) from None
    if a.ndim == 2:
        return xp.full_like(b, np.nan)
    pairs = zip(a, b, strict=True)
    return xp.stack([solved(solve, xp, *pair, strict=False) for pair in pairs])


def batch_systems(
    primitive: Primitive, size: int, xs: Sequence[Any], mapped: Sequence[bool], **params: Any
) -> Any:
    """The batch rule; of one matrix for all, what is mapped are further columns."""
    a, b = xs
    if mapped[0]:
        return primitive(a, b if mapped[1] else spread(b, size), **params)
    n = len(a.shape)
    columns = permute(b, perm=(*range(1, n + 1), 0))
    wide = reshape(columns, shape=(*a.shape[:-1], prod(columns.shape[-2:])))
    x = reshape(primitive(a, wide, **params), shape=columns.shape)
    return permute(x, perm=(n, *range(n)))


def mask_systems(mask: Any, i: int, a: Any, b: Any, **params: Any) -> Any:
    """The mask rule: a solution counts if any element of its right-hand side does."""
    rows = (len(b.shape) - 2,)
    return broadcast(reduce_any(mask, axes=rows), shape=b.shape, axes=rows)


# ---- dense_solve


def _types(a: ArrayType, b: ArrayType, *, strict: bool) -> tuple[ArrayType]:
    check_systems("dense_solve", a, b)
    return (b,)


def _jvp(xs: Any, dxs: Any, *, strict: bool) -> Any:
    """A x = b, hence A dx = db - dA x."""
    (a, _), (da, db) = xs, dxs
    x = dense_solve(*xs, strict=strict)
    terms = [db, None if da is None else neg(matmul(da, x))]
    return x, dense_solve(a, sum_tangents(terms), strict=strict)


def _cost(in_types: Any, out_types: Any, *, strict: bool) -> int:
    n, k = in_types[1].shape[-2:]
    return prod(in_types[0].shape[:-2]) * (2 * n**3 // 3 + 2 * n * n * k)


dense_solve: Primitive = Primitive(
    # Of a singular matrix: an error if `strict`, otherwise (and always on a device) not finite.
    "dense_solve",
    types=_types,
    run=lambda xp, a, b, *, strict: solved(xp.linalg.solve, xp, a, b, strict=strict),
    jvp=_jvp,
    transpose=lambda ct, i, a, b, *, strict: dense_solve(transposed(a), ct, strict=strict),
    batch=lambda size, xs, mapped, *, strict: batch_systems(
        dense_solve, size, xs, mapped, strict=strict
    ),
    mask=mask_systems,
    sparsity=lambda xs, linear, **_: matmul(full_like(xs[0], 1), xs[1]),
    cost=_cost,
)


# ---- inverse


def _inverse_types(a: ArrayType, *, strict: bool) -> tuple[ArrayType]:
    check_matrices("inverse", a)
    return (a,)


def _inverse_run(xp: Any, a: Any, *, strict: bool) -> Any:
    return solved(lambda a, _: xp.linalg.inv(a), xp, a, a, strict=strict)


def _inverse_jvp(xs: Any, dxs: Any, *, strict: bool) -> Any:
    """A X = 1, hence dX = -X dA X: what is factorised once serves all derivatives."""
    x = inverse(*xs, strict=strict)
    return x, neg(matmul(matmul(x, dxs[0]), x))


inverse: Primitive = Primitive(
    "inverse",  # of a singular matrix: as `dense_solve`
    types=_inverse_types,
    run=_inverse_run,
    jvp=_inverse_jvp,
    batch=lambda size, xs, mapped, *, strict: inverse(*xs, strict=strict),
    cost=lambda in_types, out_types, **_: 2 * in_types[0].size * in_types[0].shape[-1],
)
