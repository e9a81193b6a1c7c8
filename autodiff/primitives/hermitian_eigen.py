"""`eigh` and `eigvalsh`: eigenvalues and eigenvectors of real symmetric and Hermitian matrices.

Of the matrix, one triangle is read and nothing else, as LAPACK does; so the derivative by what
stands on the other side of the diagonal is zero, and so is that by imaginary parts on it.

Eigenvectors are determined up to a factor of modulus 1, and those of equal eigenvalues up to a
rotation. Derivatives are right for what does not depend on that choice; see `diagonal_systems` for
equal eigenvalues. There, one kind of function remains that no rule for eigenvalues and eigenvectors
can serve: `v @ diag(f(w)) @ v.T` has, within the space of an eigenvalue w, the derivative f'(w) P
with a full matrix P, while what w and v can tell of P without knowing f is its diagonal. (For the
constant f = 1, in particular, v must keep its product with its adjoint.) The same holds for second
derivatives of `sum(f(w))`.
"""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul
from autodiff.primitives.complexes import conj
from autodiff.primitives.contraction import contract
from autodiff.primitives.diagonal_systems import (
    diagonal_form,
    diagonal_quotient,
    real_part,
    rounding_gap,
)
from autodiff.primitives.dtypes import magnitude, scalar
from autodiff.primitives.matrices import adjoint, check_matrices, matmul, triangle
from autodiff.primitives.record import Primitive

__all__ = ["completed", "eigh", "eigvalsh", "sums_of_columns"]


def half(a: Any, lower: bool) -> Any:
    """A triangle with half the diagonal: what gives, with its adjoint, the whole matrix."""
    whole, strict = (triangle(a, lower=lower, k=k) for k in (0, -1 if lower else 1))
    return mul(add(whole, strict), scalar(a, 0.5))


def completed(a: Any, lower: bool = True) -> Any:
    """The Hermitian matrix one triangle of which is that of `a`."""
    known = half(a, lower)
    return add(known, adjoint(known))


def sums_of_columns(x: Any, y: Any) -> Any:
    """The real part of the dot products of columns of `x` (conjugated) and of `y`."""
    lead = "abcdefgh"[: len(x.shape) - 2]
    first = conj(x) if x.dtype.kind == "c" else x
    return real_part(contract(first, y, spec=f"{lead}ij,{lead}ij->{lead}j"))


def _value_types(a: ArrayType, *, lower: bool) -> tuple[ArrayType]:
    check_matrices("eigvalsh", a)
    return (ArrayType(a.shape[:-1], magnitude(a)),)


def _types(a: ArrayType, *, lower: bool) -> tuple[ArrayType, ArrayType]:
    check_matrices("eigh", a)
    return ArrayType(a.shape[:-1], magnitude(a)), a


def _value_jvp(xs: Any, dxs: Any, *, lower: bool) -> Any:
    w, v = eigh(*xs, lower=lower)
    change = sums_of_columns(v, matmul(half(dxs[0], lower), v))
    return w, add(change, change)


def _jvp(xs: Any, dxs: Any, *, lower: bool) -> Any:
    """With P = v^H dA v: dw is the diagonal of P, and v turns by P[i, j] / (w[j] - w[i])."""
    w, v = eigh(*xs, lower=lower)
    back = adjoint(v)
    moved = matmul(half(dxs[0], lower), v)
    change = sums_of_columns(v, moved)
    q = matmul(back, moved)
    form = diagonal_form(back, completed(xs[0], lower), v, w)
    turn = diagonal_quotient(form, form, rounding_gap(w), add(q, adjoint(q)))
    return (w, v), (add(change, change), matmul(v, turn))


eigvalsh: Primitive = Primitive(
    "eigvalsh",  # in ascending order
    types=_value_types,
    run=lambda xp, a, *, lower: xp.linalg.eigvalsh(a, "UL"[lower]),
    jvp=_value_jvp,
    batch=lambda size, xs, mapped, **params: eigvalsh(*xs, **params),
)

eigh: Primitive = Primitive(
    "eigh",  # the same, and a column for each
    types=_types,
    run=lambda xp, a, *, lower: tuple(xp.linalg.eigh(a, "UL"[lower])),
    jvp=_jvp,
    batch=lambda size, xs, mapped, **params: eigh(*xs, **params),
    multiple=True,
)
