"""Random loops and branches within one another: all that holds for the same in plain Python."""

import pickle

import numpy as np
from hypothesis import given, settings

import autodiff as ad
from tests.properties.loops import ROWS, Function, Plain, Traced, functions

X = np.array([0.7, -0.4, 0.9])
V = np.array([0.3, 0.8, -0.5])
W = np.array([-0.6, 0.2, 0.4])
OTHER = np.array([0.4, -0.3, 0.8])
SAMPLES = np.array([X, -0.3 * V, 1.4 * W, [0.05, 0.2, 0.01]])
some = settings(max_examples=15, deadline=None, derandomize=True)


def losses(function: Function):
    """`(x, other) -> number`, with the library's loops and with Python's."""
    return loss(function, Traced()), loss(function, Plain())


def loss(function: Function, use):
    return lambda x, other: np.dot(W, np.tanh(function(use, x, other) + 0.1 * x))


def both(f, *, second: bool = False):
    """The gradient by both arguments in one array; or a product of the Hessian with (V, W)."""

    def gradient(x, other):
        return np.stack(ad.grad(f, argnums=(0, 1))(x, other))

    if not second:
        return gradient
    return lambda x, other: ad.jvp(gradient, (x, other), (V, W))[1]


def close(actual, expected, tolerance: float = 1e-9):
    """Steps in float32 are rounded differently where operations are done in another order."""
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=max(tolerance, 1e-6))


@some
@given(functions())
def test_values_and_gradients(function):
    f, plain = losses(function)
    with np.errstate(all="ignore"):
        expected = both(plain)(X, OTHER)
        assert np.isfinite(expected).all()
        close(f(X, OTHER), plain(X, OTHER))
        close(ad.jit(f)(X, OTHER), plain(X, OTHER))
        tangent = ad.jvp(f, (X, OTHER), (V, W))[1]
        close(tangent, np.sum(expected * [V, W]))
        close(both(f)(X, OTHER), expected)
        close(ad.jit(both(ad.checkpoint(f)))(X, OTHER), expected)
        _, linear = ad.linearize(f, X, OTHER)
        close(linear(V, W), tangent)
        close(np.stack(ad.linear_transpose(linear, X, OTHER)(1.0)), expected)
        pushed = lambda dx, dother: ad.jvp(f, (X, OTHER), (dx, dother))[1]
        close(np.stack(ad.linear_transpose(pushed, X, OTHER)(1.0)), expected)


@some
@given(functions())
def test_second_order(function):
    f, plain = losses(function)
    with np.errstate(all="ignore"):
        expected = both(plain, second=True)(X, OTHER)
        assert np.isfinite(expected).all()
        close(both(f, second=True)(X, OTHER), expected)
        along = lambda x, other: ad.jvp(f, (x, other), (V, W))[1]
        close(both(along)(X, OTHER), expected)
        close(both(lambda x, other: np.sum(both(f)(x, other) * [V, W]))(X, OTHER), expected)
        close(ad.jvp(along, (X, OTHER), (V, W))[1], np.sum(expected * [V, W]))


@some
@given(functions())
def test_rows(function):
    f, plain = losses(function)
    with np.errstate(all="ignore"):
        alone = np.stack([both(plain)(x, OTHER) for x in SAMPLES])
        mapped = ad.vmap(both(f), in_axes=(0, None))
        close(ad.vmap(f, in_axes=(0, None))(SAMPLES, OTHER), [plain(x, OTHER) for x in SAMPLES])
        close(mapped(SAMPLES, OTHER), alone)
        close(mapped(SAMPLES[:1], OTHER), alone[:1])
        assert mapped(SAMPLES[:0], OTHER).shape == (0, 2, 3)
        total = lambda xs, other: np.sum(ad.vmap(f, in_axes=(0, None))(xs, other))
        by_rows, by_other = ad.grad(total, argnums=(0, 1))(SAMPLES, OTHER)
        close(by_rows, alone[:, 0])
        close(by_other, np.sum(alone[:, 1], axis=0))
        twice = ad.vmap(both(f, second=True), in_axes=(0, None))(SAMPLES, OTHER)
        close(twice, np.stack([both(plain, second=True)(x, OTHER) for x in SAMPLES]))


@some
@given(functions())
def test_programs(function):
    """As text, pickled, and as source."""

    def gradient(x, other, rows):
        return both(loss(function, Traced(rows)))(x, other)

    with np.errstate(all="ignore"):
        expected = gradient(X, OTHER, ROWS)
        program = ad.trace(gradient)(X, OTHER, ROWS)
        args = [X, OTHER, ROWS, W]  # the last is captured
        back = ad.parse(str(program))
        assert str(back) == str(program)
        for copied in (back, pickle.loads(pickle.dumps(program))):
            (got,) = ad.run(copied, *args)
            close(got, expected)
        space = {}
        exec(ad.to_source(program), space)
        (got,) = space[program.name](*args)
        close(got, expected)
