"""How much memory and work a program takes, told from its types before it runs.

The memory is that of `evaluate`: an equation makes its results, and an array is let go after the
last use of whatever shares its memory. Generated code makes fewer arrays, never more. Arrays that
a primitive needs while it runs are counted from its source text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.ir.editing import held_programs, last_uses
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.types import ArrayType
from autodiff.primitives.record import Primitive

__all__ = ["Footprint", "effort", "footprint", "new_bytes", "peak_bytes", "shares", "workspace"]

_HEADER = 160  # bytes of an array beside its elements
_FLOPS = 24  # multiplications and additions in products of matrices, in the time of one elsewhere
_TRANSCENDENTAL = 8  # what an element of `exp` takes, in the time of one of `mul`


class Footprint(NamedTuple):
    """What a program takes beyond its arguments."""

    peak: int  # bytes that are alive at one time, its results included
    roots: tuple[Any, ...]  # of each result: the input that it is part of, or the variable made


class _Memory:
    """The arrays that are alive while a program runs."""

    def __init__(self, program: Program) -> None:
        self.roots: dict[Any, Any] = {v: v for v in program.inputs}  # whose memory is shared
        self.sizes: dict[Any, int] = {}  # of what the program made
        self.users: dict[Any, int] = {}  # variables that refer to it
        self.bases: dict[Any, Any] = {}  # larger arrays that it may be part of
        self.alive = self.peak = 0

    def share(self, v: Var, root: Any) -> None:
        """Note that `v` is (part of) an array that is there already."""
        self.roots[v] = root
        if root in self.users:
            self.users[root] += 1

    def make(self, v: Var, size: int) -> None:
        """Note a new array."""
        self.roots[v], self.sizes[v], self.users[v] = v, size, 1
        self.alive += size

    def _hold(self, v: Var, base: Any) -> None:
        """Keep what `v` may be a part of; if that is no larger, it is counted already."""
        if self.sizes.get(base, 0) > self.sizes[v]:
            self.bases[v] = base
            self.users[base] += 1

    def free(self, variables: Iterable[Var]) -> None:
        """Note that these are not used any more."""
        for v in variables:
            self._release(self.roots[v])

    def _release(self, root: Any) -> None:
        if root in self.users:
            self.users[root] -= 1
            if not self.users[root]:
                self.alive -= self.sizes[root]
                self._release(self.bases.get(root))

    def run(self, equation: Equation) -> None:
        """Note what an equation makes, and what it needs meanwhile."""
        inner = _held_footprint(equation)
        if inner is None:
            self.peak = max(self.peak, self.alive + workspace(equation) + new_bytes(equation))
            for v in equation.outputs:
                if shares(equation):
                    self.share(v, self.roots.get(equation.inputs[0]))
                else:
                    self.make(v, _bytes(v.type))
                    if equation.primitive.view:
                        self._hold(v, self.roots.get(equation.inputs[0]))
            return
        self.peak = max(self.peak, self.alive + inner.peak)
        made: dict[Any, Any] = dict(
            zip(equation.params["program"].inputs, equation.inputs, strict=True)
        )
        for v, root in zip(equation.outputs, inner.roots, strict=True):
            if root in made:
                self.share(v, self.roots.get(made[root]))
            else:
                made[root] = v
                self.make(v, _bytes(v.type))


@remembered
def footprint(program: Program) -> Footprint:
    """The memory that a program takes while it runs."""
    memory, dying = _Memory(program), last_uses(program)
    for i, equation in enumerate(program.equations):
        memory.run(equation)
        memory.free(dying.get(i, ()))
    roots = tuple([memory.roots.get(a, a) for a in program.outputs])
    return Footprint(max(memory.peak, memory.alive), roots)


def peak_bytes(program: Program) -> int:
    """The most memory that a call of a compiled program takes beyond its arguments.

    Results that are parts of arguments or of one another are copied in the end.
    """
    peak, roots = footprint(program)
    kept: dict[Any, int] = {}
    copies = 0
    for a, root in zip(program.outputs, roots, strict=True):
        if root in kept or root in program.inputs or not isinstance(root, Var):
            copies += _bytes(a.type)
        else:
            kept[root] = _bytes(root.type)
    return max(peak, sum(kept.values()) + copies)


def _held_footprint(equation: Equation) -> Footprint | None:
    """The footprint of an equation that does no more than to run the program that it holds."""
    program = equation.params.get("program")
    if equation.primitive.kind != "holder" or not isinstance(program, Program):
        return None
    around = (len(program.inputs), len(program.outputs))
    if around != (len(equation.inputs), len(equation.outputs)) or "carry" in equation.params:
        return None  # a loop
    return footprint(program)


def shares(equation: Equation) -> bool:
    """Whether the result is a view in any case."""
    primitive = equation.primitive
    return primitive.view and primitive.cheap and primitive.name != "reshape"


def new_bytes(equation: Equation) -> int:
    """The memory of the results of an equation."""
    return 0 if shares(equation) else sum(_bytes(v.type) for v in equation.outputs)


def _bytes(t: ArrayType) -> int:
    return t.nbytes + _HEADER


def workspace(equation: Equation) -> int:
    """The memory that an equation takes while it runs, beside that of its results."""
    programs = [p for _, p in held_programs(equation)]
    if programs:  # a loop or a branch: carried values are there twice, before and after a step
        carried = sum(_bytes(t) for t in max((p.out_types for p in programs), key=len))
        return carried + max(footprint(p).peak for p in programs)
    types = tuple([a.type for a in equation.inputs])
    largest = max((t.nbytes for t in (*types, *(v.type for v in equation.outputs))), default=0)
    arrays = _temporaries(equation.primitive, types, tuple(equation.params.items()))
    return arrays * largest


@lru_cache(maxsize=4096)
def _temporaries(
    primitive: Primitive, types: tuple[ArrayType, ...], params: tuple[tuple[str, Any], ...]
) -> int:
    """How many arrays of the largest size `run` makes before the last: as its text tells."""
    if primitive.ufunc is not None or primitive.view:
        return 0
    if primitive.python is None:
        return 3
    text = primitive.python(types, dict(params)).format(*[f"x{i}" for i in range(len(types))])
    steps = sum(isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call) for node in _nodes(text))
    return min(max(steps - 1, 0), 2)


def _nodes(text: str) -> Iterable[ast.AST]:
    """The parts of an expression that compute arrays: not what is within brackets."""
    pending: list[ast.AST] = [ast.parse(text, mode="eval").body]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.Subscript | ast.Attribute):
            pending.append(node.value)
        else:
            pending += ast.iter_child_nodes(node)


def effort(equations: Sequence[Equation]) -> float:
    """The time that equations take, in elements of a multiplication."""
    return sum(map(_effort, equations))


def _effort(equation: Equation) -> float:
    primitive, params = equation.primitive, equation.params
    held = [p for _, p in held_programs(equation)]
    if held:
        return (params.get("length") or 1) * sum(effort(p.equations) for p in held)
    if primitive.view:
        return 0.0
    ins, outs = [a.type for a in equation.inputs], [v.type for v in equation.outputs]
    if primitive.cost is not None:
        flops = primitive.cost(ins, outs, **params)
        return flops / _FLOPS if primitive.kind == "bilinear" else flops
    size = max((t.size for t in (*ins, *outs)), default=0)
    return size * (1.0 if primitive.cheap else _TRANSCENDENTAL)
