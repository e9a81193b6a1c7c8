"""`custom_jvp`, `custom_vjp` and `custom_rule`, as users write them."""

from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.derived import cache_info
from autodiff.errors import MissingRuleError, NoValueError, ZeroGradientWarning


def orders(f, count):
    """The derivatives of a function of a scalar, each in a mode of its own."""
    for k in range(count + 1):
        yield f
        f = ad.grad(f) if k % 2 else pushed(f)


def pushed(f):
    return lambda x: ad.jvp(f, (x,), (1.0,))[1]


def naive(x):
    return np.log1p(np.exp(x))


@ad.custom_jvp
def log1pexp(x):
    return np.log1p(np.exp(x))


@log1pexp.defjvp
def log1pexp_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    return log1pexp(x), dx * (1 - 1 / (1 + np.exp(x)))


@ad.custom_vjp
def log1pexp_reverse(x):
    return np.log1p(np.exp(x))


log1pexp_reverse.defvjp(
    lambda x: (log1pexp_reverse(x), x), lambda x, ct: (ct * (1 - 1 / (1 + np.exp(x))),)
)

both = pytest.mark.parametrize("f", [log1pexp, log1pexp_reverse], ids=["jvp", "vjp"])
SIGMOID = 1 / (1 + np.exp(-np.linspace(-2, 2, 5)))
AT = np.linspace(-2, 2, 5)


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


# ---- rules that call their own function


def test_exp_to_third_order_and_beyond():
    @ad.custom_jvp
    def exp(x):
        return np.exp(x)

    @exp.defjvp
    def exp_jvp(primals, tangents):
        y = exp(*primals)
        return y, y * tangents[0]

    for g in orders(exp, 4):
        np.testing.assert_allclose(g(0.5), np.exp(0.5), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(ad.grad(ad.grad(exp)))(0.5), np.exp(0.5), rtol=1e-15)
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(exp)))(AT), np.exp(AT), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(lambda x: np.sum(ad.vmap(ad.grad(exp))(x)))(AT), np.exp(AT))


def test_exp_by_a_recursive_vjp_rule():
    @ad.custom_vjp
    def exp(x):
        return np.exp(x)

    exp.defvjp(lambda x: (exp(x), x), lambda x, ct: (ct * exp(x),))
    for g in orders(exp, 4):
        np.testing.assert_allclose(g(0.5), np.exp(0.5), rtol=1e-15)


def test_sine_and_cosine_by_each_other():
    sin, cos = ad.custom_jvp(lambda x: np.sin(x)), ad.custom_jvp(lambda x: np.cos(x))
    sin.defjvp(lambda xs, dxs: (sin(*xs), cos(*xs) * dxs[0]))
    cos.defjvp(lambda xs, dxs: (cos(*xs), -sin(*xs) * dxs[0]))
    for k, g in enumerate(orders(sin, 5)):
        np.testing.assert_allclose(g(0.3), np.sin(0.3 + k * np.pi / 2), rtol=1e-13)
    mixed = ad.jit(ad.grad(lambda x: sin(x) * cos(x)))
    np.testing.assert_allclose(mixed(0.3), np.cos(0.6), rtol=1e-14)


def test_a_recursive_rule_that_captures():
    def f(a, x, shift):
        @ad.custom_jvp
        def grown(x):
            return np.exp(a * x)

        @grown.defjvp
        def rule(primals, tangents):
            y = grown(*primals)
            return y, a * y * tangents[0] + np.array([0.0, 0.0])[0] * shift[0] * y

        return grown(x)

    shift = np.ones(3)
    for k, g in enumerate(orders(lambda x: f(2.0, x, shift), 3)):
        np.testing.assert_allclose(g(0.5), 2.0**k * np.exp(1.0), rtol=1e-14)
    for k, g in enumerate(orders(lambda a: f(a, 2.0, shift), 3)):
        np.testing.assert_allclose(g(0.5), 2.0**k * np.exp(1.0), rtol=1e-14)
    np.testing.assert_allclose(
        ad.grad(lambda a: ad.grad(lambda x: f(a, x, shift))(0.5))(2.0), 2 * np.exp(1.0), rtol=1e-14
    )


def test_a_recursive_rule_with_a_number_that_varies():
    """After some calls such numbers become inputs of what was derived."""

    def derivative(a):
        f = ad.custom_jvp(lambda x: np.exp(a * x))
        f.defjvp(lambda xs, dxs: (f(*xs), a * f(*xs) * dxs[0]))
        return ad.grad(ad.grad(f))(0.5)

    for a in np.linspace(1, 2, 9).tolist():
        np.testing.assert_allclose(derivative(a), a * a * np.exp(a / 2), rtol=1e-14)


def test_what_is_traced_within_a_rule_is_not_used_elsewhere():
    @ad.custom_jvp
    def exp(x):
        return np.exp(x)

    jitted = ad.jit(lambda x: exp(x) + 0.0)

    @exp.defjvp
    def rule(primals, tangents):
        y = jitted(*primals)
        return y, y * tangents[0]

    other = ad.custom_jvp(lambda x: np.sin(x))
    other.defjvp(lambda xs, dxs: (other(*xs), jitted(*xs) * dxs[0]))
    for f in (exp, jitted):
        np.testing.assert_allclose(ad.grad(ad.grad(f))(0.5), np.exp(0.5), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(ad.grad(other))(0.5), np.exp(0.5), rtol=1e-15)


def test_a_rule_may_map_its_own_function():
    @ad.custom_jvp
    def exp(x):
        return np.exp(x)

    exp.defjvp(lambda xs, dxs: (exp(*xs), np.sum(ad.vmap(exp)(np.stack([*xs, *xs]))) / 2 * dxs[0]))
    for g in orders(exp, 3):
        np.testing.assert_allclose(g(0.5), np.exp(0.5), rtol=1e-14)
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(exp)))(AT), np.exp(AT), rtol=1e-14)


def test_a_rule_that_asks_for_its_own_derivative():
    f = ad.custom_jvp(lambda x: x * x)
    f.defjvp(lambda xs, dxs: (f(*xs), ad.grad(f)(*xs) * dxs[0]))
    with pytest.raises(MissingRuleError, match="asks for the derivative of the same function"):
        ad.grad(f)(3.0)


def test_a_recursive_rule_may_not_depend_on_values():
    f = ad.custom_jvp(lambda x: np.exp(x))

    def rule(primals, tangents):
        y = f(*primals) if primals[0] > 0 else np.exp(*primals)
        return y, y * tangents[0]

    f.defjvp(rule)
    with pytest.raises(TypeError, match=r"rule `rule` \(test_custom_rules.py:\d+\).*not the same"):
        ad.grad(f)(1.0)


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


# ---- closures


def test_closure_over_a_traced_value():
    def loss(a, x):
        @ad.custom_jvp
        def f(x):
            return a * x * x

        f.defjvp(lambda xs, dxs: (f(*xs), 10 * a * xs[0] * dxs[0]))  # 5 times too much
        return f(x)

    assert ad.grad(loss, argnums=1)(2.0, 3.0) == 60  # by the rule
    assert ad.grad(loss)(2.0, 3.0) == 9  # by the function itself
    assert ad.jvp(loss, (2.0, 3.0), (1.0, 1.0))[1] == 69
    assert ad.grad(ad.grad(loss, argnums=1))(2.0, 3.0) == 30
    a = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ad.vmap(ad.grad(loss, 1), (0, None))(a, 3.0), [30, 60])


def test_reverse_rules_capture_too():
    weights = np.array([1.0, 2.0, 3.0])

    def loss(a, x):
        @ad.custom_vjp
        def f(x):
            return a * x

        f.defvjp(lambda x: (f(x), a * a), lambda r, ct: (ct * r * a * weights,))
        return np.sum(f(x))

    x = np.ones(3)
    np.testing.assert_array_equal(ad.grad(loss, 1)(2.0, x), 8 * weights)
    assert ad.grad(loss)(2.0, x) == 3
    np.testing.assert_array_equal(ad.jacfwd(loss, 1)(2.0, x), 8 * weights)
    np.testing.assert_array_equal(ad.jacfwd(ad.grad(loss, 1))(2.0, x), 12 * weights)


def test_a_function_made_anew_for_each_call_is_derived_once():
    def loss(x, scale):
        f = ad.custom_vjp(lambda x: x * scale)
        f.defvjp(lambda x: (f(x), None), lambda _, ct: (ct * scale,))
        return np.sum(f(x))

    gradient = ad.grad(loss)
    for _ in range(3):
        gradient(np.ones(2), np.ones(2))
    before = cache_info()
    for _ in range(5):
        np.testing.assert_array_equal(gradient(np.ones(2), np.full(2, 3.0)), [3, 3])
    assert cache_info().misses == before.misses


# ---- arguments


class Pair(NamedTuple):
    first: object
    second: object


def test_trees_everywhere():
    @ad.custom_vjp
    def f(params, pair):
        return {"y": params["w"] * pair.first, "z": (pair.second, 3)}

    def fwd(params, pair):
        return f(params, pair), {"pair": pair, "w": params["w"], "name": "f", "none": None}

    def bwd(residuals, ct):
        assert residuals["name"] == "f"
        assert residuals["none"] is None
        assert ct["z"][1] is None
        pair, y = residuals["pair"], ct["y"]
        return {"w": y * pair.first}, Pair(y * residuals["w"], 2 * ct["z"][0])

    f.defvjp(fwd, bwd)

    def loss(params, pair):
        out = f(params, pair)
        return np.sum(out["y"]) + np.sum(out["z"][0])

    pair = Pair(np.array([1.0, 2.0]), np.array([5.0]))
    by_params, by_pair = ad.grad(loss, (0, 1))({"w": np.array([3.0, 4.0])}, pair)
    np.testing.assert_array_equal(by_params["w"], [1, 2])
    np.testing.assert_array_equal(by_pair.first, [3, 4])
    np.testing.assert_array_equal(by_pair.second, [2])
    y, dy = ad.jvp(f, ({"w": np.ones(2)}, pair), ({"w": np.ones(2)}, pair))
    np.testing.assert_array_equal(dy["y"], [2, 4])
    assert y["z"][1] == 3
    assert dy["z"][1] is None


def test_whole_cotangents_may_be_left_out():
    f = ad.custom_vjp(lambda p, x, n: p["a"] * p["b"] * x * n)
    f.defvjp(
        lambda p, x, n: (f(p, x, n), (p, n)),
        lambda r, ct: ({"a": None, "b": ct * 7}, None, None),
    )
    by_p, by_x = ad.grad(lambda p, x: f(p, x, 2), (0, 1))({"a": 1.0, "b": 2.0}, np.float64(3.0))
    assert by_p == {"a": 0, "b": 7}
    assert by_x == 0


def test_integers_strings_and_functions_are_passed_as_they_are():
    @ad.custom_jvp
    def power(x, n, mode="plain", wrap=None):
        y = x**n
        return y if mode == "plain" else wrap(y)

    @power.defjvp
    def rule(primals, tangents):
        x, n, mode, wrap = primals
        assert tangents[1:] == (None, None, None)
        assert type(n) is int
        return power(x, n, mode, wrap), 100 * n * tangents[0]

    assert ad.grad(power)(2.0, 3) == 300
    assert ad.grad(lambda x: power(x, mode="wrapped", n=2, wrap=np.sin))(2.0) == 200
    counts = np.array([1, 2])
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(counted(x, counts)))(np.ones(2)), [1, 2])


@ad.custom_jvp
def counted(x, n):
    return x * n


@counted.defjvp
def counted_jvp(primals, tangents):
    assert tangents[1] is None
    return counted(*primals), tangents[0] * primals[1]


def test_arguments_without_a_derivative_come_first():
    @ad.custom_rule(
        jvp=lambda table, f, primals, tangents: (
            looked_up(f, primals[0], table),
            5 * table[0] * f(tangents[0]),
        ),
        nondiff_argnums=0,
        nondiff_argnames="table",
    )
    def looked_up(f, x, table):
        return f(x) * np.sum(table)

    with pytest.raises(TypeError):  # they come in the order of the arguments
        ad.grad(looked_up, 1)(lambda x: 2 * x, 3.0, np.array([1.0, 1.0]))

    def rule(f, table, primals, tangents):
        return looked_up(f, primals[0], table), 5 * table[0] * f(tangents[0])

    looked_up.defjvp(rule)
    table = np.array([3.0, 1.0])
    assert ad.grad(looked_up, 1)(lambda x: 2 * x, 3.0, table) == 30
    # By an argument without a derivative there is none.
    assert ad.jvp(lambda t: looked_up(np.negative, 3.0, t), (table,), (table,)) == (-12, 0)
    np.testing.assert_array_equal(
        ad.vmap(lambda t: ad.grad(looked_up, 1)(np.negative, 3.0, t))(np.array([[1.0, 0], [2, 0]])),
        [-5, -10],
    )

    reverse = ad.custom_vjp(lambda n, x, t: x * n * t[0], nondiff_argnums=(0, -1))
    reverse.defvjp(lambda n, x, t: (reverse(n, x, t), x), lambda n, t, x, ct: (ct * n * x * t[1],))
    assert ad.grad(lambda x: reverse(4, x, table))(2.0) == 8


def test_keyword_arguments_are_resolved():
    @ad.custom_jvp
    def f(x, y=2.0, *more):
        return x * y

    f.defjvp(lambda xs, dxs: (f(*xs), dxs[0] * xs[1] * 10 + dxs[1]))
    assert ad.grad(f)(3.0) == 20
    assert ad.grad(lambda y: f(y=y, x=5.0))(3.0) == 1
    assert f(x=5.0) == 10

    only = ad.custom_jvp(lambda x, *, scale=1.0: x * scale)
    only.defjvp(lambda xs, dxs: (only(*xs), dxs[0]))
    assert ad.grad(only)(2.0) == 1
    with pytest.raises(TypeError, match="keyword-only ones: scale"):
        ad.grad(lambda x: only(x, scale=2.0))(2.0)
    with pytest.raises(TypeError, match="missing a required argument"):
        ad.grad(lambda x: f(y=x))(2.0)


def test_python_numbers_stay_weak():
    f = ad.custom_jvp(lambda x, y: x * y)
    f.defjvp(lambda xs, dxs: (xs[0] * xs[1], dxs[0] * xs[1] + xs[0] * dxs[1]))
    x = np.ones(2, np.float32)
    for g in (f, ad.jit(f), ad.vmap(f, (0, None))):
        assert g(x, 2.0).dtype == np.float32
    assert ad.grad(lambda x: np.sum(f(x, 2.0) * 1.5))(x).dtype == np.float32
    scale = ad.custom_vjp(lambda a: a * 2)
    scale.defvjp(lambda a: (a * 2, a), lambda a, ct: (ct * 2.0,))
    mixed = ad.value_and_grad(lambda x, a: np.sum(x * scale(a)), (0, 1))
    value, (by_x, _) = mixed(x, 2.0)
    assert value.dtype == by_x.dtype == np.float32


def test_complex_numbers():
    f = ad.custom_vjp(lambda z: z * z)
    f.defvjp(lambda z: (z * z, z), lambda z, ct: (2 * z * ct,))
    z = np.array([1 + 2j])
    np.testing.assert_allclose(ad.vjp(f, z)[1](z)[0], ad.vjp(lambda z: z * z, z)[1](z)[0])
    np.testing.assert_allclose(ad.jvp(f, (z,), (z,))[1], 2 * z * z)


def test_methods():
    class Model:
        scale = 3.0

        @ad.custom_jvp
        def apply(self, x):
            return self.scale * x

        apply.defjvp(lambda xs, dxs: (xs[0].apply(xs[1]), 10 * xs[0].scale * dxs[1]))

    assert Model().apply(2.0) == 6
    assert ad.grad(Model().apply)(2.0) == 30


def test_rules_argument_by_argument():
    f = ad.custom_jvp(lambda x, y, n: np.sin(x) * y * n, nondiff_argnums=2)
    f.defjvps(lambda t, out, x, y: t * out * 10, None)
    np.testing.assert_allclose(ad.grad(f, (0, 1))(0.5, 2.0, 3), [60 * np.sin(0.5), 0])
    f.defjvps(None, None)
    np.testing.assert_allclose(ad.grad(f)(0.5, 2.0, 3), 0)


# ---- control flow


def test_python_control_flow_on_values():
    @ad.custom_jvp
    def relu(x):
        return x if x > 0 else 0.0 * x

    @relu.defjvp
    def rule(primals, tangents):
        (x,), (dx,) = primals, tangents
        return (x, dx) if x > 0 else (0.0 * x, 0.0 * dx)

    assert ad.grad(relu)(2.0) == 1
    assert ad.grad(relu)(-2.0) == 0
    with pytest.raises(NoValueError):
        ad.jit(ad.grad(relu))(2.0)


def test_within_loops_and_branches():
    def loop(f):
        def total(x):
            return ad.scan(lambda c, w: (f(c * w), c), x, np.array([0.5, 1.5, 1.0]))[0]

        return total

    def until(f):
        return lambda x: ad.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, f(s[1])), (0, x))[1]

    def branch(f):
        return lambda x: ad.cond(x > 0.3, f, np.negative, x)

    for around in (loop, until, branch):
        for f in (log1pexp, log1pexp_reverse):
            own, plain = around(f), around(naive)
            for g in (ad.grad, pushed, ad.hessian, lambda h: ad.jit(ad.grad(h))):
                np.testing.assert_allclose(g(own)(0.4), g(plain)(0.4), rtol=1e-13)
            x = np.array([0.1, 0.4, 0.9])
            np.testing.assert_allclose(
                ad.vmap(ad.grad(own))(x), ad.vmap(ad.grad(plain))(x), rtol=1e-13
            )


def test_recursive_rules_within_loops():
    exp = ad.custom_jvp(lambda x: np.exp(x))
    exp.defjvp(lambda xs, dxs: (exp(*xs), exp(*xs) * dxs[0]))

    def f(x):
        return ad.scan(lambda c, _: (exp(-c), None), x, None, length=3)[0]

    def g(x):
        return np.exp(-np.exp(-np.exp(-x)))

    for a, b in zip(orders(f, 3), orders(g, 3), strict=True):
        np.testing.assert_allclose(a(0.5), b(0.5), rtol=1e-13)


def test_a_rule_that_contains_a_loop_over_its_own_function():
    exp = ad.custom_jvp(lambda x: np.exp(x))

    def rule(primals, tangents):
        total, _ = ad.scan(lambda c, _: (c + exp(*primals), None), 0.0 * primals[0], None, length=4)
        return exp(*primals), total / 4 * tangents[0]

    exp.defjvp(rule)
    for g in orders(exp, 3):
        np.testing.assert_allclose(g(0.5), np.exp(0.5), rtol=1e-14)
    np.testing.assert_allclose(ad.vmap(ad.grad(ad.grad(exp)))(AT), np.exp(AT), rtol=1e-14)


# ---- guards


def test_a_branch_that_is_not_taken_gives_no_nan():
    safe = ad.custom_vjp(lambda x: np.log(x))
    safe.defvjp(lambda x: (safe(x), x), lambda x, ct: (ct / x,))
    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        found = ad.grad(lambda x: np.sum(np.where(x > 0, safe(x), 0.0)))(x)
    np.testing.assert_array_equal(found, [0, 0.5])


# ---- wrong rules


def forward(rule, f=lambda x: np.sin(x)):
    return ad.custom_rule(f, jvp=rule)


def backward(bwd, f=lambda x: np.sin(x)):
    return ad.custom_rule(f, vjp=(lambda *xs: (f(*xs), xs), bwd))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda xs, dxs: np.sin(*xs), TypeError,
         r"jvp rule `fun` \(test_custom_rules.py:\d+\) of `fun` must return a pair.*"
         r"expected: \(result, its tangent\)\n  given:    f64\[3\]"),
        (lambda xs, dxs: (np.sin(*xs), np.sum(*dxs)), ValueError,
         r"must return a tangent like its result: expected f64\[3\] for result, but f64\[\] was"),
        (lambda xs, dxs: (np.sin(*xs), dxs[0].astype(np.float32)), TypeError,
         r"expected f64\[3\] for result, but f32\[3\] was given"),
        (lambda xs, dxs: (np.sin(*xs), dxs), ValueError,
         r"expected: f64\[3\]\n  given:    \(f64\[3\],\)"),
        (lambda xs, dxs: (np.sin(*xs)[:2], *dxs), ValueError,
         r"must return a result like its function: expected f64\[3\] for result"),
        (lambda xs, dxs: ([np.sin(*xs)], *dxs), ValueError,
         r"expected: f64\[3\]\n  given:    \[f64\[3\]\]"),
        (lambda xs, dxs: (np.sin(*xs), None), ValueError, "but None was given"),
    ],
)  # fmt: skip
def test_wrong_jvp_rules(wrong, error, says):
    with pytest.raises(
        error, match=rf"(?s)the {says}" if says.startswith("jvp") else rf"(?s)the jvp rule.*{says}"
    ):
        ad.grad(lambda x: np.sum(forward(wrong)(x)))(np.ones(3))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda r, ct: ct, TypeError,
         r"must return a tuple with one cotangent for each argument.*"
         r"expected: \(f64\[3\],\)\n  given:    f64\[3\]"),
        (lambda r, ct: (ct, ct), TypeError, r"given:    \(f64\[3\], f64\[3\]\)"),
        (lambda r, ct: (np.sum(ct),), ValueError,
         r"expected f64\[3\] for argument 0, but f64\[\] was given"),
        (lambda r, ct: (ct.astype(np.float32),), TypeError, r"but f32\[3\] was given"),
        (lambda r, ct: ({"x": ct},), ValueError, r"given:    \{'x': f64\[3\]\}"),
    ],
)  # fmt: skip
def test_wrong_vjp_rules(wrong, error, says):
    text = rf"(?s)the bwd rule `fun` \(test_custom_rules.py:\d+\) of `fun`.*{says}"
    with pytest.raises(error, match=text):
        ad.grad(lambda x: np.sum(backward(wrong)(x)))(np.ones(3))


def test_wrong_forward_halves():
    f = ad.custom_vjp(lambda x: {"y": np.sin(x)})
    f.defvjp(lambda x: np.sin(x), lambda r, ct: (ct,))
    with pytest.raises(TypeError, match=r"(?s)the fwd rule .*pair.*expected: \(result, residuals"):
        ad.grad(lambda x: f(x)["y"])(1.0)
    f.defvjp(lambda x: (np.sin(x), x), lambda r, ct: (ct,))
    with pytest.raises(ValueError, match=r"(?s)fwd rule.*expected: \{'y': f64\[\]\}\n  given:"):
        ad.grad(lambda x: f(x)["y"])(1.0)


def test_names_of_leaves_in_errors():
    f = ad.custom_vjp(lambda n, p: p["w"][0] * p["b"])
    f.defvjp(lambda n, p: (f(n, p), p), lambda p, ct: (None, {"w": [np.ones(2)], "b": ct}))
    with pytest.raises(ValueError, match=r"expected f64\[\] for `argument 1\['w'\]\[0\]`"):
        ad.grad(lambda p: f(3, p))({"w": [1.0], "b": 2.0})


def test_integer_results_have_no_tangent():
    f = ad.custom_jvp(lambda x: (x, np.argmax(x), 7))
    f.defjvp(lambda xs, dxs: ((xs[0], np.argmax(xs[0]), 7), (dxs[0], None, None)))
    x = np.array([1.0, 3.0])
    assert f(x)[1:] == (1, 7)
    np.testing.assert_array_equal(ad.jacrev(lambda x: f(x)[0] * f(x)[2])(x), 7 * np.eye(2))
    f.defjvp(lambda xs, dxs: ((xs[0], np.argmax(xs[0]), 7.5), (dxs[0], None, None)))
    with pytest.raises(TypeError, match=r"expected i64\[\] for `result\[2\]`"):
        ad.grad(lambda x: np.sum(f(x)[0]))(x)
    f.defjvp(lambda xs, dxs: ((xs[0], np.argmax(xs[0]), 7), (dxs[0], np.ones(()), None)))
    with pytest.raises(TypeError, match=r"`result\[1\]` is not floating-point"):
        ad.grad(lambda x: np.sum(f(x)[0]))(x)


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


def test_a_rule_that_returns_what_is_no_array():
    f = ad.custom_jvp(lambda x: x)
    f.defjvp(lambda xs, dxs: (xs[0], "dx"))
    with pytest.raises(ValueError, match="but str was given"):
        ad.grad(f)(1.0)


# ---- peers


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
