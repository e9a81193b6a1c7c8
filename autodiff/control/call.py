"""`call`: a program as one equation. It names a function, and it is how checkpointing is said.

Every rule transforms the held program with the same transforms that the user calls. A call without
a policy is only a name: `simplify` dissolves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from typing import Any, NamedTuple

from autodiff.control.taylor_rules import expand_call
from autodiff.ir.editing import prune
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.types import ArrayType
from autodiff.primitives.masked import form_of, packed, unpacked
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate, split
from autodiff.transforms.batch import Unmapped, batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose_masked
from autodiff.transforms.unzip import Named, policy_of, unzip

__all__ = ["call", "is_transparent"]


def is_transparent(equation: Equation) -> bool:
    """Whether an equation is a call that means no more than the equations of its program."""
    return equation.primitive is call and equation.params["policy"] is None


def _types(*types: ArrayType, program: Program, policy: Named) -> tuple[ArrayType, ...]:
    if types != program.in_types and not _fit(types, program.in_types):
        raise TypeError(f"{program.name} takes {program.in_types}, not {types}")
    return program.out_types


def _fit(types: tuple[ArrayType, ...], wanted: tuple[ArrayType, ...]) -> bool:
    """Whether they are the same, but for lengths that the program leaves open."""
    return len(types) == len(wanted) and all(map(ArrayType.fits, types, wanted))


def _run(xp: Any, *xs: Any, program: Program, policy: Named) -> tuple[Any, ...]:
    return tuple(evaluate(program, xs, xp))


def _jvp(xs: Any, dxs: Any, *, program: Program, policy: Named) -> Any:
    active = tuple([t is not None for t in dxs])
    forward, out_active = jvp(program, active)
    tangents = [t for t in dxs if t is not None]
    outs = call(*xs, *tangents, program=forward, policy=policy)
    n = len(program.outputs)
    moving = iter(outs[n:])
    return outs[:n], [next(moving) if a else None for a in out_active]


def _transpose(
    cts: Any, linear: Sequence[bool], *inputs: Any, program: Program, policy: Named
) -> list[Any]:
    back, forms = transpose_masked(program, tuple(linear), tuple(map(form_of, cts)))
    known = split(inputs, linear)[0]
    outs = call(*known, *unpacked(cts), program=back, policy=policy)
    found = iter(packed(forms, outs))
    return [next(found) if m else None for m in linear]


def _batch(size: int, xs: Any, mapped: Any, *, program: Program, policy: Named) -> Any:
    mapped_program, out_mapped = batch(program, tuple(mapped), size)
    outs = call(*xs, program=mapped_program, policy=policy)
    return tuple([y if m else Unmapped(y) for y, m in zip(outs, out_mapped, strict=True)])


def _narrow(equation: Equation, wanted: Sequence[bool]) -> Equation:
    """The same without results that nobody wants, and without operands that only they need."""
    program, needed = _narrowed(equation.params["program"], tuple(wanted))
    return Equation(
        equation.primitive,
        tuple(compress(equation.inputs, needed)),
        {**equation.params, "program": program},
        tuple(compress(equation.outputs, wanted)),
        equation.trail,
    )


@remembered
def _narrowed(program: Program, wanted: tuple[bool, ...]) -> tuple[Program, list[bool]]:
    small = prune(replace(program, outputs=tuple(compress(program.outputs, wanted))))
    used = {*small.outputs, *(a for e in small.equations for a in e.inputs)}
    needed = [v in used for v in program.inputs]
    inputs, names = compress(program.inputs, needed), compress(program.names, needed)
    return replace(small, inputs=tuple(inputs), input_names=tuple(names)), needed


def _unzip(equation: Equation, unknown: Sequence[bool]) -> tuple[Equation, Equation]:
    """A call of what is known, and a call of the rest with the residuals as first arguments."""
    params = equation.params
    halves = _halves(params["program"], tuple(unknown), params["policy"])
    ins, late_ins = split(equation.inputs, unknown)
    outs, late_outs = split(equation.outputs, halves.out_unknown)
    made = [Var(t) for t in halves.known.out_types[len(outs) :]]
    alive = [*ins, *outs, *made]
    first = Equation(
        call, tuple(ins), {**params, "program": halves.known}, (*outs, *made), equation.trail
    )
    second = Equation(
        call,
        (*(alive[i] for i in halves.crossing), *late_ins),
        {**params, "program": halves.rest},
        tuple(late_outs),
        equation.trail,
    )
    return first, second


class Halves(NamedTuple):
    """A program cut in two, where `known` returns only what is not at hand anyway."""

    known: Program
    rest: Program
    out_unknown: tuple[bool, ...]
    crossing: tuple[int, ...]  # the residuals, by position among inputs and outputs of `known`


@remembered
def _halves(program: Program, unknown: tuple[bool, ...], policy: Named) -> Halves:
    known, rest, out_unknown = unzip(program, unknown, policy_of(policy))
    n = len(out_unknown) - sum(out_unknown)
    outs, residuals = known.outputs[:n], known.outputs[n:]
    position: dict[Any, int] = {}
    alive = {*known.inputs, *outs}
    made = [v for v in residuals if v not in alive]
    for i, a in enumerate((*known.inputs, *outs, *made)):
        position.setdefault(a, i)
    trimmed = replace(known, outputs=(*outs, *made))
    return Halves(trimmed, rest, out_unknown, tuple([position[v] for v in residuals]))


call: Primitive = Primitive(
    "call",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    unzip=_unzip,
    narrow=_narrow,
    python=lambda types, params: f"{{program}}({', '.join(['{}'] * len(types))})",
    taylor=expand_call,
    mask="kept",
    sparsity=lambda xs, linear, *, program, policy: evaluate(program, xs),
    kind="holder",
    multiple=True,
)
