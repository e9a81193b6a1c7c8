"""Norms of vectors and matrices, and condition numbers.

Where a norm has a kink its derivative is a subgradient: at zero it is 0, equal maxima share, and an
element or a singular value that is zero contributes nothing to norms with an order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import axes_of, axis_of, kept_shape, static_int, traced_operands
from autodiff.numpy.matrices import matrix
from autodiff.numpy.promotion import convert
from autodiff.numpy.selection import where
from autodiff.numpy.spectral import svdvals
from autodiff.primitives.dense_systems import inverse
from autodiff.primitives.structure import reshape

__all__ = ["FUNCTIONS", "cond", "matrix_norm", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """`np.linalg.norm`."""
    (x,) = traced_operands(x)
    x = x if x.dtype.kind in "fc" else convert(x, float)
    if axis is None:
        axes = tuple(range(x.ndim))
        if ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1):
            return _kept(_root(_dot(np.reshape(x, -1)), 2), x, axes, keepdims)
    else:
        given = axis if isinstance(axis, tuple) else (static_int(axis, "np.linalg.norm: axis"),)
        axes = tuple([axis_of(a, x.ndim) for a in given])
    if len(axes) == 1:
        return _kept(_of_vectors(x, ord, axes[0]), x, axes, keepdims)
    if len(axes) == 2:
        return _kept(_of_matrices(x, ord, *axes), x, axes, keepdims)
    raise ValueError(
        f"np.linalg.norm: Improper number of dimensions to norm: {len(axes)}{here()}\nA norm with "
        "an order is that of vectors (one axis) or matrices (two). Write instead: "
        "`np.linalg.norm(x)`, or `np.linalg.vector_norm(x, ord=...)` over any axes"
    )


def _kept(result: Any, x: Any, axes: tuple[int, ...], keepdims: Any) -> Any:
    return reshape(result, shape=kept_shape(x.shape, axes)) if keepdims else result


# ---- roots whose derivative at zero is 0


def _root(x: Any, power: Any) -> Any:
    """`x ** (1 / power)`, with the derivative 0 at x = 0."""
    zero = x == 0
    safe = where(zero, x.dtype.type(1), x)
    root = np.sqrt(safe) if power == 2 else safe ** np.reciprocal(x.dtype.type(power))
    return where(zero, x.dtype.type(0 if power > 0 else math.inf), root)


def _dot(x: Any) -> Any:
    """The sum of squares of a vector."""
    return np.dot(x.real, x.real) + np.dot(x.imag, x.imag) if x.dtype.kind == "c" else np.dot(x, x)


def _euclidean(x: Any, axes: tuple[int, ...]) -> Any:
    squares = x.real**2 + x.imag**2 if x.dtype.kind == "c" else x**2
    return _root(np.sum(squares, axis=axes), 2)


# ---- vectors


def _of_vectors(x: Any, ord: Any, axis: int) -> Any:
    if isinstance(ord, str):
        raise ValueError(
            f"np.linalg.norm: Invalid norm order {ord!r} for vectors{here()}\nWrite instead: a "
            "number, or `axis=(i, j)` for matrices"
        )
    if ord is None or ord == 2:
        return _euclidean(x, (axis,))
    if ord == 0:
        return np.sum(convert(x != 0, x.real.dtype), axis=axis)
    size = np.abs(x)
    if ord == math.inf:
        return np.max(size, axis=axis, initial=0)
    if ord == -math.inf:
        return np.min(size, axis=axis)
    if ord == 1:
        return np.sum(size, axis=axis)
    return _root(np.sum(_powers(size, ord), axis=axis), ord)


def _powers(size: Any, p: Any) -> Any:
    """`size ** p`, with the derivative 0 where `size` is 0."""
    zero = size == 0
    powers = convert(where(zero, size.dtype.type(1), size) ** p, size.dtype)
    return where(zero, size.dtype.type(0 if p > 0 else math.inf), powers)


# ---- matrices


def _of_matrices(x: Any, ord: Any, row: int, column: int) -> Any:
    if row == column:
        raise ValueError(f"np.linalg.norm: Duplicate axes given.{here()}")
    if ord is None or ord in ("fro", "f"):
        return _euclidean(x, (row, column))
    if ord in (2, -2, "nuc"):
        return _of_singular_values(svdvals(np.moveaxis(x, (row, column), (-2, -1))), ord)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(
            f"np.linalg.norm: Invalid norm order for matrices: {ord!r}{here()}\nThe orders are "
            "None, 'fro', 'nuc', 1, -1, 2, -2, np.inf and -np.inf"
        )
    inner, outer = (row, column) if abs(ord) == 1 else (column, row)
    sums = np.sum(np.abs(x), axis=inner)
    outer -= outer > inner
    return np.max(sums, axis=outer, initial=0) if ord > 0 else np.min(sums, axis=outer)


def _of_singular_values(s: Any, ord: Any) -> Any:
    if ord == "nuc":
        return np.sum(s, axis=-1)
    return np.max(s, axis=-1, initial=0) if ord > 0 else np.min(s, axis=-1)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    """`np.linalg.vector_norm`."""
    (x,) = traced_operands(x)
    axes = axes_of(axis, x.ndim)
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    count = math.prod([x.shape[i] for i in axes])
    flat = np.reshape(np.transpose(x, (*axes, *rest)), (count, *[x.shape[i] for i in rest]))
    return _kept(norm(flat, ord, 0), x, axes, keepdims)


def matrix_norm(x: Any, /, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    """`np.linalg.matrix_norm`."""
    return norm(x, ord, (-2, -1), keepdims)


# ---- condition numbers


def cond(x: Any, p: Any = None) -> Any:
    """`np.linalg.cond`; infinite for a singular matrix."""
    (given,) = traced_operands(x)
    if given.ndim >= 2 and 0 in given.shape[-2:]:
        raise np.linalg.LinAlgError(
            f"np.linalg.cond: cond is not defined on empty arrays, such as one of shape "
            f"{given.shape}{here()}"
        )
    if p is None or p in (2, -2):
        s = svdvals(given)
        largest, smallest = s[..., 0], s[..., -1]
        ratio = smallest / largest if p == -2 else largest / smallest
    else:
        a = matrix("cond", given)
        ratio = norm(a, p, (-2, -1)) * norm(inverse(a, strict=False), p, (-2, -1))
    lost = np.isnan(ratio) & ~np.any(np.isnan(given), axis=(-2, -1))
    return where(lost, ratio.dtype.type(math.inf), ratio)


FUNCTIONS = {
    np.linalg.norm: norm,
    np.linalg.vector_norm: vector_norm,
    np.linalg.matrix_norm: matrix_norm,
    np.linalg.cond: cond,
}
