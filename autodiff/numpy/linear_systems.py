"""Linear systems, inverses, determinants and powers of matrices."""

from __future__ import annotations

import operator
from math import prod
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import constant, operand, traced_operands
from autodiff.numpy.matrices import check_stacked, matrices, matrix
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to
from autodiff.primitives.dense_systems import dense_solve, inverse
from autodiff.primitives.determinants import determinant, log_determinant
from autodiff.primitives.matrices import triangle
from autodiff.primitives.structure import permute, reshape

__all__ = ["FUNCTIONS", "det", "inv", "matrix_power", "slogdet", "solve"]

_SlogdetResult: Any = type(np.linalg.slogdet(np.ones((1, 1))))


# ---- systems


def solve(a: Any, b: Any) -> Any:
    """`np.linalg.solve`."""
    a, b = matrices("solve", a, b)
    check_stacked("solve", a)
    n = a.shape[-1]
    if b.ndim == 0 or b.shape[0 if b.ndim == 1 else -2] != n:
        raise ValueError(
            f"np.linalg.solve: {n} equations (a of shape {a.shape}) do not fit right-hand sides "
            f"of shape {b.shape}{here()}\n"
            "A b with one axis is a vector; of any other, the columns are right-hand sides. Write "
            "instead, for a stack of vectors: `np.linalg.solve(a, b[..., None])[..., 0]`"
        )
    if b.ndim == 1:
        x = _solve_columns(a, reshape(b, shape=(n, 1)))
        return reshape(x, shape=x.shape[:-1])
    return _solve_columns(a, b)


def _solve_columns(a: Any, b: Any) -> Any:
    """Where one matrix belongs to several stacked `b`, those become columns of one system."""
    n, k = b.shape[-2:]
    lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    own = (1,) * (len(lead) - len(a.shape[:-2])) + a.shape[:-2]
    kept = [i for i, d in enumerate(lead) if d == own[i]]
    shared = [i for i, d in enumerate(lead) if d != own[i]]
    a = reshape(a, shape=(*[own[i] for i in kept], n, n))
    b = broadcast_to(b, (*lead, n, k))
    if not shared:
        return dense_solve(a, b, strict=True)
    perm = (*kept, len(lead), *shared, len(lead) + 1)
    columns = permute(b, perm=perm)
    wide = reshape(columns, shape=(*a.shape[:-1], prod(columns.shape[len(kept) + 1 :])))
    x = reshape(dense_solve(a, wide, strict=True), shape=columns.shape)
    return permute(x, perm=tuple(np.argsort(perm).tolist()))


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """`np.linalg.tensorsolve`."""
    a, b = traced_operands(a, b)
    if axes is not None:
        a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    shape = a.shape[b.ndim - a.ndim :] if a.ndim > b.ndim else a.shape
    size = prod(shape)
    if a.size != size**2 or b.size != size:
        raise np.linalg.LinAlgError(
            f"np.linalg.tensorsolve: a of shape {a.shape} and b of shape {b.shape} must satisfy "
            f"prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim]) == b.size{here()}"
        )
    x = solve(reshape(a, shape=(size, size)), reshape(b, shape=(size,)))
    return reshape(x, shape=shape)


# ---- inverses and powers


def inv(a: Any) -> Any:
    """`np.linalg.inv`."""
    return inverse(matrix("inv", a), strict=True)


def tensorinv(a: Any, ind: Any = 2) -> Any:
    """`np.linalg.tensorinv`."""
    x = operand(a)
    if ind <= 0:
        raise ValueError(f"np.linalg.tensorinv: Invalid ind argument: {ind} is not positive")
    before, after = x.shape[:ind], x.shape[ind:]
    return reshape(inv(reshape(x, shape=(prod(before), prod(after)))), shape=(*after, *before))


def matrix_power(a: Any, n: Any) -> Any:
    """`np.linalg.matrix_power`; by how much must be known while tracing."""
    (x,) = traced_operands(a)
    check_stacked("matrix_power", x)
    try:
        exponent = operator.index(n)
    except TypeError as error:
        raise TypeError("np.linalg.matrix_power: exponent must be an integer") from error
    if exponent == 0:
        ones = constant(x._builder, 1, x.shape, x.dtype)
        return triangle(triangle(ones, lower=True, k=0), lower=False, k=0)
    return _power(inv(x) if exponent < 0 else x, abs(exponent))


def _power(x: Any, n: int) -> Any:
    """By squaring, in NumPy's order."""
    if n == 3:
        return (x @ x) @ x
    result, square = None, x
    while n:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else result @ square
        if n:
            square = square @ square
    return result


# ---- determinants


def det(a: Any) -> Any:
    """`np.linalg.det`."""
    return determinant(matrix("det", a))


def slogdet(a: Any) -> Any:
    """`np.linalg.slogdet`."""
    return _SlogdetResult(*log_determinant(matrix("slogdet", a)))


FUNCTIONS = {
    np.linalg.solve: solve,
    np.linalg.tensorsolve: tensorsolve,
    np.linalg.inv: inv,
    np.linalg.tensorinv: tensorinv,
    np.linalg.matrix_power: matrix_power,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
}
