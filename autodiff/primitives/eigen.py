"""`eig` and `eigvals`: eigenvalues and eigenvectors of any square matrix, always complex.

Eigenvectors are of unit length and their largest element is real, as LAPACK gives them; the
derivative keeps both. The left eigenvectors, which the derivative needs, are the rows of the
inverse. Of a matrix that has too few eigenvectors, and of one that is close to such a matrix, no
derivative exists. Of equal eigenvalues see `diagonal_systems` and `hermitian_eigen`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, broadcast, full_like, mul, reduce_sum
from autodiff.primitives.arithmetic import convert, div, select, sub
from autodiff.primitives.comparison import equal
from autodiff.primitives.complexes import complex_, conj, imag
from autodiff.primitives.contraction import contract
from autodiff.primitives.dense_systems import inverse
from autodiff.primitives.diagonal_systems import (
    diagonal_form,
    diagonal_quotient,
    real_part,
    scale_columns,
)
from autodiff.primitives.dtypes import complex_dtype, scalar
from autodiff.primitives.hermitian_eigen import sums_of_columns
from autodiff.primitives.matrices import check_matrices, matmul
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.powers import sqrt
from autodiff.primitives.record import Primitive
from autodiff.primitives.reduction import reduce_max

__all__ = ["eig", "eigvals"]

_ERROR = 8  # of eigenvalues, in units of roundoff times the norm and their condition


# ---- types and run


def _types(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    check_matrices("eig", a)
    whole = a if a.dtype.kind == "c" else a.with_dtype(complex_dtype(a))
    return whole.with_shape(a.shape[:-1]), whole


def _run(xp: Any, a: Any) -> Any:
    w, v = _function(xp, "eig")(a)
    dtype = xp.result_type(a.dtype, xp.complex64)
    return w.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _values_run(xp: Any, a: Any) -> Any:
    w = _function(xp, "eigvals")(a)
    return w.astype(xp.result_type(a.dtype, xp.complex64), copy=False)


def _function(xp: Any, name: str) -> Any:
    if not hasattr(xp.linalg, name):  # CuPy before 14
        raise UnsupportedFunctionError(
            f"{xp.__name__}.linalg.{name} does not exist in this version of {xp.__name__}. Write "
            "instead: `eigh` for a symmetric matrix, or `x.get()` to compute on the host"
        )
    return getattr(xp.linalg, name)


# ---- derivatives


def _projected(a: Any, da: Any) -> Any:
    """Eigenvalues, eigenvectors, left eigenvectors, and how these see the change of the matrix."""
    w, v = eig(a)
    left = inverse(v, strict=False)
    return w, v, left, matmul(_complex(da), v)


def _complex(x: Any) -> Any:
    return x if x.dtype.kind == "c" else convert(x, dtype=complex_dtype(x))


def _diagonal(left: Any, right: Any) -> Any:
    """The diagonal of the products of matrices."""
    lead = "abcdefgh"[: len(left.shape) - 2]
    return contract(left, right, spec=f"{lead}ij,{lead}ji->{lead}i")


def _values_jvp(xs: Any, dxs: Any) -> Any:
    w, _, left, moved = _projected(*xs, *dxs)
    return w, _diagonal(left, moved)


def _jvp(xs: Any, dxs: Any) -> Any:
    """With P = v⁻¹ dA v: as for Hermitian matrices; then the length and the phase are kept."""
    a = _complex(xs[0])
    w, v, left, moved = _projected(*xs, *dxs)
    form = diagonal_form(left, a, v, w)
    turn = diagonal_quotient(form, form, _smallest_gap(a, left), matmul(left, moved))
    dv = matmul(v, turn)
    wrong = complex_(sums_of_columns(v, dv), _phase_change(v, dv))
    return (w, v), (_diagonal(left, moved), sub(dv, scale_columns(v, wrong)))


def _smallest_gap(a: Any, left: Any) -> Any:
    """Which gaps are rounding.

    A perturbation of the matrix moves an eigenvalue by up to its norm times the condition of the
    eigenvalue, which is the length of the left eigenvector (Golub and Van Loan, Matrix
    Computations, 7.2.2).
    """
    n = len(a.shape)
    norm = sqrt(reduce_sum(_squares(a), axes=(n - 2, n - 1)))
    condition = sqrt(reduce_sum(_squares(left), axes=(n - 1,)))
    unit = mul(norm, scalar(norm, _ERROR * np.finfo(norm.dtype).eps))
    error = mul(condition, broadcast(unit, shape=condition.shape, axes=(n - 2,)))
    rows, columns = (broadcast(error, shape=a.shape, axes=(axis,)) for axis in (n - 1, n - 2))
    return add(rows, columns)


def _squares(x: Any) -> Any:
    return real_part(mul(x, conj(x)))


def _phase_change(v: Any, dv: Any) -> Any:
    """How the phase of the largest element of each column changes; LAPACK has made it real."""
    if not v.shape[-1]:
        return real_part(reduce_sum(dv, axes=(len(v.shape) - 2,)))
    axis = len(v.shape) - 2
    zero = scalar(v, 0).real
    size = select(equal(imag(v), zero), abs_(v), zero)
    chosen = equal(size, broadcast(reduce_max(size, axes=(axis,)), shape=v.shape, axes=(axis,)))
    one = full_like(size, 1)
    count = reduce_sum(select(chosen, one, zero), axes=(axis,))
    safe = select(equal(v, scalar(v, 0)), scalar(v, 1), v)
    turned = select(chosen, imag(div(dv, safe)), zero)
    return div(reduce_sum(turned, axes=(axis,)), count)


eigvals: Primitive = Primitive(
    "eigvals",
    types=lambda a: _types(a)[:1],
    run=_values_run,
    jvp=_values_jvp,
    batch=lambda size, xs, mapped: eigvals(*xs),
)

eig: Primitive = Primitive(
    "eig",  # eigenvalues in LAPACK's order, and a column for each
    types=_types,
    run=_run,
    jvp=_jvp,
    batch=lambda size, xs, mapped: eig(*xs),
    multiple=True,
)
