"""`scipy.linalg`: systems, triangular systems, and the factorisations that they are solved by."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.promotion import convert
from autodiff.primitives.cholesky import cholesky as cholesky_factor
from autodiff.primitives.cholesky import hermitian
from autodiff.primitives.dense_systems import dense_solve, inverse
from autodiff.primitives.lu import lu as lu_primitive
from autodiff.primitives.lu import row_order
from autodiff.primitives.matrices import adjoint, identity, part, triangle
from autodiff.primitives.triangular import triangular_solve
from autodiff.scipy.forms import traced_form
from autodiff.scipy.lapack import (
    Systems,
    check_square,
    from_triangle,
    operands,
    square,
)

__all__ = [
    "cho_factor", "cho_solve", "cholesky", "det", "inv", "lu", "lu_factor", "lu_solve", "solve",
    "solve_triangular",
]  # fmt: skip

_TRANS = {0: 0, 1: 1, 2: 2, "N": 0, "T": 1, "C": 2}


def _transposition(name: str, trans: Any) -> int:
    if trans not in _TRANS:
        raise ValueError(f"scipy.linalg.{name}: trans must be 0, 1, 2, 'N', 'T' or 'C'{here()}")
    return _TRANS[trans]


def _substitute(
    a: Any, b: Any, *, lower: bool, trans: int = 0, unit_diagonal: bool = False, strict: bool = True
) -> Any:
    """The solution of a triangular system; `trans` is 1 for the transpose, 2 for the adjoint."""
    a = np.conjugate(a) if trans == 2 and a.dtype.kind == "c" else a
    return triangular_solve(
        a, b, lower=lower, transposed=trans > 0, unit_diagonal=unit_diagonal, strict=strict
    )


@traced_form("linalg")
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve_triangular`; the other triangle is not read, and has zero derivatives."""
    a, b = operands(a, b, finite=check_finite)
    check_square("solve_triangular", a)
    system = Systems("solve_triangular", a, b)
    x = _substitute(
        system.a, system.b, lower=bool(lower), unit_diagonal=bool(unit_diagonal),
        trans=_transposition("solve_triangular", trans),
    )  # fmt: skip
    return system.shaped(x)


# ---- Cholesky


@traced_form("linalg")
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.cholesky`; derivatives are those by a Hermitian matrix."""
    x = hermitian(square("cholesky", a, finite=check_finite), conjugated=True)
    return cholesky_factor(x) if lower else adjoint(cholesky_factor(adjoint(x)))


@traced_form("linalg")
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.cho_factor`; the other triangle, where SciPy's holds anything, is zero."""
    return cholesky(a, lower=lower, check_finite=check_finite), lower


@traced_form("linalg")
def cho_solve(
    c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.cho_solve`; not finite where the factor, whose other triangle is not read, is
    singular.
    """
    c, lower = c_and_lower
    c, b = operands(c, b, finite=check_finite)
    check_square("cho_solve", c)
    system = Systems("cho_solve", c, b)
    order = (0, 2) if lower else (2, 0)
    x = system.b
    for trans in order:
        x = _substitute(system.a, x, lower=bool(lower), trans=trans, strict=False)
    return system.shaped(x)


# ---- LU


@traced_form("linalg")
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True,
    p_indices: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.lu`; which rows are exchanged has no derivative."""
    (x,) = operands(a, finite=check_finite)
    if x.ndim < 2:
        raise ValueError(f"The input array must be at least two-dimensional.{here()}")
    packed, pivots = lu_primitive(x)
    rows = row_order(pivots, rows=x.shape[-2])
    k = min(x.shape[-2:])
    low = triangle(part(packed, columns=slice(k)), lower=True, k=-1)
    low, up = low + identity(low), triangle(part(packed, rows=slice(k)), lower=False, k=0)
    if p_indices or permute_l:
        back = convert(np.argsort(rows, axis=-1), rows.dtype)
        if permute_l:
            return np.take_along_axis(low, convert(back, np.int64)[..., None], axis=-2), up
        return back, low, up
    numbers = np.arange(x.shape[-2], dtype=rows.dtype)
    real = np.empty(0, x.dtype).real.dtype
    return convert(numbers[:, None] == rows[..., None, :], real), low, up


@traced_form("linalg")
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.lu_factor`."""
    (x,) = operands(a, finite=check_finite)
    if x.ndim < 2:
        raise ValueError(f"Expected at least ndim=2, got {x.ndim}{here()}")
    return lu_primitive(x)


@traced_form("linalg")
def lu_solve(
    lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """`scipy.linalg.lu_solve`; not finite where the matrix is singular."""
    packed, pivots = lu_and_piv
    packed, b = operands(packed, b, finite=check_finite)
    check_square("lu_solve", packed)
    system, trans = Systems("lu_solve", packed, b), _transposition("lu_solve", trans)
    rows = row_order(pivots, rows=packed.shape[-1])
    order = np.broadcast_to(rows, system.a.shape[:-1])[..., None]
    if trans == 0:
        x = np.take_along_axis(system.b, order, axis=-2)
        x = _substitute(system.a, x, lower=True, unit_diagonal=True)
        return system.shaped(_substitute(system.a, x, lower=False, strict=False))
    x = _substitute(system.a, system.b, lower=False, trans=trans, strict=False)
    x = _substitute(system.a, x, lower=True, trans=trans, unit_diagonal=True)
    return system.shaped(np.take_along_axis(x, np.argsort(order, axis=-2), axis=-2))


# ---- systems of matrices with a structure

_STRUCTURES = {
    None: "general", "gen": "general", "general": "general", "banded": "general",
    "diagonal": "diagonal", "tridiagonal": "tridiagonal",
    "upper triangular": "upper", "lower triangular": "lower",
    "pos": "positive", "positive definite": "positive",
    "sym": "symmetric", "symmetric": "symmetric", "her": "hermitian", "hermitian": "hermitian",
}  # fmt: skip


def _structured(name: str, a: Any, assume_a: Any, lower: bool) -> tuple[Any, str]:
    """The matrix that `a` stands for, of which SciPy reads only a part, and its structure."""
    if assume_a not in _STRUCTURES:
        raise ValueError(
            f"scipy.linalg.{name}: {assume_a!r} is not a recognized matrix structure{here()}"
        )
    structure = _STRUCTURES[assume_a]
    if structure in ("symmetric", "hermitian", "positive"):
        a = from_triangle(a, lower, conjugated=structure != "symmetric")
    elif structure in ("upper", "lower"):
        a = triangle(a, lower=structure == "lower", k=0)
    elif structure in ("diagonal", "tridiagonal"):
        width = int(structure == "tridiagonal")
        a = triangle(triangle(a, lower=True, k=width), lower=False, k=-width)
    return a, structure


def _solved(a: Any, b: Any, structure: str) -> Any:
    if structure == "positive":  # and so that it is an error if the matrix is not
        low = cholesky_factor(a)
        return _substitute(low, _substitute(low, b, lower=True), lower=True, trans=2)
    if structure in ("upper", "lower"):
        return _substitute(a, b, lower=structure == "lower")
    return dense_solve(a, b, strict=True)


@traced_form("linalg")
def solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: Any = None, transposed: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve`; derivatives are by the part of `a` that an assumed structure leaves."""
    a, b = operands(a, b, small=False, finite=check_finite)
    check_square("solve", a)
    if transposed and a.dtype.kind == "c":
        raise NotImplementedError(
            "scipy.linalg.solve can currently not solve a^T x = b or a^H x = b for complex "
            f"matrices.{here()}\nWrite instead: `solve(a.T, b)`"
        )
    system = Systems("solve", a, b)
    matrix, structure = _structured("solve", system.a, assume_a, bool(lower))
    if transposed:
        matrix = np.swapaxes(matrix, -1, -2)
        structure = {"upper": "lower", "lower": "upper"}.get(structure, structure)
    return system.shaped(_solved(matrix, system.b, structure))


@traced_form("linalg")
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None,
    lower: bool = False,
) -> Any:  # fmt: skip
    """`scipy.linalg.inv`."""
    x = square("inv", a, finite=check_finite)
    matrix, structure = _structured("inv", x, assume_a, bool(lower))
    if structure in ("positive", "upper", "lower"):
        return _solved(matrix, identity(matrix), structure)
    return inverse(matrix, strict=True)


@traced_form("linalg")
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.det`, in double precision."""
    return np.linalg.det(square("det", a, double=True, finite=check_finite))
