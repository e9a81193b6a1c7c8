"""Gravitation: pairwise forces and leapfrog steps."""

import numpy as np


def acceleration(position, mass, softening):
    difference = position[None, :, :] - position[:, None, :]
    squared = np.sum(difference**2, axis=-1) + softening**2
    np.fill_diagonal(squared, 1.0)
    weight = mass[None, :] * squared**-1.5
    np.fill_diagonal(weight, 0.0)
    return np.einsum("ij,ijk->ik", weight, difference)


def leapfrog(position, velocity, mass, dt=0.01, steps=5, softening=0.1):
    position, velocity = position.copy(), velocity.copy()
    a = acceleration(position, mass, softening)
    for _ in range(steps):
        velocity += 0.5 * dt * a
        position += dt * velocity
        a = acceleration(position, mass, softening)
        velocity += 0.5 * dt * a
    return position, velocity


def energy(position, velocity, mass, softening=0.1):
    kinetic = 0.5 * np.sum(mass[:, None] * velocity**2)
    i, j = np.triu_indices(len(mass), k=1)
    distance = np.sqrt(np.sum((position[i] - position[j]) ** 2, axis=-1) + softening**2)
    return kinetic - np.sum(mass[i] * mass[j] / distance)
