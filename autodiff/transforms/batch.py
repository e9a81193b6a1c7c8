"""Vectorise: the same program over a new first axis of some of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.errors import MissingRuleError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, Literal
from autodiff.primitives.algebra import spread
from autodiff.tracing.build import apply, build, located

__all__ = ["Unmapped", "batch"]


class Unmapped(NamedTuple):
    """Marks a result of a batch rule that does not have the mapped axis: it is the same for all."""

    value: Any


@lru_cache(maxsize=256)
def batch(
    program: Program, mapped: tuple[bool, ...], size: int, force: tuple[bool, ...] = ()
) -> tuple[Program, tuple[bool, ...]]:
    """Map over a first axis of `size` entries that the inputs marked in `mapped` have gained.

    Returns the program and which outputs have the axis; those marked in `force` always have it.
    """
    out_mapped: list[bool] = []

    def fun(*args: Any) -> Sequence[Any]:
        env: dict[Any, Any] = dict(zip(program.inputs, zip(args, mapped, strict=True), strict=True))
        for equation in located(program.equations):
            operands = [
                (a.value, False) if isinstance(a, Literal) else env[a] for a in equation.inputs
            ]
            env.update(zip(equation.outputs, _step(equation, operands, size), strict=True))
        outs = [(a.value, False) if isinstance(a, Literal) else env[a] for a in program.outputs]
        wanted = force or (False,) * len(outs)
        out_mapped.extend(m or f for (_, m), f in zip(outs, wanted, strict=True))
        return [
            spread(y, size) if f and not m else y for (y, m), f in zip(outs, wanted, strict=True)
        ]

    types = [_stacked(t, size) if m else t for t, m in zip(program.in_types, mapped, strict=True)]
    new = build(fun, types, f"vmap_{program.name}", program.input_names)
    return new, tuple(out_mapped)


def _stacked(t: ArrayType, size: int) -> ArrayType:
    return t.with_shape((size, *t.shape))


def _step(equation: Any, operands: Sequence[tuple[Any, bool]], size: int) -> list[tuple[Any, bool]]:
    """The results of an equation, each with whether it has the mapped axis."""
    xs, mapped = zip(*operands, strict=True) if operands else ((), ())
    if not any(mapped):
        return [(y, False) for y in apply(equation, xs)]
    primitive = equation.primitive
    if primitive.batch is None:
        raise MissingRuleError(
            f"{primitive.name} ({equation.source}) has no batching rule, so it cannot be used "
            "under vmap; use a Python loop, or give the primitive a `batch` rule"
        )
    outs = primitive.batch(size, xs, mapped, **equation.params)
    return [
        (y.value, False) if type(y) is Unmapped else (y, True)
        for y in (outs if primitive.multiple else (outs,))
    ]
