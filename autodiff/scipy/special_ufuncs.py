"""The ufuncs of `scipy.special` that are not simply one primitive with one result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.numpy.arguments import is_scalar, operands
from autodiff.numpy.promotion import broadcast_to, convert, kind_of
from autodiff.numpy.special_ufuncs import as_ufunc
from autodiff.primitives import airy, elliptic, exponential_integrals
from autodiff.primitives.lambert import lambertw
from autodiff.primitives.record import Primitive
from autodiff.primitives.spherical_bessel import SLOPES
from autodiff.scipy.probability_ufuncs import COMPOSED

__all__ = ["UFUNCS"]

_special = scipy_namespace(np, "special")

_OF_SEVERAL_RESULTS = (
    airy.airy,
    elliptic.ellipj,
    exponential_integrals.fresnel,
    exponential_integrals.shichi,
    exponential_integrals.sici,
)


def _several(primitive: Primitive, ufunc: Any) -> Callable[..., tuple[Any, ...]]:
    """The traced form of a ufunc with several results."""
    loops = as_ufunc(primitive, ufunc)

    def traced(*given: Any) -> tuple[Any, ...]:
        xs = operands(*given)
        plan = loops.plan(tuple([kind_of(x) for x in xs]))
        ready = [convert(x, dtype) for x, dtype in zip(xs, plan.dtypes, strict=True)]
        return primitive(*[x if is_scalar(x) else broadcast_to(x, plan.shape) for x in ready])

    return traced


def _inner(primitive: Primitive) -> dict[Any, Callable[..., Any]]:
    """The ufunc that SciPy's Python function of this name calls in the end."""
    ufunc = getattr(scipy_namespace(np, "special._ufuncs"), f"_{primitive.name}")
    return {ufunc: as_ufunc(primitive, ufunc)}


UFUNCS: dict[Any, Callable[..., Any]] = {
    getattr(_special, p.name): _several(p, getattr(_special, p.name)) for p in _OF_SEVERAL_RESULTS
}

UFUNCS |= COMPOSED

# ---- ufuncs within Python functions

for _primitive in (lambertw, *[function for function, _ in SLOPES.values()]):
    UFUNCS |= _inner(_primitive)
