"""Pseudo-spectral solvers on a periodic domain: Burgers' and the Korteweg-de Vries equation."""

import numpy as np


def runge_kutta(f, u, dt, steps):
    for _ in range(steps):
        k1 = f(u)
        k2 = f(u + 0.5 * dt * k1)
        k3 = f(u + 0.5 * dt * k2)
        k4 = f(u + dt * k3)
        u = u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return u


def burgers(u0, viscosity, dt=1e-3, steps=5):
    n = len(u0)
    k = np.fft.rfftfreq(n, 1 / n)
    dealiased = np.where(k < n / 3, 1.0, 0.0)

    def rate(u):
        spectrum = np.fft.rfft(u)
        slope = np.fft.irfft(1j * k * spectrum * dealiased, n)
        curvature = np.fft.irfft(-(k**2) * spectrum, n)
        return viscosity * curvature - u * slope

    return runge_kutta(rate, u0, dt, steps)


def korteweg_de_vries(u0, strength, dt=1e-3, steps=4):
    """With the linear part as an integrating factor, so that steps may be long."""
    n = u0.shape[0]
    k = np.fft.fftfreq(n) * n
    v = np.fft.fft(u0)
    half = np.exp(1j * k**3 * dt / 2)
    full = half**2
    g = -0.5j * dt * k * strength
    for _ in range(steps):
        a = g * np.fft.fft(np.real(np.fft.ifft(v)) ** 2)
        b = g * np.fft.fft(np.real(np.fft.ifft(half * (v + a / 2))) ** 2)
        c = g * np.fft.fft(np.real(np.fft.ifft(half * v + b / 2)) ** 2)
        d = g * np.fft.fft(np.real(np.fft.ifft(full * v + half * c)) ** 2)
        v = full * v + (full * a + 2 * half * (b + c) + d) / 6
    return np.real(np.fft.ifft(v))


def poisson(f):
    """The potential of a charge density on a periodic square."""
    n, m = f.shape
    kx = np.fft.fftfreq(n)[:, None] * n
    ky = np.fft.fftfreq(m)[None, :] * m
    squared = kx**2 + ky**2
    squared[0, 0] = 1.0
    spectrum = np.fft.fft2(f) / squared
    spectrum[0, 0] = 0.0
    return np.fft.ifft2(spectrum).real
