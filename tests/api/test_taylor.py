"""`jet` and `derivatives`: values, containers, dtypes, edges, nesting, errors."""

import math
import re
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.backend.derived import cache_info


def nested(f, order, v=1.0):
    """The derivative of that order along v, one jvp around the other."""
    return reduce(lambda g, _: lambda x: ad.jvp(g, (x,), (v,))[1], range(order), f)


def network(rng, sizes=(5, 16, 16, 1)):
    layers = [
        (rng.normal(size=(n, m)) / np.sqrt(n), rng.normal(size=m)) for n, m in pairwise(sizes)
    ]

    def f(x):
        h = x
        for w, b in layers[:-1]:
            h = np.tanh(h @ w + b)
        w, b = layers[-1]
        return np.sum(h @ w + b)

    return f


def test_order_ten_of_a_network_equals_ten_nested_jvps(rng):
    f, x, v = network(rng), rng.normal(size=5), rng.normal(size=5)
    found = ad.derivatives(f, 10)(x, v)
    assert len(found) == 11
    expected = [nested(f, k, v)(x) for k in range(11)]
    assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (np.exp, lambda x, k: math.exp(x)),
        (np.sin, lambda x, k: math.sin(x + k * math.pi / 2)),
        (lambda x: 1 / x, lambda x, k: (-1) ** k * math.factorial(k) / x ** (k + 1)),
        (lambda x: x**5, lambda x, k: math.perm(5, k) * x ** (5 - k) if k <= 5 else 0),
        (np.log, lambda x, k: (-1) ** (k - 1) * math.factorial(k - 1) / x**k if k else math.log(x)),
    ],
)
def test_closed_forms_to_order_ten(f, derivative):
    expected = [derivative(0.7, k) for k in range(11)]
    assert_allclose(ad.derivatives(f, 10)(0.7), expected, rtol=1e-12)


def test_along_a_curve(rng):
    """The jet of f along x(t) has the derivatives of f(x(t))."""
    a, b, c = rng.normal(size=(3, 4))

    def curve(t):
        return a + np.sin(t) * b + t**3 * c

    x, *xs = ad.derivatives(curve, 5)(0.3)
    y, ys = ad.jet(lambda x: np.exp(x) * x, (x,), (xs,))
    expected = ad.derivatives(lambda t: np.exp(curve(t)) * curve(t), 5)(0.3)
    assert_allclose([y, *ys], expected, rtol=1e-12)


def test_convention_is_that_of_jax(rng):
    jax = pytest.importorskip("jax")
    jets = pytest.importorskip("jax.experimental.jet")
    jnp = jax.numpy
    x, *terms = rng.uniform(0.5, 1, size=(5, 3)).astype(np.float32)

    def f(np, x, y):
        return np.tanh(x) * np.log(y) / x, np.sum(np.exp(x) @ y)

    args = (x, x + 1), (terms, terms[::-1])
    ours, series = ad.jet(lambda x, y: f(np, x, y), *args)
    theirs, their_series = jets.jet(lambda x, y: f(jnp, x, y), *args)
    for i in range(2):
        assert_allclose(ours[i], theirs[i], rtol=1e-5)
        for k in range(4):
            assert_allclose(series[k][i], their_series[i][k], rtol=2e-4, atol=1e-4)


def test_taylor_coefficients(rng):
    x, d1, d2, d3 = rng.uniform(0.5, 1, size=(4, 3))
    y, scaled = ad.jet(np.sin, (x,), ([d1, d2, d3],))
    z, bare = ad.jet(np.sin, (x,), ([d1, d2 / 2, d3 / 6],), factorial_scaled=False)
    assert_array_equal(y, z)
    assert_allclose(bare, [scaled[0], scaled[1] / 2, scaled[2] / 6])


# ---- what goes in and comes out


def test_containers_and_leaves_without_derivatives():
    def f(p, n, scale=1.0):
        return {"a": p["w"] * p["b"] * n * scale, "label": "x", "n": n}

    p = {"w": np.array([1.0, 2.0]), "b": 3.0, "k": 7}
    dp = {"w": np.ones(2), "b": 1.0, "k": None}
    y, (d1, d2) = ad.jet(f, (p, 2), ([dp, None], None), scale=10.0)
    assert_array_equal(y["a"], [60, 120])
    assert_array_equal(d1["a"], [20 * (3 + 1), 20 * (3 + 2)])
    assert_array_equal(d2["a"], [40, 40])
    assert y["label"] == "x"
    assert d1["n"] is None
    assert d1["label"] is None


def test_several_arguments_and_zeros():
    y, terms = ad.jet(lambda x, a: a * x**2, (3.0, 5.0), ([1.0, 0, None], [None, 0, 6.0]))
    assert_array_equal([y, *terms], [45, 30, 10, 54])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtypes_are_kept(dtype):
    x = np.array([0.5, 0.25], dtype)
    found = ad.derivatives(lambda x: np.exp(x) / (1 + x) ** 1.5, 4)(x, np.ones_like(x))
    assert {d.dtype for d in found} == {np.dtype(dtype)}
    scalars = ad.derivatives(np.sin, 3)(dtype(0.5))
    assert {type(d) for d in scalars} == {dtype}


def test_holomorphic_functions():
    z = 0.3 + 0.4j
    found = ad.derivatives(lambda z: np.exp(2j * z), 6)(z)
    assert_allclose(found, [(2j) ** k * np.exp(2j * z) for k in range(7)])


def test_factorials_beyond_the_dtype():
    found = ad.derivatives(lambda x: x**3, 12)(np.float16(2))
    assert_array_equal(found, [8, 12, 12, 6, *[0] * 9])
    assert_allclose(ad.derivatives(np.exp, 8)(np.float16(0)), np.ones(9), rtol=1e-2)
    for order in (30, 60, 100):
        found = ad.derivatives(np.exp, order)(np.float32(1))
        assert_allclose(found, np.full(order + 1, np.e), rtol=1e-4)
    found = ad.derivatives(np.exp, 20)(np.float16(0))
    assert_allclose(found, np.ones(21), rtol=5e-2)


def test_elements():
    x = np.linspace(0.1, 1, 5)
    found = ad.derivatives(np.log, 4)(x, np.ones(5))
    assert_allclose(found, [np.log(x), 1 / x, -1 / x**2, 2 / x**3, -6 / x**4])


def test_no_derivatives_at_all():
    assert ad.derivatives(np.exp, 0)(0.0) == (1.0,)
    assert ad.jet(lambda x: x + 1, (1.0,), ([],)) == (2.0, [])
    assert ad.jet(lambda x: x + 1, (1.0,), (None,)) == (2.0, [])


def test_aux():
    value, terms, aux = ad.jet(lambda x: (x**2, {"x": x}), (3.0,), ([1.0, 0],), has_aux=True)
    assert (value, *terms) == (9, 6, 2)
    assert aux == {"x": 3.0}


def test_results_that_do_not_depend_on_the_arguments():
    y, (d1, d2) = ad.jet(lambda x: (x, np.ones(2), 3.0), (1.0,), ([1.0, 0],))
    assert_array_equal(y[1], [1, 1])
    assert_array_equal(d1[1], [0, 0])
    assert (d1[2], d2[0]) == (0, 0)


def test_a_cut_is_warned_of():
    with pytest.warns(ad.errors.ZeroGradientWarning, match="floor"):
        assert ad.derivatives(np.floor, 2)(1.5) == (1, 0, 0)


def test_other_arguments_of_derivatives():
    found = ad.derivatives(lambda x, n, *, a: a * x**n, 2)(3.0, 1.0, 2, a=10.0)
    assert found == (90, 60, 20)


# ---- at the edges


def test_powers_at_zero():
    assert ad.derivatives(lambda x: x**3, 4)(0.0) == (0, 0, 0, 6, 0)
    assert ad.derivatives(lambda x: x**2.5, 3)(0.0) == (0, 0, 0, np.inf)
    assert ad.derivatives(np.sqrt, 1)(0.0) == (0, np.inf)
    assert_allclose(ad.derivatives(np.sinc, 2)(0.0), (1, 0, -(np.pi**2) / 3))


def test_guards():
    def f(x):
        return np.where(x > 0, np.log(x) * np.sqrt(x), x) ** 2

    assert_array_equal(ad.derivatives(f, 4)(-2.0), (4, -4, 2, 0, 0))
    assert_allclose(ad.derivatives(f, 3)(2.0), [nested(f, k)(2.0) for k in range(4)])


def test_control_flow_on_values():
    def f(x):
        while x < 10:
            x = x * x
        return x

    assert_allclose(ad.derivatives(f, 4)(2.0), [16, 32, 48, 48, 24])


# ---- nesting


def test_within_other_transforms():
    def third(x):
        return ad.derivatives(np.sin, 3)(x)[3]

    xs = np.array([0.3, 0.6])
    assert_allclose(ad.jit(third)(0.3), -np.cos(0.3))
    assert_allclose(ad.grad(third)(0.3), np.sin(0.3))
    assert_allclose(ad.jvp(third, (0.3,), (2.0,))[1], 2 * np.sin(0.3))
    assert_allclose(ad.vmap(third)(xs), -np.cos(xs))
    assert_allclose(ad.jit(ad.vmap(ad.grad(third)))(xs), np.sin(xs))
    assert_allclose(ad.derivatives(third, 2)(0.3), [-np.cos(0.3), np.sin(0.3), np.cos(0.3)])


def test_of_other_transforms(rng):
    f, x, v = network(rng), rng.normal(size=5), rng.normal(size=5)
    gradients = ad.derivatives(ad.grad(f), 3)(x, v)
    assert_allclose(gradients[1], ad.hvp(f)(x, (v,)))
    assert_allclose(v @ gradients[3], nested(f, 4, v)(x))
    assert_allclose(ad.derivatives(ad.jit(f), 4)(x, v), ad.derivatives(f, 4)(x, v))
    of_map = ad.derivatives(ad.vmap(f), 2)(np.stack([x, v]), np.stack([v, x]))
    assert_allclose(of_map[2], [nested(f, 2, v)(x), nested(f, 2, x)(v)])


def test_derivatives_by_a_parameter_of_a_jet():
    def f(a):
        return ad.derivatives(lambda x: np.exp(a * x), 3)(0.5)[3]

    assert_allclose(ad.grad(f)(2.0), (3 * 4 + 8 * 0.5) * np.exp(1.0))


def test_derived_once():
    ad.derivatives(network(np.random.default_rng(1)), 4)(np.ones(5), np.ones(5))
    from_here = ad.derivatives(network(np.random.default_rng(2)), 4)
    before = count_misses()
    from_here(np.zeros(5), np.ones(5))
    assert count_misses() == before


def count_misses():
    return cache_info().misses


# ---- errors


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ad.jet(np.sin, 1.0, ([1.0],)), TypeError, "Write instead: `ad.jet(f, (x,)"),
        (lambda: ad.jet(np.sin, (1.0,), (1.0,)), TypeError, "a list of its derivatives, not float"),
        (lambda: ad.jet(np.sin, (1.0,), ([1.0], [1.0])), ValueError, "1 arguments and 2 series"),
        (
            lambda: ad.jet(np.add, (1.0, 2.0), ([1.0], [1.0, 2.0])),
            ValueError,
            "of one length, not of [1, 2]",
        ),
        (
            lambda: ad.jet(np.sin, (np.ones(3),), ([np.ones(2)],)),
            ValueError,
            "expected f64[3] for `x`, but f64[2] was given",
        ),
        (
            lambda: ad.jet(np.sin, (np.ones(3),), ([np.ones(3, np.float32)],)),
            TypeError,
            ".astype(np.float64)",
        ),
        (lambda: ad.jet(np.sin, (1,), ([2.0],)), TypeError, "is not floating-point"),
        (lambda: ad.derivatives(np.sin, 2)(np.ones(3)), TypeError, "v = np.ones_like(x)"),
        (lambda: ad.derivatives(np.sin, 2)(3), TypeError, "by int, which is no floating-point"),
        (lambda: ad.derivatives(np.sin, -1), ValueError, "at least 0, not -1"),
        (lambda: ad.derivatives(np.sin, 2.0), TypeError, "cannot be interpreted as an integer"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()
