"""Windows on arrays, views as they are, and iteration over elements with their indices."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isclass
from typing import Any

import numpy as np

from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, operand, refuse
from autodiff.numpy.promotion import instead_of
from autodiff.numpy.views import make_view
from autodiff.primitives.gathering import gather

__all__ = ["CONSTRUCTORS", "FUNCTIONS", "METHODS"]


def view(x: Any, dtype: Any = None, type: Any = None) -> Any:
    """`x.view()`: another array of the same elements, which follow when one of the two changes."""
    if isclass(dtype) and issubclass(dtype, np.ndarray):  # `x.view(np.matrix)`
        dtype, type = None, dtype
    if type not in (None, np.ndarray):
        raise UnsupportedFunctionError(
            f"a traced array cannot become a {type.__module__}.{type.__name__}.{here()}\n"
            f"Write instead: {instead_of(type)}"
        )
    if dtype is not None and np.dtype(dtype) != x.dtype:
        raise refuse(
            "ndarray.view", f"dtype={dtype!r}", "the bits of a traced array cannot be read as "
            "others. Write instead: `x.astype(dtype)`, or `x.real` and `x.imag` of complex numbers",
        )  # fmt: skip
    return x[...]


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """`np.lib.stride_tricks.sliding_window_view`: read-only; the axes of windows come last."""
    if writeable:
        raise refuse("sliding_window_view", "writeable=True", "assign to parts of x by index")
    x = operand(x)
    lengths = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    if axis is None:
        axes: tuple[Any, ...] = tuple(range(x.ndim))
    else:
        axes = tuple(axis) if np.iterable(axis) else (axis,)
    if len(lengths) != len(axes):
        raise ValueError(
            f"sliding_window_view: {len(lengths)} lengths of windows for {len(axes)} axes"
        )
    for length, i in zip(lengths, [axis_of(a, x.ndim) for a in axes], strict=True):
        if length < 0:
            raise ValueError("`window_shape` cannot contain negative values")
        if length > x.shape[i]:
            raise ValueError("window shape cannot be larger than input array shape")
        starts = np.arange(x.shape[i] - length + 1)
        places = operand(starts[:, None] + np.arange(length))
        windows = make_view(x, gather(x, places, axis=i, batch=0), None)
        x = np.moveaxis(windows, i + 1, -1)
    return x


def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """`np.ndenumerate`: the indices of the elements, and the elements."""
    x = operand(arr)
    return ((place, x[place]) for place in np.ndindex(x.shape))


def nditer(*args: Any, **kwargs: Any) -> Any:
    """`np.nditer`, which goes through memory."""
    raise UnsupportedFunctionError(
        f"np.nditer has no traced form.{here()}\nWrite instead: operations on whole arrays; "
        "`for v in x.flat`; or `for index, v in np.ndenumerate(x)`"
    )


def as_strided(*args: Any, **kwargs: Any) -> Any:
    """`np.lib.stride_tricks.as_strided`, which reads memory by addresses."""
    raise UnsupportedFunctionError(
        f"np.lib.stride_tricks.as_strided has no traced form.{here()}\nWrite instead: "
        "`np.lib.stride_tricks.sliding_window_view(x, n)` for windows, "
        "`np.broadcast_to(x, shape)` to repeat, `x[::step]` for steps"
    )


# What the module `numpy` offers for traced arrays; see `autodiff.tracing.constructors`.
CONSTRUCTORS = {
    "lib.stride_tricks.as_strided": as_strided,
    "ndenumerate": ndenumerate,
    "nditer": nditer,
}
METHODS = {"view": view}
FUNCTIONS = {np.lib.stride_tricks.sliding_window_view: sliding_window_view}
