"""The spherical Bessel functions of `scipy.special`, which are Python functions there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.numpy.arguments import is_scalar, operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert
from autodiff.primitives.spherical_bessel import SLOPES
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS"]


def _traced(name: str) -> Callable[..., Any]:
    function, slope = SLOPES[name]

    def spherical(n: Any, z: Any, derivative: bool = False) -> Any:
        if type(n) is not Tracer and type(z) is not Tracer:
            return getattr(scipy_namespace(np, "special"), name)(n, z, derivative)
        order, x = operands(n, z)
        if np.result_type(order).kind not in "biu":
            raise TypeError(
                f"scipy.special.{name}: the order must be an integer, not {order!r:.60}.{here()}\n"
                "Write instead: `jv(n + 0.5, z)` and its like of scipy.special, for a real order"
            )
        order = convert(order, np.int64)
        x = convert(x, np.result_type(x, np.float64))
        shape = broadcast_shapes((), np.shape(order), np.shape(x))
        pair = [p if is_scalar(p) else broadcast_to(p, shape) for p in (order, x)]
        return (slope if derivative else function)(*pair)

    spherical.__name__ = name
    spherical.__doc__ = f"`scipy.special.{name}`."
    return spherical


FUNCTIONS = {name: _traced(name) for name in SLOPES}
