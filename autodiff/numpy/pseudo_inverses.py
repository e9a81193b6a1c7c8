"""Least squares and pseudo-inverses; derivatives are those at constant rank.

Singular values that count as zero need not be zero: who sets `rcond` may cut off large ones. Which
space they belong to depends on the matrix, so they are taken out of it first, by the projector on
the space of the others, which is differentiable where there is a gap between the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import NOT_GIVEN, constant
from autodiff.numpy.elementwise_functions import astype
from autodiff.numpy.known import known_or_none
from autodiff.numpy.matrices import hermitian_matrix, matrices, matrix
from autodiff.numpy.promotion import convert
from autodiff.primitives.hermitian_eigen import completed
from autodiff.primitives.matrices import adjoint
from autodiff.primitives.pseudo_inverse import least_squares
from autodiff.primitives.pseudo_inverse import pinv as pinv_primitive
from autodiff.primitives.singular_values import svd, svdvals

__all__ = ["FUNCTIONS", "lstsq", "pinv"]


def pinv(a: Any, rcond: Any = None, hermitian: Any = False, *, rtol: Any = NOT_GIVEN) -> Any:
    """`np.linalg.pinv`."""
    x = completed(hermitian_matrix("pinv", a)) if hermitian else matrix("pinv", a, square=False)
    if rcond is not None and rtol is not NOT_GIVEN:
        raise ValueError("np.linalg.pinv: `rtol` and `rcond` can't be both set.")
    if rcond is None:
        rcond = 1e-15 if rtol is NOT_GIVEN else rtol
    if rcond is None:
        rcond = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    cutoff = astype(np.broadcast_to(constant(x._builder, 0.0, ()) + rcond, x.shape[:-2]), float)
    return pinv_primitive(_without_small_values(x, rcond, cutoff[..., None]), cutoff)


def _without_small_values(x: Any, rcond: Any, cutoff: Any) -> Any:
    """The matrices without what belongs to singular values up to `cutoff` times the largest."""
    rounding = 8 * max(x.shape[-2:]) * np.finfo(x.dtype).eps
    known = known_or_none(rcond)
    if known is not None and np.all(known <= rounding):
        return x
    u, s, vh = svd(x, full_matrices=False)
    counts = convert(s > cutoff * s[..., :1], x.dtype)
    if x.shape[-2] < x.shape[-1]:
        return (u * counts[..., None, :]) @ (adjoint(u) @ x)
    return (x @ adjoint(vh)) @ (counts[..., :, None] * vh)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """`np.linalg.lstsq`.

    The residuals are empty if the rank is less than the number of unknowns. Where there are no
    values to tell (under `jit` and `vmap`), they are given for more equations than unknowns.
    """
    a, b = matrices("lstsq", a, b)
    columns = b[:, None] if b.ndim == 1 else b
    if (a.ndim, columns.ndim) != (2, 2):
        raise np.linalg.LinAlgError(
            f"np.linalg.lstsq: {b.ndim if a.ndim == 2 else a.ndim}-dimensional array given. Array "
            f"must be two-dimensional{here()}\nWrite instead: `np.linalg.pinv(a) @ b` for stacks"
        )
    m, n = a.shape
    if columns.shape[0] != m:
        raise np.linalg.LinAlgError(
            f"np.linalg.lstsq: Incompatible dimensions: {m} equations and {columns.shape[0]} "
            f"right-hand sides{here()}"
        )
    eps = float(np.finfo(np.float64).eps)  # in which NumPy solves, whatever the dtype
    rcond = max(m, n) * eps if rcond is None else float(rcond)
    rcond = rcond if 0 < rcond < 1 else eps / 2  # as LAPACK's xGELSD
    x = least_squares(_without_small_values(a, rcond, rcond), columns, rcond=rcond)
    s = svdvals(a)
    rank = astype(np.count_nonzero(s > rcond * np.max(s, initial=0)), np.intc)
    known = known_or_none(rank)
    residuals = _squares(columns - a @ x)
    if m <= n or (known is not None and known != n):
        residuals = residuals[:0]
    return x[:, 0] if b.ndim == 1 else x, residuals, rank, s


def _squares(x: Any) -> Any:
    """The sum of the squares of each column."""
    return np.sum((np.conjugate(x) * x).real, axis=0)


FUNCTIONS = {
    np.linalg.pinv: pinv,
    np.linalg.lstsq: lstsq,
}
