"""Calls of NumPy functions that were made before need not be worked out again.

What `np.mean(x)`, `x @ w` or `x + 1` records follows from the operands' variables and the other
arguments. So the builder remembers for each such call the rows that it recorded and its result;
when a function is traced again and does the same, the call costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.tracing import values
from autodiff.tracing.builder import Builder
from autodiff.tracing.script import Call

__all__ = ["remembered_call"]

_PLAIN = {int, bool, str, type(None), type, type(Ellipsis), type(np.dtype(float))}


def remembered_call(
    like: Any, name: Any, traced: Callable[..., Any], args: Any, kwargs: Any = None
) -> Any:
    """The result of `traced(*args, **kwargs)`, from memory where possible.

    `like` is a tracer among the arguments; `name` is what else tells the call from others (the
    NumPy function, say).
    """
    builder: Builder = like._builder
    if len(args) == 1 and args[0] is like and not kwargs and like.kind is like.type:
        key = (name, like._number)
    else:
        key = _key(builder, type(like), name, args, kwargs)
        if key is None:
            return traced(*args, **kwargs) if kwargs else traced(*args)
    known = builder.calls.get(key)
    if known is not None and builder.skip(known):
        result = type(like)(builder, known.number, known.type)
        result.kind = known.kind
        return result
    return _call_and_remember(builder, key, traced, args, kwargs or {})


def _key(builder: Builder, tracer: type, name: Any, args: Any, kwargs: Any) -> Any:
    """What tells a call from others; None if its arguments do not."""
    parts = [name]
    for x in args:
        cls = type(x)
        if cls is tracer:
            if x._builder is not builder:
                return None
            parts.append(x._number if x.kind is x.type else (x._number, x.kind))
        elif cls is float:
            parts.append((cls, x or repr(x)))  # 0.0 equals -0.0
        elif cls in _PLAIN:
            parts.append((cls, x))
        elif cls is np.ndarray and type(name) is np.ufunc:
            number = builder.numbers.get(id(x))  # the ufunc would capture it, too
            parts.append(
                builder.capture(x, ArrayType(x.shape, x.dtype)) if number is None else number
            )
        elif cls is tuple and _all_integers(x):
            parts.append((cls, x))
        else:
            return None
    return tuple(parts) if not kwargs or _add_options(parts, kwargs) else None


def _all_integers(items: tuple[Any, ...]) -> bool:
    """Whether these are Python integers, so that equal tuples mean the same (1.0 equals 1)."""
    return all([type(x) is int for x in items])  # noqa: C419  # a list is faster for few items


def _add_options(parts: list[Any], kwargs: dict[str, Any]) -> bool:
    """Add keyword arguments to a key; whether that is possible."""
    for name, x in kwargs.items():
        cls = type(x)
        if cls not in _PLAIN and not (cls is tuple and _all_integers(x)):
            return False
        parts.append((name, cls, x))
    return True


def _call_and_remember(
    builder: Builder, key: Any, traced: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    start, taken, asked = builder.row_count(), builder.taken, values.asked
    result = traced(*args, **kwargs)
    repeatable = (
        getattr(result, "_builder", None) is builder
        and result._alias is None  # it is no view, which must be made known to its base
        and builder.taken == taken  # nothing was captured on the way
        and values.asked == asked  # nothing depends on values
        and not any([result is x for x in args])  # noqa: C419  # a list is faster for few items
    )
    if repeatable:
        stop = builder.row_count()
        builder.calls[key] = Call(start, stop, result._number, result.type, result.kind)
    return result
