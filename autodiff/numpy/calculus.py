"""Differences, integrals, interpolation and polynomials on sampled values."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.numpy.arguments import (
    NOT_GIVEN,
    apply,
    axes_of,
    axis_of,
    operand,
    operands,
    static_int,
    traced_operands,
)
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.numpy.selection import where
from autodiff.primitives.structure import reshape

__all__ = ["FUNCTIONS", "diff", "gradient", "interp", "polyval", "trapezoid"]


def _from(axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    """The index that cuts one axis."""
    return (*[slice(None)] * axis, slice(start, stop))


# ---- differences


def diff(
    a: Any, n: Any = 1, axis: Any = -1, prepend: Any = NOT_GIVEN, append: Any = NOT_GIVEN
) -> Any:
    """`np.diff`."""
    n = static_int(n, "np.diff: n")
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    x = operand(a)
    axis = axis_of(axis, x.ndim)
    parts = [_slab(prepend, x, axis), x, _slab(append, x, axis)]
    x = joined([p for p in parts if p is not None], axis)
    minus = np.not_equal if x.dtype.kind == "b" else np.subtract
    for _ in range(n):
        x = apply(minus, x[_from(axis, 1, None)], x[_from(axis, None, -1)])
    return x


def _slab(value: Any, x: Any, axis: int) -> Any:
    """What is put before or behind `x` along an axis; a scalar fills a slab of thickness one."""
    if value is NOT_GIVEN:
        return None
    (v,) = traced_operands(value)
    return v if v.ndim else broadcast_to(v, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """`np.ediff1d`."""
    x = operand(ary)
    x = reshape(x, shape=(x.size,))
    parts = [to_begin, x[1:] - x[:-1], to_end]
    return joined([convert(np.ravel(operand(p)), x.dtype) for p in parts if p is not None], 0)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """`np.gradient`: central differences, one-sided at the ends."""
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    (x,) = operands(f)
    x = convert(x, float) if x.dtype.kind in "iu" else x
    axes = (
        axes_of(None, x.ndim)
        if axis is None
        else tuple(
            axis_of(i, x.ndim) for i in (axis if isinstance(axis, tuple | list) else (axis,))
        )
    )
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError("invalid number of arguments")
    spacings = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if len(varargs) == 1 and len(axes) > 1 and np.ndim(varargs[0]):
        raise ValueError("distances must be scalars, or given for each axis")
    results = [_gradient(x, h, i, edge_order) for h, i in zip(spacings, axes, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def _gradient(x: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """The derivative along one axis, by second-order differences on a grid that may be uneven."""
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    x = np.moveaxis(x, axis, -1)
    slopes, h = _slopes(x, spacing, n)
    if np.ndim(h) == 0:
        inner = (slopes[..., 1:] + slopes[..., :-1]) / 2
        left, right = h, h
    else:
        left, right = h[:-1], h[1:]
        inner = (right * slopes[..., :-1] + left * slopes[..., 1:]) / (left + right)
    first, last = slopes[..., :1], slopes[..., -1:]
    if edge_order == 2:  # continue the straight line of slopes to the ends
        a, b = (h, h) if np.ndim(h) == 0 else (h[0], h[1])
        c, d = (h, h) if np.ndim(h) == 0 else (h[-1], h[-2])
        first = first + (first - slopes[..., 1:2]) * (a / (a + b))
        last = last + (last - slopes[..., -2:-1]) * (c / (c + d))
    result = convert(joined([first, inner, last], x.ndim - 1), x.dtype)
    return np.moveaxis(result, -1, axis)


def _slopes(x: Any, spacing: Any, n: int) -> tuple[Any, Any]:
    """The slopes between neighbours, and the distance(s) between them."""
    (h,) = operands(spacing)
    if np.ndim(h):
        if h.ndim != 1 or h.shape[0] != n:
            raise ValueError("distances must be as many as there are elements along the axis")
        h = h[1:] - h[:-1]
        h = convert(h, float) if h.dtype.kind in "iu" else h
    return (x[..., 1:] - x[..., :-1]) / h, h


# ---- integrals and interpolation


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    """`np.trapezoid`."""
    y, x, dx = operands(y, x, dx)
    axis = axis_of(axis, y.ndim)
    if x is not None:
        dx = diff(x, axis=-1 if x.ndim == 1 else axis)
        if x.ndim == 1:
            dx = reshape(dx, shape=(*[1] * axis, dx.size, *[1] * (y.ndim - axis - 1)))
    inner = dx * (y[_from(axis, 1, None)] + y[_from(axis, None, -1)]) / 2.0
    return np.sum(inner, axis=axis)


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """`np.interp`: piecewise linear; derivatives by `x`, `xp` and `fp`."""
    at, xp, fp = traced_operands(x, xp, fp)
    if period is not None:
        at, xp, fp = _in_one_period(at, xp, fp, period)
        left = right = None
    if xp.ndim != 1 or fp.shape != xp.shape or not xp.size:
        raise ValueError("fp and xp are not of the same length, or are empty")
    if at.dtype.kind == "c" or xp.dtype.kind == "c":
        raise TypeError("np.interp: x and xp must be real")
    at, xp = convert(at, float), convert(xp, float)
    fp = convert(fp, complex if fp.dtype.kind == "c" else float)
    if xp.size == 1:
        inside = broadcast_to(fp, at.shape) if at.ndim else fp[0]
    else:
        i = np.clip(np.searchsorted(xp, at, side="right") - 1, 0, xp.size - 2)
        x0, x1, f0, f1 = xp[i], xp[i + 1], fp[i], fp[i + 1]
        inside = f0 + (at - x0) * ((f1 - f0) / (x1 - x0))
    below = where(at < xp[0], fp[0] if left is None else left, inside)
    return where(at > xp[-1], fp[-1] if right is None else right, below)


def _in_one_period(at: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Everything within one period, in order, and its last and first points on the other side."""
    if period == 0:
        raise ValueError("period must be a non-zero value")
    period = abs(period)
    at, xp = np.mod(at, period), np.mod(xp, period)
    order = np.argsort(xp)
    xp, fp = np.take(xp, order), np.take(fp, order)
    points = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return at, points, np.concatenate([fp[-1:], fp, fp[:1]])


# ---- polynomials


def polyval(p: Any, x: Any) -> Any:
    """`np.polyval`, by Horner's rule."""
    p, x = traced_operands(p, x)
    y = np.zeros_like(x)
    for coefficient in p:
        y = y * x + coefficient
    return y


def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """`np.vander`."""
    x = operand(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = x.size if N is None else static_int(N, "np.vander: N")
    dtype = np.promote_types(x.dtype, int)
    if not count:
        return convert(x, dtype).reshape(x.size, 0)
    powers = [convert(x, dtype) ** k for k in range(count)]
    return np.stack(powers if increasing else powers[::-1], axis=1)


FUNCTIONS = {
    np.diff: diff,
    np.ediff1d: ediff1d,
    np.gradient: gradient,
    np.trapezoid: trapezoid,
    np.interp: interp,
    np.polyval: polyval,
    np.vander: vander,
}
