"""New arrays that a traced function may assign traced values into.

`np.zeros_like(x)` and `np.zeros(n, like=x)` of a traced `x` come here through NumPy's protocol.
`autodiff.numpy.zeros(n)` and its like need no `x`: inside a trace they give traced arrays, outside
NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.numpy.arguments import (
    check_layout,
    constant,
    lift,
    operand,
    refuse,
    traced_operands,
)
from autodiff.numpy.joining import joined, stack
from autodiff.numpy.promotion import broadcast_to, convert, result_dtype
from autodiff.numpy.shapes import as_shape
from autodiff.numpy.views import fresh
from autodiff.primitives.structure import reshape
from autodiff.tracing.builder import current_builder
from autodiff.tracing.constructors import holds_tracer
from autodiff.tracing.tracer import Tracer

__all__ = [
    "CONSTRUCTORS", "CREATORS", "FUNCTIONS", "arange", "array", "asarray", "empty", "eye", "full",
    "full_like", "geomspace", "identity", "linspace", "logspace", "ones", "tri", "zeros",
    "zeros_like",
]  # fmt: skip


def _host(function: str, device: Any) -> None:
    """Refuse a device: an array is made where it is used."""
    if device not in (None, "cpu"):
        raise refuse(function, f"device={device!r}", "the arrays it is used with decide")


def _filled(value: Any, shape: Any, dtype: Any) -> Any:
    """An array of one value everywhere: traced inside a trace, else NumPy's."""
    builder = current_builder()
    shape = tuple(map(int, as_shape(shape)))
    if builder is None and type(value) is not Tracer:
        return np.full(shape, value, dtype)
    if type(value) is Tracer or np.ndim(value):
        (value,) = traced_operands(value)
        wanted = value.dtype if dtype is None else dtype
        return fresh(broadcast_to(convert(value, wanted), shape), c_order=True)
    assert builder is not None
    return fresh(constant(builder, value, shape, dtype), c_order=True)


# ---- filled with one value


def zeros(shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None) -> Any:
    """`np.zeros`, to be assigned into."""
    return full(shape, 0, float if dtype is None else dtype, order, device=device)


def ones(shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    """`np.ones`, to be assigned into."""
    return full(shape, 1, float if dtype is None else dtype, order, device=device)


def empty(shape: Any, dtype: Any = float, order: str = "C", *, device: Any = None) -> Any:
    """`np.empty`, which here holds zeros."""
    return zeros(shape, dtype, order, device=device)


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None
) -> Any:
    """`np.full`, to be assigned into."""
    check_layout("full", order, allowed="CF")
    _host("full", device)
    result = _filled(fill_value, shape, dtype)
    return fresh(result, c_order=order == "C") if type(result) is Tracer else result


def zeros_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """`np.zeros_like`."""
    return full_like(a, 0, dtype, order, subok, shape, device=device)


def ones_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """`np.ones_like`."""
    return full_like(a, 1, dtype, order, subok, shape, device=device)


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, *, device: Any = None,
) -> Any:  # fmt: skip
    """`np.full_like`."""
    check_layout("full_like", order, subok, allowed="CFAK")
    _host("full_like", device)
    x = operand(a)
    result = _filled(fill_value, x.shape if shape is None else shape, dtype or x.dtype)
    if order == "C" or x.ndim < 2 or type(result) is not Tracer:
        return result
    return fresh(result, c_order=_layout_of(x) if order in "KA" else False)


def _layout_of(x: Any) -> Any:
    """What `x` lies in memory like: itself, or the array it was made like."""
    known = None if type(x) is not Tracer or x._alias is None else x._alias.contiguous
    return known if type(known) is Tracer else x


# ---- from data


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
) -> Any:
    """`np.asarray`; lists may hold traced values."""
    check_layout("asarray", order, allowed="CFAK")
    _host("asarray", device)
    if type(a) is Tracer and not copy:
        return a if dtype is None else convert(a, dtype)
    return array(a, dtype)


def array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False,
    ndmin: int = 0, ndmax: int = 0,
) -> Any:  # fmt: skip
    """`np.array`, to be assigned into; lists may hold traced values."""
    check_layout("array", order, subok, allowed="CFAK")
    x = _gathered(object, dtype)
    if ndmax and x.ndim > ndmax:
        raise ValueError(f"np.array: {x.ndim} axes are more than ndmax={ndmax}")
    return reshape(x, shape=(1,) * (ndmin - x.ndim) + x.shape) if x.ndim < ndmin else x


def _gathered(data: Any, dtype: Any) -> Any:
    """An array of its own: data without traced values is captured, lists of them are stacked."""
    if type(data) is Tracer:
        return fresh(data if dtype is None else convert(data, dtype))
    if holds_tracer(data):
        x = stack([_gathered(part, None) for part in data])
        return x if dtype is None else convert(x, dtype)
    builder, x = current_builder(), np.array(data, dtype)
    return x if builder is None else fresh(lift(builder, x))


def _from_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's whose result may be assigned into."""

    def made(*args: Any, **kwargs: Any) -> Any:
        known = [a.item() if type(a) is Tracer else a for a in args]
        return _gathered(function(*known, **kwargs), None)

    made.__name__ = function.__name__
    made.__doc__ = f"`np.{function.__name__}`, to be assigned into; its arguments are static."
    return made


arange = _from_numpy(np.arange)
eye = _from_numpy(np.eye)
identity = _from_numpy(np.identity)
tri = _from_numpy(np.tri)
fromfunction = _from_numpy(np.fromfunction)


# ---- between two ends


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """`np.linspace`; the ends may be traced."""
    _host("linspace", device)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    common = np.result_type(result_dtype(start, stop), 1.0)
    first, last = (convert(x, common) for x in traced_operands(start, stop))
    intervals = num - 1 if endpoint else num
    step = (last - first) / intervals if intervals > 0 else (last - first) * np.nan
    wide = np.broadcast_shapes(first.shape, last.shape)
    count = np.arange(num).astype(common).reshape(num, *[1] * len(wide))
    result = count * (step if intervals > 0 else last - first) + first
    if endpoint and num > 1:  # the end exactly
        result = joined([result[:-1], reshape(broadcast_to(last, wide), shape=(1, *wide))], 0)
    if dtype is not None:
        result = np.floor(result) if np.dtype(dtype).kind in "iu" else result
        result = convert(result, dtype)
    result = np.moveaxis(result, 0, axis)
    return (result, step) if retstep else result


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """`np.logspace`."""
    b = np.expand_dims(operand(base), axis) if np.ndim(base) else base
    result = np.power(b, linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else convert(result, dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`np.geomspace`."""
    common = np.result_type(result_dtype(start, stop), float)
    first, last = (convert(x, common) for x in traced_operands(start, stop))
    exponents = linspace(first * 0, np.log(last / first), num, endpoint)
    result = np.moveaxis(first * np.exp(exponents), 0, axis)
    return result if dtype is None else convert(result, dtype)


# What `autodiff.numpy` has in place of NumPy's own functions, which see no traced argument.
CREATORS: dict[str, Callable[..., Any]] = {
    "arange": arange, "array": array, "asarray": asarray, "empty": empty, "eye": eye,
    "fromfunction": fromfunction, "full": full, "geomspace": geomspace, "identity": identity,
    "linspace": linspace, "logspace": logspace, "ones": ones, "tri": tri, "zeros": zeros,
}  # fmt: skip

# What the module `numpy` offers while a function is traced, for data that hold traced values.
CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "array": array,
    "asanyarray": asarray,
    "asarray": asarray,
    "asarray_chkfinite": asarray,
    "ascontiguousarray": asarray,
    "asfortranarray": asarray,
    "full": full,
}

FUNCTIONS = {
    np.zeros_like: zeros_like,
    np.ones_like: ones_like,
    np.full_like: full_like,
    np.empty_like: zeros_like,
    np.asanyarray: asarray,
    np.ascontiguousarray: asarray,
    np.asfortranarray: asarray,
    **{getattr(np, name): made for name, made in CREATORS.items()},
}
