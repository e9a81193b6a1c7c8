"""Is a program linear? Asked of each equation in turn, so that the answer can name one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autodiff.ir.editing import dependents, prune
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import Literal
from autodiff.primitives.algebra import add, broadcast
from autodiff.primitives.arithmetic import stop_gradient, sub
from autodiff.transforms.linearize import linearize
from autodiff.transforms.transpose import divided
from autodiff.transforms.unzip import save, unzip

__all__ = ["additions", "cut_outputs", "first_cut", "first_nonlinear"]


def first_nonlinear(program: Program, active: Sequence[bool]) -> Equation | None:
    """The first equation that is not linear (or affine) in the inputs marked in `active`, if any.

    A program without one may still add a constant: it is linear if it also maps zeros to zeros.
    """
    program = prune(program)
    moving: set[Any] = {v for v, a in zip(program.inputs, active, strict=True) if a}
    for equation in program.equations:
        if not moving.isdisjoint(equation.inputs):
            part = divided(equation, moving)[1]  # of a loop, say, the results that move
            results = tuple([v for v in part.outputs if v in equation.outputs])
            if not _is_affine(part, results, moving):
                return equation
            moving.update(results)
    return None


def _is_affine(equation: Equation, results: tuple[Var, ...], moving: set[Any]) -> bool:
    """Whether the derivative of these results by what moves exists and does not depend on it."""
    inputs = tuple(dict.fromkeys([a for a in equation.inputs if isinstance(a, Var)]))
    active = [v in moving for v in inputs]
    names = ("",) * len(inputs)
    linear = linearize(Program(inputs, (equation,), results, input_names=names), active)
    moves = (*linear.active, *[False] * linear.residuals)
    constant = tuple([y for y, m in zip(linear.known.outputs, moves, strict=True) if not m])
    known = prune(replace(linear.known, outputs=constant))
    return dependents(known, active).isdisjoint(constant)


def additions(program: Program, active: Sequence[bool]) -> list[tuple[Equation, Atom]]:
    """The sums of something that moves and something that does not and is no constant zero.

    Each equation comes with what it adds. A program without any, and without a nonlinear equation,
    is linear.
    """
    known, rest, _ = unzip(program, active, save)  # a loop may compute both kinds of values
    late = {v for v, a in zip(program.inputs, active, strict=True) if a}
    moving = dependents(rest, [v in late for v in rest.inputs])
    zeros: set[Any] = set()
    added = []
    for e in (*known.equations, *prune(rest).equations):
        fixed = [a for a in e.inputs if a not in moving and a not in zeros and not _is_zero(a)]
        if e.primitive is broadcast and not fixed and moving.isdisjoint(e.inputs):
            zeros.update(e.outputs)
        elif e.primitive in (add, sub) and fixed and not moving.isdisjoint(e.inputs):
            added.append((e, fixed[0]))
    return added


def _is_zero(a: Atom) -> bool:
    return isinstance(a, Literal) and bool(a.value == 0)


def first_cut(program: Program, active: Sequence[bool]) -> Equation | None:
    """The first equation that uses an active input and has no derivative, if there is one."""
    return _follow(program, active)[1]


def cut_outputs(program: Program, active: Sequence[bool]) -> tuple[bool, ...]:
    """Which outputs are computed from active inputs, but only by ways that have no derivative.

    What `stop_gradient` cuts is cut on purpose and does not count.
    """
    moving, _ = _follow(program, active)
    reached: set[Any] = {v for v, a in zip(program.inputs, active, strict=False) if a}
    for equation in program.equations:
        if equation.primitive is not stop_gradient and not reached.isdisjoint(equation.inputs):
            reached.update(equation.outputs)
    return tuple([a in reached and a not in moving for a in program.outputs])


def _follow(program: Program, active: Sequence[bool]) -> tuple[set[Any], Equation | None]:
    """The variables that move with the active inputs, and the first equation that stops one."""
    moving: set[Any] = {v for v, a in zip(program.inputs, active, strict=False) if a}
    cut = None
    for equation in program.equations:
        if not moving.isdisjoint(equation.inputs):
            inexact = [v for v in equation.outputs if v.type.inexact]
            if equation.primitive.jvp is not None and inexact:
                moving.update(inexact)
            elif cut is None and equation.outputs:
                cut = equation
    return moving, cut
