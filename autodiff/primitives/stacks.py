"""Stacks of matrices `[..., m, n]`, for functions of a single matrix: SciPy's know no others.

The leading axes of all operands agree; so `vmap` makes a taller stack, and where only right-hand
sides are mapped, further columns for one factorisation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.arrays import scipy_function
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import aligned, zeros_like
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import concatenate, permute, reshape

__all__ = ["batch_stack", "batch_systems", "block_upper", "check_dtypes", "each", "scipy_linalg"]


def scipy_linalg(xp: Any, name: str) -> Callable[..., Any]:
    """A function of `scipy.linalg` as it belongs to the array library; CuPy has few of them."""
    return scipy_function(xp, "linalg", name)


def check_dtypes(name: str, *types: ArrayType) -> None:
    """Raise unless the operands have one dtype, and one that LAPACK knows."""
    first = types[0]
    if any(t.dtype is not first.dtype != t.dtype for t in types) or first.dtype.char not in "fdFD":
        raise TypeError(
            f"{name} takes operands of one of the dtypes float32, float64, complex64 and "
            f"complex128, not {', '.join(map(str, types))}"
        )


def each(
    xp: Any, function: Callable[..., Sequence[Any]], made: Sequence[ArrayType], lead: int, *xs: Any
) -> list[Any]:
    """The results of `function` for each entry of stacks with `lead` leading axes, stacked."""
    outs = [xp.zeros(t.shape, t.dtype) for t in made]
    if any([x.size == 0 for x in xs]):  # noqa: C419  # nothing to compute with
        return outs
    for index in np.ndindex(*xs[0].shape[:lead]):
        for out, result in zip(outs, function(*[x[index] for x in xs]), strict=True):
            out[index] = result
    return outs


def batch_stack(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """The batch rule of a primitive whose operands may all have further leading axes."""
    return lambda size, xs, mapped, **params: primitive()(*aligned(size, xs, mapped), **params)


def batch_systems(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """The same for a system whose last operand is right-hand sides `[..., n, k]`.

    If these alone are mapped, the system is one for all, and they are further columns.
    """

    def batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
        if any(mapped[:-1]):
            return primitive()(*aligned(size, xs, mapped), **params)
        *system, b = xs
        n = len(b.shape) - 1
        columns = permute(b, perm=(*range(1, n + 1), 0))
        wide = reshape(columns, shape=(*columns.shape[:-2], prod(columns.shape[-2:])))
        x = reshape(primitive()(*system, wide, **params), shape=columns.shape)
        return permute(x, perm=(n, *range(n)))

    return batch


def block_upper(a: Any, e: Any) -> Any:
    """The matrices [[a, e], [0, a]], of twice the size."""
    last = len(a.shape) - 1
    top = concatenate(a, e, axis=last)
    return concatenate(top, concatenate(zeros_like(a), a, axis=last), axis=last - 1)
