"""The functions of `numpy` that few programs use.

Importing this module teaches the tracer what they mean, which happens on the first use of one; see
`autodiff.tracing.on_demand`.
"""

from __future__ import annotations

from autodiff.numpy import (
    applying,
    convolution,
    histograms,
    outside,
    polynomials,
    positions,
    scimath,
    sets,
    windows,
)
from autodiff.tracing.tracer import FUNCTIONS

__all__ = ["EXTENDED"]

_MODULES = (
    applying, convolution, histograms, outside, polynomials, positions, scimath, sets, windows,
)  # fmt: skip

for _module in _MODULES:
    FUNCTIONS.update(_module.FUNCTIONS)

# What `autodiff.numpy` offers in place of NumPy's functions of these names.
EXTENDED = histograms.EXTENDED | polynomials.EXTENDED | sets.EXTENDED
