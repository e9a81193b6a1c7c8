"""Explicit steps of the heat equation, in the ways that NumPy code writes stencils."""

import numpy as np


def in_place(u0, alpha, steps):
    """The inner points are added to where they are."""
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


def double_buffered(u0, alpha, steps):
    """Two buffers, which exchange their names."""
    u = np.array(u0)
    v = np.empty_like(u)
    for _ in range(steps):
        v[0], v[-1] = u[0], u[-1]
        v[1:-1] = u[1:-1] + alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
        u, v = v, u
    return u


def plate(u0, alpha, steps):
    """Two dimensions, a preallocated Laplacian, and edges that are held at zero."""
    u = u0 * 1.0
    laplacian = np.zeros_like(u)
    for _ in range(steps):
        laplacian[1:-1, 1:-1] = (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]
        )
        u += alpha * laplacian
        u[0, :] = u[-1, :] = 0.0
        u[:, 0] = u[:, -1] = 0.0
    return u


def history(u0, alpha, steps):
    """All times in one preallocated array."""
    frames = np.zeros_like(u0, shape=(steps + 1, *u0.shape))
    frames[0] = u0
    for n in range(steps):
        frames[n + 1] = frames[n]
        frames[n + 1, 1:-1] += alpha * np.diff(frames[n], 2)
    return frames


def with_ufuncs(u0, alpha, steps):
    """Everything by `out=`."""
    u = np.copy(u0)
    flux = np.zeros_like(u[1:])
    for _ in range(steps):
        np.subtract(u[1:], u[:-1], out=flux)
        np.multiply(flux, alpha, out=flux)
        np.add(u[1:-1], flux[1:] - flux[:-1], out=u[1:-1])
    return u
