"""Cut a program in two: what can be computed now, and what waits for inputs yet unknown.

`x, dx -> y, dy` becomes `x -> y, residuals` and `residuals, dx -> dy`. Which values cross from the
first program to the second is the choice of a policy; checkpointing is nothing but another policy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from autodiff.ir.checking import maybe_check
from autodiff.ir.editing import prune
from autodiff.ir.program import Equation, Program, Var
from autodiff.tracing.build import split

__all__ = [
    "POLICIES",
    "Crossing",
    "Policy",
    "Unzipped",
    "recompute",
    "recompute_cheap",
    "save",
    "sink",
    "unzip",
]


class Crossing(NamedTuple):
    """What a policy knows when it is asked about an equation of the first program."""

    needed: set[Var]  # values that the second program needs, as decided so far
    alive: Collection[Var]  # values that exist anyway: inputs and known outputs
    primal: Collection[Var]  # values that the first program computes anyway


Policy = Callable[[Equation, Crossing], bool]  # whether to compute it (again) in the second program


def save(equation: Equation, crossing: Crossing) -> bool:
    """Keep every value that the second program needs."""
    return False


def sink(equation: Equation, crossing: Crossing) -> bool:
    """Compute later what only the second program uses, unless more bytes would cross: it is free.

    Views (broadcasts, say) are made again rather than kept, which costs nothing, either.
    """
    is_free = equation.primitive.view and equation.primitive.cheap
    later = is_free or crossing.primal.isdisjoint(equation.outputs)  # type: ignore[attr-defined]
    return later and _shrinks(equation, crossing)


def recompute_cheap(equation: Equation, crossing: Crossing) -> bool:
    """Also compute cheap equations twice, unless more bytes would cross."""
    return (equation.primitive.cheap and _shrinks(equation, crossing)) or sink(equation, crossing)


def recompute(equation: Equation, crossing: Crossing) -> bool:
    """Keep nothing but inputs (full checkpointing)."""
    return True


# How programs name the policies above, so that their text says which one is meant.
POLICIES: dict[str, Policy] = {
    "save": save,
    "sink": sink,
    "recompute_cheap": recompute_cheap,
    "recompute": recompute,
}


def _shrinks(equation: Equation, crossing: Crossing) -> bool:
    """Whether no more bytes cross if the equation is computed in the second program."""
    needed, alive, _ = crossing
    gained = _bytes(v for v in set(equation.outputs) if v in needed and v not in alive)
    paid = _bytes(
        a for a in set(equation.inputs) if isinstance(a, Var) and a not in needed and a not in alive
    )
    return paid <= gained and gained > 0


def _bytes(variables: Iterable[Var]) -> int:
    return sum(v.type.nbytes for v in variables)


class Unzipped(NamedTuple):
    """`known: x -> (known outputs, residuals)`, `rest: (residuals, unknown x) -> other outputs`."""

    known: Program
    rest: Program
    out_unknown: tuple[bool, ...]


def unzip(
    program: Program,
    unknown: Sequence[bool],
    policy: Policy = sink,
    force: Sequence[bool] = (),
) -> Unzipped:
    """Cut a program into what depends on the inputs marked `unknown` and what does not.

    Outputs marked in `force` belong to the second program even if they are known.
    """
    first, second, late = _divide(program, unknown)
    forced = (*force, *[False] * (len(program.outputs) - len(force)))
    out_unknown = tuple([a in late or f for a, f in zip(program.outputs, forced, strict=True)])
    known_outs, late_outs = split(program.outputs, out_unknown)
    ins, late_ins = split(program.inputs, unknown)
    names, late_names = split(program.names, unknown)

    forward = prune(Program(tuple(ins), tuple(first), tuple(known_outs)))
    primal = {v for e in forward.equations for v in e.outputs}
    needed = {a for a in late_outs if isinstance(a, Var)} - late
    for e in second:
        needed.update([a for a in e.inputs if isinstance(a, Var) and a not in late])
    alive = {*ins, *(a for a in known_outs if isinstance(a, Var))}
    again = _choose(first, policy, Crossing(needed, alive, primal))

    order = (*program.inputs, *(v for e in first for v in e.outputs))
    residuals = tuple([v for v in order if v in needed])
    known = Program(
        tuple(ins), tuple(first), (*known_outs, *residuals), f"forward_{program.name}", tuple(names)
    )
    rest = Program(
        (*residuals, *late_ins),
        (*again, *second),
        tuple(late_outs),
        f"linear_{program.name}",
        (*[""] * len(residuals), *late_names),
    )
    return Unzipped(maybe_check(prune(known)), maybe_check(rest), out_unknown)


def _divide(
    program: Program, unknown: Sequence[bool]
) -> tuple[list[Equation], list[Equation], set[Any]]:
    """Equations that do not and that do depend on unknown inputs, and the unknown variables."""
    late: set[Any] = set(split(program.inputs, unknown)[1])
    first: list[Equation] = []
    second: list[Equation] = []
    for e in program.equations:
        if late.isdisjoint(e.inputs):
            first.append(e)
        elif e.primitive.unzip is None:
            second.append(e)
            late.update(e.outputs)
        else:
            parts = e.primitive.unzip(e, [a in late for a in e.inputs])
            if parts is not None:
                first.append(parts[0])
            rest = e if parts is None else parts[1]
            second.append(rest)
            late.update(rest.outputs)
    return first, second, late


def _choose(first: Sequence[Equation], policy: Policy, crossing: Crossing) -> list[Equation]:
    """The equations of the first program that the second computes again; updates what is needed."""
    needed = crossing.needed
    again = []
    for e in reversed(first):
        if not needed.isdisjoint(e.outputs) and policy(e, crossing):
            again.append(e)
            needed.difference_update(e.outputs)
            needed.update([a for a in e.inputs if isinstance(a, Var)])
    return again[::-1]
