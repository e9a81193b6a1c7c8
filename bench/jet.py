"""Derivatives of high order: Taylor mode against one `jvp` around the other, and against JAX."""

from functools import reduce
from itertools import pairwise

import jax
import jax.numpy
import numpy as np
from jax.experimental.jet import jet as jax_jet

import autodiff as ad
from bench.table import Row, faster, seconds
from bench.timing import race, time_calls

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)
ORDER = 10


def rows():
    """Race Taylor mode of order ten of small networks against ten nested `jvp`s."""
    yield from against_nested("tanh", lambda np, z: np.tanh(z))
    yield from against_nested("softplus", lambda np, z: np.log1p(np.exp(z)))
    yield against_jax("tanh", lambda np, z: np.tanh(z))


def against_nested(name, activation):
    """Yield the rows of a network: the first use, and what comes back with and without `jit`."""
    function, x, v = network(np, activation)
    ours, theirs = derivative(function, v), nested(function, v)
    case = f"{name} network, order {ORDER}"
    first = [time_calls(lambda f=f: f(x)) for f in (ours, theirs)]
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-9)
    yield Row(
        f"{case}, first use",
        seconds(first[0]),
        f"nested {seconds(first[1])}",
        f"{first[1] / first[0]:.2f}x",
    )
    times = race(lambda: ours(x), lambda: theirs(x))
    yield faster(f"jet, {case}", times[0], "nested", times[1], at_least=20)
    ours, theirs = ad.jit(ours), ad.jit(theirs)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-9)
    times = race(lambda: ours(x), lambda: theirs(x))
    ratio = f"{times[1] / times[0]:.2f}x"
    yield Row(f"jit(jet), {case}", seconds(times[0]), f"nested {seconds(times[1])}", ratio)


def against_jax(name, activation):
    """Race both compiled; all derivatives are wanted."""
    function, x, v = network(np, activation)
    other, jax_x, jax_v = network(jax.numpy, activation)
    zeros = [jax.numpy.zeros_like(jax_v)] * (ORDER - 1)
    ours = ad.jit(lambda x: ad.derivatives(function, ORDER)(x, v)[1:])
    theirs = jax.jit(lambda x: jax_jet(other, (x,), ([jax_v, *zeros],))[1])
    np.testing.assert_allclose(ours(x), theirs(jax_x), rtol=1e-8)
    times = race(lambda: ours(x), lambda: jax.block_until_ready(theirs(jax_x)))
    ratio = f"{times[1] / times[0]:.2f}x"
    case = f"jit(jet), {name} network, order {ORDER}"
    return Row(case, seconds(times[0]), f"jax.jit {seconds(times[1])}", ratio)


def network(np, activation, sizes=(5, 16, 16, 1)):
    """Return a scalar function with two hidden layers, a point and a direction from it."""
    rng = numbers()
    layers = [
        (np.asarray(rng.normal(size=(n, m)) / n**0.5), np.asarray(rng.normal(size=m)))
        for n, m in pairwise(sizes)
    ]

    def function(x):
        for w, b in layers[:-1]:
            x = activation(np, x @ w + b)
        w, b = layers[-1]
        return np.sum(x @ w + b)

    return function, np.asarray(rng.normal(size=sizes[0])), np.asarray(rng.normal(size=sizes[0]))


def numbers():
    """Return a generator that always starts in the same state."""
    return np.random.default_rng(0)


def derivative(function, v):
    """Return the derivative of the highest order along `v`, by Taylor mode."""
    along = ad.derivatives(function, ORDER)
    return lambda x: along(x, v)[-1]


def nested(function, v):
    """Return the same derivative by one `jvp` around the other."""

    def once(inner, _):
        return lambda x: ad.jvp(inner, (x,), (v,))[1]

    return reduce(once, range(ORDER), function)
