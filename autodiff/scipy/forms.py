"""What SciPy's functions have in common here: on plain arrays they are SciPy's own.

SciPy's functions take no part in NumPy's protocols. So a function of this package looks at its
arguments itself: if one is traced, its traced form runs; if none is, SciPy does (or the device's
SciPy, if an argument is a device array), with exactly its results.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from autodiff.arrays import is_device_array, namespace, scipy_function, scipy_namespace
from autodiff.errors import EscapeError, UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.tracing.constructors import holds_tracer

__all__ = ["any_traced", "at_least_single", "dtype_of_output", "own_of_scipy", "traced_form"]

Function = TypeVar("Function", bound=Callable[..., Any])


def any_traced(*xs: Any) -> bool:
    """Whether anything among `xs`, or in lists of them, is traced."""
    return holds_tracer(xs)


def traced_form(part: str) -> Callable[[Function], Function]:
    """Make a function the traced form of the function of this name in a part of SciPy."""

    def decorate(traced: Function) -> Function:
        @wraps(traced)
        def function(*args: Any, **kwargs: Any) -> Any:
            given = [*args, *kwargs.values()]
            if any_traced(*given):
                return traced(*args, **kwargs)
            xp = namespace([x for x in given if is_device_array(x)])
            return scipy_function(xp, part, traced.__name__)(*args, **kwargs)

        return function  # type: ignore[return-value]

    return decorate


def at_least_single(*dtypes: Any) -> np.dtype[Any]:
    """The dtype in which SciPy transforms numbers: single or more, and double of integers."""
    wide = [np.dtype(d) if np.dtype(d).kind in "fc" else np.dtype(float) for d in dtypes]
    return np.result_type(np.float32, *wide)


def dtype_of_output(function: str, output: Any, dtype: Any) -> np.dtype[Any]:
    """The dtype of a result, for an argument `output` as in `scipy.ndimage`."""
    if output is None:
        return np.dtype(dtype)
    if not isinstance(output, type | str | np.dtype):
        raise EscapeError(
            f"scipy.{function}(..., output=array) would write a traced value into a plain array, "
            "and its gradient would be lost. Write instead: use the result (output= may be a dtype)"
        )
    wanted = np.dtype(output)
    return np.promote_types(wanted, np.complex64) if np.dtype(dtype).kind == "c" else wanted


def own_of_scipy(part: str) -> Callable[[str], Any]:
    """`__getattr__` of a module: what has no traced form is SciPy's own, for plain arrays."""

    def find(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module 'autodiff.scipy.{part}' has no attribute {name!r}")
        own = getattr(scipy_namespace(np, part), name)
        return _guarded(own, f"scipy.{part}.{name}") if isinstance(own, FunctionType) else own

    return find


def _guarded(own: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(own)
    def function(*args: Any, **kwargs: Any) -> Any:
        if any_traced(*args, *kwargs.values()):
            raise UnsupportedFunctionError(
                f"{name} has no traced form.{here()}\n"
                "Write instead: a composition of functions that have one; or, where no gradient is "
                "wanted, call it on `ad.value_of(x)`"
            )
        return own(*args, **kwargs)

    return function
