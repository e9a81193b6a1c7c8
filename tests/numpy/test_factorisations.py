"""Cholesky and QR: dtypes, shapes, refusals, and derivatives beside those of JAX and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import MissingRuleError
from tests.numpy.calls import DTYPES, check_call, check_gradient, sample

RNG = np.random.default_rng(0)
A, B, W = (RNG.normal(size=(3, 3)) for _ in range(3))
C = A + 1j * B
TALL, WIDE = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))


def positive(shape, dtype="f8"):
    if dtype == "?":
        return np.broadcast_to(np.eye(shape[-1], dtype=dtype), shape)
    half = sample(shape, dtype if dtype[0] == "c" else "f8")
    a = half @ np.conj(np.swapaxes(half, -1, -2)) + np.eye(shape[-1])
    return a.astype(dtype)


def upper(a):
    return np.linalg.cholesky(a, upper=True)


# ---- values


@pytest.mark.parametrize("dtype", [*DTYPES, "g"])
def test_dtypes(dtype):
    check_call(np.linalg.cholesky, positive((3, 3), dtype))
    check_call(np.linalg.qr, sample((3, 2), dtype))


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 0, 0), (0, 2, 2), (2, 1, 3, 3)], ids=str)
def test_shapes_of_cholesky(shape):
    check_call(np.linalg.cholesky, positive(shape))
    check_call(upper, positive(shape))


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 2, 1)], ids=str)
def test_cholesky_takes_square_matrices(shape):
    check_call(np.linalg.cholesky, sample(shape))


@pytest.mark.parametrize("mode", ["reduced", "complete", "r", "unknown"])
@pytest.mark.parametrize(
    "shape",
    [(), (3,), (0, 0), (0, 2), (2, 0), (1, 1), (3, 3), (4, 2), (2, 4), (2, 0, 3), (0, 2, 2)],
    ids=str,
)
def test_shapes_of_qr(shape, mode):
    check_call(lambda a: np.linalg.qr(a, mode), sample(shape))


def test_the_results_have_names():
    q = ad.jit(lambda a: np.linalg.qr(a).Q)(TALL)
    sign = ad.jit(lambda a: np.linalg.slogdet(a).sign)(A)
    np.testing.assert_array_equal(q, np.linalg.qr(TALL).Q)
    assert sign == np.linalg.slogdet(A).sign


def test_cholesky_reads_one_triangle():
    """As NumPy does, whatever stands in the other one."""
    rest = np.triu(np.full((3, 3), np.nan), 1)
    a = positive((3, 3))
    check_call(np.linalg.cholesky, np.tril(a) + rest)
    check_call(upper, np.triu(a) + rest.T)
    check_call(np.linalg.cholesky, a[::-1, ::-1])


# ---- refusals


@pytest.mark.parametrize("f", [np.linalg.cholesky, upper])
def test_a_matrix_that_is_not_positive_definite(f):
    stacked = ad.vmap(f)
    for run in (ad.grad(lambda a: np.sum(f(a))), ad.jit(f), lambda a: stacked(a[None])):
        with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
            run(-np.eye(2))


def test_modes_without_a_derivative():
    with pytest.raises(TypeError, match=r"mode='raw'.*mode='reduced'"):
        ad.jit(lambda a: np.linalg.qr(a, "raw"))(A)
    with pytest.raises(MissingRuleError, match=r"(?s)complete QR.*mode='reduced'"):
        ad.grad(lambda a: np.sum(np.linalg.qr(a, "complete").R))(TALL)


def test_dependent_columns_have_no_derivative_but_spoil_nothing():
    dependent = np.ones((3, 2))

    def guarded(a):
        return np.where(a[0, 0] > 9, np.sum(np.linalg.qr(a).R), 0.0)

    with np.errstate(all="ignore"):
        assert np.isnan(ad.grad(lambda a: np.sum(np.linalg.qr(a).R))(np.zeros((2, 2)))).any()
        np.testing.assert_array_equal(ad.grad(guarded)(dependent), 0)


# ---- derivatives


def test_gradients_by_a_symmetric_matrix_are_symmetric():
    a = positive((3, 3))
    for f in (np.linalg.cholesky, upper):
        gradient = ad.grad(lambda x, f=f: np.sum(W * f(x)))(a)
        np.testing.assert_allclose(gradient, gradient.T, rtol=1e-13)
        # In a symmetric direction it is the slope.
        along = B + B.T
        ahead, behind = (np.sum(W * f(a + s * along)) for s in (1e-6, -1e-6))
        np.testing.assert_allclose(np.sum(gradient * along), (ahead - behind) / 2e-6, rtol=1e-7)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("mode", ["reduced", "r"])
def test_slopes_of_qr(shape, mode):
    check_gradient(lambda a: np.linalg.qr(a, mode), RNG.normal(size=shape))


def cholesky(xp, half, weights):
    factor = xp.linalg.cholesky(half @ half.conj().T + np.eye(3))
    return (factor * weights).sum().real


def by_symmetric(xp, a, weights):
    return (xp.linalg.cholesky(a) * weights).sum().real


def qr(xp, a, weights):
    q, r = xp.linalg.qr(a)
    return (q * weights[: q.shape[0], : q.shape[1]]).sum().real + abs(r).sum()


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (cholesky, A),
        (cholesky, C),
        (by_symmetric, A @ A.T + np.eye(3)),
        (by_symmetric, C @ C.conj().T + np.eye(3)),
        (qr, A),
        (qr, C),
        (qr, TALL),
    ],
)
def test_gradients_are_those_of_jax(f, x):
    jax = pytest.importorskip("jax")
    weights = RNG.normal(size=(4, 4))
    weights = weights[:3, :3] if f is not qr else weights
    with jax.enable_x64(True):
        expected = jax.grad(lambda a: f(jax.numpy, a, weights))(x)
    np.testing.assert_allclose(
        ad.grad(lambda a: f(np, a, weights))(x), expected, rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("x", [A, TALL, WIDE, WIDE + 1j * WIDE[::-1]], ids=lambda x: str(x.shape))
def test_gradients_of_qr_are_those_of_pytorch(x):
    """Which has them for wide matrices, too. Its complex gradients are the conjugates of ours."""
    torch = pytest.importorskip("torch")
    at = torch.tensor(x, requires_grad=True)
    q, r = torch.linalg.qr(at)
    ((q * q * q).sum().real + (r * r).sum().real).backward()

    def loss(a):
        q, r = np.linalg.qr(a)
        return np.sum(q * q * q).real + np.sum(r * r).real

    np.testing.assert_allclose(ad.grad(loss)(x), np.conj(at.grad.numpy()), rtol=1e-10, atol=1e-12)
