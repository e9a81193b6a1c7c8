"""x log y and what information theory makes of it, with the limits that belong to 0 log 0.

Conventions: x log y is zero at x = 0 whatever y is, so its derivative by y is zero there, too; by
x it is log y, which at (0, 0) is -inf. That of entr at 0 is inf. Where rel_entr and kl_div have no
limit, at (0, 0), the log of 0/0 counts as -1: rel_entr is stationary there (as in JAX).
"""

from __future__ import annotations

from typing import Any

from autodiff.primitives.algebra import add, neg
from autodiff.primitives.arithmetic import div, select, sub
from autodiff.primitives.comparison import equal, greater, logical_and
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.exponential import log, log1p
from autodiff.primitives.special import special

__all__ = ["entr", "kl_div", "rel_entr", "xlog1py", "xlogy"]


def _is(x: Any, value: float) -> Any:
    return equal(x, scalar(x, value))


def _quotient(x: Any, y: Any) -> Any:
    """X / y, and zero at (0, 0)."""
    both = logical_and(_is(x, 0), _is(y, 0))
    return div(x, select(both, scalar(y, 1), y))


xlogy = special("xlogy", [lambda z, x, y: log(y), lambda z, x, y: _quotient(x, y)], dtype=inexact)
xlog1py = special(
    "xlog1py",
    [lambda z, x, y: log1p(y), lambda z, x, y: _quotient(x, add(scalar(y, 1), y))],
    dtype=inexact,
)

entr = special("entr", [lambda y, x: sub(scalar(x, -1), log(x))])


def _log_quotient(x: Any, y: Any) -> Any:
    """log(x / y), which does not overflow before its time, and -1 at (0, 0)."""
    both = logical_and(_is(x, 0), _is(y, 0))
    one = scalar(x, 1)
    difference = sub(log(select(both, one, x)), log(select(both, one, y)))
    ratio = div(x, select(both, one, y))
    half = logical_and(greater(ratio, scalar(x, 0.5)), greater(scalar(x, 2), ratio))
    near = log1p(select(half, div(sub(x, y), select(both, one, y)), scalar(x, 0)))
    return select(both, scalar(x, -1), select(half, near, difference))


rel_entr = special(
    "rel_entr",
    [
        lambda z, x, y: add(_log_quotient(x, y), scalar(x, 1)),
        lambda z, x, y: neg(_quotient(x, y)),
    ],
)
kl_div = special(
    "kl_div",
    [
        lambda z, x, y: _log_quotient(x, y),
        lambda z, x, y: sub(scalar(x, 1), _quotient(x, y)),
    ],
)
