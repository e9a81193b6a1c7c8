"""The fixture `xp`: CuPy where there is a GPU, and everywhere the stand-in for it."""

import sys

import pytest

from autodiff import arrays
from autodiff.api import arguments
from autodiff.numpy import promotion
from tests.device import fakecupy, fakecupyx, fakecupyx_sparse

# What remembers, for each class, whether its instances are device arrays.
CLASS_CACHES = (
    arrays._device_classes,
    arguments._traceable_classes,
    promotion._operand_classes,
)


@pytest.fixture(params=["stand-in", pytest.param("cupy", marks=pytest.mark.gpu)])
def xp(request, monkeypatch):
    """The module that plays CuPy."""
    if request.param == "cupy":
        yield pytest.importorskip("cupy")
        return
    monkeypatch.setitem(sys.modules, fakecupy.NAME, fakecupy.library)
    monkeypatch.setattr(fakecupy.library, "fft", fakecupyx.fft, raising=False)
    for name, module in (fakecupyx.MODULES | fakecupyx_sparse.MODULES).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(arrays, "DEVICE_LIBRARIES", {*arrays.DEVICE_LIBRARIES, fakecupy.NAME})
    for cache in CLASS_CACHES:
        cache.pop(fakecupy.ndarray, None)
    yield fakecupy.library
    for cache in CLASS_CACHES:
        cache.pop(fakecupy.ndarray, None)
