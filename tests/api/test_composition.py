"""Every transform around every other one, against JAX."""

from functools import lru_cache

import numpy as np
import pytest

import autodiff as ad

jax = pytest.importorskip("jax")
jnp = jax.numpy

X, V = np.array([0.3, 0.7, -0.4]), np.array([1.0, -0.5, 2.0])


def ours(x):
    return np.sum(np.sin(x) * x[::-1]) * np.exp(x[0])


def theirs(x):
    return jnp.sum(jnp.sin(x) * x[::-1]) * jnp.exp(x[0])


# Each makes a function from vectors to arrays of one from vectors to scalars.
THEIRS = {
    "gradient": jax.grad,
    "push": lambda f: lambda x: jax.jvp(f, (x,), (V * x,))[1] * V,
    "pull": lambda f: lambda x: jax.vjp(f, x)[1](jnp.sin(x[1]))[0],
    "transpose": lambda f: lambda x: jax.linear_transpose(lambda y: jnp.sum(f(x) * y), V)(x[0])[0],
    "jacobian": lambda f: jax.jacrev(lambda x: f(x) * x),
    "product": lambda f: lambda x: jax.jvp(jax.grad(f), (x,), (V,))[1],
    "diagonal": lambda f: lambda x: jnp.diag(jax.hessian(f)(x)),
    "map": lambda f: lambda x: jax.vmap(f)(x * np.ones((2, 1))),
    "same": lambda f: lambda x: f(x) * x,
    "cut": lambda f: lambda x: f(x) * jax.lax.stop_gradient(f(x)) * x,
}
OURS = {
    "grad": ("gradient", ad.grad),
    "value_and_grad": ("gradient", lambda f: lambda x: ad.value_and_grad(f)(x)[1]),
    "jvp": ("push", lambda f: lambda x: ad.jvp(f, (x,), (V * x,))[1] * V),
    "linearize": ("push", lambda f: lambda x: ad.linearize(f, x)[1](V * x) * V),
    "vjp": ("pull", lambda f: lambda x: ad.vjp(f, x)[1](np.sin(x[1]))[0]),
    "linear_transpose": (
        "transpose",
        lambda f: lambda x: ad.linear_transpose(lambda y: np.sum(f(x) * y), V)(x[0])[0],
    ),
    "jacobian": ("jacobian", lambda f: ad.jacobian(lambda x: f(x) * x)),
    "jacfwd": ("jacobian", lambda f: ad.jacfwd(lambda x: f(x) * x, chunk_size=2)),
    "hvp": ("product", lambda f: lambda x: ad.hvp(f)(x, (V,))),
    "hessian_diag": ("diagonal", lambda f: ad.hessian_diag(f, chunk_size=2)),
    "vmap": ("map", lambda f: lambda x: ad.vmap(f)(x * np.ones((2, 1)))),
    "checkpoint": ("same", lambda f: lambda x: ad.checkpoint(f)(x) * x),
    "jit": ("same", lambda f: lambda x: ad.jit(f)(x) * x),
    "stop_gradient": ("cut", lambda f: lambda x: f(x) * ad.stop_gradient(f(x)) * x),
    "no_grad": ("cut", lambda f: lambda x: f(x) * ad.no_grad(f)(x) * x),
}


@lru_cache
def expected(outer, inner):
    with jax.enable_x64(True), jax.disable_jit():
        return THEIRS[outer](lambda x: jnp.sum(THEIRS[inner](theirs)(x) ** 2))(X)


@pytest.mark.parametrize("inner", OURS)
@pytest.mark.parametrize("outer", OURS)
def test_every_transform_around_every_other(outer, inner):
    (outer_name, wrap), (inner_name, wrap_inner) = OURS[outer], OURS[inner]
    f = wrap(lambda x: np.sum(wrap_inner(ours)(x) ** 2))
    result = expected(outer_name, inner_name)
    np.testing.assert_allclose(f(X), result, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ad.jit(f)(X), result, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ad.vmap(f)(np.stack([X, X]))[1], result, rtol=1e-9, atol=1e-9)
