"""The derivatives at the edges of the functions of `scipy.special`.

What has no limit follows JAX, where JAX has it.
"""

from __future__ import annotations

import math

import scipy.special as sp

from autodiff.scipy import special as traced
from tests.surface.edges import DEAD, INF, LIMIT, NAN, POLE, Edge, on_pair

__all__ = ["EDGES"]

NO_LIMIT = "no limit; as in JAX"
CONSTANT = "constant there"
CUT = "0, where the function is cut off"
WHOLE = "the derivative of 1/gamma at its zero"

ENTROPIES = [
    Edge("entr(x)", sp.entr, 0.0, INF, POLE),
    Edge("entr(x), x < 0", sp.entr, -1.0, NAN, "outside of its domain"),
    Edge("xlogy(x, y)", on_pair(sp.xlogy), [0.0, 2.0], [math.log(2), 0.0], LIMIT),
    Edge("xlogy(x, 0)", lambda x: sp.xlogy(x, 0.0), 0.0, -INF, "log 0"),
    Edge("xlogy(0, y)", lambda y: sp.xlogy(0.0, y), 0.0, 0.0, CONSTANT),
    Edge("xlog1py(x, -1)", lambda x: sp.xlog1py(x, -1.0), 0.0, -INF, "log 0"),
    Edge("xlog1py(0, y)", lambda y: sp.xlog1py(0.0, y), -1.0, 0.0, CONSTANT),
    Edge("rel_entr(x, 1)", lambda x: sp.rel_entr(x, 1.0), 0.0, -INF, POLE),
    Edge("rel_entr(0, y)", lambda y: sp.rel_entr(0.0, y), 1.0, 0.0, CONSTANT),
    Edge("rel_entr(x, y)", on_pair(sp.rel_entr), [0.0, 0.0], [0.0, 0.0], NO_LIMIT),
    Edge("kl_div(x, 1)", lambda x: sp.kl_div(x, 1.0), 0.0, -INF, POLE),
    Edge("kl_div(x, y)", on_pair(sp.kl_div), [0.0, 0.0], [-1.0, 1.0], NO_LIMIT),
]
GAMMAS = [
    Edge("rgamma(x)", sp.rgamma, 0.0, 1.0, WHOLE),
    Edge("rgamma(x)", sp.rgamma, -3.0, -6.0, WHOLE),
    Edge("gamma(x)", sp.gamma, -1.0, NAN, "a pole with a change of sign"),
    Edge("gammaln(x)", sp.gammaln, 0.0, -INF, POLE),
    Edge("binom(n, 5) by n", lambda n: sp.binom(n, 5.0), 3.0, -1 / 20, WHOLE),
    Edge("binom(3, k) by k", lambda k: sp.binom(3.0, k), 5.0, 1 / 20, WHOLE),
    Edge("poch(z, 3) by z", lambda z: sp.poch(z, 3.0), -2.0, 2.0, WHOLE),
    Edge("comb(n, 5) by n", lambda n: traced.comb(n, 5.0), 3.0, 0.0, CUT),
    Edge("factorial(x), x < 0", traced.factorial, -0.5, 0.0, CUT),
    Edge("zeta(x)", sp.zeta, 0.0, -0.5 * math.log(2 * math.pi), "exact"),
    Edge("gammainc(a, x) by a", lambda a: sp.gammainc(a, 1.0), 0.0, -0.21938393439552, "E1(1)"),
    Edge("gammainc(2, x)", lambda x: sp.gammainc(2.0, x), 0.0, 0.0, LIMIT),
    Edge("gammainc(1, x)", lambda x: sp.gammainc(1.0, x), 0.0, 1.0, LIMIT),
    Edge("gammainc(0.5, x)", lambda x: sp.gammainc(0.5, x), 0.0, INF, POLE),
    Edge("gammainc(a, x)", on_pair(sp.gammainc), [0.5, INF], [0.0, 0.0], LIMIT),
    Edge("gammainc(a, x)", on_pair(sp.gammainc), [2.0, 0.0], [0.0, 0.0], LIMIT),
    Edge("gammaincinv(2, p)", lambda p: sp.gammaincinv(2.0, p), 0.0, INF, POLE),
    Edge("betainc(1, 3, x)", lambda x: sp.betainc(1.0, 3.0, x), 0.0, 3.0, LIMIT),
    Edge("betainc(3, 1, x)", lambda x: sp.betainc(3.0, 1.0, x), 1.0, 3.0, LIMIT),
    Edge("betainc(0.5, 3, x)", lambda x: sp.betainc(0.5, 3.0, x), 0.0, INF, POLE),
    Edge("betainc(a, 3, 0) by a", lambda a: sp.betainc(a, 3.0, 0.0), 2.0, 0.0, CONSTANT),
]
TAILS = [
    Edge("erfinv(x)", sp.erfinv, 1.0, INF, POLE),
    Edge("ndtri(p)", sp.ndtri, 0.0, INF, POLE),
    Edge("log_ndtr(x)", sp.log_ndtr, -1e8, 1e8, "inverse Mills ratio"),
    Edge("log_ndtr(x)", sp.log_ndtr, INF, 0.0, LIMIT),
    Edge("erfcx(x)", sp.erfcx, INF, 0.0, LIMIT),
    Edge("dawsn(x)", sp.dawsn, INF, 0.0, LIMIT),
    Edge("expit(x)", sp.expit, -INF, 0.0, LIMIT),
    Edge("log_expit(x)", sp.log_expit, -INF, 1.0, LIMIT),
    Edge("logit(p)", sp.logit, 0.0, INF, POLE),
    Edge("exprel(x)", sp.exprel, 0.0, 0.5, "exact"),
    Edge("exprel(x)", sp.exprel, -INF, 0.0, LIMIT),
    Edge("boxcox(x, p) by p", lambda p: sp.boxcox(2.0, p), 0.0, math.log(2) ** 2 / 2, "exact"),
    Edge("boxcox(0, p) by p", lambda p: sp.boxcox(0.0, p), 2.0, 0.25, LIMIT),
    Edge("boxcox(x, 1)", lambda x: sp.boxcox(x, 1.0), 0.0, 1.0, LIMIT),
    Edge("huber(1, r)", lambda r: sp.huber(1.0, r), 1.0, 1.0, LIMIT),
    Edge("pseudo_huber(d, r)", on_pair(sp.pseudo_huber), [0.0, 0.0], [0.0, 0.0], "least norm"),
]
SUMS = [
    Edge("logsumexp(x)", traced.logsumexp, [-INF, -INF], [0.0, 0.0], "no weights"),
    Edge("logsumexp(x)", traced.logsumexp, [-INF, 1.0], [0.0, 1.0], LIMIT),
    Edge("logsumexp(x)", traced.logsumexp, [INF, 1.0], [1.0, 0.0], LIMIT),
    Edge("logsumexp(x)", traced.logsumexp, [INF, INF], [0.5, 0.5], "shared evenly"),
    Edge("logsumexp(x)", traced.logsumexp, [1e300, 1e300], [0.5, 0.5], "exact"),
    Edge(
        "logsumexp(x, b=[0, 1])", lambda x: traced.logsumexp(x, b=[0.0, 1.0]),
        [INF, 1.0], [0.0, 1.0], DEAD,
    ),
    Edge("softmax(x)[1]", lambda x: traced.softmax(x)[1], [-INF, 1.0], [0.0, 0.0], LIMIT),
    Edge("log_softmax(x)[1]", lambda x: traced.log_softmax(x)[1], [-INF, 1.0], [0.0, 0.0], LIMIT),
]  # fmt: skip
EDGES = [*ENTROPIES, *GAMMAS, *TAILS, *SUMS]
