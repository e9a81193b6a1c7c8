"""Calls of NumPy functions that were made before need not be worked out again.

What `np.mean(x)` or `x @ w` records follows from the operands' variables and the other arguments. So the
builder remembers for each such call the rows that it recorded and its result; when a function is traced
again and does the same, the call costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.tracing import values
from autodiff.tracing.builder import Builder, Call

__all__ = ["call_key", "remembered_call"]

_PLAIN = {int, bool, str, type(None), type, type(Ellipsis), type(np.dtype(float))}


def call_key(builder: Builder, tracer_class: type, name: Any, args: Any, kwargs: Any) -> Any:
    """What identifies a call; None if it cannot be told from its arguments."""
    parts = [name]
    for x in (*args, *kwargs.items()) if kwargs else args:
        if x.__class__ is np.ndarray and name.__class__ is np.ufunc:
            part = builder.capture(x, ArrayType(x.shape, x.dtype))  # as the ufunc would, in any case
        else:
            part = _part(builder, tracer_class, x)
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)


def _part(builder: Builder, tracer_class: type, x: Any) -> Any:
    cls = x.__class__
    if cls is tracer_class:
        if x._builder is not builder:
            return None
        return x._number if x.kind is x.type else (x._number, x.kind)
    if cls in _PLAIN:
        return (cls, x)
    if cls is float:
        return (cls, x or repr(x))  # 0.0 equals -0.0
    if cls is tuple and x.__len__() and all([e.__class__ is int for e in x]):
        return (cls, x)
    if cls is tuple and len(x) == 2 and x[0].__class__ is str:  # a keyword argument
        part = _part(builder, tracer_class, x[1])
        return None if part is None or x[0] == "out" else (x[0], part)
    return None


def remembered_call(
    builder: Builder, tracer_class: type, name: Any, traced: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """The result of a call, from memory where possible."""
    key = call_key(builder, tracer_class, name, args, kwargs)
    if key is None:
        return traced(*args, **kwargs)
    known = builder.calls.get(key)
    if known is not None and builder.skip(known):
        result = tracer_class(builder, known.number, builder.types[known.number])
        result.kind = known.kind
        return result
    start, taken, asked = builder.row_count(), builder.input_count(), values.asked
    result = traced(*args, **kwargs)
    pure = (
        result.__class__ is tracer_class
        and result._builder is builder
        and result._alias is None
        and builder.input_count() == taken
        and values.asked == asked
        and not any(result is x for x in args)
    )
    if pure:
        builder.calls[key] = Call(start, builder.row_count(), result._number, result.kind)
    return result
