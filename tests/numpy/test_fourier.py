"""Fourier transforms, against NumPy bit by bit, against JAX, and in a spectral solver."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import check_call, sample
from tests.numpy.running import traced

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
SEVERAL = ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]


def same_bits(f, *arrays):
    expected, found = f(*arrays), traced(f, *arrays)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)  # bytes of longdouble hold padding


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 1, 3, 4, 9])
def test_a_line_is_numpy_s_bit_by_bit(name, norm, n):
    f = getattr(np.fft, name)
    complex_ones = ["c8", "c16", "G"] if name not in ("rfft", "ihfft") else ["f4"]
    for dtype in ["f8", "g", "i4", "?", *complex_ones]:
        x = sample((5, 4), "f8").astype(dtype)
        for axis in (0, 1):
            same_bits(lambda x, axis=axis: f(x, n, axis, norm), x)


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"norm": "ortho"},
        {"s": (3, 5), "axes": (0, 1)},
        {"s": (4, -1), "axes": (2, 0)},
        {"axes": (1,)},
        {"axes": (-1, -1)},
    ],
    ids=str,
)
def test_several_axes_are_numpy_s_bit_by_bit(name, how):
    same_bits(lambda x: getattr(np.fft, name)(x, **how), sample((3, 4, 5)))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize(("dtype", "tolerance"), [("f2", 2e-3), ("f4", 1e-6)])
def test_lower_precision_becomes_what_numpy_makes_of_it(name, dtype, tolerance):
    x = sample((6,), dtype)
    for norm in ("backward", "ortho", "forward"):
        f = lambda x, norm=norm: getattr(np.fft, name)(x, norm=norm)
        found, expected = traced(f, x), f(x)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["fftn", "ifftn"])
def test_no_axes(name):
    check_call(lambda x: getattr(np.fft, name)(x, axes=()), sample((3,)))
    check_call(lambda x: getattr(np.fft, name)(x), np.array(2.0))


WRONG = {
    "no points": lambda x: np.fft.fft(x, 0),
    "no points to real": lambda x: np.fft.irfft(x[:, :1]),
    "an empty axis": lambda x: np.fft.fft(x[:, :0]),
    "several axes, one of them empty": lambda x: np.fft.rfftn(x[:0]),
    "an axis too far": lambda x: np.fft.fft(x, axis=2),
    "a norm that is none": lambda x: np.fft.fft(x, norm="both"),
    "lengths that are too few": lambda x: np.fft.fft2(x, s=(1,)),
    "complex for real": lambda x: np.fft.rfft(x * 1j),
    "no axes to real": lambda x: np.fft.irfftn(x, axes=()),
    "a fractional length": lambda x: np.fft.fft(x, 2.5),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_numpy_refuses_is_refused(case):
    x = sample((3, 4))
    with pytest.raises((ValueError, IndexError, TypeError)):
        WRONG[case](x)
    with pytest.raises((ValueError, IndexError, TypeError)):
        traced(WRONG[case], x)


def test_deprecated_arguments_warn_as_numpy_s_do():
    x = sample((3, 4))
    for f in (lambda x: np.fft.fftn(x, (2,)), lambda x: np.fft.fftn(x, (None, 2), (0, 1))):
        with pytest.deprecated_call():
            expected = f(x)
        with pytest.deprecated_call(match="Write instead"):
            np.testing.assert_array_equal(traced(f, x), expected)


def test_out():
    def f(x):
        y = np.zeros_like(x, shape=(3,), dtype=complex)
        assert np.fft.rfft(x, out=y) is y
        return y

    x = sample((4,))
    np.testing.assert_array_equal(traced(f, x), np.fft.rfft(x))
    with pytest.raises(ad.errors.EscapeError, match=r"np\.fft\.rfft"):
        traced(lambda x: np.fft.rfft(x, out=np.zeros(3, complex)), x)


def test_frequencies_to_write_against():
    fft = ad.numpy.fft
    assert fft.fft is np.fft.fft
    np.testing.assert_array_equal(fft.fftfreq(5, 0.5), np.fft.fftfreq(5, 0.5))
    assert fft.rfftfreq(4, dtype=np.float32).dtype == np.float32
    gradient = ad.grad(lambda d: np.sum(fft.fftfreq(4, d) ** 2))(0.5)
    assert gradient == pytest.approx(-2 / 0.5**3 * np.sum(np.fft.fftfreq(4) ** 2))
    with pytest.raises(TypeError, match="device"):
        fft.fftfreq(4, device="gpu")


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_derivatives_agree_with_jax(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(0)
    shape = (3, 4) if name in ONE or "2" in name else (2, 3, 3)
    x = rng.uniform(-1, 1, shape)
    if "rfft" not in name and name != "ihfft":
        x = x + 1j * rng.uniform(-1, 1, shape)
    if name in ("irfft", "irfft2", "irfftn"):
        x = x + 1j * rng.uniform(-1, 1, shape)

    def loss(xp, x):
        y = getattr(xp.fft, name)(x, norm="ortho")
        return (xp.abs(y) ** 3).sum()

    expected = jax.grad(lambda x: loss(jax.numpy, x))(x)
    np.testing.assert_allclose(ad.grad(lambda x: loss(np, x))(x), expected, rtol=1e-10, atol=1e-10)


def test_third_order():
    """Of the cube of what is linear, the third derivative is exact."""
    x, u = sample((5,)), np.linspace(-1, 1, 5)

    def f(t):
        return np.sum(np.fft.irfft(np.fft.rfft(t * u + x), 5) ** 3)

    third = ad.grad(ad.grad(ad.grad(f)))(0.3)
    assert third == pytest.approx(6 * np.sum(u**3))


def test_heat_equation_by_fourier_transform():
    """The derivative by the time is that of the equation, u_t = u_xx."""
    n = 32
    grid = 2 * np.pi * np.arange(n) / n
    k = np.fft.rfftfreq(n, 1 / n)
    start = np.exp(np.sin(grid))

    def solution(t, start=start):
        return np.fft.irfft(np.exp(-(k**2) * t) * np.fft.rfft(start), n)

    u, ut = ad.jvp(solution, (0.1,), (1.0,))
    uxx = np.fft.irfft(-(k**2) * np.fft.rfft(u), n)
    np.testing.assert_allclose(ut, uxx, atol=1e-12)
    jacobian = ad.jacobian(lambda s: solution(0.1, s))(start)
    np.testing.assert_allclose(jacobian, jacobian.T, atol=1e-14)  # the heat kernel is symmetric
    np.testing.assert_allclose(jacobian @ start, u, atol=1e-12)


def test_jacobian_of_a_batch_is_known_to_be_block_diagonal():
    x = sample((4, 3))
    jacobian = ad.sparse_jacobian(lambda x: np.fft.irfft(np.fft.rfft(x, axis=1), 3, axis=1) * 2)(x)
    np.testing.assert_allclose(jacobian.toarray(), 2 * np.eye(12), atol=1e-15)
    assert jacobian.nnz == 4 * 9


def test_more_lengths_than_axes_are_refused():
    for f in (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn):
        with pytest.raises(np.exceptions.AxisError), pytest.warns(DeprecationWarning, match="axes"):
            traced(lambda x, f=f: f(x, (3, 4)), np.ones(5))
