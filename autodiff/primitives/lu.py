"""`lu`: the factorisation of a matrix into triangles, with exchanged rows. Needs SciPy.

NumPy solves systems by this factorisation, but does not give it away. `row_order` is the order of
rows that the exchanges lead to.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace, to_host
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add
from autodiff.primitives.gathering import gather
from autodiff.primitives.matrices import (
    check_matrices,
    identity,
    matmul,
    part,
    transposed,
    triangle,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import concatenate
from autodiff.primitives.triangular import triangular_solve

__all__ = ["lu", "row_order"]


def _types(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    check_matrices("lu", a, square=False)
    *lead, m, n = a.shape
    return a, ArrayType((*lead, min(m, n)), np.dtype(np.int32))


# ---- run


def _run(xp: Any, a: Any) -> tuple[Any, Any]:
    *lead, m, n = a.shape
    packed = xp.array(a.reshape(prod(lead), m, n))
    pivots = np.zeros((prod(lead), min(m, n)), np.int32)
    if a.size:
        for i, matrix in enumerate(packed):
            packed[i], pivots[i] = _factored(xp, matrix)
    return packed.reshape(a.shape), xp.asarray(pivots.reshape(*lead, min(m, n)))


def _factored(xp: Any, a: Any) -> tuple[Any, Any]:
    if xp is np:  # by LAPACK itself: a singular matrix is none of this function's business
        (getrf,) = scipy_namespace(xp, "linalg").get_lapack_funcs(("getrf",), (a,))
        packed, pivots, _ = getrf(a)
        return packed, pivots
    packed, pivots = scipy_namespace(xp, "linalg").lu_factor(a, check_finite=False)
    return packed, to_host(pivots)


# ---- the other rules


def _jvp(xs: Any, dxs: Any) -> Any:
    """With P dA = dL U + L dU and X = L⁻¹ P dA U⁻¹: dL = L low(X), dU = up(X) U.

    Where there are more rows than columns, or fewer, L and U are completed to square matrices by
    columns or rows of the identity, which leaves the product and the formula as they are.
    """
    packed, pivots = lu(*xs)
    low, up = _completed(packed)
    rows = row_order(pivots, rows=packed.shape[-2])
    batch = len(packed.shape) - 2
    moved = gather(dxs[0], rows, axis=batch, batch=batch)
    x = triangular_solve(low, moved, lower=True, transposed=False, unit_diagonal=True, strict=False)
    x = transposed(
        triangular_solve(
            up, transposed(x), lower=False, transposed=True, unit_diagonal=False, strict=False
        )
    )
    dlow = matmul(low, triangle(x, lower=True, k=-1))
    dup = matmul(triangle(x, lower=False, k=0), up)
    return (packed, pivots), (add(dlow, dup), None)


def _completed(packed: Any) -> tuple[Any, Any]:
    """L and U as square matrices."""
    *lead, m, n = packed.shape
    k = min(m, n)
    low = triangle(part(packed, columns=slice(k)), lower=True, k=-1)
    eye = identity(ArrayType((*lead, m, m), packed.dtype))
    low = _beside(low, part(eye, columns=slice(k, m)), axis=-1)
    low = add(triangle(low, lower=True, k=-1), eye)
    up = triangle(part(packed, rows=slice(k)), lower=False, k=0)
    eye = identity(ArrayType((*lead, n, n), packed.dtype))
    return low, _beside(up, part(eye, rows=slice(k, n)), axis=-2)


def _beside(a: Any, b: Any, axis: int) -> Any:
    return concatenate(a, b, axis=len(a.shape) + axis) if b.shape[axis] else a


lu: Primitive = Primitive(
    # a [..., m, n] -> L below and U on and above the diagonal [..., m, n], and with which row each
    # was exchanged in turn [..., min(m, n)]
    "lu",
    types=_types,
    run=_run,
    jvp=_jvp,
    batch=lambda size, xs, mapped: lu(*xs),
    cost=lambda in_types, out_types: prod(in_types[0].shape) * min(in_types[0].shape[-2:]),
    multiple=True,
)


# ---- row_order


def _order_types(pivots: ArrayType, *, rows: int) -> tuple[ArrayType]:
    if pivots.dtype.kind not in "iu" or pivots.ndim < 1 or pivots.shape[-1] > rows:
        raise TypeError(f"row_order takes integers [..., k], k no more than {rows}, not {pivots}")
    return (pivots.with_shape((*pivots.shape[:-1], rows)).with_dtype(np.int32),)


def _order_run(xp: Any, pivots: Any, *, rows: int) -> Any:
    *lead, count = pivots.shape
    exchanges = np.asarray(to_host(pivots)).reshape(prod(lead), count)
    order = np.tile(np.arange(rows, dtype=np.int32), (len(exchanges), 1))
    lane = np.arange(len(exchanges))
    for i, other in enumerate(exchanges.T):
        order[lane, i], order[lane, other] = order[lane, other], order[lane, i]
    return xp.asarray(order.reshape(*lead, rows))


row_order: Primitive = Primitive(
    # pivots [..., k] -> rows [..., rows], after row i was exchanged with row pivots[i], for each i
    # in turn: of an LU factorisation, a[rows] = L U
    "row_order",
    types=_order_types,
    run=_order_run,
    batch=lambda size, xs, mapped, **params: row_order(*xs, **params),
)
