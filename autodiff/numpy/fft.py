"""`numpy.fft` to write against: its functions work on traced arrays, too.

Importing this module teaches the tracer what they mean, which happens on the first use of one; see
`autodiff.tracing.on_demand`.
"""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from autodiff.numpy import fourier as _fourier
from autodiff.tracing.tracer import FUNCTIONS as _FUNCTIONS

_FUNCTIONS.update(_fourier.FUNCTIONS)


def __getattr__(name: str) -> Any:
    """A function that makes frequencies, else NumPy's own of this name, which sees tracers."""
    if name in _fourier.CREATORS:
        return _fourier.CREATORS[name]
    return getattr(_numpy.fft, name)


def __dir__() -> list[str]:
    return dir(_numpy.fft)
