"""`define_primitive`: primitives of the user's own."""

import gc
import pickle

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import MissingRuleError
from autodiff.primitives.record import Primitive
from tests.programs import expected, shown


def inner(ct, y):
    return convolve(ct, y[::-1])[len(y) - 1 : len(ct)]


convolve = ad.define_primitive(
    "own_convolve",
    run=np.convolve,
    types=lambda x, y: x.with_shape((x.size + y.size - 1,)),
    jvp=lambda xs, dxs: (convolve(*xs), convolve(dxs[0], xs[1]) + convolve(xs[0], dxs[1])),
    transpose=lambda ct, i, *xs: inner(ct, xs[1 - i]),
)


def _split_jvp(primals, tangents, *, at):
    (x,), (dx,) = primals, tangents
    return split(x, at=at), split(dx, at=at)


def _joined(ct, i, x, *, at):
    first, second = ct
    return np.concatenate([first, second])


split = ad.define_primitive(
    "own_split",
    run=lambda x, *, at: (x[:at], x[at:]),
    jvp=_split_jvp,
    transpose=_joined,
    batch=lambda size, xs, mapped, *, at: (xs[0][:, :at], xs[0][:, at:]),
)

sine = ad.define_primitive(
    "own_sine", run=np.sin, jvp=lambda xs, dxs: (sine(*xs), np.cos(*xs) * dxs[0])
)

X, Y = np.array([1.0, 2.0, -1.0, 0.5]), np.array([3.0, -1.0])


def test_it_runs_on_arrays_and_numbers():
    np.testing.assert_array_equal(convolve(X, Y), np.convolve(X, Y))
    assert sine(0.5) == np.sin(0.5)
    assert [len(part) for part in split(X, at=1)] == [1, 3]


def test_it_is_one_equation():
    assert shown(ad.trace(lambda x: split(convolve(x, Y), at=2)[0])(X)) == expected("""
        fun(a: f64[4], b: f64[2]) -> f64[2] {
          c: f64[5] = own_convolve a b
          d: f64[2], e: f64[3] = own_split[at=2] c
          return d
        }""")


def test_programs_pickle_and_parse():
    p = ad.trace(lambda x: split(sine(x), at=1)[1])(X)
    for q in (pickle.loads(pickle.dumps(p)), ad.parse(str(p))):
        np.testing.assert_array_equal(ad.run(q, X)[0], np.sin(X)[1:])


def test_derivatives_of_every_order_and_mode():
    ad.check_grads(convolve, (X, Y), order=2)
    ad.check_grads(lambda x: split(x * x, at=1), (X,), order=2)
    ad.check_grads(sine, (X,), order=3)

    def loss(x, y):
        first, second = split(convolve(x, y), at=3)
        return np.sum(sine(first)) + np.sum(second**2)

    def plain(x, y):
        z = by_hand(x, y)
        return np.sum(np.sin(z[:3])) + np.sum(z[3:] ** 2)

    for transform in (ad.grad, ad.hessian, lambda f, n: ad.jit(ad.grad(f, n))):
        found = ad.tree.flatten(transform(loss, (0, 1))(X, Y))[0]
        reference = ad.tree.flatten(transform(plain, (0, 1))(X, Y))[0]
        for a, b in zip(found, reference, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


def by_hand(x, y):
    """A convolution with two values."""
    zero = np.zeros_like(x[:1])
    return np.concatenate([x, zero]) * y[0] + np.concatenate([zero, x]) * y[1]


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0)])
def test_maps(axes):
    xs, ys = np.stack([X, 2 * X, X - 1]), np.stack([Y, -Y, Y + 1])
    args = [v if a == 0 else v[0] for v, a in zip((xs, ys), axes, strict=True)]
    for f, g in ((convolve, by_hand), (ad.jit(convolve), by_hand)):
        np.testing.assert_allclose(ad.vmap(f, axes)(*args), ad.vmap(g, axes)(*args), rtol=1e-15)

    def loss(f):
        return lambda x, y: np.sum(f(x, y) ** 3)

    for order in (lambda f: ad.grad(f, (0, 1)), lambda f: ad.hessian(f, (0, 1))):
        found = ad.tree.flatten(ad.vmap(order(loss(convolve)), axes)(*args))[0]
        reference = ad.tree.flatten(ad.vmap(order(loss(by_hand)), axes)(*args))[0]
        for a, b in zip(found, reference, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)

    def total(f):
        return lambda x, y: np.sum(ad.vmap(f, axes)(x, y) ** 2)

    for a, b in zip(
        ad.grad(total(convolve), (0, 1))(*args), ad.grad(total(by_hand), (0, 1))(*args), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_a_batch_rule_is_used():
    p = ad.trace(ad.vmap(lambda x: split(x, at=1)))(np.ones((3, 4)))
    assert {e.primitive.name for e in p.equations} == {"index"}
    both = np.stack([X, 2 * X])
    found = ad.vmap(ad.grad(lambda x: np.sum(split(x, at=1)[1] ** 2)))(both)
    np.testing.assert_array_equal(found, 2 * both * [0, 1, 1, 1])


def test_within_loops():
    def f(x):
        return ad.scan(lambda c, _: (sine(c) * 2, None), x, None, length=3)[0]

    def g(x):
        for _ in range(3):
            x = np.sin(x) * 2
        return x

    np.testing.assert_allclose(ad.hessian(f)(0.7), ad.hessian(g)(0.7), rtol=1e-13)


def test_types_are_found_on_ones():
    calls = []

    def run(x, y):
        calls.append((x.shape, x.dtype))
        return x.astype(np.float32)[0], y > 0

    found = ad.define_primitive("own_found", run)
    for _ in range(3):
        assert ad.eval_types(found)(np.ones(3), 2.0) == (
            ad.ArrayType((), np.float32),
            ad.ArrayType((), bool),
        )
    assert calls == [((3,), np.float64)]


def test_integers_need_no_derivative():
    top = ad.define_primitive("own_top", lambda x: np.argmax(x))
    assert ad.grad(lambda x: x[top(x)] * 3)(np.array([1.0, 5.0])).tolist() == [0, 3]


# ---- missing and wrong rules


def test_missing_rules():
    bare = ad.define_primitive("own_bare", np.sin)
    with pytest.raises(MissingRuleError, match=r"own_bare has no jvp rule(.*\n)*.*jvp=\.\.\."):
        ad.grad(bare)(1.0)
    np.testing.assert_array_equal(ad.vmap(bare)(X), np.sin(X))
    half = ad.define_primitive(
        "own_half", lambda x: x / 2, jvp=lambda xs, dxs: (half(*xs), half(*dxs))
    )
    assert ad.jvp(half, (3.0,), (1.0,))[1] == 0.5
    with pytest.raises(MissingRuleError, match=r"own_half .*has no transpose rule"):
        ad.grad(half)(3.0)


def wrong(**rules):
    given = {"types": lambda x: x, "jvp": lambda xs, dxs: (np.sin(*xs), *dxs), **rules}
    return ad.define_primitive("own_wrong", given.pop("run", np.sin), **given)


@pytest.mark.parametrize(
    ("rules", "use", "says"),
    [
        ({"types": lambda x: x.with_shape((2,))}, lambda f: ad.jit(f)(X),
         r"own_wrong.*\n.*\n  expected: \(f64\[2\],\)\n  given:    \(f64\[4\],\)"),
        ({"types": lambda x: "f64"}, lambda f: ad.jit(f)(X),
         r"types rule `fun` \(test_extending.py:\d+\) of `own_wrong`(.*\n)*.*ad.ArrayType"),
        ({"jvp": lambda xs, dxs: np.sin(*xs)}, lambda f: ad.jacfwd(f)(X),
         r"jvp rule `fun` .*\n(.*\n)*  expected: \(result, its tangent\)"),
        ({"jvp": lambda xs, dxs: (np.sin(*xs), dxs[0][:2])}, lambda f: ad.jacfwd(f)(X),
         r"expected: \(f64\[4\],\)\n  given:    \(f64\[2\],\)"),
        ({"jvp": lambda xs, dxs: (np.sin(xs[0][0]), *dxs)}, lambda f: ad.jacfwd(f)(X),
         r"expected: \(f64\[4\],\)\n  given:    \(f64\[\],\)"),
        ({"jvp": lambda xs, dxs: (np.sin(*xs), X * dxs[0])}, lambda f: ad.jacfwd(f)(X),
         "uses an array that is not among its inputs(.*\n)*.*custom_rule"),
        ({"batch": lambda size, xs, mapped: xs[0][0]}, lambda f: ad.vmap(f)(np.ones((2, 4))),
         r"batch rule .*\n(.*\n)*  expected: \(f64\[2,4\],\)\n  given:    \(f64\[4\],\)"),
    ],
)  # fmt: skip
def test_wrong_rules(rules, use, says):
    with pytest.raises(TypeError, match=says):
        use(wrong(**rules))


def test_a_wrong_transpose():
    double = ad.define_primitive(
        "own_double",
        lambda x: 2 * x,
        jvp=lambda xs, dxs: (double(*xs), double(*dxs)),
        transpose=lambda ct, i, x: ct[:1],
    )
    with pytest.raises(TypeError, match=r"transpose rule .*\n.*\n  expected: \(f64\[4\],\)"):
        ad.grad(lambda x: np.sum(double(x)))(X)


def test_trying_fails():
    picky = ad.define_primitive("own_picky", lambda x: np.linalg.inv(x))
    with pytest.raises(TypeError, match=r"called on ones .*LinAlgError(.*\n)*.*types="):
        ad.jit(picky)(np.eye(2))


def test_params_must_be_hashable():
    with pytest.raises(TypeError, match=r"own_split takes .*hashable"):
        ad.jit(lambda x: split(x, at=[1]))(X)


# ---- names


def test_names():
    with pytest.raises(ValueError, match="'sin' is the name of a primitive of the library"):
        ad.define_primitive("sin", np.sin)
    with pytest.raises(ValueError, match="'my op' is no name"):
        ad.define_primitive("my op", np.sin)
    with pytest.raises(TypeError, match="run is no function, but 3"):
        ad.define_primitive("own_three", 3)


def test_a_definition_may_be_replaced():
    first = ad.define_primitive("own_again", lambda x: x + 1)
    second = ad.define_primitive("own_again", lambda x: x + 2)
    assert Primitive.named["own_again"] is second.primitive
    assert (ad.jit(first)(1.0), ad.jit(second)(1.0)) == (2, 3)
    del first, second
    gc.collect()


def test_results_do_not_share_memory_with_inputs():
    same = ad.define_primitive("own_same", lambda x: x)

    def f(x):
        y = same(x)
        y += 1.0
        return x + y

    x = np.ones(3)
    for g in (ad.jit(f), ad.jit(f)):
        np.testing.assert_array_equal(g(x), 3)
    np.testing.assert_array_equal(x, 1)
    assert not np.shares_memory(ad.jit(same)(x), x)
