"""A training step on a GPU: ours against CuPy by hand, and PyTorch and JAX where installed.

`python -m bench.device` needs CuPy and a GPU. Times are those of a step in a loop of many, at whose
end the host waits for the device: what counts is how fast steps can be given out, or done.
All compute in float32 as such, without the shorter products of tensor cores.
"""

import importlib
import importlib.util
import os
import sys
from functools import partial
from itertools import pairwise

import numpy as np

import autodiff as ad
from bench.table import Row, header, seconds, written
from bench.timing import race

CASES = (  # sizes of the layers, examples in a batch
    ((64, 32, 10), 32),
    ((784, 512, 512, 10), 128),
    ((1024, 4096, 4096, 1000), 1024),
)
STEPS = 20  # in a row before the host waits


def rows():
    """Race all contenders, for each size of the network."""
    cupy = importlib.import_module("cupy")
    for sizes, batch in CASES:
        data = network_data(sizes, batch)
        ours = our_step(cupy, data)
        mine = timed(*ours)
        peers = [("CuPy by hand", step_by_hand(cupy, data))]
        peers += [(name, make(data)) for name, make in OTHERS.items() if installed(name)]
        case = f"value_and_grad, {'-'.join(map(str, sizes))}, batch {batch}"
        for name, peer in peers:
            compare(ours[0](), peer[0]())
            first, second = race(mine, timed(*peer), rounds=11)
            yield Row(
                case,
                seconds(first / STEPS),
                f"{name} {seconds(second / STEPS)}",
                f"{second / first:.2f}x",
            )


def network_data(sizes, batch):
    """Return `(params, inputs, one-hot targets)` of a classifier, on the host."""
    rng = np.random.default_rng(0)
    params = [
        ((rng.normal(size=(n, m)) / np.sqrt(n)).astype(np.float32), np.zeros(m, np.float32))
        for n, m in pairwise(sizes)
    ]
    targets = np.eye(sizes[-1], dtype=np.float32)[rng.integers(0, sizes[-1], batch)]
    return params, rng.normal(size=(batch, sizes[0])).astype(np.float32), targets


def timed(step, wait):
    """Return what takes the time of many steps."""

    def run():
        for _ in range(STEPS):
            step()
        wait()

    return run


def compare(ours, theirs):
    """Fail unless both computed the same value and gradients."""
    value, grads = ours
    other, others = theirs
    np.testing.assert_allclose(float(value), float(other), rtol=1e-4)
    for mine, their in zip(flat(grads), flat(others), strict=True):
        mine, their = on_host(mine), on_host(their)
        np.testing.assert_allclose(mine, their, rtol=1e-3, atol=1e-3 * np.abs(mine).max())


def flat(layers):
    """Return weights and biases as one list."""
    return [array for layer in layers for array in layer]


def on_host(array):
    """Return an array of any of the libraries as NumPy's."""
    if hasattr(array, "get"):
        return array.get()
    return array.cpu().numpy() if hasattr(array, "cpu") else np.asarray(array)


def installed(name):
    """Return whether a library can be imported."""
    return importlib.util.find_spec(name) is not None


# ---- the contenders: each a step without arguments, and how to wait for the device


def loss(np, params, inputs, targets):
    """Return the cross entropy; `np` is NumPy or JAX's."""
    h = inputs
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    z = h @ w + b
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(np.sum(targets * log_p, axis=1))


def our_step(xp, data):
    """Plain NumPy code, on arrays of `xp`."""
    there = ad.tree.map(xp.asarray, data)
    step = ad.jit(ad.value_and_grad(partial(loss, np)))
    return lambda: step(*there), waiting(xp)


def step_by_hand(xp, data):
    """What one would write without any library for derivatives."""
    params, inputs, targets = ad.tree.map(xp.asarray, data)

    def step():
        layers = [inputs]
        for w, b in params[:-1]:
            layers.append(xp.tanh(layers[-1] @ w + b))
        w, b = params[-1]
        z = layers[-1] @ w + b
        z -= z.max(axis=1, keepdims=True)
        e = xp.exp(z)
        total = e.sum(axis=1, keepdims=True)
        value = -(targets * (z - xp.log(total))).sum(axis=1).mean()
        dz = (e / total - targets) / len(inputs)
        grads = []
        for i in reversed(range(len(params))):
            h = layers[i]
            grads.append((h.T @ dz, dz.sum(axis=0)))
            if i:
                dz = (dz @ params[i][0].T) * (1 - h * h)
        return value, grads[::-1]

    return step, waiting(xp)


def waiting(xp):
    """Return what waits for the device."""
    return xp.cuda.get_current_stream().synchronize if hasattr(xp, "cuda") else lambda: None


def torch_step(data):
    """PyTorch, as it is used most: eagerly."""
    torch = importlib.import_module("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    params, inputs, targets = ad.tree.map(lambda a: torch.tensor(a, device=device), data)
    leaves = [a.requires_grad_() for a in flat(params)]

    def step():
        h = inputs
        for w, b in params[:-1]:
            h = torch.tanh(h @ w + b)
        w, b = params[-1]
        log_p = torch.log_softmax(h @ w + b, dim=1)
        value = -(targets * log_p).sum(dim=1).mean()
        grads = torch.autograd.grad(value, leaves)
        return value.detach(), list(zip(grads[::2], grads[1::2], strict=True))

    return step, torch.cuda.synchronize if device == "cuda" else lambda: None


def jax_step(data):
    """JAX, compiled."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    jax = importlib.import_module("jax")
    jax.config.update("jax_default_matmul_precision", "highest")
    there = jax.tree.map(jax.numpy.asarray, data)
    compiled = jax.jit(jax.value_and_grad(partial(loss, jax.numpy)))
    last = []

    def step():
        last[:] = [compiled(*there)]
        return last[0]

    return step, lambda: jax.block_until_ready(last)


OTHERS = {"torch": torch_step, "jax": jax_step}


def main():
    """Print the table, or why there is none."""
    if not installed("cupy") or not importlib.import_module("cupy").is_available():
        sys.exit("bench.device needs CuPy and a GPU")
    print(header())
    for row in rows():
        print(written(row), flush=True)


if __name__ == "__main__":
    main()
