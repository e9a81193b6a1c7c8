"""The rules that every program obeys, and an error that shows which equation breaks one.

Each variable is bound once, before it is used; each equation yields the types that its primitive
says; params are hashable; programs inside programs obey the same rules. The tests check every
program that a transform returns. Otherwise `maybe_check` does nothing, unless the environment has
`AUTODIFF_CHECK=1` or `set_checking(True)` was called.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from autodiff.errors import InvalidProgramError
from autodiff.ir.editing import held_programs
from autodiff.ir.printing import to_lines, variable_names
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.types import ArrayType, Literal

__all__ = ["check", "checking_enabled", "maybe_check", "set_checking"]

_enabled = os.environ.get("AUTODIFF_CHECK", "") not in ("", "0")
_NEIGHBOURS = 3


def check(program: Program) -> Program:
    """The program itself; raises `InvalidProgramError` if it breaks a rule."""
    _check(program, set())
    return program


def maybe_check(program: Program) -> Program:
    """`check(program)` if checking is switched on."""
    return check(program) if _enabled else program


def checking_enabled() -> bool:
    """Whether `maybe_check` checks."""
    return _enabled


def set_checking(enabled: bool) -> bool:
    """Switch `maybe_check` on or off; returns what it was before."""
    global _enabled
    before, _enabled = _enabled, enabled
    return before


class _Fault(NamedTuple):
    """What is wrong; `{}` stands for the name of a variable, which may be one used unbound."""

    problem: str
    variable: Var | None = None
    unbound: bool = False


def _check(program: Program, checked: set[Program]) -> None:
    bound = set(program.inputs)
    if len(bound) < len(program.inputs):
        _fail(program, -1, _Fault("two inputs are the same variable"))
    for index, equation in enumerate(program.equations):
        fault = _fault(equation, bound)
        if fault is not None:
            _fail(program, index, fault)
        bound.update(equation.outputs)
        for param, held in held_programs(equation):
            if held not in checked:
                _check_held(held, checked, f"{param} of equation {index + 1} of {program.name}")
    for position, atom in enumerate(program.outputs, 1):
        fault = _operand_fault(atom, bound, f"result {position}")
        if fault is not None:
            _fail(program, len(program.equations), fault)
    checked.add(program)


def _check_held(program: Program, checked: set[Program], where: str) -> None:
    try:
        _check(program, checked)
    except InvalidProgramError as error:
        error.add_note(f"This program is the param {where}.")
        raise


def _fault(equation: Equation, bound: set[Var]) -> _Fault | None:
    """What is wrong with an equation that sees the `bound` variables; None if it is right."""
    for position, atom in enumerate(equation.inputs, 1):
        fault = _operand_fault(atom, bound, f"operand {position}")
        if fault is not None:
            return fault
    outputs: tuple[Any, ...] = equation.outputs
    for position, variable in enumerate(outputs):
        if not isinstance(variable, Var):
            kind = type(variable).__name__
            return _Fault(f"output {position + 1} is a {kind}; expected a variable")
        if variable in bound or variable in outputs[:position]:
            return _Fault("{} is bound a second time", variable)
    return _params_fault(equation.params) or _types_fault(equation)


def _operand_fault(atom: Any, bound: set[Var], which: str) -> _Fault | None:
    if isinstance(atom, Var):
        if atom in bound:
            return None
        return _Fault(f"{which}, {{}}, is not bound before it is used", atom, unbound=True)
    if isinstance(atom, Literal):
        return None
    return _Fault(f"{which} is a {type(atom).__name__}; expected a variable or a literal")


def _params_fault(params: Mapping[str, Any]) -> _Fault | None:
    try:
        hash(tuple(params.values()))
    except TypeError:
        for name, value in params.items():
            if not _is_hashable(value):
                kind = type(value).__name__
                return _Fault(f"param {name} is a {kind} that cannot be hashed; expected a tuple")
    return None


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _types_fault(equation: Equation) -> _Fault | None:
    name = equation.primitive.name
    in_types = [a.type for a in equation.inputs]
    found = tuple([v.type for v in equation.outputs])
    try:
        expected = tuple(equation.primitive.types(*in_types, **equation.params))
    except Exception as error:  # whatever a rule trips over, it is the equation that is wrong
        kind = type(error).__name__
        return _Fault(f"{name} does not take ({_listed(in_types)}): {kind}: {error}")
    if expected == found:
        return None
    return _Fault(f"expected {_listed(expected)} from {name}, found {_listed(found)}")


def _listed(types: Iterable[ArrayType]) -> str:
    return ", ".join(map(str, types)) or "nothing"


def _fail(program: Program, index: int, fault: _Fault) -> NoReturn:
    """Raise with equation `index` and its neighbours; -1 is the head, and the last the return."""
    problem = fault.problem
    if fault.variable is not None:
        problem = problem.replace("{}", variable_names(program).get(fault.variable, "?"))
    if fault.unbound:
        problem += _bound_where(program, fault.variable)
    lines = to_lines(program)
    shown = range(max(index + 1 - _NEIGHBOURS, 0), min(index + 2 + _NEIGHBOURS, len(lines)))
    text = "\n".join([f"{'-->' if i == index + 1 else '   '} {lines[i]}" for i in shown])
    raise InvalidProgramError(
        f"in program {program.name}: {problem}\n{text}{_source_line(program, index)}"
    )


def _bound_where(program: Program, variable: Var | None) -> str:
    for number, equation in enumerate(program.equations, 1):
        if variable in equation.outputs:
            return f" (equation {number} binds it)"
    return ""


def _source_line(program: Program, index: int) -> str:
    if not 0 <= index < len(program.equations):
        return ""
    source = program.equations[index].source
    if source is None or not source.file:
        return ""
    line = linecache.getline(source.file, source.line).strip()
    return f"\nfrom {source.file}, line {source.line}:\n    {line}" if line else ""
