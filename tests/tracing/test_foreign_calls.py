"""Where plain SciPy meets a traced value, the error names the function and its traced form."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.tracing import tracer

fft = pytest.importorskip("scipy.fft")
from scipy import interpolate, linalg, ndimage, optimize, signal, spatial, special, stats  # noqa: E402

A = np.array([[2.0, 1.0], [0.5, 3.0]])
V = np.array([1.0, 2.0, 4.0, 7.0, 3.0])
GRID = np.arange(5.0)

CALLS = {
    "linalg.expm": lambda x: linalg.expm(x),
    "linalg.inv": lambda x: linalg.inv(x),
    "linalg.solve": lambda x: linalg.solve(x, V[:2]),
    "linalg.solve_triangular": lambda x: linalg.solve_triangular(x, V[:2]),
    "linalg.svd": lambda x: linalg.svd(x)[1],
    "linalg.cholesky": lambda x: linalg.cholesky(x),
    "linalg.toeplitz": lambda x: linalg.toeplitz(x[0]),
    "signal.fftconvolve": lambda x: signal.fftconvolve(x[0], x[0]),
    "signal.lfilter": lambda x: signal.lfilter([1.0], [1.0, 0.5], x[0]),
    "special.multigammaln": lambda x: special.multigammaln(x, 2),
    "special.factorial": lambda x: special.factorial(x[0, 0]),
    "stats.norm.logpdf": lambda x: stats.norm.logpdf(x),
    "stats.gamma.cdf": lambda x: stats.gamma.cdf(x, 2.0),
    "stats.norm.logpdf, frozen": lambda x: stats.norm(0.0, x).logpdf(1.0),
    "interpolate.CubicSpline": lambda x: interpolate.CubicSpline(np.arange(2.0), x[0]),
    "interpolate.CubicSpline, at": lambda x: interpolate.CubicSpline(GRID, V)(x[0]),
    "interpolate.interp1d": lambda x: interpolate.interp1d(np.arange(2.0), x[0]),
    "ndimage.gaussian_filter": lambda x: ndimage.gaussian_filter(x, 1.0),
    "ndimage.map_coordinates": lambda x: ndimage.map_coordinates(x, [[0.5], [0.5]]),
}


def text_of(transform, call):
    """The text of the error, with its notes."""
    with pytest.raises((AttributeError, TypeError, ValueError, ad.errors.AutodiffError)) as caught:
        transform(lambda x: np.sum(call(x)))(A)
    return "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])


@pytest.mark.parametrize("transform", [ad.grad, ad.jit, ad.vmap], ids=["grad", "jit", "vmap"])
@pytest.mark.parametrize("case", CALLS)
def test_the_traced_form_is_named(case, transform):
    if transform is ad.vmap:
        transform = lambda f: lambda x: ad.vmap(f)(np.stack([x, x]))
    name = case.partition(",")[0]
    text = text_of(transform, CALLS[case])
    assert f"Write instead: `autodiff.scipy.{name}` for `scipy.{name}`" in text


@pytest.mark.parametrize("transform", [ad.grad, ad.jit], ids=["grad", "jit"])
def test_fourier_transforms_are_those_of_numpy(transform):
    assert "`numpy.fft.fft` for `scipy.fft.fft`" in text_of(transform, lambda x: fft.fft(x[0]))
    assert "scipy.fft" not in text_of(transform, lambda x: fft.dct(x[0]))  # NumPy has none


def test_what_has_no_traced_form_gets_general_advice():
    """`autodiff.scipy.linalg` has every name of SciPy's, but for plain arrays."""
    for call in (lambda x: spatial.distance.cdist(x, x), lambda x: linalg.qz(x, x)):
        assert "autodiff.scipy" not in text_of(ad.grad, call)


def test_only_what_is_between_the_value_and_the_users_code_counts():
    """SciPy may well have called the user."""

    def cost(p):
        return ad.grad(lambda x: float(x) * 2.0)(p[0])

    with pytest.raises(ad.errors.EscapeError) as caught:
        optimize.minimize(cost, [1.0])
    assert "scipy" not in str(caught.value)

    def filtered(x):
        return ndimage.generic_filter(GRID, lambda window: float(x[0, 0]) * window[0], 3)

    assert "scipy" not in text_of(ad.jit, filtered)


def test_an_error_of_scipys_about_plain_arrays_gets_no_note():
    def call(x):
        return x * linalg.inv(np.ones((2, 3)))

    with pytest.raises(ValueError, match="square") as caught:
        ad.grad(lambda x: np.sum(call(x)))(A)
    assert not getattr(caught.value, "__notes__", [])


def test_the_stack_is_not_looked_at_when_numpy_asks_for_protocols(monkeypatch):
    def refuse():
        raise AssertionError("the stack was looked at")

    monkeypatch.setattr(tracer, "called_now", refuse)

    def loss(x):
        assert not hasattr(x, "__array_interface__")
        assert not hasattr(x, "__cuda_array_interface__")
        assert not hasattr(x, "todense")
        return np.sum(np.array([x[0], x[1]]) * np.asarray(x)[:2])

    np.testing.assert_allclose(ad.grad(loss)(V), [2, 4, 0, 0, 0])


@pytest.mark.parametrize("transform", [ad.grad, ad.jit], ids=["grad", "jit"])
def test_a_list_of_traced_values_is_to_be_made_an_array_first(transform):
    text = text_of(transform, lambda x: np.linalg.det([[x[0, 0], x[0, 1]], [x[1, 0], 1.0]]))
    assert re.search(r"`np\.array\(\[\.\.\.\]\)` of (the list|it) first", text)
    advised = transform(lambda x: np.linalg.det(np.array([[x[0, 0], x[0, 1]], [x[1, 0], 1.0]])))(A)
    expected = [[1, -0.5], [-1, 0]] if transform is ad.grad else 1.5
    np.testing.assert_allclose(advised, expected)
