"""`scipy.linalg`: decompositions, and what is found by them.

Vectors that are given but for signs, phases or rotations (of eigenvectors, bases, Schur vectors)
have derivatives that are right for whatever does not depend on that choice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import namespace, scipy_function
from autodiff.errors import NoValueError
from autodiff.ir.source import here
from autodiff.numpy import factorisations, spectral
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import convert
from autodiff.primitives import eigen
from autodiff.primitives import schur as schur_primitives
from autodiff.primitives.cholesky import cholesky as cholesky_factor
from autodiff.primitives.matrices import adjoint, hermitian_part, identity, matmul
from autodiff.primitives.polar import unitary_factor
from autodiff.primitives.triangular import triangular_solve
from autodiff.scipy.forms import traced_form
from autodiff.scipy.lapack import check_square, finite_only, from_triangle, operands, refuse, square

__all__ = [
    "eig", "eigh", "eigvals", "eigvalsh", "lstsq", "norm", "null_space", "orth", "pinv", "polar",
    "qr", "schur", "svd", "svdvals",
]  # fmt: skip


def _matrix(name: str, a: Any, finite: bool = True) -> Any:
    (x,) = operands(a, finite=finite)
    if x.ndim < 2:
        raise ValueError(f"scipy.linalg.{name}: expected a matrix, not shape {x.shape}{here()}")
    return x


# ---- eigenvalues


@traced_form("linalg")
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False,
    overwrite_a: bool = False, overwrite_b: bool = False, type: int = 1, check_finite: bool = True,
    subset_by_index: Any = None, subset_by_value: Any = None, driver: Any = None,
) -> Any:  # fmt: skip
    """`scipy.linalg.eigh`, also of two; derivatives are those by Hermitian matrices."""
    if subset_by_value is not None:
        raise refuse("eigh", "subset_by_value", "choose by number: `subset_by_index=(first, last)`")
    if type not in (1, 2, 3):
        raise ValueError(f'"type" keyword only accepts 1, 2, and 3.{here()}')
    given = operands(*([a] if b is None else [a, b]), finite=check_finite)
    check_square("eigh", *given)
    matrix, *metric = (from_triangle(x, bool(lower)) for x in given)
    low = cholesky_factor(metric[0]) if metric else None
    if low is not None:
        matrix = matmul(adjoint(low), matmul(matrix, low)) if type > 1 else _reduced(matrix, low)
    w, v = np.linalg.eigh(matrix)
    if subset_by_index is not None:
        chosen = slice(subset_by_index[0], subset_by_index[1] + 1)
        w, v = w[..., chosen], v[..., chosen]
    if eigvals_only:
        return w
    if low is not None:
        v = matmul(low, v) if type == 3 else _substitute(low, v, transposed=True)
    return w, v


def _reduced(a: Any, low: Any) -> Any:
    """L⁻¹ A L⁻ᴴ."""
    half = _substitute(low, a)
    return hermitian_part(_substitute(low, adjoint(half)))


def _substitute(low: Any, b: Any, transposed: bool = False) -> Any:
    low = np.conjugate(low) if transposed and low.dtype.kind == "c" else low
    return triangular_solve(
        low, b, lower=True, transposed=transposed, unit_diagonal=False, strict=True
    )


@traced_form("linalg")
def eigvalsh(
    a: Any, b: Any = None, *, lower: bool = True, overwrite_a: bool = False,
    overwrite_b: bool = False, type: int = 1, check_finite: bool = True,
    subset_by_index: Any = None, subset_by_value: Any = None, driver: Any = None,
) -> Any:  # fmt: skip
    """`scipy.linalg.eigvalsh`."""
    return eigh(
        a, b, lower=lower, eigvals_only=True, type=type, check_finite=check_finite,
        subset_by_index=subset_by_index, subset_by_value=subset_by_value,
    )  # fmt: skip


@traced_form("linalg")
def eig(
    a: Any, b: Any = None, left: bool = False, right: bool = True, overwrite_a: bool = False,
    overwrite_b: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.eig` of one matrix, with right eigenvectors."""
    if b is not None or left or homogeneous_eigvals:
        raise refuse("eig", "b, left or homogeneous_eigvals", "`eig(solve(b, a))`, `eig(a.T)`")
    x = square("eig", a, finite=check_finite)
    if not right:
        return eigen.eigvals(x)
    w, v = np.linalg.eig(x)  # of a real matrix with real eigenvalues, SciPy's vectors are real
    return convert(w, np.result_type(x.dtype, np.complex64)), v


@traced_form("linalg")
def eigvals(
    a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.eigvals` of one matrix; complex, as SciPy's are."""
    return eig(
        a, b, right=False, check_finite=check_finite, homogeneous_eigvals=homogeneous_eigvals
    )


@traced_form("linalg")
def schur(
    a: Any, output: str = "real", lwork: Any = None, overwrite_a: bool = False, sort: Any = None,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.schur`; has a derivative where T is triangular with distinct eigenvalues."""
    if output not in ("real", "complex", "r", "c"):
        raise ValueError(f"argument must be 'real', or 'complex'{here()}")
    if sort is not None:
        raise refuse("schur", "sort", "`schur(a)`, whose eigenvalues LAPACK orders")
    x = square("schur", a, small=False, finite=check_finite)
    if output[0] == "c":
        x = convert(x, np.result_type(x.dtype, np.complex64))
    return schur_primitives.schur(x)


# ---- singular values


@traced_form("linalg")
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, overwrite_a: bool = False,
    check_finite: bool = True, lapack_driver: str = "gesdd",
) -> Any:  # fmt: skip
    """`scipy.linalg.svd`."""
    x = _matrix("svd", a, finite=check_finite)
    result = spectral.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(result) if compute_uv else result


@traced_form("linalg")
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.svdvals`."""
    return np.linalg.svd(_matrix("svdvals", a, finite=check_finite), compute_uv=False)


@traced_form("linalg")
def pinv(
    a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.pinv`; the derivative is that at constant rank."""
    if atol is not None or return_rank:
        raise refuse("pinv", "atol or return_rank", "`pinv(a, rtol=...)`, `np.linalg.matrix_rank`")
    x = _matrix("pinv", a, finite=check_finite)
    return np.linalg.pinv(x, max(x.shape[-2:]) * np.finfo(x.dtype).eps if rtol is None else rtol)


@traced_form("linalg")
def lstsq(
    a: Any, b: Any, cond: Any = None, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, lapack_driver: Any = None,
) -> Any:  # fmt: skip
    """`scipy.linalg.lstsq`; the derivative is that at constant rank."""
    x, y = operands(a, b, finite=check_finite)
    rcond = float(np.finfo(x.dtype).eps) if cond is None else cond
    solution, residuals, rank, s = np.linalg.lstsq(x, y, rcond=rcond)
    whole = residuals.size and y.ndim == 1  # of one right-hand side, SciPy gives a number
    return solution, residuals[0] if whole else residuals, rank, s


@traced_form("linalg")
def norm(
    a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.norm`."""
    (x,) = traced_operands(a)
    x = finite_only(x) if check_finite else x
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


# ---- polar decomposition and orthonormal bases


@traced_form("linalg")
def polar(a: Any, side: str = "right") -> Any:
    """`scipy.linalg.polar`; has a derivative where `a` has full rank."""
    if side not in ("right", "left"):
        raise ValueError(f"`side` must be either 'right' or 'left'{here()}")
    x = _matrix("polar", a)
    u = unitary_factor(x) if x.shape[-2] >= x.shape[-1] else adjoint(unitary_factor(adjoint(x)))
    p = matmul(adjoint(u), x) if side == "right" else matmul(x, adjoint(u))
    return u, hermitian_part(p)


def _basis(name: str, x: Any, rcond: Any) -> Any:
    """SciPy's basis, of the value of `x`: how many vectors it has depends on values."""
    try:
        value = x._value(f"the rank of a matrix, on which the shape of scipy.linalg.{name} depends")
    except NoValueError as error:
        raise NoValueError(
            f"{error}\n  - for a basis of a size that is known: the columns of `np.linalg.svd`"
        ) from None
    return scipy_function(namespace([value]), "linalg", name)(value, rcond=rcond)


@traced_form("linalg")
def null_space(
    A: Any, rcond: Any = None, *, overwrite_a: bool = False, check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:  # fmt: skip
    """`scipy.linalg.null_space`, of known rank; the basis is that nearest to its value, projected.

    So its derivatives are right for whatever depends on the space only.
    """
    x = _matrix("null_space", A, finite=check_finite)
    found = _basis("null_space", x, rcond)
    inside = matmul(_inverse(x, rcond), x)
    projector = identity(inside) - inside
    return unitary_factor(np.matmul(projector, found))


@traced_form("linalg")
def orth(A: Any, rcond: Any = None) -> Any:
    """`scipy.linalg.orth`, of known rank; the basis is that nearest to its value, projected."""
    x = _matrix("orth", A)
    found = _basis("orth", x, rcond)
    return unitary_factor(np.matmul(matmul(x, _inverse(x, rcond)), found))


def _inverse(x: Any, rcond: Any) -> Any:
    rcond = max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else rcond
    return np.linalg.pinv(x, rcond)


# ---- QR


@traced_form("linalg")
def qr(
    a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full",
    pivoting: bool = False, check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.qr` without pivoting."""
    modes = {"full": "complete", "r": "r", "economic": "reduced"}
    if mode not in modes or pivoting:
        raise refuse("qr", f"mode={mode!r}, pivoting={pivoting}", "`qr(a, mode='economic')`")
    x = _matrix("qr", a, finite=check_finite)
    result = factorisations.qr(x, mode="complete" if mode == "r" else modes[mode])
    return (result[1],) if mode == "r" else tuple(result)
