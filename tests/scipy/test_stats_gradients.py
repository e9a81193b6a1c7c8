"""Derivatives of distributions: against JAX, at the ends of supports, where nothing is defined."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import stats

pytest.importorskip("scipy")
inf, nan = np.inf, np.nan

# what JAX has, with arguments (x, *shapes, loc, scale), or those of integers without a scale
JAX = {
    "norm": (0.3, 0.1, 1.3), "t": (0.3, 3.5, 0.1, 1.3), "cauchy": (0.3, 0.1, 1.3),
    "laplace": (0.3, 0.1, 1.3), "logistic": (0.3, 0.1, 1.3), "expon": (0.9, 0.1, 1.3),
    "gamma": (0.9, 2.5, 0.1, 1.3), "beta": (0.6, 2.5, 1.7, 0.1, 1.3), "chi2": (0.9, 3.5, 0.1, 1.3),
    "pareto": (2.9, 2.5, 0.1, 1.3),
    "truncnorm": (0.3, -1.5, 2.0, 0.1, 1.3), "vonmises": (0.3, 1.7), "poisson": (3.0, 2.5),
    "bernoulli": (1.0, 0.3), "geom": (3.0, 0.3), "binom": (3.0, 7.0, 0.3),
    "nbinom": (3.0, 2.5, 0.3),
}  # fmt: skip


@pytest.mark.parametrize("name", JAX)
def test_against_jax(name):
    jax = pytest.importorskip("jax")
    args = JAX[name]
    first = 1 if name in ("poisson", "bernoulli", "geom", "nbinom") else 0
    first = 2 if name == "binom" else first  # JAX counts trials with integers
    numbers = tuple(range(first, len(args)))
    function = "logpmf" if first else "logpdf"
    theirs = getattr(getattr(jax.scipy.stats, name), function)
    ours = getattr(getattr(stats, name), function)
    with jax.enable_x64(True):
        want = jax.grad(theirs, argnums=numbers)(*args)
    found = ad.grad(ours, argnums=numbers)(*args)
    np.testing.assert_allclose(found, want, rtol=1e-11)
    np.testing.assert_allclose(ad.jit(ad.grad(ours, argnums=numbers))(*args), want, rtol=1e-11)


# ---- ends


@pytest.mark.parametrize(
    ("name", "shapes", "x", "expected"),
    [
        ("norm", (), [-inf, -40.0, 0.0, 40.0, inf], [0, 40, 0, -40, 0]),
        ("t", (3.0,), [-1e200, 0.0, 1e10, inf], [4e-200, 0, -4e-10, 0]),
        ("cauchy", (), [-1e200, 0.0, 1e300], [2e-200, 0, -2e-300]),
        ("laplace", (), [-1.0, 0.0, 1.0], [1, 0, -1]),
        ("gennorm", (2.0,), [-1.0, 0.0, 1.0], [2, 0, -2]),
        ("expon", (), [-1.0, 0.0, 1.0, inf], [0, -1, -1, 0]),
        ("uniform", (), [-0.1, 0.0, 0.5, 1.0, 1.1], [0, 0, 0, 0, 0]),
        ("gamma", (1.0,), [-1.0, 0.0, 1.0], [0, -1, -1]),
        ("gamma", (2.5,), [-1.0, 0.0, 1.0], [0, inf, 0.5]),
        ("gamma", (0.5,), [-1.0, 0.0, 1.0], [0, -inf, -1.5]),
        ("beta", (1.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0], [0, 0, 0, 0, 0]),
        ("beta", (2.0, 3.0), [-1.0, 0.0, 0.5, 1.0, 2.0], [0, inf, -2, -inf, 0]),
        ("chi2", (2.0,), [-1.0, 0.0, 1.0], [0, -0.5, -0.5]),
        ("weibull_min", (1.0,), [-1.0, 0.0, 1.0], [0, -1, -1]),
        ("pareto", (2.0,), [0.9, 1.0, 2.0], [0, -3, -1.5]),
        ("lognorm", (1.0,), [-1.0, 0.0, 1.0], [0, 0, -1]),
        ("invgamma", (2.0,), [-1.0, 0.0, 1.0], [0, 0, -2]),
        ("invgauss", (1.0,), [-1.0, 0.0, 1.0], [0, 0, -1.5]),
        ("truncnorm", (30.0, 40.0), [29.0, 30.0, 40.0, 41.0], [0, -30, -40, 0]),
        ("truncnorm", (-inf, inf), [0.0, 50.0], [0, -50]),
        ("vonmises", (1e6,), [0.0, 0.1], [0, -1e6 * np.sin(0.1)]),
    ],
)
def test_at_and_beyond_the_ends(name, shapes, x, expected):
    x = np.array(x)
    logpdf, pdf = (getattr(getattr(stats, name), f) for f in ("logpdf", "pdf"))
    slope = ad.grad(lambda t: np.sum(logpdf(t, *shapes)))(x)
    np.testing.assert_allclose(slope, expected, rtol=1e-12)
    pushed = ad.jvp(lambda t: logpdf(t, *shapes), (x,), (np.ones_like(x),))[1]
    np.testing.assert_allclose(pushed, expected, rtol=1e-12)
    assert not np.isnan(ad.grad(lambda t: np.sum(pdf(t, *shapes)))(x)).any()


@pytest.mark.parametrize("name", ["gamma", "lognorm", "weibull_min", "chi2", "invgamma", "t"])
def test_points_outside_add_nothing_to_the_derivative_by_a_parameter(name):
    logpdf = getattr(stats, name).logpdf
    x = np.array([-1.0, 2.0, inf])

    def total(shape, scale, chosen):
        return np.sum(logpdf(x[chosen], shape, scale=scale))

    inside = np.array([name == "t", True, False])
    every = np.array([True, True, True])
    slopes = [ad.grad(lambda a, s, c=c: total(a, s, c), argnums=(0, 1))(2.5, 1.5)
              for c in (inside, every)]  # fmt: skip
    np.testing.assert_allclose(*slopes, rtol=1e-14)


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
@pytest.mark.parametrize(
    ("f", "p", "first", "second"),
    [
        (lambda p: stats.bernoulli.pmf(1, p), 0.0, 1, 0),
        (lambda p: stats.bernoulli.pmf(0, p), 1.0, -1, 0),
        (lambda p: stats.binom.pmf(1, 5, p), 0.0, 5, -40),
        (lambda p: stats.binom.pmf(0, 5, p), 0.0, -5, 20),
        (lambda p: stats.binom.pmf(4, 5, p), 1.0, -5, -40),
        (lambda p: stats.geom.pmf(2, p), 1.0, -1, -2),
        (lambda p: stats.nbinom.pmf(1, 2.5, p), 1.0, -2.5, -12.5),
        (lambda mu: stats.poisson.pmf(0, mu), 0.0, -1, 1),
        (lambda mu: stats.poisson.pmf(1, mu), 0.0, 1, -2),
        (lambda mu: stats.poisson.pmf(2, mu), 0.0, 0, 1),
    ],
)
def test_probabilities_where_a_parameter_is_at_its_bound(f, p, first, second):
    slope = ad.grad(f)
    np.testing.assert_allclose([slope(p), ad.grad(slope)(p)], [first, second], rtol=1e-13)


@pytest.mark.parametrize("x", [0.3, -1.2, 2.0])
def test_generalised_extreme_values_pass_through_gumbels(x):
    """The shape of a third kind of limit between the two others is 0, a removable singularity."""
    mp = pytest.importorskip("mpmath")

    def extreme(c):
        u = -mp.log1p(-c * x) / c
        return -mp.exp(-u) - (1 - c) * u

    def excess(c):
        return -(c + 1) * mp.log1p(c * abs(x)) / c

    for ours, exact, at in (
        (stats.genextreme, extreme, x),
        (stats.genpareto, excess, abs(x)),
    ):
        first = ad.grad(lambda c, f=ours, t=at: f.logpdf(t, c))
        with mp.workdps(60):
            want = [mp.diff(exact, mp.mpf(10) ** -30, k, h=mp.mpf(10) ** -15) for k in (1, 2)]
        np.testing.assert_allclose(
            [first(0.0), ad.grad(first)(0.0)], [float(v) for v in want], rtol=1e-9, atol=1e-40
        )


def test_the_quantile_of_the_truncated_normal_samples_a_tail():
    a, q = 30.0, 0.3
    x = stats.truncnorm.ppf(q, a, inf)
    np.testing.assert_allclose(stats.truncnorm.cdf(x, a, inf), q, rtol=1e-12)
    slope = ad.grad(lambda a: stats.truncnorm.ppf(q, a, inf))(a)
    by_x, by_a = ad.grad(lambda *v: stats.truncnorm.cdf(*v, inf), argnums=(0, 1))(x, a)
    np.testing.assert_allclose(slope, -by_a / by_x, rtol=1e-8)


# ---- what is not defined


def test_derivatives_are_nan_where_values_are():
    x = np.array([nan, 1.0])
    np.testing.assert_array_equal(
        np.isnan(ad.grad(lambda t: np.sum(stats.gamma.logpdf(t, 2.0)))(x)), [True, False]
    )
    assert np.isnan(ad.grad(lambda s: stats.norm.logpdf(1.0, scale=s))(-1.0))
    by_all = ad.grad(stats.gamma.logpdf, argnums=(0, 1, 2, 3))(1.0, -2.0, 0.0, 1.0)
    assert np.isnan(by_all).all()


# ---- as users write it


def test_maximum_likelihood_by_newton():
    """The shape and scale of a gamma distribution: the gradient vanishes at SciPy's estimate."""
    fit = pytest.importorskip("scipy.stats").gamma.fit
    data = np.random.default_rng(0).gamma(2.5, 1.7, 400)
    p = np.array([2.0, 2.0])

    def loss(p):
        return -np.sum(stats.gamma.logpdf(data, p[0], scale=p[1]))

    for _ in range(20):
        p = p - np.linalg.solve(ad.hessian(loss)(p), ad.grad(loss)(p))
    shape, _, scale = fit(data, floc=0)
    np.testing.assert_allclose(p, [shape, scale], rtol=1e-5)
    assert np.abs(ad.grad(loss)(p)).max() < 1e-8


def test_float32_stays_float32():
    x, shape = np.float32([0.5, 1.5]), np.float32(2.5)
    for f in (stats.gamma.logpdf, stats.t.cdf, stats.chi2.sf, stats.lognorm.ppf):
        q = x if f is not stats.lognorm.ppf else x / 2
        slopes = ad.grad(lambda *a, f=f: np.sum(f(*a)), argnums=(0, 1))(q, shape)
        assert [s.dtype for s in slopes] == ["f4", "f4"]


def test_vmap_over_parameters():
    shapes = np.array([0.5, 2.5, 9.0])
    found = ad.vmap(ad.grad(lambda a: stats.gamma.logpdf(1.3, a)))(shapes)
    want = [ad.grad(lambda a: stats.gamma.logpdf(1.3, a))(a) for a in shapes]
    np.testing.assert_allclose(found, want, rtol=1e-14)
