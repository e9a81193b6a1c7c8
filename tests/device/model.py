"""A user's file: plain NumPy, with nothing of ours in it. Its arguments decide where it runs."""

import numpy as np


def logistic(w, features, labels):
    """Logistic regression with a penalty."""
    z = features @ w
    return np.mean(np.logaddexp(0, z) - labels * z) + 0.01 * w @ w


def network(params, x, y):
    """Cross entropy of a two-layer network."""
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    z = h @ w + b
    z = z - z.max(axis=1, keepdims=True)
    return -np.mean(np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))), axis=1))


def recurrent(params, xs):
    """A recurrent network, one Python step for each row."""
    h = np.zeros_like(params["b"])
    for x in xs:
        h = np.tanh(params["w"] @ h + params["u"] @ x + params["b"])
    return np.sum(h**2)


def guarded(x):
    """The branch that is not taken is infinite or NaN, and so is its derivative."""
    return np.sum(np.where(x > 0, np.log(x), 0.0) + np.where(x < 0, 0.0, np.sqrt(x)))


def assigned(x):
    """In-place assignment of rows, slices and masks."""
    out = np.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2
    out[1:] += x[:-1]
    out[x > 1] *= 0.5
    out[0, 0] = 3.0
    return np.sum(np.sin(out))


def picked(logits, labels):
    """Elements chosen by an array of integers, together with positions made on the spot."""
    top = logits.max(axis=1, keepdims=True)
    log_p = logits - top - np.log(np.sum(np.exp(logits - top), axis=1, keepdims=True))
    weights = np.linspace(0.5, 1.5, len(labels))
    return -np.mean(weights * log_p[np.arange(len(labels)), labels])


def branching(x):
    """Python control flow on values."""
    if x.sum() > 0:
        x = 2 * x
    scale, steps = np.max(np.abs(x)), 0
    while scale > 0.1 and steps < 50:
        x = x / (1 + scale)
        scale, steps = np.max(np.abs(x)), steps + 1
    return np.sum(np.cos(x)) * steps


def scaled(x, factor, times=2):
    """Numbers beside arrays."""
    return np.prod(1 + factor * x) / times


def stirred(x):
    """A bit of everything that moves elements about."""
    rows = [np.sort(x, axis=0)[::-1], np.cumsum(x, axis=1), np.roll(x, 1, axis=0)]
    both = np.concatenate([np.stack(rows).sum(axis=0), x.T.reshape(x.shape)], axis=1)
    return np.einsum("ij,ij->", both, np.pad(both, ((1, 0), (0, 0)))[:-1]) + both[-1, -1]
