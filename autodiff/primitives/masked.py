"""Cotangents that count only where a mask holds.

The transpose of `select` does not multiply by zero where the other branch was taken: it tags the
cotangent with the mask. Rules that work element by element keep the tag, and the mask is applied
where cotangents are added or anything else consumes them. So an infinite derivative in a branch
that was not taken never meets a zero (0 * inf is NaN).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Form", "MaskRule", "Masked", "form_of", "packed", "unpacked"]


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
#   "kept"    with `multiple`: the rule takes cotangents as they are (None, Masked or plain)
MaskRule = Callable[..., Any] | str | None


# ---- cotangents as inputs and outputs of a program: each is none, one or two of them

Form = str  # "none", "plain", "masked", or "clean" (masked, and zero where the mask is false)


def form_of(ct: Any) -> Form:
    """How a cotangent is passed."""
    if not isinstance(ct, Masked):
        return "none" if ct is None else "plain"
    return "clean" if ct.clean else "masked"


def unpacked(cts: Iterable[Any]) -> list[Any]:
    """What is passed for these cotangents: their arrays, each with its mask (if any) after it."""
    return [
        x
        for ct in cts
        if ct is not None
        for x in ((ct.ct, ct.mask) if isinstance(ct, Masked) else (ct,))
    ]


def packed(forms: Iterable[Form], passed: Iterable[Any]) -> list[Any]:
    """The cotangents of these forms that were passed like this."""
    remaining = iter(passed)
    cts: list[Any] = []
    for form in forms:
        ct = None if form == "none" else next(remaining)
        cts.append(
            Masked(ct, next(remaining), form == "clean") if form in ("masked", "clean") else ct
        )
    return cts
