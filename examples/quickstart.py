"""The library in one page: the loss of a small network, and what can be made of it.

`loss` is plain NumPy. Each transform takes a function and returns a function, so they combine.
Run `python examples/quickstart.py`; every result is checked against another way to get it.
"""

import numpy as np

import autodiff as ad


def loss(params, x, y):
    """Return the cross entropy of a tanh network, for inputs (n, 4) and one-hot labels (n, 3)."""
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    z = h @ w + b
    z = z - z.max(axis=1, keepdims=True)
    return -np.mean(np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))


def example_data(rng):
    """Return parameters, a direction of the same shapes, inputs and one-hot labels."""
    params = [(rng.normal(size=(4, 5)), np.zeros(5)), (rng.normal(size=(5, 3)), np.zeros(3))]
    v = ad.tree.map(lambda leaf: rng.normal(size=leaf.shape), params)
    return params, v, rng.normal(size=(8, 4)), np.eye(3)[rng.integers(3, size=8)]


def assert_close(actual, expected, tolerance=1e-12):
    """Fail unless two trees hold the same arrays up to rounding."""
    ad.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=tolerance), actual, expected)


def main():
    """Differentiate, compile, batch and print."""
    params, v, x, y = example_data(np.random.default_rng(0))

    value, grads = ad.value_and_grad(loss)(params, x, y)  # grads has the structure of params
    print(f"loss {value:.4f}")

    hv = ad.hvp(loss)(params, (v,), x, y)  # the Hessian times v, without the Hessian
    step = 1e-6
    ahead = ad.grad(loss)(ad.tree.map(lambda p, d: p + step * d, params, v), x, y)
    behind = ad.grad(loss)(ad.tree.map(lambda p, d: p - step * d, params, v), x, y)
    assert_close(hv, ad.tree.map(lambda a, b: (a - b) / (2 * step), ahead, behind), 1e-7)

    fast = ad.jit(ad.value_and_grad(loss))  # traced once, compiled
    assert_close(fast(params, x, y), (value, grads))

    # One gradient for each example: `loss` then sees one row, which `[:, None]` keeps a matrix.
    per_example = ad.vmap(ad.grad(loss), in_axes=(None, 0, 0))
    rows = per_example(params, x[:, None], y[:, None])
    assert_close(ad.tree.map(lambda g: g.mean(axis=0), rows), grads)

    print(ad.trace(loss)(params, x, y))  # the program
    print(ad.trace(ad.grad(loss))(params, x, y))  # the program of its gradient


if __name__ == "__main__":
    main()
