import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad

x = np.array([1.0, 2.0, 3.0])


def test_the_transpose_of_a_matrix_product(rng):
    a = rng.normal(size=(2, 3))
    transpose = ad.linear_transpose(lambda x: a @ x, x)
    ct = rng.normal(size=2)
    for _ in range(3):
        assert_allclose(transpose(ct)[0], a.T @ ct)


def test_only_types_of_arguments_matter(rng):
    a = rng.normal(size=(2, 3))
    transpose = ad.linear_transpose(lambda x: a @ x, ad.ArrayType((3,), np.float32))
    (ct,) = transpose(np.ones(2))
    assert ct.dtype == np.float32
    assert_allclose(ct, a.T @ np.ones(2), rtol=1e-6)


def test_containers_indices_and_constants_that_are_zero():
    def f(p, i, *, scale):
        return {"y": np.concatenate([p["a"][i], np.zeros(2)]) * scale, "z": p["b"] - p["a"][0]}

    i = np.array([2, 0])
    transpose = ad.linear_transpose(f, {"a": x, "b": 1.0, "n": 3}, i, scale=2.0)
    ct = {"y": np.array([1.0, 2.0, 3.0, 4.0]), "z": 5.0}
    p, of_index = transpose(ct)
    assert of_index is None
    assert p["n"] is None
    assert p["b"] == 5.0
    assert_array_equal(p["a"], [4 - 5, 0, 2])


def test_the_transpose_of_the_transpose_is_the_function():
    def f(x):
        return np.cumsum(x[::-1]) / 3

    transpose = ad.linear_transpose(f, x)
    again = ad.linear_transpose(lambda ct: transpose(ct)[0], x)
    assert_allclose(again(x)[0], f(x))


def test_within_other_transforms():
    def product(c):
        return ad.linear_transpose(lambda x: c * x, x)(c)[0]

    assert_allclose(ad.jit(product)(x), x**2)
    assert_allclose(ad.grad(lambda c: np.sum(product(c)))(x), 2 * x)
    assert_allclose(ad.vmap(product)(np.stack([x, 2 * x])), [x**2, 4 * x**2])
    assert_allclose(ad.linear_transpose(ad.jit(lambda v: v * 2), x)(x)[0], 2 * x)
    assert_allclose(ad.linear_transpose(ad.checkpoint(lambda v: v * 2), x)(x)[0], 2 * x)


@pytest.mark.parametrize(
    ("f", "culprit"),
    [
        (lambda x: x * x, "mul"),
        (lambda x: x + np.sin(2 * x), "sin"),
        (lambda x: np.floor(x), "floor"),
        (lambda x: np.where(x > 0, x, 2 * x), "greater"),
        (lambda x: np.abs(x), "abs"),
        (lambda x: x / np.sum(x), "div"),
        (lambda x: np.sort(x), "sort"),
        (ad.jit(lambda x: np.exp(x)), "exp"),
    ],
)
def test_a_function_that_is_not_linear_raises(f, culprit):
    with pytest.raises(
        ValueError, match=rf"{culprit} \(at test_transposition.py:\d+\) is not linear"
    ) as e:
        ad.linear_transpose(f, x)
    assert "for the transpose of its derivative at x: `y, pullback = ad.vjp(" in str(e.value)


@pytest.mark.parametrize(
    "f", [lambda x: x + 1, lambda x: (x, np.ones(3)), lambda x: np.concatenate([x, np.ones(2)])]
)
def test_a_function_that_adds_a_constant_raises(f):
    with pytest.raises(ValueError, match=r"fun\(0\) is not 0, so it adds a constant"):
        ad.linear_transpose(f, x)


def test_a_constant_is_found_where_nothing_has_a_value():
    with pytest.raises(ValueError, match="so it adds a constant"):
        ad.jit(lambda c: ad.linear_transpose(lambda x: c * x + c, x)(c))(x)


def test_cotangents_are_checked():
    transpose = ad.linear_transpose(lambda x: 2 * x, x)
    with pytest.raises(ValueError, match=r"the transpose of fun takes a cotangent like the result"):
        transpose(np.ones(2))


def test_a_type_that_is_not_floating_point_raises():
    with pytest.raises(TypeError, match="its value matters"):
        ad.linear_transpose(lambda x, i: x[i], x, ad.ArrayType((2,), np.int64))


# ---- loops: only what moves with the arguments has to be linear


X = np.array([0.3, -0.2, 0.5])
LOOPS = {
    "scan": lambda x: ad.scan(lambda s, r: (np.sin(s) * r, s), x, np.arange(1.0, 4.0))[0],
    "checkpointed": lambda x: np.tanh(
        ad.scan(lambda s, r: (np.sin(s) * r, s), x, np.arange(1.0, 4.0), checkpoint=True)[0]
    ),
    "while": lambda x: np.tanh(
        ad.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, np.sin(s[1]) * x), (0, x))[1]
    ),
    "switch": lambda x: ad.switch(1, [np.sin, np.cos, lambda x: np.ones(3)], np.sin(x)),
    "nested": lambda x: ad.scan(lambda s, r: (LOOPS["while"](s), LOOPS["switch"](s)), x, X)[0],
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_derivative_of_a_loop_is_linear(name):
    f, v = LOOPS[name], np.array([1.0, 2.0, 3.0])
    (expected,) = ad.vjp(f, X)[1](v)
    pushed = lambda dx: ad.jvp(f, (X,), (dx,))[1]
    assert_allclose(ad.linear_transpose(pushed, X)(v)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("name", LOOPS)
def test_a_linear_map_that_a_loop_has_given_within_other_transforms(name):
    """Also if it holds as many residuals as the loop took steps."""
    f, v = LOOPS[name], np.array([1.0, 2.0, 3.0])
    _, linear = ad.linearize(f, X)
    dy, (expected,) = linear(v), ad.vjp(f, X)[1](v)
    assert_allclose(ad.jit(linear)(v), dy, rtol=1e-12)
    assert_allclose(ad.vmap(linear)(np.stack([v, 2 * v])), [dy, 2 * dy], rtol=1e-12)
    assert_allclose(ad.jvp(linear, (X,), (v,))[1], dy, rtol=1e-12)
    assert_allclose(ad.grad(lambda dx: linear(dx) @ v)(X), expected, rtol=1e-12)
    assert_allclose(ad.linear_transpose(linear, X)(v)[0], expected, rtol=1e-12)
