"""Rows of the primitive table for Bessel functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.primitives import bessel, spherical_bessel
from autodiff.primitives.record import Primitive
from tests.primitives.spec import Maker, Spec, complex_uniform, integers, uniform

f32 = np.dtype(np.float32)
ORDER, X = uniform(-1.5, 2.5), uniform(0.5, 4.0)
EITHER_SIGN = uniform(-3.0, 3.0)


def constant(value: Any) -> Maker:
    """A scalar operand, which a program holds as a literal."""
    return lambda rng: value


def fixed_order(primitive: Primitive, x: Maker, order: Any, id: str) -> Spec:
    """A row whose order is a literal, so that no derivative by it is asked for."""
    return Spec(primitive, (constant(order), x), id=f"{primitive.name}[{id}]")


def of_real_order() -> Iterator[Spec]:
    for name in ("jv", "yv", "iv", "kv", "jve", "yve", "ive", "kve"):
        primitive = getattr(bessel, name)
        yield fixed_order(primitive, X, np.float64(0.7), "f64")
        yield fixed_order(primitive, uniform(0.5, 4.0, dtype=f32), np.float32(1.5), "f32")
        yield fixed_order(primitive, complex_uniform(0.5, 2.0), np.float64(0.7), "c128")
    yield fixed_order(bessel.jv, uniform(0.5, 4.0, (0, 2)), np.float64(0.7), "empty")
    for name in ("jv", "iv"):
        yield fixed_order(getattr(bessel, name), EITHER_SIGN, np.float64(2), "either sign")
    for name in ("hankel1", "hankel2", "hankel1e", "hankel2e"):
        yield fixed_order(
            getattr(bessel, name), complex_uniform(0.5, 2.0), np.float64(-0.3), "c128"
        )


def of_whole_order() -> Iterator[Spec]:
    orders = integers(0, 4)
    for name in ("yn", "kn"):
        yield Spec(getattr(bessel, name), (orders, X), id=f"{name}[many orders]")
    for name in ("jn", "yn", "in", "kn"):
        primitive = getattr(spherical_bessel, f"spherical_{name}")
        yield Spec(primitive, (orders, X), id=f"{primitive.name}[many orders]")
        yield fixed_order(primitive, complex_uniform(0.5, 2.0), np.int64(2), "c128")


def of_order_zero_and_one() -> Iterator[Spec]:
    for name in ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e"):
        yield from real_rows(getattr(bessel, name), 0.5, 4.0)
    for name in ("i0", "i1", "i0e", "i1e"):
        yield from real_rows(getattr(bessel, name), -3.0, -0.2)


def real_rows(primitive: Primitive, low: float, high: float) -> Iterator[Spec]:
    yield Spec(primitive, (uniform(low, high),))
    yield Spec(primitive, (uniform(low, high, dtype=f32),), id=f"{primitive.name}[f32]")


SPECS = [*of_real_order(), *of_whole_order(), *of_order_zero_and_one()]
