"""The marginal likelihood of a Gaussian process, by a Cholesky factorisation."""

import numpy as np


def kernel(x, y, length, variance):
    squared = np.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=-1)
    return variance * np.exp(-0.5 * squared / length**2)


def log_marginal_likelihood(theta, x, y):
    length, variance, noise = np.exp(theta)
    K = kernel(x, x, length, variance) + noise * np.eye(len(x))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return -0.5 * np.dot(y, alpha) - np.sum(np.log(np.diag(L))) - 0.5 * len(x) * np.log(2 * np.pi)


def by_determinant(theta, x, y):
    length, variance, noise = np.exp(theta)
    K = kernel(x, x, length, variance)
    K[np.diag_indices_from(K)] += noise
    _, logdet = np.linalg.slogdet(K)
    return -0.5 * (y @ np.linalg.solve(K, y) + logdet + len(x) * np.log(2 * np.pi))


def closed_form_gradient(theta, x, y):
    """Rasmussen and Williams, equation 5.9."""
    length, variance, noise = np.exp(theta)
    squared = np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=-1)
    smooth = variance * np.exp(-0.5 * squared / length**2)
    inverse = np.linalg.inv(smooth + noise * np.eye(len(x)))
    outer = np.outer(inverse @ y, inverse @ y) - inverse
    derivatives = [smooth * squared / length**2, smooth, noise * np.eye(len(x))]
    return np.array([0.5 * np.trace(outer @ d) for d in derivatives])
