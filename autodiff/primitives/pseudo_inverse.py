"""`pinv` and `least_squares`: the inverse of a matrix where it has one, and the best substitute.

Singular values up to `rcond` times the largest count as zero. Derivatives take them for zero, and
are those at constant rank, where the pseudo-inverse is differentiable (Golub and Pereyra, The
Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems Whose Variables Separate,
1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import full_like, neg, spread, sum_tangents
from autodiff.primitives.arithmetic import sub
from autodiff.primitives.matrices import adjoint, check_matrices, matmul, transposed
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack, check_dtypes, each

__all__ = ["least_squares", "pinv"]


def _product(a: Any, b: Any, c: Any) -> Any:
    """`a @ b @ c` in the cheaper order."""
    (m, n), (k, p) = a.shape[-2:], c.shape[-2:]
    if m * k * (n + p) <= n * p * (k + m):
        return matmul(matmul(a, b), c)
    return matmul(a, matmul(b, c))


# ---- pinv


def _pinv_types(a: ArrayType, rcond: ArrayType) -> tuple[ArrayType]:
    check_matrices("pinv", a, square=False)
    if rcond != ArrayType(a.shape[:-2], np.dtype(np.float64)):
        raise TypeError(f"pinv of {a} takes a float64 rcond for each matrix, not {rcond}")
    *lead, m, n = a.shape
    return (a.with_shape((*lead, n, m)),)


def _pinv_jvp(xs: Any, dxs: Any) -> Any:
    """dA⁺ = -A⁺ dA A⁺ + A⁺ A⁺^H dA^H (1 - A A⁺) + (1 - A⁺ A) dA^H A⁺^H A⁺."""
    (a, _), (da, _) = xs, dxs
    p = pinv(*xs)
    if da is None:
        return p, None
    back, up = adjoint(da), adjoint(p)
    left = sub(back, _product(back, a, p))
    right = _product(back, up, p)
    terms = [
        neg(_product(p, da, p)),
        _product(p, up, left),
        sub(right, _product(p, a, right)),
    ]
    return p, sum_tangents(terms)


def _pinv_batch(size: int, xs: Sequence[Any], mapped: Sequence[bool]) -> Any:
    return pinv(*[x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)])


pinv: Primitive = Primitive(
    "pinv",
    types=_pinv_types,
    run=lambda xp, a, rcond: xp.linalg.pinv(a, xp.asarray(rcond)),
    jvp=_pinv_jvp,
    batch=_pinv_batch,
)


# ---- least squares


def _systems_types(a: ArrayType, b: ArrayType, *, rcond: float) -> tuple[ArrayType]:
    check_dtypes("least_squares", a, b)
    check_matrices("least_squares", a, square=False)
    if b.ndim != a.ndim or b.shape[:-1] != a.shape[:-1]:
        raise ValueError(f"least_squares takes a: [..., m, n] and b: [..., m, k], not {a} and {b}")
    return (a.with_shape((*a.shape[:-2], a.shape[-1], b.shape[-1])),)


def _systems_run(xp: Any, a: Any, b: Any, *, rcond: float) -> Any:
    if xp is not np:  # CuPy's `lstsq` waits for the device, and knows no stacks
        return xp.matmul(xp.linalg.pinv(a, rcond=rcond), b)
    (made,) = _systems_types(type_of(a), type_of(b), rcond=rcond)

    def solve(a: Any, b: Any) -> tuple[Any]:
        return (xp.linalg.lstsq(a, b, rcond=rcond)[0],)

    return each(xp, solve, [made], a.ndim - 2, a, b)[0]


def _inverse_of(a: Any, rcond: float) -> Any:
    like = ArrayType(a.shape[:-2], np.dtype(np.float64))
    return pinv(a, full_like(like, rcond))


def _systems_jvp(xs: Any, dxs: Any, *, rcond: float) -> Any:
    """With r = b - A x: dx = A⁺ (db - dA x) + A⁺ A⁺^H dA^H r + (1 - A⁺ A) dA^H A⁺^H x."""
    (a, b), (da, db) = xs, dxs
    x = least_squares(*xs, rcond=rcond)
    p = _inverse_of(a, rcond)
    if da is None:
        return x, matmul(p, db)
    up, back = adjoint(p), adjoint(da)
    rest = _product(back, up, x)
    terms = [
        matmul(p, sum_tangents([db, neg(matmul(da, x))])),
        _product(p, up, matmul(back, sub(b, matmul(a, x)))),
        sub(rest, _product(p, a, rest)),
    ]
    return x, sum_tangents(terms)


def _systems_transpose(ct: Any, i: int, a: Any, b: Any, *, rcond: float) -> Any:
    return matmul(transposed(_inverse_of(a, rcond)), ct)


least_squares: Primitive = Primitive(
    "least_squares",  # the shortest x that makes a @ x - b shortest
    types=_systems_types,
    run=_systems_run,
    jvp=_systems_jvp,
    transpose=_systems_transpose,
    batch=batch_stack(lambda: least_squares),
)
