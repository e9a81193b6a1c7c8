"""Gauss-Newton and Fisher products: against matrices, and against what they are equal to."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad


def dense(product, params, *others):
    """The matrix behind a product with vectors."""
    return np.stack([product(params, e, *others) for e in np.eye(params.size)], axis=1)


def hidden(w, inputs):
    """Logits of a network; all weights in one vector."""
    return np.tanh(inputs @ w[:6].reshape(3, 2)) @ w[6:].reshape(2, 4)


def log_softmax(z):
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


@pytest.fixture
def w(rng):
    return rng.normal(size=14)


@pytest.fixture
def inputs(rng):
    return rng.normal(size=(5, 3))


# ---- Gauss-Newton


def test_is_the_hessian_of_linear_least_squares(rng):
    a, b, x, v = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3), rng.normal(size=3)

    def loss(y):
        return np.sum((y - b) ** 2) / 2

    product = ad.gauss_newton_vp(lambda x: a @ x, loss)(x, v)
    assert_allclose(product, ad.hvp(lambda x: loss(a @ x))(x, v))
    assert_allclose(product, a.T @ (a @ v))


def test_is_the_jacobian_around_the_hessian_of_the_loss(w, inputs):
    def loss(z):
        return np.mean(np.sum(z**4, axis=-1)) + np.sum(z) * np.max(z)

    jac = ad.jacobian(hidden)(w, inputs).reshape(20, 14)
    h = ad.hessian(loss)(hidden(w, inputs)).reshape(20, 20)
    found = dense(ad.gauss_newton_vp(hidden, loss), w, inputs)
    assert_allclose(found, jac.T @ h @ jac, rtol=1e-10, atol=1e-12)


def test_leaves_out_the_curvature_of_the_model_alone(w, inputs):
    """The rest of the Hessian is the loss's gradient times the model's second derivatives."""
    labels = np.eye(4)[[0, 1, 2, 3, 0]]

    def loss(z):
        return -np.sum(labels * log_softmax(z))

    slope = ad.grad(loss)(hidden(w, inputs))
    rest = ad.hessian(lambda w: np.sum(slope * hidden(w, inputs)))(w)
    full = ad.hessian(lambda w: loss(hidden(w, inputs)))(w)
    found = dense(ad.gauss_newton_vp(hidden, loss), w, inputs)
    assert_allclose(found, full - rest, rtol=1e-9, atol=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-12


def test_parameters_and_outputs_in_containers():
    def model(p, x, *, shift):
        return {"y": p["a"] * x + shift, "penalty": p["b"], "name": "model"}

    def loss(out):
        return np.sum(out["y"] ** 2) + 3 * out["penalty"] ** 2

    x = np.array([1.0, 2.0])
    p, v = {"a": 2.0, "b": 1.0, "n": 3}, {"a": 1.0, "b": 10.0, "n": None}
    product = ad.gauss_newton_vp(model, loss)(p, v, x, shift=1.0)
    assert_allclose([product["a"], product["b"]], [2 * 5, 6 * 10])
    assert product["n"] is None


def test_several_arguments():
    def model(a, x, b):
        return a * x + b

    product = ad.gauss_newton_vp(model, lambda y: np.sum(y**2), argnums=(0, 2))
    x = np.array([1.0, 2.0])
    by_a, by_b = product(1.0, (1.0, np.ones(2)), x, np.zeros(2))
    assert_allclose(by_a, 2 * (x @ x + x.sum()))
    assert_allclose(by_b, 2 * (x + 1))
    by_name = ad.gauss_newton_vp(model, lambda y: np.sum(y**2), argnames="b")
    assert_allclose(by_name(1.0, np.ones(2), x, b=np.zeros(2)), [2, 2])


def test_an_output_that_does_not_depend_on_the_parameters():
    product = ad.gauss_newton_vp(lambda w: (w, np.ones(2)), lambda y: y[0] ** 2 * np.sum(y[1]))
    assert_allclose(product(3.0, 1.0), 4)


# ---- Fisher


def log_likelihoods(w, inputs, labels):
    return log_softmax(hidden(w, inputs))[np.arange(len(labels)), labels]


def test_is_the_mean_of_the_squares_of_gradients(w, inputs):
    labels = np.array([0, 1, 2, 3, 0])
    jac = ad.jacobian(log_likelihoods)(w, inputs, labels)
    found = dense(ad.fisher_vp(log_likelihoods), w, inputs, labels)
    assert_allclose(found, jac.T @ jac / 5, rtol=1e-12, atol=1e-14)


def test_its_expectation_is_the_gauss_newton_matrix_of_cross_entropy(w, inputs):
    """Over labels of the model's own distribution; H does not depend on the labels."""
    p = np.exp(log_softmax(hidden(w, inputs)))
    expectation = np.zeros((14, 14))
    for i in range(5):
        one = inputs[i : i + 1]
        for label in range(4):
            fisher = dense(ad.fisher_vp(log_likelihoods), w, one, np.array([label]))
            expectation += p[i, label] * fisher / 5
    for labels in ([0, 0, 0, 0, 0], [3, 2, 1, 0, 1]):
        loss = mean_cross_entropy(np.array(labels))
        found = dense(ad.gauss_newton_vp(hidden, loss), w, inputs)
        assert_allclose(found, expectation, rtol=1e-10, atol=1e-14)


def mean_cross_entropy(labels):
    return lambda z: -np.mean(log_softmax(z)[np.arange(len(labels)), labels])


def test_at_the_labels_of_the_data_it_is_another_matrix(w, inputs):
    labels = np.array([0, 1, 2, 3, 0])
    fisher = dense(ad.fisher_vp(log_likelihoods), w, inputs, labels)
    found = dense(ad.gauss_newton_vp(hidden, mean_cross_entropy(labels)), w, inputs)
    assert np.abs(fisher - found).max() > 0.01


def test_log_likelihoods_of_any_shape():
    data = np.arange(6.0).reshape(2, 3)
    product = ad.fisher_vp(lambda m: -((data - m) ** 2) / 2)
    assert_allclose(product(1.0, 2.0), 2 * np.mean((data - 1) ** 2))


# ---- both


def test_within_other_transforms(w, inputs):
    v = np.arange(14.0)
    gauss_newton = ad.gauss_newton_vp(hidden, lambda z: np.sum(log_softmax(z) ** 2))
    fisher = ad.fisher_vp(lambda w, x: np.sum(log_softmax(hidden(w, x)), axis=1))
    for product in (gauss_newton, fisher):
        plain = product(w, v, inputs)
        assert_allclose(ad.jit(product)(w, v, inputs), plain)
        many = ad.vmap(product, in_axes=(None, 0, None))(w, np.eye(14), inputs)
        assert_allclose(v @ many, plain)
        by_v = ad.grad(lambda v: v @ product(w, v, inputs) / 2)(v)  # noqa: B023
        assert_allclose(by_v, plain)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype):
    x = np.ones(3, dtype)
    for product in (
        ad.gauss_newton_vp(np.sin, lambda y: np.sum(y**2)),
        ad.fisher_vp(np.sin),
    ):
        assert product(x, x).dtype == dtype


def test_a_cut_is_warned_of():
    with pytest.warns(ad.errors.ZeroGradientWarning, match="floor"):
        assert ad.fisher_vp(np.floor)(1.5, 1.0) == 0


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ad.fisher_vp(np.sin)(1.0), TypeError, "as its second positional argument"),
        (lambda: ad.fisher_vp(np.sin)(np.ones(2), np.ones(3)), ValueError, "expected f64[2]"),
        (lambda: ad.fisher_vp(lambda x: (x, x))(1.0, 1.0), TypeError, "returns one real array"),
        (lambda: ad.fisher_vp(np.sin)(1, 1.0), TypeError, "`x.astype(float)`"),
        (
            lambda: ad.gauss_newton_vp(np.sin, np.cos)(np.ones(2), np.ones(2)),
            TypeError,
            "one real floating-point scalar",
        ),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


def test_memory_is_that_of_vectors():
    """No matrix is formed: with 10⁵ parameters it would have 10¹⁰ entries."""
    w = np.ones(100_000)
    product = ad.gauss_newton_vp(lambda w: w * w, lambda y: np.sum(y**2))
    assert_array_equal(product(w, w), 8 * w)
