"""Random functions of nested loops and branches, which run as plain Python or as the library's.

A function is `(use, x, other) -> y`: three numbers to three numbers, with three more from outside.
`use` says what loops and branches are, `Plain` (Python's own) or `Traced` (the library's), and has
the rows of numbers that they go through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

import autodiff as ad

__all__ = ["Plain", "Traced", "functions"]

Function = Callable[[Any, Any, Any], Any]
ROWS = np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6], [-0.5, 0.2, 0.7], [0.25, -0.35, 0.15]])


@dataclass
class Plain:
    """Python's loops and branches."""

    rows: Any = field(default_factory=lambda: ROWS)

    @staticmethod
    def scan(body: Any, state: Any, rows: Any, reverse: bool = False, **options: Any) -> Any:
        made = []
        for row in rows[::-1] if reverse else rows:
            state, y = body(state, row)
            made.append(y)
        return state, np.stack(made[::-1] if reverse else made) if made else np.zeros((0, 3))

    @staticmethod
    def fori_loop(start: Any, stop: Any, body: Any, state: Any, **options: Any) -> Any:
        for i in range(start, int(stop)):
            state = body(i, state)
        return state

    @staticmethod
    def while_loop(condition: Any, body: Any, state: Any, **options: Any) -> Any:
        while condition(state):
            state = body(state)
        return state

    @staticmethod
    def switch(index: Any, branches: Any, *args: Any) -> Any:
        return branches[int(index)](*args)

    @staticmethod
    def checkpoint(fun: Any) -> Any:
        return fun

    @staticmethod
    def vmap(fun: Any) -> Any:
        return lambda rows: np.stack([fun(row) for row in rows])


@dataclass
class Traced:
    """The library's."""

    rows: Any = field(default_factory=lambda: ROWS)
    scan = staticmethod(ad.scan)
    fori_loop = staticmethod(ad.fori_loop)
    while_loop = staticmethod(ad.while_loop)
    switch = staticmethod(ad.switch)
    checkpoint = staticmethod(ad.checkpoint)
    vmap = staticmethod(ad.vmap)


# ---- without loops


def _ratio(use: Any, x: Any, other: Any) -> Any:
    return np.tanh(x) / (2 + other**2)


def _chosen(use: Any, x: Any, other: Any) -> Any:
    return np.where(x > 0.1, x * other, np.sin(other))


def _gathered(use: Any, x: Any, other: Any) -> Any:
    return x[(x[0] > 0).astype(np.int64) + 1] * other


STEPS: list[Function] = [
    _ratio,
    _chosen,
    _gathered,
    lambda use, x, other: np.sin(x * 1.5),
    lambda use, x, other: x,
    lambda use, x, other: other,
    lambda use, x, other: np.cos(x) * np.sum(x * other),
    lambda use, x, other: x + ad.stop_gradient(other) * x,
    lambda use, x, other: use.rows[0],
    lambda use, x, other: np.sin(x.astype(np.float32)).astype(np.float64),
    lambda use, x, other: np.real(np.exp(0.3j * x) * (other + 0.5j)),
]


# ---- loops and branches of functions


def _scan(f: Function, g: Function, length: int, options: dict[str, Any]) -> Function:
    """Rows that are constant, and rows that are not; an integer in the state; outputs of steps."""

    def fun(use: Any, x: Any, other: Any) -> Any:
        def step(state: Any, row: Any) -> Any:
            n, s = state
            return (n + 1, f(use, s, other)), g(use, s + row, x) * (n + 1)

        (n, s), ys = use.scan(step, (0, x), use.rows[:length] * x, **options)
        return np.tanh(s + np.sum(ys, axis=0) + n)

    return fun


def _fori(f: Function, stop: int | None, options: dict[str, Any]) -> Function:
    def fun(use: Any, x: Any, other: Any) -> Any:
        upper = (x[1] > 0).astype(np.int64) * 3 if stop is None else stop
        return use.fori_loop(0, upper, lambda i, s: f(use, s, other) * (i + 0.5), x, **options)

    return fun


def _while(f: Function, least: int, options: dict[str, Any]) -> Function:
    def fun(use: Any, x: Any, other: Any) -> Any:
        limit = np.minimum(least + 3 * x[2], 4.0)
        return use.while_loop(
            lambda s: s[0] < limit, lambda s: (s[0] + 1, f(use, s[1], other)), (0, x), **options
        )[1]

    return fun


def _switch(branches: list[Function]) -> Function:
    def fun(use: Any, x: Any, other: Any) -> Any:
        index = ((x[0] > 0).astype(np.int64) + (np.sum(other) > 0.2)) % len(branches)
        return use.switch(index, [lambda y, f=f: f(use, y, other) for f in branches], x)

    return fun


def _mapped(f: Function) -> Function:
    def fun(use: Any, x: Any, other: Any) -> Any:
        return np.sum(use.vmap(lambda row: f(use, x, row * other))(use.rows), axis=0)

    return fun


def _guarded(f: Function, length: int, options: dict[str, Any]) -> Function:
    """Where the state is not positive, it becomes infinite or NaN, which a mask takes away."""

    def fun(use: Any, x: Any, other: Any) -> Any:
        def step(s: Any, row: Any) -> Any:
            return np.sqrt(s) + np.sqrt(x), np.log(s) / x + row

        s, ys = use.scan(step, x, use.rows[:length], **options)
        return np.tanh(f(use, np.where(x > 0.05, s + np.sum(ys, axis=0), 0.5), other))

    return fun


def _nested(f: st.SearchStrategy[Function]) -> st.SearchStrategy[Function]:
    length = st.integers(0, 4)
    recursive = st.sampled_from([{}, {"checkpoint": True}])
    options = st.one_of(
        recursive,
        st.fixed_dictionaries({"unroll": st.integers(2, 3)}, optional={"reverse": st.booleans()}),
        st.fixed_dictionaries({"checkpoint": st.integers(1, 3)}),
        st.just({"reverse": True}),
    )
    checkpointed = st.sampled_from([{}, {"checkpointed": True}])
    return st.one_of(
        st.builds(_scan, f, f, length, options),
        st.builds(_fori, f, st.none() | length, recursive),
        st.builds(_while, f, st.integers(0, 2), checkpointed),
        st.builds(_switch, st.lists(f, min_size=1, max_size=3)),
        st.builds(_mapped, f),
        st.builds(_guarded, f, length, options),
        st.builds(lambda g: lambda use, x, o: use.checkpoint(lambda y: g(use, y, o))(x), f),
        st.builds(lambda g, h: lambda use, x, o: g(use, h(use, x, o), x), f, f),
        st.builds(lambda g, h: lambda use, x, o: g(use, x, o) + h(use, o, x), f, f),
    )


def functions() -> st.SearchStrategy[Function]:
    """Loops and branches within one another."""
    steps = st.sampled_from(STEPS)
    return _nested(steps | _nested(steps))
