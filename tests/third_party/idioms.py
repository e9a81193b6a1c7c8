"""Ways of writing that libraries in NumPy are full of."""

import numpy as np


class Signal:
    """Accepts arrays and sequences alike, and checks what it got."""

    def __init__(self, values, rate=1.0):
        if not isinstance(values, np.ndarray):
            values = np.asarray(values, dtype=float)
        if values.ndim != 1:
            raise ValueError("one dimension, please")
        if not np.issubdtype(values.dtype, np.floating):
            values = values.astype(float)
        self.values = np.atleast_1d(values)
        self.rate = rate

    def energy(self):
        return np.trapezoid(self.values**2, dx=1 / self.rate)

    def normalised(self):
        values = self.values.copy()
        values -= values.mean()
        values /= values.std(ddof=1)
        return Signal(values, self.rate)


def huber(x, delta=1.0):
    x = np.asarray(x)
    small = np.abs(x) <= delta
    out = np.zeros_like(x)
    out[small] = 0.5 * x[small] ** 2
    out[~small] = delta * (np.abs(x[~small]) - 0.5 * delta)
    return out


def vectorised(x):
    return np.vectorize(lambda t: t * t if t > 0 else np.sin(t))(x)


def along_rows(x):
    return np.apply_along_axis(lambda row: np.cumsum(row) * row[0], 1, x)


def polynomial_class(c, x):
    p = np.polynomial.Polynomial(c)
    return p(x)


def chebyshev_class(c, x):
    return np.polynomial.Chebyshev(c, domain=[-2, 2])(x)


def preallocated(x):
    """Assigns values into an array that knows nothing of `x`."""
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = x[i] ** 2
    return out.sum()


def preallocated_like(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2
    return out.sum()


def strided(x, strides):
    windows = np.lib.stride_tricks.as_strided(x, (len(x) - 2, 3), strides * 2)
    return windows.sum(axis=1)


def metropolis(log_density, x, proposals, uniforms):
    """A random walk with numbers drawn beforehand."""
    value, visited = log_density(x), []
    for step, u in zip(proposals, uniforms, strict=True):
        candidate = x + step
        new = log_density(candidate)
        if np.log(u) < new - value:
            x, value = candidate, new
        visited.append(x)
    return np.stack(visited)


def newton(x):
    """A square root by iteration to convergence."""
    y = np.ones_like(x)
    while np.any(np.abs(y * y - x) > 1e-12):
        y = 0.5 * (y + x / y)
    return y


def gram_schmidt(vectors):
    basis = []
    for v in vectors:
        w = v - sum(np.dot(v, b) * b for b in basis)
        if np.linalg.norm(w) > 1e-10:
            basis.append(w / np.linalg.norm(w))
    return np.array(basis)


def log_returns(prices, window):
    returns = np.diff(np.log(prices))
    weights = np.ones(window) / window
    mean = np.convolve(returns, weights, mode="valid")
    padded = np.pad(mean, (window - 1, 0), mode="edge")
    return np.sqrt(np.mean((returns - padded) ** 2))


def interpolated(x, xp, fp):
    return np.interp(x, xp, fp)


def in_a_dictionary(parameters):
    total = 0.0
    for name, value in sorted(parameters.items()):
        total += np.sum(np.square(value)) * len(name)
    return total


def many_names(x):
    """Views, in-place operators and masks on one array."""
    y = x.reshape(2, -1).copy()
    top, bottom = y
    top *= 2
    bottom[bottom > 0] = 0
    y[:, ::2] += top[::2]
    y.T[0] -= 1
    np.add.at(y, (0, [0, 0]), 3.0)
    return y.ravel()
