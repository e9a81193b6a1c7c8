"""`custom_jvp`, `custom_vjp` and `custom_rule`, as users write them."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import MissingRuleError, ZeroGradientWarning
from tests.api.ruled import AT, log1pexp, log1pexp_reverse, naive

both = pytest.mark.parametrize("f", [log1pexp, log1pexp_reverse], ids=["jvp", "vjp"])
SIGMOID = 1 / (1 + np.exp(-np.linspace(-2, 2, 5)))


# ---- the classic


@both
def test_a_stable_derivative_of_log1pexp(f):
    with np.errstate(all="ignore"):
        assert np.isnan(ad.grad(naive)(1000.0))
        assert ad.grad(f)(1000.0) == 1.0
        assert ad.jvp(f, (1000.0,), (2.0,))[1] == 2.0


@both
def test_both_modes_and_every_transform(f):
    for g in (f, ad.jit(f), ad.vmap(f), ad.jit(ad.vmap(f))):
        np.testing.assert_allclose(g(AT), naive(AT), rtol=1e-15)
    for derivative in (
        ad.grad(lambda x: np.sum(f(x))),
        ad.vmap(ad.grad(f)),
        ad.jit(ad.vmap(ad.grad(f))),
        ad.vmap(ad.jit(ad.grad(f))),
        ad.grad(lambda x: np.sum(ad.vmap(f)(x))),
        lambda x: ad.jvp(f, (x,), (np.ones(5),))[1],
        lambda x: np.diag(ad.jacfwd(f)(x)),
        lambda x: np.diag(ad.jacrev(f)(x)),
        lambda x: ad.linearize(f, x)[1](np.ones(5)),
    ):
        np.testing.assert_allclose(derivative(AT), SIGMOID, rtol=1e-14)


@both
def test_second_order_in_every_combination(f):
    expected = np.diag(SIGMOID * (1 - SIGMOID))

    def loss(x):
        return np.sum(f(x))

    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            np.testing.assert_allclose(outer(inner(loss))(AT), expected, atol=1e-15)
    np.testing.assert_allclose(ad.hessian(ad.jit(loss))(AT), expected, atol=1e-15)
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(f)))(AT), np.diag(expected), rtol=1e-13)


def test_check_grads():
    ad.check_grads(log1pexp, (AT,), order=3)
    ad.check_grads(log1pexp_reverse, (AT,), order=3)


def test_a_rule_is_used_and_not_the_function():
    @ad.custom_jvp
    def f(x):
        return x * x

    f.defjvp(lambda xs, dxs: (f(*xs), 100.0 * dxs[0]))
    assert f(3.0) == 9.0
    assert ad.grad(f)(3.0) == 100.0
    with pytest.warns(ZeroGradientWarning):  # the rule does not depend on x
        assert ad.grad(ad.grad(f))(3.0) == 0.0


# ---- classics of reverse rules


@ad.custom_vjp
def clip_gradient(x):
    return x


clip_gradient.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1, 1),))


def test_gradient_clipping():
    def loss(x):
        return np.sum(clip_gradient(x) * np.array([0.5, 3.0, -7.0]))

    x = np.ones(3)
    np.testing.assert_array_equal(ad.grad(loss)(x), [0.5, 1, -1])
    np.testing.assert_array_equal(ad.jit(ad.grad(loss))(x), [0.5, 1, -1])
    np.testing.assert_array_equal(ad.vmap(ad.grad(loss))(np.ones((2, 3))), [[0.5, 1, -1]] * 2)
    says = "vjp rule of clip_gradient is not linear in ct: it applies `clip`.*give a jvp rule"
    with pytest.raises(MissingRuleError, match=says):
        ad.jvp(loss, (x,), (x,))
    with pytest.raises(MissingRuleError, match=says):
        ad.jacfwd(loss)(x)


def test_the_second_derivative_of_a_clipped_gradient_is_that_of_what_was_computed():
    def gradient(x):
        return ad.grad(lambda x: np.sum(clip_gradient(x * x) ** 2))(x)

    # clip(2 x², -1, 1) * 2x
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(gradient(x), [0.5, 4.0], rtol=1e-15)
    for jacobian in (ad.jacfwd, ad.jacrev):
        np.testing.assert_allclose(jacobian(gradient)(x), np.diag([3.0, 2.0]), rtol=1e-14)


def test_clipping_with_a_forward_rule_as_well():
    f = ad.custom_rule(
        lambda x: x,
        jvp=lambda xs, dxs: (*xs, *dxs),
        vjp=(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1, 1),)),
    )
    assert ad.grad(lambda x: 5 * f(x))(2.0) == 1
    assert ad.jvp(lambda x: 5 * f(x), (2.0,), (1.0,)) == (10, 5)
    assert ad.jacfwd(ad.grad(lambda x: f(x * x) ** 2))(0.5) == 3
    assert ad.grad(ad.grad(lambda x: f(x * x) ** 2))(0.5) == 3


def test_straight_through():
    @ad.custom_rule(jvp=lambda xs, dxs: (np.round(*xs), *dxs))
    def rounded(x):
        return np.round(x)

    x = np.array([0.4, 1.6, -2.5])
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(rounded(x) ** 2))(x), 2 * np.round(x))
    np.testing.assert_array_equal(ad.jacfwd(rounded)(x), np.eye(3))
    np.testing.assert_array_equal(ad.vmap(ad.grad(rounded))(x), np.ones(3))


def test_a_reversed_gradient():
    flipped = ad.custom_vjp(lambda x: x)
    flipped.defvjp(lambda x: (x, ()), lambda _, ct: (-ct,))
    assert ad.grad(lambda x: flipped(x) ** 2)(3.0) == -6
    assert ad.jvp(lambda x: flipped(x) ** 2, (3.0,), (1.0,))[1] == -6


def test_reverse_rules_run_forward_nested_and_mapped():
    @ad.custom_vjp
    def f(x, y):
        return np.sin(x) * y

    f.defvjp(
        lambda x, y: (f(x, y), (np.cos(x), np.sin(x), y)),
        lambda r, ct: (ct * r[0] * r[2], ct * r[1]),
    )

    def g(x, y):
        return np.sin(x) * y

    x, y = np.linspace(0, 1, 4), np.linspace(1, 2, 4)
    for wrap in (lambda h: h, ad.jit, ad.checkpoint):
        own, plain = wrap(f), wrap(g)
        np.testing.assert_allclose(
            ad.jvp(own, (x, y), (y, x))[1], ad.jvp(plain, (x, y), (y, x))[1], rtol=1e-14
        )
        for axes in ((0, 0), (0, None), (None, 0)):
            args = [v if a == 0 else v[0] for v, a in zip((x, y), axes, strict=True)]
            for grads in (ad.grad(own, (0, 1)), ad.hessian(own, (0, 1))):
                reference = ad.vmap(
                    (ad.grad if grads.__wrapped__ is own else ad.hessian)(plain, (0, 1)), axes
                )
                found = ad.vmap(grads, axes)(*args)
                for a, b in zip(
                    ad.tree.flatten(found)[0], ad.tree.flatten(reference(*args))[0], strict=True
                ):
                    np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)
    unmapped = ad.grad(lambda x: np.sum(ad.vmap(f, (None, 0))(x, y)))(0.5)
    np.testing.assert_allclose(unmapped, np.cos(0.5) * y.sum(), rtol=1e-14)


def test_rules_argument_by_argument():
    f = ad.custom_jvp(lambda x, y, n: np.sin(x) * y * n, nondiff_argnums=2)
    f.defjvps(lambda t, out, x, y: t * out * 10, None)
    np.testing.assert_allclose(ad.grad(f, (0, 1))(0.5, 2.0, 3), [60 * np.sin(0.5), 0])
    f.defjvps(None, None)
    np.testing.assert_allclose(ad.grad(f)(0.5, 2.0, 3), 0)


# ---- guards


def test_a_branch_that_is_not_taken_gives_no_nan():
    safe = ad.custom_vjp(lambda x: np.log(x))
    safe.defvjp(lambda x: (safe(x), x), lambda x, ct: (ct / x,))
    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        found = ad.grad(lambda x: np.sum(np.where(x > 0, safe(x), 0.0)))(x)
    np.testing.assert_array_equal(found, [0, 0.5])


# ---- wrong uses, and peers


def test_wrong_uses():
    with pytest.raises(TypeError, match=r"custom_jvp takes a function, not 3"):
        ad.custom_jvp(3)
    with pytest.raises(TypeError, match="custom_rule takes a rule"):
        ad.custom_rule(np.sin)
    with pytest.raises(ValueError, match=r"there is no argument y; f takes x"):

        @ad.custom_vjp(nondiff_argnames="y")
        def f(x):
            return x

    for make, written in ((ad.custom_jvp, r"defjvp\(rule\)"), (ad.custom_vjp, "defvjp")):
        bare = make(lambda x: x * x)
        assert bare(3.0) == 9
        with pytest.raises(TypeError, match=f"(?s)has no rule.*fun.{written}"):
            ad.grad(bare)(3.0)


def test_as_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def make(lib, np_):
        @lib.custom_jvp
        def f(x, y):
            return np_.sin(x) * y

        @f.defjvp
        def f_jvp(primals, tangents):
            (x, y), (dx, dy) = primals, tangents
            return f(x, y), 3 * np_.cos(x) * dx * y + np_.sin(x) * dy

        @lib.custom_vjp
        def g(x):
            return np_.exp(x)

        g.defvjp(lambda x: (g(x), x), lambda x, ct: (5 * ct * g(x),))
        return lambda x: f(g(x), f(x, x) + g(x) ** 2)

    own, other = make(ad, np), make(jax, jnp)
    a, b = own, other
    for _ in range(4):
        np.testing.assert_allclose(a(0.3), b(0.3), rtol=1e-12)
        a, b = ad.grad(a), jax.grad(b)


def test_a_rule_may_call_its_function_where_that_holds_functions_with_rules():
    """What is held is the same function, though it is traced within the rule."""
    inner = ad.custom_jvp(np.sin)
    inner.defjvp(lambda xs, dxs: (inner(*xs), 2 * dxs[0] * np.cos(*xs)))
    forward = ad.custom_jvp(lambda x: inner(x) * x)
    forward.defjvp(lambda xs, dxs: (forward(*xs), 7 * dxs[0] * inner(*xs)))
    reverse = ad.custom_vjp(lambda x: inner(x) * x)
    reverse.defvjp(lambda x: (reverse(x), x), lambda x, ct: (7 * ct * inner(x),))
    for f in (forward, reverse, ad.jit(forward), ad.jit(reverse)):
        np.testing.assert_allclose(ad.grad(f)(1.0), 7 * np.sin(1.0))
        np.testing.assert_allclose(ad.grad(ad.grad(f))(1.0), 14 * np.cos(1.0))
        rows = ad.vmap(ad.grad(ad.grad(f)))(np.array([1.0, 2.0]))
        np.testing.assert_allclose(rows, 14 * np.cos([1.0, 2.0]))


def test_a_recursive_function_with_a_recursive_rule():
    @ad.custom_jvp
    def power(x, n):
        return 1.0 * x if n == 1 else x * power(x, n - 1)

    @power.defjvp
    def power_jvp(primals, tangents):
        x, n = primals
        return power(x, n), n * tangents[0] * (power(x, n - 1) if n > 1 else 1.0)

    cube = lambda x: power(x, 3)
    np.testing.assert_allclose(ad.grad(cube)(2.0), 12.0)
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(cube)))(np.array([1.0, 2.0])), [6.0, 12.0])
    np.testing.assert_allclose(ad.jit(ad.grad(ad.grad(ad.grad(cube))))(2.0), 6.0)


def test_a_function_that_is_another_in_every_call_of_its_rule_is_refused():
    f = ad.custom_vjp(lambda x: ad.jit(np.sin)(x))
    f.defvjp(lambda x: (f(x), x), lambda x, ct: (7 * ct,))
    with pytest.raises(TypeError, match="makes another program in every call"):
        ad.grad(f)(1.0)
