"""The Airy functions and their derivatives, which satisfy y'' = x y."""

from __future__ import annotations

from typing import Any

from autodiff.primitives.algebra import mul
from autodiff.primitives.dtypes import inexact
from autodiff.primitives.several_results import special_of_several_results

__all__ = ["airy"]


def _slopes(ys: Any, x: Any) -> tuple[Any, ...]:
    ai, ai_slope, bi, bi_slope = ys
    return ai_slope, mul(x, ai), bi_slope, mul(x, bi)


airy = special_of_several_results("airy", 4, _slopes, dtype=inexact)  # Ai, Ai', Bi, Bi'
