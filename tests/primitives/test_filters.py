"""`correlate`: all margins, sizes and methods against the sum that defines it."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.primitives.filters import correlate

RNG = np.random.default_rng(0)


def by_definition(x, w, low, high):
    """Sums over what the kernel meets, one result after the other."""
    counts = [n + a + b - k + 1 for n, k, a, b in zip(x.shape, w.shape, low, high, strict=True)]
    y = np.zeros(counts, np.result_type(x, w))
    for i in np.ndindex(*counts):
        for j in np.ndindex(*w.shape):
            at = tuple(a + b - c for a, b, c in zip(i, j, low, strict=True))
            if all(0 <= a < n for a, n in zip(at, x.shape, strict=True)):
                y[i] += x[at] * w[j]
    return y


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_margins_of_a_line(n, k, method):
    x, w = RNG.normal(size=n), RNG.normal(size=k)
    for low in range(-2, k + 2):
        for high in range(max(-2, k - n - low - 1), k + 2):
            params = {"low": (low,), "high": (high,), "method": method}
            expected = by_definition(x, w, (low,), (high,))
            found = ad.jit(lambda x, w, p=params: correlate(x, w, batch=0, **p))(x, w)
            np.testing.assert_allclose(found, expected, atol=1e-14)
            stack = np.stack([x, 2 * x]), np.stack([w, -w])
            found = ad.jit(lambda x, w, p=params: correlate(x, w, batch=1, **p))(*stack)
            np.testing.assert_allclose(found, [expected, -2 * expected], atol=1e-14)


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("margins", [((0, 0), (0, 0)), ((3, 1), (1, -1)), ((-1, 2), (5, 0))])
@pytest.mark.parametrize("kernel", [(1, 2), (3, 2), (4, 3)])
def test_margins_of_a_plane(kernel, margins, method):
    x, w = RNG.normal(size=(4, 3)), RNG.normal(size=kernel)
    low, high = margins
    if min(n + a + b - k for n, k, a, b in zip((4, 3), kernel, low, high, strict=True)) < -1:
        low = tuple(a + 2 for a in low)
    call = lambda x, w: correlate(x, w, low=low, high=high, batch=0, method=method)
    np.testing.assert_allclose(ad.jit(call)(x, w), by_definition(x, w, low, high), atol=1e-14)


def test_margins_are_not_zeros():
    """Zeros times an infinite element of the kernel would be no number."""
    x, w = np.array([1.0, 2.0, 3.0]), np.array([np.inf, 1.0])
    full = {"low": (1,), "high": (1,), "batch": 0, "method": "direct"}
    found = ad.jit(lambda x, w: correlate(x, w, **full))(x, w)
    np.testing.assert_array_equal(found, [1.0, np.inf, np.inf, np.inf])


def test_margins_that_cannot_be():
    call = lambda **params: ad.jit(lambda x: correlate(x, x, batch=0, method="direct", **params))
    with pytest.raises(ValueError, match="does not fit"):
        call(low=(-1,), high=(-1,))(np.ones(4))
    with pytest.raises(ValueError, match="margins"):
        call(low=(0, 0), high=(0, 0))(np.ones(4))
