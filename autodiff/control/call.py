"""`call`: a program as one equation. It names a function, and it is how checkpointing is said.

Every rule transforms the held program with the same transforms that the user calls. A call without
a policy is only a name: `simplify` dissolves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.types import ArrayType
from autodiff.primitives.masked import form_of, packed, unpacked
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate, split
from autodiff.transforms.batch import Unmapped, batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose_masked
from autodiff.transforms.unzip import POLICIES, Policy, unzip

__all__ = ["call", "is_transparent"]


# A policy of the user's own, the name of one of the library's, or None: nothing is to be decided.
Named = Policy | str | None


def is_transparent(equation: Equation) -> bool:
    """Whether an equation is a call that means no more than the equations of its program."""
    return equation.primitive is call and equation.params["policy"] is None


def _types(*types: ArrayType, program: Program, policy: Named) -> tuple[ArrayType, ...]:
    if types != program.in_types:
        raise TypeError(f"{program.name} takes {program.in_types}, not {types}")
    return program.out_types


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


def _unzip(equation: Equation, unknown: Sequence[bool]) -> tuple[Equation, Equation]:
    """A call of what is known, and a call of the rest with the residuals as first arguments."""
    program, policy = equation.params["program"], equation.params["policy"]
    chosen = POLICIES[policy or "sink"] if isinstance(policy, str | None) else policy
    known, rest, out_unknown = unzip(program, unknown, chosen)
    outs, late_outs = split(equation.outputs, out_unknown)
    ins, late_ins = split(equation.inputs, unknown)
    outer: dict[Any, Any] = dict(zip(known.inputs, ins, strict=True))
    crossing = known.outputs[len(outs) :]
    made = [v for v in crossing if v not in outer]  # an input that crosses need not be returned
    outer.update((v, Var(v.type)) for v in made)
    trimmed = Program(
        known.inputs,
        known.equations,
        (*known.outputs[: len(outs)], *made),
        known.name,
        known.input_names,
    )
    first = Equation(
        call,
        tuple(ins),
        {"program": trimmed, "policy": policy},
        (*outs, *(outer[v] for v in made)),
        equation.trail,
    )
    second = Equation(
        call,
        (*(outer[v] for v in crossing), *late_ins),
        {"program": rest, "policy": policy},
        tuple(late_outs),
        equation.trail,
    )
    return first, second


call: Primitive = Primitive(
    "call",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    unzip=_unzip,
    python=lambda types, params: f"{{program}}({', '.join(['{}'] * len(types))})",
    mask="kept",
    sparsity=lambda xs, linear, *, program, policy: evaluate(program, xs),
    kind="holder",
    multiple=True,
)
