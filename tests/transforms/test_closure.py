"""Every transform around every other gives a function, and the right one.

Each transform below turns a function of a vector into another such function: its value, or its
derivative along a fixed direction `U`. So they compose to any depth. The reference knows nothing of
the library: it interpolates the function along a line by a polynomial, whose derivative it takes.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import autodiff as ad

Function = Callable[[Any], Any]

X = np.array([0.7, -0.4, 1.2])
U = np.array([0.3, 0.5, -0.2])
W = np.array([[0.3, -0.5, 0.2], [0.8, 0.1, -0.4], [-0.2, 0.6, 0.7]])


# ---- ten functions, smooth around X


def polynomial(x):
    return np.sum(x**3) * x[0] + x[1] * x[2] ** 2


def elementary(x):
    return np.sum(np.sin(x) * np.exp(-(x**2)) + np.log1p(x**2) * np.arctan(x))


def network(x):
    return np.mean(np.tanh(W @ np.tanh(W @ x + 0.1)) ** 2)


def softmax(x):
    z = x - np.max(x)
    return np.log(np.sum(np.exp(z))) - z[1]


def guarded(x):
    return np.sum(np.where(x > 0, np.log(x), x**2))


def moments(x):
    return np.std(x) * np.mean(x**3) / (1 + np.var(x))


def indexed(x):
    return np.sum(x[[0, 2, 2]] ** 3 * x[::-1]) * x[1]


def moved(x):
    table = np.concatenate([x, 2 * x]).reshape(2, 3).T
    return np.sum(np.cumsum(table, axis=0) ** 2 * np.flip(table, 1))


def assigned(x):
    out = np.zeros((2, 3), like=x)
    out[0] = np.sin(x)
    out[1, 1:] = x[:2] * x[2]
    out[:, 0] += x[1]
    return np.prod(out[0]) + np.sum(out**2)


def loop(x):
    state = x
    for i in range(3):
        state = state + 0.1 * np.sin(state * (i + 1)) * np.roll(state, 1)
    return np.sqrt(np.sum(state**2))


FUNCTIONS = [
    polynomial, elementary, network, softmax, guarded, moments, indexed, moved, assigned, loop,
]  # fmt: skip


# ---- transforms that keep the value


def checkpoint_cheap(f: Function) -> Function:
    return ad.checkpoint(f, policy="recompute_cheap")


def one_of_a_batch(f: Function) -> Function:
    return lambda x: ad.vmap(f)(np.stack([x, 2 * x]))[0]


def mean_of_a_batch(f: Function) -> Function:
    return lambda x: np.mean(
        ad.vmap(lambda scale, y: f(y) * scale, (0, None))(np.array([0.5, 1.5]), x)
    )


def value_with_grad(f: Function) -> Function:
    return lambda x: ad.value_and_grad(f)(x)[0]


def value_with_jvp(f: Function) -> Function:
    return lambda x: ad.jvp(f, (x,), (U,))[0]


def value_with_vjp(f: Function) -> Function:
    return lambda x: ad.vjp(f, x)[0]


def value_with_linearize(f: Function) -> Function:
    return lambda x: ad.linearize(f, x)[0]


KEEP = [
    ad.jit, ad.checkpoint, checkpoint_cheap, one_of_a_batch, mean_of_a_batch, value_with_grad,
    value_with_jvp, value_with_vjp, value_with_linearize,
]  # fmt: skip


# ---- transforms that differentiate along U


def by_grad(f: Function) -> Function:
    return lambda x: ad.grad(f)(x) @ U


def by_value_and_grad(f: Function) -> Function:
    return lambda x: ad.value_and_grad(f)(x)[1] @ U


def by_jvp(f: Function) -> Function:
    return lambda x: ad.jvp(f, (x,), (U,))[1]


def by_vjp(f: Function) -> Function:
    return lambda x: ad.vjp(f, x)[1](1.0)[0] @ U


def by_linearize(f: Function) -> Function:
    return lambda x: ad.linearize(f, x)[1](U)


def by_jacfwd(f: Function) -> Function:
    return lambda x: ad.jacfwd(f)(x) @ U


def by_jacrev(f: Function) -> Function:
    return lambda x: U @ ad.jacrev(f)(x)


def by_batched_jvp(f: Function) -> Function:
    """A map over tangents; the first is U."""
    return lambda x: ad.vmap(lambda u: ad.jvp(f, (x,), (u,))[1])(np.stack([U, 0 * U, X]))[0]


def by_batched_grad(f: Function) -> Function:
    return lambda x: np.sum(ad.vmap(ad.grad(f))(np.stack([x, X]))[0] * U)


def by_jitted_grad(f: Function) -> Function:
    return lambda x: ad.jit(ad.grad(f))(x) @ U


DIFFERENTIATE = [
    by_grad, by_value_and_grad, by_jvp, by_vjp, by_linearize, by_jacfwd, by_jacrev, by_batched_jvp,
    by_batched_grad, by_jitted_grad,
]  # fmt: skip


# ---- transforms that differentiate twice along U


def by_hvp(f: Function) -> Function:
    return lambda x: ad.hvp(f)(x, U) @ U


def by_hessian(f: Function) -> Function:
    return lambda x: U @ ad.hessian(f)(x) @ U


def by_hessian_diag(f: Function) -> Function:
    """The diagonal in the coordinate t of x + t U."""
    return lambda x: ad.hessian_diag(lambda t: f(x + t[0] * U))(np.zeros(1))[0]


TWICE = [by_hvp, by_hessian, by_hessian_diag]

TRANSFORMS = {t: order for order, group in enumerate((KEEP, DIFFERENTIATE, TWICE)) for t in group}
NAMES = {t.__name__: t for t in TRANSFORMS}


# ---- the reference


def along_the_line(f: Function, order: int) -> float:
    """The derivative of f(X + t U) by t at 0, from its values at Chebyshev's points."""
    nodes = 0.5 * np.cos(np.pi * (np.arange(26) + 0.5) / 26)
    values = [f(X + t * U) for t in nodes]
    fitted = np.polynomial.Chebyshev.fit(nodes, values, 25, domain=[-0.5, 0.5])
    return float(fitted.deriv(order)(0.0)) if order else float(f(X))


with np.errstate(invalid="ignore"):  # of the branch that a guard hides
    REFERENCE = {(f, order): along_the_line(f, order) for f in FUNCTIONS for order in range(5)}


def check(transforms: list[Any], functions: list[Function]) -> None:
    """The composition of `transforms`, innermost last, on each of the functions."""
    order = sum(TRANSFORMS[t] for t in transforms)
    for f in functions:
        composed = f
        for transform in reversed(transforms):
            composed = transform(composed)
        tolerance = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4)[order]
        with np.errstate(invalid="ignore"):  # of `guarded`, where it runs untraced
            found = composed(X)
        np.testing.assert_allclose(
            found, REFERENCE[f, order], rtol=tolerance, atol=tolerance, err_msg=f.__name__
        )


# ---- one, two and three at a time


@pytest.mark.parametrize("name", NAMES)
def test_one(name):
    check([NAMES[name]], FUNCTIONS)


PAIRS = list(product(NAMES, NAMES))


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_two(outer, inner):
    """On two of the functions; which two differs from pair to pair."""
    first = PAIRS.index((outer, inner)) % 5
    check([NAMES[outer], NAMES[inner]], [FUNCTIONS[first], FUNCTIONS[first + 5]])


@pytest.mark.slow
@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_two_on_all_functions(outer, inner):
    check([NAMES[outer], NAMES[inner]], FUNCTIONS)


TRIPLES = [
    ("jit", "by_grad", "checkpoint"),
    ("by_grad", "jit", "by_grad"),
    ("by_jvp", "one_of_a_batch", "by_grad"),
    ("by_grad", "checkpoint", "by_grad"),
    ("by_grad", "by_jvp", "checkpoint"),
    ("by_jvp", "by_vjp", "by_linearize"),
    ("checkpoint", "checkpoint", "by_grad"),
    ("by_grad", "checkpoint", "checkpoint"),
    ("one_of_a_batch", "one_of_a_batch", "by_grad"),
    ("by_hvp", "jit", "by_grad"),
    ("jit", "one_of_a_batch", "by_hvp"),
    ("by_hessian", "checkpoint", "by_grad"),
    ("by_jacfwd", "by_jacrev", "by_jacfwd"),
    ("mean_of_a_batch", "by_batched_grad", "checkpoint"),
]


@pytest.mark.parametrize("names", TRIPLES, ids="-".join)
def test_three(names):
    check([NAMES[name] for name in names], FUNCTIONS[::3])


@pytest.mark.parametrize("outer", [by_grad, by_jvp, by_hvp, ad.jit, one_of_a_batch])
def test_what_is_cut_off(outer):
    """`stop_gradient` and `no_grad` within other transforms."""

    def cut(f):
        return lambda x: (
            f(x) + np.sum(ad.stop_gradient(x) ** 2) * 0 + ad.no_grad(f)(x) - f(ad.stop_gradient(x))
        )

    for f in FUNCTIONS:
        np.testing.assert_allclose(outer(cut(f))(X), outer(f)(X), rtol=1e-12, atol=1e-14)


# ---- guards within what is not taken apart


@pytest.mark.parametrize("keep", KEEP, ids=lambda t: t.__name__)
@pytest.mark.parametrize("differentiate", [by_grad, by_jvp, by_jacrev, by_hvp])
def test_a_guard_around_a_transformed_function(keep, differentiate):
    """The derivative of log is infinite where the guard hides it, also within a transform."""

    def hidden(x):
        return np.sum(np.where(x > 0, keep(lambda y: np.sum(np.log(y[:2])))(x) * x, 0))

    def plain(x):
        return np.sum(np.log(x[:2])) * np.sum(x)

    point = np.array([0.5, 2.0, 4.0])
    np.testing.assert_allclose(
        differentiate(hidden)(point), differentiate(plain)(point), rtol=1e-12
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isfinite(differentiate(lambda x: hidden(x * 0))(point))


@pytest.mark.parametrize("keep", [ad.jit, ad.checkpoint, checkpoint_cheap])
@pytest.mark.parametrize("differentiate", [by_grad, by_jvp, by_jacrev])
def test_a_guard_around_an_elementwise_function_in_a_box(keep, differentiate):
    log = keep(lambda x: np.log(x))
    root = keep(lambda x: np.sqrt(x))

    def f(x):
        return np.sum(np.where(x > 0, log(x), 0) + np.where(x > 1, log(root(x)), x))

    point = np.array([0.0, -1.0, 4.0])
    exact = np.array([1, 1, 0.25 + 0.125]) @ U
    np.testing.assert_allclose(differentiate(f)(point), exact, rtol=1e-12)
