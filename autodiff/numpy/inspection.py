"""Questions about shapes and dtypes, which a trace answers at once, and how an array is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.numpy.arguments import axes_of, operand
from autodiff.numpy.promotion import kind_of
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS"]


def _like(x: Any) -> Any:
    """What NumPy's rules of promotion see of `x`: its dtype, or a Python scalar."""
    if type(x) is not Tracer:
        return x
    kind = kind_of(x)
    return kind.dtype if isinstance(kind, ArrayType) else kind(0)


def _on_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that asks for dtypes only."""
    return lambda *args, **kwargs: function(*map(_like, args), **kwargs)


def _on_memory_free(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that asks for the shape and dtype only."""

    def answer(x: Any, *args: Any, **kwargs: Any) -> Any:
        x = operand(x)
        return function(np.broadcast_to(np.zeros((), x.dtype), x.shape), *args, **kwargs)

    return answer


def _on_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that shows the value."""
    return lambda x, *args, **kwargs: function(x._value(f"np.{function.__name__}"), *args, **kwargs)


def size(a: Any, axis: Any = None) -> int:
    """`np.size`."""
    count = 1
    for i in axes_of(axis, operand(a).ndim):
        count *= a.shape[i]
    return count


def min_scalar_type(a: Any, /) -> Any:
    """`np.min_scalar_type`: of a scalar it depends on the value, of an array it is the dtype."""
    return a.dtype if a.shape else np.min_scalar_type(a._value("np.min_scalar_type of a scalar"))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: size,
    np.iscomplexobj: lambda x: x.dtype.kind == "c",
    np.isrealobj: lambda x: x.dtype.kind != "c",
    np.result_type: _on_types(np.result_type),
    np.can_cast: _on_types(np.can_cast),
    np.min_scalar_type: min_scalar_type,
    np.common_type: lambda *xs: np.common_type(*[np.empty(0, x.dtype) for x in xs]),
    np.tril_indices_from: _on_memory_free(np.tril_indices_from),
    np.triu_indices_from: _on_memory_free(np.triu_indices_from),
    np.diag_indices_from: _on_memory_free(np.diag_indices_from),
    np.array2string: _on_value(np.array2string),
    np.array_repr: _on_value(np.array_repr),
    np.array_str: _on_value(np.array_str),
}
