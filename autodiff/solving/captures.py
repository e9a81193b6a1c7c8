"""What several traced functions capture, as the first inputs of all their programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.staging import Staged
from autodiff.ir.editing import substitute
from autodiff.ir.program import Program, Var
from autodiff.ir.types import ArrayType, Literal, literal
from autodiff.tracing.tracer import Tracer

__all__ = ["captured", "equal", "identical", "lifted", "merged", "with_constants", "without_lifted"]


def captured(staged: Staged) -> list[Any]:
    """The arrays and outer variables among the constants of a function."""
    return [x for x in staged.constants if not isinstance(x, np.generic)]


def lifted(staged: Staged) -> list[Any]:
    """The numbers among them: they vary from call to call, so they were made inputs, the last."""
    return [x for x in staged.constants if isinstance(x, np.generic)]


def identical(x: Any, y: Any) -> bool:
    """Whether two constants are one."""
    if type(x) is Tracer and type(y) is Tracer:
        return x._builder is y._builder and x._number == y._number
    return x is y


def equal(x: Any, y: Any) -> bool:
    """Whether two constants are one, or can stand for each other: a function may make them anew."""
    if type(x) is Tracer or type(y) is Tracer:
        return identical(x, y)
    if isinstance(x, np.ndarray | np.generic) and isinstance(y, np.ndarray | np.generic):
        same_type = x.dtype == y.dtype and x.shape == y.shape
        return x is y or (same_type and x.tobytes() == y.tobytes())
    return x is y or (type(x) is type(y) and bool(x == y))


def merged(groups: Sequence[Sequence[Any]], same: Any) -> list[Any]:
    """All constants, each once."""
    found: list[Any] = []
    for group in groups:
        found += [x for x in group if not any(same(x, y) for y in found)]
    return found


def with_constants(
    program: Program, own: Sequence[Any], constants: Sequence[Any], same: Any
) -> Program:
    """The program with `constants` as its first inputs, among which are its own."""
    positions = [next(i for i, y in enumerate(constants) if same(x, y)) for x in own]
    types = [getattr(x, "type", None) or ArrayType(x.shape, x.dtype) for x in constants]
    return _with_constants(program, tuple(positions), tuple(types))


@lru_cache(maxsize=256)
def _with_constants(
    program: Program, positions: tuple[int, ...], types: tuple[ArrayType, ...]
) -> Program:
    n, names = len(positions), program.names
    mine: dict[int, tuple[Var, str]] = {}
    twins: dict[Any, Any] = {}
    for i, v, name in zip(positions, program.inputs, names, strict=False):
        if i in mine:
            twins[v] = mine[i][0]
        mine.setdefault(i, (v, name))
    first = [mine.get(i) or (Var(t), "") for i, t in enumerate(types)]
    return replace(
        substitute(program, twins),
        inputs=(*[v for v, _ in first], *program.inputs[n:]),
        input_names=(*[name for _, name in first], *names[n:]),
    )


def without_lifted(staged: Staged) -> Program:
    """The program in which the numbers that were made inputs are literals again."""
    numbers = tuple(map(literal, lifted(staged)))
    return _with_literals(staged.program, len(staged.constants) - len(numbers), numbers)


@lru_cache(maxsize=256)
def _with_literals(program: Program, start: int, numbers: tuple[Literal, ...]) -> Program:
    stop, names = start + len(numbers), program.names
    return replace(
        substitute(program, dict(zip(program.inputs[start:stop], numbers, strict=True))),
        inputs=(*program.inputs[:start], *program.inputs[stop:]),
        input_names=(*names[:start], *names[stop:]),
    )
