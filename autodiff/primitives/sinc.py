"""sinc(x) = sin(πx)/(πx) and all its derivatives, exact at zero, too.

The derivatives are one primitive with their order as a parameter; differentiating it gives the next
order, so no quotient with a removable singularity is ever formed.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul
from autodiff.primitives.dtypes import inexact
from autodiff.primitives.kinds import Push, elementwise

__all__ = ["sinc", "sinc_derivative"]


def _derivative_types(x: ArrayType, *, order: int) -> tuple[ArrayType]:
    inexact(x)
    return (x,)


def _derivative_run(xp: Any, x: Any, *, order: int) -> Any:
    """With u = πx and g = sin(u)/u: a power series near zero, a recurrence elsewhere."""
    u = math.pi * x
    edge = max(1.0, math.factorial(order) ** (1 / order))  # beyond, the recurrence is stable
    near = xp.abs(u) < edge
    series = _series(xp.where(near, u, 0), order, edge)
    recurrence = _recurrence(xp, xp.where(near, 1, u), order)
    return math.pi**order * xp.where(near, series, recurrence)


def _series(u: Any, order: int, edge: float) -> Any:
    """The sum of (-1)^((m + order)/2) u^m / ((m + order + 1) m!), by Horner's rule."""
    first = order % 2
    powers = [first]
    while edge ** powers[-1] > 1e-18 * math.factorial(powers[-1]):
        powers.append(powers[-1] + 2)
    total: Any = 0.0
    for m in reversed(powers):
        half = (m + order) // 2
        total = total * (u * u) + (-1) ** half / ((m + order + 1) * math.factorial(m))
    return total * u if first else total


def _recurrence(xp: Any, u: Any, order: int) -> Any:
    """From the derivatives of u g(u) = sin(u): u g_k + k g_{k-1} = sin(u + kπ/2)."""
    sin, cos = xp.sin(u), xp.cos(u)
    g = sin / u
    for k in range(1, order + 1):
        g = ((cos, -sin, -cos, sin)[(k - 1) % 4] - k * g) / u
    return g


def _derivative_push(t: Any, y: Any, x: Any, *, order: int) -> Any:
    return mul(t, sinc_derivative(x, order=order + 1))


sinc_derivative = elementwise(
    "sinc_derivative",
    [Push(_derivative_push)],
    types=_derivative_types,
    run=_derivative_run,
    cheap=False,
)

sinc = elementwise(
    "sinc",
    [lambda y, x: sinc_derivative(x, order=1)],
    dtype=inexact,
    run=lambda xp, x: xp.sinc(x),
    text="np.sinc({0})",
    cheap=False,
)
