"""Rows for the error functions, the gamma family and the entropies of `scipy.special`."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from autodiff.scipy import special as traced
from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.surface.row import Row

ANY, POSITIVE, UNIT = uniform(-2, 2), uniform(0.3, 2.0), uniform(0.1, 0.9)
Z = complex_uniform(0.3, 1.5)
F32 = np.float32


NOT_IN_CUPY = {"betaincc", "betainccinv", "dawsn", "erfi", "ndtri_exp", "powm1"}


def rows(name: str, *makers: Maker, complex_too: bool = False) -> list[Row]:
    """A row for real operands, and for complex ones where the function takes them."""
    f, full = getattr(sp, name), f"scipy.special.{name}"
    without = {"cupy": "CuPy has no such function"} if name in NOT_IN_CUPY else None
    real = Row(full, f, makers, without=without)
    return [real] + [Row(full, f, (Z,) * len(makers), id="complex", without=without)] * complex_too


def form(name: str, *makers: Maker, id: str = "", **options: Any) -> Row:
    """A row for a Python function of SciPy's, and its traced form."""
    f, plain = getattr(traced, name), getattr(sp, name)
    return Row(
        f"autodiff.scipy.special.{name}",
        lambda *xs: f(*xs, **options),
        makers,
        id=id,
        plain=lambda *xs: plain(*xs, **options),
    )


ERRORS = [
    *rows("erf", ANY, complex_too=True),
    *rows("erfc", ANY, complex_too=True),
    *rows("erfcx", ANY, complex_too=True),
    *rows("erfi", ANY, complex_too=True),
    *rows("dawsn", ANY, complex_too=True),
    *rows("erfinv", uniform(-0.8, 0.8)),
    *rows("erfcinv", uniform(0.2, 1.8)),
    *rows("ndtr", ANY, complex_too=True),
    *rows("log_ndtr", ANY, complex_too=True),
    *rows("ndtri", UNIT),
    *rows("ndtri_exp", uniform(-3, -0.3)),
]
GAMMAS = [
    *rows("gamma", POSITIVE, complex_too=True),
    Row("scipy.special.gamma", sp.gamma, (uniform(0.3, 2, dtype=F32),), id="f32"),
    Row("scipy.special.gamma", sp.gamma, (integers(1, 5),), id="integers", smooth=False),
    *rows("gammaln", POSITIVE),
    *rows("loggamma", POSITIVE, complex_too=True),
    *rows("rgamma", ANY, complex_too=True),
    *rows("digamma", POSITIVE, complex_too=True),
    *rows("psi", POSITIVE, complex_too=True),
    Row("scipy.special.gammasgn", sp.gammasgn, (uniform(-1.9, -1.1),), smooth=False),
    *rows("beta", POSITIVE, POSITIVE),
    *rows("betaln", POSITIVE, POSITIVE),
    *rows("binom", uniform(1.2, 4.0), UNIT),
    *rows("poch", POSITIVE, POSITIVE),
    *rows("zeta", uniform(1.5, 4.0)),
    Row("scipy.special.zeta", sp.zeta, (uniform(1.5, 4.0), POSITIVE), id="hurwitz"),
    form("zeta", uniform(-3.0, -0.5)),
    form("polygamma", integers(0, 4), POSITIVE),
    form("multigammaln", uniform(2.0, 4.0), id="3", d=3),
    form("factorial", POSITIVE),
    form("factorial", POSITIVE, id="complex", extend="complex"),
    form("comb", uniform(2.2, 4.0), UNIT),
    form("comb", uniform(2.2, 4.0), UNIT, id="repetition", repetition=True),
    form("perm", uniform(2.2, 4.0), UNIT),
]
INCOMPLETE = [
    row
    for name in ("gammainc", "gammaincc")
    for row in [*rows(name, POSITIVE, POSITIVE)]
] + [
    *rows("gammaincinv", POSITIVE, UNIT),
    *rows("gammainccinv", POSITIVE, UNIT),
    *rows("betainc", POSITIVE, POSITIVE, UNIT),
    *rows("betaincc", POSITIVE, POSITIVE, UNIT),
    *rows("betaincinv", POSITIVE, POSITIVE, UNIT),
    *rows("betainccinv", POSITIVE, POSITIVE, UNIT),
    Row(
        "scipy.special.gammainc", sp.gammainc, (uniform(0.3, 2, (3,)), uniform(0.3, 2, (2, 1))),
        id="broadcast",
    ),
    Row("scipy.special.gammainc", lambda a: sp.gammainc(a, 2), (POSITIVE,), id="number"),
]  # fmt: skip
ENTROPIES = [
    *rows("xlogy", POSITIVE, POSITIVE, complex_too=True),
    *rows("xlog1py", POSITIVE, POSITIVE, complex_too=True),
    *rows("entr", POSITIVE),
    *rows("rel_entr", POSITIVE, POSITIVE),
    *rows("kl_div", POSITIVE, POSITIVE),
]
CHANGES = [
    *rows("expit", ANY),
    *rows("logit", UNIT),
    *rows("log_expit", ANY),
    *rows("exprel", ANY),
    *rows("boxcox", POSITIVE, ANY),
    *rows("boxcox1p", POSITIVE, ANY),
    *rows("inv_boxcox", UNIT, UNIT),
    *rows("inv_boxcox1p", UNIT, UNIT),
    *rows("huber", uniform(0.5, 0.7), uniform(-2, -0.8)),
    *rows("pseudo_huber", POSITIVE, ANY),
    *rows("cosm1", ANY),
    *rows("exp2", ANY),
    *rows("exp10", ANY),
    *rows("expm1", ANY, complex_too=True),
    *rows("log1p", POSITIVE, complex_too=True),
    *rows("cbrt", POSITIVE),
    *rows("powm1", POSITIVE, ANY),
    *rows("sindg", ANY),
    *rows("cosdg", ANY),
    *rows("tandg", ANY),
    *rows("cotdg", POSITIVE),
    *rows("radian", ANY, ANY, ANY),
    *rows("softplus", ANY) * hasattr(sp, "softplus"),
]
WEIGHTS = uniform(-1, 1, (2, 3))
SUMS = [
    form("logsumexp", ANY),
    form("logsumexp", ANY, id="axis", axis=1),
    form("logsumexp", ANY, id="keepdims", axis=(0, 1), keepdims=True),
    form("logsumexp", ANY, id="sign", axis=-1, return_sign=True),
    form("logsumexp", complex_uniform(-1, 1), id="complex", axis=0),
    form("softmax", ANY),
    form("softmax", ANY, id="axis", axis=1),
    form("log_softmax", ANY),
    form("log_softmax", ANY, id="axis", axis=0),
    Row(
        "autodiff.scipy.special.logsumexp",
        lambda a, b: traced.logsumexp(a, axis=1, b=b),
        (ANY, POSITIVE),
        id="weights",
        plain=lambda a, b: sp.logsumexp(a, axis=1, b=b),
    ),
    Row(
        "autodiff.scipy.special.logsumexp",
        lambda a, b: traced.logsumexp(a, axis=1, b=b, return_sign=True),
        (ANY, WEIGHTS),
        id="signed",
        plain=lambda a, b: sp.logsumexp(a, axis=1, b=b, return_sign=True),
    ),
]
ROWS = [*ERRORS, *GAMMAS, *INCOMPLETE, *ENTROPIES, *CHANGES, *SUMS]
