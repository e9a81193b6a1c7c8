"""Solvers on a device: the arrays stay there, and the results are NumPy's."""

import numpy as np
import pytest

import autodiff as ad

N = 5


FUNCTIONS = {
    "dense": lambda a, b: ad.linear_solve(a, b),
    "written down": lambda a, b: ad.linear_solve(lambda x: a @ x, b),
    "gmres": lambda a, b: ad.linear_solve(lambda x: a @ x, b, "gmres"),
    "bicgstab": lambda a, b: ad.linear_solve(lambda x: a @ x, b, "bicgstab"),
    "cg": lambda a, b: ad.linear_solve(a @ a.T, b, "cg"),
    "untraced": lambda a, b: ad.gmres(a, b)[0],
    "root": lambda a, b: ad.custom_root(lambda x: a @ x + 0.1 * np.sin(x) - b, b),
    "host": lambda a, b: ad.custom_root(
        lambda x: x**3 - b, b, lambda f, x: np.cbrt(x**3 - f(x)), host=True
    ),
    "fixed point": lambda a, b: ad.fixed_point(lambda x: np.cos(a @ x) / 10 + b, b, memory=3),
    "minimum": lambda a, b: ad.argmin(lambda x: np.sum((a @ x - b) ** 2) + np.sum(x**4), b),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients(name, xp, rng):
    fun = FUNCTIONS[name]
    a, b = rng.uniform(-1, 1, (N, N)) / 4 + 2 * np.eye(N), rng.uniform(0.5, 1, N)
    on_device = xp.asarray(a), xp.asarray(b)
    functions = [fun, ad.jit(fun)]
    if name != "untraced":
        functions.append(ad.grad(lambda a, b: np.sum(fun(a, b) ** 2), 1))
    for f in functions:
        found = f(*on_device)
        assert isinstance(found, xp.ndarray)
        np.testing.assert_allclose(found.get(), f(a, b), rtol=1e-9, atol=1e-11)
