"""The inverse functions of w exp(w) and of w + log(w)."""

from __future__ import annotations

from typing import Any

from autodiff.primitives.algebra import add, neg
from autodiff.primitives.arithmetic import div, reciprocal, select
from autodiff.primitives.comparison import greater
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.exponential import exp
from autodiff.primitives.parameters import with_parameters
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = ["lambertw", "wrightomega"]


def _outside_unit(x: Any) -> Any:
    size = abs_(x)
    return greater(size, scalar(size, 1))


def _lambertw_slope(w: Any, z: Any, k: Any, tolerance: Any) -> Any:
    """1 / (exp(w) (1 + w)), exact at 0; far out 1 / (z (1 + 1/w)), which has a limit."""
    one, far = scalar(w, 1), _outside_unit(z)
    by_w = select(far, reciprocal(z), exp(neg(w)))
    return div(by_w, add(one, select(far, reciprocal(w), w)))


# Operands: z, the branch (an integer), and the tolerance of the iteration.
lambertw = special(
    "lambertw", [_lambertw_slope, None, None], types=with_parameters("lambertw", "c", argument=0)
)


def _wrightomega_slope(w: Any, z: Any) -> Any:
    """The quotient w / (1 + w); far out 1 / (1 + 1/w), which has a limit."""
    one = scalar(w, 1)
    far = _outside_unit(w)
    return div(select(far, one, w), add(one, select(far, reciprocal(w), w)))


wrightomega: Primitive = special("wrightomega", [_wrightomega_slope], dtype=inexact)
