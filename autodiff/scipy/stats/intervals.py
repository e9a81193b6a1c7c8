"""Distributions on an interval, some of them with ends that are parameters; and Rice's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.scipy.stats.distributions import Continuous, Formulas

__all__ = ["arcsine", "loguniform", "rice", "semicircular", "triang", "truncexpon"]

special = scipy_namespace(np, "special")
UNIT = (0.0, 1.0)

arcsine = Continuous(
    "arcsine",
    Formulas(
        lambda x: -0.5 * (np.log(x) + np.log1p(-x)) - math.log(math.pi),
        support=UNIT,
        cdf=lambda x: 2 / math.pi * np.arcsin(np.sqrt(x)),
        sf=lambda x: 2 / math.pi * np.arccos(np.sqrt(x)),
        ppf=lambda q: np.square(np.sin(math.pi / 2 * q)),
    ),
)

semicircular = Continuous(
    "semicircular",
    Formulas(
        lambda x: math.log(2 / math.pi) + 0.5 * (np.log1p(x) + np.log1p(-x)),
        support=(-1.0, 1.0),
        cdf=lambda x: 0.5 + (x * np.sqrt(1 - np.square(x)) + np.arcsin(x)) / math.pi,
        symmetric=True,
    ),
)

loguniform = Continuous(
    "loguniform",
    Formulas(
        lambda x, a, b: -np.log(x) - np.log(np.log(b) - np.log(a)),
        ("a", "b"),
        lambda a, b: (a, b),
        valid=lambda a, b: (a > 0) & (b > a),
        cdf=lambda x, a, b: np.log(x / a) / np.log(b / a),
        sf=lambda x, a, b: np.log(b / x) / np.log(b / a),
        ppf=lambda q, a, b: a * np.exp(q * np.log(b / a)),
    ),
)

truncexpon = Continuous(
    "truncexpon",
    Formulas(
        lambda x, b: -x - np.log(-np.expm1(-b)),
        ("b",),
        lambda b: (0.0, b),
        cdf=lambda x, b: np.expm1(-x) / np.expm1(-b),
        sf=lambda x, b: np.exp(-x) * np.expm1(x - b) / np.expm1(-b),
        ppf=lambda q, b: -np.log1p(q * np.expm1(-b)),
    ),
)

# ---- a triangle with its peak at c


def _rising(x: Any, c: Any) -> Any:
    return (x < c) | (c == 1)


def _triang_log_density(x: Any, c: Any) -> Any:
    up, down = np.log(x) - np.log(c), np.log1p(-x) - np.log1p(-c)
    return math.log(2) + np.where(_rising(x, c), up, down)


triang = Continuous(
    "triang",
    Formulas(
        _triang_log_density,
        ("c",),
        UNIT,
        valid=lambda c: (c >= 0) & (c <= 1),
        cdf=lambda x, c: np.where(_rising(x, c), np.square(x) / c, 1 - np.square(1 - x) / (1 - c)),
        sf=lambda x, c: np.where(_rising(x, c), 1 - np.square(x) / c, np.square(1 - x) / (1 - c)),
        ppf=lambda q, c: np.where(_rising(q, c), np.sqrt(c * q), 1 - np.sqrt((1 - c) * (1 - q))),
    ),
)

# ---- the length of a normal vector of two numbers, with mean (b, 0)

rice = Continuous(
    "rice",
    Formulas(
        lambda x, b: np.log(x) - np.square(x - b) / 2 + np.log(special.i0e(x * b)),
        ("b",),
        (0.0, np.inf),
        valid=lambda b: b >= 0,
    ),
)
