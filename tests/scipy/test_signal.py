"""`autodiff.scipy.signal`: against JAX and closed forms, its costs, and what it refuses.

That values, derivatives and batches are right is asked row by row in
`tests/surface/rows_signal.py`.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import UnsupportedFunctionError

scipy_signal = pytest.importorskip("scipy.signal")
signal = ad.scipy.signal

RNG = np.random.default_rng(0)


def test_plain_arrays_go_to_scipy():
    x, w = RNG.normal(size=9), RNG.normal(size=4)
    assert signal.convolve(x, w).tobytes() == scipy_signal.convolve(x, w).tobytes()
    b, a = signal.butter(3, 0.3)
    assert signal.lfilter(b, a, x).tobytes() == scipy_signal.lfilter(b, a, x).tobytes()
    np.testing.assert_array_equal(signal.windows.hann(5), scipy_signal.windows.hann(5))


# ---- convolution


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve", "correlate", "fftconvolve"])
def test_against_jax(mode, name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x, w = RNG.normal(size=(2, 6, 5)), RNG.normal(size=(2, 3, 2))
    x, w = x[0] + 1j * x[1], w[0] + 1j * w[1]
    theirs, ours = getattr(jax.scipy.signal, name), getattr(signal, name)
    expected = jax.grad(lambda x, w: (abs(theirs(x, w, mode=mode)) ** 2).sum(), (0, 1))(x, w)
    found = ad.grad(lambda x, w: (np.abs(ours(x, w, mode=mode)) ** 2).sum(), argnums=(0, 1))(x, w)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


def test_hessian_of_a_convolution():
    """It is bilinear: the mixed derivative is constant, the others are zero."""
    x, w = RNG.normal(size=5), RNG.normal(size=3)
    f = lambda x, w: signal.convolve(x, w)[3]
    mixed = ad.jacobian(ad.grad(f), argnums=1)(x, w)
    np.testing.assert_allclose(mixed, [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_long_convolutions_go_by_transforms():
    x, w = RNG.normal(size=20000), RNG.normal(size=20000)
    program = ad.trace(lambda x, w: signal.convolve(x, w))(x, w)
    assert "method='fft'" in str(program) or 'method="fft"' in str(program)
    gradient = ad.grad(lambda x, w: np.sum(signal.convolve(x, w) ** 2))
    found = gradient(x, w)
    full = scipy_signal.fftconvolve(x, w)
    expected = 2 * scipy_signal.fftconvolve(full, w[::-1], mode="valid")
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())


def test_ranks_and_modes_are_checked():
    with pytest.raises(ValueError, match="same number of axes"):
        ad.jit(signal.convolve)(np.ones(3), np.ones((2, 2)))
    with pytest.raises(ValueError, match="acceptable mode"):
        ad.jit(lambda x: signal.convolve(x, x, "half"))(np.ones(3))
    with pytest.raises(ValueError, match="at least as large"):
        ad.jit(lambda x, w: signal.convolve(x, w, "valid"))(np.ones((3, 1)), np.ones((1, 3)))
    with pytest.raises(ValueError, match="acceptable methods"):
        ad.jit(lambda x: signal.convolve(x, x, method="slow"))(np.ones(3))


# ---- filters with feedback


def by_hand(b, a, x):
    """The difference equation, sample by sample."""
    y = []
    for n in range(len(x)):
        total = sum([b[k] * x[n - k] for k in range(min(len(b), n + 1))])
        total = total - sum([a[k] * y[n - k] for k in range(1, min(len(a), n + 1))])
        y.append(total / a[0])
    return np.stack(y)


def test_lfilter_is_the_difference_equation():
    b, a, x = RNG.normal(size=3), np.array([1.4, 0.3, -0.2]), RNG.normal(size=8)
    weights = RNG.normal(size=8)
    ours, theirs = (lambda *p, f=f: weights @ f(*p) ** 2 for f in (signal.lfilter, by_hand))
    found = ad.grad(ours, argnums=(0, 1, 2))(b, a, x)
    for g, e in zip(found, ad.grad(theirs, argnums=(0, 1, 2))(b, a, x), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-10, atol=1e-11)
    z = np.concatenate([b, a, x])
    found, expected = (
        ad.hessian(lambda z, f=f: f(z[:3], z[3:6], z[6:]))(z) for f in (ours, theirs)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def test_a_filter_in_pieces_is_the_filter():
    b, a = scipy_signal.butter(3, 0.2)
    x = RNG.normal(size=20)

    def pieces(b, a, x):
        zi = np.zeros(3)
        first, zi = signal.lfilter(b, a, x[:7], zi=zi)
        second, zi = signal.lfilter(b, a, x[7:9], zi=zi)
        third, _ = signal.lfilter(b, a, x[9:], zi=zi)
        return np.sum(np.concatenate([first, second, third]) ** 3)

    whole = lambda b, a, x: np.sum(signal.lfilter(b, a, x) ** 3)
    found = ad.grad(pieces, argnums=(0, 1, 2))(b, a, x)
    for g, e in zip(found, ad.grad(whole, argnums=(0, 1, 2))(b, a, x), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-11)


def test_lfilter_takes_linear_time():
    """A thousand times the samples: no quadratic matrix, and no step in Python for each."""
    b, a = scipy_signal.butter(4, 0.1)
    gradient = ad.grad(lambda b, a, x: np.sum(signal.lfilter(b, a, x) ** 2), argnums=(0, 1, 2))
    x = RNG.normal(size=400_000)
    for _ in range(2):
        start = time.perf_counter()
        db, da, dx = gradient(b, a, x)
        took = time.perf_counter() - start
    assert took < 3
    assert np.isfinite(db).all()
    assert np.isfinite(da).all()
    assert dx.shape == x.shape


def test_fitting_a_filter():
    """Newton's method on the coefficients finds those that made the data."""
    x = RNG.normal(size=60)
    target = scipy_signal.lfilter([0.3, 0.2], [1, -0.5, 0.1], x)

    def residual(p):
        return signal.lfilter(p[:2], np.concatenate([np.ones(1), p[2:]]), x) - target

    p = np.array([0.2, 0.2, -0.3, 0.0])
    for _ in range(12):
        p = p - np.linalg.lstsq(ad.jacobian(residual)(p), residual(p), rcond=None)[0]
    np.testing.assert_allclose(p, [0.3, 0.2, -0.5, 0.1], atol=1e-9)


def test_lfilter_refuses_what_scipy_refuses():
    with pytest.raises(NotImplementedError, match="int64"):
        ad.jit(lambda x: signal.lfilter([1, 2], [1], x))(np.arange(4))
    with pytest.raises(ValueError, match="zi has"):
        ad.jit(lambda x: signal.lfilter([1.0, 2], [1.0], x, zi=np.zeros(1)))(np.ones((2, 4)))
    with pytest.raises(ValueError, match="padlen"):
        ad.jit(lambda x: signal.filtfilt([1.0, 2], [1.0], x))(np.ones(4))
    with pytest.raises(NotImplementedError, match="gust"):
        ad.jit(lambda x: signal.filtfilt([1.0, 2], [1.0], x, method="gust"))(np.ones(40))


# ---- fits and transforms


def test_detrend_is_a_projection():
    matrix = ad.jacobian(signal.detrend)(RNG.normal(size=7))
    np.testing.assert_allclose(matrix @ matrix, matrix, atol=1e-14)
    np.testing.assert_allclose(matrix @ np.arange(7.0), 0, atol=1e-13)


@pytest.mark.parametrize("shape", [(7,), (2, 9), (3, 1, 8)])
@pytest.mark.parametrize("deriv", [0, 1, 2])
def test_savgol_filter_keeps_polynomials(shape, deriv):
    t = np.arange(shape[-1], dtype=float)
    x = np.broadcast_to(0.3 * t**2 - t + 1, shape)
    found = ad.jit(lambda x: signal.savgol_filter(x, 5, 2, deriv=deriv))(x)
    expected = [0.3 * t**2 - t + 1, 0.6 * t - 1, np.full_like(t, 0.6)][deriv]
    np.testing.assert_allclose(found, np.broadcast_to(expected, shape), atol=1e-11)


def test_envelope_of_a_modulated_wave():
    t = np.arange(64) / 64
    wave = lambda depth: (1 + depth * np.cos(2 * np.pi * t)) * np.cos(2 * np.pi * 16 * t)
    envelope = lambda depth: np.abs(signal.hilbert(wave(depth)))
    _, slope = ad.jvp(envelope, (0.5,), (1.0,))
    np.testing.assert_allclose(slope, np.cos(2 * np.pi * t), atol=1e-12)


def test_no_traced_form():
    with pytest.raises(UnsupportedFunctionError, match=r"scipy\.signal\.medfilt"):
        ad.grad(lambda x: signal.medfilt(x).sum())(np.ones(5))


@pytest.mark.parametrize("dtype", ["f4", "f8", "g", "c8", "c16", "i4"])
def test_dtypes(dtype):
    x = (3 * np.abs(RNG.normal(size=9)) + 1).astype(dtype)
    calls = [
        lambda x: signal.convolve(x, x[:3]),
        lambda x: signal.fftconvolve(x, x[:3]),
        lambda x: signal.lfilter([1.0, 2.0], [1.0, 0.3], x),
        lambda x: signal.filtfilt([1.0, 2.0], [1.0, 0.3], x),
        lambda x: signal.detrend(x),
        lambda x: signal.detrend(x, type="constant"),
        lambda x: signal.resample(x, 7),
    ]
    if dtype[0] != "c":
        calls += [lambda x: signal.hilbert(x), lambda x: signal.savgol_filter(x, 5, 2)]
    for call in calls:
        expected, found = call(x), ad.jit(call)(x)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_empty_signals():
    for call in (
        lambda x: signal.fftconvolve(x, np.ones(3)),
        lambda x: signal.lfilter([1.0, 2.0], [1.0, 0.3], x),
    ):
        assert ad.jit(call)(np.zeros(0)).shape == call(np.zeros(0)).shape == (0,)
    with pytest.raises(ValueError, match="empty"):
        ad.jit(lambda x: signal.convolve(x, np.ones(3)))(np.zeros(0))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("axes", [0, 1, (0, 1)])
@pytest.mark.parametrize("shapes", [((3, 1), (1, 2)), ((1, 4), (3, 4)), ((1, 1), (1, 1))])
def test_fftconvolve_along_axes_of_length_one(shapes, axes, mode):
    """One of the arrays is repeated there, but "same" is the shape of the first one."""
    x, w = (np.rint(5 * RNG.normal(size=shape)).astype(int) for shape in shapes)
    call = lambda lib, x, w: lib.fftconvolve(x, w, mode, axes)
    expected = call(scipy_signal, x, w)
    found = ad.jit(lambda x, w: call(signal, x, w))(x, w)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("n", [3, 8])
@pytest.mark.parametrize("dtype", [np.float32, float, np.complex64, complex])
@pytest.mark.parametrize("domain", ["time", "freq"])
def test_windows_of_resample(n, dtype, domain):
    x = RNG.normal(size=n).astype(dtype)
    x = x * dtype(1 + 2j) if x.dtype.kind == "c" else x
    call = lambda lib, x: lib.resample(x, 5, window="hann", domain=domain)
    expected, found = call(scipy_signal, x), ad.jit(lambda x: call(signal, x))(x)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="each of"):
        ad.jit(lambda x: signal.resample(x, 5, window=np.ones(n + 1)))(x)


def test_denominators_that_begin_with_zero():
    x = np.ones(20)
    for call in (signal.lfilter, signal.filtfilt):
        with pytest.raises(ValueError, match="first coefficient of a is 0"):
            ad.jit(lambda x, f=call: f([1.0], [0.0, 1.0], x))(x)
    found = ad.jit(lambda b: signal.lfilter_zi(b, [0.0, 2.0, 0.1]))(np.array([1.0]))
    expected = scipy_signal.lfilter_zi([1.0], [0.0, 2.0, 0.1])
    np.testing.assert_allclose(found, expected)


def test_infinite_taps_reach_only_what_they_meet():
    x, w = np.array([1.0, 2.0, 3.0]), np.array([np.inf, 1.0])
    for mode in ("full", "same", "valid"):
        found = ad.jit(lambda x, w, m=mode: signal.convolve(x, w, m, "direct"))(x, w)
        np.testing.assert_array_equal(found, scipy_signal.convolve(x, w, mode, "direct"))
