"""Programs from the functions that users give to loops, branches and custom rules.

The function is traced once, on types. What it captures (arrays, values of enclosing traces) becomes
further inputs of its program, so that derivatives flow to them like to everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_traceable
from autodiff.api.places import describe
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import derive, prepare
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, literal, type_of
from autodiff.primitives.algebra import broadcast
from autodiff.tracing import tree
from autodiff.tracing.bind import builder_of
from autodiff.tracing.build import build
from autodiff.tracing.builder import Builder, current_builder
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer

__all__ = [
    "Staged", "call_leaves", "is_array_like", "perform", "restore", "stage", "stage_call",
]  # fmt: skip

_NUMBERS = (bool, int, float, complex)


@dataclass(frozen=True, slots=True)
class Staged:
    """A function as a closed program `(constants, arguments) -> results`."""

    program: Program
    constants: list[Any]  # what the function captured: the first inputs of the program
    spec: tree.Spec  # structure of the result
    kinds: tuple[Any, ...]  # how each result promotes: as its type, or as a Python number
    name: str

    @property
    def in_types(self) -> tuple[ArrayType, ...]:
        """Types of the arguments."""
        return self.program.in_types[len(self.constants) :]

    @property
    def out_types(self) -> tuple[ArrayType, ...]:
        """Types of the results."""
        return self.program.out_types


def is_array_like(x: Any) -> bool:
    """Whether a leaf is an array, a traced value or a number."""
    return type(x) in _NUMBERS or is_traceable(x)


def call_leaves(fun: Callable[..., Any], args: tuple[Any, ...]) -> FlatCall:
    """A call of `fun` that traces numbers, too: what every staged function takes."""
    call = FlatCall(fun, args, {})
    call.positions = [i for i, x in enumerate(call.leaves) if is_array_like(x)]
    return call


def stage(
    fun: Callable[..., Any],
    args: tuple[Any, ...],
    where: str,
    types: Sequence[ArrayType | None] | None = None,
) -> Staged:
    """Trace `fun(*args)` on types.

    `types` are those of the traced leaves where they are not the leaves' own (a row of an array,
    say), and `where` says in errors what the function is for: "the body of scan".
    """
    call = call_leaves(fun, args)
    own = [type_of(x) for x in call.inputs]
    return stage_call(call, where, [t or s for t, s in zip(types or own, own, strict=True)])


def stage_call(
    call: FlatCall,
    where: str,
    types: Sequence[ArrayType | None],
    names: Callable[[], list[str]] | None = None,
) -> Staged:
    """Trace a call. A leaf whose type is None has its own type, and its value, if it has one."""
    inputs = call.inputs
    name = function_name(call.fun)
    code = getattr(call.fun, "__code__", None)

    def traced(tracers: list[Any]) -> Any:
        leaves, spec = tree.flatten(call(tracers))
        builder = current_builder()
        assert builder is not None
        return tree.unflatten(spec, [_as_tracer(builder, x, name, where) for x in leaves])

    label, namer = f"{name} ({where})", names or call.names
    recording = record(traced, inputs, label=label, code=code, types=types, namer=namer)
    derived = derive(recording, _unchanged, ("stage", len(inputs), name), name)
    return Staged(
        _constants_first(derived.compiled.program, len(inputs)),
        [*recording.args()[len(inputs) :], *derived.lifted],
        recording.spec,
        tuple([x.kind for x in recording.leaves]),
        name,
    )


def restore(staged: Staged, results: Sequence[Any]) -> Any:
    """What the function returns, with these results."""
    for y, kind in zip(results, staged.kinds, strict=True):
        if type(y) is Tracer and isinstance(kind, type):
            y.kind = kind  # a Python number's dtype yields to an array's
    return tree.unflatten(staged.spec, results)


def _as_tracer(builder: Builder, x: Any, name: str, where: str) -> Tracer:
    """A result as a variable of the program, also if it is a constant."""
    if type(x) is Tracer:
        return x
    if not is_array_like(x):
        raise TypeError(
            f"{name} ({where}) returns {describe(x)}, but it may return only arrays, numbers and "
            f"containers of them.{here()}"
        )
    t = type_of(x)
    if isinstance(x, np.generic | bool | int | float | complex):
        params = (("shape", ()), ("axes", ()))
        tracer = Tracer(builder, builder.record((broadcast, params, (literal(x),)), (t,)), t)
        tracer.kind = type(x) if type(x) in (int, float, complex) else t
        return tracer
    return Tracer(builder, builder.capture(x, t), t)


def _unchanged(program: Program) -> tuple[Program, None]:
    return program, None


@lru_cache(maxsize=256)
def _constants_first(program: Program, arguments: int) -> Program:
    """The program with its first inputs, the arguments, behind the others."""
    if arguments in (0, len(program.inputs)):
        return program
    inputs, names = program.inputs, program.names
    return replace(
        program,
        inputs=(*inputs[arguments:], *inputs[:arguments]),
        input_names=(*names[arguments:], *names[:arguments]),
    )


def perform(loop: Any, operands: Sequence[Any]) -> Sequence[Any]:
    """The results of a loop on these operands: recorded, or compiled and run.

    `loop` is a function of primitives, hashable, and equal to others that do the same.
    """
    if builder_of(operands) is not None:
        return loop(*operands)
    return _compiled(loop, tuple(map(type_of, operands)))(operands)


@lru_cache(maxsize=256)
def _compiled(loop: Any, types: tuple[ArrayType, ...]) -> Compiled:
    return prepare(build(loop, types, "loop"))
