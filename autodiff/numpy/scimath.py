"""`np.emath`: functions that go over to complex numbers where real ones have no result.

Whether they do decides the dtype of the result, so they ask for values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.known import known
from autodiff.numpy.promotion import convert

__all__ = ["FUNCTIONS"]


def _extended(x: Any, function: str, outside: Callable[[Any], Any]) -> Any:
    """`x`, as complex numbers if any of them lies outside of the domain for real ones."""
    (x,) = traced_operands(x)
    if x.dtype.kind == "c":
        return x
    value = known(
        x, f"np.emath.{function}", "whether the result is complex",
        f"`np.{function}(x.astype(complex))`, or `np.{function}(x)` for a real result",
    )  # fmt: skip
    if not np.any(outside(value)):
        return x
    small = x.dtype.char in "fbBhH"
    return convert(x, np.complex64 if small else np.complex128)


def _negative(value: Any) -> Any:
    return value < 0


def _beyond_one(value: Any) -> Any:
    return np.abs(value) > 1


def _on(name: str, outside: Callable[[Any], Any]) -> Callable[[Any], Any]:
    ufunc = getattr(np, name)

    def function(x: Any) -> Any:
        return ufunc(_extended(x, name, outside))

    function.__doc__ = f"`np.emath.{name}`."
    return function


def logn(n: Any, x: Any) -> Any:
    """`np.emath.logn`."""
    return np.log(_extended(x, "log", _negative)) / np.log(_extended(n, "log", _negative))


def power(x: Any, p: Any) -> Any:
    """`np.emath.power`; an integer power is taken as a real one if any is negative."""
    (exponent,) = traced_operands(p)
    if exponent.dtype.kind in "iu":
        value = known(exponent, "np.emath.power", "the dtype", "`np.power(x, p.astype(float))`")
        exponent = convert(exponent, float) if np.any(value < 0) else exponent
    return np.power(_extended(x, "power", _negative), exponent)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{getattr(np.emath, name): _on(name, _negative) for name in ("sqrt", "log", "log10", "log2")},
    **{getattr(np.emath, name): _on(name, _beyond_one) for name in ("arccos", "arcsin", "arctanh")},
    np.emath.logn: logn,
    np.emath.power: power,
}
