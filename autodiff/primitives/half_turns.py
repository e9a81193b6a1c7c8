"""sin(πx) and cos(πx), which are exact where x or 2x is whole, however large x is."""

from __future__ import annotations

import math
from typing import Any

from autodiff.primitives.algebra import mul, neg
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.kinds import elementwise
from autodiff.primitives.record import Primitive

__all__ = ["cospi", "sinpi", "sinpi_of"]


def sinpi_of(xp: Any, x: Any) -> Any:
    """sin(πx) of arrays."""
    whole = xp.rint(x.real)
    sign = 1 - 2 * (whole % 2)
    return (sign * xp.sin(math.pi * (x - whole))).astype(x.dtype)[()]


sinpi: Primitive = elementwise(
    "sinpi",
    [lambda y, x: mul(scalar(x, math.pi), cospi(x))],
    dtype=inexact,
    run=sinpi_of,
    cheap=False,
)


def _cospi_of(xp: Any, x: Any) -> Any:
    """By cos(πx) = sin(π(1/2 - r)) with r = |x| reduced, where the difference is exact."""
    if x.dtype.kind != "c":
        return sinpi_of(xp, 0.5 - xp.abs(x - 2 * xp.rint(x / 2)).astype(x.dtype))
    whole = xp.rint(x.real)
    sign = 1 - 2 * (whole % 2)
    return (sign * xp.cos(math.pi * (x - whole))).astype(x.dtype)[()]


cospi: Primitive = elementwise(
    "cospi",
    [lambda y, x: neg(mul(scalar(x, math.pi), sinpi(x)))],
    dtype=inexact,
    run=_cospi_of,
    cheap=False,
)
