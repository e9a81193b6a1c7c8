"""What holds for every test: programs are checked, randomness is fixed, and `gpu` needs a GPU."""

import os
import sys

# Threads that wait for one another take many times as long where other programs run, too.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

from autodiff.ir import set_checking

set_checking(True)

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    pass  # a machine with a GPU may have little else, and the tests for it do without
else:
    # Deadlines measure the machine, and random examples differ from run to run: neither is wanted.
    # For a longer search: AUTODIFF_EXAMPLES=1000 python -m pytest tests/properties
    examples = os.environ.get("AUTODIFF_EXAMPLES", "")
    settings.register_profile(
        "tests",
        deadline=None,
        derandomize=not examples,
        max_examples=int(examples or 60),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("tests")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_collection_modifyitems(items):
    """Skip what needs a GPU where there is none."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not has_gpu():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs CuPy and a GPU"))


def has_gpu() -> bool:
    if "cupy" not in sys.modules:
        try:
            import cupy
        except ImportError:
            return False
    else:
        cupy = sys.modules["cupy"]
    try:
        return cupy.cuda.runtime.getDeviceCount() > 0
    except cupy.cuda.runtime.CUDARuntimeError:
        return False
