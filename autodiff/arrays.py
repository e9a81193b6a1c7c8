"""Which array library a value belongs to: NumPy, or CuPy where the user passes CuPy arrays.

This is the only file that knows CuPy. It never imports it: an array of CuPy's can only exist once
the user has imported CuPy, so the module is found among those already loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy._core import umath

from autodiff.errors import UnsupportedFunctionError

__all__ = [
    "DEVICE_LIBRARIES", "call_quietly", "is_array", "is_device_array", "is_device_class",
    "namespace", "on_device", "scipy_function", "scipy_namespace", "to_host",
]  # fmt: skip

_HOST = np.ndarray | np.generic | int | float | complex
DEVICE_LIBRARIES = {"cupy"}  # root modules whose arrays live on a device; tests add a stand-in


class _DeviceClasses(dict[type, bool]):
    """Whether a class is one of device arrays; decided once for each class."""

    def __missing__(self, cls: type) -> bool:
        root = cls.__module__.partition(".")[0]
        self[cls] = is_device = root in DEVICE_LIBRARIES and hasattr(cls, "dtype")
        return is_device


_device_classes = _DeviceClasses()


def is_device_class(cls: type) -> bool:
    """Whether `cls` is CuPy's array class (or that of the stand-in that the tests use)."""
    return _device_classes[cls]


def is_device_array(x: Any) -> bool:
    """Whether `x` is an array of CuPy."""
    return _device_classes[type(x)]


def is_array(x: Any) -> bool:
    """Whether `x` is an array that may be traced: NumPy's array or scalar, or a device array."""
    return isinstance(x, np.ndarray | np.generic) or _device_classes[type(x)]


def namespace(values: Sequence[Any]) -> ModuleType:
    """The module that works on these values: cupy if any of them is a CuPy array, else numpy.

    Scalars go with either; arrays of both libraries are refused, since nothing moves by itself.
    """
    for x in values:
        if _device_classes[type(x)]:
            for other in values:
                if issubclass(type(other), np.ndarray):  # a tracer passes for one
                    raise TypeError(_explain_mixture(other, x))
            return sys.modules[type(x).__module__.partition(".")[0]]
    return np


def _explain_mixture(host: Any, device: Any) -> str:
    shown = [f"{x.dtype}{list(x.shape)}" for x in (host, device)]
    return (
        f"a NumPy array ({shown[0]}) and a CuPy array ({shown[1]}) are used together. Write "
        "instead: `cupy.asarray(x)` of the NumPy array, to compute on the device, or `x.get()` of "
        "the CuPy array, to compute on the host"
    )


# NumPy's own `np.errstate(all="ignore")` takes a microsecond to set up, every time. Where NumPy
# keeps its error state in a context variable, the state that ignores is made once and only
# switched to.
_ERROR_STATE: ContextVar[Any] | None = getattr(umath, "_extobj_contextvar", None)
with np.errstate(all="ignore"):
    _IGNORING = None if _ERROR_STATE is None else _ERROR_STATE.get()


def call_quietly(function: Callable[..., Any], args: Iterable[Any]) -> Any:
    """`function(*args)` without floating-point warnings.

    A derivative may well be infinite, or computed where its function is not defined.
    """
    if _ERROR_STATE is None:
        with np.errstate(all="ignore"):
            return function(*args)
    token = _ERROR_STATE.set(_IGNORING)
    try:
        return function(*args)
    finally:
        _ERROR_STATE.reset(token)


def on_device(xp: ModuleType, x: Any) -> Any:
    """An array or scalar as an array of the device library `xp`; anything else as it is."""
    return xp.asarray(x) if isinstance(x, _HOST) else x


def scipy_namespace(xp: ModuleType, part: str) -> ModuleType:
    """A part of SciPy ("special", "sparse.linalg") as it belongs to an array library."""
    name = f"scipy.{part}" if xp is np else f"{xp.__name__}x.scipy.{part}"
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"this needs {name}, which is not installed. Install it: `pip install scipy`, or the "
            "extra: `pip install autodiff-numpy[scipy]`",
            name=name,
        ) from error


def scipy_function(xp: ModuleType, part: str, name: str) -> Callable[..., Any]:
    """A function of SciPy as it belongs to an array library; CuPy lacks many."""
    library = scipy_namespace(xp, part)
    if not hasattr(library, name):
        raise UnsupportedFunctionError(
            f"{library.__name__}.{name} does not exist, so this cannot be computed on the device. "
            "Write instead: `x.get()` of the arrays, to compute on the host"
        )
    return getattr(library, name)


def to_host(x: Any) -> Any:
    """A NumPy copy of a device array; anything else as it is."""
    return x.get() if is_device_array(x) else x
