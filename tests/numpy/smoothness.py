"""Derivatives of smooth functions of a matrix by differences, for matrices of any kind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import autodiff as ad

__all__ = ["RNG", "WEIGHTS", "check", "direction", "first", "second"]

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(6, 6))


def direction(x: Any) -> Any:
    dx = RNG.normal(size=x.shape)
    return dx + 1j * RNG.normal(size=x.shape) if x.dtype.kind == "c" else dx


def extrapolated(quotient: Any, step: float) -> Any:
    """The limit of an even function of the step, by Richardson's extrapolation."""
    table = [quotient(step / 2**k) for k in range(4)]
    for k in (1, 2, 3):
        table = [(4**k * b - a) / (4**k - 1) for a, b in pairwise(table)]
    return table[0]


def first(g: Any) -> Any:
    return extrapolated(lambda h: (g(h) - g(-h)) / (2 * h), 2e-2)


def second(g: Any) -> Any:
    return extrapolated(lambda h: (g(h) - 2 * g(0.0) + g(-h)) / h**2, 4e-2)


def check(f: Any, x: Any, order: int = 2) -> None:
    """First and second derivatives along a direction, in both modes."""
    dx = direction(x)

    def slope(y: Any) -> Any:
        return ad.jvp(f, (y,), (dx,))[1]

    expected = first(lambda t: f(x + t * dx))
    reverse = np.sum(ad.grad(f)(x) * dx).real
    np.testing.assert_allclose([slope(x), reverse], expected, rtol=1e-8, atol=1e-9)
    if order == 2:
        curvature = second(lambda t: f(x + t * dx))
        forward_reverse = np.sum(ad.jvp(ad.grad(f), (x,), (dx,))[1] * dx).real
        both = np.sum(ad.grad(slope)(x) * dx).real
        forward = ad.jvp(slope, (x,), (dx,))[1]
        found = [forward, forward_reverse, both]
        np.testing.assert_allclose(found, curvature, rtol=1e-6, atol=1e-7)
