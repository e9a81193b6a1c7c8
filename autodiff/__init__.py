"""Differentiate, batch and compile the NumPy and CuPy code you already have."""

from autodiff import numpy
from autodiff.api.batching import vmap
from autodiff.api.compiling import disable_jit, jit
from autodiff.api.gradients import grad, value_and_grad
from autodiff.api.tracing import is_traced, trace, value_of

__all__ = ["disable_jit", "grad", "is_traced", "jit", "numpy", "trace", "value_and_grad", "value_of", "vmap"]
