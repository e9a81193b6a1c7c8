"""Integrals, series and inverses of `scipy.special` on traced values, against mpmath and JAX."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad
from autodiff.errors import MissingRuleError

mp = pytest.importorskip("mpmath")
inf = np.inf


def derivatives(f, x):
    """The first three."""
    first = ad.grad(f)
    second = ad.grad(first)
    return [g(x) for g in (first, second, ad.grad(second))]


def exact(f, x):
    with mp.workdps(40):
        coefficients = mp.taylor(f, mp.mpf(x), 3)
        return [float(mp.re(c) * k) for c, k in zip(coefficients[1:], (1, 2, 6), strict=True)]


CASES = {
    "exp1": (sp.exp1, lambda x: mp.e1(x), [1e-3, 0.5, 20.0]),
    "expi": (sp.expi, lambda x: mp.ei(x), [-3.0, 1e-3, 0.5, 20.0]),
    "expn": (lambda x: sp.expn(3, x), lambda x: mp.expint(3, x), [1e-3, 0.5, 20.0]),
    "expn of 0": (lambda x: sp.expn(0, x), lambda x: mp.expint(0, x), [1e-3, 0.5, 20.0]),
    "si": (lambda x: sp.sici(x)[0], lambda x: mp.si(x), [-2.0, 0.0, 1e-5, 0.5, 30.0]),
    "ci": (lambda x: sp.sici(x)[1], lambda x: mp.ci(x), [1e-5, 0.5, 30.0]),
    "shi": (lambda x: sp.shichi(x)[0], lambda x: mp.shi(x), [-2.0, 0.0, 1e-5, 0.5, 30.0]),
    "chi": (lambda x: sp.shichi(x)[1], lambda x: mp.chi(x), [1e-5, 0.5, 30.0]),
    "fresnel sin": (lambda x: sp.fresnel(x)[0], lambda x: mp.fresnels(x), [-1.9, 0.0, 0.5, 3.1]),
    "fresnel cos": (lambda x: sp.fresnel(x)[1], lambda x: mp.fresnelc(x), [-1.9, 0.0, 0.5, 3.1]),
    "spence": (sp.spence, lambda x: mp.polylog(2, 1 - x), [1e-3, 0.4, 0.7, 1.2, 1.49, 1.51, 1e3]),
    "lambertw": (lambda x: sp.lambertw(x).real, lambda x: mp.lambertw(x), [-0.3, 1e-9, 1.0, 1e5]),
    "lambertw -1": (
        lambda x: sp.lambertw(x, -1).real,
        lambda x: mp.lambertw(x, -1),
        [-0.3, -1e-2, -1e-9],
    ),
    "wrightomega": (
        sp.wrightomega,
        lambda x: mp.lambertw(mp.exp(x)),
        [-30.0, 0.0, 0.5, 3.0, 50.0],
    ),
    "ellipk": (sp.ellipk, lambda m: mp.ellipk(m), [-50.0, -0.6, -1e-9, 0.0, 0.49, 0.51, 0.999]),
    "ellipe": (sp.ellipe, lambda m: mp.ellipe(m), [-50.0, -0.6, -1e-9, 0.0, 0.49, 0.51, 0.999]),
    "ellipkm1": (sp.ellipkm1, lambda p: mp.ellipk(1 - p), [1e-18, 1e-8, 0.49, 0.51, 1.0, 3.0]),
    "owens_t": (
        lambda h: sp.owens_t(h, 0.7),
        lambda h: (
            mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, 0.7])
            / (2 * mp.pi)
        ),
        [0.0, -1.3],
    ),
    "hyp2f1": (
        lambda z: sp.hyp2f1(0.5, 1.25, 2.25, z),
        lambda z: mp.hyp2f1(0.5, 1.25, 2.25, z),
        [-30.0, -1.0, 0.0, 0.5, 0.95],
    ),
    "hyp1f1": (
        lambda z: sp.hyp1f1(0.5, 1.25, z),
        lambda z: mp.hyp1f1(0.5, 1.25, z),
        [-30.0, 0.0, 0.95],
    ),
    "hyp0f1": (lambda z: sp.hyp0f1(1.25, z), lambda z: mp.hyp0f1(1.25, z), [-3.0, 0.0, 9.0]),
    "hyperu": (lambda z: sp.hyperu(0.5, 1.25, z), lambda z: mp.hyperu(0.5, 1.25, z), [0.5, 2.0]),
}
ROUGHER = {"hyperu": 1e-11}  # as SciPy's function itself, which is worse for larger z


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f, reference, points = CASES[name]
    for x in points:
        expected = exact(reference, x)
        allowed = ROUGHER.get(name, 5e-13)
        np.testing.assert_allclose(derivatives(f, x), expected, rtol=allowed, atol=1e-15)


@pytest.mark.parametrize("phi", [0.01, 0.5, 1.5, -2.0, 7.0])
@pytest.mark.parametrize("m", [-20.0, -0.3, 0.0, 1e-7, 0.6, 0.99])
def test_incomplete_elliptic_integrals(phi, m):
    for f, reference in ((sp.ellipkinc, mp.ellipf), (sp.ellipeinc, mp.ellipe)):
        by_m = derivatives(lambda t, f=f: f(phi, t), m)
        expected = exact(lambda t, g=reference: g(mp.mpf(phi), t), m)
        np.testing.assert_allclose(by_m, expected, rtol=1e-11)
        mixed = ad.grad(lambda a, f=f: ad.grad(lambda t: f(a, t))(m))(phi)
        with mp.workdps(40):
            want = mp.diff(lambda a, t, g=reference: g(a, t), (phi, m), (1, 1))
        np.testing.assert_allclose(mixed, float(want), rtol=1e-12)


@pytest.mark.parametrize("m", [0.0, 1e-8, 0.3, 0.9])
def test_jacobi_functions_keep_their_identities(m):
    """Derivatives of sn² + cn² and dn² + m sn², which are one for all u and m."""
    u = np.array([-1.5, 0.0, 0.4, 3.0])

    def constants(u, m):
        sn, cn, dn, phi = sp.ellipj(u, m)
        return sn**2 + cn**2, dn**2 + m * sn**2, sp.ellipkinc(phi, m) - u

    _, slopes = ad.jvp(constants, (u, np.full(4, m)), (np.ones(4), np.ones(4)))
    np.testing.assert_allclose(slopes, np.zeros((3, 4)), atol=1e-13)


@pytest.mark.parametrize("z", [0.3 + 0.2j, -1.0 - 3.0j, 8.0 + 0.1j, -9.0 - 0.01j, 1e4 + 0j, 1e5j])
def test_faddeeva_near_and_far(z):
    with mp.workdps(50):
        expected = complex(mp.diff(lambda t: mp.exp(-t * t) * mp.erfc(-1j * t), mp.mpc(z)))
    found = ad.jvp(sp.wofz, (z,), (1 + 0j,))[1]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_voigt_profile_is_a_normal_or_a_cauchy_density_at_its_ends():
    normal = ad.grad(lambda x: sp.voigt_profile(x, 1.3, 0.0))(0.7)
    np.testing.assert_allclose(normal, -0.7 / 1.69 * sp.voigt_profile(0.7, 1.3, 0.0), rtol=1e-14)
    by_x, by_sigma, by_gamma = ad.grad(sp.voigt_profile, argnums=(0, 1, 2))(0.7, 0.0, 1.3)
    squares = 0.7**2 + 1.3**2
    np.testing.assert_allclose(by_x, -2 * 0.7 * 1.3 / np.pi / squares**2, rtol=1e-14)
    np.testing.assert_allclose(by_gamma, (0.7**2 - 1.3**2) / np.pi / squares**2, rtol=1e-14)
    assert by_sigma == 0


def test_owens_t_at_an_infinite_slope():
    assert ad.grad(lambda h: sp.owens_t(h, inf))(0.0) == 0
    assert ad.grad(lambda a: sp.owens_t(1.0, a))(inf) == 0


@pytest.mark.parametrize("name", ["exp1", "expi", "spence", "expn"])
def test_against_jax(name):
    jax = pytest.importorskip("jax")
    f, theirs = getattr(sp, name), getattr(jax.scipy.special, name)
    x = np.array([0.2, 0.9, 3.0])  # JAX has no derivative of spence at 1.1
    orders = () if name != "expn" else (np.array([1, 2, 5]),)
    with jax.enable_x64(True):
        want = jax.grad(lambda t: theirs(*orders, t).sum())(x)
    np.testing.assert_allclose(ad.grad(lambda t: f(*orders, t).sum())(x), want, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["exp1", "expi", "sici", "shichi", "fresnel", "spence", "lambertw"]
)
def test_complex_argument(name):
    z, h, direction = 0.7 + 0.4j, 1e-4, 0.6 - 0.8j

    def f(t):
        result = getattr(sp, name)(t)
        return result if isinstance(result, tuple) else (result,)

    steps = np.array([-2, -1, 1, 2]) * h * direction
    expected = [np.dot([1, -8, 8, -1], y) / (12 * h) for y in f(z + steps)]
    np.testing.assert_allclose(ad.jvp(f, (z,), (direction,))[1], expected, rtol=1e-10)


# ---- polynomials


@pytest.mark.parametrize("x", [-1.0, -0.3, 0.0, 1.0])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("legendre", ()), ("chebyt", ()), ("chebyu", ()), ("hermite", ()), ("hermitenorm", ()),
        ("laguerre", ()), ("genlaguerre", (0.5,)), ("gegenbauer", (0.7,)), ("jacobi", (0.5, -0.3)),
    ],
)  # fmt: skip
def test_polynomials_are_differentiated_as_such(name, parameters, x):
    roots_known = {"hermitenorm": sp.hermitenorm, "genlaguerre": sp.genlaguerre}
    make = roots_known.get(name) or getattr(sp, name)
    for n in (0, 1, 4):
        polynomial = np.poly1d(make(n, *parameters).coeffs)
        slope = ad.grad(lambda t, n=n: getattr(sp, f"eval_{name}")(n, *parameters, t))
        np.testing.assert_allclose(slope(x), polynomial.deriv()(x), rtol=1e-10, atol=1e-10)


def test_parameters_are_held_fixed():
    for f in (
        lambda a: sp.hyp2f1(a, 1.0, 2.0, 0.3),
        lambda a: sp.eval_jacobi(2, a, 0.5, 0.3),
        lambda a: sp.hyperu(1.0, a, 0.3),
    ):
        with pytest.raises(MissingRuleError, match="stop_gradient"):
            ad.grad(f)(0.7)


# ---- Student's distribution


@pytest.mark.parametrize("n", [0.7, 3.0, 50.0])
@pytest.mark.parametrize("t", [-30.0, -2.0, -1e-8, 0.0, 0.4, 20.0])
def test_student_by_argument_and_freedom(n, t):
    def cdf(n, t):
        tail = mp.betainc(n / 2, 0.5, 0, n / (n + t * t), regularized=True) / 2
        return 1 - tail if t > 0 else tail

    by_n, by_t = ad.grad(sp.stdtr, argnums=(0, 1))(n, t)
    with mp.workdps(40):
        want_n = float(mp.diff(lambda q: cdf(q, mp.mpf(t)), mp.mpf(n))) if t else 0.0
        density = mp.gamma((n + 1) / mp.mpf(2)) / mp.gamma(mp.mpf(n) / 2) / mp.sqrt(n * mp.pi)
        want_t = float(density * (1 + mp.mpf(t) ** 2 / n) ** (-(n + 1) / mp.mpf(2)))
    np.testing.assert_allclose([by_n, by_t], [want_n, want_t], rtol=1e-12, atol=1e-16)
    if abs(t) == 0.4:
        p = sp.stdtr(n, t)
        slopes = ad.grad(sp.stdtrit, argnums=(0, 1))(n, p)
        np.testing.assert_allclose(slopes, [-want_n / want_t, 1 / want_t], rtol=1e-9)
