"""Every construct, alone and within every other: values, both modes, second order, vmap, jit."""

import itertools
import os

import numpy as np
import pytest

import autodiff as ad
from tests.api.constructs import CONSTRUCTS, base

X = np.array([0.7, -0.4, 0.9])
V = np.array([0.3, 0.8, -0.5])
W = np.array([-0.6, 0.2, 0.4])
SAMPLES = np.array([X, -0.3 * V, 1.4 * W, [0.05, 0.02, 0.01]])


def difference(f, x, v, step=1e-4):
    """A directional derivative by Richardson's central differences."""
    d1 = (f(x + step * v) - f(x - step * v)) / (2 * step)
    d2 = (f(x + 2 * step * v) - f(x - 2 * step * v)) / (4 * step)
    return (4 * d1 - d2) / 3


def closeness(error):
    """What compares: up to a tolerance, or the error of the method, if that is larger."""

    def close(a, b, tolerance=1e-9):
        tolerance = max(tolerance, error)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)

    return close


def check_first_order(f, plain, close):
    close(f(X), plain(X), 1e-13)
    y, dy = ad.jvp(f, (X,), (V,))
    close(y, plain(X), 1e-13)
    close(dy, difference(plain, X, V))
    y, pullback = ad.vjp(f, X)
    (ct,) = pullback(W)
    close(np.dot(ct, V), np.dot(W, dy), 1e-11)
    plain_gradient = ad.grad(lambda x: np.dot(W, plain(x)))(X)
    close(ct, plain_gradient, 1e-11)
    close(ad.jit(lambda x: ad.vjp(f, x)[1](W)[0])(X), ct, 1e-12)


def check_second_order(f, plain, close):
    def scalar(x):
        return np.dot(W, f(x))

    gradient = ad.grad(scalar)
    expected = difference(ad.grad(lambda x: np.dot(W, plain(x))), X, V)
    close(ad.jvp(gradient, (X,), (V,))[1], expected, 1e-8)  # forward over reverse
    close(ad.grad(lambda x: np.dot(gradient(x), V))(X), expected, 1e-8)  # reverse over reverse
    close(ad.grad(lambda x: ad.jvp(scalar, (x,), (V,))[1])(X), expected, 1e-8)
    forward = ad.jvp(lambda x: ad.jvp(scalar, (x,), (V,))[1], (X,), (W,))[1]
    close(forward, np.dot(expected, W), 1e-8)


def check_vmap(f, plain, close):
    close(ad.vmap(f)(SAMPLES), np.stack([plain(x) for x in SAMPLES]), 1e-13)
    rows = np.stack([ad.grad(lambda x: np.dot(W, plain(x)))(x) for x in SAMPLES])
    close(ad.vmap(ad.grad(lambda x: np.dot(W, f(x))))(SAMPLES), rows, 1e-11)
    close(ad.grad(lambda xs: np.sum(ad.vmap(f)(xs) @ W))(SAMPLES), rows, 1e-11)
    close(ad.jit(ad.vmap(f))(SAMPLES), np.stack([plain(x) for x in SAMPLES]), 1e-12)


CHECKS = [check_first_order, check_second_order, check_vmap]
ids = {c: c.__name__.removeprefix("check_") for c in CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=ids.get)
@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda c: c.name)
def test_alone(construct, check):
    check(construct.traced(base), construct.plain(base), closeness(construct.error))


# Each pair is asked one of the questions, in turn; all of them take some minutes.
# For the whole table: AUTODIFF_PAIRS=all python -m pytest tests/api/test_constructs.py
PAIRS = [
    pytest.param(outer, inner, check, id=f"{outer.name}-{inner.name}-{ids[check]}")
    for (i, outer), (j, inner) in itertools.product(enumerate(CONSTRUCTS), repeat=2)
    for k, check in enumerate(CHECKS)
    if (i + j) % len(CHECKS) == k or os.environ.get("AUTODIFF_PAIRS") == "all"
]


@pytest.mark.parametrize(("outer", "inner", "check"), PAIRS)
def test_pairs(outer, inner, check):
    error = max(outer.error, inner.error)
    check(outer.traced(inner.traced(base)), outer.plain(inner.plain(base)), closeness(error))
