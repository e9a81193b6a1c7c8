"""NumPy's functions that take part in no protocol, called with traced arguments.

While a function is traced, the module `numpy` offers these in place of its own, as it does
constructors (see `autodiff.tracing.constructors`). Where NumPy's function makes no sense on traced
arrays, the error says what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.creation import asarray
from autodiff.numpy.promotion import SPECIAL
from autodiff.numpy.views import fresh, is_view
from autodiff.tracing.tracer import FUNCTIONS

__all__ = ["CONSTRUCTORS"]


def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    """`np.require`: what it requires decides where a copy is made."""
    flags = {str(r)[0].upper() for r in requirements or ()}  # "C", "C_CONTIGUOUS", "CONTIGUOUS"
    x = asarray(a, dtype, next((order for order in "CF" if order in flags), None))
    return fresh(x) if "O" in flags and is_view(x) else x


def fromiter(iter: Any, dtype: Any, count: int = -1) -> Any:
    """`np.fromiter` of a list of traced numbers."""
    items = list(iter)
    if count > len(items):
        raise ValueError(f"iterator too short: Expected {count} but iterator had {len(items)}")
    if any(np.ndim(item) for item in items):
        raise ValueError("np.fromiter: setting an array element with a sequence")
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


def _of_lists(name: str) -> Callable[..., Any]:
    """A function of one array that may be given as a list of traced numbers: `np.sum([x, y])`."""
    own = getattr(np, name)

    def function(a: Any, *args: Any, **kwargs: Any) -> Any:
        return FUNCTIONS[own](asarray(a), *args, **kwargs)

    return function


# NumPy asks the operands themselves whether they are traced, but not what is in a list.
_TAKE_LISTS = (
    "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "average", "cumprod", "cumsum",
    "diff", "max", "mean", "median", "min", "nanmean", "nansum", "prod", "ptp", "sort", "std",
    "sum", "var",
)  # fmt: skip

_TEXT = "read the data before the function is traced, and pass the array to it"
_MASKED, _MATRIX = SPECIAL["MaskedArray"], SPECIAL["matrix"]

CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "asmatrix": _refused("asmatrix", _MATRIX),
    "bmat": _refused("bmat", "`np.block([[a, b], [c, d]])`"),
    "frombuffer": _refused("frombuffer", "`x.astype(dtype)`, which converts numbers"),
    "fromiter": fromiter,
    "fromstring": _refused("fromstring", _TEXT),
    "kaiser": _later("autodiff.numpy.windows", "kaiser"),
    "ma.MaskedArray.__new__": _refused("ma.MaskedArray", _MASKED),
    "ma.masked_where": _refused("ma.masked_where", _MASKED),
    "ma.where": _refused("ma.where", _MASKED),
    "matrix.__new__": _refused("matrix", _MATRIX),
    "require": require,
    "scipy.special._basic.asarray": asarray,
    "vectorize.__call__": _later("autodiff.numpy.applying", "vectorized"),
    **{name: _of_lists(name) for name in _TAKE_LISTS},
}
