"""Memory: that calls leave nothing behind, and how the peak of a run grows with its depth."""

import gc
import math
import resource
import tracemalloc
from pathlib import Path

import numpy as np

import autodiff as ad
from bench.functions import logistic_regression
from bench.table import Row

SIZE = 2**17  # elements of the large array, 1 MiB
STATUS = Path("/proc/self/statm")  # on Linux: the pages that this process holds


def rows():
    """Measure leaks and peaks."""
    yield from leaks(calls=10_000)
    check_checkpoints()
    forward = [peak(ad.jit(stages(depth))) for depth in (10, 100, 1000)]
    yield growth("of a run of depth 10, 100, 1000", forward, target=1.1)
    depths = (64, 256, 1024, 4096)
    without = [peak(ad.jit(ad.grad(total(stages(n))))) for n in depths]
    saved = [peak(ad.jit(ad.grad(total(checkpointed(n))))) for n in depths]
    yield growth("of a grad of depth 64, 256, 1024, 4096", without)
    yield growth("of the same, checkpoints of sqrt(n) stages", saved, target=10)


def leaks(calls):
    """Yield how much more memory is held after many gradients than before."""
    rng = np.random.default_rng(0)
    loss = logistic_regression(np, rng.normal(size=(200, 10)), np.sign(rng.normal(size=200)))
    gradient, weights = ad.grad(loss), rng.normal(size=10)
    tracemalloc.start()
    yield flat("Python memory", 64, kept(lambda: gradient(weights), calls, traced_bytes))
    tracemalloc.stop()
    if STATUS.exists():
        yield flat("resident memory", 1024, kept(lambda: gradient(weights), calls, resident_bytes))


def kept(function, calls, held):
    """Return how many bytes more are held after many calls than after the first few."""

    def held_after(count):
        for _ in range(count):
            function()
        gc.collect()
        return held()

    before = held_after(calls // 10)
    return held_after(calls) - before


def traced_bytes():
    """Return the bytes that Python and NumPy hold."""
    return tracemalloc.get_traced_memory()[0]


def resident_bytes():
    """Return the bytes of this process that are in memory."""
    return int(STATUS.read_text().split()[1]) * resource.getpagesize()


def flat(name, limit, growth):
    """Make the row of a leak test, with a limit in KiB."""
    kib = growth / 1024
    written = f"{kib:+.0f} KiB"
    return Row(f"{name}, 10,000 grads", written, target=f"< {limit} KiB", met=kib < limit)


def stages(count):
    """Return the composition of `count` equal stages, each of which keeps the size of its input."""

    def function(h):
        for _ in range(count):
            h = np.sin(h)
        return h

    return function


def checkpointed(count):
    """Return the same composition in sqrt(count) segments of which only the inputs are kept."""
    width = math.isqrt(count)
    segment = ad.checkpoint(stages(width))

    def function(h):
        for _ in range(count // width):
            h = segment(h)
        return h

    return function


def check_checkpoints(depth=16):
    """Fail unless checkpoints leave the gradient as it is."""
    x = np.linspace(0, 1, 5)
    kept, recomputed = (ad.grad(total(f(depth)))(x) for f in (stages, checkpointed))
    np.testing.assert_allclose(recomputed, kept, rtol=1e-12)


def total(function):
    """Return a scalar function: the sum of what another returns."""
    return lambda x: np.sum(function(x))


def peak(function):
    """Return the most memory that a call takes at any time, in large arrays."""
    x = np.linspace(0, 1, SIZE)
    return peak_bytes(function, x) / x.nbytes


def peak_bytes(function, x):
    """Return the most bytes that a call takes at any time."""
    for _ in range(3):  # the program is made and compiled before the run that counts
        function(x)
    gc.collect()
    tracemalloc.start()
    function(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def growth(case, peaks, target=None):
    """Make a row of peaks, counted in large arrays, and the ratio of the last to the first."""
    ratio = peaks[-1] / peaks[0]
    return Row(
        f"peak {case}",
        " ".join(f"{p:.1f}" for p in peaks),
        ratio=f"{ratio:.2f}x",
        target=f"< {target}x" if target else "",
        met=ratio < target if target else None,
    )
