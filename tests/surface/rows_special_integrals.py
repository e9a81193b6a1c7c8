"""Rows for the integrals, series, inverses and polynomials of `scipy.special`."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.surface.row import Row

POSITIVE, UNIT, Z = uniform(0.3, 2.0), uniform(-0.8, 0.8), complex_uniform(0.3, 1.5)


def rows(name: str, *makers: Maker, complex_too: bool = False) -> list[Row]:
    """A row for real operands, and for complex ones where the function takes them."""
    f, full = getattr(sp, name), f"scipy.special.{name}"
    return [Row(full, f, makers)] + [Row(full, f, (Z,), id="complex")] * complex_too


def fixed(name: str, *parameters: Any, argument: Maker, id: str = "") -> Row:
    f = getattr(sp, name)
    return Row(f"scipy.special.{name}", lambda x: f(*parameters, x), (argument,), id=id)


INTEGRALS = [
    *rows("exp1", POSITIVE, complex_too=True),
    *rows("expi", POSITIVE, complex_too=True),
    *rows("sici", POSITIVE, complex_too=True),
    *rows("shichi", POSITIVE, complex_too=True),
    *rows("fresnel", UNIT, complex_too=True),
    *rows("spence", uniform(0.2, 3.0), complex_too=True),
    Row("scipy.special.expn", sp.expn, (integers(0, 4), POSITIVE)),
    Row("scipy.special.wofz", sp.wofz, (Z,)),
    Row("scipy.special.wofz", lambda x: sp.wofz(x + 0j), (UNIT,), id="real"),
    *rows("voigt_profile", UNIT, POSITIVE, POSITIVE),
    *rows("owens_t", UNIT, uniform(-2, 2)),
]
ELLIPTIC = [
    *rows("ellipk", UNIT),
    *rows("ellipe", UNIT),
    *rows("ellipkm1", POSITIVE),
    *rows("ellipkinc", uniform(-2, 2), uniform(-0.8, 0.4)),
    *rows("ellipeinc", uniform(-2, 2), uniform(-0.8, 0.4)),
    *rows("ellipj", UNIT, uniform(0.1, 0.9)),
]
INVERSES = [
    Row("scipy.special.lambertw", sp.lambertw, (POSITIVE,)),
    Row("scipy.special.lambertw", sp.lambertw, (Z,), id="complex"),
    Row("scipy.special.lambertw", lambda z: sp.lambertw(z, k=-1), (Z,), id="branch -1"),
    Row("scipy.special.lambertw", lambda z: sp.lambertw(z, np.arange(3)), (Z,), id="branches"),
    *rows("wrightomega", UNIT, complex_too=True),
]
SERIES = [
    fixed("hyp2f1", 0.7, 1.3, 2.2, argument=UNIT),
    fixed("hyp2f1", 0.7, 1.3, 2.2, argument=complex_uniform(-0.5, 0.5), id="complex"),
    fixed("hyp1f1", 0.7, 1.3, argument=UNIT),
    fixed("hyp1f1", 0.7, 1.3, argument=Z, id="complex"),
    fixed("hyp0f1", 0.7, argument=UNIT),
    fixed("hyperu", 0.7, 1.3, argument=POSITIVE),
]
POLYNOMIALS = [
    fixed(f"eval_{name}", *parameters, argument=UNIT)
    for name, *parameters in (
        ("legendre", 3),
        ("chebyt", 4),
        ("chebyu", 4),
        ("hermite", 3),
        ("hermitenorm", 3),
        ("laguerre", 3),
        ("genlaguerre", 3, 0.5),
        ("gegenbauer", 3, 0.7),
        ("jacobi", 3, 0.5, -0.3),
    )
]

PROBABILITIES = [
    *rows("stdtr", POSITIVE, uniform(-3, 3)),
    *rows("stdtrit", POSITIVE, uniform(0.1, 0.9)),
    *rows("chdtr", POSITIVE, POSITIVE),
    *rows("chdtrc", POSITIVE, POSITIVE),
    *rows("gdtr", POSITIVE, POSITIVE, POSITIVE),
    *rows("gdtrc", POSITIVE, POSITIVE, POSITIVE),
    *rows("fdtr", POSITIVE, POSITIVE, POSITIVE),
    *rows("fdtrc", POSITIVE, POSITIVE, POSITIVE),
    *rows("pdtr", integers(0, 5), POSITIVE),
    *rows("pdtrc", integers(0, 5), POSITIVE),
    *rows("bdtr", integers(0, 4), integers(5, 8), uniform(0.2, 0.8)),
    *rows("bdtrc", integers(0, 4), integers(5, 8), uniform(0.2, 0.8)),
    *rows("nbdtr", integers(0, 4), integers(5, 8), uniform(0.2, 0.8)),
    *rows("nbdtrc", integers(0, 4), integers(5, 8), uniform(0.2, 0.8)),
]

ROWS = [*PROBABILITIES, *INTEGRALS, *ELLIPTIC, *INVERSES, *SERIES, *POLYNOMIALS]
