"""Convolutions and correlations of `scipy.signal` on traced arrays, in any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, prod
from typing import Any

import numpy as np

from autodiff.numpy.arguments import axes_of, traced_operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert
from autodiff.primitives import filters
from autodiff.primitives.structure import flip
from autodiff.scipy.boundaries import extended
from autodiff.scipy.forms import at_least_single, traced_form

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "fftconvolve", "oaconvolve"]

_MODES = ("full", "same", "valid")
_BOUNDARIES = {"fill": "constant", "wrap": "wrap", "symm": "reflect"}


def mirrored(x: Any) -> Any:
    """An array reversed along all axes, and conjugated."""
    back = flip(x, axes=tuple(range(x.ndim)))
    return np.conj(back) if x.dtype.kind == "c" else back


def _ordered(x: Any, w: Any, mode: str, axes: Sequence[int]) -> tuple[Any, Any]:
    """The array and the kernel; for "valid", whichever is the larger one is the array."""
    if mode not in _MODES:
        raise ValueError(f"acceptable mode flags are {', '.join(_MODES)}, not {mode!r}")
    if mode != "valid" or all(x.shape[k] >= w.shape[k] for k in axes):
        return x, w
    if not all(w.shape[k] >= x.shape[k] for k in axes):
        raise ValueError(
            "For 'valid' mode, one must be at least as large as the other in every dimension, "
            f"which {x.shape} and {w.shape} are not"
        )
    return w, x


def _margins(k: int, mode: str) -> tuple[int, int]:
    """How far a kernel of length `k` reaches beyond the array, before and behind it."""
    return {"full": (k - 1, k - 1), "same": (k // 2, (k - 1) // 2), "valid": (0, 0)}[mode]


def _convolved(x: Any, w: Any, mode: str, batch: int, method: str) -> Any:
    """The convolution along all but the first `batch` axes."""
    if mode == "full" and w.size > x.size:
        x, w = w, x
    low, high = zip(*[_margins(k, mode) for k in w.shape[batch:]], strict=True)
    w = flip(w, axes=tuple(range(batch, w.ndim)))
    return filters.correlate(x, w, low=low, high=high, batch=batch, method=method)


def _same_rank(function: str, x: Any, w: Any) -> None:
    if x.ndim != w.ndim:
        raise ValueError(
            f"scipy.signal.{function} takes arrays of the same number of axes, not of shapes "
            f"{x.shape} and {w.shape}"
        )


def _method(x: Any, w: Any, method: str) -> str:
    """What "auto" stands for: transforms where they are clearly less work."""
    if method not in ("auto", "direct", "fft"):
        raise ValueError(f"acceptable methods are 'auto', 'direct' and 'fft', not {method!r}")
    if method != "auto":
        return method
    size = prod([n + k - 1 for n, k in zip(x.shape, w.shape, strict=True)])
    by_hand = x.size * w.size
    inexact = np.promote_types(x.dtype, w.dtype).char in "dDgG"
    return "fft" if inexact and by_hand > 100 * size * log2(size + 1) else "direct"


@traced_form("signal")
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """`scipy.signal.convolve`."""
    x, w = traced_operands(in1, in2)
    _same_rank("convolve", x, w)
    if not x.ndim:
        return x * w
    if not x.size or not w.size:
        raise ValueError("scipy.signal.convolve: neither of the arrays may be empty")
    x, w = _ordered(x, w, mode, range(x.ndim))
    method = _method(x, w, method)
    if method == "fft":
        y = fftconvolve(x, w, mode)
        dtype = np.result_type(x.dtype, w.dtype)
        return convert(np.round(y) if dtype.kind in "iu" else y, dtype)
    dtype = np.promote_types(x.dtype, w.dtype)
    return _convolved(convert(x, dtype), convert(w, dtype), mode, 0, "direct")


@traced_form("signal")
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """`scipy.signal.correlate`."""
    x, w = traced_operands(in1, in2)
    _same_rank("correlate", x, w)
    return convolve(x, mirrored(w), mode, method)


@traced_form("signal")
def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """`scipy.signal.fftconvolve`."""
    x, w = traced_operands(in1, in2)
    _same_rank("fftconvolve", x, w)
    if not x.ndim:
        return x * w
    if not x.size or not w.size:
        return np.zeros(0)
    along = axes_of(axes, x.ndim)
    if not along:
        raise ValueError("when provided, axes cannot be empty")
    along = tuple([k for k in along if 1 not in (x.shape[k], w.shape[k])])
    first = x.shape
    x, w = _ordered(x, w, mode, along)
    if not along:
        return _centred(x * w, first, mode)
    dtype = at_least_single(x.dtype, w.dtype)
    x, w = convert(x, dtype), convert(w, dtype)
    lead = tuple([k for k in range(x.ndim) if k not in along])
    place = tuple(range(len(lead)))
    x, w = np.moveaxis(x, lead, place), np.moveaxis(w, lead, place)
    n = len(lead)
    common = broadcast_shapes(x.shape[:n], w.shape[:n])
    x, w = (broadcast_to(v, (*common, *v.shape[n:])) for v in (x, w))
    return _centred(np.moveaxis(_convolved(x, w, mode, n, "fft"), place, lead), first, mode)


def _centred(y: Any, shape: Sequence[int], mode: str) -> Any:
    """For "same", the middle of a result that is longer along axes that were broadcast."""
    if mode != "same" or y.shape == tuple(shape):
        return y
    starts = [(m - n) // 2 for m, n in zip(y.shape, shape, strict=True)]
    return y[tuple([slice(a, a + n) for a, n in zip(starts, shape, strict=True)])]


@traced_form("signal")
def oaconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """`scipy.signal.oaconvolve`; here one transform of the whole."""
    return fftconvolve(in1, in2, mode, axes)


# ---- images


@traced_form("signal")
def convolve2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """`scipy.signal.convolve2d`."""
    x, w = _images("convolve2d", in1, in2)
    x, w = _ordered(x, w, mode, (0, 1))
    margins = [_margins(k, mode) for k in w.shape]
    return _slid(x, flip(w, axes=(0, 1)), margins, boundary, fillvalue)


@traced_form("signal")
def correlate2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """`scipy.signal.correlate2d`."""
    x, w = _images("correlate2d", in1, in2)
    larger, smaller = _ordered(x, w, mode, (0, 1))
    kernel = np.conj(smaller) if smaller.dtype.kind == "c" else smaller
    margins = [_margins(k, mode)[::-1] for k in kernel.shape]  # not the middle of `convolve2d`
    y = _slid(larger, kernel, margins, boundary, fillvalue)
    return y if larger is x else flip(y, axes=(0, 1))


def _images(function: str, in1: Any, in2: Any) -> list[Any]:
    """Two images of one dtype."""
    x, w = traced_operands(in1, in2)
    if x.ndim != 2 or w.ndim != 2:
        raise ValueError(f"{function} inputs must both be 2-D arrays")
    dtype = np.promote_types(x.dtype, w.dtype)
    return [convert(x, dtype), convert(w, dtype)]


def _slid(x: Any, w: Any, margins: Sequence[tuple[int, int]], boundary: str, fill: Any) -> Any:
    """The correlation of an image, extended by margins, with a kernel."""
    if boundary not in _BOUNDARIES:
        raise ValueError(
            f"acceptable boundary flags are {', '.join(_BOUNDARIES)}, not {boundary!r}"
        )
    for axis, (before, after) in enumerate(margins):
        x = extended(x, axis, before, after, _BOUNDARIES[boundary], fill)
    return filters.correlate(x, w, low=(0, 0), high=(0, 0), batch=0, method="direct")
