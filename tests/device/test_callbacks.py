"""Callbacks and custom rules with device arrays: functions on the host get NumPy arrays."""

import numpy as np

import autodiff as ad
from tests.device.transfer import on_device

X = np.array([3.0, 1.0, 2.0])


def host_sine(x):
    assert type(x) is np.ndarray
    return np.sin(x)


def check(xp, found, expected):
    assert isinstance(found, xp.ndarray)
    np.testing.assert_allclose(found.get(), expected, rtol=1e-9)


def test_pure_callback(xp):
    def f(x):
        return ad.pure_callback(host_sine, x, ad.stop_gradient(x)) * x

    x = on_device(xp, X)
    for g in (f, ad.jit(f)):
        check(xp, g(x), np.sin(X) * X)
    for g in (ad.grad(lambda x: f(x).sum()), ad.jit(ad.grad(lambda x: f(x).sum()))):
        check(xp, g(x), np.sin(X))
    rows = on_device(xp, np.stack([X, -X]))
    check(xp, ad.vmap(f)(rows), np.stack([np.sin(X) * X] * 2))


def test_pullbacks_keep_their_functions(xp):
    f = ad.numeric_rule(host_sine)
    y, pullback = ad.vjp(f, on_device(xp, X))
    check(xp, y, np.sin(X))
    check(xp, pullback(on_device(xp, np.ones(3)))[0], np.cos(X))


def test_custom_rules(xp):
    scale = np.array([1.0, 2.0, 3.0])

    @ad.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (f(x), x), lambda x, ct: (ct * x * scale,))
    for g in (ad.grad(lambda x: f(x).sum()), ad.jit(ad.grad(lambda x: f(x).sum()))):
        check(xp, g(on_device(xp, X)), X * scale)


def test_effects(xp):
    seen = []

    def f(x):
        ad.debug.callback(lambda x: seen.append(type(x)), x)
        return (x * x).sum()

    ad.grad(f)(on_device(xp, X))
    assert seen == [np.ndarray]
