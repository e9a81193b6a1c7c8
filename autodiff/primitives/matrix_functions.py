"""Functions of matrices, not of their elements: `expm`, `logm`, `sqrtm`; and `frechet`.

The derivative of a matrix function f at A in the direction E, its Fréchet derivative L(A, E), is
a block of f itself: f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (N. J. Higham, "Functions of
Matrices", 2008, Theorem 3.6). It is linear in E, its transpose is L(Aᵀ, ·), and its own derivative
is a block of L once more, so derivatives of any order are exact and need nothing else.

For `expm`, L is computed by SciPy (A. Al-Mohy and N. J. Higham, SIAM J. Matrix Anal. Appl. 30(4),
2009), and on a device as that block. For `logm` it follows the way in which logarithms are found
(A. Al-Mohy, N. J. Higham and S. Relton, SIAM J. Sci. Comput. 35(4), 2013): the derivative of a
square root X X = A is a Sylvester equation, and near the identity the logarithm is an integral.
For `sqrtm` itself that equation is all there is to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import mul, sum_tangents, zeros_like
from autodiff.primitives.arithmetic import div, stop_gradient
from autodiff.primitives.matrices import check_matrices, part, transposed
from autodiff.primitives.matrix_equations import sylvester
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack, block_upper, check_dtypes, each, scipy_linalg

__all__ = ["expm", "frechet", "logm", "matching_scale", "sqrtm"]

_NEAR, _GAUSS = 0.2, np.polynomial.legendre.leggauss(8)  # exact to double precision
_MOST_ROOTS = 100


# ---- run


def _exponential(xp: Any, a: Any) -> Any:
    if a.size == 0:
        return xp.zeros_like(a)
    return scipy_linalg(xp, "expm")(a)


def _by_scipy(name: str, noun: str) -> Any:
    """A function of SciPy's for one matrix, which of a real matrix must be real."""

    def run(xp: Any, a: Any) -> Any:
        function = scipy_linalg(xp, name)

        def single(matrix: Any) -> tuple[Any]:
            return (_as_real(xp, function(matrix), matrix, noun),)

        return each(xp, single, [type_of(a)], a.ndim - 2, a)[0]

    return run


def _as_real(xp: Any, result: Any, matrix: Any, noun: str) -> Any:
    """The result in the dtype of the matrix; SciPy's is complex as soon as its values are."""
    if result.dtype.kind != "c" or matrix.dtype.kind == "c":
        return result
    size = xp.abs(result).max()
    if xp.abs(result.imag).max() <= 1e3 * np.finfo(matrix.dtype).eps * size:
        return result.real
    raise np.linalg.LinAlgError(
        f"a real matrix has a {noun} that is not real. The dtype of a traced array cannot depend "
        "on values; write instead: `x.astype(complex)` for its argument"
    )


_logarithm = _by_scipy("logm", "logarithm")
_root = _by_scipy("sqrtm", "square root")


def _frechet_run(xp: Any, a: Any, e: Any, *, function: str) -> Any:
    if a.size == 0:
        return xp.zeros_like(e)
    if function == "expm" and xp is not np:  # SciPy for a device has no more than `expm`
        return _block_of_exponential(xp, a, e)
    along = {"expm": _along_exponential, "logm": _along_logarithm}[function]
    return each(xp, lambda *pair: (along(xp, *pair),), [type_of(a)], a.ndim - 2, a, e)[0]


def _along_exponential(xp: Any, a: Any, e: Any) -> Any:
    """SciPy's, which is more accurate than the block where A is large."""
    if not (np.isfinite(a).all() and np.isfinite(e).all()):
        return np.full_like(e, np.nan)
    along = scipy_linalg(xp, "expm_frechet")
    return along(a, e, compute_expm=False, check_finite=False)


def _block_of_exponential(xp: Any, a: Any, e: Any) -> Any:
    """The block of exp([[A, sE], [0, A]]), with s such that sE is about as large as A."""
    n, scale = a.shape[-1], _scale_run(xp, a, e)
    blocks = xp.zeros((*a.shape[:-2], 2 * n, 2 * n), a.dtype)
    blocks[..., :n, :n] = blocks[..., n:, n:] = a
    blocks[..., :n, n:] = e * scale
    return _exponential(xp, blocks)[..., :n, n:] / scale


def _scale_run(xp: Any, a: Any, e: Any) -> Any:
    """A power of two for each matrix, repeated to the shape of the matrices."""
    if a.size == 0:
        return xp.ones_like(e)
    size, of_e = (xp.abs(x).max(axis=(-2, -1), keepdims=True) for x in (a, e))
    ratio = xp.where(size > 0, size, 1) / xp.where(of_e > 0, of_e, 1)
    known = xp.isfinite(ratio) & (ratio > 0)
    scale = xp.exp2(xp.round(xp.log2(xp.where(known, ratio, 1))))
    return xp.array(xp.broadcast_to(scale.astype(e.dtype), e.shape))


def _along_logarithm(xp: Any, a: Any, e: Any) -> Any:
    """Square roots until A is near the identity, and there the derivative of
    log(1 + X) = ∫ X (1 + tX)⁻¹ dt from 0 to 1, which is ∫ (1 + tX)⁻¹ E (1 + tX)⁻¹ dt.

    Gauss's rule for that integral is the Padé approximant of the logarithm.
    """
    one = xp.eye(a.shape[0], dtype=a.dtype)
    solve = scipy_linalg(xp, "solve_sylvester")
    roots = 0
    while xp.linalg.norm(a - one, 1) > _NEAR:
        if roots == _MOST_ROOTS:
            raise np.linalg.LinAlgError("the logarithm of a singular matrix has no derivative")
        roots += 1
        a = _root(xp, a)
        e = solve(a, a, e)
    total = xp.zeros_like(e)
    for x, weight in zip(*_GAUSS, strict=True):
        inverse = xp.linalg.inv(one + type_of(e).dtype.type((1 + x) / 2) * (a - one))
        total = total + type_of(e).dtype.type(weight / 2) * (inverse @ e @ inverse)
    return total * 2**roots


# ---- the other rules


def _types(name: str) -> Any:
    def types(a: ArrayType) -> tuple[ArrayType]:
        check_matrices(name, a)
        return (a,)

    return types


def _function_jvp(name: str) -> Any:
    def jvp(xs: Any, dxs: Any) -> Any:
        primitive = {"expm": expm, "logm": logm}[name]
        return primitive(*xs), frechet(*xs, *dxs, function=name)

    return jvp


def _pair_types(a: ArrayType, e: ArrayType, **params: str) -> tuple[ArrayType]:
    check_matrices("frechet", a)
    check_dtypes("frechet", a, e)
    if a.shape != e.shape:
        raise ValueError(f"frechet takes matrices of one shape, not {a} and {e}")
    return (a,)


def _frechet_jvp(xs: Any, dxs: Any, *, function: str) -> Any:
    """The derivative of L(A, E) by A is a block of L([[A, E], [0, A]], [[dA, 0], [0, dA]]).

    For that, E is scaled to the size of A, since errors are in proportion to the whole.
    """
    (a, e), (da, de) = xs, dxs
    terms = [None if de is None else frechet(a, de, function=function)]
    if da is not None:
        n, scale = a.shape[-1], matching_scale(stop_gradient(a), stop_gradient(e))
        blocks = block_upper(a, mul(e, scale))
        second = frechet(blocks, block_upper(da, zeros_like(e)), function=function)
        terms.append(div(part(second, slice(0, n), slice(n, 2 * n)), scale))
    return frechet(a, e, function=function), sum_tangents(terms)


def _sqrtm_jvp(xs: Any, dxs: Any) -> Any:
    """X X = A, hence X dX + dX X = dA."""
    x = sqrtm(*xs)
    return x, sylvester(x, x, *dxs)


expm: Primitive = Primitive(
    "expm",
    types=_types("expm"),
    run=_exponential,
    jvp=_function_jvp("expm"),
    batch=batch_stack(lambda: expm),
)

logm: Primitive = Primitive(
    "logm",  # of a real matrix, real: otherwise an error
    types=_types("logm"),
    run=_logarithm,
    jvp=_function_jvp("logm"),
    batch=batch_stack(lambda: logm),
)

sqrtm: Primitive = Primitive(
    "sqrtm",  # of a real matrix, real: otherwise an error
    types=_types("sqrtm"),
    run=_root,
    jvp=_sqrtm_jvp,
    batch=batch_stack(lambda: sqrtm),
)

frechet: Primitive = Primitive(
    "frechet",  # the derivative of a matrix function at its first operand, along its second
    types=_pair_types,
    run=_frechet_run,
    jvp=_frechet_jvp,
    transpose=lambda ct, i, a, e, *, function: frechet(transposed(a), ct, function=function),
    batch=batch_stack(lambda: frechet),
)

matching_scale: Primitive = Primitive(
    "matching_scale",  # what makes the second matrix about as large as the first
    types=_pair_types,
    run=_scale_run,
    batch=batch_stack(lambda: matching_scale),
)
