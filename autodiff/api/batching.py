"""`vmap`: a function of one example becomes a function of many.

Where the mapped axis has a name, the function gets the number of its row as a hidden argument, with
which collectives (`psum`, ...) say which axis they mean. To everything else it is an argument like
any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from itertools import repeat
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_traceable
from autodiff.api.named_axes import Axis, opened_axis
from autodiff.arrays import namespace
from autodiff.backend.derived import derive, run
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.batch import batch

__all__ = ["vmap"]


class _Rows(NamedTuple):
    """The rows that are mapped at once: `length` from `start` on, of `size` in all."""

    start: int
    length: int
    size: int
    name: str | None  # of the axis


def vmap(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    axis_name: str | None = None,
    axis_size: int | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Map a function over an axis of its arguments, as one program and without a Python loop.

    Args:
        fun: a function of arrays and containers of them.
        in_axes: which axis of each argument is mapped: an int for all, or a tuple with one entry
            for each positional argument: an int, None (not mapped: the same for every call), or a
            container of these like the argument or like the upper part of it. Arguments passed by
            keyword are mapped over axis 0.
        out_axes: where the mapped axis goes in the results, in the same way; None for a result that
            does not depend on mapped arguments.
        axis_name: what collectives in `fun` call the mapped axis: `psum(x, axis_name)`.
        axis_size: how many entries the mapped axis has; only needed where no argument is mapped.
        chunk_size: map over at most so many entries at a time, to bound the memory in use.
            Collectives need all entries at once and cannot be used with it.

    Returns:
        A function of the same arguments, whose results have the mapped axis added.

    Raises:
        ValueError: mapped axes have different sizes, or there is none and no axis_size.
        NoValueError: `fun` asks for the value of something mapped (in an `if`, say).

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> w, xs = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> print(ad.vmap(lambda w, x: w @ x, in_axes=(None, 0))(w, xs))
        [1. 2. 3.]
        >>> share = ad.vmap(lambda x: x / ad.psum(x, "rows"), axis_name="rows")
        >>> print(share(np.array([1.0, 3.0])))
        [0.25 0.75]
    """
    if axis_name is not None and not isinstance(axis_name, str):
        raise TypeError(f"axis_name={axis_name!r}: expected a string, or None")
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size}: expected a positive number of entries, or None")
    name = function_name(fun)

    @wraps(fun)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        call = FlatCall(fun, args, kwargs)
        axes = _leaf_axes(call, args, kwargs, in_axes)
        size = _mapped_size(call, axes, axis_size, name)
        step = size if chunk_size is None else chunk_size
        if size <= step:
            return _map_at_once(call, axes, _Rows(0, size, size, axis_name), out_axes, name)
        parts = []
        for start in range(0, size, step):
            rows = _Rows(start, min(step, size - start), size, axis_name)
            parts.append(_map_at_once(_cut(call, axes, rows), axes, rows, out_axes, name))
        return _join(parts, out_axes)

    return mapped


def _map_at_once(
    call: FlatCall, axes: Sequence[int | None], rows: _Rows, out_axes: Any, name: str
) -> Any:
    inputs, types = [], []
    for i in call.positions:
        x, axis = call.leaves[i], axes[i]
        if axis is not None and axis % x.ndim:
            x = namespace([x]).moveaxis(x, axis, 0)
        inputs.append(x)
        types.append(None if axis is None else _element(type_of(x)))
    fun: Callable[[list[Any]], Any] = call
    if rows.name is not None:
        fun = _knowing_its_row(call, rows)
        numbers = np.arange(rows.start, rows.start + rows.length, dtype=np.int64)
        inputs.append(namespace(inputs).asarray(numbers))
        types.append(ArrayType((), numbers.dtype))
    label = f"{name} (under vmap)"
    recording = record(fun, inputs, label=label, types=types, namer=call.names)
    wanted = _prefix_leaves(out_axes, recording.spec, "out_axes", name)
    traced = [type(x) is Tracer for x in recording.leaves]
    force = tuple([axis is not None for axis, t in zip(wanted, traced, strict=True) if t])
    mapped = tuple([t is not None for t in types])

    def recipe(program: Program) -> tuple[Program, tuple[bool, ...]]:
        padded = mapped + (False,) * (len(program.inputs) - len(mapped))
        return batch(program, padded, rows.length, force)

    derived = derive(recording, recipe, ("vmap", mapped, rows.length, force), name)
    outs = run(derived, recording.args())
    results = iter(zip(outs, derived.compiled.info, strict=True))
    xp = namespace([*inputs, *outs])
    found = [
        next(results) if t else (x, False) for x, t in zip(recording.leaves, traced, strict=True)
    ]
    leaves = [
        _place(x, is_mapped, axis, rows.length, name, xp)
        for (x, is_mapped), axis in zip(found, wanted, strict=True)
    ]
    return tree.unflatten(recording.spec, leaves)


def _knowing_its_row(call: FlatCall, rows: _Rows) -> Callable[[list[Any]], Any]:
    """The call with the number of the row as a further argument, which collectives find."""

    def traced(tracers: list[Any]) -> Any:
        *args, row = tracers
        assert rows.name is not None
        with opened_axis(Axis(rows.name, rows.size, row, rows.length == rows.size)):
            return call(args)

    return traced


def _element(t: ArrayType) -> ArrayType:
    return t.with_shape(t.shape[1:])


def _place(x: Any, is_mapped: bool, axis: int | None, size: int, name: str, xp: ModuleType) -> Any:
    """A result with its mapped axis where it was asked for."""
    if axis is None:
        if is_mapped:
            raise ValueError(
                f"vmap({name}): out_axes is None for a result that depends on mapped arguments, so "
                "it differs from call to call; write an axis (0) in out_axes, or reduce it"
            )
        return x
    if not is_mapped:  # a constant: the same for every call
        if type(x) is not Tracer:
            x = xp.asarray(x)
        x = xp.repeat(x[None], size, axis=0)
    return xp.moveaxis(x, 0, axis) if axis else x


def _leaf_axes(call: FlatCall, args: Any, kwargs: Any, in_axes: Any) -> list[int | None]:
    """The mapped axis of each leaf of the call; None where there is none."""
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(
            f"vmap({function_name(call.fun)}): in_axes has {len(in_axes)} entries, but the "
            f"function was called with {len(args)} positional arguments; write one entry for each"
        )
    positional, keyword = call.spec.children()
    axes = _prefix_leaves(in_axes, positional, "in_axes", function_name(call.fun))
    axes = [*axes, *repeat(0, keyword.num_leaves)]
    for i, axis in enumerate(axes):
        x = call.leaves[i]
        if not is_traceable(x):
            if axis is not None and isinstance(in_axes, tuple) and isinstance(x, float | complex):
                raise ValueError(
                    f"vmap: the number {x!r} has no axis to map over; write None in in_axes"
                )
            axes[i] = None
        elif axis is not None and not -x.ndim <= axis < x.ndim:
            raise ValueError(
                f"vmap: an argument of shape {x.shape} has no axis {axis} to map over; write None "
                "in in_axes for what is the same in every call"
            )
    return axes


def _prefix_leaves(axes: Any, spec: tree.Spec, what: str, name: str) -> list[int | None]:
    """One axis for each leaf of a structure, from an int, None, or a container of them above it."""
    if axes is None or isinstance(axes, int):
        return [axes] * spec.num_leaves
    same_kind = not spec.is_leaf() and isinstance(axes, tuple | list | dict)
    if not same_kind or len(axes) != spec.num_children:
        raise ValueError(
            f"vmap({name}): {what}={axes!r} does not fit the structure {spec}; write an int, None, "
            "or a container of them that is like the upper part of it"
        )
    if isinstance(axes, dict):
        axes = [axes[entry] for entry in spec.entries()]
    found: list[int | None] = []
    for axis, child in zip(axes, spec.children(), strict=True):
        found += _prefix_leaves(axis, child, what, name)
    return found


def _mapped_size(
    call: FlatCall, axes: Sequence[int | None], axis_size: int | None, name: str
) -> int:
    sizes = {i: call.leaves[i].shape[axis] for i, axis in enumerate(axes) if axis is not None}
    known = {*sizes.values(), *([] if axis_size is None else [axis_size])}
    if len(known) == 1:
        return int(known.pop())
    if not known:
        raise ValueError(
            f"vmap({name}): no argument is mapped; give at least one an axis in in_axes, or say "
            "by axis_size how many entries there are"
        )
    names = dict(zip(call.positions, call.names(), strict=True))
    shown = ", ".join(f"{names[i]} has {n} (axis {axes[i]})" for i, n in sizes.items())
    if len(set(sizes.values())) == 1:
        raise ValueError(f"vmap({name}): axis_size={axis_size}, but {shown}")
    raise ValueError(
        f"vmap({name}): the mapped axes have different sizes: {shown}. Write in_axes=None for what "
        "is the same in every call"
    )


def _cut(call: FlatCall, axes: Sequence[int | None], rows: _Rows) -> FlatCall:
    """The call with these rows of its arguments."""
    piece = FlatCall.__new__(FlatCall)
    piece.fun, piece.spec, piece.positions = call.fun, call.spec, call.positions
    part = slice(rows.start, rows.start + rows.length)
    piece.leaves = [
        x if axis is None else x[(slice(None),) * (axis % x.ndim) + (part,)]
        for x, axis in zip(call.leaves, axes, strict=True)
    ]
    return piece


def _join(parts: Sequence[Any], out_axes: Any) -> Any:
    """The results of several chunks as one."""
    flat = [tree.flatten(part)[0] for part in parts]
    spec = tree.flatten(parts[0])[1]
    axes = _prefix_leaves(out_axes, spec, "out_axes", "")
    leaves = [
        xs[0] if axis is None else namespace(xs).concatenate(xs, axis=axis)
        for axis, xs in zip(axes, zip(*flat, strict=True), strict=True)
    ]
    return tree.unflatten(spec, leaves)
