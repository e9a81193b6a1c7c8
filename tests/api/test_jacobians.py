import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad

WAYS = [ad.jacfwd, ad.jacrev, ad.jacobian]
CHUNKS = [None, 1, 2, 100]
A = np.arange(6.0).reshape(2, 3)


def f(p, scale=1.0):
    return {"y": np.outer(p["a"], A[0]) * p["b"] * scale, "z": np.sum(p["a"]), "n": p["n"]}


def point():
    return {"a": np.array([1.0, 2.0]), "b": 3.0, "n": 7}


# ---- values, shapes, containers


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("chunk_size", CHUNKS)
def test_blocks_lie_where_their_leaves_do(way, chunk_size):
    p = point()
    jac = way(f, chunk_size=chunk_size)(p, scale=2.0)
    assert jac["n"] is None
    assert jac["y"]["n"] is None
    expected = 6 * np.eye(2)[:, None, :] * A[0][None, :, None]
    assert_allclose(jac["y"]["a"], expected)
    assert_allclose(jac["y"]["b"], 2 * np.outer(p["a"], A[0]))
    assert_allclose(jac["z"]["a"], np.ones(2))
    assert jac["z"]["b"] == 0
    assert np.shape(jac["z"]["b"]) == ()


@pytest.mark.parametrize("way", WAYS)
def test_arrays_of_many_axes(way, rng):
    x, w = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    jac = way(lambda x: np.tanh(x @ w))(x)
    assert jac.shape == (2, 2, 2, 3)
    slope = 1 - np.tanh(x @ w) ** 2
    assert_allclose(jac, np.einsum("ik,il,jk->iklj", slope, np.eye(2), w), atol=1e-15)


@pytest.mark.parametrize("way", WAYS)
def test_the_jacobian_of_a_scalar_function_is_its_gradient(way):
    x = np.array([1.0, 2.0])
    assert_allclose(way(lambda x: np.sum(x**3))(x), 3 * x**2)
    derivative = way(lambda x: x**3)(2.0)
    assert derivative == 12
    assert isinstance(derivative, np.float64)


@pytest.mark.parametrize("way", WAYS)
def test_arguments_are_chosen_as_for_grad(way):
    def g(a, b):
        return a * b

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert_allclose(way(g, argnums=1)(x, y), np.diag(x))
    by_b, by_a = way(g, argnums=(1, 0))(x, y)
    assert_allclose(by_b, np.diag(x))
    assert_allclose(by_a, np.diag(y))
    assert_allclose(way(g, argnames="b")(x, b=y), np.diag(x))


@pytest.mark.parametrize("way", WAYS)
def test_aux_is_returned_as_it_is(way):
    jac, aux = way(lambda x: (x**2, {"x": x, "label": "a"}), has_aux=True)(np.array([1.0, 2.0]))
    assert_allclose(jac, np.diag([2, 4]))
    assert_array_equal(aux["x"], [1, 2])
    assert aux["label"] == "a"


@pytest.mark.parametrize("way", WAYS)
def test_results_that_do_not_depend_on_the_argument_give_zeros(way):
    with pytest.warns(ad.errors.ZeroGradientWarning, match=r"ends in `floor` at test_jacobians"):
        jac = way(lambda x: {"x": x, "one": np.ones(3), "floor": np.floor(x)})(np.array([1.5, 2.5]))
    assert_array_equal(jac["x"], np.eye(2))
    assert_array_equal(jac["one"], np.zeros((3, 2)))
    assert_array_equal(jac["floor"], np.zeros((2, 2)))
    assert_array_equal(way(lambda x: np.ones(3))(np.ones(2)), np.zeros((3, 2)))


@pytest.mark.parametrize("way", WAYS)
def test_empty_arrays(way):
    assert way(lambda x: 2 * x)(np.zeros(0)).shape == (0, 0)
    assert way(lambda x: np.sum(x))(np.zeros((0, 2))).shape == (0, 2)
    assert way(lambda x: x[:0])(np.ones(3)).shape == (0, 3)


@pytest.mark.parametrize("way", WAYS)
def test_dtypes(way):
    x = np.ones(3, np.float32)
    assert way(np.sin)(x).dtype == np.float32


def test_an_infinite_derivative_stays_in_its_entry():
    with np.errstate(all="ignore"):
        expected = np.diag([np.inf, 0.5])
    for way in WAYS:
        jac = way(lambda x: np.where(x > 0.5, np.sqrt(x), 0.0))(np.array([0.0, 1.0]))
        assert_array_equal(jac, np.diag([0, 0.5]))
    assert_array_equal(np.diag(ad.jacfwd(np.sqrt)(np.array([0.0, 1.0]))), np.diag(expected))


# ---- the choice of the direction


def test_the_cheaper_direction_is_chosen(monkeypatch):
    asked = []
    halves = ad.api.jacobians.halves

    def spy(program, active, wanted, transposed):
        asked.append(transposed)
        return halves(program, active, wanted, transposed)

    monkeypatch.setattr(ad.api.jacobians, "halves", spy)
    ad.jacobian(lambda x: x[:2] * 41.5)(np.ones(3))
    ad.jacobian(lambda x: np.concatenate([x, x]) * 41.5)(np.ones(3))
    assert asked == [True, False]


def test_complex_arguments():
    z = np.array([1.0 + 2.0j, 3.0 - 1.0j])
    for way in WAYS:
        assert_allclose(way(lambda z: z**2)(z), np.diag(2 * z))
    assert_allclose(ad.jacobian(lambda z: np.abs(z) ** 2)(z), np.diag(2 * z.conj()))
    assert_allclose(
        ad.jacobian(lambda x: np.exp(1j * x))(z.real), np.diag(1j * np.exp(1j * z.real))
    )


def test_a_direction_that_would_lose_derivatives_raises():
    z = np.ones(2, complex)
    with pytest.raises(TypeError, match=r"(?s)jacfwd of fun, from complex .* `ad.jacrev\(fun\)`"):
        ad.jacfwd(lambda z: np.abs(z))(z)
    with pytest.raises(TypeError, match=r"(?s)jacrev of fun, from real .* `ad.jacfwd\(fun\)`"):
        ad.jacrev(lambda x: x * 1j)(np.ones(2))


# ---- within other transforms


def g(x):
    return np.sin(x) * x[0]


def expected(x):
    jac = np.diag(np.cos(x) * x[0])
    jac[:, 0] += np.sin(x)
    return jac


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_under_jit_and_vmap(way, chunk_size):
    x = np.array([0.3, 0.6, 0.9])
    jac = way(g, chunk_size=chunk_size)
    assert_allclose(ad.jit(jac)(x), expected(x))
    assert_allclose(ad.vmap(jac)(np.stack([x, 2 * x])), [expected(x), expected(2 * x)])
    assert_allclose(ad.jit(ad.vmap(jac))(np.stack([x, 2 * x]))[1], expected(2 * x))
    assert_allclose(way(ad.jit(g))(x), expected(x))


@pytest.mark.parametrize("outer", WAYS)
@pytest.mark.parametrize("inner", WAYS)
def test_within_one_another(outer, inner):
    second = outer(inner(lambda x: x**3))(np.array([1.0, 2.0]))
    assert second.shape == (2, 2, 2)
    assert_allclose(np.einsum("iii->i", second), [6, 12])
    assert np.count_nonzero(second) == 2


@pytest.mark.parametrize("way", WAYS)
def test_gradient_of_a_function_of_the_jacobian(way):
    x = np.array([0.3, 0.6, 0.9])
    loss = ad.grad(lambda x: np.sum(way(np.sin)(x) ** 2))
    assert_allclose(loss(x), -2 * np.cos(x) * np.sin(x))


def test_a_wrong_chunk_size_raises():
    with pytest.raises(ValueError, match="chunk_size=0: expected a positive number"):
        ad.jacobian(np.sin, chunk_size=0)


def test_an_integer_argument_raises():
    with pytest.raises(TypeError, match=r"jacobian of g by `x`, which is of dtype int64"):
        ad.jacobian(g)(np.arange(3))
