"""`modified_bessel`: I_n(x) of whole order, which is `np.i0` and all its derivatives.

2 I_n' = I_{n-1} + I_{n+1} (DLMF 10.29.1), so one primitive with its order as a parameter is closed
under differentiation. It needs NumPy only: I_0 is the array library's own; the others are summed
from the power series (DLMF 10.25.2), whose terms are all of one sign, and for large x from the
asymptotic one (DLMF 10.40.1).
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, mul
from autodiff.primitives.dtypes import floating
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.record import Primitive

__all__ = ["modified_bessel"]

_SMALL = 1e-18  # terms below this part of the sum do not count


def _types(x: ArrayType, *, order: int) -> tuple[ArrayType]:
    floating(x)
    if order < 0:
        raise ValueError(f"modified_bessel: the order must not be negative, as {order} is")
    return (x,)


def _run(xp: Any, x: Any, *, order: int) -> Any:
    if order == 0:
        return xp.i0(x)[()]
    edge = max(20.0, float(order) ** 2)  # beyond, the asymptotic series is exact to rounding
    size = xp.abs(x)
    near = size <= edge
    rising = _power_series(xp.where(near, x, 0), order, edge)
    far = xp.where(near, edge, size)
    sign = xp.where(x < 0, (-1) ** order, 1)
    # exp(x/2)² is finite wherever the result is; exp(x) alone is not.
    half = xp.exp(far / 2)
    falling = sign * (half * (half / xp.sqrt(2 * math.pi * far)) * _far_series(far, order, edge))
    falling = xp.where(xp.isinf(far), sign * far, falling)
    return xp.where(near, rising, falling).astype(x.dtype)[()]


def _power_series(x: Any, n: int, edge: float) -> Any:
    """(x/2)^n / n! times the sum of (x²/4)^k / (k! (n + 1)_k), nested so that nothing overflows."""
    square = x * x / 4
    total: Any = 1.0
    for k in range(_count(n, edge), 0, -1):
        total = 1 + total * (square / (k * (n + k)))
    result = total
    for k in range(1, n + 1):
        result = result * (x / (2 * k))
    return result


def _count(n: int, edge: float) -> int:
    """How many terms count at `edge`."""
    k, term = 0, 1.0
    while term > _SMALL or k * (n + k) < edge * edge / 4:
        k += 1
        term *= edge * edge / 4 / (k * (n + k))
    return k


def _far_series(x: Any, n: int, edge: float) -> Any:
    """The sum of (-1)^k (4n² - 1)(4n² - 9)... / (k! (8x)^k)."""
    total: Any = 1.0
    terms: list[float] = []
    term = 1.0
    while abs(term) > _SMALL and len(terms) < 2 * edge:
        k = len(terms) + 1
        terms.append(-(4 * n * n - (2 * k - 1) ** 2) / (8 * k))
        term *= terms[-1] / edge
    for factor in reversed(terms):
        total = 1 + total * (factor / x)
    return total


def _push(t: Any, y: Any, x: Any, *, order: int) -> Any:
    above = modified_bessel(x, order=order + 1)
    if order == 0:
        return mul(t, above)
    below = modified_bessel(x, order=order - 1)
    return mul(t, mul(add(below, above), x.dtype.type(0.5)))


modified_bessel: Primitive = elementwise(
    "modified_bessel", [Push(_push)], types=_types, run=_run, cheap=False
)
