"""Programs from functions over tracers: how transforms build what they return, and `evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from autodiff.arrays import on_device
from autodiff.ir.checking import maybe_check
from autodiff.ir.editing import last_uses, prune
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.types import ArrayType, Literal
from autodiff.tracing.bind import atom, bind
from autodiff.tracing.builder import Builder, current_builder, opened
from autodiff.tracing.tracer import Tracer

__all__ = ["apply", "build", "evaluate", "located", "read_from", "split"]


T = TypeVar("T")


def build(
    fun: Callable[..., Iterable[Any]],
    types: Sequence[ArrayType],
    name: str = "program",
    input_names: Sequence[str] = (),
) -> Program:
    """The program of a function over tracers that captures nothing (every transform ends here)."""
    with opened(Builder(staging=True, label=name)) as builder:
        builder.namer = lambda: list(input_names)
        numbers = [builder.input(t) for t in types]
        outs = fun(*[Tracer(builder, n, t) for n, t in zip(numbers, types, strict=True)])
        atoms = [atom(builder, x) for x in outs]
        if builder.captured:
            raise AssertionError(f"{name}: a transform may not capture arrays: {builder.captured}")
    return maybe_check(prune(builder.program(atoms, name)))


def apply(equation: Equation, args: Iterable[Any], xp: ModuleType | None = None) -> Sequence[Any]:
    """The results of an equation's primitive on other arguments; see `evaluate` for `xp`."""
    primitive = equation.primitive
    if xp is None:
        results = bind(primitive, *args, **equation.params)
    else:
        results = primitive.run(xp, *args, **equation.params)
    return results if primitive.multiple else (results,)


def located(equations: Iterable[Equation]) -> Iterator[Equation]:
    """The equations one by one; what is recorded for each gets its place in the user's code."""
    builder = current_builder()
    for equation in equations:
        if builder is not None:
            builder.trail = equation.trail
        yield equation


def split(xs: Iterable[T], mask: Iterable[bool]) -> tuple[list[T], list[T]]:
    """`xs` where `mask` is false, and where it is true."""
    parts: tuple[list[T], list[T]] = ([], [])
    for x, m in zip(xs, mask, strict=True):
        parts[m].append(x)
    return parts


def read_from(env: dict[Var, Any], xp: ModuleType | None = None) -> Callable[[Atom], Any]:
    """A reader of atoms: literals as NumPy scalars, or arrays of a device; variables from `env`."""
    if xp is not None and xp is not np:
        return lambda a: on_device(xp, a.value) if isinstance(a, Literal) else env[a]
    return lambda a: a.value if type(a) is Literal else env[a]  # type: ignore[index]


def evaluate(program: Program, args: Iterable[Any], xp: ModuleType | None = None) -> list[Any]:
    """Run a program equation by equation, freeing what is dead; on tracers, record it.

    `xp` promises that no argument is a tracer, and is the array library to run with: the operands
    of an equation do not always tell, since they may be constants. This is the reference that every
    other way of running a program is tested against.
    """
    env = dict(zip(program.inputs, args, strict=True))
    read = read_from(env, xp)
    dying = _last_uses(program)
    for i, equation in enumerate(located(program.equations)):
        results = apply(equation, map(read, equation.inputs), xp)
        env.update(zip(equation.outputs, results, strict=True))
        for v in dying.get(i, ()):
            del env[v]
    return [read(a) for a in program.outputs]


_last_uses = remembered(last_uses)
