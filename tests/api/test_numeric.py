"""`numeric_rule`: derivatives of black boxes."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.differences import by_complex_step, by_richardson
from autodiff.errors import MissingRuleError
from autodiff.ir.types import type_of

AT = np.linspace(-1, 2, 5)


def wave(x):
    assert not ad.is_traced(x)
    return np.sin(x) * np.exp(x)


def slope(x):
    return np.exp(x) * (np.sin(x) + np.cos(x))


METHODS = {"richardson": 1e-11, "complex": 1e-15}
each = pytest.mark.parametrize(("method", "rtol"), METHODS.items(), ids=METHODS)


# ---- accuracy


@each
@pytest.mark.parametrize(
    ("f", "derivative", "points"),
    [
        (wave, slope, AT),
        (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2, AT + 0.3),
        (np.log, lambda x: 1 / x, np.array([0.5, 3.0, 1e3, 1e6])),
        (lambda x: x**5, lambda x: 5 * x**4, np.array([1e-3, 1.0, 50.0, -2.0])),
        (np.sin, np.cos, np.array([0.0, 1.0, 30.0])),
    ],
)
def test_accuracy(method, rtol, f, derivative, points):
    own = ad.numeric_rule(f, method=method)
    expected = derivative(points)
    tolerance = rtol if method == "complex" else 1e-9
    for found in (
        ad.grad(lambda x: np.sum(own(x)))(points),
        np.diag(ad.jacfwd(own)(points)),
        ad.vmap(ad.grad(own))(points),
    ):
        np.testing.assert_allclose(found, expected, rtol=tolerance * 10, atol=tolerance / 10)


def test_a_complex_step_is_exact_where_differences_cancel():
    def f(x):
        return np.exp(x) / (np.cos(x) ** 3 + np.sin(x) ** 3)

    mpmath = pytest.importorskip("mpmath")
    exact = float(
        mpmath.diff(lambda x: mpmath.exp(x) / (mpmath.cos(x) ** 3 + mpmath.sin(x) ** 3), 1.5)
    )
    found = ad.grad(ad.numeric_rule(f, method="complex"))(1.5)
    assert abs(found - exact) <= 1e-14 * abs(exact)
    found = ad.grad(ad.numeric_rule(f))(1.5)
    assert abs(found - exact) <= 1e-9 * abs(exact)


def test_close_to_the_end_of_the_domain():
    """Steps that lead out of it give NaN, and are passed over."""
    f = ad.numeric_rule(lambda x: np.log(x))
    np.testing.assert_allclose(ad.grad(f)(1e-3), 1e3, rtol=1e-5)
    f = ad.numeric_rule(lambda x: np.log(x), step=1e-4)
    np.testing.assert_allclose(ad.grad(f)(1e-3), 1e3, rtol=1e-10)


def test_single_precision():
    f = ad.numeric_rule(np.sin)
    found = ad.grad(f)(np.float32(1.0))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.cos(1.0), rtol=1e-5)
    found = ad.grad(ad.numeric_rule(np.sin, method="complex"))(np.float32(1.0))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.cos(1.0), rtol=1e-6)


def test_the_methods_themselves():
    x, dx = [np.array([1.0, 2.0])], [np.array([3.0, -1.0])]
    for by in (by_richardson, by_complex_step):
        (found,) = by(lambda xs: [np.prod(xs[0])], x, dx)
        np.testing.assert_allclose(found, 5.0, rtol=1e-12)
        (found,) = by(lambda xs: [np.prod(xs[0]) + 0j * xs[0][0]], x, [np.zeros(2)])
        assert found == 0


# ---- every transform


@each
def test_transforms(method, rtol):
    f = ad.numeric_rule(wave, method=method)
    np.testing.assert_array_equal(f(AT), wave(AT))
    for g in (f, ad.jit(f), ad.vmap(f), ad.jit(ad.vmap(f))):
        np.testing.assert_array_equal(g(AT), wave(AT))
    weights = np.array([1.0, -2.0, 3.0, 0.0, 5.0])
    for derivative in (
        lambda x: ad.vjp(f, x)[1](weights)[0],
        lambda x: ad.jvp(f, (x,), (weights,))[1],
        lambda x: ad.linearize(f, x)[1](weights),
        ad.grad(lambda x: np.sum(f(x) * weights)),
        ad.jit(ad.grad(lambda x: np.sum(f(x) * weights))),
        ad.grad(lambda x: np.sum(ad.vmap(f)(x) * weights)),
        lambda x: ad.vmap(ad.grad(f))(x) * weights,
        ad.grad(ad.checkpoint(lambda x: np.sum(f(x) * weights))),
    ):
        np.testing.assert_allclose(derivative(AT), slope(AT) * weights, rtol=rtol, atol=rtol)


def test_batches_where_one_argument_is_shared():
    f = ad.numeric_rule(lambda a, x: np.sum(a * x * x))
    a, x = np.array([2.0, 3.0]), np.arange(6.0).reshape(3, 2)
    mapped = ad.vmap(ad.grad(f, (0, 1)), (None, 0))(a, x)
    np.testing.assert_allclose(mapped[0], x * x, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(mapped[1], 2 * a * x, rtol=1e-11, atol=1e-11)
    whole = ad.grad(lambda a: np.sum(ad.vmap(f, (None, 0))(a, x)))(a)
    np.testing.assert_allclose(whole, np.sum(x * x, axis=0), rtol=1e-11)


def test_within_loops_and_branches():
    gamma = ad.numeric_rule(math.gamma)
    digamma = {3.0: 0.9227843350984671, 2.0: 0.42278433509846714}
    slope_at_3 = 2 * digamma[3.0]
    np.testing.assert_allclose(ad.grad(gamma)(3.0), slope_at_3, rtol=1e-11)

    def branch(x):
        return ad.cond(x > 1, gamma, np.sin, x)

    np.testing.assert_allclose(
        ad.vmap(ad.grad(branch))(np.array([3.0, 0.5])), [slope_at_3, np.cos(0.5)], rtol=1e-11
    )

    def loop(x):  # gamma(gamma(3)) = gamma(2)
        return ad.scan(lambda c, _: (gamma(c), None), x, None, length=2)[0]

    np.testing.assert_allclose(ad.grad(loop)(3.0), digamma[2.0] * slope_at_3, rtol=1e-10)
    np.testing.assert_allclose(
        ad.jit(ad.vmap(ad.grad(loop)))(np.array([3.0])), [digamma[2.0] * slope_at_3], rtol=1e-10
    )


# ---- containers


def test_containers():
    @ad.numeric_rule
    def f(params, n, *, name="f"):
        assert (type(n), name) == (int, "f")
        return {"y": params["a"] @ params["b"] * n, "count": np.arange(n), "flag": True}

    a, b = np.arange(6.0).reshape(2, 3), np.array([1.0, 0.0, -1.0])
    params = {"a": a, "b": b, "steps": np.array([1, 2])}
    found = ad.grad(lambda p: np.sum(f(p, 2)["y"]))(params)
    np.testing.assert_allclose(found["a"], 2 * np.stack([b, b]), atol=1e-11)
    np.testing.assert_allclose(found["b"], 2 * a.sum(axis=0), rtol=1e-11)
    assert found["steps"] is None
    y, dy = ad.jvp(lambda p: f(p, 2), (params,), ({"a": a, "b": 0 * b, "steps": None},))
    np.testing.assert_allclose(dy["y"], 2 * a @ b, rtol=1e-11)
    np.testing.assert_array_equal(y["count"], [0, 1])
    assert dy["count"] is None


def test_complex_arguments_are_differentiated_as_everywhere():
    def f(z):
        return z**2 * np.conj(z)

    own, z = ad.numeric_rule(f), np.array([1 + 2j, -0.5j])
    ct = np.array([1 + 0.5j, 2.0])
    np.testing.assert_allclose(ad.vjp(own, z)[1](ct)[0], ad.vjp(f, z)[1](ct)[0], rtol=1e-10)
    np.testing.assert_allclose(ad.jvp(own, (z,), (ct,))[1], ad.jvp(f, (z,), (ct,))[1], rtol=1e-10)
    own = ad.numeric_rule(lambda x: np.exp(1j * x))
    real = ad.vjp(own, AT)[1](np.full(5, 1 + 1j))[0]
    np.testing.assert_allclose(real, -np.sin(AT) - np.cos(AT), rtol=1e-10)


# ---- higher orders


def test_more_orders_must_be_asked_for():
    says = r"the derivative by numeric_rule of wave .*\n(.*\n)*.*numeric_rule"
    with pytest.raises(MissingRuleError, match=says):
        ad.grad(ad.grad(ad.numeric_rule(wave)))(1.0)


@pytest.mark.parametrize("method", METHODS)
def test_second_order(method):
    f = ad.numeric_rule(wave, method=method, order=2)
    expected = 2 * np.exp(1.0) * np.cos(1.0)
    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            np.testing.assert_allclose(outer(inner(f))(1.0), expected, rtol=1e-9)
    np.testing.assert_allclose(ad.vmap(ad.hessian(f))(AT), 2 * np.exp(AT) * np.cos(AT), atol=1e-8)
    g = ad.numeric_rule(lambda x: np.prod(np.sin(x)), order=2)
    x = np.array([0.5, 1.0, 1.5])
    np.testing.assert_allclose(
        ad.hessian(g)(x), ad.hessian(lambda x: np.prod(np.sin(x)))(x), atol=1e-9
    )


def test_third_order():
    f = ad.numeric_rule(wave, order=3)
    expected = 2 * np.exp(1.0) * (np.cos(1.0) - np.sin(1.0))
    np.testing.assert_allclose(ad.grad(ad.grad(ad.grad(f)))(1.0), expected, rtol=1e-4)


# ---- types of the result


def test_the_result_is_tried_once_for_each_type():
    calls = []

    @ad.numeric_rule
    def f(x):
        calls.append(np.shape(x))
        return np.sum(x)

    for _ in range(3):
        ad.trace(f)(np.ones(4))
    ad.trace(f)(np.ones(5))
    assert calls == [(4,), (5,)]


def test_the_result_can_be_told():
    def picky(x):
        if np.all(x == 1):
            raise ValueError("no ones, please")
        return x * x

    with pytest.raises(
        TypeError, match=r"picky was called on ones .*no ones, please(.*\n)*.*result="
    ):
        ad.grad(ad.numeric_rule(picky))(3.0)
    for result in (1.0, ad.ArrayType((), float), lambda x: type_of(x)):
        np.testing.assert_allclose(
            ad.grad(ad.numeric_rule(picky, result=result))(3.0), 6, rtol=1e-11
        )
    with pytest.raises(TypeError, match=r"(?s)callback `picky`.*expected: f32\[\]"):
        ad.value_and_grad(ad.numeric_rule(picky, result=np.float32(0)))(3.0)


def test_wrong_uses():
    with pytest.raises(ValueError, match="method='magic'"):
        ad.numeric_rule(np.sin, method="magic")
    with pytest.raises(ValueError, match="order=0"):
        ad.numeric_rule(np.sin, order=0)
    with pytest.raises(TypeError, match=r'a result was real.*method="richardson"'):
        ad.grad(ad.numeric_rule(lambda x: np.abs(x) ** 2, method="complex"))(3.0)
    with pytest.raises(TypeError, match=r'one is complex.*method="richardson"'):
        ad.jvp(ad.numeric_rule(lambda x: x * x, method="complex"), (1j,), (1j,))


@pytest.mark.parametrize(
    ("f", "derivative", "x"),
    [
        (np.sin, np.cos, 1e6),
        (lambda x: 1 / x, lambda x: -1 / x**2, 1e-3),
        (lambda x: 1 / x, lambda x: -1 / x**2, 1e-6),
        (np.log, lambda x: 1 / x, 1e-6),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-8),
        (abs, np.sign, -1e-5),
    ],
)
def test_steps_too_long_for_the_function_are_followed_by_shorter_ones(f, derivative, x):
    np.testing.assert_allclose(ad.grad(ad.numeric_rule(f))(x), derivative(x), rtol=1e-6)
