import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad


def f(x, a=1.0):
    return a * np.sum(np.sin(x) * x[0]) + np.prod(x)


def hessian_of_f(x):
    n = len(x)
    h = -np.diag(np.sin(x)) * x[0]
    h[0] += np.cos(x)
    h[:, 0] += np.cos(x)
    rest = np.array([[np.prod(np.delete(x, [i, j])) for j in range(n)] for i in range(n)])
    return h + rest * (1 - np.eye(n))


@pytest.fixture
def x():
    return np.array([0.3, 0.6, 0.9])


@pytest.fixture
def v():
    return np.array([1.0, -2.0, 0.5])


def test_hessian_product_and_diagonal_agree_with_the_closed_form(x, v):
    h = hessian_of_f(x)
    assert_allclose(ad.hessian(f)(x), h)
    assert_allclose(ad.hvp(f)(x, (v,)), h @ v)
    assert_allclose(ad.hessian_diag(f)(x), np.diag(h))


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 10])
def test_chunks_give_the_same(x, chunk_size):
    h = hessian_of_f(x)
    assert_allclose(ad.hessian(f, chunk_size=chunk_size)(x), h)
    assert_allclose(ad.hessian_diag(f, chunk_size=chunk_size)(x), np.diag(h))


def test_containers_and_several_arguments():
    def g(p, y, n):
        return np.sum(p["a"] ** 2 * p["b"] * y) * n

    p = {"a": np.array([1.0, 2.0]), "b": 3.0, "k": 5}
    h = ad.hessian(g)(p, 2.0, 3)
    assert_allclose(h["a"]["a"], 36 * np.eye(2))
    assert_allclose(h["a"]["b"], 12 * p["a"])
    assert_allclose(h["b"]["a"], 12 * p["a"])
    assert h["b"]["b"] == 0
    assert h["k"] is None
    assert h["a"]["k"] is None
    diagonal = ad.hessian_diag(g)(p, 2.0, 3)
    assert_allclose(diagonal["a"], [36, 36])
    assert diagonal["b"] == 0
    assert diagonal["k"] is None
    tangent = {"a": np.array([1.0, 0.0]), "b": 2.0, "k": None}
    product = ad.hvp(g)(p, (tangent,), 2.0, 3)
    assert_allclose(product["a"], [36 + 24, 48])
    assert product["b"] == 12
    assert product["k"] is None
    assert_allclose(ad.hvp(g)(p, tangent, 2.0, 3)["a"], product["a"])
    by_p, by_y = ad.hvp(g, argnums=(0, 1))(p, (tangent, 1.0), 2.0, 3)
    assert_allclose(by_p["a"], product["a"] + 2 * p["a"] * 9)
    assert_allclose(by_y, 3 * (2 * 3 + 5 * 2))
    (_, (yp, yy)) = ad.hessian(g, argnums=(0, 1))(p, 2.0, 3)
    assert_allclose(yp["a"], 18 * p["a"])
    assert yy == 0


def test_keyword_arguments(x, v):
    h = hessian_of_f(x)
    assert_allclose(ad.hvp(f)(x, (v,), a=1.0), h @ v)
    assert_allclose(ad.hvp(lambda a, x: f(x, a), argnames="x")(1.0, (v,), x=x), h @ v)
    assert_allclose(ad.hessian_diag(lambda a, x: f(x, a), argnames="x")(1.0, x=x), np.diag(h))


def test_aux(x, v):
    def g(x):
        return f(x), {"x": x, "label": "a"}

    for derivative, aux in (
        ad.hessian(g, has_aux=True)(x),
        ad.hvp(g, has_aux=True)(x, (v,)),
        ad.hessian_diag(g, has_aux=True)(x),
    ):
        assert derivative.shape[0] == 3
        assert_array_equal(aux["x"], x)
        assert aux["label"] == "a"


def test_scalars_give_scalars():
    for h in (
        ad.hessian(lambda x: x**3)(2.0),
        ad.hessian_diag(lambda x: x**3)(2.0),
        ad.hvp(lambda x: x**3)(2.0, (1.0,)),
    ):
        assert h == 12
        assert isinstance(h, np.float64)


@pytest.mark.parametrize("g", [lambda x: 2 * np.sum(x), lambda x: 3.0])
def test_linear_and_constant_functions(g, x, v):
    assert_array_equal(ad.hessian(g)(x), np.zeros((3, 3)))
    assert_array_equal(ad.hvp(g)(x, (v,)), np.zeros(3))
    assert_array_equal(ad.hessian_diag(g)(x), np.zeros(3))


def test_the_hessian_of_a_function_with_many_results(x):
    h = ad.hessian(lambda x: x**3)(x)
    assert h.shape == (3, 3, 3)
    assert_allclose(np.einsum("iii->i", h), 6 * x)


def test_infinite_second_derivatives_stay_in_their_entry():
    x = np.array([0.0, 1.0])
    diagonal = ad.hessian_diag(lambda x: np.sum(x**1.5))(x)
    assert diagonal[0] == np.inf
    assert_allclose(diagonal[1], 0.75)


def test_within_other_transforms(x, v):
    h, xs = hessian_of_f(x), np.stack([x, 2 * x])
    assert_allclose(ad.jit(ad.hessian(f))(x), h)
    assert_allclose(ad.jit(ad.hvp(f))(x, (v,)), h @ v)
    assert_allclose(ad.jit(ad.hessian_diag(f))(x), np.diag(h))
    assert_allclose(ad.vmap(ad.hessian(f))(xs)[1], hessian_of_f(2 * x))
    assert_allclose(ad.vmap(ad.hvp(f), in_axes=(0, None))(xs, (v,))[1], hessian_of_f(2 * x) @ v)
    assert_allclose(ad.vmap(ad.hessian_diag(f))(xs)[1], np.diag(hessian_of_f(2 * x)))
    assert_allclose(ad.hessian(ad.jit(f))(x), h)


def test_third_derivatives(x, v):
    def third(x):  # of sum(exp(x)) is exp(x) on the diagonal
        return np.exp(x)

    def g(x):
        return np.sum(np.exp(x))

    assert_allclose(ad.grad(lambda x: np.sum(ad.hessian_diag(g)(x)))(x), third(x))
    assert_allclose(ad.grad(lambda x: np.sum(ad.hvp(g)(x, (v,))))(x), third(x) * v)
    assert_allclose(np.einsum("iii->i", ad.jacfwd(ad.hessian(g))(x)), third(x))


# ---- what newcomers meet


def test_forgotten_tangents_raise(x):
    with pytest.raises(TypeError, match=r"Write instead: `ad.hvp\(f\)\(x, \(v,\), \*others\)`"):
        ad.hvp(f)(x)


def test_tangents_that_do_not_fit_raise(x, v):
    rule = "hvp of f takes tangents like the arguments that it differentiates by"
    with pytest.raises(
        ValueError, match=rf"{rule}: expected f64\[3\] for `x`, but f64\[2\] was given"
    ):
        ad.hvp(f)(x, (v[:2],))
    with pytest.raises(ValueError, match=rf"{rule}: expected f64\[3\] for `x`"):
        ad.hvp(f)(x, (v, v))
    with pytest.raises(ValueError, match="as a tuple with one entry for each"):
        ad.hvp(f, argnums=(0, 1))(x, v, 1.0)


@pytest.mark.parametrize(
    "call", [lambda g, x: ad.hvp(g)(x, (x,)), lambda g, x: ad.hessian_diag(g)(x)]
)
def test_a_result_that_is_no_scalar_raises(call, x):
    with pytest.raises(
        TypeError, match="needs a function that returns one real floating-point scalar"
    ):
        call(np.sin, x)


def test_complex_arguments_raise():
    z = np.ones(2, complex)
    with pytest.raises(
        TypeError, match=r"hessian of fun, where some .* are real and others complex"
    ):
        ad.hessian(lambda z: np.sum(np.abs(z) ** 2))(z)
    with pytest.raises(TypeError, match="hessian_diag of fun by complex arguments"):
        ad.hessian_diag(lambda z: np.sum(np.abs(z) ** 2))(z)
    assert_allclose(ad.hessian(lambda z: np.sum(z**3))(z), 6 * np.eye(2))
