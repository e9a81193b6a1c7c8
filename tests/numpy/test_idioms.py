"""What people write with NumPy, unchanged: each function traces, and has the right gradient."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import EscapeError, NoValueError, UnsupportedFunctionError
from tests.numpy.calls import check_call, check_gradient, sample

DATA = np.arange(12.0).reshape(4, 3) / 7


def network(w, v, x):
    h = np.tanh(x @ w)
    z = h @ v
    z = z - z.max(axis=1, keepdims=True)
    return -np.mean(z[:, 0] - np.log(np.sum(np.exp(z), axis=1)))


def assigned(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2 + (out[i - 1] if i else 0)
    return out


def assigned_into_new_array(x):
    out = np.zeros((2, x.size), like=x)
    out[0] = x
    out[1, ::-1] = 2 * x
    out[:, 1] += 1
    return out


def branching(x):
    if x.sum() > 0:
        return np.sin(x)
    return -x


def converging(x):
    """Newton's method for the square root."""
    guess = x
    error = np.inf
    while error > 1e-12:
        new = (guess + x / guess) / 2
        error = abs(new - guess)
        guess = new
    return guess


def rows(x):
    total = 0.0
    for row in x:
        total = total + np.exp(row).sum() ** 0.5
    return total


def unpacked(x):
    a, b, c = x
    return a * b - c / a


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def recurrent(x):
    h = np.zeros(3)
    w = np.eye(3) * 0.5 + DATA[:3]
    for step in x:
        h = np.tanh(w @ h + step)
    return h


def in_place(x):
    y = x * 1.0
    y += 2
    y *= x
    y[y > 4] = 0
    y /= 3
    return y


VECTOR = {
    "assigned": assigned,
    "assigned_into_new_array": assigned_into_new_array,
    "branching": branching,
    "branching-other": lambda x: branching(-x),
    "unpacked": unpacked,
    "rosenbrock": rosenbrock,
    "in_place": in_place,
    "array @ x": lambda x: DATA @ x,
    "array * x": lambda x: DATA * x - DATA,
    "scalar - x": lambda x: 2 - x / 3 + np.float64(2) * x,
    "array += x": lambda x: DATA + x,
    "list of floats": lambda x: np.array([1.0, 2.0, 3.0]) * x + [1, 2, 3],
    "add.reduce": lambda x: np.add.reduce(x),
    "multiply.outer": lambda x: np.multiply.outer(x, x),
    "reductions": lambda x: (x.sum(), x.mean(), x.max(), x.min(), x.std(), x.prod()),
    "concatenate": lambda x: np.concatenate([x, [1.0], x[:2]]),
    "hstack": lambda x: np.hstack([x, 1.0]),
    "sorted": lambda x: np.sort(x)[::-1],
    "by argmax": lambda x: x[np.argmax(x)],
    "by mask": lambda x: x[x > 0.5],
    "gathered": lambda x: x[[0, 0, 2]],
    "norm": lambda x: np.sqrt(np.sum(x**2)),
    "softmax": lambda x: np.exp(x - x.max()) / np.sum(np.exp(x - x.max())),
    "logsumexp": lambda x: np.logaddexp.reduce(x),
    "cumulative": lambda x: np.cumsum(np.log1p(x**2)),
    "polynomial": lambda x: sum(c * x**i for i, c in enumerate([1.0, 2.0, 3.0])),
    "clipped": lambda x: np.maximum(0, x - 0.5) + np.minimum(x, 1) + np.abs(x),
    "dot": lambda x: np.dot(x, x) + x.dot(x) + np.inner(x, x),
    "zip": lambda x: sum(a * b for a, b in zip(x, [1.0, 2.0, 3.0], strict=True)),
    "enumerate": lambda x: sum(i * v for i, v in enumerate(x)),
    "stack of loop": lambda x: np.stack([np.sin(x * k) for k in range(3)]),
    "meshgrid": lambda x: np.hypot(*np.meshgrid(x, x)),
    "len": lambda x: x / len(x) / x.size / x.shape[0],
    "dtype": lambda x: np.zeros(3, dtype=x.dtype) + x,
    "print": lambda x: x * len(f"{x.sum():.1f}"),
    "in": lambda x: x * (7.0 in x) + x,
    "integer of array": lambda x: x[int(np.argmin(x))] * x[np.argmax(x).item()],
}

MATRIX = {
    "T.dot": lambda w: w.T.dot(np.ones(len(w))),
    "T @": lambda w: DATA.T @ DATA @ w,
    "einsum": lambda w: np.einsum("ij,kj->ik", w, w),
    "einsum-implicit": lambda w: np.einsum("ij,jk,kl", w, DATA.T, DATA),
    "sum-reshape": lambda w: w.sum(0).reshape(-1),
    "where": lambda w: np.where(w > 0.55, w, w**2),
    "rows": rows,
    "recurrent": recurrent,
    "normalised": lambda w: (w - w.mean(axis=0)) / (w.std(axis=0) + 1e-3),
    "linear algebra by hand": lambda w: np.trace(w @ w) + np.diag(w).prod() + np.triu(w).sum(),
    "tensordot": lambda w: np.tensordot(w, w, axes=([0], [0])),
    "broadcast": lambda w: w[:, None, :] - w[None, :, :],
    "distances": lambda w: np.sqrt(((w[:, None] - w[None] + 0.1) ** 2).sum(-1)),
    "expanded": lambda w: np.expand_dims(w, -1) * np.ones((1, 1, 2)),
    "moved": lambda w: np.moveaxis(np.stack([w, w * 2]), 0, -1),
    "split": lambda w: np.split(w, 3, axis=1)[1] * np.vsplit(w, 3)[0],
    "padded": lambda w: np.pad(w, ((1, 0), (0, 2))),
    "convolved": lambda w: np.convolve(w[0], w[1], mode="same"),
    "ravel": lambda w: w.ravel() @ w.flatten(),
    "take": lambda w: np.take(w, [0, 2], 1) + np.take_along_axis(w, np.array([[0], [1], [2]]), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", VECTOR)
def test_functions_of_a_vector(name):
    x = sample((3,)) + 0.2
    compiled = not {"branching", "by mask", "print", "in", "integer", "by argmax"} & {
        name, name.split("-")[0], name.split(" ")[0],
    }  # fmt: skip
    check_call(VECTOR[name], x, compiled=compiled)
    check_gradient(VECTOR[name], x)


@pytest.mark.parametrize("name", MATRIX)
def test_functions_of_a_matrix(name):
    check_call(MATRIX[name], sample((3, 3)))
    check_gradient(MATRIX[name], sample((3, 3)))


def test_network():
    arrays = [sample((3, 5)), sample((5, 2), seed=1), sample((4, 3), seed=2)]
    check_call(network, *arrays)
    check_gradient(network, *arrays)


def test_loop_until_convergence():
    value, slope = ad.value_and_grad(converging)(2.0)
    np.testing.assert_allclose([value, slope], [math.sqrt(2), 0.5 / math.sqrt(2)], rtol=1e-12)
    with pytest.raises(NoValueError, match=r"ad\.while_loop"):
        ad.jit(converging)(2.0)


def test_array_indexed_by_a_traced_integer():
    def f(x, i):
        return DATA[i].sum() * x + DATA[0][i % 3] * x

    assert ad.grad(f)(2.0, np.array(1)) == DATA[1].sum() + DATA[0, 1]
    table = np.array([5, 6, 7])
    assert ad.grad(lambda x: x * table[np.argmax(DATA * x) % 3])(2.0) == 7.0


def test_escapes_are_refused_with_the_fix():
    x = np.ones(3)
    with pytest.raises(EscapeError, match=r"np\.sin"):
        ad.grad(lambda x: math.sin(x[0]))(x)
    with pytest.raises(EscapeError, match=r"like=x"):
        ad.grad(lambda x: _into_plain_array(x).sum())(x)
    with pytest.raises(EscapeError):
        ad.grad(lambda x: np.ones(3).dot(x))(x)  # NumPy does not ask the operand here: write `@`


def _into_plain_array(x):
    out = np.zeros(3)
    out[0] = x[0]
    return out


def test_unknown_functions_are_refused_by_name():
    with pytest.raises(UnsupportedFunctionError, match=r"numpy\.busday_offset"):
        ad.grad(lambda x: np.busday_offset(x, 1))(np.ones(3))


def test_line_of_the_user_is_kept():
    program = ad.trace(lambda x: np.mean(x.sum(axis=1, keepdims=True)))(np.ones((2, 3)))
    assert "test_idioms.py" in str(program)
