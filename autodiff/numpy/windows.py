"""`np.i0`, and the Kaiser window that is made of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import operand, static_int, traced_operands
from autodiff.numpy.promotion import convert
from autodiff.primitives.modified_bessel import modified_bessel

__all__ = ["FUNCTIONS", "kaiser"]


def i0(x: Any) -> Any:
    """`np.i0`."""
    x = operand(x)
    if x.dtype.kind == "c":
        raise TypeError("i0 not supported for complex values")
    return modified_bessel(x if x.dtype.kind == "f" else convert(x, float), order=0)


def kaiser(M: Any, beta: Any) -> Any:
    """`np.kaiser`; `beta` may be traced."""
    count = static_int(M, "np.kaiser: M")
    (beta,) = traced_operands(beta)
    beta = convert(beta, np.result_type(beta.dtype, float))
    if count == 1:
        return np.ones(1, beta.dtype)
    middle = (count - 1) / 2
    inside = np.sqrt(1 - ((np.arange(count) - middle) / middle) ** 2)
    return np.i0(beta * inside) / np.i0(beta)


FUNCTIONS = {np.i0: i0}
