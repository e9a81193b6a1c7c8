"""Derivatives of code as it is, in every way the library takes them, against differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff as ad
from tests.calculus import difference

__all__ = ["check"]


def _close(actual: Any, expected: Any, tolerance: float) -> None:
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)


def check(
    f: Callable[..., Any],
    *args: Any,
    jit: bool = True,
    vmap: bool = True,
    second: bool = True,
    step: float = 1e-3,
) -> tuple[Any, ...]:
    """Check every derivative of a weighted sum of the result; return the gradient of that sum.

    `jit` and `vmap` are left out for code whose control flow depends on values, `second` where
    there is no second derivative.
    """
    args = tuple([np.array(x, float) for x in args])
    rng = np.random.default_rng(11)
    result = np.asarray(f(*args))
    weights = rng.uniform(0.5, 1.5, result.shape)
    us = [rng.uniform(-1, 1, x.shape) for x in args]

    def loss(*xs: Any) -> Any:
        return np.sum(weights * f(*xs))

    kept = [x.copy() for x in args]
    numbers = tuple(range(len(args)))
    value, gradients = ad.value_and_grad(loss, argnums=numbers)(*args)
    gradient = ad.grad(loss, argnums=numbers)
    np.testing.assert_equal(args, tuple(kept))
    assert [(g.shape, g.dtype) for g in gradients] == [(x.shape, x.dtype) for x in args]
    _close(value, np.sum(weights * result), 1e-13)
    (slope,) = difference(lambda xs: [loss(*xs)], args, us, step)
    _close(_along(gradients, us), slope, 1e-7)
    ys, tangent = ad.jvp(f, args, tuple(us))
    _close(ys, result, 1e-13)
    _close(np.sum(weights * tangent), slope, 1e-7)
    if second:
        _check_second(gradient, args, us, step)
    if jit:
        _close(ad.jit(f)(*args), result, 1e-12)
        for a, b in zip(ad.jit(gradient)(*args), gradients, strict=True):
            _close(a, b, 1e-10)
    if vmap:
        _check_batch(f, args, [x + 0.01 * u for x, u in zip(args, us, strict=True)], 1e-10)
        _check_batch(gradient, args, [x + 0.01 * u for x, u in zip(args, us, strict=True)], 1e-9)
    return tuple(gradients)


def _along(gradients: Any, us: Sequence[Any]) -> Any:
    return sum([np.sum(g * u) for g, u in zip(gradients, us, strict=True)])


def _check_second(gradient: Callable[..., Any], args: Any, us: Sequence[Any], step: float) -> None:
    """The derivative of the gradient along `us`, in both modes."""
    numbers = tuple(range(len(args)))
    forward = ad.jvp(gradient, args, tuple(us))[1]
    reverse = ad.grad(lambda *xs: _along(gradient(*xs), us), argnums=numbers)(*args)
    expected = difference(lambda xs: gradient(*xs), args, us, step)
    for a, b, c in zip(forward, reverse, expected, strict=True):
        _close(a, b, 1e-9)
        _close(a, c, 1e-6)


def _check_batch(f: Callable[..., Any], args: Any, others: Any, tolerance: float) -> None:
    """Two points at once give what they give one by one."""
    found = ad.vmap(f)(*[np.stack(pair) for pair in zip(args, others, strict=True)])
    one, other = f(*args), f(*others)
    if not isinstance(found, tuple):
        found, one, other = (found,), (one,), (other,)
    for rows, a, b in zip(found, one, other, strict=True):
        _close(rows, np.stack([a, b]), tolerance)
