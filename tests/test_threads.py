"""Eight threads at once: each has traces of its own, and all share what was derived."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.derived import clear_cache

THREADS, CALLS = 8, 40
W = np.linspace(-1, 1, 12).reshape(3, 4)


def at_once(work):
    """What `work(i)` returns in each thread, all started at the same moment."""
    barrier = threading.Barrier(THREADS)

    def run(i):
        barrier.wait()
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.fixture(autouse=True)
def _nothing_derived_yet():
    clear_cache()


def loss(x, scale):
    return np.sum(np.tanh(W @ x * scale) ** 2)


def exact(x, scale):
    t = np.tanh(W @ x * scale)
    return W.T @ (2 * t * (1 - t**2)) * scale


def test_gradients_of_one_function():
    def work(i):
        rng = np.random.default_rng(i)
        for _ in range(CALLS):
            x, scale = rng.normal(size=4), float(rng.normal())
            np.testing.assert_allclose(
                ad.grad(loss)(x, scale), exact(x, scale), rtol=1e-10, atol=1e-13
            )
        return True

    assert all(at_once(work))


def test_every_thread_with_another_structure():
    def work(i):
        def power(x):
            y = x
            for _ in range(i):
                y = y * x
            return np.sum(y)

        x = np.array([0.5, 1.5])
        for _ in range(CALLS):
            np.testing.assert_allclose(ad.grad(power)(x), (i + 1) * x**i, rtol=1e-12)
        return True

    assert all(at_once(work))


def test_one_jitted_function_with_many_signatures():
    fast = ad.jit(ad.value_and_grad(lambda x: np.sum(np.sin(x))))

    def work(i):
        for n in range(1, CALLS):
            x = np.linspace(0, 1, (n + i) % 7 + 1)
            value, gradient = fast(x)
            np.testing.assert_allclose(value, np.sum(np.sin(x)), rtol=1e-14)
            np.testing.assert_allclose(gradient, np.cos(x), rtol=1e-14)
        return True

    assert all(at_once(work))
    assert fast.cache_info().entries == 7


def test_a_function_that_departs_from_its_script_in_every_call():
    def branchy(x, branch):
        y = np.sin(x)
        if branch == 0:
            return np.sum(y * x)
        if branch == 1:
            return np.sum(np.exp(y))
        return np.sum(x[::-1] * y) if branch == 2 else np.sum(x)

    derivatives = [
        lambda x: np.sin(x) + x * np.cos(x),
        lambda x: np.exp(np.sin(x)) * np.cos(x),
        lambda x: x[::-1] * np.cos(x) + np.sin(x)[::-1],
        np.ones_like,
    ]

    def work(i):
        rng = np.random.default_rng(i)
        for _ in range(CALLS):
            x, branch = rng.normal(size=3), int(rng.integers(4))
            found = ad.grad(branchy)(x, branch)
            np.testing.assert_allclose(found, derivatives[branch](x), rtol=1e-12)
        return True

    assert all(at_once(work))


def test_nested_transforms_and_values():
    def inner_values(x):
        if x.sum() > 0:
            return np.sum(ad.grad(lambda y: np.sum(y**3) * x[0])(x))
        return np.sum(x)

    def work(i):
        x = np.array([1.0 + i, 2.0])
        for _ in range(CALLS // 4):
            gradient = ad.grad(inner_values)(x)
            np.testing.assert_allclose(gradient, [9 * x[0] ** 2 + 3 * x[1] ** 2, 6 * x[0] * x[1]])
        return True

    assert all(at_once(work))


def test_a_shared_array_is_given_back():
    shared = np.ones(4)

    def work(i):
        for _ in range(CALLS):
            np.testing.assert_array_equal(
                ad.grad(lambda x: np.sum(x * shared))(np.ones(4)), np.ones(4)
            )
        return True

    assert all(at_once(work))
    shared[0] = 2.0


def test_a_trace_belongs_to_its_context():
    """A coroutine or a thread that starts during a trace does not take part in it."""
    seen = []

    def f(x):
        thread = threading.Thread(target=lambda: seen.append(ad.grad(lambda y: y**2)(3.0)))
        thread.start()
        thread.join()
        seen.append(contextvars.Context().run(lambda: ad.grad(lambda y: y**3)(1.0)))
        return np.sum(x)

    ad.grad(f)(np.ones(2))
    assert seen == [6.0, 3.0]
