"""What a function did the last time must not show in what it does now.

Tracing follows the script of the last run, remembers calls of NumPy functions, and finds derived
programs by structure. Here one function does something else in each call; its gradients must be
those that it has where nothing is remembered.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.backend.derived import clear_cache
from autodiff.tracing import record

X = np.array([[0.5, -1.25, 2.0], [0.75, 0.25, -0.5]])
ARRAYS = [np.linspace(-1, 1, 6).reshape(2, 3), np.ones((2, 3)), np.full((2, 3), 0.5)]
ROWS = [np.array([1.0, -2.0, 0.5]), np.array([0.5, 0.25, 2.0])]
SQUARES = [np.eye(3) * 0.5 + 0.1, np.arange(9.0).reshape(3, 3) / 9]
numbers = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -0.25])
indices = st.sampled_from([0, 1])


def assigned(x, value, row):
    y = x * 1.0
    y[row] = value
    y[:, 1] += x[:, 0]
    return y


def in_place(x, c):
    y = np.sin(x)
    y += c
    y *= x
    return y


def branched(x, c):
    return x * 2 if np.sum(x) > c else np.cos(x)


def cut(x, c):
    with ad.no_grad():
        scale = np.mean(np.abs(x)) + c
        other = np.sin(x)
    return x * scale + other


def looped(x, count):
    for row in range(count):
        x = x + np.sin(x[row % 2]) * 0.1
    return x


# A name, and what to do with x and the numbers that hypothesis draws.
STEPS = {
    "sin": (lambda x, c, i: np.sin(x)),
    "tanh": (lambda x, c, i: np.tanh(x * c)),
    "scale": (lambda x, c, i: x * c),
    "shift": (lambda x, c, i: c - x),
    "power": (lambda x, c, i: np.abs(x) ** (2 + i)),
    "captured": (lambda x, c, i: x * ARRAYS[i]),
    "captured row": (lambda x, c, i: ROWS[i] + x),
    "two captured": (lambda x, c, i: x * ARRAYS[i] + ARRAYS[1 - i]),
    "new array": (lambda x, c, i: x + np.full((2, 3), c)),
    "product": (lambda x, c, i: np.tanh(x @ SQUARES[i])),
    "mean": (lambda x, c, i: x - np.mean(x, axis=i, keepdims=True)),
    "sum": (lambda x, c, i: x + np.sum(x) * 0.1),
    "softmax": (lambda x, c, i: np.exp(x - x.max(axis=i, keepdims=True))),
    "where": (lambda x, c, i: np.where(x > c, x, np.sin(x))),
    "guard": (lambda x, c, i: np.where(x > 0.1, np.log(np.where(x > 0.1, x, 1)), c)),
    "indexed": (lambda x, c, i: x + x[i]),
    "gathered": (lambda x, c, i: x[:, [i, 1, 0]]),
    "flipped": (lambda x, c, i: np.flip(x, i)),
    "reshaped": (lambda x, c, i: x.reshape(3, 2).T),
    "joined": (lambda x, c, i: np.concatenate([x[:1], x[:1] * c])),
    "sorted": (lambda x, c, i: np.sort(x, axis=i)),
    "clipped": (lambda x, c, i: np.clip(x, -1.5, 1.5 + c)),
    "assigned": (lambda x, c, i: assigned(x, c, i)),
    "assigned row": (lambda x, c, i: assigned(x, x[1 - i] * c, i)),
    "in place": (lambda x, c, i: in_place(x, c)),
    "branched": (lambda x, c, i: branched(x, c)),
    "cut": (lambda x, c, i: cut(x, c)),
    "stopped": (lambda x, c, i: x * ad.stop_gradient(np.cos(x))),
    "looped": (lambda x, c, i: looped(x, 1 + 2 * i)),
    "inner gradient": (lambda x, c, i: ad.grad(lambda y: np.sum(np.sin(y * c) * x))(x)),
    "inner map": (lambda x, c, i: ad.vmap(lambda row: np.sin(row) * c)(x)),
    "inner jit": (lambda x, c, i: ad.jit(lambda y: np.cos(y) + x * c)(x)),
    "checkpoint": (lambda x, c, i: ad.checkpoint(lambda y: np.sin(np.sin(y)) * x)(x)),
}
plans = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), numbers, indices), min_size=1, max_size=6
)


def follow(x, plan):
    for name, number, index in plan:
        x = STEPS[name](x, number, index)
    return np.sum(x * ROWS[0])


def fresh(call):
    """What a call gives where nothing is remembered."""
    clear_cache()
    record._scripts.clear()
    return call()


@given(st.lists(plans, min_size=2, max_size=5))
def test_gradients_do_not_depend_on_the_past(sequence):
    expected = [fresh(lambda p=p: ad.value_and_grad(follow)(X, p)) for p in sequence]
    fresh(lambda: None)
    for _ in range(2):
        for plan, (value, gradient) in zip(sequence, expected, strict=True):
            found = ad.value_and_grad(follow)(X, plan)
            np.testing.assert_allclose(found[0], value, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(found[1], gradient, rtol=1e-12, atol=1e-14)


@given(plans)
def test_the_value_is_that_of_the_untraced_function(plan):
    with np.errstate(all="ignore"):
        expected = follow(X, plan)
    for _ in range(2):
        np.testing.assert_allclose(ad.value_and_grad(follow)(X, plan)[0], expected, 1e-12, 1e-12)


@given(plans)
def test_forward_is_reverse(plan):
    u = np.linspace(-1, 1, 6).reshape(2, 3)
    forward = ad.jvp(lambda x: follow(x, plan), (X,), (u,))[1]
    np.testing.assert_allclose(np.sum(ad.grad(follow)(X, plan) * u), forward, rtol=1e-9, atol=1e-11)
