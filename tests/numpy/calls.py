"""Calls of NumPy that must mean the same on traced arrays: value, dtype, shape and gradient."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.tracing.record import record

Call = Callable[..., Any]

DTYPES = ["f8", "f4", "f2", "i8", "i4", "u1", "?", "c16", "c8"]
TOLERANCE = {"f2": 4e-2, "f4": 2e-5, "c8": 2e-5, "f8": 1e-12, "c16": 1e-12}
_REFUSALS = (TypeError, ValueError, IndexError, OverflowError)


def sample(shape: tuple[int, ...], dtype: str = "f8", seed: int = 0) -> Any:
    """Distinct numbers of moderate size that are no ties, NaNs or zeros (for small shapes)."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape))
    x = rng.permutation(count).reshape(shape) * 0.3 + 0.4
    if dtype == "?":
        return x % 0.6 > 0.3
    if dtype[0] in "iu":
        return (x * 4).astype(dtype)
    return (
        (x + 0.2j * x.T.reshape(shape)).astype(dtype)
        if dtype[0] == "c"
        else (x - 0.5).astype(dtype)
    )


def outputs(f: Call, *arrays: Any) -> list[Any]:
    """What the function returns, as a flat list."""
    result = f(*arrays)
    return list(result) if isinstance(result, tuple | list) else [result]


def check_call(f: Call, *arrays: Any, compiled: bool = True) -> None:
    """The function gives the same on arrays, on tracers with values, and as a compiled program."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = outputs(f, *[np.array(a) for a in arrays])
        except _REFUSALS:
            with pytest.raises(_REFUSALS):
                record(lambda xs: outputs(f, *xs), list(arrays), label="a test")
            return
        recording = record(lambda xs: outputs(f, *xs), list(arrays), label="a test")
        traced = [ad.value_of(x) for x in recording.leaves]
        again = ad.jit(lambda *xs: outputs(f, *xs))(*arrays) if compiled else traced
    assert len(recording.leaves) == len(expected)
    for leaf, want, *got in zip(recording.leaves, expected, traced, again, strict=True):
        assert (leaf.shape, leaf.dtype) == (np.shape(want), np.asarray(want).dtype)
        for value in got:
            assert_same(value, want)


def assert_same(value: Any, want: Any) -> None:
    """The same up to rounding, and exactly the same shape and dtype."""
    value, want = np.asarray(value), np.asarray(want)
    assert (value.shape, value.dtype) == (want.shape, want.dtype)
    tolerance = TOLERANCE.get(want.dtype.str[1:], 0)
    np.testing.assert_allclose(value, want, rtol=tolerance, atol=tolerance)


def check_gradient(f: Call, *arrays: Any) -> None:
    """Of a weighted sum of the results, gradient and tangent give the slope in a random direction.

    Results that are not floating-point are left out; if there are no others, nothing is checked.
    """
    if not any(np.asarray(y).dtype.kind in "fc" for y in outputs(f, *arrays)):
        return

    def loss(*xs: Any) -> Any:
        total = 0.0
        for i, y in enumerate(outputs(f, *xs)):
            if y.dtype.kind in "fc":
                weights = np.random.default_rng(i).uniform(0.5, 1.5, y.shape)
                total = total + np.sum(weights * (y.real + (y.imag if y.dtype.kind == "c" else 0)))
        return total

    rng = np.random.default_rng(7)
    directions = [rng.uniform(-1, 1, a.shape) for a in arrays]
    numbers = tuple(range(len(arrays)))
    with np.errstate(all="ignore"):
        step = 1e-6
        ahead, behind = (
            loss(*[a + s * d for a, d in zip(arrays, directions, strict=True)])
            for s in (step, -step)
        )
        slope = (ahead - behind) / (2 * step)
        gradients = ad.grad(loss, argnums=numbers)(*arrays)
        _, tangent = ad.jvp(loss, tuple(arrays), tuple(directions))
    along = sum(np.sum(g * d) for g, d in zip(gradients, directions, strict=True))
    assert [g.shape for g in gradients] == [a.shape for a in arrays]
    np.testing.assert_allclose([along, tangent], [slope, slope], rtol=2e-6, atol=1e-8)
