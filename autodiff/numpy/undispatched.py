"""NumPy's functions that take part in no protocol, called with traced arguments.

While a function is traced, the module `numpy` offers these in place of its own, as it does
constructors (see `autodiff.tracing.constructors`). Where NumPy's function makes no sense on traced
arrays, the error says what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.creation import asarray

__all__ = ["CONSTRUCTORS"]


def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    """`np.require`: of the requirements, only the dtype means something on traced arrays."""
    return asarray(a, dtype)


def fromiter(iter: Any, dtype: Any, count: int = -1) -> Any:
    """`np.fromiter` of a list of traced numbers."""
    items = list(iter)
    if count > len(items):
        raise ValueError(f"iterator too short: Expected {count} but iterator had {len(items)}")
    return asarray(items if count < 0 else items[:count], dtype)


def _later(module: str, name: str) -> Callable[..., Any]:
    """A function of a module that few programs need, which is imported when it is called."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), name)(*args, **kwargs)

    return function


def _refused(name: str, instead: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedFunctionError(
            f"np.{name} has no traced form.{here()}\nWrite instead: {instead}"
        )

    return refuse


_TEXT = "read the data before the function is traced, and pass the array to it"
_MASKED = "`np.where(mask, 0, x)` and the like, or `where=` of ufuncs and sums, or `np.nansum(x)`"
_MATRIX = "an array with two axes, and `x @ y` for the product; np.matrix is no longer recommended"

CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "asmatrix": _refused("asmatrix", _MATRIX),
    "bmat": _refused("bmat", "`np.block([[a, b], [c, d]])`"),
    "frombuffer": _refused("frombuffer", "`x.astype(dtype)`, which converts numbers"),
    "fromiter": fromiter,
    "fromstring": _refused("fromstring", _TEXT),
    "kaiser": _later("autodiff.numpy.windows", "kaiser"),
    "ma.array": _refused("ma.array", _MASKED),
    "ma.masked_invalid": _refused("ma.masked_invalid", _MASKED),
    "ma.masked_where": _refused("ma.masked_where", _MASKED),
    "require": require,
    "vectorize.__call__": _later("autodiff.numpy.applying", "vectorized"),
}
