"""What `scipy.ndimage` takes an image to be beyond its edges.

Filters ask for it a few elements further (`extended`), interpolation anywhere (`folded`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.primitives.structure import pad

__all__ = ["extended", "folded", "folded_index", "spline_boundary"]

# SciPy's name of a mode for filters -> NumPy's in `np.pad`.
_PADDING = {
    "reflect": "symmetric", "grid-mirror": "symmetric", "mirror": "reflect", "nearest": "edge",
    "wrap": "wrap", "grid-wrap": "wrap", "constant": "constant", "grid-constant": "constant",
}  # fmt: skip


def extended(x: Any, axis: int, before: int, after: int, mode: str, cval: Any) -> Any:
    """The image with some elements more on both sides of an axis."""
    if mode not in _PADDING:
        raise RuntimeError(f"boundary mode not supported: {mode!r} (one of {', '.join(_PADDING)})")
    if _PADDING[mode] == "constant":
        low, high = ([n if k == axis else 0 for k in range(x.ndim)] for n in (before, after))
        value = convert(cval, x.dtype)
        return pad(x, value, low=tuple(low), high=tuple(high), interior=(0,) * x.ndim)
    numbers: Any = np.arange(x.shape[axis])
    order = np.pad(numbers, (before, after), _PADDING[mode])  # type: ignore[call-overload]
    ends = order[:before], order[order.size - after :]
    low, high = (np.take(x, end, axis=axis) for end in ends)
    return joined([part for part in (low, x, high) if part.shape[axis]], axis)


def folded(at: Any, n: int, mode: str) -> Any:
    """Coordinates along an axis of `n` samples as equivalent ones near them.

    At a coordinate where a mode has a kink, the derivative is that to the right.
    """
    if mode == "grid-wrap":
        return np.mod(at, n)
    if mode in ("reflect", "grid-mirror"):
        turned = np.mod(at + 0.5, 2 * n)
        return np.where(turned > n, 2 * n - turned, turned) - 0.5
    if mode not in ("mirror", "wrap"):
        raise RuntimeError(f"boundary mode not supported: {mode!r}")
    if n == 1:
        return at * 0.0
    last = n - 1
    if mode == "mirror":
        turned = np.mod(np.where(at < 0, -at, at), 2 * last)
        # Which of two equivalent coordinates it is decides how halves are rounded.
        return np.where(turned >= np.where(at < 0, last, n), 2 * last - turned, turned)
    below = last - np.mod(-at, last)
    return np.where(at < 0, below, np.where(at > last, np.mod(at, last), at))


def folded_index(i: Any, n: int, mode: str) -> Any:
    """The sample that stands for the one with an index outside of the axis."""
    if mode == "grid-wrap":
        return np.mod(i, n)
    if mode in ("nearest", "grid-constant") or n == 1:
        return np.clip(i, 0, n - 1)
    if mode in ("reflect", "grid-mirror"):
        turned = np.mod(i, 2 * n)
        return np.where(turned > n - 1, 2 * n - 1 - turned, turned)
    turned = np.mod(i, 2 * (n - 1))
    return np.where(turned > n - 1, 2 * (n - 1) - turned, turned)


def spline_boundary(mode: str) -> str:
    """The boundary for which the coefficients of splines are computed."""
    if mode == "grid-wrap":
        return mode
    return "reflect" if mode in ("reflect", "grid-mirror", "nearest") else "mirror"
