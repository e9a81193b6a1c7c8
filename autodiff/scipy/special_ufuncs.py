"""The ufuncs of `scipy.special` that are not simply one primitive with one result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType
from autodiff.numpy.arguments import is_scalar, operands
from autodiff.numpy.promotion import broadcast_to, convert, kind_of
from autodiff.numpy.special_ufuncs import as_ufunc
from autodiff.primitives import airy, elliptic, exponential_integrals
from autodiff.primitives.lambert import lambertw
from autodiff.primitives.record import Primitive
from autodiff.primitives.spherical_bessel import SLOPES

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


# ---- distribution functions that are incomplete gamma or beta functions


COMPOSED: dict[str, Callable[..., Any]] = {
    "chdtr": lambda v, x: _special.gammainc(v / 2, x / 2),
    "chdtrc": lambda v, x: _special.gammaincc(v / 2, x / 2),
    "gdtr": lambda a, b, x: _special.gammainc(b, a * x),
    "gdtrc": lambda a, b, x: _special.gammaincc(b, a * x),
    "pdtr": lambda k, m: _special.gammaincc(np.floor(k) + 1, m),
    "pdtrc": lambda k, m: _special.gammainc(np.floor(k) + 1, m),
    "bdtr": lambda k, n, p: _special.betaincc(np.floor(k) + 1, n - np.floor(k), p),
    "bdtrc": lambda k, n, p: _special.betainc(np.floor(k) + 1, n - np.floor(k), p),
    "nbdtr": lambda k, n, p: _special.betainc(n, k + 1, p),
    "nbdtrc": lambda k, n, p: _special.betaincc(n, k + 1, p),
    "fdtr": lambda n, d, x: _special.betainc(n / 2, d / 2, n * x / (d + n * x)),
    "fdtrc": lambda n, d, x: _special.betainc(d / 2, n / 2, d / (d + n * x)),
}


def _composed(name: str) -> Callable[..., Any]:
    """A ufunc as a composition of others, on operands of the dtypes that it would choose."""
    ufunc, formula = getattr(_special, name), COMPOSED[name]

    def traced(*given: Any) -> Any:
        xs = operands(*given)
        given_types = [k.dtype if isinstance(k, ArrayType) else k for k in map(kind_of, xs)]
        dtype = ufunc.resolve_dtypes((*given_types, None))[-1]
        return formula(*[convert(x, dtype) for x in xs])

    return traced


UFUNCS |= {getattr(_special, name): _composed(name) for name in COMPOSED}

# ---- ufuncs within Python functions

for _primitive in (lambertw, *[function for function, _ in SLOPES.values()]):
    UFUNCS |= _inner(_primitive)
