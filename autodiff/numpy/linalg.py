"""`numpy.linalg` to write against: its functions work on traced arrays, too.

Importing this module teaches the tracer what they mean, which happens on the first use of one; see
`autodiff.tracing.on_demand`. (Products and diagonals, such as `np.linalg.outer`, it knows before.)

| module | what it maps |
|---|---|
| `linear_systems` | solve, inv, det, slogdet, matrix_power, tensorsolve, tensorinv |
| `factorisations` | cholesky, qr |
| `spectral` | eigh, eigvalsh, eig, eigvals, svd, svdvals, matrix_rank |
| `pseudo_inverses` | pinv, lstsq |
| `norms` | norm, vector_norm, matrix_norm, cond |
"""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from autodiff.numpy import factorisations, linear_systems, norms, pseudo_inverses, spectral
from autodiff.tracing import tracer as _tracer

_WITH_FUNCTIONS = (factorisations, linear_systems, norms, pseudo_inverses, spectral)

for _module in _WITH_FUNCTIONS:
    _tracer.FUNCTIONS.update(_module.FUNCTIONS)


def __getattr__(name: str) -> Any:
    """NumPy's own function of this name, which calls the traced form where it meets a tracer."""
    return getattr(_numpy.linalg, name)


def __dir__() -> list[str]:
    return dir(_numpy.linalg)
