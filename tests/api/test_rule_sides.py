"""What goes into rules and what comes out: containers, arguments without a derivative, errors."""

from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import MissingRuleError
from tests.api.ruled import pushed

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


# ---- wrong rules


def forward(rule, f=lambda x: np.sin(x)):
    return ad.custom_rule(f, jvp=rule)


def backward(bwd, f=lambda x: np.sin(x)):
    return ad.custom_rule(f, vjp=(lambda *xs: (f(*xs), xs), bwd))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda xs, dxs: np.sin(*xs), TypeError,
         r"must return a pair.*"
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
    text = rf"(?s)the jvp rule `fun` \(test_rule_sides.py:\d+\) of `fun`.*{says}"
    with pytest.raises(error, match=text):
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
    text = rf"(?s)the bwd rule `fun` \(test_rule_sides.py:\d+\) of `fun`.*{says}"
    with pytest.raises(error, match=text):
        ad.grad(lambda x: np.sum(backward(wrong)(x)))(np.ones(3))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda xs, dxs: (np.sin(*xs), dxs[0] ** 2), r"applies `square` \(at test_rule_sides.py"),
        (lambda xs, dxs: (np.sin(*xs), dxs[0] * dxs[0]), "applies `mul`"),
        (lambda xs, dxs: (np.sin(*xs), abs(dxs[0])), "applies `abs`"),
        (lambda xs, dxs: (np.sin(*xs), dxs[0] + 1), "adds something"),
        (lambda xs, dxs: (np.cos(*xs) * dxs[0], np.sin(*xs)), "has its result depend on them"),
    ],
)
def test_rules_that_are_not_linear(wrong, says):
    f = forward(wrong)
    for derivative in (ad.grad(f), pushed(f)):
        with pytest.raises(ValueError, match=rf"rule of fun is not linear in the tangents.*{says}"):
            derivative(1.0)


def test_a_rule_that_adds_to_the_cotangent():
    noisy = ad.custom_vjp(lambda x: x)
    noisy.defvjp(lambda x: (x, x), lambda x, ct: (ct + 0.5 * x,))
    assert ad.grad(lambda x: 3 * noisy(x))(2.0) == 4
    assert ad.grad(ad.grad(lambda x: noisy(x) ** 2))(2.0) == 2.5  # of 2 x + x / 2
    with pytest.raises(MissingRuleError, match="it adds something"):
        ad.jvp(noisy, (2.0,), (1.0,))


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


def test_a_rule_that_returns_what_is_no_array():
    f = ad.custom_jvp(lambda x: x)
    f.defjvp(lambda xs, dxs: (xs[0], "dx"))
    with pytest.raises(ValueError, match="but str was given"):
        ad.grad(f)(1.0)
