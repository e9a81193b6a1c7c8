"""`scipy.signal` on traced arrays: convolution, filters, smoothing and resampling.

On plain arrays, each function is SciPy's own; and so is what designs filters and windows.
"""

from autodiff.scipy.convolution import (
    convolve,
    convolve2d,
    correlate,
    correlate2d,
    fftconvolve,
    oaconvolve,
)
from autodiff.scipy.forms import own_of_scipy
from autodiff.scipy.recursive_filters import filtfilt, lfilter, lfilter_zi, sosfilt
from autodiff.scipy.signal_fits import detrend, hilbert, resample, savgol_filter

__all__ = [
    "convolve", "convolve2d", "correlate", "correlate2d", "detrend", "fftconvolve", "filtfilt",
    "hilbert", "lfilter", "lfilter_zi", "oaconvolve", "resample", "savgol_filter", "sosfilt",
]  # fmt: skip

__getattr__ = own_of_scipy("signal")
