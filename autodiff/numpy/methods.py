"""The methods and attributes of traced arrays: what `numpy.ndarray` has, by the functions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arrays import namespace
from autodiff.numpy import accumulations, products, reductions, statistics
from autodiff.numpy.arguments import refuse
from autodiff.numpy.elementwise_functions import astype_method, copy, imag, real, round_
from autodiff.numpy.joining import repeat
from autodiff.numpy.rearranging import diagonal, trace
from autodiff.numpy.selection import choose, clip
from autodiff.numpy.shapes import (
    flatten,
    matrix_transpose,
    ravel,
    reshape,
    squeeze,
    swapaxes,
    transpose,
)
from autodiff.numpy.views import moved_view
from autodiff.primitives.structure import reshape as reshape_primitive

__all__ = ["ATTRIBUTES", "METHODS", "SETTERS"]


def _reshape(x: Any, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
    """`x.reshape(2, -1)` or `x.reshape((2, -1))`."""
    return reshape(x, shape[0] if len(shape) == 1 else shape, order, copy=copy)


def _transpose(x: Any, *axes: Any) -> Any:
    """`x.transpose(1, 0)` or `x.transpose((1, 0))`."""
    return transpose(x, (axes[0] if len(axes) == 1 else axes) if axes else None)


def _clip(x: Any, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:
    return clip(x, min, max, out, **options)


def _conjugate(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _fill(x: Any, value: Any) -> None:
    x[...] = value


def _flat(x: Any) -> Any:
    """The elements in one line; assigning to it writes to `x`, but what it gives are copies."""
    line = moved_view(x, reshape_primitive, shape=(x.size,))
    line._alias.flat = True
    return line


def _copy_method(x: Any, order: str = "C") -> Any:
    return copy(x, order)


def _duplicate(x: Any, *memo: Any) -> Any:
    return copy(x)


def _to_device(x: Any, device: Any, /, *, stream: Any = None) -> Any:
    if device != "cpu":
        raise refuse(
            "ndarray.to_device", f"device={device!r}", "move arrays before they are traced"
        )
    return x


def _namespace(x: Any, *, api_version: str | None = None) -> Any:
    """The module of functions for this array (the array API standard): `autodiff.numpy`."""
    host: Any = np.empty(0)
    host.__array_namespace__(api_version=api_version)  # refuses versions that NumPy does not know
    return sys.modules["autodiff.numpy"]


def _dlpack(x: Any, **options: Any) -> Any:
    """The value for another library, unless a gradient would be lost."""
    asked = "x.__dlpack__(), that is `from_dlpack(x)` of another library,"
    value = x._exit(asked, "functions of `x.__array_namespace__()`")
    if options.get("copy") is not False:  # what a trace refers to is read-only
        value = namespace([value]).array(value)
    return value.__dlpack__(**options)


def _dlpack_device(x: Any) -> tuple[Any, int]:
    """Where another library would find the value."""
    return x._builder.library.empty(0).__dlpack_device__()


METHODS: dict[str, Callable[..., Any]] = {
    "all": reductions.all_,
    "any": reductions.any_,
    "argmax": reductions.argmax,
    "argmin": reductions.argmin,
    "astype": astype_method,
    "choose": choose,
    "clip": _clip,
    "conj": _conjugate,
    "conjugate": _conjugate,
    "copy": _copy_method,
    "cumprod": accumulations.cumprod,
    "cumsum": accumulations.cumsum,
    "diagonal": diagonal,
    "dot": products.dot,
    "fill": _fill,
    "flatten": flatten,
    "max": reductions.max_,
    "mean": statistics.mean,
    "min": reductions.min_,
    "prod": reductions.prod,
    "ravel": ravel,
    "repeat": repeat,
    "reshape": _reshape,
    "round": round_,
    "squeeze": squeeze,
    "std": statistics.std,
    "sum": reductions.sum_,
    "swapaxes": swapaxes,
    "to_device": _to_device,
    "trace": trace,
    "transpose": _transpose,
    "var": statistics.var,
    "__array_namespace__": _namespace,
    "__copy__": _duplicate,
    "__deepcopy__": _duplicate,
    "__dlpack__": _dlpack,
    "__dlpack_device__": _dlpack_device,
}

ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "T": transpose,
    "mT": matrix_transpose,
    "real": real,
    "imag": imag,
    "flat": _flat,
    "nbytes": lambda x: x.type.nbytes,
    "itemsize": lambda x: x.type.dtype.itemsize,
    "device": lambda x: "cpu",
}


def _setter(attribute: Callable[[Any], Any]) -> Callable[[Any, Any], None]:
    """`x.real = v`: assignment through the view."""

    def assign(x: Any, value: Any) -> None:
        attribute(x)[...] = value

    return assign


def _assign_flat(x: Any, values: Any) -> None:
    """`x.flat = values`: over and over again, until there is one for each element."""
    np.put(x, np.arange(x.size), values)


SETTERS = {"real": _setter(real), "imag": _setter(imag), "flat": _assign_flat}
