"""Sparse Hessians: the Laplacian on a grid, against dense Hessians, which is all that JAX has."""

import subprocess
import sys
from pathlib import Path

import jax
import numpy as np

import autodiff as ad
from bench.table import Row, faster, seconds
from bench.timing import race, time_calls

ROOT = Path(__file__).parents[1]
STATUS = Path("/proc/self/status")  # on Linux: among other things the peak of a process
LARGE, SMALL = 100, 64  # unknowns along each side: the dense Hessian has 763 MB, and 128 MB


def rows():
    """Measure the first and later calls on the large grid, and race on the small one."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    check(SMALL)
    hessian, u = ad.sparse_hessian(energy(np)), grid(LARGE)
    case = f"sparse Hessian, Laplacian {LARGE}x{LARGE}"
    first = time_calls(lambda: hessian(u))
    yield Row(f"{case}, first call", seconds(first), target="< 2 s", met=first < 2)
    yield Row(f"{case}, later calls", seconds(race(lambda: hessian(u))[0]))
    ours, theirs, dense = contenders(SMALL)
    case = f"Hessian, Laplacian {SMALL}x{SMALL}"
    times = race(ours, theirs, dense, rounds=5)
    yield faster(f"{case}, sparse", times[0], "jax.hessian", times[1], at_least=1)
    yield faster(f"{case}, sparse", times[0], "ad.hessian", times[2], at_least=1)
    if STATUS.exists():
        yield memory(f"memory of a {case}", growth("sparse"), growth("jax"))


def energy(xp):
    """Return half the sum of all squared differences between neighbours, with zeros around."""

    def function(u):
        p = xp.pad(u, 1)
        return (xp.sum((p[1:] - p[:-1]) ** 2) + xp.sum((p[:, 1:] - p[:, :-1]) ** 2)) / 2

    return function


def grid(m):
    """Return random values on m x m points."""
    return np.random.default_rng(0).normal(size=(m, m))


def contenders(m):
    """Return functions that compute the Hessian: sparse, with jax.jit, and dense."""
    u = grid(m)
    ours, dense = ad.sparse_hessian(energy(np)), ad.jit(ad.hessian(energy(np)))
    theirs, v = jax.jit(jax.hessian(energy(jax.numpy))), jax.numpy.asarray(u)
    return lambda: ours(u), lambda: jax.block_until_ready(theirs(v)), lambda: dense(u)


def check(m):
    """Fail unless all contenders agree."""
    ours, theirs, dense = [function() for function in contenders(m)]
    for expected in (theirs, dense):
        expected = np.asarray(expected).reshape(ours.shape)
        np.testing.assert_allclose(ours.toarray(), expected, rtol=1e-12, atol=1e-12)


def growth(name):
    """Return by how many bytes the peak of a fresh process grows when it computes a Hessian."""
    command = [sys.executable, "-m", "bench.sparse", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def report(name):
    """Print the growth of the peak of this process; a tiny Hessian before sets everything up."""
    jax.config.update("jax_enable_x64", True)
    which = ("sparse", "jax").index(name)
    contenders(3)[which]()
    before = peak()
    contenders(SMALL)[which]()
    print(peak() - before)


def peak():
    """Return the most bytes that this process has held."""
    # Not `ru_maxrss`, which on Linux begins with what the parent process held.
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def memory(case, ours, theirs):
    """Make the row of a comparison of bytes."""
    written = [f"{size / 2**20:.1f} MB" for size in (ours, theirs)]
    least = max(ours, 2**20)  # what is less is lost in the pages that a process has anyway
    ratio = f"{theirs / least:.0f}x"
    return Row(case, written[0], f"jax.hessian {written[1]}", ratio, ">= 10x", theirs >= 10 * least)


if __name__ == "__main__":
    report(sys.argv[1])
