"""`scipy.special` to write against: its functions work on traced arrays, too.

The ufuncs do so as they are: importing this module teaches the tracer which primitive each of them
is, and that happens when the first one meets a tracer (see `autodiff.tracing.on_demand`). SciPy's
functions that are no ufuncs (`logsumexp`, `polygamma`, …) have their traced forms here, under the
same names; on plain arrays they are SciPy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.numpy.special_ufuncs import as_ufunc
from autodiff.primitives import (
    bessel,
    elliptic,
    entropy_functions,
    error_functions,
    exponential,
    exponential_integrals,
    gamma_functions,
    hypergeometric,
    incomplete_beta,
    incomplete_gamma,
    lambert,
    normal_integrals,
    orthogonal_polynomials,
    powers,
    student,
    transformations,
)
from autodiff.primitives.special import ufuncs
from autodiff.scipy import exponential_sums, gamma_family, special_ufuncs, spherical_bessel
from autodiff.tracing.tracer import UFUNCS

_special = scipy_namespace(np, "special")

# Importing these modules of primitives declares ufuncs.
_DECLARING = (
    bessel, elliptic, entropy_functions, error_functions, exponential_integrals, gamma_functions,
    hypergeometric, incomplete_beta, incomplete_gamma, lambert, normal_integrals,
    orthogonal_polynomials, student, transformations,
)  # fmt: skip

# Ufuncs of SciPy's that NumPy has as well.
_NUMPYS = {
    "cbrt": powers.cbrt,
    "exp2": exponential.exp2,
    "expm1": exponential.expm1,
    "log1p": exponential.log1p,
}

# Modules of this package whose `FUNCTIONS` are the traced forms of SciPy's Python functions.
_WITH_FUNCTIONS: tuple[Any, ...] = (exponential_sums, gamma_family, spherical_bessel)

_FUNCTIONS = {name: f for module in _WITH_FUNCTIONS for name, f in module.FUNCTIONS.items()}


def _install() -> None:
    """Tell the tracer what the ufuncs are that this release of SciPy has."""
    for name, primitive in (ufuncs | _NUMPYS).items():
        ufunc = getattr(_special, name, None)
        if isinstance(ufunc, np.ufunc):
            UFUNCS[ufunc] = as_ufunc(primitive, ufunc)
    UFUNCS.update(gamma_family.UFUNCS | special_ufuncs.UFUNCS)


_install()


def __getattr__(name: str) -> Any:
    """The traced form of a Python function, else SciPy's own function of this name."""
    return _FUNCTIONS[name] if name in _FUNCTIONS else getattr(_special, name)


def __dir__() -> list[str]:
    return sorted({*dir(_special), *_FUNCTIONS})
