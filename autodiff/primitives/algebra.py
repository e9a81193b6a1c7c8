"""The vector-space operations that every other rule is written with: add, neg, mul, broadcast, sum.

They are spelled out in full, because the kinds that derive rules for other primitives need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.record import Primitive

__all__ = [
    "add", "broadcast", "elementwise_type", "full_like", "mul", "neg", "reduce_any", "reduce_sum",
    "shifted", "spread", "sum_tangents", "zeros_like",
]  # fmt: skip


def elementwise_type(name: str, *types: ArrayType) -> ArrayType:
    """The common type of elementwise operands; a scalar among larger operands must be a literal."""
    common = max(types, key=lambda t: t.ndim)
    for t in types:
        if (t.shape and t.shape != common.shape) or t.dtype is not common.dtype != t.dtype:
            raise TypeError(
                f"{name} takes operands of one shape and one dtype, "
                f"not {', '.join(map(str, types))}"
            )
    return common


def shifted(axes: Iterable[int]) -> tuple[int, ...]:
    """The same axes once there is a new first one."""
    return tuple([axis + 1 for axis in axes])


def aligned(size: int, inputs: Any, mapped: Any) -> list[Any]:
    """Operands of an elementwise equation, all but scalar constants with the mapped axis."""
    return [
        x if m or isinstance(x, np.generic) else spread(x, size)
        for x, m in zip(inputs, mapped, strict=True)
    ]


def spread(x: Any, size: int) -> Any:
    """Repeat `x` along a new first axis."""
    return broadcast(x, shape=(size, *x.shape), axes=(0,))


# ---- add, neg, mul

add: Primitive = Primitive(
    "add",
    types=lambda x, y: (elementwise_type("add", x, y),),
    run=lambda xp, x, y: xp.add(x, y),
    jvp=lambda xs, dxs: (add(*xs), sum_tangents(dxs)),
    transpose=lambda ct, i, x, y: ct,
    batch=lambda size, xs, mapped: add(*aligned(size, xs, mapped)),
    python=lambda types, params: "{0} + {1}",
    mask="same",
    kind="elementwise",
    cheap=True,
    ufunc=np.add,
)

neg: Primitive = Primitive(
    "neg",
    types=lambda x: (x,),
    run=lambda xp, x: xp.negative(x),
    jvp=lambda xs, dxs: (neg(xs[0]), neg(dxs[0])),
    transpose=lambda ct, i, x: neg(ct),
    batch=lambda size, xs, mapped: neg(*xs),
    python=lambda types, params: "-{0}",
    mask="same",
    kind="elementwise",
    cheap=True,
    ufunc=np.negative,
)


def _mul_jvp(xs: Any, dxs: Any) -> Any:
    (x, y), (dx, dy) = xs, dxs
    terms = [None if dx is None else mul(dx, y), None if dy is None else mul(x, dy)]
    return mul(x, y), sum_tangents(terms)


mul: Primitive = Primitive(
    "mul",
    types=lambda x, y: (elementwise_type("mul", x, y),),
    run=lambda xp, x, y: xp.multiply(x, y),
    jvp=_mul_jvp,
    transpose=lambda ct, i, x, y: mul(ct, x if i else y),
    batch=lambda size, xs, mapped: mul(*aligned(size, xs, mapped)),
    python=lambda types, params: "{0} * {1}",
    mask="same",
    kind="elementwise",
    cheap=True,
    ufunc=np.multiply,
)


def sum_tangents(terms: Iterable[Any]) -> Any:
    """The sum of the tangents that are not None; None if all are."""
    present = [t for t in terms if t is not None]
    return reduce(add, present) if present else None


# ---- broadcast and its transpose


def _broadcast_types(x: ArrayType, *, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    kept = tuple([d for i, d in enumerate(shape) if i not in axes])
    if kept != x.shape:
        raise TypeError(
            f"broadcast to {shape} along the new axes {axes} takes {kept}, not {x.shape}"
        )
    return (x.with_shape(shape),)


def _broadcast_run(xp: Any, x: Any, *, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    return xp.broadcast_to(xp.expand_dims(xp.asarray(x), axes), shape)


def _broadcast_batch(size: int, xs: Any, mapped: Any, *, shape: Any, axes: Any) -> Any:
    return broadcast(*xs, shape=(size, *shape), axes=shifted(axes))


def _broadcast_text(types: Any, params: Any) -> str:
    axes, shape = params["axes"], params["shape"]
    index = ["None" if i in axes else ":" for i in range(len(shape))] if types[0].shape else []
    while index and index[0] == "None":  # which NumPy adds by itself
        index.pop(0)
    view = f"{{0}}[{', '.join(index)}]" if "None" in index else "{0}"
    return f"np.broadcast_to({view}, {shape})"


broadcast: Primitive = Primitive(
    "broadcast",  # new axes at the positions `axes` of `shape`
    types=_broadcast_types,
    run=_broadcast_run,
    jvp=lambda xs, dxs, **to: (broadcast(*xs, **to), broadcast(*dxs, **to)),
    transpose=lambda ct, i, x, *, shape, axes: reduce_sum(ct, axes=axes),
    batch=_broadcast_batch,
    python=_broadcast_text,
    mask=lambda mask, i, x, *, shape, axes: reduce_any(mask, axes=axes),
    sparsity="copy",
    kind="linear",
    cheap=True,
    view=True,
)


def reduced(x: ArrayType, axes: tuple[int, ...]) -> ArrayType:
    """The type without the axes `axes`."""
    if axes and not (min(axes) >= 0 and max(axes) < x.ndim and len(set(axes)) == len(axes)):
        raise ValueError(f"axes {axes} do not fit an array of shape {x.shape}")
    return x.with_shape(tuple([d for i, d in enumerate(x.shape) if i not in axes]))


def method_text(name: str) -> Callable[..., str]:
    """The text of a reducing ndarray method; its result keeps the dtype of the operand."""
    widens = name in ("sum", "prod")  # small integers and truth values, unless told otherwise

    def text(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
        axes = params["axes"]
        given = "" if types[0].ndim == len(axes) else str(axes[0] if len(axes) == 1 else axes)
        dtype = f"dtype='{types[0].dtype.name}'" if widens and not types[0].inexact else ""
        return f"{{0}}.{name}({', '.join(filter(None, (given, dtype)))})"

    return text


reduce_sum: Primitive = Primitive(
    "reduce_sum",
    types=lambda x, *, axes: (reduced(x, axes),),
    run=lambda xp, x, *, axes: xp.sum(x, axis=axes, dtype=x.dtype),
    jvp=lambda xs, dxs, **over: (reduce_sum(*xs, **over), reduce_sum(*dxs, **over)),
    transpose=lambda ct, i, x, *, axes: broadcast(ct, shape=x.shape, axes=axes),
    batch=lambda size, xs, mapped, *, axes: reduce_sum(*xs, axes=shifted(axes)),
    python=method_text("sum"),
    mask="move",
    kind="linear",
)

reduce_any: Primitive = Primitive(
    "reduce_any",
    types=lambda x, *, axes: (reduced(x, axes),),
    run=lambda xp, x, *, axes: xp.any(x, axis=axes),
    batch=lambda size, xs, mapped, *, axes: reduce_any(*xs, axes=shifted(axes)),
    python=method_text("any"),
)


# ---- constants


def full_like(x: Any, value: float) -> Any:
    """`value` in the type of `x` (an array, a tracer, or a type)."""
    t = x if isinstance(x, ArrayType) else type_of(x)
    scalar = t.dtype.type(value)
    return broadcast(scalar, shape=t.shape, axes=tuple(range(t.ndim))) if t.ndim else scalar


def zeros_like(x: Any) -> Any:
    """Zeros in the type of `x` (an array, a tracer, or a type)."""
    return full_like(x, 0)
