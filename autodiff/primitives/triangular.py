"""`triangular_solve`: linear systems with a triangular matrix.

An upper triangular matrix is its own LU factorisation: no row is ever exchanged, and nothing is
eliminated. So the array library's general solver does exactly the substitution (a lower triangular
matrix becomes an upper one by reversing the order of equations and unknowns). It only spends time
on multiplying zeros, which SciPy saves where it is installed and the matrix is large.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import neg, sum_tangents
from autodiff.primitives.cumulative import cummax, cumsum
from autodiff.primitives.dense_systems import batch_systems, check_systems, solved
from autodiff.primitives.matrices import matmul, triangle
from autodiff.primitives.matrices import transposed as turned
from autodiff.primitives.record import Primitive

__all__ = ["triangular_solve"]

_LARGE = 64  # unknowns from which on SciPy is faster


def _types(a: ArrayType, b: ArrayType, **params: bool) -> tuple[ArrayType]:
    check_systems("triangular_solve", a, b)
    return (b,)


# ---- run


def _run(xp: Any, a: Any, b: Any, *, strict: bool, **params: bool) -> Any:
    return solved(partial(_substituted, xp, **params), xp, a, b, strict=strict)


def _substituted(xp: Any, a: Any, b: Any, **params: bool) -> Any:
    if a.shape[-1] < _LARGE or (linalg := _scipy_linalg(xp)) is None:
        return _substituted_by_elimination(xp, a, b, **params)
    if a.ndim > 2:
        return xp.stack([_substituted(xp, *pair, **params) for pair in zip(a, b, strict=True)])
    options = {"lower": params["lower"], "unit_diagonal": params["unit_diagonal"]}
    return linalg.solve_triangular(
        a, b, trans=int(params["transposed"]), check_finite=False, **options
    )


def _scipy_linalg(xp: Any) -> Any:
    try:
        return scipy_namespace(xp, "linalg")
    except ModuleNotFoundError:
        return None


def _substituted_by_elimination(
    xp: Any, a: Any, b: Any, *, lower: bool, transposed: bool, unit_diagonal: bool
) -> Any:
    strictly = -1 if lower else 1
    t = (xp.tril if lower else xp.triu)(a, strictly * unit_diagonal)
    if unit_diagonal:
        t = t + xp.eye(a.shape[-1], dtype=a.dtype)
    if transposed:
        t = xp.swapaxes(t, -1, -2)
    if lower is transposed:  # upper, once transposed
        return xp.linalg.solve(t, b)
    return xp.linalg.solve(t[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :]


# ---- the other rules


def _less(da: Any, x: Any, *, lower: bool, transposed: bool, unit_diagonal: bool, **_: Any) -> Any:
    """-dT x, where dT holds those elements of `da` that the solution depends on."""
    dt = triangle(da, lower=lower, k=(-1 if lower else 1) * unit_diagonal)
    return neg(matmul(turned(dt) if transposed else dt, x))


def _jvp(xs: Any, dxs: Any, **params: bool) -> Any:
    """T x = b, hence T dx = db - dT x."""
    (a, _), (da, db) = xs, dxs
    x = triangular_solve(*xs, **params)
    moved = None if da is None else _less(da, x, **params)
    return x, triangular_solve(a, sum_tangents([db, moved]), **params)


def _taylor(using: Any, inputs: Any, params: Any) -> Any:
    """Of coefficient k of T x, the term with x[k] is T[0] x[k]."""
    a, b = inputs

    def later(k: int) -> Any:
        pairs = [(a[j], x[k - j]) for j in range(1, k + 1)]
        terms = [_less(s, t, **params) for s, t in pairs if s is not None and t is not None]
        rest = sum_tangents([b[k], *terms])
        return None if rest is None else triangular_solve(a[0], rest, **params)

    x = using.series(triangular_solve(a[0], b[0], **params), later)
    return x


def _transpose(ct: Any, i: int, a: Any, b: Any, **params: bool) -> Any:
    return triangular_solve(a, ct, **(params | {"transposed": not params["transposed"]}))


def _mask(mask: Any, i: int, a: Any, b: Any, **params: bool) -> Any:
    """A right-hand side counts if any of the unknowns found from it on does."""
    return cummax(mask, axis=len(b.shape) - 2, reverse=params["lower"] is not params["transposed"])


def _sparsity(xs: Any, linear: Any, **params: bool) -> Any:
    """An unknown depends on the right-hand sides before it, in the order of substitution."""
    return cumsum(xs[1], axis=len(xs[1].shape) - 2, reverse=params["lower"] is params["transposed"])


def _cost(in_types: Any, out_types: Any, **params: bool) -> int:
    return prod(in_types[0].shape) * in_types[1].shape[-1]


triangular_solve: Primitive = Primitive(
    # lower: which triangle of a counts; transposed: solve aᵀ x = b; unit_diagonal: the diagonal
    # counts as ones. strict: an error where a is singular, otherwise NaN, or inf on a device.
    "triangular_solve",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=lambda size, xs, mapped, **params: batch_systems(
        triangular_solve, size, xs, mapped, **params
    ),
    mask=_mask,
    taylor=_taylor,
    sparsity=_sparsity,
    cost=_cost,
)
