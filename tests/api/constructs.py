"""Every construct as a function of a function, beside the same thing in plain Python.

Each takes a function g from three numbers to three numbers and gives another one, so that
constructs can be put into one another; `plain` does the same with Python's own loops and branches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad

__all__ = ["CONSTRUCTS", "Construct", "base"]

Fun = Callable[[Any], Any]
ROWS = np.array([[0.1, -0.2, 0.3], [0.4, 0.1, -0.3], [0.2, 0.5, 0.1]])


class Construct(NamedTuple):
    name: str
    traced: Callable[[Fun], Fun]
    plain: Callable[[Fun], Fun]


def base(x: Any) -> Any:
    """A smooth function that is neither linear nor elementwise."""
    return np.sin(x) * 0.8 + 0.1 * x * np.sum(x)


def damped(g: Fun) -> Callable[[Any, Any], Any]:
    return lambda state, row: 0.5 * g(state) + row * state


# ---- loops


def plain_scan(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        step, made = damped(g), []
        state = x
        for row in ROWS:
            made.append(state * row)
            state = step(state, row)
        return state + sum(made)

    return fun


def traced_scan(g: Fun, **options: Any) -> Fun:
    def fun(x: Any) -> Any:
        step = damped(g)
        state, made = ad.scan(lambda s, row: (step(s, row), s * row), x, ROWS, **options)
        return state + np.sum(made, axis=0)

    return fun


def plain_reverse(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        step, state = damped(g), x
        for row in ROWS[::-1]:
            state = step(state, row)
        return state

    return fun


def traced_reverse(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        step = damped(g)
        return ad.scan(lambda s, row: (step(s, row), None), x, ROWS, reverse=True)[0]

    return fun


def plain_fori(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        state = x
        for i in range(1, 4):
            state = 0.5 * g(state) + state / i
        return state

    return fun


def traced_fori(g: Fun, **options: Any) -> Fun:
    return lambda x: ad.fori_loop(1, 4, lambda i, s: 0.5 * g(s) + s / i, x, **options)


def plain_while(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        state = x
        while np.sum(state * state) > 0.2:
            state = 0.4 * state + 0.1 * g(state)
        return state

    return fun


def traced_while(g: Fun, **options: Any) -> Fun:
    return lambda x: ad.while_loop(
        lambda s: np.sum(s * s) > 0.2, lambda s: 0.4 * s + 0.1 * g(s), x, **options
    )


CONSTRUCTS: list[Construct] = [
    Construct("scan", traced_scan, plain_scan),
    Construct("scan_reverse", traced_reverse, plain_reverse),
    Construct("scan_unroll", lambda g: traced_scan(g, unroll=2), plain_scan),
    Construct("scan_checkpoint", lambda g: traced_scan(g, checkpoint=2), plain_scan),
    Construct("scan_recursive", lambda g: traced_scan(g, checkpoint=True), plain_scan),
    Construct("fori_loop", traced_fori, plain_fori),
    Construct("fori_recursive", lambda g: traced_fori(g, checkpoint=True), plain_fori),
    Construct("while_loop", traced_while, plain_while),
    Construct("while_checkpointed", lambda g: traced_while(g, checkpointed=True), plain_while),
]
