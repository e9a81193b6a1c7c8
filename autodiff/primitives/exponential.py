"""Exponentials and logarithms, and the functions made of them that must not overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import div, sub
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.piecewise import clip, minimum
from autodiff.primitives.record import Primitive

__all__ = [
    "exp", "exp2", "expm1", "log", "log1p", "log1p_exp", "log2", "log10", "logaddexp",
    "logaddexp2", "logistic",
]  # fmt: skip

exp = elementwise("exp", [lambda y, x: y], dtype=inexact, ufunc=np.exp, cheap=False)

exp2 = elementwise(
    "exp2",
    [lambda y, x: mul(scalar(y, math.log(2)), y)],
    dtype=inexact,
    ufunc=np.exp2,
    cheap=False,
)

expm1 = elementwise(
    "expm1",
    [lambda y, x: exp(x)],  # y + 1 has no correct digit for x < -37
    dtype=inexact,
    ufunc=np.expm1,
    cheap=False,
)

log = elementwise(
    "log", [Push(lambda t, y, x: div(t, x))], dtype=inexact, ufunc=np.log, cheap=False
)

log2 = elementwise(
    "log2",
    [lambda y, x: div(scalar(x, 1 / math.log(2)), x)],
    dtype=inexact,
    ufunc=np.log2,
    cheap=False,
)

log10 = elementwise(
    "log10",
    [lambda y, x: div(scalar(x, 1 / math.log(10)), x)],
    dtype=inexact,
    ufunc=np.log10,
    cheap=False,
)

log1p = elementwise(
    "log1p",
    [Push(lambda t, y, x: div(t, add(scalar(x, 1), x)))],
    dtype=inexact,
    ufunc=np.log1p,
    cheap=False,
)


# ---- the logistic function and its integral


def _logistic_run(xp: Any, x: Any) -> Any:
    e = xp.exp(-xp.abs(x))  # at most 1
    return xp.where(x >= 0, 1, e) / (1 + e)


logistic: Primitive = elementwise(
    "logistic",  # 1 / (1 + exp(-x))
    [lambda y, x: mul(y, logistic(neg(x)))],  # 1 - y loses its digits for large x
    dtype=floating,
    run=_logistic_run,
    cheap=False,
)

log1p_exp = elementwise(
    "log1p_exp",  # log(1 + exp(x)), known as softplus
    [lambda y, x: logistic(x)],
    dtype=floating,
    run=lambda xp, x: xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x))),
    text="np.maximum({0}, 0) + np.log1p(np.exp(-np.abs({0})))",
    cheap=False,
)


# ---- the logarithm of a sum


def _excess(x: Any, y: Any) -> Any:
    """How much larger x is than y, with infinities ordered: -inf exceeds nothing, not even -inf."""
    most = float(np.finfo(x.dtype).max) / 4
    low, high = scalar(x, -most), scalar(x, most)
    return sub(minimum(x, high), clip(y, low, high))


# The derivative by x is e^x / (e^x + e^y): 0 if both are -inf, 1/2 if both are inf.
logaddexp = elementwise(
    "logaddexp",
    [lambda z, x, y: logistic(_excess(x, y)), lambda z, x, y: logistic(_excess(y, x))],
    dtype=floating,
    ufunc=np.logaddexp,
    cheap=False,
)


def _base_two_weight(x: Any, y: Any) -> Any:
    return logistic(mul(scalar(x, math.log(2)), _excess(x, y)))


logaddexp2 = elementwise(
    "logaddexp2",
    [lambda z, x, y: _base_two_weight(x, y), lambda z, x, y: _base_two_weight(y, x)],
    dtype=floating,
    ufunc=np.logaddexp2,
    cheap=False,
)
