"""Functions with rules, for the tests of custom rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autodiff as ad

__all__ = ["AT", "log1pexp", "log1pexp_reverse", "naive", "orders", "pushed"]

AT = np.linspace(-2, 2, 5)


def orders(f: Callable[..., Any], count: int) -> Iterator[Callable[..., Any]]:
    """The derivatives of a function of a scalar, each in a mode of its own."""
    for k in range(count + 1):
        yield f
        f = ad.grad(f) if k % 2 else pushed(f)


def pushed(f):
    return lambda x: ad.jvp(f, (x,), (1.0,))[1]


def naive(x):
    return np.log1p(np.exp(x))


@ad.custom_jvp
def log1pexp(x):
    return np.log1p(np.exp(x))


@log1pexp.defjvp
def log1pexp_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    return log1pexp(x), dx * (1 - 1 / (1 + np.exp(x)))


@ad.custom_vjp
def log1pexp_reverse(x):
    return np.log1p(np.exp(x))


log1pexp_reverse.defvjp(
    lambda x: (log1pexp_reverse(x), x), lambda x, ct: (ct * (1 - 1 / (1 + np.exp(x))),)
)
