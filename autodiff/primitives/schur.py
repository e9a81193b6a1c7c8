"""`schur`: A = Z T Zᴴ with T upper triangular and Z unitary.

Its derivative exists where the eigenvalues, the diagonal of T, are distinct and in their order.
The columns of Z are given but for a factor of modulus one; that they do not turn by themselves, so
that the diagonal of Zᴴ dZ is zero, is a choice, on which nothing may depend that is a property
of A. The real Schur form of a matrix with complex eigenvalues is not triangular, and has no
derivative here: the complex one has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import add, neg, sum_tangents
from autodiff.primitives.matrices import adjoint, check_matrices, matmul, transposed, triangle
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack, check_dtypes, each, scipy_linalg

__all__ = ["schur", "schur_rotation"]


def _schur_types(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    check_matrices("schur", a)
    return a, a


def _schur_run(xp: Any, a: Any) -> tuple[Any, Any]:
    function = scipy_linalg(xp, "schur")
    output = "complex" if a.dtype.kind == "c" else "real"
    made = [type_of(a)] * 2
    t, z = each(xp, lambda x: function(x, output=output), made, a.ndim - 2, a)
    return t, z


def _schur_jvp(xs: Any, dxs: Any) -> Any:
    """With W = Zᴴ dZ, which is skew: Zᴴ dA Z = W T - T W + dT, and dT has no lower triangle."""
    (a,), (da,) = xs, dxs
    t, z = schur(a)
    turned = matmul(adjoint(z), matmul(da, z))
    lower = schur_rotation(t, turned, upper=True)
    w = add(lower, neg(adjoint(lower)))
    dt = sum_tangents([turned, neg(matmul(w, t)), matmul(t, w)])
    return (t, z), (triangle(dt, lower=False, k=0), matmul(z, w))


schur: Primitive = Primitive(
    "schur",  # -> T, Z; of a real matrix the real form
    types=_schur_types,
    run=_schur_run,
    jvp=_schur_jvp,
    batch=batch_stack(lambda: schur),
    multiple=True,
)


# ---- the strictly lower triangular X for which X T - T X agrees with M below the diagonal


def _rotation_types(t: ArrayType, m: ArrayType, *, upper: bool) -> tuple[ArrayType]:
    check_matrices("schur_rotation", t)
    check_dtypes("schur_rotation", t, m)
    if t.shape != m.shape:
        raise ValueError(f"schur_rotation takes matrices of one shape, not {t} and {m}")
    return (m,)


def _rotation_run(xp: Any, t: Any, m: Any, *, upper: bool) -> Any:
    rest = (xp.tril if upper else xp.triu)(t, -1 if upper else 1)
    if rest.size and bool((rest != 0).any()):
        raise np.linalg.LinAlgError(
            "the real Schur form of a matrix with complex eigenvalues is not triangular, and has "
            "no derivative here. Write instead: `schur(x, output='complex')`"
        )

    def single(t: Any, m: Any) -> tuple[Any]:
        return (_by_columns(xp, t, m, upper),)

    return each(xp, single, [type_of(m)], m.ndim - 2, t, m)[0]


def _by_columns(xp: Any, t: Any, m: Any, upper: bool) -> Any:
    """A column after the other: what is known of X stands on the right, and the rest is triangular.

    From the left if T is upper triangular, otherwise from the right.
    """
    n = t.shape[0]
    x = xp.zeros_like(m)
    solve = scipy_linalg(xp, "solve_triangular")
    for j in range(n - 1) if upper else range(n - 2, -1, -1):
        below, known = slice(j + 1, n), slice(0, j) if upper else slice(j + 1, n)
        matrix = t[j, j] * xp.eye(n - j - 1, dtype=t.dtype) - t[below, below]
        rest = m[below, j] - x[below, known] @ t[known, j]
        if not xp.diagonal(matrix).all():
            raise np.linalg.LinAlgError(
                "the Schur form has no derivative where an eigenvalue is repeated"
            )
        x[below, j] = solve(matrix, rest, lower=not upper)
    return x


def _rotation_jvp(xs: Any, dxs: Any, *, upper: bool) -> Any:
    """With M constant, dX T - T dX agrees with T' X - X T' below the diagonal."""
    (t, m), (dt, dm) = xs, dxs
    x = schur_rotation(t, m, upper=upper)
    change = None
    if dt is not None:
        dt = triangle(dt, lower=not upper, k=0)  # the rest of T is zero by promise
        change = add(matmul(dt, x), neg(matmul(x, dt)))
    return x, schur_rotation(t, sum_tangents([dm, change]), upper=upper)


schur_rotation: Primitive = Primitive(
    "schur_rotation",  # `upper`: T is upper triangular, otherwise lower
    types=_rotation_types,
    run=_rotation_run,
    jvp=_rotation_jvp,
    transpose=lambda ct, i, t, m, *, upper: schur_rotation(transposed(t), ct, upper=not upper),
    batch=batch_stack(lambda: schur_rotation),
)
