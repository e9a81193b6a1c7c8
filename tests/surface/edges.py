"""The derivatives at the edges of functions: ties, kinks, poles, zeros, infinities.

Each row is a convention that users may rely on. `test_edges.py` checks it in both modes, batched
and compiled; `docs/edges.md` is made from it. SciPy's functions are in `edges_special.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["EDGES", "Edge"]

INF, NAN = np.inf, np.nan
Numbers = float | Sequence[Any]


@dataclass(frozen=True)
class Edge:
    """A function at a point: the derivative of the sum of its results, and why it is that."""

    text: str
    call: Callable[[Any], Any]
    at: Numbers
    gradient: Numbers
    why: str


def on_pair(f: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda x: f(x[0], x[1])


def projector(x: Any) -> Any:
    """A function of the space that two equal eigenvalues belong to, whatever their vectors are."""
    _, vectors = np.linalg.eigh((x + x.T) / 2)
    space = vectors[:, :2]
    return np.sum(np.arange(9.0).reshape(3, 3) * (space @ space.T))


EYE = [[1.0, 0.0], [0.0, 1.0]]
FLAT = "constant on both sides"
MIDDLE = "the mean of the slopes on both sides"
EVEN = "shared evenly among those that tie"
LIMIT = "the limit, which exists"
POLE = "the limit; no exception"
SHORTEST = "the subgradient of least norm"
DEAD = "the branch that is not taken contributes nothing"

KINKS = [
    Edge("abs(x)", np.abs, 0.0, 0.0, MIDDLE),
    Edge("fabs(x)", np.fabs, 0.0, 0.0, MIDDLE),
    Edge("abs(z), z complex", lambda x: np.abs(x * (1 + 1j)), 0.0, 0.0, SHORTEST),
    Edge("sign(x)", np.sign, 0.0, 0.0, FLAT),
    Edge("maximum(x, y)", on_pair(np.maximum), [1.0, 1.0], [0.5, 0.5], EVEN),
    Edge("minimum(x, y)", on_pair(np.minimum), [1.0, 1.0], [0.5, 0.5], EVEN),
    Edge("fmax(x, y)", on_pair(np.fmax), [1.0, 1.0], [0.5, 0.5], EVEN),
    Edge("fmax(x, NaN)", on_pair(np.fmax), [1.0, NAN], [1.0, 0.0], "NaN is passed over"),
    Edge("max(x)", np.max, [1.0, 1.0, 0.0], [0.5, 0.5, 0.0], EVEN),
    Edge("min(x)", np.min, [1.0, 1.0, 2.0], [0.5, 0.5, 0.0], EVEN),
    Edge("nanmax(x)", np.nanmax, [NAN, 1.0, 1.0], [0.0, 0.5, 0.5], EVEN),
    Edge("ptp(x)", np.ptp, [1.0, 1.0], [0.0, 0.0], "the shares of max and of min"),
    Edge("maximum(x, 0), relu", lambda x: np.maximum(x, 0), 0.0, 0.5, EVEN),
    Edge("x * (x > 0), relu", lambda x: x * (x > 0), 0.0, 0.0, "the branch that is taken"),
    Edge("clip(x, 0, 1)", lambda x: np.clip(x, 0, 1), 0.0, 1.0, "a bound belongs to the inside"),
    Edge("clip(x, 0, 1)", lambda x: np.clip(x, 0, 1), 1.0, 1.0, "a bound belongs to the inside"),
    Edge("sort(x)[0]", lambda x: np.sort(x)[0], [1.0, 1.0], [1.0, 0.0], "sorting is stable"),
    Edge("median(x)", np.median, [1.0, 1.0, 2.0], [0.0, 1.0, 0.0], "sorting is stable"),
    Edge("remainder(x, 2)", lambda x: x % 2.0, 2.0, 1.0, "the slope on either side"),
    Edge("floor(x)", np.floor, 2.0, 0.0, FLAT),
    Edge("heaviside(x, 0.5)", lambda x: np.heaviside(x, 0.5), 0.0, 0.0, FLAT),
    Edge(
        "interp(x, [0, 1, 2], [0, 1, 0])",
        lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 0.0]),
        1.0, -1.0, "the slope to the right of a knot",
    ),
]  # fmt: skip

ZEROS = [
    Edge("sqrt(x)", np.sqrt, 0.0, INF, POLE),
    Edge("cbrt(x)", np.cbrt, 0.0, INF, POLE),
    Edge("x ** 0.5", lambda x: x**0.5, 0.0, INF, POLE),
    Edge("x ** 0", lambda x: x**0, 0.0, 0.0, "a constant"),
    Edge("x ** 1.0", lambda x: x**1.0, 0.0, 1.0, LIMIT),
    Edge("x ** p by x, p = 2", lambda x: np.power(x, np.array(2.0)), -3.0, -6.0, "exact for x < 0"),
    Edge("x ** p by p, x < 0", lambda p: np.power(-2.0, p), 2.0, NAN, "not real beside p"),
    Edge("x ** p by p, x = 0", lambda p: np.power(0.0, p), 2.0, 0.0, LIMIT),
    Edge("log(x)", np.log, 0.0, INF, POLE),
    Edge("log1p(x)", np.log1p, -1.0, INF, POLE),
    Edge("1 / x", lambda x: 1 / x, 0.0, -INF, POLE),
    Edge("arccos(x)", np.arccos, 1.0, -INF, POLE),
    Edge("arctan2(y, x)", on_pair(np.arctan2), [0.0, 0.0], [0.0, 0.0], "no direction is preferred"),
    Edge("hypot(x, y)", on_pair(np.hypot), [0.0, 0.0], [0.0, 0.0], SHORTEST),
    Edge("linalg.norm(x)", lambda x: np.linalg.norm(x), [0.0, 0.0], [0.0, 0.0], SHORTEST),
    Edge("linalg.norm(x) ** 2", lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], [0.0, 0.0], LIMIT),
    Edge("std(x)", np.std, [1.0, 1.0], [0.0, 0.0], SHORTEST),
    Edge("var(x)", np.var, [1.0, 1.0], [0.0, 0.0], LIMIT),
    Edge("sinc(x)", np.sinc, 0.0, 0.0, LIMIT),
    Edge("prod(x), one zero", np.prod, [0.0, 2.0, 3.0], [6.0, 0.0, 0.0], "exact"),
    Edge("prod(x), two zeros", np.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], "exact"),
    Edge("cumprod(x)[-1]", lambda x: np.cumprod(x)[-1], [2.0, 0.0, 3.0], [0.0, 6.0, 0.0], "exact"),
    Edge(
        "linalg.det(x), singular", np.linalg.det, [[1.0, 2.0], [2.0, 4.0]],
        [[4.0, -2.0], [-2.0, 1.0]], "the cofactors, exact",
    ),
    Edge("linalg.det(0)", np.linalg.det, [[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2, "exact"),
    Edge(
        "sum(exp(linalg.eigvalsh(x))), equal values",
        lambda x: np.sum(np.exp(np.linalg.eigvalsh(x))),
        EYE, [[np.e, 0.0], [0.0, np.e]], "exact",
    ),
    Edge(
        "a function of the space of two equal eigenvalues", projector,
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]],
        [[0.0, 0.0, -4.0], [0.0, 0.0, -6.0], [-4.0, -6.0, 0.0]],
        "exact; it does not depend on the choice of eigenvectors",
    ),
    Edge(
        "sum of singular values, all equal",
        lambda x: np.sum(np.linalg.svd(x, compute_uv=False)), EYE, EYE, "exact",
    ),
]  # fmt: skip

INFINITIES = [
    Edge("logaddexp(-inf, -inf)", on_pair(np.logaddexp), [-INF] * 2, [0.0] * 2, "no weights"),
    Edge("logaddexp(-inf, y)", on_pair(np.logaddexp), [-INF, 1.0], [0.0, 1.0], LIMIT),
    Edge("logaddexp(inf, y)", on_pair(np.logaddexp), [INF, 1.0], [1.0, 0.0], LIMIT),
    Edge("exp(x)", np.exp, -INF, 0.0, LIMIT),
    Edge("tanh(x)", np.tanh, INF, 0.0, LIMIT),
    Edge("nan_to_num(x)", np.nan_to_num, NAN, 0.0, "replaced by a constant"),
    Edge("where(x > 0, log(x), 0)", lambda x: np.where(x > 0, np.log(x), 0.0), 0.0, 0.0, DEAD),
    Edge("where(x > 0, sqrt(x), 0)", lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0, DEAD),
    Edge("where(x != 0, 1 / x, 0)", lambda x: np.where(x != 0, 1 / x, 0.0), 0.0, 0.0, DEAD),
    Edge("where(x > 0, x / 0, x)", lambda x: np.where(x > 0, x / 0.0, x), -1.0, 1.0, DEAD),
    Edge("0 * log(x)", lambda x: 0.0 * np.log(x), 0.0, NAN, "as 0 * inf is; nothing guards it"),
]  # fmt: skip

EDGES = [*KINKS, *ZEROS, *INFINITIES]
