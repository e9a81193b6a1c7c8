"""A primitive of one's own: the solution of a tridiagonal system, with all its rules in 20 lines.

`run` is a plain Python loop that nobody has to trace. From A x = b follows that the derivative of x
solves the system for db - dA x; and the transpose of solving is solving with the transposed matrix.
With these two rules, every order of derivative, `vmap` and `jit` follow.
Run `python examples/own_primitive.py`; every result is checked against NumPy's dense solver.
"""

import numpy as np

import autodiff as ad


def thomas(lower, main, upper, b):
    """Solve in time O(n): lower[0] and upper[-1] are not part of the matrix."""
    n = len(b)
    factor, x = np.zeros(n), np.zeros(n)
    for i in range(n):
        pivot = main[i] - (lower[i] * factor[i - 1] if i else 0)
        factor[i] = upper[i] / pivot
        x[i] = (b[i] - (lower[i] * x[i - 1] if i else 0)) / pivot
    for i in range(n - 2, -1, -1):
        x[i] -= factor[i] * x[i + 1]
    return x


def multiply(lower, main, upper, x):
    """The product with the matrix."""
    zero = np.zeros_like(x[:1])
    below, above = np.concatenate([zero, x[:-1]]), np.concatenate([x[1:], zero])
    return lower * below + main * x + upper * above


def pushed(inputs, tangents):
    *bands, b = inputs
    *changes, db = tangents
    x = tridiagonal_solve(*bands, b)
    return x, tridiagonal_solve(*bands, db - multiply(*changes, x))


def pulled(ct, i, lower, main, upper, b):
    if i < 3:
        raise ValueError("the solution is linear in b only")
    transposed = np.roll(upper, 1), main, np.roll(lower, -1)
    return tridiagonal_solve(*transposed, ct)


tridiagonal_solve = ad.define_primitive(
    "tridiagonal_solve", run=thomas, types=lambda *bands: bands[-1], jvp=pushed, transpose=pulled
)


def dense(lower, main, upper):
    """The same matrix with all its zeros."""
    return np.diag(main) + np.diag(lower[1:], -1) + np.diag(upper[:-1], 1)


def main():
    """Compare values and derivatives of three orders with those of the dense solver."""
    rng = np.random.default_rng(0)
    lower, upper, b = rng.uniform(-1, 1, (3, 6))
    diagonal = rng.uniform(3, 4, 6)
    bands = (lower, diagonal, upper)
    inverse = np.linalg.inv(dense(*bands))
    x = tridiagonal_solve(*bands, b)
    np.testing.assert_allclose(x, inverse @ b, rtol=1e-12)

    def energy(diagonal, b):
        return np.sum(tridiagonal_solve(lower, diagonal, upper, b) ** 2)

    by_diagonal, by_b = ad.grad(energy, argnums=(0, 1))(diagonal, b)
    np.testing.assert_allclose(by_b, 2 * inverse.T @ x, rtol=1e-12)
    np.testing.assert_allclose(by_diagonal, -2 * inverse.T @ x * x, rtol=1e-12)
    hessian = ad.hessian(energy, argnums=1)(diagonal, b)
    np.testing.assert_allclose(hessian, 2 * inverse.T @ inverse, rtol=1e-12)
    rows = ad.jit(ad.vmap(ad.grad(energy, argnums=1), in_axes=(None, 0)))(diagonal, np.eye(6))
    np.testing.assert_allclose(rows, 2 * inverse.T @ inverse, rtol=1e-12)
    ad.check_grads(energy, (diagonal, b), order=2)
    print("value, gradients, Hessian, vmap and jit agree with the dense solver")


if __name__ == "__main__":
    main()
