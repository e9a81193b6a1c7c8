"""`np.convolve` and `np.correlate`: a short sequence that slides along a long one."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import convert
from autodiff.primitives import filters

__all__ = ["FUNCTIONS", "convolve", "correlate"]

_MODES = ("valid", "same", "full")  # NumPy takes their numbers, too


def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """`np.convolve`."""
    x, y = (np.atleast_1d(z) for z in traced_operands(a, v))
    x, y = _sequences("convolve", x, y)
    x, y = (y, x) if y.size > x.size else (x, y)
    return _slid("convolve", x, y[::-1], mode)


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """`np.correlate`."""
    x, y = _sequences("correlate", *traced_operands(a, v))
    y = y.conj()
    if y.size > x.size:  # seen from the longer one, all is in reverse order
        return _slid("correlate", y, x, mode)[::-1]
    return _slid("correlate", x, y, mode)


def _sequences(function: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Two sequences of one dtype."""
    if x.ndim != 1 or y.ndim != 1 or not x.size or not y.size:
        raise ValueError(
            f"np.{function} takes two arrays of one axis that are not empty, not of shapes "
            f"{x.shape} and {y.shape}.{here()}\nWrite instead: `scipy.signal.{function}` of "
            "`autodiff.scipy` for more axes"
        )
    dtype = np.promote_types(x.dtype, y.dtype)
    return convert(x, dtype), convert(y, dtype)


def _slid(function: str, x: Any, y: Any, mode: Any) -> Any:
    """The sums of products for all positions of `y` that a mode asks for."""
    if mode not in _MODES and mode not in range(3):
        raise ValueError(
            f"np.{function}: mode must be one of 'valid', 'same', or 'full', not {mode!r}"
        )
    mode = mode if mode in _MODES else _MODES[mode]
    k = y.size
    low, high = {"valid": (0, 0), "same": (k // 2, (k - 1) // 2), "full": (k - 1, k - 1)}[mode]
    return filters.correlate(x, y, low=(low,), high=(high,), batch=0, method="direct")


FUNCTIONS = {np.convolve: convolve, np.correlate: correlate}
