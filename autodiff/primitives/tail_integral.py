"""The integral of exp(-drop(u)) times a smooth weight over u > 0, for many functions at once.

`drop` is convex and rises from zero, so the integrand falls off and has no other peak. The interval
in which it falls to nothing is found by Newton's method, and Gauss' rule is applied to it. Every
element of the arrays has an interval of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["gauss", "in_double", "tail_integral"]

Function = Callable[[Any], Any]

_DEPTH = 42.0  # exp(-42) is nothing beside one
_STEPS = 14
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(56)  # on (-1, 1)
_CHUNK = 1 << 11


def gauss(xp: Any, function: Function, end: Any) -> Any:
    """∫ function(u) du from 0 to `end`, for each element of `end`; nodes are a new first axis."""
    nodes, weights = (xp.asarray(v)[:, None] for v in (_NODES, _WEIGHTS))
    return 0.5 * end * xp.sum(weights * function(end * (0.5 + 0.5 * nodes)), axis=0)


def tail_integral(xp: Any, drop: Function, slope: Function, start: Any, weight: Function) -> Any:
    """∫ weight(u) exp(-drop(u)) du over u > 0.

    Args:
        xp: The array library.
        drop: Convex, and zero at u = 0.
        slope: Its derivative.
        start: A point for each element where the drop is large.
        weight: A smooth function that grows no faster than a power.
    """
    end = start
    for _ in range(_STEPS):  # from the right, so that Newton's steps never pass the solution
        end = end - (drop(end) - _DEPTH) / slope(end)
    return gauss(xp, lambda u: weight(u) * xp.exp(-drop(u)), end)


def in_double(xp: Any, function: Callable[..., Any], *xs: Any) -> Any:
    """`function` of the operands in double precision, in chunks that fit the processor's cache.

    The function gets arrays of one axis and one length. The result has the operands' dtype.
    """
    dtype = xs[0].dtype
    xs = tuple(xp.broadcast_arrays(*[xp.asarray(x) for x in xs]))
    shape = xs[0].shape
    flat = [xp.reshape(x, -1).astype(xp.float64) for x in xs]
    parts = [
        function(*[x[i : i + _CHUNK] for x in flat]) for i in range(0, max(flat[0].size, 1), _CHUNK)
    ]
    return xp.concatenate(parts).astype(dtype).reshape(shape)[()]
