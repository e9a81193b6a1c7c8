"""Spherical Bessel functions of a whole order n ≥ 0.

With derivatives (n f(n-1) ∓ (n+1) f(n+1)) / (2n+1) (DLMF 10.51), which need no quotient by the
argument.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import convert, div, select, sub
from autodiff.primitives.comparison import equal, isinf, logical_or
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.kinds import Partial
from autodiff.primitives.parameters import fixed, raised, with_parameters
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = ["SLOPES", "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn"]


def _slope(f: Primitive, n: Any, x: Any) -> Any:
    """The derivative of one of the four, by its recurrence."""
    none = equal(n, scalar(n, 0))
    lowered = raised(select(none, scalar(n, 1), n), -1)
    above = _times(raised(n, 1), f(raised(n, 1), x))
    # At 0, where functions of the second kind are infinite, the larger order is the more so.
    below = _times(n, f(lowered, x))
    below = select(logical_or(none, isinf(above)), scalar(below, 0), below)
    total = add(below, above) if f in (spherical_in, spherical_kn) else sub(below, above)
    slope = div(total, convert(raised(add(n, n), 1), dtype=total.dtype))
    return neg(slope) if f is spherical_kn else slope


def _times(factor: Any, f: Any) -> Any:
    return mul(convert(factor, dtype=f.dtype), f)


def _spherical(name: str) -> Primitive:
    partials: list[Partial] = [fixed(name, "the order"), lambda y, n, x: _slope(new, n, x)]
    new: Primitive = special(name, partials, types=with_parameters(name, "fc"))
    return new


spherical_jn = _spherical("spherical_jn")
spherical_yn = _spherical("spherical_yn")
spherical_in = _spherical("spherical_in")
spherical_kn = _spherical("spherical_kn")

# name -> (the function, its derivative)
SLOPES: dict[str, tuple[Primitive, Callable[[Any, Any], Any]]] = {
    f.name: (f, partial(_slope, f))
    for f in (spherical_jn, spherical_yn, spherical_in, spherical_kn)
}
