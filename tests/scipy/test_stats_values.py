"""Distributions of one number on plain arrays: SciPy's values, over the support and beyond it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import UnsupportedFunctionError
from autodiff.scipy import stats

scipy_stats = pytest.importorskip("scipy.stats")
inf, nan = np.inf, np.nan

CONTINUOUS = {
    "norm": (), "lognorm": (0.7,), "t": (3.5,), "cauchy": (), "laplace": (), "logistic": (),
    "expon": (), "gamma": (2.3,), "invgamma": (2.3,), "beta": (2.3, 0.7), "chi": (3.2,),
    "chi2": (3.2,), "f": (3.1, 4.2), "uniform": (), "weibull_min": (1.7,), "weibull_max": (1.7,),
    "pareto": (2.2,), "gumbel_r": (), "gumbel_l": (), "halfnorm": (), "halfcauchy": (),
    "rayleigh": (), "vonmises": (1.3,), "truncnorm": (-1.0, 2.0), "skewnorm": (1.2,),
    "invgauss": (1.4,), "nakagami": (1.3,), "lomax": (2.1,), "betaprime": (2.0, 3.0),
    "powerlaw": (1.5,), "maxwell": (), "levy": (), "gompertz": (0.8,), "gennorm": (1.5,),
    "genextreme": (0.3,), "genpareto": (0.3,), "invweibull": (1.4,), "moyal": (),
    "gengamma": (1.4, 2.3), "loggamma": (1.4,), "burr12": (1.4, 2.3), "fisk": (2.3,),
    "genlogistic": (1.4,), "halflogistic": (), "hypsecant": (), "exponnorm": (1.4,),
    "johnsonsu": (0.3, 1.4), "laplace_asymmetric": (1.4,), "arcsine": (), "semicircular": (),
    "loguniform": (0.4, 2.3), "truncexpon": (2.3,), "triang": (0.3,), "rice": (0.7,),
}  # fmt: skip
DISCRETE = {
    "poisson": (2.5,), "binom": (7, 0.3), "bernoulli": (0.3,), "geom": (0.3,), "nbinom": (2.5, 0.4),
    "hypergeom": (20, 7, 12), "betabinom": (7, 2.0, 3.0), "dlaplace": (0.8,),
    "logser": (0.6,), "zipf": (2.3,), "randint": (-1, 7),
}  # fmt: skip
X = np.array([-1e3, -30, -5, -1.5, -1, -0.3, 0, 1e-3, 0.2, 0.5, 0.9, 1, 1.7, 2, 3.5, 8, nan])
Q = np.array([-0.1, 0.0, 1e-20, 1e-5, 0.1, 0.5, 0.8, 1 - 1e-6, 1.0, 1.1, nan])
K = np.array([-3, -1, 0, 0.5, 1, 2, 3, 5, 7, 8, 12, nan])

# Where SciPy loses digits, or all of them: in double precision these are ours.
FINER = {
    ("laplace", "logpdf"): lambda x: x > -700,
    ("laplace", "logcdf"): lambda x: x > -700,
    ("gompertz", "logsf"): lambda x: x < 5,
    ("poisson", "logcdf"): lambda k: k < 7,
    ("halfcauchy", "ppf"): lambda q: ~(q > 0.99),
    ("cauchy", "ppf"): lambda q: q != 0.5,
    ("moyal", "logpdf"): lambda x: x > -20,
    ("moyal", "logcdf"): lambda x: x > -5,
    ("fisk", "logcdf"): lambda x: x < 8,
    ("fisk", "logsf"): lambda x: x < 8,
    ("fisk", "sf"): lambda x: x < 8,
    ("fisk", "ppf"): lambda q: ~(q > 0.99),
    ("genlogistic", "logcdf"): lambda x: x > -500,
    ("hypsecant", "logpdf"): lambda x: x > -500,
    ("invweibull", "logpdf"): lambda x: ~((x > 0) & (x < 0.01)),
    ("invweibull", "logcdf"): lambda x: ~((x > 0) & (x < 0.01)),
}


def functions(name):
    kinds = ("logpdf", "pdf") if name in CONTINUOUS else ("logpmf", "pmf")
    shared = [*kinds, "cdf", "sf", "logcdf", "logsf"]
    return [*shared, "ppf"] if name in CONTINUOUS else shared


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of SciPy's
@pytest.mark.parametrize("name", [*CONTINUOUS, *DISCRETE])
def test_values(name):
    shapes = (CONTINUOUS | DISCRETE)[name]
    ours, theirs = getattr(stats, name), getattr(scipy_stats, name)
    moved = {"loc": 0.25, "scale": 1.5} if name in CONTINUOUS else {"loc": 1}
    for function in functions(name):
        x = Q if function == "ppf" else X if name in CONTINUOUS else K
        x = x[FINER.get((name, function), np.isnan)(x) | ((name, function) not in FINER)]
        for options in ({}, moved):
            try:
                found = getattr(ours, function)(x, *shapes, **options)
            except UnsupportedFunctionError:
                break
            want = getattr(theirs, function)(x, *shapes, **options)
            assert found.dtype == want.dtype
            np.testing.assert_allclose(found, want, rtol=1e-11, atol=1e-300, err_msg=function)


def test_every_distribution_is_here():
    vectors = {"dirichlet", "multinomial", "multivariate_normal", "multivariate_t"}
    vectors |= {"wishart", "invwishart"}
    assert {*CONTINUOUS, *DISCRETE, *vectors} == set(stats.__all__)


# ---- tails


def test_tails_keep_their_digits():
    np.testing.assert_allclose(stats.norm.logsf(40.0), -804.6084420137538, rtol=1e-15)
    np.testing.assert_allclose(stats.norm.logcdf(-1e5), -5000000012.431864, rtol=1e-15)
    np.testing.assert_allclose(stats.logistic.logcdf(-800.0), -800.0, rtol=1e-15)
    np.testing.assert_allclose(stats.laplace.logpdf(-1e3), -1e3 - np.log(2), rtol=1e-15)
    np.testing.assert_allclose(stats.cauchy.logpdf(1e200), -2 * np.log(1e200) - np.log(np.pi))
    np.testing.assert_allclose(stats.cauchy.sf(1e20), 1e-20 / np.pi, rtol=1e-14)
    np.testing.assert_allclose(
        stats.truncnorm.logpdf(31.0, 30.0, 40.0), -27.09769457686147, rtol=1e-12
    )
    np.testing.assert_allclose(stats.t.logpdf(2.0, inf), stats.norm.logpdf(2.0), rtol=1e-15)
    np.testing.assert_allclose(stats.t.logpdf(2.0, 1e12), stats.norm.logpdf(2.0), rtol=1e-11)


# ---- arguments


def test_impossible_parameters_give_nan():
    assert np.isnan(stats.norm.logpdf(1.0, scale=-1.0))
    assert np.isnan(stats.gamma.pdf(1.0, -2.0))
    assert np.isnan(stats.binom.logpmf(1, 2.5, 0.3))
    assert np.isnan(stats.truncnorm.logpdf(0.0, 2.0, 1.0))
    np.testing.assert_array_equal(
        np.isnan(stats.gamma.logpdf(1.0, np.array([-1.0, 0.0, 1.0]))), [True, True, False]
    )


def test_parameters_are_broadcast():
    x, a, scale = np.ones((4, 1, 1)), np.array([[1.5], [2.5]]), np.array([1.0, 2.0, 3.0])
    found = stats.gamma.logpdf(x, a, scale=scale)
    assert found.shape == (4, 2, 3)
    np.testing.assert_allclose(found, scipy_stats.gamma.logpdf(x, a, scale=scale), rtol=1e-13)
    np.testing.assert_allclose(stats.norm.pdf([0, 1]), scipy_stats.norm.pdf([0, 1]), rtol=1e-15)
    assert stats.norm.pdf(np.zeros((0, 3))).shape == (0, 3)
    reversed_ = np.arange(6.0)[::-2]
    np.testing.assert_allclose(stats.expon.cdf(reversed_), scipy_stats.expon.cdf(reversed_))


@pytest.mark.parametrize(
    ("dtype", "expected"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("?", "f8")]
)
def test_results_have_the_dtype_to_which_numpy_promotes(dtype, expected):
    x = np.ones(2, dtype)
    for name, shapes in (CONTINUOUS | DISCRETE).items():
        for function in functions(name)[:2]:
            f = getattr(getattr(stats, name), function)
            assert f(x, *shapes).dtype == expected, name
            assert f(x, *shapes, loc=np.float64(0)).dtype == "f8", name
    for name in ("norm", "t", "gamma", "beta", "truncnorm", "poisson", "maxwell"):
        for function in functions(name)[2:6]:
            f, shapes = getattr(getattr(stats, name), function), (CONTINUOUS | DISCRETE)[name]
            assert f(x, *shapes).dtype == expected, name
            assert ad.jit(lambda t, f=f, s=shapes: f(t, *s))(x).dtype == expected, name


def test_longdouble_where_numpy_functions_suffice():
    assert stats.norm.logpdf(np.longdouble(1)).dtype == np.longdouble


def test_frozen_distributions():
    frozen = stats.gamma(2.5, scale=2.0)
    assert frozen.logpdf(1.0) == stats.gamma.logpdf(1.0, 2.5, scale=2.0)
    assert frozen.cdf(1.0) == stats.gamma.cdf(1.0, 2.5, scale=2.0)
    assert "gamma" in repr(frozen)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.norm.logpdf(1.0, 2.0, 3.0, 4.0), "3 parameters are given"),
        (lambda: stats.gamma.logpdf(1.0), "a is missing"),
        (lambda: stats.gamma.logpdf(1.0, 2.0, a=2), "'a' is given twice"),
        (lambda: stats.gamma.logpdf(1.0, 2.0, b=2), "'b' is none of them"),
        (lambda: stats.poisson.pmf(1, 2.0, scale=2.0), "'scale' is none of them"),
        (lambda: stats.norm.logpdf(1j), "real numbers, not complex128"),
        (lambda: stats.norm(1.0, 2.0, 3.0), "3 parameters are given"),
    ],
)
def test_misuse(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_what_has_no_closed_form_says_so():
    with pytest.raises(UnsupportedFunctionError, match=r"(?s)vonmises\.cdf.*Write instead.*scipy"):
        stats.vonmises.cdf(1.0, 2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.norm.isf(0.3), r"stats\.norm has no function 'isf'"),
        (lambda: stats.norm(0, 1).isf(0.3), r"stats\.norm has no function 'isf'"),
        (lambda: stats.wishart.rvs(3), r"stats\.wishart has no function 'rvs'"),
        (lambda: stats.nct.logpdf(1.0, 2.0, 3.0), r"stats has no 'nct'"),
    ],
)
def test_what_is_not_here_says_so(call, message):
    with pytest.raises(AttributeError, match=rf"(?s){message}.*test_stats_values.*Write instead"):
        call()
    assert not hasattr(stats, "__wrapped__")


def test_frozen_distributions_can_be_copied():
    assert copy.deepcopy(stats.norm(1.0, 2.0)).logpdf(0.5) == stats.norm.logpdf(0.5, 1.0, 2.0)
