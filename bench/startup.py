"""What comes before speed: the first use of a large program, and the import of the library."""

import statistics
import subprocess
import sys

import numpy as np

import autodiff as ad
from bench.table import Row, seconds
from bench.timing import time_calls

IMPORT = """
import numpy, time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def rows():
    """Measure first uses and imports."""
    check_chain()
    small, large = first_uses(10_000, 20_000)
    growth = large / small
    yield Row("first grad, 10,000 equations", seconds(small), target="< 2 s", met=small < 2)
    yield Row(
        "first grad, 20,000 equations, to 10,000",
        seconds(large),
        ratio=f"{growth:.2f}x",
        target="< 2.3x",
        met=growth < 2.3,
    )
    ours, jax = import_time("autodiff"), import_time("jax")
    yield Row(
        "import, beyond that of numpy",
        seconds(ours),
        f"jax {seconds(jax)}",
        f"{jax / ours:.2f}x",
        "< 60 ms",
        ours < 0.06,
    )


def chain(equations):
    """Return a function that a Python loop makes into a program of that many equations."""

    def function(x):
        h = x
        for _ in range(equations // 2):
            h = np.sin(h) + x
        return np.sum(h)

    return function


def check_chain(equations=100):
    """Fail unless the gradient of a chain is the one that a recurrence gives."""
    x = np.linspace(0.1, 0.7, 4)
    h, derivative = x, np.ones(4)
    for _ in range(equations // 2):
        derivative = np.cos(h) * derivative + 1
        h = np.sin(h) + x
    np.testing.assert_allclose(ad.grad(chain(equations))(x), derivative, rtol=1e-12)


def first_uses(*sizes, rounds=5):
    """Return the median seconds of the first gradient of a chain, for each size.

    A size differs a little from round to round, so that no round finds what another has cached.
    """
    times = [[first_use(size + 2 * turn) for size in sizes] for turn in range(rounds)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def first_use(equations):
    """Return the seconds to trace, differentiate and run a chain that is new to the library."""
    function, x = chain(equations), np.linspace(0.1, 0.7, 4)
    return time_calls(lambda: ad.grad(function)(x))


def import_time(module, repeats=7):
    """Return the median seconds that a module takes to import once numpy is there."""
    command = [sys.executable, "-c", IMPORT.format(module=module)]
    times = [float(subprocess.check_output(command, text=True)) for _ in range(repeats)]
    return statistics.median(times)
