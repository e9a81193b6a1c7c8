"""`sweep`: little memory, not too much work, and all derivatives."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.sweep import sweep, there_and_back
from autodiff.ir import inline


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 31, 255, 256, 257, 1000, 4100])
def test_every_step_gets_its_state(n):
    seen = []

    def pull(i, state, carry):
        seen.append(i)
        assert state == (i,)
        return carry + 1

    assert there_and_back(n, (0,), 0, lambda i, s: (s[0] + 1,), pull) == n
    assert seen == list(range(n))[::-1]


class Counted:
    """A state that knows how many of its kind are alive."""

    alive = most = 0

    def __init__(self):
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self):
        Counted.alive -= 1


@pytest.mark.parametrize("n", [10**3, 10**4, 10**5])
def test_states_kept_grow_like_the_logarithm(n):
    steps = 0

    def step(i, state):
        nonlocal steps
        steps += 1
        return Counted()

    Counted.alive = Counted.most = 0
    there_and_back(n, Counted(), None, step, lambda i, state, carry: None)
    levels = math.ceil(math.log(n, 16))
    assert Counted.most <= 16 * levels + 2
    assert steps <= n * levels


def primitives(program):
    """Names of all primitives, also of those in held programs."""
    for e in inline(program, lambda e: e.params.get("policy", "") is None).equations:
        yield e.primitive.name


def loss(x, **options):
    return np.sum(ad.fori_loop(0, 40, lambda i, s: np.sin(s) + 0.1 * x * s, x, **options))


def test_which_derivatives_need_little_memory():
    x, v = np.ones(3), np.arange(3.0)

    def f(x):
        return loss(x, checkpoint=True)

    assert "sweep" in primitives(ad.trace(ad.grad(f))(x))
    hvp = ad.trace(lambda x: ad.jvp(ad.grad(f), (x,), (v,))[1])(x)
    assert "sweep" in primitives(hvp)
    again = ad.trace(ad.grad(lambda x: np.sum(ad.grad(f)(x) * v)))(x)
    assert "sweep" not in primitives(again)


def test_all_orders_agree(rng):
    x, v = rng.normal(size=3), rng.normal(size=3)

    def f(x):
        return loss(x, checkpoint=True)

    expected = ad.jvp(ad.grad(loss), (x,), (v,))[1]
    for got in (
        ad.jvp(ad.grad(f), (x,), (v,))[1],
        ad.grad(lambda x: np.sum(ad.grad(f)(x) * v))(x),
        ad.grad(lambda x: ad.jvp(f, (x,), (v,))[1])(x),
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-12)
    third = ad.jvp(lambda x: ad.jvp(ad.grad(f), (x,), (v,))[1], (x,), (v,))[1]
    plain = ad.jvp(lambda x: ad.jvp(ad.grad(loss), (x,), (v,))[1], (x,), (v,))[1]
    np.testing.assert_allclose(third, plain, rtol=1e-11)


def test_mapped(rng):
    xs = rng.normal(size=(4, 3))
    got = ad.vmap(ad.grad(lambda x: loss(x, checkpoint=True)))(xs)
    np.testing.assert_allclose(got, np.stack([ad.grad(loss)(x) for x in xs]), rtol=1e-13)


def test_interpreted_and_generated_are_the_same(rng):
    x = rng.normal(size=3)
    program = ad.trace(ad.grad(lambda x: loss(x, checkpoint=True)))(x)
    assert sweep in [e.primitive for e in program.equations]
    space = {}
    exec(ad.to_source(program), space)
    (generated,) = space[program.name](x)
    np.testing.assert_array_equal(ad.run(program, x)[0], generated)


def test_rows_in_both_directions(rng):
    xs = rng.normal(size=(37, 3))
    for reverse in (False, True):

        def f(h, xs, checkpoint=None, reverse=reverse):
            h, ys = ad.scan(
                lambda h, x: (np.tanh(h + x), h * x), h, xs, reverse=reverse, checkpoint=checkpoint
            )
            return np.sum(h) + np.sum(np.sin(ys))

        got = ad.grad(lambda h, xs: f(h, xs, True), argnums=(0, 1))(np.ones(3), xs)
        expected = ad.grad(f, argnums=(0, 1))(np.ones(3), xs)
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
