"""What the functions of this package do with their arguments before anything is recorded.

Arrays on the side are captured, axes are counted from the front, `out=` is a traced array that is
written to, and an option that has no meaning on traced arrays is refused by name.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.errors import EscapeError
from autodiff.ir.source import here
from autodiff.ir.types import literal, type_of
from autodiff.numpy.promotion import as_operand
from autodiff.primitives.algebra import broadcast
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import reshape
from autodiff.tracing.bind import builder_of
from autodiff.tracing.builder import Builder, current_builder
from autodiff.tracing.tracer import UFUNCS, Tracer

__all__ = [
    "NOT_GIVEN", "along", "apply", "axes_of", "axis_of", "check_layout", "constant",
    "deliver", "is_scalar", "kept_shape", "lift", "operand", "operands", "refuse",
    "static_int", "traced_operands",
]  # fmt: skip

NOT_GIVEN: Any = np._NoValue  # what NumPy passes for an argument left out


# ---- operands


def is_scalar(x: Any) -> bool:
    """Whether `x` is a Python or NumPy scalar, which programs hold as a literal."""
    return isinstance(x, np.generic | int | float | complex)


def operand(x: Any) -> Any:
    """`x` as a tracer (a scalar stays a scalar)."""
    return x if type(x) is Tracer else operands(x)[0]


def operands(*xs: Any) -> list[Any]:
    """Arrays and sequences among `xs` as tracers of the innermost trace; scalars and None stay."""
    given = [x if type(x) is Tracer else as_operand(x) for x in xs]
    builder = builder_of(given) or current_builder()
    if builder is None:
        return given
    return [
        x if type(x) is Tracer or x is None or is_scalar(x) else lift(builder, x) for x in given
    ]


def traced_operands(*xs: Any) -> list[Any]:
    """All of `xs` as tracers; scalars become arrays of no axes, with the dtype NumPy gives them."""
    given = operands(*xs)
    builder = builder_of(given) or current_builder()
    if builder is None:
        return [np.asarray(x) for x in given]
    if any([x is None for x in given]):  # noqa: C419  # a list is faster
        raise TypeError("None stands where an array is expected")
    return [constant(builder, x, ()) if is_scalar(x) else x for x in given]


def lift(builder: Builder, array: Any) -> Tracer:
    """A tracer for an array from outside the trace."""
    type = type_of(array)
    return Tracer(builder, builder.capture(array, type), type)


def constant(builder: Builder, value: Any, shape: tuple[int, ...], dtype: Any = None) -> Tracer:
    """A new traced array that holds `value` everywhere."""
    scalar = literal(value, dtype)
    type = scalar.type.with_shape(shape)
    params = (("shape", shape), ("axes", tuple(range(len(shape)))))
    return Tracer(builder, builder.record((broadcast, params, (scalar,)), (type,)), type)


def apply(ufunc: Any, *xs: Any, **core: Any) -> Any:
    """A ufunc on operands some of which are traced (`core`: such as the axis of `vecdot`)."""
    return UFUNCS[ufunc](*xs, **core)


# ---- axes


@lru_cache(4096)
def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` (a number, a tuple, or None for all) names, counted from the front."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(normalize_axis_tuple(axis, ndim)))


def axis_of(axis: Any, ndim: int) -> int:
    """One axis, counted from the front."""
    return normalize_axis_index(operator.index(axis), ndim)


@lru_cache(4096)
def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the axes `axes` of length one (`keepdims=True`)."""
    return tuple([1 if i in axes else d for i, d in enumerate(shape)])


def along(primitive: Primitive, x: Any, axis: Any, keepdims: Any) -> Any:
    """A primitive that reduces over `axes`, with NumPy's `axis` and `keepdims`."""
    axes = axes_of(axis, x.ndim) if x.ndim or axis not in (0, -1) else ()
    result = primitive(x, axes=axes)
    keep = keepdims is not NOT_GIVEN and keepdims
    return reshape(result, shape=kept_shape(x.shape, axes)) if keep and axes else result


def static_int(x: Any, asked: str) -> int:
    """An integer that must be known while tracing, such as a length; `asked` names the argument."""
    try:
        return operator.index(x)
    except TypeError as error:
        raise TypeError(f"{asked} must be an integer, not {x!r:.60}") from error


# ---- options


def refuse(function: str, option: str, why: str) -> TypeError:
    """The error for an option that a traced function does not take."""
    return TypeError(f"np.{function}: {option} is not supported on a traced array: {why}{here()}")


def check_layout(function: str, order: Any, subok: Any = True, allowed: str = "CKA") -> None:
    """Refuse an `order` that would change results; what only concerns memory means nothing here."""
    if order is not None and order not in allowed:
        raise refuse(function, f"order={order!r}", "a traced array lies in memory in C order")
    if subok not in (True, False):
        raise TypeError(f"np.{function}: subok must be True or False, not {subok!r}")


def deliver(function: str, result: Any, out: Any, casting: Any = "same_kind") -> Any:
    """`result`, written into `out` if that is given, as NumPy's `out=` does."""
    if isinstance(out, tuple):
        (out,) = out
    if out is None or out is NOT_GIVEN:
        return result
    if type(out) is not Tracer:
        raise EscapeError(
            f"np.{function}(..., out=array) would write a traced value into a plain array, and its "
            "gradient would be lost. Write instead: use the result, or make the array by "
            "`np.zeros(shape, like=x)`, where `x` is a traced array"
        )
    if out.shape != result.shape:
        raise ValueError(f"np.{function}: out has shape {out.shape}, the result {result.shape}")
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(
            f"np.{function}: cannot cast from {result.dtype} to the dtype {out.dtype} of out "
            f"by the rule {casting!r}"
        )
    out[...] = result
    return out
