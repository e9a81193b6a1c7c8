"""Distribution functions of `scipy.special` that are incomplete gamma or beta functions.

Each is a composition of ufuncs that have derivatives in all arguments. Where SciPy's function has
no value, since a parameter or the argument is impossible, these are NaN, too, and so are their
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.numpy.arguments import operands
from autodiff.numpy.promotion import convert, kind_of

__all__ = ["COMPOSED"]

_special = scipy_namespace(np, "special")


def _where(good: Any, value: Any, *xs: Any) -> Any:
    """The value, or NaN with derivatives that are NaN."""
    return np.where(good, value, sum(xs) * np.nan)


def _gdtr(function: Callable[..., Any], a: Any, b: Any, x: Any) -> Any:
    return _where(x >= 0, function(b, a * x), a, b, x)


def _pdtr(function: Callable[..., Any], k: Any, m: Any) -> Any:
    k = np.floor(k)
    return _where(k >= 0, function(k + 1, m), k, m)


def _bdtr(function: Callable[..., Any], top: float, below: Any, k: Any, n: Any, p: Any) -> Any:
    """`top` is the value where k = n, and `below` that where k < 0."""
    k, n = np.floor(k), np.trunc(n)
    value = np.where(k == n, top, function(k + 1, n - k, p))
    value = np.where(k < 0, below, value)
    return _where((p >= 0) & (p <= 1) & (k <= n), value, k, n, p)


def _nbdtr(function: Callable[..., Any], k: Any, n: Any, p: Any) -> Any:
    k, n = np.trunc(k), np.trunc(n)
    return _where((k >= 0) & (n > 0), function(n, k + 1, p), k, n, p)


def _fdtr(n: Any, d: Any, x: Any) -> Any:
    ratio = n * x / d
    far = ratio > 1
    share = np.where(far, 1 / (1 + 1 / np.where(far, ratio, 1)), n * x / (d + n * x))
    return _where(_is_ratio(n, d, x), _special.betainc(n / 2, d / 2, share), n, d, x)


def _fdtrc(n: Any, d: Any, x: Any) -> Any:
    value = _special.betainc(d / 2, n / 2, d / (d + n * x))
    return _where(_is_ratio(n, d, x), value, n, d, x)


def _is_ratio(n: Any, d: Any, x: Any) -> Any:
    return (n > 0) & (d > 0) & (x >= 0)


_FORMULAS: dict[str, Callable[..., Any]] = {
    "chdtr": lambda v, x: _special.gammainc(v / 2, x / 2),
    "chdtrc": lambda v, x: _special.gammaincc(v / 2, x / 2),
    "gdtr": lambda a, b, x: _gdtr(_special.gammainc, a, b, x),
    "gdtrc": lambda a, b, x: _gdtr(_special.gammaincc, a, b, x),
    "pdtr": lambda k, m: _pdtr(_special.gammaincc, k, m),
    "pdtrc": lambda k, m: _pdtr(_special.gammainc, k, m),
    "bdtr": lambda k, n, p: _bdtr(_special.betaincc, 1.0, np.nan, k, n, p),
    "bdtrc": lambda k, n, p: _bdtr(_special.betainc, 0.0, 1.0, k, n, p),
    "nbdtr": lambda k, n, p: _nbdtr(_special.betainc, k, n, p),
    "nbdtrc": lambda k, n, p: _nbdtr(_special.betaincc, k, n, p),
    "fdtr": _fdtr,
    "fdtrc": _fdtrc,
}


def _composed(name: str) -> Callable[..., Any]:
    """A ufunc as a composition of others, on operands of the dtypes that it would choose."""
    ufunc, formula = getattr(_special, name), _FORMULAS[name]

    def traced(*given: Any) -> Any:
        xs = operands(*given)
        given_types = [k.dtype if isinstance(k, ArrayType) else k for k in map(kind_of, xs)]
        try:
            dtype = ufunc.resolve_dtypes((*given_types, None))[-1]
        except TypeError as error:
            shown = ", ".join(map(str, given_types))
            raise TypeError(f"scipy.special.{name} does not take {shown}{here()}") from error
        return formula(*[convert(x, dtype) for x in xs])

    return traced


# ufunc -> its traced form
COMPOSED: dict[Any, Callable[..., Any]] = {
    getattr(_special, name): _composed(name) for name in _FORMULAS
}
