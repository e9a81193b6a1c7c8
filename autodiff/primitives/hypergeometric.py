"""Hypergeometric functions of one argument, with fixed parameters, and Spence's function.

Each derivative is the same function with raised parameters (DLMF 13.3, 15.5, 16.3).
"""

from __future__ import annotations

from typing import Any

from autodiff.primitives.algebra import mul, neg
from autodiff.primitives.arithmetic import convert, div, reciprocal, select, sub
from autodiff.primitives.comparison import equal, less
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.exponential import log
from autodiff.primitives.parameters import fixed, raised, with_parameters
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = ["hyp0f1", "hyp1f1", "hyp2f1", "hyperu", "spence"]


def _times(factor: Any, f: Any) -> Any:
    """A real factor times a function that may be complex."""
    return mul(convert(factor, dtype=f.dtype), f)


def _unless_zero(factor: Any, f: Any) -> Any:
    """The same, and 0 where the factor is: there the function is constant, whatever f may be."""
    return select(equal(factor, scalar(factor, 0)), scalar(f, 0), _times(factor, f))


def _hyp2f1_slope(y: Any, a: Any, b: Any, c: Any, z: Any) -> Any:
    first, second, one = equal(a, c), equal(b, c), scalar(c, 1)  # which cancel, also where c = 0
    over = select(first, one, select(second, one, c))
    factor = div(mul(select(first, one, a), select(first, b, select(second, one, b))), over)
    return _unless_zero(factor, hyp2f1(raised(a, 1), raised(b, 1), raised(c, 1), z))


def _hyp1f1_slope(y: Any, a: Any, b: Any, z: Any) -> Any:
    linear = equal(a, scalar(a, -1))  # SciPy has no value for the constant 1F1(0; 0; z)
    up = [select(linear, scalar(p, 1), raised(p, 1)) for p in (a, b)]
    return _unless_zero(div(a, b), select(linear, scalar(y, 1), hyp1f1(*up, z)))


def _hyp0f1_slope(y: Any, b: Any, z: Any) -> Any:
    return _times(reciprocal(b), hyp0f1(raised(b, 1), z))


def _hyperu_slope(y: Any, a: Any, b: Any, z: Any) -> Any:
    return _unless_zero(neg(a), hyperu(raised(a, 1), raised(b, 1), z))


def _declared(name: str, parameters: str, slope: Any, kinds: str) -> Primitive:
    partials = [*[fixed(name, p) for p in parameters], slope]
    return special(name, partials, types=with_parameters(name, kinds))


hyp2f1 = _declared("hyp2f1", "abc", _hyp2f1_slope, "fc")
hyp1f1 = _declared("hyp1f1", "ab", _hyp1f1_slope, "fc")
hyp0f1 = _declared("hyp0f1", "b", _hyp0f1_slope, "fc")
hyperu = _declared("hyperu", "ab", _hyperu_slope, "f")


# ---- Spence's function, the integral of log(t)/(1 - t) from 1


def _spence_slope(y: Any, z: Any) -> Any:
    """log(z)/(1 - z), which near 1 is -2F1(1, 1; 2; 1 - z)."""
    rest = sub(scalar(z, 1), z)
    size = abs_(rest)
    near = less(size, scalar(size, 0.5))
    one, two = scalar(size, 1), scalar(size, 2)
    return select(near, neg(hyp2f1(one, one, two, rest)), div(log(z), rest))


spence = special("spence", [_spence_slope], dtype=inexact)
