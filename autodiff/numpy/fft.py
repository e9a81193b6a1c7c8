"""`numpy.fft` to write against: its functions work on traced arrays, too.

Importing this module teaches the tracer what they mean, which happens on the first use of one; see
`autodiff.tracing.on_demand`.
"""

from __future__ import annotations

from typing import Any

import numpy as _numpy


def __getattr__(name: str) -> Any:
    """NumPy's own function of this name, which calls the traced form where it meets a tracer."""
    return getattr(_numpy.fft, name)


def __dir__() -> list[str]:
    return dir(_numpy.fft)
