"""The kind of primitive that is a function of `scipy.special`.

The function is looked up when it runs, so that importing the primitives needs no SciPy: NumPy
arrays go to `scipy.special`, CuPy's to `cupyx.scipy.special`. `autodiff.scipy.special` tells the
tracer which ufunc is which primitive; what `ufuncs` holds is all that it needs to know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff.arrays import scipy_namespace
from autodiff.primitives.dtypes import floating
from autodiff.primitives.kinds import Partial, elementwise
from autodiff.primitives.record import Primitive

__all__ = ["special", "special_function", "ufuncs"]

ufuncs: dict[str, Primitive] = {}  # name in `scipy.special` -> the primitive that it is


def special_function(xp: Any, name: str) -> Callable[..., Any]:
    """The function of SciPy's that has this name, or CuPy's counterpart."""
    module = scipy_namespace(xp, "special")
    found: Callable[..., Any] | None = getattr(module, name, None)
    if found is None:
        raise NotImplementedError(
            f"{module.__name__} has no function {name!r}. Write instead: compute it on the host, "
            "by `ad.pure_callback`, or install a release that has it"
        )
    return found


def special(
    name: str,
    partials: Sequence[Partial],
    *,
    dtype: Callable[..., Any] | Any = floating,
    types: Callable[..., Any] | None = None,
    run: Callable[..., Any] | None = None,
) -> Primitive:
    """The elementwise primitive that is the ufunc `scipy.special.<name>`.

    `partials`, `dtype` and `types` as in `elementwise`; `dtype=inexact` where the ufunc has complex
    loops. `run(xp, *xs)` is given where the ufunc itself is not what computes it.
    """

    def call(xp: Any, *xs: Any) -> Any:
        return special_function(xp, name)(*xs)

    new = elementwise(name, partials, run=run or call, dtype=dtype, types=types, cheap=False)
    ufuncs[name] = new
    return new
