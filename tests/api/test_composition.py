"""Every transform around every other one, against JAX."""

import numpy as np
import pytest

import autodiff as ad

jax = pytest.importorskip("jax")
jnp = jax.numpy

X, V = np.array([0.3, 0.7, -0.4]), np.array([1.0, -0.5, 2.0])


@pytest.fixture(autouse=True)
def _double_precision():
    jax.config.update("jax_enable_x64", True)


def ours(x):
    return np.sum(np.sin(x) * x[::-1]) * np.exp(x[0])


def theirs(x):
    return jnp.sum(jnp.sin(x) * x[::-1]) * jnp.exp(x[0])


# Each makes a function from vectors to arrays of one from vectors to scalars.
WAYS = {
    "grad": (ad.grad, jax.grad),
    "value_and_grad": (
        lambda f: lambda x: np.add(*ad.value_and_grad(f)(x)),
        lambda f: lambda x: jnp.add(*jax.value_and_grad(f)(x)),
    ),
    "jvp": (
        lambda f: lambda x: ad.jvp(f, (x,), (V * x,))[1] * V,
        lambda f: lambda x: jax.jvp(f, (x,), (V * x,))[1] * V,
    ),
    "vjp": (
        lambda f: lambda x: ad.vjp(f, x)[1](np.sin(x[1]))[0],
        lambda f: lambda x: jax.vjp(f, x)[1](jnp.sin(x[1]))[0],
    ),
    "linearize": (
        lambda f: lambda x: ad.linearize(f, x)[1](x * x) * V,
        lambda f: lambda x: jax.linearize(f, x)[1](x * x) * V,
    ),
    "linear_transpose": (
        lambda f: lambda x: ad.linear_transpose(lambda y: np.sum(f(x) * y), V)(x[0])[0],
        lambda f: lambda x: jax.linear_transpose(lambda y: jnp.sum(f(x) * y), V)(x[0])[0],
    ),
    "jacobian": (lambda f: ad.jacobian(lambda x: f(x) * x), lambda f: jax.jacrev(lambda x: f(x) * x)),
    "jacfwd": (
        lambda f: ad.jacfwd(lambda x: f(x) * x, chunk_size=2),
        lambda f: jax.jacfwd(lambda x: f(x) * x),
    ),
    "hvp": (
        lambda f: lambda x: ad.hvp(f)(x, (V,)),
        lambda f: lambda x: jax.jvp(jax.grad(f), (x,), (V,))[1],
    ),
    "hessian_diag": (
        lambda f: ad.hessian_diag(f, chunk_size=2),
        lambda f: lambda x: jnp.diag(jax.hessian(f)(x)),
    ),
    "vmap": (
        lambda f: lambda x: ad.vmap(f)(x * np.ones((2, 1))),
        lambda f: lambda x: jax.vmap(f)(x * np.ones((2, 1))),
    ),
    "checkpoint": (lambda f: lambda x: ad.checkpoint(f)(x) * x, lambda f: lambda x: f(x) * x),
    "jit": (lambda f: lambda x: ad.jit(f)(x) * x, lambda f: lambda x: f(x) * x),
    "stop_gradient": (
        lambda f: lambda x: f(x) * ad.stop_gradient(f(x)) * x,
        lambda f: lambda x: f(x) * jax.lax.stop_gradient(f(x)) * x,
    ),
    "no_grad": (
        lambda f: lambda x: f(x) * ad.no_grad(f)(x) * x,
        lambda f: lambda x: f(x) * jax.lax.stop_gradient(f(x)) * x,
    ),
}


@pytest.mark.parametrize("inner", WAYS)
@pytest.mark.parametrize("outer", WAYS)
def test_every_transform_around_every_other(outer, inner):
    made, expected = WAYS[outer], WAYS[inner]
    f = made[0](lambda x: np.sum(expected[0](ours)(x) ** 2))
    g = made[1](lambda x: jnp.sum(expected[1](theirs)(x) ** 2))
    result = g(X)
    np.testing.assert_allclose(f(X), result, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ad.jit(f)(X), result, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ad.vmap(f)(np.stack([X, X]))[1], result, rtol=1e-9, atol=1e-9)
