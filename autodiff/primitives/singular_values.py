"""`svd` and `svdvals`: singular values and singular vectors.

Singular values are the positive eigenvalues of the Hermitian matrix [[0, A], [A^H, 0]], whose
eigenvectors are (u, v) and (u, -v). So equal ones, and those equal to zero (which meet their
negative), are what `diagonal_systems` says of equal eigenvalues, and so is what remains impossible
(see `hermitian_eigen`): `u @ diag(s) @ vh` of a matrix with equal singular values.

Of matrices with more rows than columns, or fewer, that have singular values equal to zero, this
holds up to second derivatives.

A singular value that is exactly zero is at a kink, as |x| at 0, and its derivative is 0, too.
"""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, neg, zeros_like
from autodiff.primitives.arithmetic import select, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.diagonal_systems import (
    diagonal_form,
    diagonal_quotient,
    rounding_gap,
)
from autodiff.primitives.dtypes import magnitude, scalar
from autodiff.primitives.hermitian_eigen import sums_of_columns
from autodiff.primitives.matrices import (
    adjoint,
    check_matrices,
    hermitian_part,
    identity,
    matmul,
    part,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import concatenate

__all__ = ["svd", "svdvals"]


def _value_types(a: ArrayType) -> tuple[ArrayType]:
    check_matrices("svdvals", a, square=False)
    return (ArrayType((*a.shape[:-2], min(a.shape[-2:])), magnitude(a)),)


def _types(a: ArrayType, *, full_matrices: bool) -> tuple[ArrayType, ...]:
    (s,) = _value_types(a)
    *lead, m, n = a.shape
    rows, columns = (m, n) if full_matrices else (s.shape[-1],) * 2
    return a.with_shape((*lead, m, rows)), s, a.with_shape((*lead, columns, n))


def _slopes(s: Any, u: Any, moved: Any) -> Any:
    """The derivatives of singular values, the columns of dA v being `moved`."""
    zero = scalar(s, 0)
    return select(equal(s, zero), zero, sums_of_columns(u, moved))


def _value_jvp(xs: Any, dxs: Any) -> Any:
    u, s, vh = svd(*xs, full_matrices=False)
    return s, _slopes(s, u, matmul(dxs[0], adjoint(vh)))


def _jvp(xs: Any, dxs: Any, *, full_matrices: bool) -> Any:
    (a,), (da,) = xs, dxs
    left, s, right = svd(a, full_matrices=full_matrices)
    count = s.shape[-1]
    u, v = part(left, columns=slice(count)), adjoint(part(right, rows=slice(count)))
    if a.shape[-2] >= a.shape[-1]:
        du, dv = _turned(a, da, u, v, s)
    else:
        dv, du = _turned(adjoint(a), adjoint(da), v, u, s)
    du = _with_rest(du, u, left)
    dv = _with_rest(dv, v, adjoint(right))
    return (left, s, right), (du, _slopes(s, u, matmul(da, v)), adjoint(dv))


def _turned(a: Any, da: Any, u: Any, v: Any, s: Any) -> tuple[Any, Any]:
    """How u and v turn, where A has at least as many rows as columns (so that v is square).

    With dv = v Y, the change u X of u within its space and Y follow from the eigenvectors of the
    Hermitian matrix. What leaves that space is the rest of (dA v + A dv) S⁻¹. (A dv has no such
    rest at the point, but where singular values are zero its derivative has.)
    """
    form = diagonal_form(adjoint(u), a, v, s)
    gap = rounding_gap(s)
    moved, image = matmul(da, v), matmul(a, v)
    p = matmul(adjoint(u), moved)
    if a.shape[-2] == a.shape[-1]:
        inner, y = _turn(form, gap, p)
        return matmul(u, inner), matmul(v, y)
    inverse = diagonal_quotient(zeros_like(form), form, gap, identity(form))
    first = matmul(_outside(u, moved), inverse)
    inner, y = _turn(form, gap, add(p, matmul(adjoint(first), image)))
    outer = matmul(_outside(u, add(moved, matmul(image, y))), inverse)
    return add(matmul(u, inner), outer), matmul(v, y)


def _turn(form: Any, gap: Any, p: Any) -> tuple[Any, Any]:
    """X and Y with X S - S Y = P but for the diagonal, X and Y being skew."""
    n = p.shape[-1]
    whole = _hermitian(form)
    wide = concatenate(gap, gap, axis=len(gap.shape) - 1)
    gaps = concatenate(wide, wide, axis=len(gap.shape) - 2)
    q = diagonal_quotient(whole, whole, gaps, _hermitian(p))
    same, opposite = (part(q, rows, slice(n)) for rows in (slice(n), slice(n, 2 * n)))
    return add(same, opposite), sub(same, opposite)


def _hermitian(p: Any) -> Any:
    """[[0, P], [P^H, 0]] in the basis of the vectors (u, v) and (u, -v), where P = u^H A v."""
    even = hermitian_part(p)
    odd = sub(p, even)
    columns = len(p.shape) - 1
    top, bottom = (concatenate(*row, axis=columns) for row in ((even, neg(odd)), (odd, neg(even))))
    return concatenate(top, bottom, axis=columns - 1)


def _outside(u: Any, x: Any) -> Any:
    """The part of the columns of x that is orthogonal to the columns of u."""
    return sub(x, matmul(u, matmul(adjoint(u), x)))


def _with_rest(du: Any, u: Any, whole: Any) -> Any:
    """The same for all columns of `whole`: those beyond u stay orthogonal to u."""
    if whole.shape == u.shape:
        return du
    rest = part(whole, columns=slice(u.shape[-1], None))
    return concatenate(du, neg(matmul(u, matmul(adjoint(du), rest))), axis=len(u.shape) - 1)


svdvals: Primitive = Primitive(
    "svdvals",  # in descending order
    types=_value_types,
    run=lambda xp, a: xp.linalg.svd(a, compute_uv=False),
    jvp=_value_jvp,
    batch=lambda size, xs, mapped: svdvals(*xs),
)

svd: Primitive = Primitive(
    "svd",  # u, s, vh with a = u @ diag(s) @ vh
    types=_types,
    run=lambda xp, a, *, full_matrices: tuple(xp.linalg.svd(a, full_matrices)),
    jvp=_jvp,
    batch=lambda size, xs, mapped, **params: svd(*xs, **params),
    multiple=True,
)
