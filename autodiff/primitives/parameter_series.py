"""Power series in two parameters, cut off at given orders: derivatives of a product at any order.

A series is a table: entry (i, j) is the coefficient of δⁱ εʲ, where δ and ε are the increments of
the two parameters, and i ≤ m, j ≤ n. The coefficients are arrays, and entries that are missing are
zero. With n = 0 there is but one parameter. (The order is known when a program is made, so a table
is a handful of arrays.)
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["Series", "derivative", "exponential", "inverse", "linear", "product"]

Series = dict[tuple[int, int], Any]


def product(f: Series, g: Series, m: int, n: int) -> Series:
    """The product f g."""
    result: Series = {}
    for i in range(m + 1):
        for j in range(n + 1):
            terms = [
                f[k, p] * g[i - k, j - p]
                for k in range(i + 1)
                for p in range(j + 1)
                if (k, p) in f and (i - k, j - p) in g
            ]
            if terms:
                result[i, j] = sum(terms)
    return result


def exponential(g: Series, m: int, n: int) -> Series:
    """exp(g) for a g without constant term (from f' = g' f)."""
    f: Series = {(0, 0): 1.0}
    for i in range(m + 1):
        for j in range(n + 1):
            if i or j:
                by = 0 if i else 1  # the parameter by which f' is taken
                terms = [
                    (k, p)[by] * c * f[i - k, j - p]
                    for (k, p), c in g.items()
                    if k <= i and p <= j and (k, p)[by]
                ]
                f[i, j] = sum(terms) / (i, j)[by]
    return f


def linear(a: Any, axis: int) -> Series:
    """The parameter itself: a + δ (axis 0) or a + ε (axis 1)."""
    return {(0, 0): a, (1 - axis, axis): 1.0}


def inverse(c: Any, m: int, n: int) -> Series:
    """1 / (c + δ + ε)."""
    return {
        (i, j): (-1) ** (i + j) * math.comb(i + j, i) / c ** (i + j + 1)
        for i in range(m + 1)
        for j in range(n + 1)
    }


def derivative(f: Series, m: int, n: int = 0) -> Any:
    """The derivative that the coefficient (m, n) stands for."""
    return math.factorial(m) * math.factorial(n) * f[m, n]
