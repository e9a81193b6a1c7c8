"""Loops as equations: the memory of the way back through many steps, and their speed."""

import jax
import numpy as np

import autodiff as ad
from bench.memory import peak_bytes
from bench.table import Row, seconds
from bench.timing import race, time_calls

jax.config.update("jax_enable_x64", True)
STATE = np.linspace(0.1, 1.0, 100)
STEPS = (10**3, 10**4, 10**5)


def rows():
    """Measure gradients through loops of up to 10^5 steps."""
    check()
    for checkpointed in (False, True):
        yield memory(checkpointed)
        yield time_of_most_steps(checkpointed)
    yield from recurrent_network()


def growing(n, checkpointed):
    """Return a function that takes n small steps in a while loop."""

    def function(x):
        def step(state):
            i, y = state
            return i + 1, y + 1e-5 * np.sin(y)

        _, y = ad.while_loop(lambda s: s[0] < n, step, (0, x), checkpointed=checkpointed)
        return np.sum(y)

    return function


def check(n=500):
    """Fail unless both ways back give the gradient of a Python loop."""

    def plain(x):
        for _ in range(n):
            x = x + 1e-5 * np.sin(x)
        return np.sum(x)

    expected = ad.grad(plain)(STATE)
    for checkpointed in (False, True):
        got = ad.grad(growing(n, checkpointed))(STATE)
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def memory(checkpointed):
    """Make the row of peaks for 10^3, 10^4, 10^5 steps, in states."""
    peaks = [peak_bytes(ad.grad(growing(n, checkpointed)), STATE) / STATE.nbytes for n in STEPS]
    case = "peak of grad, while_loop of 1e3, 1e4, 1e5 steps"
    shown = " ".join(f"{p:.0f}" for p in peaks)
    if not checkpointed:
        return Row(case, shown)
    first, second = np.diff(peaks)  # for ten times as many steps each: the same, if it is a log
    return Row(
        "the same, checkpointed=True, in states",
        shown,
        ratio=f"+{first:.0f} +{second:.0f}",
        target="< +30 each",
        met=max(first, second) < 30,
    )


def time_of_most_steps(checkpointed):
    """Make the row of the time that the longest loop takes."""
    gradient = ad.grad(growing(STEPS[-1], checkpointed))
    gradient(STATE)
    which = "checkpointed" if checkpointed else "all kept"
    return Row(
        f"grad of while_loop, 1e5 steps, {which}", seconds(time_calls(lambda: gradient(STATE)))
    )


def recurrent_network(steps=1000, width=32):
    """Race the gradient of a scan against that of a Python loop, and against JAX."""
    rng = np.random.default_rng(0)
    w, xs = rng.normal(size=(width, width)) / width, rng.normal(size=(steps, width))

    def cell(np):
        return lambda h, x, w: np.tanh(w @ h + x)

    def scanned(w):
        step = cell(np)
        return np.sum(ad.scan(lambda h, x: (step(h, x, w), None), np.zeros(width), xs)[0])

    def unrolled(w):
        step, h = cell(np), np.zeros(width)
        for x in xs:
            h = step(h, x, w)
        return np.sum(h)

    ours, python = ad.jit(ad.grad(scanned)), ad.jit(ad.grad(unrolled))
    np.testing.assert_allclose(ours(w), python(w), rtol=1e-10)
    a, b = race(lambda: ours(w), lambda: python(w))
    yield Row(
        f"jit(grad) of an RNN, {steps} steps: scan, loop", seconds(a), seconds(b), f"{b / a:.2f}x"
    )
    step = cell(jax.numpy)

    def jax_scanned(w):
        h, _ = jax.lax.scan(lambda h, x: (step(h, x, w), None), jax.numpy.zeros(width), xs)
        return jax.numpy.sum(h)

    peer = jax.jit(jax.grad(jax_scanned))
    np.testing.assert_allclose(ours(w), peer(w), rtol=1e-10)
    a, b = race(lambda: ours(w), lambda: peer(w).block_until_ready())
    yield Row(
        f"the same scan against jax.jit, {steps} steps", seconds(a), seconds(b), f"{b / a:.2f}x"
    )
