"""`contract`: sums of products over shared axes, as einsum writes them, for two operands.

Every matrix product, dot product, outer product and tensor contraction is this one primitive. So
there is one derivative, one batching rule, and one place (`contraction_lowering`) that knows how
fast the array library is at what.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import broadcast, reduce_any, reduce_sum, sum_tangents
from autodiff.primitives.contraction_lowering import lowering, roles
from autodiff.primitives.kinds import bilinear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import permute

__all__ = ["contract"]


def _types(x: ArrayType, y: ArrayType, *, spec: str) -> ArrayType:
    r = roles(spec)
    if x.dtype is not y.dtype != x.dtype:
        raise TypeError(f"contract takes operands of one dtype, not {x} and {y}")
    if (x.ndim, y.ndim) != (len(r.x), len(r.y)):
        raise ValueError(f"the spec {spec!r} does not fit operands {x} and {y}")
    sizes: dict[str, int] = {}
    for index, size in zip(r.x + r.y, x.shape + y.shape, strict=True):
        if sizes.setdefault(index, size) != size:
            raise ValueError(
                f"in {spec!r}, the index {index!r} is of length {sizes[index]} and of length "
                f"{size}: the operands are {x} and {y}"
            )
    return x.with_shape(tuple([sizes[k] for k in r.out]))


@lru_cache(maxsize=4096)
def _compiled(spec: str, x: ArrayType, y: ArrayType) -> Callable[..., Any]:
    """The lowering as a function of the array module and the operands."""
    source = lowering(spec, x, y).format("x", "y")
    return eval(f"lambda np, x, y: {source}")


def _run(xp: Any, x: Any, y: Any, *, spec: str) -> Any:
    return _compiled(spec, type_of(x), type_of(y))(xp, x, y)


def _transpose(ct: Any, i: int, x: Any, y: Any, *, spec: str) -> Any:
    r = roles(spec)
    if i == 0:
        return contract(ct, y, spec=f"{r.out},{r.y}->{r.x}")
    return contract(x, ct, spec=f"{r.x},{r.out}->{r.y}")


def _batch(size: int, xs: Sequence[Any], mapped: Sequence[bool], *, spec: str) -> Any:
    r = roles(spec)
    new = next(k for k in ascii_letters[::-1] if k not in spec)
    left, right = (new * m + labels for m, labels in zip(mapped, (r.x, r.y), strict=True))
    return contract(*xs, spec=f"{left},{right}->{new}{r.out}")


def _mask(mask: Any, i: int, x: Any, y: Any, *, spec: str) -> Any:
    """An element of an operand counts if any element of the result to which it contributes does."""
    r = roles(spec)
    operand, labels = (x, r.x) if i == 0 else (y, r.y)
    lost = tuple([a for a, k in enumerate(r.out) if k not in labels])
    mask = reduce_any(mask, axes=lost) if lost else mask
    kept = [k for k in r.out if k in labels]
    mask = permute(mask, perm=tuple([kept.index(k) for k in labels if k in kept]))
    axes = tuple([a for a, k in enumerate(labels) if k not in kept])
    return broadcast(mask, shape=operand.shape, axes=axes)


def _sparsity(xs: Sequence[Any], linear: Sequence[bool], *, spec: str) -> Any:
    """An element of the result depends on the elements of an operand that share its indices."""
    r = roles(spec)
    sizes = dict(zip(r.x + r.y, (*xs[0].shape, *xs[1].shape), strict=True))
    shape = tuple([sizes[k] for k in r.out])
    return sum_tangents(
        _laid_out(x, labels, r.out, shape) if m else None
        for x, labels, m in zip(xs, (r.x, r.y), linear, strict=True)
    )


def _laid_out(x: Any, labels: str, out: str, shape: tuple[int, ...]) -> Any:
    """An operand summed and repeated to the indices and the shape of the result."""
    lost = tuple([a for a, k in enumerate(labels) if k not in out])
    kept = [k for k in labels if k in out]
    total = reduce_sum(x, axes=lost) if lost else x
    if len(kept) > 1:
        total = permute(total, perm=tuple([kept.index(k) for k in out if k in kept]))
    new = tuple([a for a, k in enumerate(out) if k not in kept])
    return broadcast(total, shape=shape, axes=new) if new else total


def _cost(in_types: Sequence[ArrayType], out_types: Sequence[ArrayType], *, spec: str) -> int:
    r = roles(spec)
    sizes = dict(zip(r.x + r.y, in_types[0].shape + in_types[1].shape, strict=True))
    return math.prod(sizes.values()) * (2 if r.summed else 1)


contract: Primitive = bilinear(
    "contract",  # spec "ij,jk->ik": what both operands have and the result lacks is summed
    types=_types,
    run=_run,
    transpose=_transpose,
    batch=_batch,
    text=lambda types, params: lowering(params["spec"], *types),
    mask=_mask,
    sparsity=_sparsity,
    cost=_cost,
)
