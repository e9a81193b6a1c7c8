"""Reductions: what folds axes away by sum, product, maximum, minimum, any, all and their positions.

One table (`FOLDS`) says how each of NumPy's reducing ufuncs is traced; the functions of this file
and `ufunc.reduce` are the same thing with other defaults.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.numpy.arguments import (
    NOT_GIVEN,
    along,
    apply,
    axis_of,
    deliver,
    kept_shape,
    operand,
)
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.numpy.selection import where as choose_where
from autodiff.primitives import reduction
from autodiff.primitives.algebra import reduce_any, reduce_sum
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import reshape

__all__ = [
    "FOLDS", "FUNCTIONS", "all_", "any_", "argmax", "argmin", "count_nonzero", "fold", "max_",
    "min_", "prod", "ptp", "sum_",
]  # fmt: skip


class Fold(NamedTuple):
    """How a ufunc folds an axis away."""

    primitive: Primitive
    identity: Any = None  # None: there is none, and `where=` needs `initial=`


FOLDS: dict[Any, Fold] = {
    np.add: Fold(reduce_sum, 0),
    np.multiply: Fold(reduction.reduce_prod, 1),
    np.maximum: Fold(reduction.reduce_max),
    np.minimum: Fold(reduction.reduce_min),
    np.logical_or: Fold(reduce_any, False),
    np.logical_and: Fold(reduction.reduce_all, True),
    np.bitwise_and: Fold(reduction.reduce_and, -1),
    np.bitwise_or: Fold(reduction.reduce_or, 0),
    np.bitwise_xor: Fold(reduction.reduce_xor, 0),
    np.logaddexp: Fold(reduction.reduce_logsumexp, -np.inf),
}


@lru_cache(1024)
def fold_dtype(ufunc: Any, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which NumPy folds by default: small integers add up in the widest ones."""
    return ufunc.resolve_dtypes((None, dtype, None), reduction=True)[1]


def fold(
    ufunc: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
    *,
    called: str = "",
) -> Any:
    """`ufunc.reduce` for the ufuncs of `FOLDS`; `axis=None` stands for all axes."""
    x = operand(a)
    primitive, identity = FOLDS[ufunc]
    x = convert(x, fold_dtype(ufunc, x.dtype) if dtype is None else dtype)
    if where is not True and where is not NOT_GIVEN:
        rest = initial if identity is None and initial is not NOT_GIVEN else identity
        if rest is None:
            raise ValueError(
                f"np.{called or ufunc.__name__}: there is no value for what `where` leaves out; "
                "give it as `initial=`"
            )
        x = choose_where(where, x, convert(operand(rest), x.dtype))
    if initial is NOT_GIVEN or initial is None:
        result = along(primitive, x, axis, keepdims)
    else:
        start = convert(operand(initial), x.dtype)
        if x.size:
            result = apply(ufunc, start, along(primitive, x, axis, keepdims))
        else:  # nothing comes after `initial`; the primitive may have no value for that
            result = broadcast_to(start, along(reduce_sum, x, axis, keepdims).shape)
    return result if out is None else deliver(called or ufunc.__name__, result, out)


# ---- the functions


def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """`np.sum`."""
    return fold(np.add, a, axis, dtype, out, keepdims, initial, where, called="sum")


def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """`np.prod`."""
    return fold(np.multiply, a, axis, dtype, out, keepdims, initial, where, called="prod")


def max_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """`np.max`."""
    return fold(np.maximum, a, axis, None, out, keepdims, initial, where, called="max")


def min_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """`np.min`."""
    return fold(np.minimum, a, axis, None, out, keepdims, initial, where, called="min")


def any_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """`np.any`."""
    return fold(np.logical_or, a, axis, None, out, keepdims, NOT_GIVEN, where, called="any")


def all_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """`np.all`."""
    return fold(np.logical_and, a, axis, None, out, keepdims, NOT_GIVEN, where, called="all")


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """`np.ptp`: the largest minus the smallest."""
    spread = max_(a, axis, None, keepdims) - min_(a, axis, None, keepdims)
    return deliver("ptp", spread, out)


def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """`np.count_nonzero`."""
    return sum_(convert(operand(a), bool), axis, np.intp, keepdims=keepdims)


def argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """`np.argmax`."""
    return _position("argmax", reduction.argmax, a, axis, out, keepdims)


def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """`np.argmin`."""
    return _position("argmin", reduction.argmin, a, axis, out, keepdims)


def _position(called: str, primitive: Primitive, a: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    x = operand(a)
    shape = x.shape
    if axis is None or (x.ndim == 0 and axis in (0, -1)):
        result = primitive(reshape(x, shape=(x.size,)), axis=0)
        kept = (1,) * len(shape)
    else:
        axis = axis_of(axis, x.ndim)
        result = primitive(x, axis=axis)
        kept = kept_shape(shape, (axis,))
    if keepdims is not NOT_GIVEN and keepdims:
        result = reshape(result, shape=kept)
    return deliver(called, result, out)


FUNCTIONS = {
    np.sum: sum_,
    np.prod: prod,
    np.max: max_,
    np.amax: max_,
    np.min: min_,
    np.amin: min_,
    np.any: any_,
    np.all: all_,
    np.ptp: ptp,
    np.count_nonzero: count_nonzero,
    np.argmax: argmax,
    np.argmin: argmin,
}
