"""Choosing elements by a condition: where, select, choose, piecewise, clip, nan_to_num."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.numpy.arguments import NOT_GIVEN, apply, deliver, operand, operands, refuse
from autodiff.numpy.promotion import Kind, convert, result_dtype
from autodiff.numpy.special_ufuncs import clip_ufunc
from autodiff.numpy.ufuncs import Elementwise
from autodiff.numpy.views import fresh
from autodiff.primitives.arithmetic import select as select_elements
from autodiff.primitives.complexes import complex_

__all__ = ["FUNCTIONS", "choose", "clip", "nan_to_num", "piecewise", "select", "where"]


class _Where(Elementwise):
    """`np.where(condition, x, y)`, planned like a ufunc: a bool, and two that promote."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(select_elements)
        self.ufunc = np.where

    def loop(self, kinds: tuple[Kind, ...]) -> tuple[np.dtype[Any], ...]:
        """The dtypes to which NumPy would convert the operands."""
        given = [k.dtype if isinstance(k, ArrayType) else k(0) for k in kinds[1:]]
        common = np.result_type(*given)
        return (np.dtype(bool), common, common)


_where = _Where()


def where(condition: Any, x: Any = NOT_GIVEN, y: Any = NOT_GIVEN, /) -> Any:
    """`np.where`; with the condition alone, the indices where it holds (they need its value)."""
    if x is NOT_GIVEN and y is NOT_GIVEN:
        return np.nonzero(condition)
    if x is NOT_GIVEN or y is NOT_GIVEN:
        raise ValueError("either both or neither of x and y should be given")
    return _where(condition, x, y)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """`np.select`: of the choices, the first whose condition holds."""
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError("np.select: the lists of conditions and of choices differ, or are empty")
    conditions = operands(*condlist)
    for condition in conditions:
        if condition.dtype.kind != "b":
            raise TypeError(f"np.select: a condition is of dtype {condition.dtype}, not bool")
    *choices, result = operands(*choicelist, default)
    dtype = result_dtype(*choices, result)
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        result = where(condition, convert(choice, dtype), convert(result, dtype))
    return result


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """`np.choose`: the element of the choice that the integer `a` names."""
    *options, index = operands(*choices, a)
    if mode == "wrap":
        index = apply(np.remainder, index, len(options))
    elif mode == "clip":
        index = clip(index, 0, len(options) - 1)
    elif mode == "raise":  # by the index of a gather, which must be in bounds
        numbers = operand(np.arange(len(options)))
        index = numbers[where(index < 0, len(options), index)]
    else:
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    dtype = result_dtype(*options)
    *others, result = [convert(x, dtype) for x in options]
    if not others:  # it is broadcast and copied, and the index checked, as if there were more
        result = where(index == 0, result, dtype.type(0))
    for i, choice in reversed(list(enumerate(others))):
        result = where(index == i, choice, result)
    return deliver("choose", result, out)


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """`np.piecewise`; every function is called on all of `x`."""
    x = operand(x)
    many = isinstance(condlist, list | tuple) and np.ndim(condlist[0]) > 0
    conditions = operands(*(condlist if many or isinstance(condlist, list | tuple) else [condlist]))
    if len(funclist) not in (len(conditions), len(conditions) + 1):
        raise ValueError(
            f"np.piecewise: with {len(conditions)} conditions, {len(conditions)} or "
            f"{len(conditions) + 1} functions are expected"
        )
    pieces = [convert(f(x, *args, **kw) if callable(f) else f, x.dtype) for f in funclist]
    result = pieces[-1] if len(pieces) > len(conditions) else x.dtype.type(0)
    for condition, piece in zip(conditions, pieces, strict=False):  # a later condition wins
        result = where(condition, piece, result)
    return result


def clip(
    a: Any,
    a_min: Any = NOT_GIVEN,
    a_max: Any = NOT_GIVEN,
    out: Any = None,
    *,
    min: Any = NOT_GIVEN,
    max: Any = NOT_GIVEN,
    dtype: Any = None,
    **options: Any,
) -> Any:
    """`np.clip`; the derivative at a bound is one, also where only one bound is given."""
    if options:
        raise refuse("clip", f"{next(iter(options))}=", "write it with `np.where`")
    low, high = (
        None if bound is NOT_GIVEN else bound
        for bound in (a_min if min is NOT_GIVEN else min, a_max if max is NOT_GIVEN else max)
    )
    x, low, high = operands(a, low, high)
    if dtype is not None:
        x, low, high = (v if v is None else convert(v, dtype) for v in (x, low, high))
    return deliver("clip", _clip(x, low, high), out)


def _clip(x: Any, low: Any, high: Any) -> Any:
    if x.dtype.kind in "iu":  # a Python integer that no element reaches may lie beyond the dtype
        info = np.iinfo(x.dtype)
        low = None if type(low) is int and low <= info.min else low
        high = None if type(high) is int and high >= info.max else high
    if low is None and high is None:
        return apply(np.positive, x)
    if x.dtype.kind == "c" and (low is None or high is None):
        return apply(np.maximum, x, low) if high is None else apply(np.minimum, x, high)
    dtype = result_dtype(x, high if low is None else low)
    if dtype.kind not in "iuf":
        return apply(clip_ufunc, x, low, high)
    if low is None:
        low = dtype.type(-np.inf if dtype.kind == "f" else np.iinfo(dtype).min)
    if high is None:
        high = dtype.type(np.inf if dtype.kind == "f" else np.iinfo(dtype).max)
    return apply(clip_ufunc, x, low, high)


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """`np.nan_to_num`."""
    original = x = operand(x)
    if x.dtype.kind == "c":
        result = complex_(*[nan_to_num(v, True, nan, posinf, neginf) for v in (x.real, x.imag)])
    elif x.dtype.kind == "f":
        info = np.finfo(x.dtype)
        most, least = (info.max, info.min)
        result = where(np.isnan(x), nan, x)
        result = where(x == np.inf, most if posinf is None else posinf, result)
        result = where(x == -np.inf, least if neginf is None else neginf, result)
    else:
        return fresh(x)
    return result if copy else deliver("nan_to_num", result, original)


FUNCTIONS = {
    np.where: where,
    np.select: select,
    np.choose: choose,
    np.piecewise: piecewise,
    np.clip: clip,
    np.nan_to_num: nan_to_num,
}
