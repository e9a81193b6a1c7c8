"""Matrices that are zero but for some diagonals: products, solutions, and their derivatives.

A band is stored as LAPACK does: `ab[upper + i - j, j]` is the element (i, j) of the matrix, so its
shape is `[..., lower + upper + 1, n]`. The elements of `ab` that lie outside the matrix (in two of
its corners) are never read, and have zero derivatives. Everything here takes time and memory in
proportion to the band.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import neg, sum_tangents
from autodiff.primitives.kinds import bilinear, linear
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack, batch_systems, check_dtypes, each, scipy_linalg

__all__ = ["band_of_outer", "band_product", "band_transposed", "banded_solve"]


def _diagonals(n: int, lower: int, upper: int) -> Iterator[tuple[int, slice, slice]]:
    """Each row of a band that meets the matrix, with the columns and rows of its elements."""
    for row in range(lower + upper + 1):
        below = row - upper  # how far the diagonal lies below the main one
        first, last = max(0, -below), min(n, n - below)
        if first < last:
            yield row, slice(first, last), slice(first + below, last + below)


def _check(name: str, ab: ArrayType, x: ArrayType, lower: int, upper: int) -> None:
    check_dtypes(name, ab, x)
    *lead, rows, n = ab.shape if ab.ndim >= 2 else (0, 0, -1)
    if min(lower, upper) < 0 or rows != lower + upper + 1 or x.shape[:-1] != (*lead, n):
        raise ValueError(
            f"{name} takes the band [..., {lower + upper + 1}, n] of a matrix with {lower} "
            f"diagonals below and {upper} above the main one, and columns [..., n, k], not {ab} "
            f"and {x}"
        )


# ---- the band of the transposed matrix


def _transposed_run(xp: Any, ab: Any, *, lower: int, upper: int) -> Any:
    out = xp.zeros_like(ab)
    for row, columns, rows in _diagonals(ab.shape[-1], lower, upper):
        out[..., lower + upper - row, rows] = ab[..., row, columns]
    return out


band_transposed: Primitive = linear(
    "band_transposed",  # `lower` and `upper` are those of the operand; corners become zero
    types=lambda ab, *, lower, upper: ab,
    run=_transposed_run,
    transpose=lambda ct, i, ab, *, lower, upper: band_transposed(ct, lower=upper, upper=lower),
    batch=lambda size, xs, mapped, **widths: band_transposed(*xs, **widths),
    sparsity="copy",
    cheap=False,
)


# ---- the product with columns, and the band of an outer product, into which it transposes


def _product_types(ab: ArrayType, x: ArrayType, *, lower: int, upper: int) -> ArrayType:
    _check("band_product", ab, x, lower, upper)
    return x


def _product_run(xp: Any, ab: Any, x: Any, *, lower: int, upper: int) -> Any:
    out = xp.zeros_like(x)
    for row, columns, rows in _diagonals(ab.shape[-1], lower, upper):
        out[..., rows, :] += ab[..., row, columns, None] * x[..., columns, :]
    return out


def _product_transpose(ct: Any, i: int, ab: Any, x: Any, *, lower: int, upper: int) -> Any:
    if i == 0:
        return band_of_outer(ct, x, lower=lower, upper=upper)
    flipped = band_transposed(ab, lower=lower, upper=upper)
    return band_product(flipped, ct, lower=upper, upper=lower)


band_product: Primitive = bilinear(
    "band_product",
    types=_product_types,
    run=_product_run,
    transpose=_product_transpose,
    batch=batch_stack(lambda: band_product),
)


def _outer_types(y: ArrayType, x: ArrayType, *, lower: int, upper: int) -> ArrayType:
    check_dtypes("band_of_outer", y, x)
    if y.ndim < 2 or y.shape != x.shape:
        raise ValueError(f"band_of_outer takes columns of one shape [..., n, k], not {y} and {x}")
    return y.with_shape((*y.shape[:-2], lower + upper + 1, y.shape[-2]))


def _outer_run(xp: Any, y: Any, x: Any, *, lower: int, upper: int) -> Any:
    n = x.shape[-2]
    out = xp.zeros((*x.shape[:-2], lower + upper + 1, n), x.dtype)
    for row, columns, rows in _diagonals(n, lower, upper):
        out[..., row, columns] = (y[..., rows, :] * x[..., columns, :]).sum(axis=-1)
    return out


def _outer_transpose(ct: Any, i: int, y: Any, x: Any, *, lower: int, upper: int) -> Any:
    if i == 0:
        return band_product(ct, x, lower=lower, upper=upper)
    flipped = band_transposed(ct, lower=lower, upper=upper)
    return band_product(flipped, y, lower=upper, upper=lower)


band_of_outer: Primitive = bilinear(
    "band_of_outer",  # the band of y xᵀ
    types=_outer_types,
    run=_outer_run,
    transpose=_outer_transpose,
    batch=batch_stack(lambda: band_of_outer),
)


# ---- systems


def _solve_types(
    ab: ArrayType, b: ArrayType, *, lower: int, upper: int, positive: bool
) -> tuple[ArrayType]:
    _check("banded_solve", ab, b, lower, upper)
    return (b,)


def _solve_run(xp: Any, ab: Any, b: Any, *, lower: int, upper: int, positive: bool) -> Any:
    solve = scipy_linalg(xp, "solveh_banded" if positive else "solve_banded")

    def single(band: Any, columns: Any) -> tuple[Any]:
        if positive:
            return (solve(band[: upper + 1], columns, check_finite=False),)
        return (solve((lower, upper), band, columns, check_finite=False),)

    return each(xp, single, [type_of(b)], b.ndim - 2, ab, b)[0]


def _solve_jvp(xs: Any, dxs: Any, *, lower: int, upper: int, positive: bool) -> Any:
    """A x = b, hence A dx = db - dA x."""
    (ab, _), (dab, db) = xs, dxs
    params = {"lower": lower, "upper": upper, "positive": positive}
    x = banded_solve(*xs, **params)
    change = None if dab is None else neg(band_product(dab, x, lower=lower, upper=upper))
    return x, banded_solve(ab, sum_tangents([db, change]), **params)


def _solve_transpose(
    ct: Any, i: int, ab: Any, b: Any, *, lower: int, upper: int, positive: bool
) -> Any:
    flipped = band_transposed(ab, lower=lower, upper=upper)
    return banded_solve(flipped, ct, lower=upper, upper=lower, positive=positive)


banded_solve: Primitive = Primitive(
    # `positive` promises that the matrix is Hermitian and positive definite: solved by Cholesky
    "banded_solve",
    types=_solve_types,
    run=_solve_run,
    jvp=_solve_jvp,
    transpose=_solve_transpose,
    batch=batch_systems(lambda: banded_solve),
)
