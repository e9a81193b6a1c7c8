"""The methods of ufuncs, and the keyword arguments of calling one.

`add.reduce` and its like go to the reductions and accumulations that are primitives; any other
ufunc of two operands is applied step by step, or in a tree where the order does not matter.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autodiff.errors import EscapeError
from autodiff.ir.types import ArrayType
from autodiff.numpy.accumulations import SCANS, scan
from autodiff.numpy.arguments import (
    NOT_GIVEN,
    apply,
    axes_of,
    axis_of,
    check_layout,
    deliver,
    is_scalar,
    kept_shape,
    operand,
    operands,
)
from autodiff.numpy.assignment import add_at
from autodiff.numpy.promotion import convert, kind_of
from autodiff.numpy.reductions import FOLDS, fold, fold_dtype
from autodiff.numpy.selection import where as choose_where
from autodiff.numpy.views import fresh
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = ["UFUNC_METHODS"]

# Their operands may be taken in any order and grouping.
_ANY_ORDER = {np.logical_xor, np.gcd, np.lcm, np.fmax, np.fmin, np.hypot, np.logaddexp2}


# ---- calls with keyword arguments


def call(
    ufunc: Any,
    *given: Any,
    out: Any = None,
    where: Any = True,
    dtype: Any = None,
    casting: Any = "same_kind",
    order: Any = "K",
    subok: Any = True,
    signature: Any = None,
    **core: Any,
) -> Any:
    """`ufunc(*operands, out=, where=, dtype=, casting=)`, and `axis=` for `vecdot`."""
    check_layout(ufunc.__name__, order, subok)
    xs: list[Any] = operands(*given)
    if dtype is not None or signature is not None or casting != "same_kind":
        xs = _converted(ufunc, xs, dtype, signature, casting)
    outs = out if isinstance(out, tuple) else (out,) * ufunc.nout
    if where is not True and any(o is None for o in outs):
        raise TypeError(
            f"np.{ufunc.__name__}(..., where=mask) without out= leaves elements undefined. Write "
            f"instead: `np.where(mask, np.{ufunc.__name__}(...), 0)`, or `out=np.zeros_like(x)`"
        )
    results = apply(ufunc, *xs, **core)
    results = results if ufunc.nout > 1 else (results,)
    if where is not True:
        results = [choose_where(where, r, o) for r, o in zip(results, outs, strict=True)]
    name = ufunc.__name__
    written = [deliver(name, r, o, casting) for r, o in zip(results, outs, strict=True)]
    return tuple(written) if ufunc.nout > 1 else written[0]


def _converted(
    ufunc: Any, xs: Sequence[Any], dtype: Any, signature: Any, casting: Any
) -> list[Any]:
    """The operands in the dtypes of the loop that `dtype` or `signature` selects."""
    if dtype is not None:
        signature = (*[None] * ufunc.nin, *[np.dtype(dtype)] * ufunc.nout)
    elif isinstance(signature, str):
        signature = tuple(map(np.dtype, signature.replace("->", "")))
    kinds = [kind_of(x) for x in xs]
    given = [
        k.dtype if isinstance(k, ArrayType) else np.dtype(bool) if k is bool else k for k in kinds
    ]
    chosen = {} if signature is None else {"signature": signature}
    loop = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout), casting=casting, **chosen)
    return [convert(x, d) for x, d in zip(xs, loop[: len(xs)], strict=True)]


# ---- reduce, accumulate, reduceat


def reduce(
    ufunc: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """`ufunc.reduce`."""
    if ufunc in FOLDS:
        return fold(ufunc, array, axis, dtype, out, keepdims, initial, where)
    x = operand(array)
    axes = axes_of(axis, x.ndim) if x.ndim or axis not in (0, -1) else ()
    shape = kept_shape(x.shape, axes)
    x = convert(x, fold_dtype(ufunc, x.dtype) if dtype is None else dtype)
    if where is not True:
        rest = ufunc.identity if initial is NOT_GIVEN else initial
        if rest is None:
            raise ValueError(f"np.{ufunc.__name__}.reduce: where= needs initial=")
        x = choose_where(where, x, convert(operand(rest), x.dtype))
    if len(axes) > 1 and ufunc not in _ANY_ORDER:
        raise ValueError(f"np.{ufunc.__name__}.reduce: the order matters, so give one axis only")
    count = math.prod([x.shape[i] for i in axes])
    kept = [d for i, d in enumerate(x.shape) if i not in axes]
    rows = np.moveaxis(x, axes, range(len(axes))).reshape(count, *kept)
    result = _folded(ufunc, rows, initial)
    return deliver(ufunc.__name__, reshape(result, shape=shape) if keepdims else result, out)


def _folded(ufunc: Any, rows: Any, initial: Any) -> Any:
    """The rows combined into one, after `initial` if that is given."""
    start = ufunc.identity if initial is NOT_GIVEN else initial
    if len(rows) == 0:
        if start is None:
            raise ValueError(f"zero-size array to reduction {ufunc.__name__} without identity")
        return np.full_like(rows, start, shape=rows.shape[1:])
    if len(rows) == 1 and start is not None:  # the `hypot` or `gcd` of one number has no sign
        initial = start
    if ufunc in _ANY_ORDER:
        while len(rows) > 1:
            half = len(rows) // 2
            pairs = apply(ufunc, rows[:half], rows[half : 2 * half])
            rows = np.concatenate([pairs, rows[2 * half :]]) if len(rows) % 2 else pairs
    parts = list(rows) if initial is NOT_GIVEN else [convert(operand(initial), rows.dtype), *rows]
    return functools.reduce(lambda x, y: apply(ufunc, x, y), parts)


def accumulate(ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    """`ufunc.accumulate`."""
    x = operand(array)
    if x.ndim == 0:
        raise TypeError("cannot accumulate on a scalar")
    if ufunc in SCANS:
        return deliver(ufunc.__name__, scan(ufunc, x, axis, dtype), out)
    x = convert(x, fold_dtype(ufunc, x.dtype) if dtype is None else dtype)
    axis = axis_of(axis, x.ndim)
    rows = itertools.accumulate(np.moveaxis(x, axis, 0), lambda a, b: apply(ufunc, a, b))
    return deliver(ufunc.__name__, np.stack(list(rows), axis=axis) if x.size else fresh(x), out)


def reduceat(
    ufunc: Any, array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None
) -> Any:
    """`ufunc.reduceat`: of the slices between indices, which must be known while tracing."""
    x = operand(array)
    axis = axis_of(axis, x.ndim)
    rows = np.moveaxis(x, axis, 0)
    starts = [int(i) for i in indices]
    parts = []
    for start, stop in pairwise([*starts, len(rows)]):
        part = rows[start : stop if stop > start else start + 1]
        parts.append(reduce(ufunc, part, 0, dtype))
    return deliver(ufunc.__name__, np.stack(parts, axis=axis), out)


# ---- outer, at


def outer(ufunc: Any, a: Any, b: Any, /, **options: Any) -> Any:
    """`ufunc.outer`: of every element of `a` with every element of `b`."""
    x, y = operands(a, b)
    if not is_scalar(x):
        x = reshape(x, shape=x.shape + (1,) * np.ndim(y))
    return call(ufunc, x, y, **options) if options else apply(ufunc, x, y)


def at(ufunc: Any, a: Any, indices: Any, b: Any = NOT_GIVEN, /) -> None:
    """`ufunc.at`: in place at `indices`, in turn for each time that an element is named."""
    if type(a) is not Tracer:
        raise EscapeError(
            f"np.{ufunc.__name__}.at(array, ...) would write traced values into a plain array. "
            "Write instead: make the array by `np.zeros(shape, like=x)` of a traced `x`"
        )
    if b is not NOT_GIVEN and (ufunc is np.add or (ufunc is np.subtract and a.dtype.kind != "b")):
        add_at(a, indices, b if ufunc is np.add else -operand(b))
        return
    flat = np.arange(a.size).reshape(a.shape)[indices]  # which needs the values of the indices
    others = [] if b is NOT_GIVEN else [np.broadcast_to(operand(b), flat.shape).reshape(-1)]
    for chosen in _rounds(flat.reshape(-1)):
        places = np.unravel_index(flat.reshape(-1)[chosen], a.shape)
        a[places] = apply(ufunc, a[places], *[v[chosen] for v in others])


def _rounds(names: Any) -> Iterator[Any]:
    """Positions in `names`, first those of the first occurrences, then of the second, and so on."""
    seen: Counter[int] = Counter()
    nth = np.zeros(names.size, int)
    for i, name in enumerate(names.tolist()):
        nth[i] = seen[name]
        seen[name] += 1
    for turn in range(max(seen.values(), default=0)):
        yield np.nonzero(nth == turn)[0]


UFUNC_METHODS: dict[str, Callable[..., Any]] = {
    "__call__": call,
    "reduce": reduce,
    "accumulate": accumulate,
    "reduceat": reduceat,
    "outer": outer,
    "at": at,
}
