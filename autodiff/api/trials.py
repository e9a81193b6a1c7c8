"""What a function returns, found by trying: it is called on ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.api.arguments import function_name, is_inexact, is_traceable
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree

__all__ = ["tried"]

_KEPT = 256


def tried(fun: Callable[..., Any], known: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
    """The types of what `fun` returns, in a container like that; `known` remembers them.

    Arrays, their types, traced values and floats are replaced by ones; all else is passed as it is.
    """
    leaves, spec = tree.flatten_call(args, kwargs)
    traced = [isinstance(x, ArrayType) or is_traceable(x) or is_inexact(x) for x in leaves]
    key: Any = (
        spec,
        *[_type(x) if t else (type(x), x) for x, t in zip(leaves, traced, strict=True)],
    )
    try:
        found = known.get(key)
    except TypeError:  # an argument is not hashable
        found, key = None, None
    if found is not None:
        return found[0]
    ones = [_ones(x) if t else x for x, t in zip(leaves, traced, strict=True)]
    positional, keyword = tree.unflatten_call(spec, ones)
    try:
        with np.errstate(all="ignore"):
            result = fun(*positional, **keyword)
    except Exception as error:
        name = function_name(fun)
        raise TypeError(
            f"{name} was called on ones to find out what it returns, and failed: "
            f"{type(error).__name__}: {error}{here()}\n"
            "Write instead: say what it returns, by `result=` (numeric_rule) or `types=` "
            "(define_primitive)"
        ) from error
    types = tree.map(type_of, result)
    if key is not None:
        if len(known) >= _KEPT:
            known.clear()
        known[key] = (types,)
    return types


def _type(x: Any) -> ArrayType:
    return x if isinstance(x, ArrayType) else type_of(x)


def _ones(x: Any) -> Any:
    t = _type(x)
    return np.ones(t.shape, t.dtype)[()]
