"""Functions that ask about arrays in memory, plan what to do with them, or write them to files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import EscapeError, UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS"]


def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """`np.einsum_path`, which needs shapes only."""
    known = [
        np.broadcast_to(np.zeros((), x.dtype), x.shape) if type(x) is Tracer else x
        for x in operands
    ]
    return np.einsum_path(*known, optimize=optimize)


def _root(x: Any) -> Any:
    """The array that `x` is a view of, if it is one."""
    while type(x) is Tracer and x._alias is not None and x._alias.base is not None:
        x = x._alias.base
    return x


def may_share_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    """`np.may_share_memory`: whether both are views of one array, even if of different parts."""
    return _root(a) is _root(b)


def shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    """`np.shares_memory`, where one array is not a part of the other."""
    if a is not b and _root(a) is _root(b):
        raise UnsupportedFunctionError(
            f"np.shares_memory of two views of one traced array has no traced form.{here()}\n"
            "Write instead: `np.may_share_memory(a, b)`, which is true of such views"
        )
    return a is b


def _refused(function: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise EscapeError(
            f"np.{function.__name__} would write a traced value to a file.{here()}\n"
            "Write instead: return the value from the function, and save it there; or, outside of "
            f"jit and vmap, `np.{function.__name__}(file, ad.value_of(x))`"
        )

    refuse.__doc__ = f"`np.{function.__name__}`, which takes values."
    return refuse


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.einsum_path: einsum_path,
    np.may_share_memory: may_share_memory,
    np.shares_memory: shares_memory,
    **{f: _refused(f) for f in (np.save, np.savetxt, np.savez, np.savez_compressed)},
}
