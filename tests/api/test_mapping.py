"""`map` and `associative_scan` against plain loops."""

from functools import reduce
from itertools import accumulate

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.scan import scan as scan_primitive

SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 13, 16, 33]


def row(x):
    return np.sum(np.sin(x) * x[::-1])


# ---- map


@pytest.mark.parametrize("batch_size", [None, 1, 2, 3, 5, 6, 7, 100])
def test_map_is_a_list_comprehension(batch_size, rng):
    xs = rng.uniform(-1, 1, (6, 3))
    for f in (ad.map, ad.jit(ad.map, static_argnums=(0, 2))):
        np.testing.assert_allclose(f(row, xs, batch_size), [row(x) for x in xs], rtol=1e-14)


@pytest.mark.parametrize("batch_size", [None, 2, 4])
def test_map_has_all_derivatives(batch_size, rng):
    xs, w = rng.uniform(-1, 1, (5, 3)), rng.uniform(0, 1, 3)

    def total(w, xs):
        return np.sum(ad.map(lambda x: row(x * w) ** 2, xs, batch_size))

    def loop(w, xs):
        return sum([row(x * w) ** 2 for x in xs])

    close = np.testing.assert_allclose
    for g, h in zip(ad.grad(total, (0, 1))(w, xs), ad.grad(loop, (0, 1))(w, xs), strict=True):
        close(g, h, rtol=1e-12, atol=1e-14)
    close(ad.jacfwd(total)(w, xs), ad.grad(loop)(w, xs), rtol=1e-12)
    close(ad.hessian(total)(w, xs), ad.hessian(loop)(w, xs), rtol=1e-11, atol=1e-13)
    close(ad.jit(ad.grad(total))(w, xs), ad.grad(loop)(w, xs), rtol=1e-12)
    ws = rng.uniform(0, 1, (2, 3))
    got = ad.vmap(ad.grad(total), in_axes=(0, None))(ws, xs)
    close(got, [ad.grad(loop)(w, xs) for w in ws], rtol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_map_takes_and_gives_containers(batch_size, rng):
    xs = {"a": rng.uniform(0, 1, (5, 2)), "b": (np.arange(5), None)}
    found = ad.map(lambda x: (x["a"] * x["b"][0], {"n": x["b"][0], "c": 1.5}), xs, batch_size)
    np.testing.assert_allclose(found[0], xs["a"] * np.arange(5)[:, None])
    np.testing.assert_array_equal(found[1]["n"], np.arange(5))
    assert found[1]["n"].dtype == np.int64
    np.testing.assert_array_equal(found[1]["c"], np.full(5, 1.5))


def test_map_is_a_loop_over_chunks(rng):
    xs = np.ones((7, 3))
    program = ad.trace(lambda xs: ad.map(row, xs))(xs)
    (e,) = [e for e in program.equations if e.primitive is scan_primitive]
    assert e.params["length"] == 7
    program = ad.trace(lambda xs: ad.map(row, xs, batch_size=3))(xs)
    (e,) = [e for e in program.equations if e.primitive is scan_primitive]
    assert e.params["length"] == 2


def test_map_of_no_rows():
    for batch_size in (None, 2):
        found = ad.map(lambda x: np.sin(x) * 2, np.zeros((0, 3), "f4"), batch_size)
        assert (found.shape, found.dtype) == ((0, 3), np.float32)


def test_rows_that_go_different_ways():
    def f(x):
        return ad.cond(x > 0, np.sqrt, lambda x: x * x, x)

    xs = np.array([4.0, -3, 0.25])
    np.testing.assert_array_equal(ad.map(f, xs), [2, 9, 0.5])
    np.testing.assert_array_equal(ad.map(ad.grad(f), xs), [0.25, -6, 1])
    np.testing.assert_array_equal(ad.map(ad.grad(f), xs, batch_size=2), [0.25, -6, 1])


def test_map_refuses_what_has_no_rows():
    with pytest.raises(TypeError, match=r"map takes arrays, but the element \[0\] is float"):
        ad.map(np.sin, [1.0, 2.0])
    with pytest.raises(ValueError, match="no axis 0 in an array of shape"):
        ad.map(np.sin, np.float64(1))
    with pytest.raises(ValueError, match=r"\['a'\] has 2, \['b'\] has 3"):
        ad.map(lambda x: x["a"], {"a": np.ones(2), "b": np.ones(3)})
    with pytest.raises(ValueError, match="there is no array"):
        ad.map(lambda x: 1.0, ())
    with pytest.raises(ValueError, match="batch_size=0"):
        ad.map(np.sin, np.ones(3), 0)


# ---- associative_scan


@pytest.mark.parametrize("n", SIZES)
def test_sums_and_products(n, rng):
    x = rng.uniform(0.5, 1.5, (n, 2))
    close = np.testing.assert_allclose
    close(ad.associative_scan(np.add, x), np.cumsum(x, 0), rtol=1e-14)
    close(ad.associative_scan(np.multiply, x), np.cumprod(x, 0), rtol=1e-13)
    close(ad.jit(lambda x: ad.associative_scan(np.add, x))(x), np.cumsum(x, 0), rtol=1e-14)
    back = np.cumsum(x[::-1], 0)[::-1]
    close(ad.associative_scan(np.add, x, reverse=True), back, rtol=1e-14)
    for axis in (1, -1):
        close(ad.associative_scan(np.add, x.T, axis=axis), np.cumsum(x.T, axis), rtol=1e-14)


def compose(first, then):
    return first[0] @ then[0], first[1] @ then[0] + then[1]


def composed(pair):
    """Affine maps, of rows: what `compose` says of them, one after the other."""
    return list(accumulate(zip(*pair, strict=True), compose))


@pytest.mark.parametrize("n", [1, 2, 3, 6, 11])
def test_what_does_not_commute_stays_in_order(n, rng):
    pair = rng.uniform(-1, 1, (n, 2, 2)), rng.uniform(-1, 1, (n, 1, 2))
    found = ad.associative_scan(compose, pair)
    for i, (a, b) in enumerate(composed(pair)):
        np.testing.assert_allclose(found[0][i], a, rtol=1e-12)
        np.testing.assert_allclose(found[1][i], b, rtol=1e-12)
    found = ad.associative_scan(compose, pair, reverse=True)
    for i, (a, b) in enumerate(composed((pair[0][::-1], pair[1][::-1]))):
        np.testing.assert_allclose(found[0][n - 1 - i], a, rtol=1e-12)
        np.testing.assert_allclose(found[1][n - 1 - i], b, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_all_derivatives(n, rng):
    pair = rng.uniform(-1, 1, (n, 2, 2)), rng.uniform(-1, 1, (n, 1, 2))
    weights = rng.uniform(-1, 1, (n, 1, 2))

    def fast(pair):
        return np.sum(np.sin(ad.associative_scan(compose, pair)[1]) * weights)

    def slow(pair):
        ys = [b for _, b in composed((list(pair[0]), list(pair[1])))]
        return np.sum(np.sin(np.stack(ys)) * weights)

    close = np.testing.assert_allclose
    for g, h in zip(ad.grad(fast)(pair), ad.grad(slow)(pair), strict=True):
        close(g, h, rtol=1e-11, atol=1e-13)
    direction = tuple([rng.uniform(-1, 1, x.shape) for x in pair])
    for f in (fast, ad.jit(fast)):
        got, want = (ad.jvp(g, (pair,), (direction,)) for g in (f, slow))
        close(got, want, rtol=1e-11, atol=1e-13)
        got, want = (ad.jvp(ad.grad(g), (pair,), (direction,))[1] for g in (f, slow))
        for a, b in zip(got, want, strict=True):
            close(a, b, rtol=1e-10, atol=1e-12)


def test_over_rows(rng):
    x = rng.uniform(0.5, 1.5, (3, 6))
    np.testing.assert_allclose(
        ad.vmap(lambda x: ad.associative_scan(np.multiply, x))(x), np.cumprod(x, 1), rtol=1e-13
    )
    last = ad.vmap(ad.grad(lambda x: ad.associative_scan(np.multiply, x)[-1]))(x)
    np.testing.assert_allclose(last, np.prod(x, 1)[:, None] / x, rtol=1e-13)


def test_a_function_of_single_elements(rng):
    x = rng.uniform(-1, 1, (5, 2, 2))
    found = ad.associative_scan(ad.vmap(np.dot), x)
    np.testing.assert_allclose(found[-1], reduce(np.dot, x), rtol=1e-13)


def test_depth_and_work_are_those_of_the_algorithm():
    calls = []

    def add(a, b):
        calls.append(a.shape[0])
        return a + b

    ad.associative_scan(add, np.ones(1024))
    assert len(calls) <= 2 * 10
    assert sum(calls) < 2 * 1024


def test_associative_scan_refuses_a_function_that_changes_the_elements():
    x = np.ones((4, 2))
    with pytest.raises(TypeError, match=r"makes f64\[2\] of elements that are f64\[2,2\]"):
        ad.associative_scan(lambda a, b: (a * b).sum(0), x)
    with pytest.raises(TypeError, match=r"makes f64\[2\] of elements that are i64\[2\]"):
        ad.associative_scan(lambda a, b: a / b, np.arange(4))
    with pytest.raises(TypeError, match=r"(?s)makes \(f64.*test_mapping.py"):
        ad.grad(lambda x: np.sum(ad.associative_scan(lambda a, b: (a, b), x)))(x)
    with pytest.raises(ValueError, match="no axis 2"):
        ad.associative_scan(np.add, x, axis=2)
    with pytest.raises(ValueError, match=r"\[0\] has 4, \[1\] has 3"):
        ad.associative_scan(compose, (np.ones(4), np.ones(3)))


def test_agrees_with_jax(rng):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x = rng.uniform(0.5, 1.5, 11)
    theirs = jax.grad(
        lambda x: jax.lax.associative_scan(jax.numpy.logaddexp, x, reverse=True).sum()
    )
    ours = ad.grad(lambda x: ad.associative_scan(np.logaddexp, x, reverse=True).sum())
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-12)
