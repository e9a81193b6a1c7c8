"""`cholesky`, and `hermitian`: what it means to differentiate by a matrix that is symmetric."""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul
from autodiff.primitives.arithmetic import sub
from autodiff.primitives.complexes import complex_, real
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.matrices import (
    adjoint,
    check_matrices,
    hermitian_part,
    matmul,
    transposed,
    triangle,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.triangular import triangular_solve

__all__ = ["cholesky", "hermitian"]


def _types(a: ArrayType) -> tuple[ArrayType]:
    check_matrices("a factorisation of a Hermitian matrix", a)
    return (a,)


def _symmetric_jvp(xs: Any, dxs: Any, *, conjugated: bool) -> Any:
    (da,) = dxs
    part = hermitian_part(da) if conjugated else mul(add(da, transposed(da)), scalar(da, 0.5))
    return hermitian(*xs, conjugated=conjugated), part


hermitian: Primitive = Primitive(
    # The matrix itself, which is said to be Hermitian (or symmetric, if not `conjugated`). So is
    # every direction in which it can change; of others only the Hermitian part counts, and
    # gradients by it are Hermitian. (Those of a function that reads one triangle would be zero in
    # the other.)
    "hermitian",
    types=lambda a, *, conjugated: _types(a),
    run=lambda xp, a, *, conjugated: a,
    jvp=_symmetric_jvp,
    batch=lambda size, xs, mapped, **params: hermitian(*xs, **params),
    python=lambda types, params: "{0}",
    cheap=True,
    view=True,
)


# ---- cholesky


def _jvp(xs: Any, dxs: Any) -> Any:
    """From A = L Lᴴ follows dL = L low(L⁻¹ dA L⁻ᴴ), where low halves the diagonal."""
    low = cholesky(*xs)
    forward = {"lower": True, "transposed": False, "unit_diagonal": False, "strict": False}
    half = triangular_solve(low, _from_lower(*dxs), **forward)
    return low, matmul(low, _halved(triangular_solve(low, adjoint(half), **forward)))


def _from_lower(a: Any) -> Any:
    """The Hermitian matrix with this lower triangle, of whose diagonal the real part counts."""
    strict, diagonal = triangle(a, lower=True, k=-1), _diagonal(a)
    if a.dtype.kind == "c":
        diagonal = complex_(real(diagonal), scalar(real(diagonal), 0))
    return add(add(strict, diagonal), adjoint(strict))


def _diagonal(a: Any) -> Any:
    return triangle(triangle(a, lower=True, k=0), lower=False, k=0)


def _halved(a: Any) -> Any:
    """The lower triangle with half the diagonal."""
    low = triangle(a, lower=True, k=0)
    return sub(low, _diagonal(low) * scalar(low, 0.5))


cholesky: Primitive = Primitive(
    "cholesky",  # lower triangular, from the lower triangle of a; raises if not positive definite
    types=_types,
    run=lambda xp, a: xp.linalg.cholesky(a),
    jvp=_jvp,
    batch=lambda size, xs, mapped: cholesky(*xs),
    python=lambda types, params: "np.linalg.cholesky({0})",
    cost=lambda in_types, out_types: in_types[0].size * in_types[0].shape[-1] // 3,
)
