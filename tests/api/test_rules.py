"""Rules as they are traced: that call their own function, that capture, that contain loops."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.derived import cache_info
from autodiff.errors import MissingRuleError, NoValueError
from tests.api.ruled import AT, log1pexp, log1pexp_reverse, naive, orders, pushed

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
            return y, (a * y + np.array([0.0, 0.0])[0] * shift[0]) * tangents[0]

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
    with pytest.raises(TypeError, match=r"rule `rule` \(test_rules.py:\d+\).*not the same"):
        ad.grad(f)(1.0)


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


def iterated(x):
    for _ in range(4):
        x = np.sin(x) * 1.5
    return x


def test_rules_that_contain_loops():
    f = ad.custom_rule(iterated, jvp=by_tangents)
    g = ad.custom_rule(iterated, vjp=(with_states, backwards))
    h = ad.custom_rule(iterated, vjp=(with_states, lambda r, ct: (by_tangents((r[0],), (ct,))[1],)))
    for own in (f, g, h):
        for derivative in (ad.grad, pushed, lambda f: ad.jit(ad.grad(f)), ad.hessian):
            np.testing.assert_allclose(derivative(own)(0.5), derivative(iterated)(0.5), rtol=1e-13)
        np.testing.assert_allclose(
            ad.vmap(ad.grad(own))(AT), ad.vmap(ad.grad(iterated))(AT), rtol=1e-12
        )


def by_tangents(primals, tangents):
    def step(state, _):
        x, dx = state
        return (np.sin(x) * 1.5, np.cos(x) * 1.5 * dx), None

    return ad.scan(step, (primals[0], tangents[0]), None, length=4)[0]


def with_states(x):
    return ad.scan(lambda x, _: (np.sin(x) * 1.5, x), x, None, length=4)


def backwards(xs, ct):
    return (ad.scan(lambda ct, x: (np.cos(x) * 1.5 * ct, None), ct, xs, reverse=True)[0],)


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


def test_what_a_rule_depends_on_is_seen():
    f = ad.custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (f(x), np.cos(x)), lambda r, ct: (r * ct,))
    assert ad.sparsity(f)(AT).nnz == 5
    derivatives = ad.jet(f, (0.5,), ((1.0, 0.0, 0.0),))[1]
    np.testing.assert_allclose(derivatives, [np.cos(0.5), -np.sin(0.5), -np.cos(0.5)], rtol=1e-14)
