"""A program made ready to run: calls dissolved, less work, and the same within what it holds."""

from __future__ import annotations

from typing import Any

from autodiff.control.call import is_transparent
from autodiff.ir.editing import held_programs, inline, map_equations
from autodiff.ir.program import Equation, Program
from autodiff.ir.remembering import remembered
from autodiff.transforms.simplify import simplify

__all__ = ["optimize"]


@remembered  # what several equations hold stays one object
def optimize(program: Program) -> Program:
    """The same function with less to do; programs that loops and branches hold are done, too."""
    return simplify(map_equations(inline(program, is_transparent), _optimize_held))


def _optimize_held(equation: Equation) -> Equation:
    changed = {name: _optimized(equation.params[name]) for name, _ in held_programs(equation)}
    if not changed:
        return equation
    params = {**equation.params, **changed}
    return Equation(equation.primitive, equation.inputs, params, equation.outputs, equation.trail)


def _optimized(x: Any) -> Any:
    """A param that is a program or a tuple of programs and other things."""
    if isinstance(x, tuple):
        return tuple([_optimized(item) for item in x])
    return optimize(x) if isinstance(x, Program) else x
