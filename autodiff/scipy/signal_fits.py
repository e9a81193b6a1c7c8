"""Smoothing, removal of trends, and resampling: `scipy.signal`'s linear maps on traced arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.numpy.arguments import axis_of, traced_operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.scipy.forms import any_traced, at_least_single, traced_form
from autodiff.scipy.image_filters import convolve1d

__all__ = ["detrend", "hilbert", "resample", "savgol_filter"]


@traced_form("signal")
def savgol_filter(
    x: Any, window_length: int, polyorder: int, deriv: int = 0, delta: float = 1.0, axis: int = -1,
    mode: str = "interp", cval: Any = 0.0,
) -> Any:  # fmt: skip
    """`scipy.signal.savgol_filter`."""
    (x,) = traced_operands(x)
    x = x if x.dtype.char in "fd" else convert(x, float)
    axis = axis_of(axis, x.ndim)
    signal = scipy_namespace(np, "signal")
    weights = signal.savgol_coeffs(window_length, polyorder, deriv=deriv, delta=delta)
    if mode != "interp":
        if mode not in ("mirror", "constant", "nearest", "wrap"):
            raise ValueError(
                f"mode must be 'mirror', 'constant', 'nearest' 'wrap' or 'interp', not {mode!r}"
            )
        return convolve1d(x, weights, axis, mode=mode, cval=cval)
    n, half = x.shape[axis], window_length // 2
    if window_length > n:
        raise ValueError(
            "If mode is 'interp', window_length must be less than or equal to the size of x."
        )
    # What the filter does to a window with a single one in it: near its ends, the polynomial fit.
    unit = np.eye(window_length)
    fit = signal.savgol_filter(unit, window_length, polyorder, deriv, delta, axis=0)
    fit = fit.astype(x.dtype)
    x = np.moveaxis(x, axis, -1)
    first = np.matmul(x[..., :window_length], fit[:half].T)
    last = np.matmul(x[..., n - window_length :], fit[window_length - half :].T)
    middle = convolve1d(x, weights, mode="constant")[..., half : n - half]
    return np.moveaxis(joined([first, middle, last], x.ndim - 1), -1, axis)


@traced_form("signal")
def detrend(
    data: Any, axis: int = -1, type: str = "linear", bp: Any = 0, overwrite_data: bool = False
) -> Any:
    """`scipy.signal.detrend`."""
    (x,) = traced_operands(data)
    axis = axis_of(axis, x.ndim)
    if type in ("constant", "c"):
        return x - np.mean(x, axis=axis, keepdims=True)
    if type not in ("linear", "l"):
        raise ValueError(f"Trend type must be 'linear' or 'constant', not {type!r}")
    x = x if x.dtype.char in "fdFD" else convert(x, float)
    x = np.moveaxis(x, axis, -1)
    n = x.shape[-1]
    breaks = np.unique([0, *np.atleast_1d(bp), n]).tolist()
    if breaks[-1] > n:
        raise ValueError("Breakpoints must be less than length of data along given axis.")
    pieces = []
    for start, stop in pairwise(breaks):
        piece = x[..., start:stop]
        line = np.stack([np.ones(stop - start), np.arange(stop - start)], axis=1)
        basis = np.linalg.qr(line[:, : min(2, stop - start)])[0].astype(x.real.dtype)
        pieces.append(piece - np.matmul(np.matmul(piece, basis), basis.T))
    return np.moveaxis(joined(pieces, x.ndim - 1), -1, axis)


@traced_form("signal")
def hilbert(x: Any, N: int | None = None, axis: int = -1) -> Any:
    """`scipy.signal.hilbert`."""
    (x,) = traced_operands(x)
    if x.dtype.kind == "c":
        raise ValueError("x must be real.")
    axis = axis_of(axis, x.ndim)
    n = x.shape[axis] if N is None else N
    if n <= 0:
        raise ValueError("N must be positive.")
    x = np.moveaxis(convert(x, at_least_single(x.dtype)), axis, -1)
    kept = np.zeros(n, x.dtype)  # positive frequencies twice, negative ones not at all
    kept[0] = kept[n // 2] = 1
    kept[1 : (n + 1) // 2] = 2
    return np.moveaxis(np.fft.ifft(np.fft.fft(x, n) * kept), -1, axis)


@traced_form("signal")
def resample(
    x: Any, num: int, t: Any = None, axis: int = 0, window: Any = None, domain: str = "time"
) -> Any:
    """`scipy.signal.resample`."""
    if domain not in ("time", "freq"):
        raise ValueError(f"domain must be 'time' or 'freq', not {domain!r}")
    (x,) = traced_operands(x)
    axis = axis_of(axis, x.ndim)
    real = x.dtype.kind != "c" and domain == "time"
    x = np.moveaxis(convert(x, at_least_single(x.dtype)), axis, -1)
    n = x.shape[-1]
    spectrum = np.fft.fft(x) if domain == "time" else x
    if window is not None:
        weights = _window(window, n)
        spectrum = spectrum * (convert(weights, x.dtype) if real else weights)
    kept = min(n, num)
    half = (kept - 1) // 2  # so many frequencies on either side of zero
    low, high = spectrum[..., : half + 1], spectrum[..., n - half :]
    between = [np.zeros((*x.shape[:-1], num - 2 * half - 1), spectrum.dtype)]
    if kept % 2 == 0 and kept:  # the frequency that is its own opposite, split or united
        top = spectrum[..., kept // 2 : kept // 2 + 1]
        if num < n:
            between = [top + spectrum[..., n - kept // 2 : n - kept // 2 + 1]]
        elif num == n:
            between = [top]
        else:
            gap = np.zeros((*x.shape[:-1], num - kept - 1), spectrum.dtype)
            between = [top / 2, gap, top / 2]
    y = np.fft.ifft(joined([low, *between, high], x.ndim - 1)) * (num / n)
    y = np.moveaxis(convert(np.real(y), x.dtype) if real else y, -1, axis)
    return y if t is None else (y, t[0] + (t[1] - t[0]) * (n / num) * np.arange(num))


def _window(window: Any, n: int) -> Any:
    """The weights of frequencies, in the order of a Fourier transform."""
    if callable(window):
        return window(np.fft.fftfreq(n))
    if any_traced(window) or hasattr(window, "shape"):
        if np.shape(window) != (n,):
            raise ValueError(
                f"scipy.signal.resample takes a weight for each of {n} frequencies, not a window "
                f"of shape {np.shape(window)}"
            )
        return window
    return np.fft.fftshift(scipy_namespace(np, "signal").get_window(window, n))
