"""Filters of `scipy.signal` with feedback, on traced arrays, with derivatives in the coefficients.

A rational filter is a convolution with its numerator, then an all-pole filter with its denominator.
An initial state adds to the first samples between the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, traced_operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.filters import all_pole, correlate
from autodiff.primitives.structure import pad, reshape
from autodiff.scipy.forms import any_traced, at_least_single, traced_form

__all__ = ["filtfilt", "lfilter", "lfilter_zi", "sosfilt"]


def _padded(x: Any, low: int, high: int) -> Any:
    """`x` with zeros before and behind it, along the last axis."""
    n = x.ndim - 1
    low_, high_ = (*[0] * n, low), (*[0] * n, high)
    return pad(x, x.dtype.type(0), low=low_, high=high_, interior=(0,) * x.ndim)


def _slid(x: Any, b: Any, before: int, after: int) -> Any:
    """The convolution with `b` along the last axis, with these margins around the samples."""
    taps = reshape(b[::-1], shape=(*[1] * (x.ndim - 1), b.size))
    low, high = (*[0] * (x.ndim - 1), before), (*[0] * (x.ndim - 1), after)
    return correlate(x, taps, low=low, high=high, batch=0, method="direct")


@traced_form("signal")
def lfilter(b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """`scipy.signal.lfilter`; derivatives by the coefficients, the signal and the state."""
    _check_leading("lfilter", a)
    b, a, x = traced_operands(b, a, x)
    given = [b, a, x, *(traced_operands(zi) if zi is not None else [])]
    dtype = np.result_type(*[v.dtype for v in given])
    if dtype.char not in "fdgFDG":
        raise NotImplementedError(f"input type '{dtype}' not supported")
    b, a, x, *state = [convert(v, dtype) for v in given]
    b, a = np.atleast_1d(b), np.atleast_1d(a)
    if b.ndim != 1 or a.ndim != 1 or not b.size or not a.size:
        raise ValueError("scipy.signal.lfilter: b and a are one-dimensional and not empty")
    axis = axis_of(axis, x.ndim)
    x = np.moveaxis(x, axis, -1)
    b, a = b / a[0], a[1:] / a[0]
    order = max(b.size - 1, a.size)
    through = _slid(x, b, b.size - 1, 0)
    if not state:
        return np.moveaxis(all_pole(a, through, batch=0), -1, axis)
    z = _state(state[0], x, axis, order)
    n = x.shape[-1]
    known = min(n, order)
    start = _padded(z[..., :known], 0, n - known)
    y = all_pole(a, through + start, batch=0)
    final = _padded(z[..., known:], 0, known) + _tail(x, b, order)
    final = final - _tail(y, joined([zeros_like(b[:1]), a], 0), order)
    return np.moveaxis(y, -1, axis), np.moveaxis(final, -1, axis)


def _check_leading(function: str, a: Any) -> None:
    """Refuse a denominator that a filter cannot be divided by, where its value is known."""
    if not any_traced(a) and np.size(a) and np.ravel(a)[0] == 0:
        raise ValueError(f"scipy.signal.{function}: the first coefficient of a is 0")


def _state(zi: Any, x: Any, axis: int, order: int) -> Any:
    """The initial state, repeated for all signals, along the last axis."""
    if zi.ndim != x.ndim:
        raise ValueError(
            f"scipy.signal.lfilter: zi has {zi.ndim} axes for a signal of {x.ndim} axes"
        )
    return broadcast_to(np.moveaxis(zi, axis, -1), (*x.shape[:-1], order))


def _tail(x: Any, b: Any, order: int) -> Any:
    """What the last samples add to the state: sums over j > i of b[j] * x[n - j + i]."""
    return _slid(x, _padded(b, 0, order + 1 - b.size), order - x.shape[-1], order)


@traced_form("signal")
def lfilter_zi(b: Any, a: Any) -> Any:
    """`scipy.signal.lfilter_zi`, by sums of the coefficients."""
    if not any_traced(a) and np.any(a):  # leading zeros of plain coefficients do not count
        a = np.trim_zeros(np.atleast_1d(a), "f")
    b, a = traced_operands(b, a)
    if b.ndim != 1 or a.ndim != 1:
        raise ValueError("scipy.signal.lfilter_zi: b and a must be 1-D")
    dtype = at_least_single(b.dtype, a.dtype)
    b, a = convert(b, dtype), convert(a, dtype)
    b, a = b / a[0], a / a[0]
    n = max(b.size, a.size)
    b, a = _padded(b, 0, n - b.size), _padded(a, 0, n - a.size)
    # In a steady state, z[i] = z[i + 1] + b[i + 1] - a[i + 1] * y, with y the gain at frequency 0.
    excess = (b - a * (np.sum(b) / np.sum(a)))[1:]
    return np.cumsum(excess[::-1])[::-1]


@traced_form("signal")
def filtfilt(
    b: Any, a: Any, x: Any, axis: int = -1, padtype: str | None = "odd", padlen: int | None = None,
    method: str = "pad", irlen: int | None = None,
) -> Any:  # fmt: skip
    """`scipy.signal.filtfilt` with `method="pad"`."""
    if method != "pad":
        raise NotImplementedError(
            f"scipy.signal.filtfilt: method={method!r} has no traced form.{here()}\n"
            "Write instead: method='pad'"
        )
    _check_leading("filtfilt", a)
    b, a, x = traced_operands(b, a, x)
    b, a = np.atleast_1d(b), np.atleast_1d(a)
    axis = axis_of(axis, x.ndim)
    edge = (3 * max(b.size, a.size) if padlen is None else padlen) if padtype else 0
    x = np.moveaxis(x, axis, -1)
    if x.shape[-1] <= edge:
        raise ValueError(
            f"The length of the input vector x must be greater than padlen, which is {edge}."
        )
    state = lfilter_zi(b, a)
    y = _beyond_the_ends(x, edge, padtype)
    for _ in range(2):  # there and back
        y, _ = lfilter(b, a, y, zi=state * y[..., :1])
        y = y[..., ::-1]
    return np.moveaxis(y[..., edge : y.shape[-1] - edge], -1, axis)


def _beyond_the_ends(x: Any, edge: int, padtype: str | None) -> Any:
    if padtype not in ("even", "odd", "constant", None):
        raise ValueError(f"padtype must be 'even', 'odd', 'constant', or None, not {padtype!r}")
    if not edge:
        return x
    first, last = x[..., :1], x[..., -1:]
    before, after = x[..., 1 : edge + 1][..., ::-1], x[..., -edge - 1 : -1][..., ::-1]
    if padtype == "odd":
        before, after = 2 * first - before, 2 * last - after
    elif padtype == "constant":
        before, after = (broadcast_to(v, before.shape) for v in (first, last))
    return joined([before, x, after], x.ndim - 1)


@traced_form("signal")
def sosfilt(sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """`scipy.signal.sosfilt`."""
    sos, x = traced_operands(sos, x)
    if sos.ndim != 2 or sos.shape[1] != 6:
        raise ValueError(f"sos array must be shape (n_sections, 6), not {sos.shape}")
    if zi is None:
        for section in sos:
            x = lfilter(section[:3], section[3:], x, axis)
        return x
    (zi,) = traced_operands(zi)
    final = []
    for section, state in zip(sos, zi, strict=True):
        x, state = lfilter(section[:3], section[3:], x, axis, state)
        final.append(state)
    return x, np.stack(final)
