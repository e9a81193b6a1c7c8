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
    error: float = 0.0  # of a method that is not exact


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


# ---- branches


def plain_cond(g: Fun) -> Fun:
    return lambda x: 2 * g(x) if np.sum(x) > 0.5 else g(-x) + x


def traced_cond(g: Fun) -> Fun:
    return lambda x: ad.cond(np.sum(x) > 0.5, lambda x: 2 * g(x), lambda x: g(-x) + x, x)


def plain_switch(g: Fun) -> Fun:
    branches = [lambda x: x * x, g, lambda x: g(0.5 * x) * x]
    return lambda x: branches[int(np.sum(x * x) > 0.3) + int(x[0] > 0.5)](x)


def traced_switch(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        index = (np.sum(x * x) > 0.3).astype(np.int64) + (x[0] > 0.5).astype(np.int64)
        return ad.switch(index, [lambda x: x * x, g, lambda x: g(0.5 * x) * x], x)

    return fun


# ---- many at once


def plain_map(g: Fun) -> Fun:
    return lambda x: sum(g(x * row) + row for row in ROWS)


def traced_map(g: Fun, **options: Any) -> Fun:
    return lambda x: np.sum(ad.map(lambda row: g(x * row) + row, ROWS, **options), axis=0)


def plain_associative(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        factor, term, total = 1.0, 0.0, 0.0
        for row in ROWS:
            a, b = g(row * x), row + x
            factor, term = factor * a, term * a + b  # the maps y -> a y + b, one after another
            total = total + factor + term
        return total

    return fun


def traced_associative(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        a = np.stack([g(row * x) for row in ROWS])
        b = ROWS + x
        factors, terms = ad.associative_scan(lambda f, h: (f[0] * h[0], f[1] * h[0] + h[1]), (a, b))
        return np.sum(factors + terms, axis=0)

    return fun


def plain_mapped(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        ys = [g(x * row) for row in ROWS]
        mean = sum(ys) / len(ys)
        return sum((y - mean) ** 2 * (i + 1) for i, y in enumerate(ys))

    return fun


def traced_mapped(g: Fun) -> Fun:
    def centred(x: Any, row: Any) -> Any:
        y = g(x * row)
        return (y - ad.pmean(y, "rows")) ** 2 * (ad.axis_index("rows") + 1)

    rows = ad.vmap(centred, in_axes=(None, 0), axis_name="rows")
    return lambda x: np.sum(rows(x, ROWS), axis=0)


# ---- rules of one's own


def with_jvp(g: Fun) -> Fun:
    fun = ad.custom_jvp(lambda x: g(x))
    fun.defjvp(lambda primals, tangents: ad.jvp(g, primals, tangents))
    return fun


def with_vjp(g: Fun) -> Fun:
    fun = ad.custom_vjp(lambda x: g(x))
    fun.defvjp(lambda x: (g(x), x), lambda x, ct: ad.vjp(g, x)[1](ct))
    return fun


def with_both(g: Fun) -> Fun:
    return ad.custom_rule(
        lambda x: g(x),
        jvp=lambda primals, tangents: ad.jvp(g, primals, tangents),
        vjp=(lambda x: (g(x), x), lambda x, ct: ad.vjp(g, x)[1](ct)),
    )


# ---- implicit functions


def plain_fixed_point(g: Fun) -> Fun:
    def fun(x: Any) -> Any:
        y = x
        for _ in range(15):
            y = 0.02 * g(y) + x
        return y

    return fun


def traced_fixed_point(g: Fun) -> Fun:
    return lambda x: ad.fixed_point(lambda y: 0.02 * g(y) + x, x)


def traced_root(g: Fun) -> Fun:
    return lambda x: ad.custom_root(lambda y: 0.02 * g(y) + x - y, x)


def plain_solve(g: Fun) -> Fun:
    """The solution of (3 I + u g(x)ᵀ) y = x, by Sherman and Morrison."""
    u = np.array([1.0, 0.5, -0.5])

    def fun(x: Any) -> Any:
        v = g(x)
        return x / 3 - u * np.dot(v, x) / (9 + 3 * np.dot(v, u))

    return fun


def traced_solve(g: Fun, **options: Any) -> Fun:
    u = np.array([1.0, 0.5, -0.5])

    def fun(x: Any) -> Any:
        v = g(x)
        return ad.linear_solve(lambda y: 3 * y + u * np.dot(v, y), x, **options)

    return fun


def traced_minimum(g: Fun) -> Fun:
    """A minimum whose place is known."""

    def fun(x: Any) -> Any:
        target = x + 0.1 * g(x)
        return ad.argmin(lambda y: np.sum((y - target) ** 2) + np.sum((y - target) ** 4), x)

    return fun


def plain_flow(g: Fun, steps: int = 6) -> Fun:
    """The method of Runge and Kutta; the flow is slow, so that the error is about 1e-13."""

    def fun(y: Any) -> Any:
        h = 0.05 / steps
        for _ in range(steps):
            a = g(y)
            b = g(y + h / 2 * a)
            c = g(y + h / 2 * b)
            y = y + h / 6 * (a + 2 * b + 2 * c + g(y + h * c))
        return y

    return fun


def traced_flow(g: Fun, adjoint: str) -> Fun:
    times = np.array([0.0, 0.05])
    return lambda x: ad.odeint(
        lambda y, t: g(y), x, times, rtol=1e-10, atol=1e-10, adjoint=adjoint
    )[-1]


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
    Construct("cond", traced_cond, plain_cond),
    Construct("switch", traced_switch, plain_switch),
    Construct("map", traced_map, plain_map),
    Construct("map_batched", lambda g: traced_map(g, batch_size=2), plain_map),
    Construct("associative_scan", traced_associative, plain_associative),
    Construct("named_axis", traced_mapped, plain_mapped),
    Construct("checkpoint", ad.checkpoint, lambda g: g),
    Construct("custom_jvp", with_jvp, lambda g: g),
    Construct("custom_vjp", with_vjp, lambda g: g),
    Construct("custom_rule", with_both, lambda g: g),
    Construct("fixed_point", traced_fixed_point, plain_fixed_point),
    Construct("custom_root", traced_root, plain_fixed_point),
    Construct("linear_solve", traced_solve, plain_solve),
    Construct("argmin", traced_minimum, lambda g: lambda x: x + 0.1 * g(x)),
    Construct("odeint", lambda g: traced_flow(g, "checkpointed"), plain_flow, 1e-8),
    Construct("odeint_backsolve", lambda g: traced_flow(g, "backsolve"), plain_flow, 1e-8),
]
