"""Functions that apply a function: along an axis, over axes, to every element.

The function is traced once, for one row, and then mapped over all of them. If it asks for values
(`if x > 0`), of which there are as many as rows, it is called for each row in turn, as NumPy does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arrays import namespace
from autodiff.backend.derived import derive, run
from autodiff.errors import NoValueError
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.numpy.arguments import axis_of, operand, traced_operands
from autodiff.numpy.creation import asarray
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.primitives.structure import reshape
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.batch import batch

__all__ = ["FUNCTIONS", "map_rows", "vectorized"]


# ---- rows


def map_rows(fun: Callable[..., Any], rows: Sequence[Any], name: str) -> list[Any]:
    """The results of `fun`, each stacked, for all rows of several arrays of one length.

    Args:
        fun: takes one row of each array; returns an array, or a tuple of arrays.
        rows: arrays whose first axis is that of the rows, of which there is at least one.
        name: what the user called, for errors.

    Returns:
        An array for each result.
    """
    try:
        return _map_at_once(fun, rows, name)
    except NoValueError:
        return _map_one_by_one(fun, rows)


def _results(result: Any) -> list[Any]:
    return [asarray(y) for y in (result if isinstance(result, tuple) else (result,))]


def _map_at_once(fun: Callable[..., Any], rows: Sequence[Any], name: str) -> list[Any]:
    size = rows[0].shape[0]
    types = [ArrayType(x.shape[1:], x.dtype) for x in rows]
    recording = record(
        lambda xs: _results(fun(*xs)), list(rows), label=f"{name} of one row", types=types
    )
    traced = [type(y) is Tracer for y in recording.leaves]
    force = (True,) * sum(traced)

    def recipe(program: Program) -> tuple[Program, tuple[bool, ...]]:
        mapped = [i < len(rows) for i in range(len(program.inputs))]
        return batch(program, tuple(mapped), size, force)

    derived = derive(recording, recipe, ("map_rows", len(rows), size, force), name)
    mapped = iter(run(derived, recording.args()))
    return [
        next(mapped) if t else namespace([y]).broadcast_to(y, (size, *np.shape(y)))
        for y, t in zip(recording.leaves, traced, strict=True)
    ]


def _map_one_by_one(fun: Callable[..., Any], rows: Sequence[Any]) -> list[Any]:
    """Each result has the dtype that the first row gives it, as in NumPy."""
    found = [_results(fun(*[x[i] for x in rows])) for i in range(rows[0].shape[0])]
    return [
        np.stack([convert(y, column[0].dtype) for y in column])
        for column in zip(*found, strict=True)
    ]


# ---- along an axis, over axes


def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """`np.apply_along_axis`; mapped over all slices at once if the function asks for no values."""
    x = operand(arr)
    axis = axis_of(axis, x.ndim)
    lead = (*x.shape[:axis], *x.shape[axis + 1 :])
    if 0 in lead:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    rows = reshape(np.moveaxis(x, axis, -1), shape=(math.prod(lead), x.shape[axis]))
    (found,) = map_rows(
        lambda row: asarray(func1d(row, *args, **kwargs)), [rows], "np.apply_along_axis"
    )
    own = found.shape[1:]
    result = np.reshape(found, (*lead, *own))
    last = range(len(lead), len(lead) + len(own))
    return np.moveaxis(result, [*last], [axis + i for i in range(len(own))])


def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """`np.apply_over_axes`."""
    x = operand(a)
    ndim = x.ndim
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        place = axis + ndim if axis < 0 else axis
        result = func(x, place)
        x = result if result.ndim == x.ndim else _with_axis(result, place, x.ndim)
    return x


def _with_axis(result: Any, axis: int, ndim: int) -> Any:
    if result.ndim + 1 != ndim:
        raise ValueError("function is not returning an array of the correct shape")
    return np.expand_dims(result, axis)


# ---- to every element


def vectorized(self: Any, *args: Any, **kwargs: Any) -> Any:
    """A call of an `np.vectorize` object with traced arguments."""
    if self.signature is not None:
        raise TypeError(
            f"np.vectorize(signature=...) has no traced form.{here()}\n"
            "Write instead: `ad.vmap(f)`, which maps a function of arrays over their first axes"
        )
    given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
    names = [name for name in given if name not in self.excluded]

    def element(*xs: Any) -> Any:
        every = given | dict(zip(names, xs, strict=True))
        places = [every[i] for i in range(len(args))]
        return self.pyfunc(*places, **{name: every[name] for name in kwargs})

    operands = traced_operands(*[given[name] for name in names])
    shape = np.broadcast_shapes(*[x.shape for x in operands])
    if 0 in shape:
        raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    rows = [reshape(broadcast_to(x, shape), shape=(math.prod(shape),)) for x in operands]
    found = [np.reshape(y, shape) for y in map_rows(element, rows, "np.vectorize")]
    if self.otypes is not None:
        found = [convert(y, dtype) for y, dtype in zip(found, self.otypes, strict=True)]
    return tuple(found) if len(found) > 1 else found[0]


FUNCTIONS = {
    np.apply_along_axis: apply_along_axis,
    np.apply_over_axes: apply_over_axes,
}
