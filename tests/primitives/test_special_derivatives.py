"""First and second derivatives of special functions against high precision, also far out.

Each function is given by a formula for mpmath, with points where a textbook rule loses its digits
or fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.primitives.polygammas import polygamma

sp = pytest.importorskip("scipy.special")
mp = pytest.importorskip("mpmath")

Points = list[tuple[float, ...]]

FAR = [(-40.0,), (0.3,), (40.0,)]
CASES: dict[str, tuple[Callable[..., Any], Points]] = {
    "erf": (mp.erf, [(0.3,), (-2.0,)]),
    "erfc": (mp.erfc, [(0.3,), (3.0,)]),
    "erfi": (mp.erfi, [(0.7,)]),
    "erfcx": (
        lambda x: mp.exp(x * x) * mp.erfc(x),
        [(-1.0,), (0.99,), (1.01,), (100.0,), (1e6,)],
    ),
    "dawsn": (
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x),
        [(0.0,), (0.3,), (-5.0,), (6.9,), (7.1,), (-50.0,)],
    ),
    "erfinv": (mp.erfinv, [(0.3,)]),
    "erfcinv": (lambda x: mp.erfinv(1 - x), [(0.3,)]),
    "ndtr": (mp.ncdf, [(0.3,), (-5.0,)]),
    "ndtri": (lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), [(0.3,), (1e-5,)]),
    "log_ndtr": (
        lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2),
        [(0.3,), (-5.0,), (-1e4,), (5.0,)],
    ),
    "gamma": (mp.gamma, [(0.3,), (-1.3,), (5.5,)]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), [(0.3,), (50.0,), (-1.3,)]),
    "rgamma": (mp.rgamma, [(0.3,), (0.0,), (-2.0,), (-1.3,), (7.0,)]),
    "psi": (mp.digamma, [(0.3,), (-1.3,), (40.0,)]),
    "beta": (mp.beta, [(0.3, 0.7), (100.0, 0.01)]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), [(0.3, 0.7), (1e6, 1e-3)]),
    "binom": (mp.binomial, [(5.5, 2.2), (3.0, 5.0), (10.0, 3.0), (3.0, -1.0), (1000.0, 2.0)]),
    "poch": (mp.rf, [(2.3, 1.2), (0.0, 2.0), (-2.0, 3.0), (1000.0, 0.5), (-2.5, 1.3)]),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), FAR),
    "log_expit": (lambda x: -mp.log(1 + mp.exp(-x)), FAR),
    "logit": (lambda p: mp.log(p / (1 - p)), [(0.3,), (1e-9,)]),
    "entr": (lambda x: -x * mp.log(x), [(0.3,)]),
    "rel_entr": (lambda x, y: x * mp.log(x / y), [(0.3, 0.4), (3.0, 3.01), (1e-3, 1.0)]),
    "kl_div": (lambda x, y: x * mp.log(x / y) - x + y, [(0.3, 0.4), (3.0, 3.0001)]),
    "exprel": (
        lambda x: mp.expm1(x) / x,
        [(1e-8,), (0.5,), (-3.0,), (-100.0,), (300.0,), (-1e5,)],
    ),
    "boxcox": (lambda x, p: (x**p - 1) / p, [(2.0, 0.3), (2.0, 1e-9), (0.01, -2.0)]),
    "boxcox1p": (lambda x, p: ((1 + x) ** p - 1) / p, [(2.0, 0.3), (1e-8, 0.4)]),
    "inv_boxcox": (lambda y, p: (p * y + 1) ** (1 / p), [(0.4, 0.3), (0.4, 1e-6)]),
    "inv_boxcox1p": (lambda y, p: (p * y + 1) ** (1 / p) - 1, [(0.4, 0.3)]),
    "pseudo_huber": (
        lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1),
        [(1.0, 0.3), (2.0, -30.0)],
    ),
    "powm1": (lambda x, y: x**y - 1, [(1.2, 0.3)]),
    "sindg": (lambda x: mp.sin(x * mp.pi / 180), [(30.0,)]),
    "cotdg": (lambda x: mp.cot(x * mp.pi / 180), [(30.0,)]),
    "zeta": (
        lambda s: mp.zeta(s),
        [(2.0,), (1.1,), (30.0,), (0.5,), (0.0,), (-0.3,), (-2.0,), (-5.5,), (-20.3,)],
    ),
}
EVERY = [(name, point) for name, (_, points) in CASES.items() for point in points]


@pytest.mark.parametrize(("name", "point"), EVERY, ids=str)
def test_first_and_second_derivatives(name, point):
    exact, f = CASES[name][0], getattr(sp, name)
    numbers = tuple(range(len(point)))
    with np.errstate(all="ignore"):
        gradient = ad.grad(f, argnums=numbers)(*point)
        hessian = ad.hessian(f, argnums=numbers)(*point)
    for i in numbers:
        compare(gradient[i], exact, point, (i,))
        for j in numbers:
            compare(hessian[i][j], exact, point, (i, j))


def compare(found: Any, exact: Any, point: tuple[float, ...], by: tuple[int, ...]) -> None:
    orders = tuple([by.count(k) for k in range(len(point))])
    with mp.workdps(40):
        alone = len(point) == 1
        slope = mp.diff(exact, point[0] if alone else point, orders[0] if alone else orders)
    np.testing.assert_allclose(found, float(mp.re(slope)), rtol=1e-12, atol=1e-30)


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("z", [1 + 2j, -3.3 + 0.4j, 0.2 - 0.1j, 5 + 30j])
def test_polygamma_of_complex_numbers(order, z):
    expected = complex(mp.psi(order, z))
    np.testing.assert_allclose(polygamma(np.complex128(z), order=order), expected, rtol=1e-12)


@pytest.mark.parametrize(("s", "q"), [(2.0, 0.5), (1.1, 3.0), (3.0, 0.01), (5.0, 40.0)])
def test_hurwitz_zeta_in_both_arguments(s, q):
    with mp.workdps(30):
        for orders in ((1, 0), (0, 1), (1, 1), (2, 0), (0, 2)):
            f = sp.zeta
            for i, count in enumerate(orders):
                for _ in range(count):
                    f = ad.grad(f, argnums=i)
            exact = mp.diff(mp.zeta, (s, q), orders)
            np.testing.assert_allclose(f(s, q), float(exact), rtol=1e-11)
