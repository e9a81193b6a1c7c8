"""Cut a program in two: what can be computed now, and what waits for inputs yet unknown.

`x, dx -> y, dy` becomes `x -> y, residuals` and `residuals, dx -> dy`. Which values cross from the
first program to the second is the choice of a policy; checkpointing is nothing but another policy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.ir.checking import maybe_check
from autodiff.ir.editing import narrowed, prune
from autodiff.ir.program import Equation, Program, Var
from autodiff.primitives.contraction import contract
from autodiff.primitives.naming import name
from autodiff.tracing.build import split

__all__ = [
    "POLICIES",
    "Crossing",
    "Named",
    "Policy",
    "Unzipped",
    "policy_of",
    "recompute",
    "recompute_cheap",
    "save",
    "save_contractions",
    "save_named",
    "sink",
    "unzip",
]


class Crossing(NamedTuple):
    """What a policy knows when it is asked about an equation of the first program."""

    needed: set[Var]  # values that the second program needs, as decided so far
    alive: Collection[Var]  # values that exist anyway: inputs and known outputs
    primal: Collection[Var]  # values that the first program computes anyway
    labels: Mapping[Var, set[str]]  # values that the user named, and how


Policy = Callable[[Equation, Crossing], bool]  # whether to compute it (again) in the second program

# How programs say which policy is meant, so that their text can be read back: a name, a tuple of a
# name and arguments, or None for the default. A function is the user's: whether to keep what an
# equation computes.
Named = str | tuple[str, ...] | Callable[[Equation], bool] | None


def save(equation: Equation, crossing: Crossing) -> bool:
    """Keep every value that the second program needs."""
    return False


def sink(equation: Equation, crossing: Crossing) -> bool:
    """Compute later what only the second program uses, unless more bytes would cross: it is free.

    Views (broadcasts, say) are made again rather than kept, which costs nothing, either, and so are
    constants, even if they are there anyway: the second program shall not depend on the first.
    """
    is_free = equation.primitive.view and equation.primitive.cheap
    is_constant = not any(isinstance(a, Var) for a in equation.inputs)
    if is_free and is_constant:
        return True
    return (is_free or _is_late(equation, crossing)) and _shrinks(equation, crossing)


def recompute_cheap(equation: Equation, crossing: Crossing) -> bool:
    """Also compute cheap equations twice, unless more bytes would cross."""
    return (equation.primitive.cheap and _shrinks(equation, crossing)) or sink(equation, crossing)


def recompute(equation: Equation, crossing: Crossing) -> bool:
    """Keep nothing but inputs (full checkpointing)."""
    return True


def save_contractions(equation: Equation, crossing: Crossing) -> bool:
    """Keep products of matrices (contractions of any kind), and compute all else again."""
    return _is_late(equation, crossing) or equation.primitive is not contract


@lru_cache(maxsize=64)
def save_named(*labels: str) -> Policy:
    """The policy that keeps what the user gave one of these names, and nothing else."""
    wanted = set(labels)

    def policy(equation: Equation, crossing: Crossing) -> bool:
        # A name is a view of what it names; that is what the rules of derivatives refer to.
        named = any(not wanted.isdisjoint(crossing.labels.get(v, ())) for v in equation.outputs)
        return equation.primitive is name or not named

    return policy


@lru_cache(maxsize=64)
def save_chosen(keep: Callable[[Equation], bool]) -> Policy:
    """The policy that asks a function about what the user computes; a name is but a view of it."""
    return lambda equation, crossing: (
        equation.primitive is name or _is_late(equation, crossing) or not keep(equation)
    )


POLICIES: dict[str, Policy] = {
    "save": save,
    "sink": sink,
    "save_contractions": save_contractions,
    "recompute_cheap": recompute_cheap,
    "recompute": recompute,
}


def policy_of(named: Named) -> Policy:
    """The policy that a program names."""
    if isinstance(named, tuple):
        return save_named(*named[1:])
    if callable(named):
        return save_chosen(named)
    return POLICIES[named or "sink"]


def _is_late(equation: Equation, crossing: Crossing) -> bool:
    """Whether only the derivative uses what an equation computes."""
    return crossing.primal.isdisjoint(equation.outputs)  # type: ignore[attr-defined]


def _shrinks(equation: Equation, crossing: Crossing) -> bool:
    """Whether no more bytes cross if the equation is computed in the second program."""
    needed, alive = crossing.needed, crossing.alive
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
    # What nobody wants must not keep anything alive: results under `stop_gradient`, say.
    second = list(prune(Program((), tuple(second), tuple(late_outs))).equations)
    needed = {a for a in late_outs if isinstance(a, Var)} - late
    for e in second:
        needed.update([a for a in e.inputs if isinstance(a, Var) and a not in late])
    alive = {*ins, *(a for a in known_outs if isinstance(a, Var))}
    again = _choose(first, policy, Crossing(needed, alive, primal, _labels(first)))

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


def _labels(equations: Sequence[Equation]) -> dict[Var, set[str]]:
    """The names that the user gave to values."""
    labels: dict[Var, set[str]] = {}
    for e in equations:
        if e.primitive is name and isinstance(e.inputs[0], Var):
            labels.setdefault(e.inputs[0], set()).add(e.params["label"])
    return labels


def _choose(first: Sequence[Equation], policy: Policy, crossing: Crossing) -> list[Equation]:
    """The equations of the first program that the second computes again; updates what is needed."""
    needed = crossing.needed
    again = []
    for e in reversed(first):
        if not needed.isdisjoint(e.outputs) and policy(e, crossing):
            e = narrowed(e, needed)
            again.append(e)
            needed.difference_update(e.outputs)
            needed.update([a for a in e.inputs if isinstance(a, Var)])
    return again[::-1]
