"""Is a program linear? Asked of each equation in turn, so that the answer can name one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.ir.editing import dependents, prune
from autodiff.ir.program import Equation, Program, Var
from autodiff.transforms.linearize import linearize

__all__ = ["first_cut", "first_nonlinear"]


def first_nonlinear(program: Program, active: Sequence[bool]) -> Equation | None:
    """The first equation that is not linear (or affine) in the inputs marked in `active`, if any.

    A program without one may still add a constant: it is linear if it also maps zeros to zeros.
    """
    program = prune(program)
    moving: set[Any] = dependents(program, active)
    for equation in program.equations:
        if not moving.isdisjoint(equation.inputs) and not _is_affine(equation, moving):
            return equation
    return None


def _is_affine(equation: Equation, moving: set[Any]) -> bool:
    """Whether the derivative of an equation by what moves exists and does not depend on it."""
    inputs = tuple(dict.fromkeys([a for a in equation.inputs if isinstance(a, Var)]))
    active = [v in moving for v in inputs]
    names = ("",) * len(inputs)
    linear = linearize(Program(inputs, (equation,), equation.outputs, input_names=names), active)
    if not all(linear.active):
        return False
    known = linear.known
    reached = dependents(known, active)
    return reached.isdisjoint(known.outputs[len(linear.active) :])


def first_cut(program: Program, active: Sequence[bool]) -> Equation | None:
    """The first equation that uses an active input and has no derivative, if there is one."""
    moving = {v for v, a in zip(program.inputs, active, strict=False) if a}
    for equation in program.equations:
        if not moving.isdisjoint(equation.inputs):
            if equation.primitive.jvp is None or not equation.outputs[0].type.inexact:
                return equation
            moving.update(equation.outputs)
    return None
