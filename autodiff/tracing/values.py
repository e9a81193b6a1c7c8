"""Values on demand: what lets Python's `if`, `while` and `print` look at a traced value.

A trace that was started from values keeps them. When Python asks for the value of a variable, the
recorded rows that it needs, and no others, are run and remembered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import namespace, on_device
from autodiff.errors import EscapeError, NoValueError
from autodiff.ir.source import here
from autodiff.ir.types import Literal
from autodiff.tracing.builder import Builder, Outer
from autodiff.tracing.foreign_calls import called_now

__all__ = ["depends_on_wanted", "explain_no_value", "refuse_escape", "value_of_number"]


asked = 0  # how often Python has asked for a value: what it then does depends on more than rows


class _NoValue(Exception):
    """An input without a value was reached."""

    def __init__(self, builder: Builder, number: int) -> None:
        super().__init__()
        self.builder, self.number = builder, number


def value_of_number(builder: Builder, number: int, reason: str) -> Any:
    """The value of a variable; `reason` says what Python wants it for, should there be none."""
    global asked  # a counter that only ever has to change
    asked += 1
    try:
        return _value(builder, number)
    except _NoValue as missing:
        raise NoValueError(explain_no_value(missing.builder, missing.number, reason)) from None


def _value(builder: Builder, number: int) -> Any:
    values = builder.values
    if number not in values:
        for row in _rows_needed(builder, number):
            _run(builder, row)
    value = values[number]
    if type(value) is Outer:
        value = values[number] = _value(value.builder, value.number)
    return value


def _rows_needed(builder: Builder, number: int) -> list[int]:
    """The rows to run, in order, so that a variable gets its value."""
    needed: set[int] = set()
    pending = [number]
    while pending:
        row = builder.producer(variable := pending.pop())
        if row is None:
            raise _NoValue(builder, variable)
        if row not in needed:
            needed.add(row)
            pending += [
                a for a in builder.rows[row][2] if isinstance(a, int) and a not in builder.values
            ]
    return sorted(needed)


def _run(builder: Builder, row: int) -> None:
    primitive, params, atoms = builder.rows[row]
    args = [a.value if isinstance(a, Literal) else _value(builder, a) for a in atoms]
    xp = builder.library
    if xp is np or primitive.kind == "elementwise":
        xp = namespace(args)  # of scalars alone, NumPy's
    else:
        args = [on_device(xp, x) for x in args]
    result = primitive.run(xp, *args, **dict(params))
    results = result if primitive.multiple else (result,)
    builder.values.update(zip(builder.results(row), results, strict=True))


def depends_on_wanted(builder: Builder, number: int) -> bool:
    """Whether a derivative would have to flow through this variable (never within `no_grad`)."""
    if builder.regions and builder.regions[-1].stop > len(builder.rows):
        return False
    seen: set[int] = set()
    pending = [number]
    while pending:
        variable = pending.pop()
        if variable in seen or not builder.types[variable].inexact:
            continue
        seen.add(variable)
        if variable in builder.wanted:
            return True
        row = builder.producer(variable)
        if row is None:
            outer = builder.values.get(variable)
            if type(outer) is Outer and depends_on_wanted(outer.builder, outer.number):
                return True
        elif builder.rows[row][0].jvp is not None and not _is_cut(builder, row):
            pending += [a for a in builder.rows[row][2] if isinstance(a, int)]
    return False


def _is_cut(builder: Builder, row: int) -> bool:
    return any(region.start <= row < region.stop for region in builder.regions)


def _input_name(builder: Builder, number: int) -> str:
    position = builder.inputs.index(number)
    names = builder.namer()
    return f"`{names[position]}`" if position < len(names) and names[position] else "a traced input"


def explain_no_value(builder: Builder, number: int, reason: str) -> str:
    """What to write instead of asking for a value that does not exist."""
    name = _input_name(builder, number)
    missing = (
        f"{reason} needs the value of something that depends on {name}, which has no value while "
        f"{builder.label} is traced.{here()}\n"
    )
    if traced := called_now():
        return f"{missing}Write instead: {traced}."
    return missing + (
        "Write instead:\n"
        "  - for `if` on data: `np.where(condition, a, b)`, or `ad.cond(condition, f, g, x)`;\n"
        "  - for `while` or `for` on data: `ad.while_loop(condition, body, x)` or "
        "`ad.fori_loop(0, n, body, x)`; or call the function outside of jit and vmap, where Python "
        "control flow on values works (also under grad);\n"
        "  - for a list of traced values, given to a NumPy function: `np.array([...])` of it "
        "first;\n"
        f"  - for a shape, a flag or a number of repetitions: make {name} a static argument "
        "(`ad.jit(f, static_argnames=...)`), or leave it out of `in_axes`."
    )


def refuse_escape(builder: Builder, asked: str, instead: str) -> None:
    """Raise because a value would leave the trace and take its gradient with it."""
    raise EscapeError(
        f"{asked} takes a traced value out of the trace, so its gradient would be lost.{here()}\n"
        f"Write instead: {called_now() or instead}. If no gradient is wanted here: "
        "`ad.stop_gradient(x)` first."
    )
