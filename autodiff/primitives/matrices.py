"""Matrices, or stacks of them along leading axes: the few operations that their rules share.

`triangle` is a primitive; the rest is written with primitives.
"""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import add, full_like, mul
from autodiff.primitives.complexes import conj
from autodiff.primitives.contraction import contract
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute, slice_

__all__ = [
    "adjoint", "check_matrices", "hermitian_part", "identity", "inner", "matmul", "part",
    "transposed", "triangle",
]  # fmt: skip

_LEAD = "abcdefghlmnopqrstuvwxyz"  # leading axes; i, j and k are those of the matrices


def check_matrices(name: str, a: ArrayType, *, square: bool = True) -> None:
    """Raise unless `a` is a matrix, or a stack of them, in a dtype that LAPACK knows."""
    if a.dtype.char not in "fdFD":
        raise TypeError(
            f"{name} takes matrices of the dtypes float32, float64, complex64 and complex128, "
            f"not {a.dtype.name}; convert it first"
        )
    if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):
        wanted = "[..., n, n]" if square else "[..., m, n]"
        raise ValueError(f"{name} takes matrices {wanted}, not an array of shape {a.shape}")


def transposed(a: Any) -> Any:
    """A matrix, or a stack of them, with rows and columns exchanged."""
    n = len(a.shape)
    return permute(a, perm=(*range(n - 2), n - 1, n - 2))


def adjoint(a: Any) -> Any:
    """The conjugate transpose."""
    return conj(transposed(a)) if a.dtype.kind == "c" else transposed(a)


def hermitian_part(a: Any) -> Any:
    """The mean of `a` and its adjoint."""
    return mul(add(a, adjoint(a)), scalar(a, 0.5))


def matmul(a: Any, b: Any) -> Any:
    """The products of matrices with equal leading axes."""
    lead = _LEAD[: len(a.shape) - 2]
    return contract(a, b, spec=f"{lead}ij,{lead}jk->{lead}ik")


def inner(a: Any, b: Any) -> Any:
    """The sum of `a * b` over each matrix."""
    lead = _LEAD[: len(a.shape) - 2]
    return contract(a, b, spec=f"{lead}ij,{lead}ij->{lead}")


def part(a: Any, rows: slice = slice(None), columns: slice = slice(None)) -> Any:
    """The block of these rows and columns (slices with positive bounds and no step)."""
    shape = a.shape
    bounds = [(0, d) for d in shape[:-2]]
    bounds += [s.indices(d)[:2] for s, d in zip((rows, columns), shape[-2:], strict=True)]
    start, stop = zip(*bounds, strict=True)
    return slice_(a, start=start, stop=stop, step=(1,) * len(start))


# ---- triangles


def _triangle_types(x: ArrayType, *, lower: bool, k: int) -> ArrayType:
    if x.ndim < 2:
        raise ValueError(f"triangle takes matrices [..., m, n], not an array of shape {x.shape}")
    return x


triangle: Primitive = linear(
    "triangle",  # the elements on and below (or above) the k-th diagonal, and zeros elsewhere
    types=_triangle_types,
    run=lambda xp, x, *, lower, k: (xp.tril if lower else xp.triu)(x, k),
    transpose=lambda ct, i, x, *, lower, k: triangle(ct, lower=lower, k=k),
    batch=lambda size, xs, mapped, *, lower, k: triangle(*xs, lower=lower, k=k),
    text=lambda types, params: f"np.tri{'lu'[not params['lower']]}({{0}}, {params['k']})",
    mask="move",
    sparsity="copy",
)


def identity(like: Any) -> Any:
    """Identity matrices in the type of `like` (ones on the diagonal, where it is not square)."""
    t = like if isinstance(like, ArrayType) else type_of(like)
    return triangle(triangle(full_like(t, 1), lower=True, k=0), lower=False, k=0)
