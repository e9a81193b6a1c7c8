"""Which elements of the results depend on which elements of the inputs: the pattern of a Jacobian.

The pattern is that of the linear part of a program, so that no primitive needs a rule for it beside
those for its derivative. Each variable on the way carries a sparse boolean matrix: its elements by
those of the linear inputs. What an equation does to it follows from how its primitive treats the
mask of a cotangent:

- "same": element by element, so the result depends on what the operands at that place depend on;
- "move": transposed, it moves elements, so the transpose rule, run on numbered elements of the
  result, says where each element of an operand goes;
- `sparsity="copy"`: the primitive, run on numbered elements, says where each one comes from.

Others say in simpler primitives what they depend on (`sparsity` in the record), or count as dense:
everything depends on everything. The pattern holds whatever the values are, but for integers:
where elements are found by index, the indices are asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from autodiff.arrays import call_quietly
from autodiff.ir.editing import last_uses, prune
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import UNKNOWN, ArrayType, Literal
from autodiff.tracing.build import apply, build, evaluate, located, read_from, split
from autodiff.transforms.incidence import (
    Columns,
    Matrix,
    product,
    repeated,
    selection,
    stacked,
    total_of,
    with_empty_rows,
)
from autodiff.transforms.linearize import linearize
from autodiff.transforms.transpose import plain

__all__ = ["Dependence", "pattern", "spelled_out"]

Mask = tuple[bool, ...]


def pattern(program: Program, active: Sequence[bool], args: Sequence[Any]) -> Matrix:
    """Where the Jacobian of a program may differ from zero: results by elements of active inputs.

    All results are numbered through, and so are the active inputs. Of `args` only those count from
    which indices are computed.
    """
    linear = linearize(program, active)
    outs = call_quietly(evaluate, (linear.known, args, np))
    n = linear.residuals
    dependence = Dependence(linear.rest, (False,) * n + (True,) * (len(linear.rest.inputs) - n))
    indices = call_quietly(evaluate, (dependence.indices, outs[len(program.outputs) :], np))
    present = np.repeat(linear.active, [t.size for t in program.out_types])
    return with_empty_rows(dependence.pattern(indices), present)


def spelled_out(program: Program, linear: Mask) -> Program:
    """The same dependence on the linear inputs in primitives that have no rule for it.

    Those whose rule returns None, since it knows nothing better than "dense", stay.
    """
    while True:
        new = _expanded(program, linear)
        if new is None:
            return program
        program = new


def _expanded(program: Program, linear: Mask) -> Program | None:
    """One step of it; None if there is nothing to do."""
    path = set(_path(program, linear))
    if not any(callable(e.primitive.sparsity) for e in path):
        return None
    replaced = []

    def fun(*args: Any) -> Sequence[Any]:
        env: dict[Any, Any] = dict(zip(program.inputs, args, strict=True))
        read, late = read_from(env), {v for v, m in zip(program.inputs, linear, strict=True) if m}
        for equation in located(program.equations):
            xs = [read(a) for a in equation.inputs]
            rule, outs = equation.primitive.sparsity, None
            if equation in path:
                if callable(rule):
                    outs = rule(xs, [a in late for a in equation.inputs], **equation.params)
                late.update(equation.outputs)
            if outs is None:
                outs = apply(equation, xs)
            else:
                replaced.append(equation)
                outs = outs if equation.primitive.multiple else (outs,)
            env.update(zip(equation.outputs, outs, strict=True))
        return [read(a) for a in program.outputs]

    new = build(fun, program.in_types, program.name, program.input_names)
    return new if replaced else None


def _path(program: Program, linear: Sequence[bool]) -> list[Equation]:
    """The equations that depend on linear inputs."""
    late: set[Any] = {v for v, m in zip(program.inputs, linear, strict=True) if m}
    found = []
    for e in program.equations:
        if not late.isdisjoint(e.inputs):
            late.update(e.outputs)
            found.append(e)
    return found


class Dependence:
    """How the results of a linear program depend on its linear inputs, for any values of others."""

    def __init__(self, program: Program, linear: Mask) -> None:
        """`linear` marks the inputs in which `program` is linear."""
        self.program = program = spelled_out(program, linear)
        known, self.sources = split(program.inputs, linear)
        self.path = _path(program, linear)
        self.dying = last_uses(Program(program.inputs, tuple(self.path), program.outputs))
        on_path = set(self.path)
        wanted = dict.fromkeys([a for e in self.path for a in e.inputs if _is_index(e, a)])
        before = tuple([e for e in program.equations if e not in on_path])
        # The other inputs -> the integers that say where elements on the way are found.
        self.indices = prune(Program(tuple(known), before, tuple(wanted), "indices"))

    def pattern(self, indices: Sequence[Any]) -> Matrix:
        """The results (numbered through) by the elements of the linear inputs."""
        columns = Columns([v.type.size for v in self.sources])
        rows = sum([a.type.size for a in self.program.outputs])
        if any(UNKNOWN in v.type.shape for e in self.path for v in e.outputs):
            everything = stacked([columns.of_input(k) for k in range(len(self.sources))])
            return columns.spelled_out(repeated(columns.folded(total_of(everything)), rows))
        env: dict[Any, Matrix] = {v: columns.of_input(k) for k, v in enumerate(self.sources)}
        known = dict(zip(self.indices.outputs, indices, strict=True))
        for i, e in enumerate(self.path):
            if not env.keys().isdisjoint(e.inputs):
                found = _step(e, env, known, columns)
                env.update({v: columns.folded(m) for v, m in zip(e.outputs, found, strict=True)})
            for v in self.dying.get(i, ()):
                env.pop(v, None)
        outs = [env.get(a, columns.nothing(a.type.size)) for a in self.program.outputs]
        return columns.spelled_out(stacked([columns.nothing(0), *outs]))


def _is_index(e: Equation, a: Atom) -> bool:
    return isinstance(a, Var) and a.type.dtype.kind in "iu" and _moves(e)


def _moves(e: Equation) -> bool:
    """Whether the primitive only moves elements, in one direction or the other."""
    return e.primitive.sparsity == "copy" or (
        e.primitive.mask == "move" and not e.primitive.multiple
    )


# ---- one equation


def _step(
    e: Equation, env: dict[Any, Matrix], known: dict[Any, Any], columns: Columns
) -> list[Matrix]:
    """The matrix of each result."""
    operands = {i: env[a] for i, a in enumerate(e.inputs) if a in env}
    if e.primitive.mask == "same":
        return [reduce(operator.add, operands.values())]
    if not _moves(e):
        total = columns.folded(total_of(stacked(list(operands.values()))))
        return [repeated(total, v.type.size) for v in e.outputs]
    copies = e.primitive.sparsity == "copy"
    given = [  # transpose rules take types for what is linear
        _numbered(a.type) if a in env and not copies else _stand_in(a, known) for a in e.inputs
    ]
    local = _sources if copies else _targets
    return [product([local(e, i, given) for i in operands], list(operands.values()))]


def _stand_in(a: Atom, known: dict[Any, Any]) -> Any:
    """A value for an operand: what is no index is of no importance."""
    if isinstance(a, Literal):
        return a.value if a.type.dtype.kind in "iub" else np.float64(0)
    if a in known:
        return known[a]
    return np.broadcast_to(np.zeros((), _numbered(a.type).dtype), a.type.shape)


def _numbered(t: ArrayType) -> ArrayType:
    """A type that holds numbers of elements."""
    return t.with_dtype(np.float64) if t.inexact else t


def _numbers(t: ArrayType) -> Any:
    return np.arange(1, t.size + 1, dtype=np.float64).reshape(t.shape)[()]


def _sources(e: Equation, i: int, given: list[Any]) -> Matrix:
    """Results by elements of operand i, from where the elements of the result come from."""
    operand = e.inputs[i].type
    numbered = [*given[:i], _numbers(operand), *given[i + 1 :]]
    return selection(e.primitive.run(np, *numbered, **e.params), operand.size)


def _targets(e: Equation, i: int, given: list[Any]) -> Matrix:
    """Results by elements of operand i, from where the elements of the operand go to."""
    out, rule = e.outputs[0].type, e.primitive.transpose
    assert rule is not None
    numbers = plain(rule(_numbers(out), i, *given, **e.params))
    return selection(numbers, out.size).T.tocsr()
