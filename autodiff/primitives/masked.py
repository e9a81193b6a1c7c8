"""Cotangents that count only where a mask holds.

The transpose of `select` does not multiply by zero where the other branch was taken: it tags the
cotangent with the mask. Rules that work element by element keep the tag, and the mask is applied where
cotangents are added or anything else consumes them. So an infinite derivative in a branch that was not
taken never meets a zero (0 * inf is NaN).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Masked", "MaskRule"]


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """A cotangent that is zero where `mask` is false; `clean` says that its array is zero there."""

    ct: Any
    mask: Any
    clean: bool = False


# How the mask of a cotangent fares when an equation is transposed:
#   None      the mask is applied first and then forgotten
#   "same"    element by element: it stays as it is
#   "move"    elements only move: the transpose rule moves the mask, too
#   callable  (mask, i, *inputs, **params) -> mask of the new cotangent; the mask is applied first
MaskRule = Callable[..., Any] | str | None
