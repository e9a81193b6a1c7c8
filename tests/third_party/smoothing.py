"""Savitzky-Golay smoothing in NumPy, in two ways."""

import numpy as np


def savitzky_golay(y, window, order, deriv=0):
    """The cookbook version: a pseudo-inverse gives the weights, mirrored ends the rest."""
    half = (window - 1) // 2
    powers = range(order + 1)
    b = np.array([[float(k) ** i for i in powers] for k in range(-half, half + 1)])
    weights = np.linalg.pinv(b)[deriv]
    first = y[0] - np.abs(y[1 : half + 1][::-1] - y[0])
    last = y[-1] + np.abs(y[-half - 1 : -1][::-1] - y[-1])
    padded = np.concatenate((first, y, last))
    return np.convolve(weights[::-1], padded, mode="valid")


def local_fits(y, window, order):
    """A least-squares fit in every window."""
    half = window // 2
    t = np.arange(-half, half + 1, dtype=float)
    design = np.vander(t, order + 1, increasing=True)
    windows = np.lib.stride_tricks.sliding_window_view(y, window)
    coefficients, *_ = np.linalg.lstsq(design, windows.T, rcond=None)
    return coefficients[0]
