"""`pure_callback`: Python functions that run when the program does."""

import gc
import math
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.derived import cache_info
from autodiff.errors import MissingRuleError

VECTOR = ad.ArrayType((3,), np.float64)
X = np.array([3.0, 1.0, 2.0])


def order(x):
    assert isinstance(x, np.ndarray)
    return np.argsort(x)


def ordered(x):
    return x[ad.pure_callback(order, ad.ArrayType(x.shape, np.int64), x)]


def test_outside_of_a_trace_it_is_a_call():
    np.testing.assert_array_equal(ordered(X), [1, 2, 3])


def test_under_transforms():
    weights = np.array([1.0, 10.0, 100.0])

    def f(x):
        return np.sum(ordered(x) * weights)

    for g in (f, ad.jit(f)):
        assert g(X) == 321.0
        np.testing.assert_array_equal(ad.grad(g)(X), [100, 1, 10])
        both = np.stack([X, -X])
        np.testing.assert_array_equal(ad.vmap(g)(both), [321, -123])
        np.testing.assert_array_equal(ad.vmap(ad.grad(g))(both), [[100, 1, 10], [1, 100, 10]])
    pullback = ad.vjp(f, X)[1]
    gc.collect()
    np.testing.assert_array_equal(pullback(2.0)[0], [200, 2, 20])


def test_it_runs_at_each_call():
    calls = []

    def count(x):
        calls.append(x)
        return np.float64(len(calls))

    f = ad.jit(lambda x: ad.pure_callback(count, 0.0, x) + 0 * x)
    assert [f(1.0), f(1.0), f(2.0)] == [1, 2, 3]
    ad.jit(lambda x: [ad.pure_callback(count, 0.0, x), x][1])(1.0)  # nobody needs the result
    assert len(calls) == 3


def test_containers_and_what_is_not_traced():
    def host(params, names, scale, flag=None):
        assert names == ["w"]
        assert type(scale) is np.float64
        return {"y": params["w"] * scale, "n": (len(names), True)}

    result = {"y": VECTOR, "n": (ad.ArrayType((), np.int64), ad.ArrayType((), bool))}

    def f(w, scale):
        return ad.pure_callback(host, result, {"w": w}, ["w"], scale)

    out = ad.jit(f)(X, 2.0)
    np.testing.assert_array_equal(out["y"], 2 * X)
    assert out["n"] == (1, True)
    assert type(out["n"][1]) is np.bool_


@pytest.mark.parametrize(
    ("returned", "result"),
    [(1.5, np.float32(0)), (2, np.zeros(())), (2, np.int32(0)), (True, 1.0), (1, 1j)],
)
def test_python_numbers_take_the_dtype(returned, result):
    y = ad.jit(lambda x: ad.pure_callback(lambda x: returned, result, x))(1.0)
    assert y == returned
    assert y.dtype == np.asarray(result).dtype


@pytest.mark.parametrize(
    ("returned", "result", "shown"),
    [
        (np.ones(2), VECTOR, r"expected: f64\[3\]\n  given:    f64\[2\]"),
        (np.ones(3, np.float32), VECTOR, r"expected: f64\[3\]\n  given:    f32\[3\]"),
        ((np.ones(3),), VECTOR, r"expected: f64\[3\]\n  given:    \(f64\[3\],\)"),
        (1.5, ad.ArrayType((), int), r"expected: i64\[\]\n  given:    float"),
        ([1.0, 1.0, 1.0], VECTOR, r"given:    \[float, float, float\]"),
        ("text", VECTOR, "given:    str"),
        (None, VECTOR, "given:    None"),
    ],
)
@pytest.mark.parametrize("transform", [lambda f: f, ad.jit])
def test_a_result_that_is_not_what_was_promised(transform, returned, result, shown):
    def host(x):
        return returned

    f = transform(lambda x: ad.pure_callback(host, result, x))
    with pytest.raises(TypeError, match=rf"(?s)callback `host` \(test_callbacks.py:\d+\).*{shown}"):
        f(1.0)


def test_a_promise_that_is_none():
    with pytest.raises(TypeError, match="without shape and dtype"):
        ad.pure_callback(np.sin, "f64", 1.0)


def test_errors_of_the_function_are_passed_on():
    with pytest.raises(ZeroDivisionError):
        ad.jit(lambda x: ad.pure_callback(lambda x: 1 // 0, 0.0, x))(1.0)


def test_results_are_the_programs_own():
    kept = np.zeros(3)

    def host(x):
        kept[:] = x
        return kept

    f = ad.jit(lambda x: ad.pure_callback(host, VECTOR, x))
    first = f(X)
    f(X + 1)
    np.testing.assert_array_equal(first, X)


def test_a_derivative_is_refused():
    def f(x):
        return ad.pure_callback(math.sin, 0.0, x)

    for derivative in (ad.grad(f), ad.jit(ad.grad(f)), lambda x: ad.jvp(f, (x,), (1.0,))):
        with pytest.raises(MissingRuleError, match=r"(?s)sin is called.*custom_rule.*numeric_rule"):
            derivative(1.0)
    assert ad.grad(lambda x: x * f(ad.stop_gradient(x)))(1.0) == math.sin(1.0)


def test_a_derivative_by_a_rule():
    @ad.custom_rule(jvp=lambda xs, dxs: (sine(*xs), sine(xs[0] + math.pi / 2) * dxs[0]))
    def sine(x):
        return ad.pure_callback(math.sin, 0.0, x)

    derivative = sine
    for k in range(4):
        np.testing.assert_allclose(derivative(0.3), math.sin(0.3 + k * math.pi / 2), rtol=1e-13)
        np.testing.assert_allclose(
            ad.jit(ad.vmap(derivative))(X), np.sin(X + k * np.pi / 2), atol=1e-13
        )
        derivative = ad.grad(derivative)


def test_vectorised():
    shapes = []

    def host(x, y):
        shapes.append((x.shape, y.shape))
        return x * y[..., 0]

    def f(x, y):
        return ad.pure_callback(host, ad.ArrayType((), float), x, y, vectorized=True)

    x, y = np.arange(4.0), np.full(2, 3.0)
    np.testing.assert_array_equal(ad.vmap(f, (0, None))(x, y), 3 * x)
    assert shapes == [((4,), (4, 2))]
    np.testing.assert_array_equal(
        ad.vmap(ad.vmap(f, (0, None)), (None, 0))(x, np.stack([y, 2 * y])), [3 * x, 6 * x]
    )
    assert shapes[1:] == [((2, 4), (2, 4, 2))]


def test_within_loops_and_branches():
    def half(x):
        return ad.pure_callback(lambda x: x / 2, 0.0, ad.stop_gradient(x)) * x

    def plain(x):
        return ad.stop_gradient(x) / 2 * x

    def loops(f):
        return [
            lambda x: ad.scan(lambda c, w: (f(c + w), c), x, X)[0],
            lambda x: ad.while_loop(lambda c: c < 50.0, lambda c: f(c) + 5.0, x),
            lambda x: ad.cond(x > 1.5, f, np.negative, x),
            lambda x: ad.fori_loop(0, 3, lambda i, c: f(c) + i, x),
        ]

    for own, other in zip(loops(half), loops(plain), strict=True):
        for g in (lambda h: h, ad.grad, ad.jit, lambda h: ad.jit(ad.grad(h))):
            np.testing.assert_allclose(g(own)(2.0), g(other)(2.0), rtol=1e-14)
        for g in (ad.vmap(own), ad.vmap(ad.grad(own))):
            reference = ad.vmap(other) if g.__wrapped__ is own else ad.vmap(ad.grad(other))
            np.testing.assert_allclose(g(X), reference(X), rtol=1e-14)


def test_checkpoints():
    calls = []

    def host(x):
        calls.append(x)
        return np.cos(x)

    layer = ad.checkpoint(lambda x: np.sin(x) * ad.pure_callback(host, VECTOR, ad.stop_gradient(x)))
    found = ad.grad(lambda x: np.sum(layer(x)))(X)
    np.testing.assert_allclose(found, np.cos(X) ** 2, rtol=1e-14)


def test_closures_that_are_made_anew_are_derived_once_and_not_kept():
    alive = []

    def f(x, k):
        around = np.full(1000, float(k))

        def host(x):
            return x * around[0]

        alive.append(weakref.ref(around))
        return np.sum(x * ad.pure_callback(host, VECTOR, ad.stop_gradient(x)))

    gradient = ad.grad(f)
    for k in range(2):
        gradient(X, k)
    before = cache_info()
    for k in range(2, 30):
        np.testing.assert_array_equal(gradient(X, k), k * X)
    assert cache_info().misses == before.misses
    gc.collect()
    assert sum(ref() is not None for ref in alive) <= 2
