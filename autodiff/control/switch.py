"""`switch`: one of several programs, chosen by a number, as one equation.

    switch[programs=(p0, p1, ...)] index, *operands -> outs

Only the chosen program is run, also where a mapped index differs from row to row: a branch is not
run at all if no row has chosen it, and runs on nothing but operands of rows that have. So what
would fail, or never end, in a branch that is not taken does not. All rules transform the programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import compress
from typing import Any, NoReturn

import numpy as np

from autodiff.control.branches import (
    Mask,
    Programs,
    batched,
    divided,
    narrowed,
    pushed,
    transposed,
    zeros,
)
from autodiff.control.collectives import refuse_meeting
from autodiff.control.rows import borrowed, chosen_by
from autodiff.control.taylor_rules import expand_switch
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, reduce_any, spread, zeros_like
from autodiff.primitives.arithmetic import convert
from autodiff.primitives.comparison import equal
from autodiff.primitives.masked import form_of, packed, unpacked
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate, split
from autodiff.transforms.batch import Unmapped, batch

__all__ = ["in_range", "switch"]

INDEX = ArrayType((), np.int64)


def _types(index: ArrayType, *types: ArrayType, programs: Programs) -> tuple[ArrayType, ...]:
    if index is not INDEX:
        raise TypeError(f"the index of a switch is {INDEX}, not {index}")
    outs = programs[0].out_types
    for program in programs:
        if program.in_types != types:
            raise TypeError(f"{program.name} takes {program.in_types}, not {types}")
        if program.out_types != outs:
            raise TypeError(
                f"the branches of a switch have results of the same types, but "
                f"{programs[0].name} gives {outs} and {program.name} gives {program.out_types}"
            )
    return outs


# ---- running

_REFUSAL = "switch: index {} is out of range, since there are {} branches (0 to {})"


def _refuse(index: int, count: int) -> NoReturn:
    raise IndexError(_REFUSAL.format(index, count, count - 1))


def _run(xp: Any, index: Any, *xs: Any, programs: Programs) -> tuple[Any, ...]:
    i = int(index)
    if not 0 <= i < len(programs):
        _refuse(i, len(programs))
    return tuple(evaluate(programs[i], xs, xp))


def _function(types: Sequence[ArrayType], params: dict[str, Any]) -> str:
    """The switch as Python."""
    count = len(params["programs"])
    refusal = _REFUSAL.format("{{index}}", count, count - 1)
    return "\n".join([
        "def {name}(index, *operands):",
        "    index = int(index)",
        f"    if not 0 <= index < {count}:",
        f'        raise IndexError(f"{refusal}")',
        "    return {programs}[index](*operands)",
    ])  # fmt: skip


def _in_range_run(xp: Any, index: Any, *, count: int) -> Any:
    outside = (index < 0) | (index >= count)
    if bool(outside.any()):
        _refuse(int(index[outside][0]), count)
    return index


in_range: Primitive = Primitive(
    "in_range",  # indices as they are; IndexError, if one is not the number of a branch
    types=lambda index, *, count: (index,),
    run=_in_range_run,
    batch=lambda size, xs, mapped, *, count: in_range(*xs, count=count),
    view=True,
)


# ---- derivatives


def _jvp(xs: Any, dxs: Any, *, programs: Programs) -> Any:
    active = tuple([t is not None for t in dxs[1:]])
    forward, moving = pushed(programs, active)
    outs = switch(*xs, *[t for t in dxs[1:] if t is not None], programs=forward)
    tangents = iter(outs[len(moving) :])
    return outs[: len(moving)], [next(tangents) if m else None for m in moving]


def _transpose(
    cts: Any, linear: Sequence[bool], index: Any, *inputs: Any, programs: Programs
) -> list[Any]:
    mask = tuple(linear[1:])
    backs, forms = transposed(programs, mask, tuple(map(form_of, cts)))
    outs = switch(index, *split(inputs, mask)[0], *unpacked(cts), programs=backs)
    found = iter(packed(forms, outs))
    return [None, *(next(found) if m else None for m in mask)]


# ---- rows


def _batch(size: int, xs: Any, mapped: Any, *, programs: Programs) -> Any:
    index, *operands = xs
    over = tuple(mapped[1:])
    if mapped[0]:
        return _batch_by_rows(size, index, operands, over, programs)
    new, grown = batched(programs, over, size)
    outs = switch(index, *operands, programs=new)
    return tuple([y if m else Unmapped(y) for y, m in zip(outs, grown, strict=True)])


def _batch_by_rows(
    size: int, index: Any, operands: Sequence[Any], mapped: Mask, programs: Programs
) -> tuple[Any, ...]:
    """Every branch on the rows that have chosen it, and each row of the results from its own."""
    if size == 0:
        return tuple([zeros_like(t.with_shape((0, *t.shape))) for t in programs[0].out_types])
    index = in_range(index, count=len(programs))
    results: list[Any] = []
    for k, program in enumerate(programs):
        chosen = equal(index, np.int64(k))
        outs = _on_rows(size, chosen, operands, mapped, program)
        if k:
            outs = [chosen_by(chosen, y, r) for y, r in zip(outs, results, strict=True)]
        results = outs
    return tuple(results)


def _on_rows(
    size: int, chosen: Any, operands: Sequence[Any], mapped: Mask, program: Program
) -> list[Any]:
    """The results of one branch, right in the rows that have chosen it."""
    new, grown = batch(program, mapped, size)
    refuse_meeting(program, new, "a branch")
    is_run = convert(reduce_any(chosen, axes=(0,)), dtype=INDEX.dtype)
    outs = switch(is_run, *borrowed(chosen, operands, mapped), programs=(zeros(new), new))
    return [y if m else spread(y, size) for y, m in zip(outs, grown, strict=True)]


# ---- parts


def _unzip(equation: Equation, unknown: Sequence[bool]) -> tuple[Equation, Equation] | None:
    """A switch of what is known, and one of the rest; None if the index is not known."""
    if unknown[0]:
        return None
    index, *operands = equation.inputs
    parts = divided(equation.params["programs"], tuple(unknown[1:]))
    ins, late_ins = split(operands, unknown[1:])
    outs, late_outs = split(equation.outputs, parts.out_unknown)
    slots = [Var(t) for t in parts.slots]
    crossing = [*[ins[i] for i in parts.operands], *[outs[i] for i in parts.outputs], *slots]
    first = Equation(
        switch, (index, *ins), {"programs": parts.first}, (*outs, *slots), equation.trail
    )
    inputs = (index, *crossing, *late_ins)
    second = Equation(switch, inputs, {"programs": parts.second}, tuple(late_outs), equation.trail)
    return first, second


def _narrow(equation: Equation, wanted: Sequence[bool]) -> Equation:
    """Without results that nobody wants, and operands that only these need."""
    index, *operands = equation.inputs
    programs, needed = narrowed(equation.params["programs"], tuple(wanted))
    inputs = (index, *compress(operands, needed))
    outputs = tuple(compress(equation.outputs, wanted))
    return Equation(switch, inputs, {"programs": programs}, outputs, equation.trail)


def _sparsity(xs: Sequence[Any], linear: Sequence[bool], *, programs: Programs) -> list[Any]:
    """What depends on an element in any branch."""
    outs = zip(*[evaluate(program, xs[1:]) for program in programs], strict=True)
    return [reduce(add, ys) for ys in outs]


switch: Primitive = Primitive(
    "switch",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    unzip=_unzip,
    narrow=_narrow,
    function=_function,
    taylor=expand_switch,
    mask="kept",
    sparsity=_sparsity,
    kind="holder",
    multiple=True,
)
