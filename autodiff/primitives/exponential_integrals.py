"""Exponential, sine, cosine and Fresnel integrals.

Each derivative is the integrand, written without a removable singularity at zero.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, reciprocal, select, square
from autodiff.primitives.comparison import equal, greater, isinf
from autodiff.primitives.complexes import complex_, real
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.exponential import exp
from autodiff.primitives.parameters import fixed, raised, with_parameters
from autodiff.primitives.record import Primitive
from autodiff.primitives.several_results import special_of_several_results
from autodiff.primitives.sinc import sinc
from autodiff.primitives.special import special
from autodiff.primitives.trigonometric import cos, cosh, sin

__all__ = ["exp1", "expi", "expn", "fresnel", "shichi", "sici"]

# ---- exponential integrals

exp1 = special("exp1", [lambda y, x: neg(div(exp(neg(x)), x))], dtype=inexact)
expi = special("expi", [lambda y, x: div(exp(x), x)], dtype=inexact)


def _expn_slope(y: Any, n: Any, x: Any) -> Any:
    """-E_(n-1); and of E_0 = exp(-x)/x, with which this would end, the derivative itself."""
    first = scalar(n, 1)
    lowered = raised(select(greater(first, n), first, n), -1)
    of_zero = mul(y, add(scalar(x, 1), reciprocal(x)))
    return neg(select(equal(n, scalar(n, 0)), of_zero, expn(lowered, x)))


expn: Primitive = special(
    "expn", [fixed("expn", "the order"), _expn_slope], types=with_parameters("expn")
)

# ---- integrals of sin(x)/x and cos(x)/x, plain and hyperbolic


def _sin_by_x(x: Any) -> Any:
    return sinc(mul(x, scalar(x, 1 / math.pi)))


def _sinh_by_x(x: Any) -> Any:
    """sin(ix)/(ix)."""
    if x.dtype.kind == "c":
        return _sin_by_x(mul(x, x.dtype.type(1j)))
    return real(_sin_by_x(complex_(scalar(x, 0), x)))


def _sici_slopes(ys: Any, x: Any) -> tuple[Any, Any]:
    far = isinf(x)
    zero = scalar(x, 0)
    return select(far, zero, _sin_by_x(x)), select(far, zero, div(cos(x), x))


sici = special_of_several_results("sici", 2, _sici_slopes, dtype=inexact)
shichi = special_of_several_results(
    "shichi", 2, lambda ys, x: (_sinh_by_x(x), div(cosh(x), x)), dtype=inexact
)

# ---- Fresnel integrals, of sin(πx²/2) and cos(πx²/2)


def _fresnel_slopes(ys: Any, x: Any) -> tuple[Any, Any]:
    phase = mul(square(x), scalar(x, math.pi / 2))
    return sin(phase), cos(phase)


fresnel = special_of_several_results("fresnel", 2, _fresnel_slopes, dtype=inexact)
