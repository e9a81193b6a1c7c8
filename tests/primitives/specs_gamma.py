"""Rows for the gamma family, zeta, and the incomplete gamma and beta functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.primitives import gamma_functions as gammas
from autodiff.primitives import half_turns, polygammas, zeta_functions
from autodiff.primitives import incomplete_beta as betas
from autodiff.primitives import incomplete_gamma as incomplete
from autodiff.primitives.record import Primitive
from tests.primitives.spec import Maker, Spec, complex_uniform, uniform

Range = tuple[float, float]

F32 = np.float32
Z = complex_uniform(0.3, 1.5)


def real_rows(primitive: Primitive, *ranges: Range, id: str = "", **params: Any) -> Iterator[Spec]:
    """Real operands from these ranges, in double and in single precision."""
    name = f"{primitive.name}{id}"
    for suffix, dtype in (("", float), ("[f32]", F32)):
        makers = tuple([uniform(low, high, dtype=dtype) for low, high in ranges])
        yield Spec(primitive, makers, params, id=f"{name}{suffix}")


def complex_row(primitive: Primitive, maker: Maker = Z, **params: Any) -> Spec:
    return Spec(primitive, (maker,), params, id=f"{primitive.name}[c128]")


SHAPE, SMALL, MORE, UNIT = (0.4, 3.0), (0.1, 0.9), (1.2, 4.0), (0.1, 0.9)

GAMMAS = [
    *real_rows(gammas.gamma, SHAPE),
    complex_row(gammas.gamma),
    *real_rows(gammas.gammaln, SHAPE),
    *real_rows(gammas.loggamma, SHAPE),
    complex_row(gammas.loggamma),
    Spec(gammas.gammasgn, (uniform(-1.9, -1.1),)),
    *real_rows(gammas.rgamma, (-2.5, 2.0)),
    complex_row(gammas.rgamma, complex_uniform(-1, 1)),
    *real_rows(gammas.beta, SHAPE, SHAPE),
    *real_rows(gammas.betaln, SHAPE, SHAPE),
    *real_rows(gammas.binom, MORE, SMALL),
    *real_rows(gammas.poch, SHAPE, SHAPE),
    *real_rows(half_turns.sinpi, (-2, 2)),
    complex_row(half_turns.sinpi),
    *real_rows(half_turns.cospi, (-2, 2)),
    complex_row(half_turns.cospi),
    *real_rows(polygammas.digamma, SHAPE),
    complex_row(polygammas.digamma),
    *real_rows(polygammas.polygamma, SHAPE, order=1),
    *real_rows(polygammas.polygamma, SHAPE, order=2, id="-second"),
    complex_row(polygammas.polygamma, complex_uniform(-1.2, 1), order=1),
    *real_rows(polygammas.polygamma_difference, SHAPE, SHAPE, order=0),
    *real_rows(polygammas.polygamma_difference, (-1.9, -1.1), (0.2, 0.8), order=0, id="-left"),
    *real_rows(polygammas.polygamma_difference, SHAPE, SHAPE, order=1, id="-first"),
    Spec(polygammas.polygamma_difference, (uniform(1, 2, (0,)),) * 2, {"order": 0}, id="psi-empty"),
]
ZETAS = [
    *real_rows(zeta_functions.riemann_zeta, (1.5, 4.0)),
    *real_rows(zeta_functions.riemann_zeta, (-3.0, -0.5), id="-left"),
    *real_rows(zeta_functions.hurwitz_zeta, (1.5, 4.0), SHAPE),
    *real_rows(zeta_functions.zeta_derivative, (1.5, 4.0), SHAPE, order=1),
    *real_rows(zeta_functions.zeta_derivative, (1.5, 4.0), SHAPE, order=2, id="-second"),
]
INCOMPLETE = [
    *real_rows(incomplete.gammainc, SHAPE, SHAPE),
    *real_rows(incomplete.gammaincc, SHAPE, SHAPE),
    *real_rows(incomplete.gammaincinv, SHAPE, UNIT),
    *real_rows(incomplete.gammainccinv, SHAPE, UNIT),
    *real_rows(incomplete.gamma_density, SHAPE, SHAPE, order=0),
    *real_rows(incomplete.gamma_density, (-1.9, -0.1), SHAPE, order=1, id="-left"),
    *real_rows(incomplete.gammainc_by_shape, SHAPE, SHAPE, order=1),
    *real_rows(incomplete.gammainc_by_shape, (20.0, 30.0), (15.0, 35.0), order=1, id="-large"),
    Spec(incomplete.gammainc_by_shape, (uniform(1, 2, (0,)),) * 2, {"order": 1}, id="gamma-empty"),
    *real_rows(betas.betainc, SHAPE, SHAPE, UNIT),
    *real_rows(betas.betaincc, SHAPE, SHAPE, UNIT),
    *real_rows(betas.betaincinv, SHAPE, SHAPE, UNIT),
    *real_rows(betas.betainccinv, SHAPE, SHAPE, UNIT),
    *real_rows(betas.beta_density, SHAPE, SHAPE, UNIT, orders=(0, 0), falls=(0, 0)),
    *real_rows(betas.beta_density, SHAPE, SHAPE, UNIT, orders=(1, 0), falls=(1, 1), id="-falling"),
    *real_rows(betas.betainc_by_parameters, SHAPE, SHAPE, UNIT, orders=(1, 0)),
    *real_rows(betas.betainc_by_parameters, SHAPE, SHAPE, UNIT, orders=(0, 1), id="-second"),
]
SPECS = [*GAMMAS, *ZETAS, *INCOMPLETE]
