"""`scipy.linalg`: matrices with a structure, and systems with such matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.control.require import require
from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert, result_dtype
from autodiff.primitives import toeplitz_systems
from autodiff.primitives.banded_systems import band_transposed, banded_solve
from autodiff.primitives.matrices import part
from autodiff.primitives.structure import concatenate
from autodiff.scipy.forms import traced_form
from autodiff.scipy.lapack import operands, refuse

__all__ = [
    "block_diag", "circulant", "companion", "hankel", "khatri_rao", "matmul_toeplitz",
    "solve_banded", "solve_circulant", "solve_toeplitz", "solveh_banded", "toeplitz",
]  # fmt: skip


# ---- banded systems


def _columns(name: str, ab: Any, b: Any) -> tuple[Any, Any, bool]:
    """Band and right-hand sides with common leading axes, and whether `b` is one vector."""
    vector = b.ndim == 1
    b = b[:, None] if vector else b
    if ab.ndim < 2 or b.ndim < 2 or b.shape[-2] != ab.shape[-1]:
        raise ValueError(f"scipy.linalg.{name}: shapes of ab and b are not compatible.{here()}")
    lead = broadcast_shapes(ab.shape[:-2], b.shape[:-2])
    return (
        broadcast_to(ab, (*lead, *ab.shape[-2:])),
        broadcast_to(b, (*lead, *b.shape[-2:])),
        vector,
    )


@traced_form("linalg")
def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve_banded`; derivatives, too, take time and memory of the band only."""
    lower, upper = (int(width) for width in l_and_u)
    ab, b, vector = _columns("solve_banded", *operands(ab, b, small=False, finite=check_finite))
    if lower + upper + 1 != ab.shape[-2]:
        raise ValueError(
            f"invalid values for the number of lower and upper diagonals: l+u+1 "
            f"({lower + upper + 1}) does not equal ab.shape[0] ({ab.shape[-2]}){here()}"
        )
    x = banded_solve(ab, b, lower=lower, upper=upper, positive=False)
    return x[..., 0] if vector else x


@traced_form("linalg")
def solveh_banded(
    ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """`scipy.linalg.solveh_banded`: of a positive definite matrix, given by half its band."""
    half, b, vector = _columns("solveh_banded", *operands(ab, b, finite=check_finite))
    width, axis = half.shape[-2] - 1, half.ndim - 2
    main = slice(0, 1) if lower else slice(width, width + 1)
    rest = part(half, slice(1, width + 1) if lower else slice(0, width))
    diagonal = part(half, main)
    if half.dtype.kind == "c":  # of which LAPACK reads the real part
        diagonal = convert(diagonal.real, half.dtype)
    half = concatenate(*((diagonal, rest) if lower else (rest, diagonal)), axis=axis)
    widths = {"lower": width if lower else 0, "upper": 0 if lower else width}
    other = np.conjugate(band_transposed(half, **widths))
    if lower:
        band = concatenate(part(other, slice(0, width)), half, axis=axis)
    else:
        band = concatenate(half, part(other, slice(1, width + 1)), axis=axis)
    x = banded_solve(band, b, lower=width, upper=width, positive=True)
    return x[..., 0] if vector else x


# ---- Toeplitz matrices and their kin


def _column_and_row(c_or_cr: Any) -> tuple[Any, Any]:
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    c, r = traced_operands(c, _conjugated(c) if r is None else r)
    return c.ravel(), r.ravel()


def _conjugated(c: Any) -> Any:
    """The first row of a Hermitian Toeplitz matrix with this first column."""
    (x,) = traced_operands(c)
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _vectors(c: Any, r: Any) -> list[Any]:
    """Two vectors, or stacks of them with common leading axes, of their common dtype."""
    c, r = (x.reshape(1) if x.ndim == 0 else x for x in traced_operands(c, r))
    lead, dtype = broadcast_shapes(c.shape[:-1], r.shape[:-1]), result_dtype(c, r)
    return [convert(broadcast_to(x, (*lead, x.shape[-1])), dtype) for x in (c, r)]


@traced_form("linalg")
def toeplitz(c: Any, r: Any = None) -> Any:
    """`scipy.linalg.toeplitz`: the matrix with this first column and row."""
    return toeplitz_systems.toeplitz(*_vectors(c, _conjugated(c) if r is None else r))


@traced_form("linalg")
def hankel(c: Any, r: Any = None) -> Any:
    """`scipy.linalg.hankel`: the matrix with this first column and last row."""
    column, row = _vectors(c, np.zeros_like(traced_operands(c)[0]) if r is None else r)
    if column.ndim > 1:  # of which SciPy makes one vector, and from version 1.19 on a stack
        raise refuse("hankel", "arrays of several axes", "`c.ravel()`, or `ad.vmap(hankel)(c)`")
    return toeplitz_systems.toeplitz(column[..., ::-1], row)[..., ::-1, :]


@traced_form("linalg")
def circulant(c: Any) -> Any:
    """`scipy.linalg.circulant`: the matrix whose columns are `c`, turned further and further."""
    (column,) = traced_operands(c)
    column = column.reshape(1) if column.ndim == 0 else column
    return toeplitz_systems.toeplitz(column, np.roll(column[..., ::-1], 1, axis=-1))


@traced_form("linalg")
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """`scipy.linalg.solve_toeplitz`, by Levinson's recursion, in double precision."""
    c, r, b = operands(*_column_and_row(c_or_cr), b, double=True, finite=check_finite)
    if b.ndim == 0 or not c.shape == r.shape == b.shape[:1]:
        raise ValueError(
            f"Incompatible dimensions: c {c.shape}, r {r.shape} and b {b.shape} must agree in "
            f"their first axes{here()}"
        )
    columns = b.reshape(b.shape[0], b.size // max(b.shape[0], 1))
    return toeplitz_systems.toeplitz_solve(c, r, columns).reshape(b.shape)


@traced_form("linalg")
def matmul_toeplitz(c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None) -> Any:
    """`scipy.linalg.matmul_toeplitz`: the product of a Toeplitz matrix, by Fourier transforms."""
    c, r, x = operands(*_column_and_row(c_or_cr), x, double=True, finite=check_finite)
    if x.ndim == 0 or r.shape != x.shape[:1]:
        raise ValueError(f"Incompatible dimensions: r {r.shape} and x {x.shape}{here()}")
    m, size = c.shape[0], c.shape[0] + r.shape[0] - 1
    if not c.size or not x.size:
        return np.zeros_like(x, shape=(m, *x.shape[1:]))
    columns = x.reshape(x.shape[0], -1)
    diagonals = np.concatenate([c, r[:0:-1]])[:, None]
    if x.dtype.kind == "c":
        spectrum = np.fft.fft(diagonals, axis=0) * np.fft.fft(columns, size, axis=0)
        product: Any = np.fft.ifft(spectrum, axis=0)
    else:
        spectrum = np.fft.rfft(diagonals, axis=0) * np.fft.rfft(columns, size, axis=0)
        product = np.fft.irfft(spectrum, size, axis=0)
    return product[:m].reshape(m, *x.shape[1:])


@traced_form("linalg")
def solve_circulant(
    c: Any, b: Any, singular: str = "raise", tol: Any = None, caxis: int = -1, baxis: int = 0,
    outaxis: int = 0,
) -> Any:  # fmt: skip
    """`scipy.linalg.solve_circulant`, by Fourier transforms."""
    c, b = (np.atleast_1d(x) for x in traced_operands(c, b))
    if c.shape[caxis] != b.shape[baxis]:
        raise ValueError(f"Shapes of c {c.shape} and b {b.shape} are incompatible{here()}")
    if singular not in ("raise", "lstsq"):
        raise ValueError(f"singular must be 'raise' or 'lstsq', not {singular!r}{here()}")
    if not b.size:
        return np.zeros_like(b, np.result_type(c.dtype, b.dtype, np.float16))
    divisors = np.fft.fft(np.moveaxis(c, caxis, -1), axis=-1)
    sizes = np.abs(divisors)
    if tol is None:  # NumPy's, of a rank
        tol = sizes.max(axis=-1, keepdims=True) * c.shape[caxis] * np.finfo(np.float64).eps
    small = sizes <= tol
    if singular == "raise":
        divisors = require(
            divisors, ~small.any(), message="near singular circulant matrix.", error="LinAlgError"
        )
    quotients = np.fft.fft(np.moveaxis(b, baxis, -1), axis=-1) / np.where(small, 1, divisors)
    x = np.fft.ifft(np.where(small, 0, quotients), axis=-1)
    whole = c.dtype.kind == "c" or b.dtype.kind == "c"
    return np.moveaxis(x if whole else x.real, -1, outaxis)


# ---- other matrices


@traced_form("linalg")
def block_diag(*arrs: Any) -> Any:
    """`scipy.linalg.block_diag`."""
    blocks = [np.atleast_2d(x) for x in traced_operands(*arrs)]
    dtype = result_dtype(*blocks)
    lead = broadcast_shapes(*[x.shape[:-2] for x in blocks])
    width, before, rows = sum([x.shape[-1] for x in blocks]), 0, []
    for x in blocks:
        m, n = x.shape[-2:]
        full = broadcast_to(convert(x, dtype), (*lead, m, n))
        margins = [(0, 0)] * (len(lead) + 1) + [(before, width - before - n)]
        rows.append(np.pad(full, margins))
        before += n
    return np.concatenate(rows, axis=-2)


@traced_form("linalg")
def companion(a: Any) -> Any:
    """`scipy.linalg.companion`: the matrix whose eigenvalues are the roots of a polynomial."""
    (x,) = traced_operands(a)
    if x.ndim < 1 or x.shape[-1] < 2:
        raise ValueError(f"The length of `a` along the last axis must be at least 2.{here()}")
    message = (
        f"The first coefficient(s) of `a` (i.e. elements of `a[..., 0]`) must not be zero.{here()}"
    )
    x = require(x, (x[..., 0] != 0).all(), message=message, error="ValueError")
    row = (-x[..., 1:] / x[..., :1])[..., None, :]
    n = x.shape[-1] - 1
    ones = np.broadcast_to(np.eye(n - 1, n, dtype=row.dtype), (*x.shape[:-1], n - 1, n))
    return np.concatenate([row, ones], axis=-2)


@traced_form("linalg")
def khatri_rao(a: Any, b: Any) -> Any:
    """`scipy.linalg.khatri_rao`: the Kronecker product, column by column."""
    x, y = traced_operands(a, b)
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(f"Both arrays must be 2-dimensional.{here()}")
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(f"The number of columns for both arrays must be equal.{here()}")
    product = x[..., :, None, :] * y[..., None, :, :]
    return product.reshape(*product.shape[:-3], x.shape[-2] * y.shape[-2], x.shape[-1])
