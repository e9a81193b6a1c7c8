"""The same call in a loop leaves memory as it was; so does one that fails, or differs each time."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend import derived
from autodiff.errors import EscapeError
from autodiff.ir import types

X = np.linspace(0, 1, 10)
W = np.ones(10)


FLAT = 40  # bytes a call: less than the smallest object, so nothing stays behind


def growth(call, warm_up: int = 200, calls: int = 1000) -> float:
    """Bytes that each of many calls leaves behind, after some to warm up."""
    tracemalloc.start()  # from the beginning, so that what replaces something does not count
    try:
        for i in range(warm_up):
            call(i)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for i in range(calls):
            call(warm_up + i)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / calls
    finally:
        tracemalloc.stop()


def loss(x, w=W):
    return np.sum(np.tanh(x * w) ** 2)


def test_gradients():
    assert growth(lambda i: ad.grad(loss)(X)) < FLAT


def test_gradients_of_functions_made_anew():
    """Each call has a closure of its own, with an array of its own."""
    assert growth(lambda i: ad.grad(lambda x: np.sum(x * np.full(10, float(i))))(X)) < FLAT


def test_a_literal_that_changes(monkeypatch):
    """Constants are remembered, but not without limit."""
    monkeypatch.setattr(types, "_LITERALS_KEPT", 100)
    assert growth(lambda i: ad.grad(lambda x: np.sum(np.sin(x * (0.1 + i))))(X)) < FLAT


def test_shapes_that_change(monkeypatch):
    """Programs are remembered, but not without limit."""
    monkeypatch.setattr(derived._derived, "capacity", 200)
    monkeypatch.setattr(derived._families, "capacity", 200)

    def call(i):
        ad.grad(lambda x: np.sum(np.sin(x)))(np.ones(i % 150 + 1))

    assert growth(call, warm_up=400, calls=400) < 500  # a program takes thousands


def test_pullbacks_and_linear_maps():
    def call(i):
        _, pullback = ad.vjp(loss, X)
        pullback(1.0)
        ad.jvp(loss, (X,), (X,))

    assert growth(call, calls=700) < FLAT


def test_second_derivatives():
    assert growth(lambda i: ad.hvp(loss)(X, X), calls=700) < FLAT


def test_maps():
    assert growth(lambda i: ad.vmap(ad.grad(loss))(np.stack([X, X])), calls=700) < FLAT


def test_jitted_functions():
    fast = ad.jit(ad.grad(loss))
    assert growth(lambda i: fast(X)) < FLAT


def test_values_and_control_flow():
    def f(x):
        while np.sum(x) > 1:
            x = x / 2
        return np.sum(x)

    assert growth(lambda i: ad.grad(f)(X), calls=700) < FLAT


def test_calls_that_fail():
    def call(i):
        with pytest.raises(EscapeError):
            ad.grad(lambda x: float(x[0]))(X)

    assert growth(call, calls=700) < FLAT


def test_a_captured_array_is_let_go():
    """What was derived does not hold on to the arrays that it was derived with."""

    class Large(np.ndarray):
        """An array that can be watched."""

    w = np.ones(1000).view(Large)
    watched = weakref.ref(w)
    ad.grad(lambda x, kept=[w]: np.sum(x * np.asarray(kept.pop())[:10]))(X)
    del w
    gc.collect()
    assert watched() is None


def test_an_argument_and_a_result_are_let_go():
    x = np.ones(10)
    watched = weakref.ref(x)
    value, pullback = ad.vjp(loss, x)
    del value, pullback, x
    gc.collect()
    assert watched() is None


def test_forward_alone_does_not_grow_with_depth():
    """The peak of a program that is only run: a few arrays, however deep it is."""

    def peak(depth):
        def deep(x):
            for _ in range(depth):
                x = np.sin(x)
            return np.sum(x)

        fast = ad.jit(deep)
        x = np.ones(100_000)
        for _ in range(2):
            fast(x)
        tracemalloc.start()
        try:
            fast(x)
            return tracemalloc.get_traced_memory()[1] / x.nbytes
        finally:
            tracemalloc.stop()

    assert peak(100) < 3
    assert abs(peak(100) - peak(10)) < 0.5


def test_a_checkpointed_chain_peaks_at_about_sqrt_n():
    def peak(stages, group):
        def run(x):
            for _ in range(group):
                x = np.sin(x)
            return x

        def deep(x):
            for _ in range(stages // group):
                x = ad.checkpoint(run)(x) if group > 1 else run(x)
            return np.sum(x)

        fast = ad.jit(ad.grad(deep))
        x = np.ones(50_000)
        for _ in range(2):
            fast(x)
        tracemalloc.start()
        try:
            fast(x)
            return tracemalloc.get_traced_memory()[1] / x.nbytes
        finally:
            tracemalloc.stop()

    assert peak(64, 1) > 60
    assert peak(64, 8) < 2 * 8 + 4
    assert peak(256, 16) < 2 * 16 + 4
