"""New arrays that a traced function may assign traced values into.

`np.zeros_like(x)` and `np.zeros(n, like=x)` of a traced `x` come here through NumPy's protocol.
`autodiff.numpy.zeros(n)` and its like need no `x`: inside a trace they give traced arrays, outside
they are NumPy's own (see `creators`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from autodiff.numpy.arguments import (
    apply,
    check_layout,
    constant,
    lift,
    operand,
    refuse,
    traced_operands,
)
from autodiff.numpy.elementwise_functions import copy as copied
from autodiff.numpy.joining import joined, stack
from autodiff.numpy.known import known_or_none
from autodiff.numpy.promotion import as_operand, broadcast_to, convert, result_dtype
from autodiff.numpy.shapes import as_shape
from autodiff.numpy.views import fresh, in_c_order, is_flat, moved_view, ravel_view, reshape_view
from autodiff.primitives.structure import reshape
from autodiff.tracing.builder import current_builder
from autodiff.tracing.constructors import holds_tracer
from autodiff.tracing.tracer import Tracer

__all__ = [
    "CONSTRUCTORS", "CREATORS", "FUNCTIONS", "array", "asarray", "copy", "empty", "from_dlpack",
    "full", "full_like", "gathered", "geomspace", "linspace", "logspace",
    "ones", "ones_like", "zeros", "zeros_like",
]  # fmt: skip

_NUMERIC = "biufc"  # the kinds of dtype that a program can hold


def _host(function: str, device: Any) -> None:
    """Refuse a device: an array is made where it is used."""
    if device not in (None, "cpu"):
        raise refuse(function, f"device={device!r}", "the arrays it is used with decide")


# ---- filled with one value


def _filled(value: Any, shape: Any, dtype: Any) -> Any:
    """An array of one value everywhere: traced inside a trace, else NumPy's."""
    dims = tuple([operator.index(d) for d in as_shape(shape)])
    if min(dims, default=0) < 0:
        raise ValueError("negative dimensions are not allowed")
    if holds_tracer(value) or np.ndim(value):
        x = gathered(value, dtype)
        return fresh(broadcast_to(x, dims), c_order=True) if type(x) is Tracer else x
    builder, sample = current_builder(), np.full((), value, dtype)
    if builder is None or sample.dtype.kind not in _NUMERIC:
        return np.full(dims, value, dtype)
    return fresh(constant(builder, sample[()], dims), c_order=True)


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
    x = as_operand(a)
    x = x if hasattr(x, "dtype") else np.asarray(x)
    result = _filled(fill_value, x.shape if shape is None else shape, dtype or x.dtype)
    if order == "C" or x.ndim < 2 or type(result) is not Tracer:
        return result
    return fresh(result, c_order=_layout_of(x) if order in "KA" else False)


def _layout_of(x: Any) -> Any:
    """What `x` lies in memory like: itself, or the array it was made like."""
    if type(x) is not Tracer:
        return bool(x.flags.c_contiguous)
    known = None if x._alias is None else x._alias.contiguous
    return known if type(known) is Tracer else x


# ---- from data


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: Any = None,
) -> Any:
    """`np.asarray`; lists may hold traced values."""
    check_layout("asarray", order, allowed="CFAK")
    _host("asarray", device)
    copy = None if copy is np._CopyMode.IF_NEEDED else copy  # how SciPy asks for what None means
    if type(a) is Tracer and not copy and (dtype is None or a.dtype == dtype):
        return _in_order(ravel_view(a) if is_flat(a) else a, order)
    if copy is False:
        if holds_tracer(a):
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return np.asarray(a, dtype, copy=False)  # what is not to be copied stays as it is
    x = gathered(a, dtype)
    return fresh(x, c_order=order == "C") if type(x) is Tracer and order in _ORDERS else x


_ORDERS = ("C", "F")


def _in_order(x: Tracer, order: str | None) -> Tracer:
    """`x` itself if it lies in memory in this order; otherwise NumPy makes a copy."""
    if order not in _ORDERS:
        return x
    if in_c_order(x):
        both = sum([d > 1 for d in x.shape]) < 2
        return x if order == "C" or both else fresh(x, c_order=False)
    return cast(Tracer, moved_view(x, reshape, sure=False, shape=x.shape))


def _finite(a: Any, dtype: Any = None, order: str | None = None) -> Any:
    """`np.asarray_chkfinite`, which looks at the values where there are any."""
    x = asarray(a, dtype, order)
    value = known_or_none(x) if x.dtype.kind in "fc" else None
    if value is not None and not np.isfinite(value).all():
        raise ValueError("array must not contain infs or NaNs")
    return x


def array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False,
    ndmin: int = 0, ndmax: int = 0,
) -> Any:  # fmt: skip
    """`np.array`, to be assigned into; lists may hold traced values."""
    check_layout("array", order, subok, allowed="CFAK")
    x = asarray(object, dtype, order, copy=copy)
    if ndmax and x.ndim > ndmax:
        raise ValueError(f"np.array: {x.ndim} axes are more than ndmax={ndmax}")
    return reshape_view(x, (1,) * (ndmin - x.ndim) + x.shape) if x.ndim < ndmin else x


def _contiguous(order: str) -> Callable[..., Any]:
    """`np.ascontiguousarray` or `np.asfortranarray`, which give one axis at least."""
    return lambda a, dtype=None: array(a, dtype, copy=None, order=order, ndmin=1)


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """`np.copy`, to be assigned into."""
    return copied(a if type(a) is Tracer else gathered(a, None), order, subok)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """`np.from_dlpack`, to be assigned into; of a traced array, itself."""
    _host("from_dlpack", device)
    return asarray(x if type(x) is Tracer else np.from_dlpack(x, copy=copy), copy=copy)


def gathered(data: Any, dtype: Any) -> Any:
    """An array of its own: data without traced values is captured, lists of them are stacked."""
    if type(data) is Tracer:
        return fresh(data if dtype is None else convert(data, dtype))
    if holds_tracer(data):
        x = stack([gathered(part, None) for part in data])
        return x if dtype is None else convert(x, dtype)
    builder, x = current_builder(), np.array(data, dtype)
    return x if builder is None or x.dtype.kind not in _NUMERIC else fresh(lift(builder, x))


def _traced_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's whose result may be assigned into, and whose arguments are static."""

    def known(x: Any) -> Any:
        instead = "`np.linspace(start, stop, num)`, whose ends may be traced; or static arguments"
        asked = f"an argument of np.{function.__name__}"
        return x._exit(asked, instead) if type(x) is Tracer else x

    def made(*args: Any, **kwargs: Any) -> Any:
        given = {name: known(x) for name, x in kwargs.items()}
        return gathered(function(*map(known, args), **given), None)

    return made


# ---- between two ends


def linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """`np.linspace`; the ends may be traced."""
    _host("linspace", device)
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    start, stop = as_operand(start), as_operand(stop)
    common = np.result_type(result_dtype(start, stop), 1.0)
    first, last = (convert(x, common) for x in traced_operands(start, stop))
    intervals = num - 1 if endpoint else num
    step = (last - first) / intervals if intervals > 0 else (last - first) * np.nan
    wide = np.broadcast_shapes(first.shape, last.shape)
    count = np.arange(num).astype(common).reshape(num, *[1] * len(wide))
    result = count * (step if intervals > 0 else last - first) + first
    if endpoint and num > 1:
        result = joined([result[:-1], _row(last, wide)], 0)
    if dtype is not None:
        result = np.floor(result) if np.dtype(dtype).kind in "iu" else result
        result = convert(result, dtype)
    result = np.moveaxis(result, 0, axis)
    return (result, step) if retstep else result


def _row(end: Any, wide: tuple[int, ...]) -> Any:
    """An end exactly, as one row of the result."""
    return reshape(broadcast_to(end, wide), shape=(1, *wide))


def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """`np.logspace`; ends and base may be traced."""
    if np.ndim(base):  # the base has axes in common with the ends, and none with the new axis
        start, stop, base = np.broadcast_arrays(*traced_operands(start, stop, base))
        base = np.expand_dims(base, axis)
    result = apply(np.power, operand(base), linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else convert(result, dtype)


def geomspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`np.geomspace`; the ends may be traced, and complex: then they lie on a spiral."""
    num = operator.index(num)
    start, stop = as_operand(start), as_operand(stop)
    common = np.result_type(result_dtype(start, stop), np.dtype(dtype))
    first, last = (convert(x, common) for x in traced_operands(start, stop))
    direction = first / np.abs(first)
    ends = np.log10(first / direction), np.log10(last / direction)
    result = direction * logspace(*ends, num, endpoint)
    wide = np.broadcast_shapes(first.shape, last.shape)
    if num > 0:
        result = joined([_row(first, wide), result[1:]], 0)
    if endpoint and num > 1:
        result = joined([result[:-1], _row(last, wide)], 0)
    result = np.moveaxis(result, 0, axis)
    return result if dtype is None else convert(result, dtype)


# What `autodiff.numpy` has in place of NumPy's own functions, which see no traced argument, or
# whose result traced values could not be assigned into.
CREATORS: dict[str, Callable[..., Any]] = {
    "array": array, "asanyarray": asarray, "asarray": asarray,
    "ascontiguousarray": _contiguous("C"), "asfortranarray": _contiguous("F"),
    "copy": copy, "empty": empty, "empty_like": zeros_like,
    "from_dlpack": from_dlpack, "full": full, "full_like": full_like,
    "geomspace": geomspace, "linspace": linspace, "logspace": logspace,
    "ones": ones, "ones_like": ones_like, "zeros": zeros, "zeros_like": zeros_like,
    **{
        name: _traced_result(getattr(np, name))
        for name in (
            "arange", "bartlett", "blackman", "eye", "frombuffer", "fromfunction", "hamming",
            "hanning", "identity", "indices", "tri",
        )
    },
}  # fmt: skip

# What the module `numpy` offers while a function is traced, for data that hold traced values.
CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "array": array,
    "asanyarray": asarray,
    "asarray": asarray,
    "asarray_chkfinite": _finite,
    "ascontiguousarray": _contiguous("C"),
    "asfortranarray": _contiguous("F"),
    "full": full,
}

FUNCTIONS = {
    np.empty_like: zeros_like,
    np.full_like: full_like,
    np.geomspace: geomspace,
    np.linspace: linspace,
    np.logspace: logspace,
    np.ones_like: ones_like,
    np.zeros_like: zeros_like,
    **{
        getattr(np, name): CREATORS[name]
        for name in (
            "arange", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray",
            "empty", "eye", "frombuffer", "fromfunction", "full", "identity", "ones",
            "tri", "zeros",
        )
    },
}  # fmt: skip
