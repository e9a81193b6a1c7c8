"""What follows from a recording (its gradient, its compiled code), once for each structure.

A recording's key stands for its program, so an un-jitted `grad` costs one light trace and the run
of a ready program. Keys that differ only in scalar literals (a step size that changes from call to
call) are recognised after a few misses: from then on these literals are inputs of one program.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from autodiff.backend.cache import Cache, CacheInfo, Key
from autodiff.backend.compiled import Compiled
from autodiff.control.call import call, is_transparent
from autodiff.control.optimize import optimize
from autodiff.ir.editing import inline
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import ArrayType, Literal
from autodiff.primitives.algebra import broadcast
from autodiff.tracing.bind import builder_of
from autodiff.tracing.record import Recording

__all__ = [
    "Derived", "Recipe", "cache_info", "clear_cache", "compile_recording", "derive", "prepare",
    "run",
]  # fmt: skip

# What to make of a program: the new program, and what else its caller needs to know.
Recipe = Callable[[Program], tuple[Program, Any]]

_MISSES_BEFORE_LIFTING = 3


class _Family:
    """Recordings that differ only in scalar literals, and which literals have been seen to vary."""

    __slots__ = ("literals", "misses", "varying")

    def __init__(self, literals: tuple[Literal, ...]) -> None:
        self.literals = literals
        self.misses = 0
        self.varying: tuple[int, ...] = ()

    def note(self, literals: tuple[Literal, ...]) -> bool:
        """Count a miss; whether literals are to be lifted now."""
        self.misses += 1
        varying = {
            i for i, (a, b) in enumerate(zip(self.literals, literals, strict=True)) if a is not b
        }
        self.varying = tuple(sorted(varying.union(self.varying)))
        return self.misses > _MISSES_BEFORE_LIFTING and bool(self.varying)


_CAPACITY = 400_000  # rows, over all entries
_derived: Cache[Compiled] = Cache(_CAPACITY)
_families: Cache[_Family] = Cache(_CAPACITY)


class Derived(NamedTuple):
    """A compiled program and the arguments that it takes beyond those of the recording."""

    compiled: Compiled
    lifted: tuple[Any, ...] = ()


def derive(recording: Recording, recipe: Recipe, identity: Hashable, name: str) -> Derived:
    """The program that `recipe` makes of the recorded one; `identity` tells recipes apart."""
    script = recording.script
    known = script.derived.get(identity)
    if known is not None:
        return known
    key = Key((script.key(), identity))
    found = _derived.get(key)
    if found is not None:
        known = script.derived[identity] = Derived(found)
        return known
    skeleton, literals = _skeleton(recording)
    family_key = Key((skeleton, identity))
    family = _families.get(family_key) or _families.put(
        family_key, _Family(literals), len(skeleton[0])
    )
    weight = len(recording.builder.rows)
    if not literals or not family.note(literals):
        return Derived(_derived.put(key, _make(recording.program(name), recipe), weight))
    fixed = tuple([x for i, x in enumerate(literals) if i not in family.varying])
    lifted_key = Key((skeleton, identity, family.varying, fixed))
    compiled = _derived.get(lifted_key)
    if compiled is None:
        program = _lift(recording.program(name), family.varying)
        compiled = _derived.put(lifted_key, _make(program, recipe), weight)
    return Derived(compiled, tuple([literals[i].value for i in family.varying]))


def _make(program: Program, recipe: Recipe) -> Compiled:
    with _collector_paused():
        new, info = recipe(inline(program, is_transparent))
        return prepare(new, info)


def prepare(program: Program, info: Any = None) -> Compiled:
    """A program that a transform made, simplified and ready to run."""
    return Compiled(optimize(program), info)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Derivations make many small objects that stay; looking for garbage there is a waste."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compile_recording(recording: Recording, name: str) -> Compiled:
    """The recorded program itself, compiled."""
    return _make(recording.program(name), lambda program: (program, None))


def run(derived: Derived, args: Sequence[Any]) -> Sequence[Any]:
    """The results on arrays; within another trace, a call of the derived program is recorded."""
    if derived.lifted:
        args = [*args, *derived.lifted]
    if builder_of(args) is None:
        return derived.compiled(args)
    return call(*args, program=derived.compiled.program, policy=None)


def cache_info() -> CacheInfo:
    """Hits, misses and entries of what is remembered between un-jitted calls."""
    return _derived.info()


def clear_cache() -> None:
    """Forget every derived program."""
    _derived.clear()
    _families.clear()


def _skeleton(recording: Recording) -> tuple[tuple[Any, ...], tuple[Literal, ...]]:
    """The recording's key with its literals reduced to their types, and the literals in order."""
    rows, *rest = recording.script.key()
    literals: list[Literal] = []
    bare = []
    for primitive, params, atoms in rows:
        mine = [a for a in atoms if isinstance(a, Literal)]
        if mine:
            literals += mine
            atoms = tuple([a.type if isinstance(a, Literal) else a for a in atoms])
        bare.append((primitive, params, atoms))
    return (tuple(bare), *rest), tuple(literals)


def _lift(program: Program, varying: tuple[int, ...]) -> Program:
    """The program with some of its literals, counted in order of appearance, as further inputs."""
    position = count()
    added: list[Var] = []
    equations: list[Equation] = []
    for e in program.equations:
        inputs: list[Atom] = []
        for a in e.inputs:
            if isinstance(a, Literal) and next(position) in varying:
                added.append(Var(a.type))
                a = _expanded(added[-1], e, equations)
            inputs.append(a)
        equations.append(Equation(e.primitive, tuple(inputs), e.params, e.outputs, e.trail))
    lifted = (*program.inputs, *added)
    return replace(program, inputs=lifted, equations=tuple(equations))


def _expanded(scalar: Var, e: Equation, equations: list[Equation]) -> Var:
    """A scalar in the shape that an elementwise equation asks of what is not a literal."""
    if e.primitive.kind != "elementwise" or not e.outputs[0].type.shape:
        return scalar
    shape = e.outputs[0].type.shape
    full = Var(ArrayType(shape, scalar.type.dtype))
    params = {"shape": shape, "axes": tuple(range(len(shape)))}
    equations.append(Equation(broadcast, (scalar,), params, (full,), e.trail))
    return full
