"""Gradients through eigenvalues, singular values and pseudo-inverses, where JAX and PyTorch have
them: those of losses that do not depend on the phase of eigenvectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.smoothness import direction

kinds = pytest.mark.parametrize("dtype", [float, complex])


def real_loss(f: Any, xp: Any) -> Any:
    """A weighted sum of the results, as a function of the matrix."""

    def loss(x: Any) -> Any:
        parts = [xp.abs(y) ** 2 for y in f(x)]
        return sum([xp.sum(xp.sin(p) * (i + 1)) for i, p in enumerate(parts)])

    return loss


CALLS = {
    "eigh": lambda np: lambda x: np.linalg.eigh(x + np.conj(x).T),
    "eigvalsh": lambda np: lambda x: [np.linalg.eigvalsh(x + np.conj(x).T)],
    "eigvals": lambda np: lambda x: [np.sum(np.exp(np.linalg.eigvals(x)))],
    "svd": lambda np: lambda x: np.linalg.svd(x[:, :2], full_matrices=False),
    "pinv": lambda np: lambda x: [np.linalg.pinv(x[:2])],
    "lstsq": lambda np: lambda x: [np.linalg.lstsq(x[:, :2], x[:, 2])[0]],
}


@kinds
@pytest.mark.parametrize("name", CALLS)
def test_gradients_are_those_of_jax(name, dtype):
    jax = pytest.importorskip("jax")
    x = np.diag([1.0, 2, 4]) + 0.2 * direction(np.zeros((3, 3), dtype))
    with jax.enable_x64(True):
        expected = jax.grad(real_loss(CALLS[name](jax.numpy), jax.numpy))(x)
        found = ad.grad(real_loss(CALLS[name](np), np))(x)
        np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-9, atol=1e-10)


@kinds
@pytest.mark.parametrize("name", ["eigh", "eigvalsh", "svd", "pinv"])
def test_gradients_are_those_of_pytorch(name, dtype):
    torch = pytest.importorskip("torch")
    x = np.diag([1.0, 2, 4]) + 0.2 * direction(np.zeros((3, 3), dtype))

    class Names:  # NumPy's names for what PyTorch calls otherwise
        linalg, conj, exp, sum, abs, sin = (
            torch.linalg, torch.conj, torch.exp, torch.sum, torch.abs, torch.sin,
        )  # fmt: skip

    leaf = torch.tensor(x, requires_grad=True)
    real_loss(CALLS[name](Names), Names)(leaf).backward()
    found = ad.grad(real_loss(CALLS[name](np), np))(x)
    np.testing.assert_allclose(
        found, np.conj(leaf.grad.resolve_conj().numpy()), rtol=1e-9, atol=1e-10
    )
