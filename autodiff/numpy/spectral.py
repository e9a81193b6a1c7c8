"""Eigenvalues and singular values: `eigh`, `eig`, `svd`, and what NumPy makes of singular values.

**Equal values.** Where eigenvalues or singular values are equal (or zero), their vectors are not
determined, and neither are derivatives of what depends on the choice. Of what does not:

| function of equal values | first derivative | second derivative |
|---|---|---|
| sum, mean or any function of the sum over them | right | right |
| the projector on their space, `u @ vh` of their space, the null space | right | right |
| any other symmetric function of them (`sum(w**2)`) | right | without terms between them |
| one of several equal values (the largest, say) | a subgradient | - |
| `v @ diag(f(w)) @ v.T`, `u @ diag(s) @ vh` | without terms between them | same |

The last line, and second derivatives in the third, cannot be had from eigenvalues and eigenvectors
(`primitives.hermitian_eigen` says why). At such matrices write instead: a product
(`np.trace(a @ a)` for `sum(w**2)`), `np.linalg.norm`, `pinv` or `slogdet`, or a function of
`autodiff.scipy.linalg` (`expm`, `sqrtm`, `logm`), which have derivatives of their own.

**Values as types.** Whether eigenvalues of a real matrix are real depends on values. NumPy's dtype
follows them, and so it does here where values are known; under `jit` and `vmap`, `eig` and
`eigvals` give complex results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import operands, traced_operands
from autodiff.numpy.known import known_or_none
from autodiff.numpy.matrices import hermitian_matrix, matrix
from autodiff.numpy.promotion import convert
from autodiff.primitives import eigen, hermitian_eigen, singular_values
from autodiff.primitives.complexes import real
from autodiff.primitives.matrices import adjoint

__all__ = ["FUNCTIONS", "eigh", "matrix_rank", "svd", "svdvals"]

# NumPy's classes for results that have names.
EighResult: Any = type(np.linalg.eigh(np.ones((1, 1))))
EigResult: Any = type(np.linalg.eig(np.ones((1, 1))))
SVDResult: Any = type(np.linalg.svd(np.ones((1, 1))))


# ---- symmetric and Hermitian matrices


def _is_lower(function: str, UPLO: str) -> bool:
    if UPLO.upper() not in ("L", "U"):
        raise ValueError(f"np.linalg.{function}: UPLO argument must be 'L' or 'U', not {UPLO!r}")
    return UPLO.upper() == "L"


def eigh(a: Any, UPLO: str = "L") -> Any:
    """`np.linalg.eigh`; derivatives are those by a Hermitian matrix."""
    lower = _is_lower("eigh", UPLO)
    return EighResult(*hermitian_eigen.eigh(hermitian_matrix("eigh", a), lower=lower))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """`np.linalg.eigvalsh`; derivatives are those by a Hermitian matrix."""
    lower = _is_lower("eigvalsh", UPLO)
    return hermitian_eigen.eigvalsh(hermitian_matrix("eigvalsh", a), lower=lower)


# ---- any square matrix


def _as_real(a: Any, *results: Any) -> tuple[Any, ...]:
    """The results, made real if those of a real matrix are known to be."""
    values = None if a.dtype.kind == "c" else known_or_none(results[0])
    if values is not None and bool((values.imag == 0).all()):
        return tuple([real(x) for x in results])
    return results


def eig(a: Any) -> Any:
    """`np.linalg.eig`; under `jit` and `vmap` always complex, since the dtype is a type there."""
    x = matrix("eig", a)
    return EigResult(*_as_real(x, *eigen.eig(x)))


def eigvals(a: Any) -> Any:
    """`np.linalg.eigvals`; under `jit` and `vmap` always complex."""
    x = matrix("eigvals", a)
    return _as_real(x, eigen.eigvals(x))[0]


# ---- singular values


def svd(a: Any, full_matrices: Any = True, compute_uv: Any = True, hermitian: Any = False) -> Any:
    """`np.linalg.svd`."""
    x = hermitian_matrix("svd", a) if hermitian else matrix("svd", a, square=False)
    if not compute_uv:
        return _hermitian_values(x) if hermitian else singular_values.svdvals(x)
    if hermitian:
        return SVDResult(*_hermitian_svd(x))
    return SVDResult(*singular_values.svd(x, full_matrices=bool(full_matrices)))


def svdvals(x: Any, /) -> Any:
    """`np.linalg.svdvals`."""
    return singular_values.svdvals(matrix("svdvals", x, square=False))


def _hermitian_svd(x: Any) -> tuple[Any, Any, Any]:
    """Eigenvalues without their signs, which go to the right singular vectors."""
    w, v = hermitian_eigen.eigh(x, lower=True)
    size = np.abs(w)
    order = np.argsort(size, axis=-1)[..., ::-1]
    sign = np.take_along_axis(np.copysign(1.0, w), order, axis=-1)
    u = np.take_along_axis(v, order[..., None, :], axis=-1)
    signed = u * convert(sign, w.dtype)[..., None, :]
    return u, np.take_along_axis(size, order, axis=-1), adjoint(signed)


def _hermitian_values(x: Any) -> Any:
    return np.sort(np.abs(hermitian_eigen.eigvalsh(x, lower=True)), axis=-1)[..., ::-1]


def matrix_rank(A: Any, tol: Any = None, hermitian: Any = False, *, rtol: Any = None) -> Any:
    """`np.linalg.matrix_rank`."""
    if rtol is not None and tol is not None:
        raise ValueError("np.linalg.matrix_rank: `tol` and `rtol` can't be both set.")
    (x,) = traced_operands(A)
    if x.ndim < 2:
        return convert(np.any(x != 0), int)
    s = svd(x, compute_uv=False, hermitian=hermitian)
    if tol is not None:
        return np.count_nonzero(s > _for_each(tol), axis=-1)
    rtol = max(x.shape[-2:]) * np.finfo(s.dtype).eps if rtol is None else _for_each(rtol)
    return np.count_nonzero(s > np.max(s, axis=-1, keepdims=True, initial=0) * rtol, axis=-1)


def _for_each(tolerance: Any) -> Any:
    """A tolerance for each matrix, beside its singular values."""
    (given,) = operands(tolerance)
    return given[..., None] if np.ndim(given) else given


FUNCTIONS = {
    np.linalg.eigh: eigh,
    np.linalg.eigvalsh: eigvalsh,
    np.linalg.eig: eig,
    np.linalg.eigvals: eigvals,
    np.linalg.svd: svd,
    np.linalg.svdvals: svdvals,
    np.linalg.matrix_rank: matrix_rank,
}
