"""What comes before speed: the first use of a large program, and the import of the library."""

import os
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
FIRST_USE = """
from bench.startup import check_chain, first_use
check_chain()
print(first_use({equations}))
"""


def rows():
    """Measure first uses and imports."""
    small, large = in_fresh_processes(
        FIRST_USE.format(equations=10_000), FIRST_USE.format(equations=20_000)
    )
    growth = large / small
    yield Row("first grad, 10,000 equations", seconds(small), target="< 2 s", met=small < 2)
    yield Row(
        "first grad, 20,000 equations, to 10,000",
        seconds(large),
        ratio=f"{growth:.2f}x",
        target="< 2.3x",
        met=growth < 2.3,
    )
    ours, jax = in_fresh_processes(IMPORT.format(module="autodiff"), IMPORT.format(module="jax"))
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


def first_use(equations):
    """Return the seconds to trace, differentiate and run a chain that is new to the library."""
    function, x = chain(equations), np.linspace(0.1, 0.7, 4)
    return time_calls(lambda: ad.grad(function)(x))


def in_fresh_processes(*scripts, rounds=7):
    """Return the median of the number that each script prints; the scripts take turns.

    The first round does not count: it may have had to compile the modules to bytecode.
    """
    printed = [[run(script) for script in scripts] for _ in range(rounds + 1)]
    return [statistics.median(column) for column in zip(*printed[1:], strict=True)]


def run(script):
    """Return the number that a script prints in a process of its own, with bytecode cached."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return float(subprocess.check_output([sys.executable, "-c", script], env=environment))
