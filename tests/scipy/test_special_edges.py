"""Functions of `scipy.special` where a formula degenerates: infinities, zeros, whole parameters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad

mp = pytest.importorskip("mpmath")
inf, nan = np.inf, np.nan


@pytest.mark.parametrize("name", ["legendre", "chebyt", "chebyu"])
@pytest.mark.parametrize("n", [-5, -3, -2, -1, -3.0, -1.0, -2.5, -0.4])
def test_polynomials_of_negative_degree(name, n):
    f, h = getattr(sp, f"eval_{name}"), 1e-3
    steps = np.array([-2, -1, 1, 2]) * h
    expected = np.dot([1, -8, 8, -1], f(n, 0.3 + steps)) / (12 * h)
    found = ad.grad(lambda t: f(n, t))(0.3)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
@pytest.mark.parametrize(
    ("f", "z", "first", "second"),
    [
        (lambda z: sp.hyp2f1(0.0, 1.0, 2.0, z), 1.0, 0, 0),
        (lambda z: sp.hyp2f1(-1.0, 3.0, -2.0, z), 0.3, 1.5, 0),
        (lambda z: sp.hyp2f1(-1.0, 3.0, -1.0, z), 0.3, 3 * 0.7**-4, 12 * 0.7**-5),
        (lambda z: sp.hyp1f1(-1.0, -1.0, z), 0.3, 1, 0),
        (lambda z: sp.hyp1f1(-2.0, -2.0, z), 0.3, 1.3, 1),
        (lambda z: sp.hyp1f1(-1.0, 3.0, z), 0.3, -1 / 3, 0),
        (lambda z: sp.hyperu(0.0, 1.5, z), 0.0, 0, 0),
    ],
)
def test_hypergeometric_functions_that_are_polynomials(f, z, first, second):
    slope = ad.grad(f)
    np.testing.assert_allclose([slope(z), ad.grad(slope)(z)], [first, second], rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: sp.lambertw(x).real, inf, 0),
        (lambda x: sp.sici(x)[0], inf, 0),
        (lambda x: sp.sici(x)[1], inf, 0),
        (sp.i1e, inf, 0),
        (sp.i1e, -inf, 0),
        (sp.k1e, inf, 0),
        (lambda x: sp.ive(0.5, x), 0.0, inf),
        (lambda x: sp.jve(0.3, x), 0.0, inf),
        (lambda n: sp.stdtr(n, inf), 3.0, 0),
        (lambda n: sp.stdtr(n, -inf), 3.0, 0),
        (lambda h: sp.owens_t(h, 0.0), inf, 0),
        (lambda x: sp.voigt_profile(x, 1.0, 1.0), inf, 0),
        (lambda s: sp.voigt_profile(1.0, s, 1.0), inf, 0),
        (lambda g: sp.voigt_profile(1.0, 1.0, g), inf, 0),
    ],
)
def test_at_infinity_and_zero(f, x, expected):
    assert ad.grad(f)(x) == expected
    assert ad.jvp(f, (x,), (1.0,))[1] == expected


@pytest.mark.parametrize("v", [0.3, 1.5])
def test_second_derivatives_of_scaled_functions_at_zero(v):
    """x^1.5 has one that is infinite; the slope of x^0.3 is infinite already."""
    for f in (sp.jve, sp.ive):
        second = ad.grad(ad.grad(lambda t, f=f: f(v, t)))(0.0)
        assert second == inf if v == 1.5 else not np.isfinite(second)


VOIGT = list(itertools.product((0.0, 3.0, 50.0, 1e4), (1e-3, 0.3, 20.0), (0.0, 0.3, 1e3)))


@pytest.mark.parametrize(("x", "sigma", "gamma"), VOIGT)
def test_voigt_profile_of_a_narrow_line(x, sigma, gamma):
    """By x, σ and γ, first and second; also where all that is left is a Gaussian's tail."""

    def profile(*args):
        z = (args[0] + 1j * args[2]) / (args[1] * mp.sqrt(2))
        return mp.re(mp.exp(-z * z) * mp.erfc(-1j * z)) / (args[1] * mp.sqrt(2 * mp.pi))

    if gamma == 0 and x > 20 * sigma:
        pytest.skip("the value underflows")
    at = [mp.mpf(v) for v in (x, sigma, gamma)]
    for i in range(2 if gamma == 0 else 3):
        with mp.workdps(50):
            series = mp.taylor(lambda t, i=i: profile(*at[:i], t, *at[i + 1 :]), at[i], 2)
        want = [float(series[1]), 2 * float(series[2])]
        point = [x, sigma, gamma]
        first = ad.grad(lambda t, i=i, p=point: sp.voigt_profile(*p[:i], t, *p[i + 1 :]))
        found = [first(point[i]), ad.grad(first)(point[i])]
        np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-40)


# ---- distribution functions that are compositions

PROBABILITIES = [
    "bdtr", "bdtrc", "chdtr", "chdtrc", "fdtr", "fdtrc", "gdtr", "gdtrc", "nbdtr", "nbdtrc", "pdtr",
    "pdtrc",
]  # fmt: skip
NUMBERS = np.array([-2.5, -1, -0.5, 0, 0.3, 0.5, 1, 2, 3, 3.7, 7])


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_are_scipys_where_parameters_are_impossible(name):
    f = getattr(sp, name)
    xs = [v.ravel() for v in np.meshgrid(*[NUMBERS] * f.nin)]
    np.testing.assert_allclose(ad.jit(f)(*xs), f(*xs), rtol=1e-10, atol=1e-300)


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
def test_derivatives_of_probabilities_at_their_ends():
    assert ad.grad(lambda p: sp.bdtr(3.0, 3.0, p))(0.4) == 0
    np.testing.assert_allclose(ad.grad(lambda p: sp.bdtr(0.0, 3.0, p))(0.4), -3 * 0.6**2)
    assert ad.grad(lambda x: sp.fdtr(2.0, 3.0, x))(0.0) == pytest.approx(1.0)
    assert ad.grad(lambda x: sp.fdtr(2.0, 3.0, x))(inf) == 0
    assert np.isnan(ad.grad(lambda x: sp.gdtr(2.0, 3.0, x))(-1.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: sp.jv(x, x), r"scipy\.special\.jv does not take complex, complex"),
        (lambda x: sp.ellipj(x, x), r"scipy\.special\.ellipj does not take"),
        (lambda x: sp.bdtr(x, 1, 1), r"scipy\.special\.bdtr does not take"),
        (lambda x: np.arctan2(x, x), r"np\.arctan2 does not take"),
    ],
)
def test_operands_that_no_loop_takes(call, message):
    with pytest.raises(TypeError, match=rf"(?s){message}.*test_special_edges"):
        ad.jit(call)(1j)
