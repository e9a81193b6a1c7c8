"""`logsumexp`, `softmax` and `log_softmax` of `scipy.special`.

Nothing overflows, since the largest element is subtracted first. That shift is a constant: any one
gives the same result. Elements of -inf have no influence; if there are no others, the gradient of
`logsumexp` is zero, not NaN. Where weighted terms add up to zero otherwise, it does not exist: NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.numpy.arguments import axes_of, kept_shape, operand, traced_operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert, result_dtype
from autodiff.primitives.algebra import reduce_sum
from autodiff.primitives.arithmetic import stop_gradient
from autodiff.primitives.reduction import exp_below, reduce_logsumexp, reduce_max
from autodiff.primitives.structure import reshape
from autodiff.scipy.forms import traced_form

__all__ = ["FUNCTIONS"]


@traced_form("special")
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """`scipy.special.logsumexp`: log(sum(b * exp(a)))."""
    x, *weights = _alike(a) if b is None else _alike(a, b)
    axes = axes_of(axis, x.ndim)
    kept = kept_shape(x.shape, axes)
    if not math.prod([x.shape[i] for i in axes]):
        result = operand(np.full(kept, -math.inf, x.dtype))
        sign = operand(np.full(kept, -1, x.dtype))
    elif weights or x.dtype.kind == "c":
        result, sign = _weighted(x, weights[0] if weights else None, axes)
    else:
        result = reshape(reduce_logsumexp(x, axes=axes), shape=kept)
        sign = np.where(result == -math.inf, 0, np.where(np.isnan(result), result, 1))
    if return_sign:
        result, sign = result.real, stop_gradient(convert(sign, x.dtype))
    elif weights and x.dtype.kind == "f":
        result = result * np.where(sign < 0, math.nan, 1)
    if not keepdims:
        shape = tuple([d for i, d in enumerate(x.shape) if i not in axes])
        result, sign = reshape(result, shape=shape), reshape(sign, shape=shape)
    return (result, sign) if return_sign else result


def _alike(*given: Any) -> list[Any]:
    """The operands with one shape, of at least one axis, and one floating-point dtype."""
    xs = traced_operands(*given)
    dtype = result_dtype(*xs)
    dtype = dtype if dtype.kind in "fc" else np.dtype(float)
    shape = broadcast_shapes((1,) if max(x.ndim for x in xs) == 0 else (), *[x.shape for x in xs])
    return [broadcast_to(convert(x, dtype), shape) for x in xs]


def _weighted(x: Any, weights: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The logarithm of the sum's absolute value, or of the complex sum, and its direction."""
    kept = kept_shape(x.shape, axes)
    idle = False if weights is None else weights == 0
    # What has no weight must not meet it if it is infinite. Where it is finite, the derivative by
    # the weight is not zero.
    x = np.where(idle & ~np.isfinite(x), -math.inf, x)
    largest = stop_gradient(reshape(reduce_max(x.real, axes=axes), shape=kept))
    counted = np.where(idle, -math.inf, x.real)
    shift = stop_gradient(reshape(reduce_max(counted, axes=axes), shape=kept))
    e = _exponentials(x, idle, shift)
    total = reshape(reduce_sum(e if weights is None else weights * e, axes=axes), shape=kept)
    size = total if x.dtype.kind == "c" else np.abs(total)
    return np.log(np.where(largest == -math.inf, 1, size)) + shift, np.sign(total)


def _exponentials(x: Any, idle: Any, shift: Any) -> Any:
    """exp(x - shift), which is 1 at an infinite x, and finite wherever the weight is zero."""
    if x.dtype.kind == "c":
        return np.exp(x - np.where(np.isfinite(shift), shift, 0))
    info = np.finfo(x.dtype)
    finite = np.broadcast_to(np.clip(shift, info.min, info.max), x.shape)
    if idle is False:
        return exp_below(x, finite)
    bound = math.log(float(info.max)) - 1
    return np.where(idle, np.exp(np.minimum(x - finite, bound)), exp_below(x, finite))


def _floating(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """`x` as a floating-point array, and its axes."""
    (x,) = traced_operands(x)
    x = x if x.dtype.kind in "fc" else convert(x, float)
    return x, axes_of(axis, x.ndim)


@traced_form("special")
def softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.softmax`: exp(x) / sum(exp(x))."""
    x, axes = _floating(x, axis)
    e = np.exp(x - stop_gradient(np.max(x, axis=axes, keepdims=True)))
    return e / np.sum(e, axis=axes, keepdims=True)


@traced_form("special")
def log_softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.log_softmax`: x - log(sum(exp(x)))."""
    x, axes = _floating(x, axis)
    most = stop_gradient(np.max(x, axis=axes, keepdims=True))
    moved = x - np.where(np.isfinite(most), most, 0)
    return moved - np.log(np.sum(np.exp(moved), axis=axes, keepdims=True))


FUNCTIONS = {f.__name__: f for f in (logsumexp, softmax, log_softmax)}
