"""Sphere tracing: rays go on by the distance to the scene until they touch it."""

import numpy as np


def distance(points, centre, radius):
    sphere = np.linalg.norm(points - centre, axis=-1) - radius
    floor = points[..., 1] + 1.0
    return np.minimum(sphere, floor)


def normals(points, centre, radius, h=1e-4):
    gradient = []
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = h
        ahead = distance(points + step, centre, radius)
        behind = distance(points - step, centre, radius)
        gradient.append(ahead - behind)
    n = np.stack(gradient, axis=-1)
    return n / np.linalg.norm(n, axis=-1, keepdims=True)


def render(centre, radius, light, size=6):
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-0.9, 0.9, size))
    rays = np.stack([x, y, np.full_like(x, 1.5)], axis=-1)
    rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    origin = np.array([0.0, 0.0, -3.0])
    travelled = np.zeros(rays.shape[:-1])
    step, n = np.inf, 0
    while np.max(step) > 1e-9 and n < 200:
        points = origin + travelled[..., None] * rays
        step = distance(points, centre, radius)
        step = np.where(travelled < 20.0, step, 0.0)
        travelled = travelled + step
        n += 1
    points = origin + travelled[..., None] * rays
    lit = np.clip(np.sum(normals(points, centre, radius) * light, axis=-1), 0.0, 1.0)
    return np.where(travelled < 20.0, lit, 0.0)
