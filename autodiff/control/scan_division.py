"""A scan cut in two: what is known of it now, and a scan of the rest, which waits.

What the second loop needs of each step of the first is stacked; what is the same in each step is
kept once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autodiff.control.bodies import (
    Division,
    Mask,
    Parts,
    divided_body,
    parts,
    separated_body,
    stacked,
)
from autodiff.control.call import call
from autodiff.control.loop import Loop
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.tracing.build import split

__all__ = ["divide_scan", "known_part", "late_part", "mixed_part"]


def divide_scan(
    equation: Equation, unknown: Sequence[bool], loop: Loop
) -> tuple[Equation, Equation] | None:
    """The known scan and the rest of it."""
    n, c, k = loop.counters, loop.constants, loop.carry
    if any(unknown[:n]):
        return None
    steps, operands = equation.inputs[:n], equation.inputs[n:]
    policy = "recompute" if loop.checkpointed else loop.policy
    cut = divided_body(loop.program, tuple(unknown[n:]), c, k, policy)
    own = parts(split(operands, cut.unknown)[0], *cut.known(c, k))
    outs = split(equation.outputs, cut.out_unknown)[0]

    def known(
        head: Sequence[Atom], body: Program, given: Parts, outputs: Sequence[Var]
    ) -> Equation:
        new = loop._replace(program=body, constants=len(given.constants), carry=len(given.carry))
        return new.equation([*head, *given.constants, *given.carry, *given.rows], outputs, equation)

    if loop.checkpointed:
        first = known(steps, without_residuals(cut), own, outs)
        return first, mixed_part(loop, cut, steps, operands, equation.outputs, equation)
    made = [Var(stacked(v.type, loop.length)) for v in cut.made]
    first, invariants = known_part(known, cut, steps, own, [*outs, *made], equation)
    shared = [outs[len(own.carry) + i] for i in cut.shared]
    rows = [*(own.rows[i] for i in cut.rows), *shared, *made]
    waiting = parts(split(operands, cut.unknown)[1], c - len(own.constants), k - len(own.carry))
    return first, late_part(loop, cut, steps, own, invariants, rows, waiting, equation)


def without_residuals(cut: Division) -> Program:
    """The known body without what the second would need of each step."""
    first = cut.first
    outputs = first.outputs[: len(first.outputs) - len(cut.made)]
    return Program(first.inputs, first.equations, outputs, first.name)


def known_part(
    make: Callable[[Sequence[Atom], Program, Parts, Sequence[Var]], Equation],
    cut: Division,
    head: Sequence[Atom],
    own: Parts,
    outputs: Sequence[Var],
    equation: Equation,
) -> tuple[Equation, list[Var]]:
    """The known loop, behind what it and the rest need that is the same in each step.

    Returns the equation (a call of both, if there is such a thing), and those invariants that the
    rest needs.
    """
    if not cut.hoisted:
        return make(head, cut.first, own, outputs), []
    constants = cut.first.inputs[: len(own.constants)]
    inner_head = [Var(a.type) for a in head]
    inner = Parts([*constants, *cut.invariants], *[[Var(a.type) for a in xs] for xs in own[1:]])
    inner_outputs = [Var(v.type) for v in outputs]
    loop = make(inner_head, cut.first, inner, inner_outputs)
    program = Program(
        (*inner_head, *constants, *inner.carry, *inner.rows),
        (*cut.hoisted, loop),
        (*inner_outputs, *cut.crossing_invariants),
        cut.first.name,
    )
    invariants = [Var(v.type) for v in cut.crossing_invariants]
    operands = (*head, *own.constants, *own.carry, *own.rows)
    params = {"program": program, "policy": None}
    return Equation(call, operands, params, (*outputs, *invariants), equation.trail), invariants


def late_part(
    loop: Loop,
    cut: Division,
    steps: Sequence[Atom],
    own: Parts,
    invariants: Sequence[Var],
    rows: Sequence[Atom],
    waiting: Parts,
    equation: Equation,
) -> Equation:
    """The scan that waits: constants that it needs, unknown carry, rows that were kept for it."""
    fixed = [*(own.constants[i] for i in cut.fixed), *invariants, *waiting.constants]
    new = loop._replace(program=cut.second, constants=len(fixed), carry=len(waiting.carry))
    outputs = _late_outputs(equation.outputs, cut.out_unknown)
    return new.equation([*steps, *fixed, *waiting.carry, *rows, *waiting.rows], outputs, equation)


def _late_outputs(outputs: Sequence[Var], out_unknown: Mask) -> list[Var]:
    return [v for v, late in zip(outputs, out_unknown, strict=False) if late]


def mixed_part(
    loop: Loop,
    cut: Division,
    steps: Sequence[Atom],
    operands: Sequence[Atom],
    outputs: Sequence[Var],
    equation: Equation,
) -> Equation:
    """The whole loop once more, for the results that wait; nobody asks for the others."""
    late = [v if m else Var(v.type) for v, m in zip(outputs, cut.out_unknown, strict=True)]
    whole = loop._replace(program=separated_body(loop.program, cut.unknown))
    return whole.equation([*steps, *operands], late, equation)
