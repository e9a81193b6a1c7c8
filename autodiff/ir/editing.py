"""The small edits that transforms are made of.

None changes a program: each gives a new one, or the same object where there is nothing to do, so
that what was derived from it stays valid. All take time in proportion to the number of equations;
they are on the way of every derivation, so they use whole-set operations where they can.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autodiff.ir.program import Atom, Equation, Program, Var

__all__ = [
    "dependents",
    "has_effect",
    "held_programs",
    "inline",
    "last_uses",
    "map_equations",
    "narrowed",
    "prune",
    "substitute",
]


def prune(program: Program) -> Program:
    """Drop what is never used: equations, unless they have an effect, and results of loops."""
    # Literals get into the set, too, which is harmless and cheaper than telling them apart.
    live: set[Atom] = set(program.outputs)
    kept = []
    changed = False
    for equation in reversed(program.equations):
        if not live.isdisjoint(equation.outputs) or has_effect(equation):
            small = narrowed(equation, live)
            changed |= small is not equation
            kept.append(small)
            live.update(small.inputs)
    if len(kept) == len(program.equations) and not changed:
        return program
    return replace(program, equations=tuple(reversed(kept)))


def narrowed(equation: Equation, live: Container[Any]) -> Equation:
    """An equation without results that are not live, if its primitive can do without them."""
    narrow = equation.primitive.narrow
    if narrow is None or all([v in live for v in equation.outputs]):  # noqa: C419  # on every way
        return equation
    return narrow(equation, tuple([v in live for v in equation.outputs]))


def has_effect(equation: Equation) -> bool:
    """Whether running an equation does something beside giving results."""
    return equation.primitive.effect or any(
        has_effect(inner) for _, held in held_programs(equation) for inner in held.equations
    )


def substitute(program: Program, mapping: Mapping[Any, Atom]) -> Program:
    """Use `mapping[atom]` wherever `atom` is used, in equations and outputs; bindings stay."""
    if not mapping:
        return program
    replaced = set(mapping)
    equations = tuple(
        [
            e if replaced.isdisjoint(e.inputs) else _with_inputs(e, mapping)
            for e in program.equations
        ]
    )
    outputs = tuple([mapping.get(a, a) for a in program.outputs])
    return replace(program, equations=equations, outputs=outputs)


def inline(program: Program, choose: Callable[[Equation], bool]) -> Program:
    """Replace the chosen equations by the equations of the program that they hold.

    Only equations with a param `program` are asked for, and those within the programs that are
    inlined. What is inlined has new variables and keeps its own source lines.
    """
    equations: list[Equation] = []
    renamed: dict[Atom, Atom] = {}
    inlined = False
    for equation in program.equations:
        if renamed and not renamed.keys().isdisjoint(equation.inputs):
            equation = _with_inputs(equation, renamed)
        if "program" in equation.params and choose(equation):
            results = _splice(equation.params["program"], equation.inputs, choose, equations)
            renamed.update(zip(equation.outputs, results, strict=True))
            inlined = True
        else:
            equations.append(equation)
    if not inlined:
        return program
    outputs = tuple([renamed.get(a, a) for a in program.outputs])
    return replace(program, equations=tuple(equations), outputs=outputs)


def last_uses(program: Program) -> dict[int, tuple[Var, ...]]:
    """The variables that die with each equation, by its index: nothing behind it needs them.

    An output that is never used dies with the equation that made it. Outputs of the program never
    die, and inputs that nobody uses are not mentioned. Equations that nothing dies with have no
    entry.
    """
    seen: set[Atom] = set(program.outputs)
    dying: dict[int, tuple[Var, ...]] = {}
    equations = program.equations
    for index in range(len(equations) - 1, -1, -1):
        last = []
        for atom in equations[index].inputs:
            if atom not in seen:
                seen.add(atom)
                if type(atom) is Var:
                    last.append(atom)
        for variable in equations[index].outputs:
            if variable not in seen:
                last.append(variable)
        if last:
            dying[index] = tuple(last)
    return dying


def map_equations(program: Program, change: Callable[[Equation], Equation]) -> Program:
    """Replace each equation by what `change` makes of it."""
    equations = tuple([change(e) for e in program.equations])
    if all(new is old for new, old in zip(equations, program.equations, strict=True)):
        return program
    return replace(program, equations=equations)


def dependents(program: Program, inputs_mask: Sequence[bool]) -> set[Var]:
    """The variables that depend on the marked inputs, and those inputs."""
    reached = {v for v, marked in zip(program.inputs, inputs_mask, strict=True) if marked}
    for equation in program.equations:
        if not reached.isdisjoint(equation.inputs):
            reached.update(equation.outputs)
    return reached


def held_programs(equation: Equation) -> Iterator[tuple[str, Program]]:
    """The programs among the params of an equation, also in tuples; each with its param's name."""
    for name, value in equation.params.items():
        if isinstance(value, Program):
            yield name, value
        elif isinstance(value, tuple):
            for program in _programs_in(value):
                yield name, program


def _programs_in(values: tuple[Any, ...]) -> Iterator[Program]:
    for value in values:
        if isinstance(value, Program):
            yield value
        elif isinstance(value, tuple):
            yield from _programs_in(value)


def _with_inputs(equation: Equation, mapping: Mapping[Any, Atom]) -> Equation:
    inputs = tuple(map(mapping.get, equation.inputs, equation.inputs))
    return Equation(equation.primitive, inputs, equation.params, equation.outputs, equation.trail)


def _splice(
    program: Program,
    operands: Sequence[Atom],
    choose: Callable[[Equation], bool],
    equations: list[Equation],
) -> list[Atom]:
    """Append the equations of `program` applied to `operands`; returns its results."""
    renamed: dict[Atom, Atom] = dict(zip(program.inputs, operands, strict=True))
    renew = renamed.get
    for equation in program.equations:
        inputs = tuple(map(renew, equation.inputs, equation.inputs))
        params = equation.params
        if "program" in params:
            chosen = Equation(equation.primitive, inputs, params, equation.outputs, equation.trail)
            if choose(chosen):
                results = _splice(params["program"], inputs, choose, equations)
                renamed.update(zip(equation.outputs, results, strict=True))
                continue
        bound = equation.outputs
        if len(bound) == 1:  # nearly always, and worth the shorter way
            outputs: tuple[Var, ...] = (Var(bound[0].type),)
            renamed[bound[0]] = outputs[0]
        else:
            outputs = tuple([Var(v.type) for v in bound])
            renamed.update(zip(bound, outputs, strict=True))
        equations.append(Equation(equation.primitive, inputs, params, outputs, equation.trail))
    return list(map(renew, program.outputs, program.outputs))
