"""The speed of gradients: without `jit` against HIPS autograd, with it against `jax.jit`."""

import autograd
import autograd.numpy
import jax
import numpy as np

import autodiff as ad
from bench import functions
from bench.table import faster
from bench.timing import race

jax.config.update("jax_enable_x64", True)
# We wait for each result, so handing the work to another thread would only slow JAX down.
jax.config.update("jax_cpu_enable_async_dispatch", False)


def rows():
    """Compare with both peers."""
    rng = np.random.default_rng(0)
    logistic = (rng.normal(size=(200, 10)), np.sign(rng.normal(size=200)))
    weights = (rng.normal(size=10),)
    yield against_autograd("grad, 5 operations on a scalar", functions.five_operations, (), (1.3,))
    yield against_autograd(
        "grad, logistic regression 200x10", functions.logistic_regression, logistic, weights
    )
    sequence = (rng.normal(size=(1000, 16)),)
    recurrent = (0.1 * rng.normal(size=(32, 32)), 0.1 * rng.normal(size=(32, 16)), np.zeros(32))
    yield against_autograd(
        "grad, RNN of 1,000 steps, hidden 32", functions.recurrent, sequence, recurrent
    )
    yield against_jax(
        "jit(grad), logistic regression 200x10", functions.logistic_regression, logistic, weights
    )
    batch = (rng.normal(size=(32, 10)), rng.normal(size=32))
    layers = (rng.normal(size=(10, 5)), np.zeros(5), rng.normal(size=5), 0.0)
    yield against_jax("jit(grad), network 10x5, batch 32", functions.network, batch, layers)


def against_autograd(case, function, data, arguments):
    """Race the un-jitted gradient with respect to all arguments."""
    argnums = tuple(range(len(arguments)))
    ours = ad.grad(function(np, *data), argnums)
    theirs = autograd.grad(function(autograd.numpy, *data), argnums)
    check(ours(*arguments), theirs(*arguments))
    times = race(lambda: ours(*arguments), lambda: theirs(*arguments))
    return faster(case, times[0], "autograd", times[1], at_least=4)


def against_jax(case, function, data, arguments):
    """Race the compiled gradient; JAX gets its own arrays and has to finish its work."""
    argnums = tuple(range(len(arguments)))
    ours = ad.jit(ad.grad(function(np, *data), argnums))
    jax_data, jax_arguments = jax.tree.map(jax.numpy.asarray, (data, arguments))
    theirs = jax.jit(jax.grad(function(jax.numpy, *jax_data), argnums))
    check(ours(*arguments), theirs(*jax_arguments))
    times = race(lambda: ours(*arguments), lambda: jax.block_until_ready(theirs(*jax_arguments)))
    return faster(case, times[0], "jax.jit", times[1], at_least=1)


def check(ours, theirs):
    """Fail unless both computed the same gradients."""
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-12)
