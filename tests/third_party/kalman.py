"""A Kalman filter: the log-likelihood of measurements, and the filtered states."""

import numpy as np


def kalman_filter(z, F, H, Q, R, x0, P0):
    x, P = x0, P0
    eye = np.eye(len(x0))
    states = []
    log_likelihood = 0.0
    for measurement in z:
        x = F @ x
        P = F @ P @ F.T + Q
        innovation = measurement - H @ x
        S = H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        x = x + K @ innovation
        P = (eye - K @ H) @ P
        log_likelihood -= 0.5 * (
            innovation @ np.linalg.solve(S, innovation)
            + np.log(np.linalg.det(S))
            + len(innovation) * np.log(2 * np.pi)
        )
        states.append(x)
    return np.array(states), log_likelihood


def tracking(noise, measured, steps=6):
    """Position and velocity of a point of which the position is measured."""
    dt = 0.1
    F = np.array([[1.0, dt], [0.0, 1.0]])
    H = np.array([[1.0, 0.0]])
    Q = noise[0] * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    R = noise[1] * np.eye(1)
    z = np.asarray(measured).reshape(-1, 1)[:steps]
    return kalman_filter(z, F, H, Q, R, np.zeros(2), np.eye(2))
