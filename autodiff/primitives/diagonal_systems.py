"""What derivatives of eigenvectors and singular vectors are made of.

In the basis of its eigenvectors a matrix is diagonal. How the basis turns when the matrix changes
is the solution Y of a Sylvester equation `Y R - L Y = P`, whose matrices L and R are diagonal, so
that `y[i, j] = p[i, j] / (r[j] - l[i])`.

**Equal eigenvalues.** Within the space that belongs to equal eigenvalues any basis will do, and
`diagonal_quotient` leaves the one that it has: where the gap is zero, so is the quotient. That is
right for whatever does not depend on the choice of the basis. The basis then carries the space
along, in which the matrix becomes a full block, though it *is* diagonal at the point. So L and R
are matrices here (`diagonal_form`), of which only the diagonal has values, but all elements have
derivatives: projectors, and sums over equal eigenvalues, are right to every order.

**How equal is equal?** Eigenvalues that are equal come out of LAPACK apart by rounding. Its
backward error is a small multiple of the unit roundoff times the norm of the matrix; where a gap is
not larger, the vectors that come with it are an arbitrary basis, too, and the quotient would be
noise. The rules of each primitive say how large that error is (`smallest`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import broadcast, mul, neg, reduce_sum, sum_tangents
from autodiff.primitives.complexes import real
from autodiff.primitives.dtypes import magnitude, scalar
from autodiff.primitives.matrices import matmul, transposed
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack

__all__ = ["diagonal_form", "diagonal_quotient", "real_part", "rounding_gap", "scale_columns"]


def real_part(x: Any) -> Any:
    """The real part of a complex array; a real one as it is."""
    return real(x) if x.dtype.kind == "c" else x


def scale_columns(x: Any, factors: Any) -> Any:
    """The columns of each matrix, each times its factor."""
    return mul(x, broadcast(factors, shape=x.shape, axes=(len(x.shape) - 2,)))


_ERROR = 8  # of eigenvalues, in units of roundoff times their sum; 2.5 is the most that was seen


def rounding_gap(values: Any) -> Any:
    """By how much (real) eigenvalues or singular values `[..., n]` that are equal may differ."""
    *lead, n = values.shape
    size = reduce_sum(abs_(values), axes=(len(lead),))
    gap = mul(size, scalar(values, _ERROR * np.finfo(values.dtype).eps))
    return broadcast(gap, shape=(*lead, n, n), axes=(len(lead), len(lead) + 1))


# ---- left @ a @ right, of which it is known that it is diagonal


def _form_types(left: ArrayType, a: ArrayType, right: ArrayType, values: Any) -> tuple[ArrayType]:
    rows, columns = left.shape[-2], right.shape[-1]
    if values.shape != (*a.shape[:-2], min(rows, columns)):
        raise ValueError(f"a diagonal of {values} does not fit matrices {rows} x {columns}")
    return (a.with_shape((*a.shape[:-2], rows, columns)),)


def _form_run(xp: Any, left: Any, a: Any, right: Any, values: Any) -> Any:
    n = values.shape[-1]
    out = xp.zeros((*a.shape[:-2], left.shape[-2], right.shape[-1]), a.dtype)
    out[..., xp.arange(n), xp.arange(n)] = values
    return out


def _form_jvp(xs: Any, dxs: Any) -> Any:
    """The product rule; that of `values` is contained in it."""
    (left, a, right, _), (dleft, da, dright, _) = xs, dxs
    terms = [
        None if dleft is None else matmul(dleft, matmul(a, right)),
        None if da is None else matmul(left, matmul(da, right)),
        None if dright is None else matmul(matmul(left, a), dright),
    ]
    return diagonal_form(*xs), sum_tangents(terms)


diagonal_form: Primitive = Primitive(
    "diagonal_form",  # left @ a @ right, if that is diag(values); the product is not computed
    types=_form_types,
    run=_form_run,
    jvp=_form_jvp,
    batch=batch_stack(lambda: diagonal_form),
)


# ---- the equation y @ right - left @ y = p with diagonal matrices


def _quotient_types(
    left: ArrayType, right: ArrayType, smallest: ArrayType, p: ArrayType
) -> tuple[ArrayType]:
    *lead, m, n = p.shape
    if (left.shape, right.shape) != ((*lead, m, m), (*lead, n, n)):
        raise ValueError(f"diagonal_quotient of {p} takes square matrices, not {left} and {right}")
    if smallest != p.with_dtype(magnitude(p)):
        raise TypeError(f"diagonal_quotient of {p} takes a real array like it, not {smallest}")
    return (p,)


def _quotient_run(xp: Any, left: Any, right: Any, smallest: Any, p: Any) -> Any:
    rows, columns = (xp.diagonal(x, axis1=-2, axis2=-1) for x in (left, right))
    gap = columns[..., None, :] - rows[..., :, None]
    none = xp.abs(gap) <= smallest
    return xp.where(none, xp.zeros_like(p), p / xp.where(none, xp.ones_like(gap), gap))


def _quotient_jvp(xs: Any, dxs: Any) -> Any:
    """Since dY R - L dY = dP - Y dR + dL Y."""
    (left, right, smallest, _), (dleft, dright, _, dp) = xs, dxs
    y = diagonal_quotient(*xs)
    terms = [
        dp,
        None if dright is None else neg(matmul(y, dright)),
        None if dleft is None else matmul(dleft, y),
    ]
    change = sum_tangents(terms)
    return y, None if change is None else diagonal_quotient(left, right, smallest, change)


def _quotient_transpose(ct: Any, i: int, left: Any, right: Any, smallest: Any, p: Any) -> Any:
    return diagonal_quotient(transposed(left), transposed(right), smallest, ct)


diagonal_quotient: Primitive = Primitive(
    "diagonal_quotient",  # p[i, j] / (right[j, j] - left[i, i]), or 0 if that gap is not a gap
    types=_quotient_types,
    run=_quotient_run,
    jvp=_quotient_jvp,
    transpose=_quotient_transpose,
    batch=batch_stack(lambda: diagonal_quotient),
)
