"""`unitary_factor`: the factor U of the polar decomposition A = U P of a matrix of full rank.

U has orthonormal columns, and P = Uᴴ A is Hermitian and positive definite. Both are smooth in A,
also where singular values coincide and an SVD has no derivative.
"""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, neg
from autodiff.primitives.dense_systems import dense_solve
from autodiff.primitives.matrices import (
    adjoint,
    check_matrices,
    hermitian_part,
    matmul,
    transposed,
)
from autodiff.primitives.matrix_equations import sylvester
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack

__all__ = ["unitary_factor"]


def _types(a: ArrayType) -> tuple[ArrayType]:
    check_matrices("unitary_factor", a, square=False)
    if a.shape[-2] < a.shape[-1]:
        raise ValueError(f"unitary_factor takes matrices with no fewer rows than columns, not {a}")
    return (a,)


def _run(xp: Any, a: Any) -> Any:
    if a.size == 0:
        return xp.zeros_like(a)
    u, _, vh = xp.linalg.svd(a, full_matrices=False)
    return u @ vh


def _jvp(xs: Any, dxs: Any) -> Any:
    """From A = U P with Uᴴ U = 1.

    The skew W = Uᴴ dU solves W P + P W = Uᴴ dA - dAᴴ U, since Uᴴ dA = W P + dP with dP Hermitian.
    What of dU is orthogonal to the columns of U is that part of dA P⁻¹.
    """
    (a,), (da,) = xs, dxs
    u = unitary_factor(a)
    p = hermitian_part(matmul(adjoint(u), a))
    within = matmul(adjoint(u), da)
    du = matmul(u, sylvester(p, p, add(within, neg(adjoint(within)))))
    if a.shape[-2] > a.shape[-1]:
        across = add(da, neg(matmul(u, within)))
        du = add(du, transposed(dense_solve(transposed(p), transposed(across), strict=True)))
    return u, du


unitary_factor: Primitive = Primitive(
    "unitary_factor",
    types=_types,
    run=_run,
    jvp=_jvp,
    batch=batch_stack(lambda: unitary_factor),
)
