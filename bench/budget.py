"""Memory against time: the gradient of a network with 64 layers within five budgets."""

import gc
import re
import tracemalloc
from typing import NamedTuple

import numpy as np

import autodiff as ad
from bench.table import Row
from bench.timing import race

LAYERS, WIDTH, BATCH = 64, 128, 1024
PARTS = (0.0, 0.1, 0.3, 0.55, 0.8)  # of the way from the least that is possible to everything


class Point(NamedTuple):
    budget: int  # bytes; 0: no checkpoint
    peak: int  # bytes
    time: float  # relative to no checkpoint


def rows():
    """Measure peak and time for each budget."""
    for point in curve():
        if point.budget:
            yield Row(
                f"grad of {LAYERS} layers within {point.budget / 1e6:.0f} MB",
                f"{point.peak / 1e6:.1f} MB",
                ratio=f"{point.time:.2f}x",
                target="<= budget",
                met=point.peak <= point.budget,
            )
        else:
            yield Row(f"grad of {LAYERS} layers", f"{point.peak / 1e6:.1f} MB", ratio="1.00x")


def curve():
    """Return the points: without a checkpoint, then from the largest budget to the least."""
    args = arguments()
    plain = ad.grad(loss)
    expected, most = plain(*args), peak(plain, args)
    least = least_budget(args)
    budgets = [round(least + part * (most - least)) for part in reversed(PARTS)]
    gradients = [ad.grad(ad.checkpoint(loss, budget=budget)) for budget in budgets]
    peaks = [peak(gradient, args) for gradient in gradients]  # the first call counts as well
    for gradient in gradients:
        for found, wanted in zip(gradient(*args), expected, strict=True):
            np.testing.assert_array_equal(found[0], wanted[0])
    runs = [lambda f=f: f(*args) for f in (plain, *gradients)]
    first, *times = race(*runs, rounds=11)
    found = [Point(*point) for point in zip(budgets, peaks, times, strict=True)]
    return [Point(0, most, 1.0), *(point._replace(time=point.time / first) for point in found)]


def loss(params, x):
    """Return the mean square of what a deep network makes."""
    for w, b in params:
        x = np.tanh(x @ w + b)
    return np.mean(x**2)


def arguments():
    """Return weights for each layer, and a batch."""
    rng = np.random.default_rng(0)
    scale = WIDTH**-0.5
    params = [(scale * rng.normal(size=(WIDTH, WIDTH)), np.zeros(WIDTH)) for _ in range(LAYERS)]
    return params, rng.normal(size=(BATCH, WIDTH))


def least_budget(args):
    """Return the least that is possible, which the error tells."""
    try:
        ad.grad(ad.checkpoint(loss, budget=1))(*args)
    except ad.errors.MemoryBudgetError as error:
        return float(re.search(r"budget='([\d.]+)MB'", str(error))[1]) * 1e6
    raise AssertionError("a byte is enough?")


def peak(function, args):
    """Return the most memory that each of a few calls takes beyond what there was before."""
    peaks = []
    for _ in range(3):
        gc.collect()
        tracemalloc.start()
        function(*args)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return max(peaks)
