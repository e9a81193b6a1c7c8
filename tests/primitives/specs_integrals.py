"""Rows of the primitive table for functions that are integrals, series and inverses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.primitives import (
    airy,
    elliptic,
    exponential_integrals,
    hypergeometric,
    lambert,
    normal_integrals,
    orthogonal_polynomials,
    student,
)
from autodiff.primitives.record import Primitive
from tests.primitives.spec import Maker, Spec, complex_uniform, integers, uniform

f32 = np.dtype(np.float32)
POSITIVE, UNIT = uniform(0.3, 2.0), uniform(-0.8, 0.8)
COMPLEX = complex_uniform(0.3, 1.5)


def single(primitive: Primitive, *ranges: tuple[float, float]) -> Spec:
    """A row in single precision."""
    makers = tuple([uniform(low, high, dtype=f32) for low, high in ranges])
    return Spec(primitive, makers, id=f"{primitive.name}[f32]")


def with_parameters(primitive: Primitive, x: Maker, *parameters: Any, id: str = "") -> Spec:
    """A row whose parameters are literals, so that no derivative by them is asked for."""
    makers = [lambda rng, p=p: p for p in parameters]
    return Spec(primitive, (*makers, x), id=id or primitive.name)


def exponential() -> Iterator[Spec]:
    for name in ("exp1", "expi", "sici", "shichi", "fresnel"):
        primitive = getattr(exponential_integrals, name)
        yield Spec(primitive, (POSITIVE,))
        yield Spec(primitive, (COMPLEX,), id=f"{name}[c128]")
        yield single(primitive, (0.3, 2.0))
    expn = exponential_integrals.expn
    yield Spec(expn, (integers(0, 4), POSITIVE), id="expn[many orders]")
    yield with_parameters(expn, POSITIVE, np.float64(2), id="expn")
    yield Spec(airy.airy, (uniform(-3, 2),))
    yield Spec(airy.airy, (complex_uniform(-1.5, 1.5),), id="airy[c128]")
    yield single(airy.airy, (-3, 2))


def hypergeometrics() -> Iterator[Spec]:
    h = hypergeometric
    a, b, c = np.float64(0.7), np.float64(1.3), np.float64(2.2)
    yield with_parameters(h.hyp2f1, UNIT, a, b, c)
    yield with_parameters(h.hyp2f1, complex_uniform(-0.5, 0.5), a, b, c, id="hyp2f1[c128]")
    yield with_parameters(h.hyp1f1, UNIT, a, b)
    yield with_parameters(h.hyp1f1, COMPLEX, a, b, id="hyp1f1[c128]")
    yield with_parameters(h.hyp0f1, UNIT, a)
    yield with_parameters(h.hyp0f1, COMPLEX, a, id="hyp0f1[c128]")
    yield with_parameters(h.hyperu, POSITIVE, a, b)
    yield Spec(h.spence, (uniform(0.2, 3.0),))
    yield Spec(h.spence, (COMPLEX,), id="spence[c128]")
    yield single(h.spence, (0.2, 3.0))


def inverses() -> Iterator[Spec]:
    tolerance = np.float64(1e-8)
    for branch in (0, -1, 2):
        makers = (COMPLEX, lambda rng, k=branch: np.int64(k), lambda rng: tolerance)
        yield Spec(lambert.lambertw, makers, id=f"lambertw[branch {branch}]")
    yield Spec(lambert.wrightomega, (uniform(-2, 4),))
    yield Spec(lambert.wrightomega, (COMPLEX,), id="wrightomega[c128]")


def gaussian() -> Iterator[Spec]:
    n = normal_integrals
    yield Spec(n.wofz, (complex_uniform(-1.5, 1.5),))
    yield Spec(n.wofz, (complex_uniform(6, 9),), id="wofz[far]")
    yield Spec(n.voigt_profile, (UNIT, POSITIVE, POSITIVE))
    yield single(n.voigt_profile, (-0.8, 0.8), (0.3, 2.0), (0.3, 2.0))
    yield Spec(n.owens_t, (UNIT, uniform(-2, 2)))
    yield single(n.owens_t, (-0.8, 0.8), (-2, 2))


def elliptics() -> Iterator[Spec]:
    for name in ("ellipk", "ellipe"):
        yield Spec(getattr(elliptic, name), (uniform(-1.5, 0.9),))
        yield single(getattr(elliptic, name), (-1.5, 0.9))
    yield Spec(elliptic.ellipkm1, (uniform(0.1, 2.0),))
    yield Spec(elliptic.ellipe_complement, (uniform(0.1, 0.4),))
    angle = uniform(-2.5, 2.5)
    for name in ("ellipkinc", "ellipeinc", "ellipkinc_by_parameter"):
        primitive = getattr(elliptic, name)
        yield Spec(primitive, (angle, uniform(-0.4, 0.4)), id=f"{name}[small]")
        yield Spec(primitive, (angle, uniform(0.55, 0.8)), id=f"{name}[large]")
        yield Spec(primitive, (angle, uniform(-3, -0.6)), id=f"{name}[negative]")
        yield single(primitive, (-1.0, 1.0), (-0.4, 0.4))
    makers = (angle, uniform(-0.4, 0.4))
    yield Spec(elliptic.sine_integral, makers, {"order": 2, "power": -5})
    yield Spec(elliptic.sine_integral, makers, {"order": 0, "power": 1}, id="sine_integral[1]")
    yield Spec(elliptic.ellipj, (uniform(-2, 2), uniform(0.05, 0.9)))
    yield single(elliptic.ellipj, (-2, 2), (0.05, 0.9))


def polynomials() -> Iterator[Spec]:
    p = orthogonal_polynomials
    parameters = {"eval_genlaguerre": 1, "eval_gegenbauer": 1, "eval_jacobi": 2}
    for name in p.__all__:
        primitive = getattr(p, name)
        others = [lambda rng: np.float64(0.6)] * parameters.get(name, 0)
        makers = (integers(0, 5), *others, UNIT)
        yield Spec(primitive, makers, id=f"{name}[many degrees]", exact=False)
        if name not in ("eval_hermite", "eval_hermitenorm"):
            makers = (lambda rng: np.float64(2.5), *others, complex_uniform(-0.5, 0.5))
            yield Spec(primitive, makers, id=f"{name}[c128]")


def probabilities() -> Iterator[Spec]:
    for name, second in (("stdtr", (-3.0, 3.0)), ("stdtrit", (0.1, 0.9))):
        yield Spec(getattr(student, name), (POSITIVE, uniform(*second)))
        yield single(getattr(student, name), (1.0, 3.0), second)


SPECS = [
    *exponential(), *hypergeometrics(), *inverses(), *gaussian(), *elliptics(), *polynomials(),
    *probabilities(),
]  # fmt: skip
