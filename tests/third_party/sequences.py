"""Hidden Markov models: the forward algorithm in three notations, and Viterbi's."""

import numpy as np


def logsumexp(a, axis=None):
    top = np.max(a, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return np.squeeze(total, axis=axis)


def forward(log_start, log_step, log_emit, observed):
    alpha = log_start + log_emit[:, observed[0]]
    for symbol in observed[1:]:
        alpha = logsumexp(alpha[:, None] + log_step, axis=0) + log_emit[:, symbol]
    return logsumexp(alpha)


def forward_in_place(log_start, log_step, log_emit, observed):
    """The same with a table, and with `out=` for every exponential and logarithm."""
    n = len(observed)
    table = np.zeros_like(log_start, shape=(n, len(log_start)))
    table[0] = log_start + log_emit[:, observed[0]]
    for t in range(1, n):
        scratch = table[t - 1][:, None] + log_step
        top = scratch.max(axis=0)
        scratch -= top
        np.exp(scratch, out=scratch)
        row = scratch.sum(axis=0)
        np.log(row, out=row)
        table[t] = row + top + log_emit[:, observed[t]]
    return np.logaddexp.reduce(table[-1])


def scaled_forward(start, step, emit, observed):
    """Probabilities, normalised at every time."""
    alpha = start * emit[:, observed[0]]
    scales = [alpha.sum()]
    alpha = alpha / scales[-1]
    for symbol in observed[1:]:
        alpha = (alpha @ step) * emit[:, symbol]
        scales.append(alpha.sum())
        alpha = alpha / scales[-1]
    return np.sum(np.log(np.array(scales)))


def viterbi(log_start, log_step, log_emit, observed):
    """The best path and its score."""
    score = log_start + log_emit[:, observed[0]]
    back = []
    for symbol in observed[1:]:
        candidates = score[:, None] + log_step
        back.append(np.argmax(candidates, axis=0))
        score = np.max(candidates, axis=0) + log_emit[:, symbol]
    path = [int(np.argmax(score))]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1], np.max(score)
