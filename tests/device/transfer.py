"""To the device and back, and what tests there ask: is it on the device, did the host wait."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.tracing import tree
from tests.device import fakecupy

__all__ = ["agree", "no_syncs", "on_device", "on_host"]


TOLERANCE = {16: 1e-2, 32: 2e-5, 64: 1e-11}  # by the size of a real number, in bits


def on_device(xp: Any, container: Any) -> Any:
    """Every array of a container as an array of `xp`."""
    return tree.map(lambda x: xp.asarray(x) if isinstance(x, np.ndarray) else x, container)


def on_host(container: Any) -> Any:
    """Every device array of a container as NumPy's."""
    return tree.map(lambda x: x.get() if hasattr(x, "get") else x, container)


@contextlib.contextmanager
def no_syncs(xp: Any) -> Iterator[None]:
    """A block in which the host does not wait for the device."""
    if xp is fakecupy.library:
        before = fakecupy.Counter.syncs
        yield
        assert fakecupy.Counter.syncs == before, "the host waited for the device"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, for not seeing every kind of wait
        allowed = importlib.import_module("cupyx").allow_synchronize(False)
        with allowed:
            yield


def agree(xp: Any, actual: Any, expected: Any) -> None:
    """Arrays of `xp` with NumPy's shapes, dtypes and values, up to the order of summation."""
    leaves, spec = tree.flatten(actual)
    wanted, wanted_spec = tree.flatten(expected)
    assert spec == wanted_spec
    for x, y in zip(leaves, wanted, strict=True):
        assert isinstance(x, xp.ndarray), f"{type(x)} instead of an array on the device"
        y = np.asarray(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if y.dtype.kind in "fc":
            _close(x.get(), y, TOLERANCE[np.finfo(y.dtype).bits])
        else:
            np.testing.assert_array_equal(x.get(), y)


def _close(x: Any, y: Any, tolerance: float) -> None:
    """Close for the size of the numbers in the array."""
    finite = np.abs(y[np.isfinite(y)])
    scale = max(1.0, float(finite.max(initial=0)))
    np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * scale)
