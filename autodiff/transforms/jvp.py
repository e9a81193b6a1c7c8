"""Forward mode: `(x, dx) -> (y, dy)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.ir.program import Atom, Program, Var
from autodiff.ir.remembering import remembered
from autodiff.ir.types import Literal
from autodiff.primitives.algebra import zeros_like
from autodiff.tracing.build import apply, build, located, split

__all__ = ["jvp"]


@remembered
def jvp(
    program: Program, active: tuple[bool, ...], instantiate: tuple[bool, ...] = ()
) -> tuple[Program, tuple[bool, ...]]:
    """`(x, dx) -> (y, dy)`, with a dx for each active input and a dy for each active output.

    Returns the program and which outputs are active. Those marked in `instantiate` are active in
    any case (their tangent may be zero).
    """
    out_active: list[bool] = []
    wanted = instantiate or (False,) * len(program.outputs)

    def fun(*args: Any) -> Sequence[Any]:
        primals = args[: len(program.inputs)]
        ys, dys = _run(program, primals, _fill(active, args[len(primals) :]))
        dys = [
            zeros_like(y) if w and t is None else t for y, t, w in zip(ys, dys, wanted, strict=True)
        ]
        out_active.extend(t is not None for t in dys)
        return [*ys, *(t for t in dys if t is not None)]

    types = (*program.in_types, *split(program.in_types, active)[1])
    names = (
        *program.names,
        *(f"d{n}" if n else "" for n in split(program.names, active)[1]),
    )
    new = build(fun, types, f"jvp_{program.name}", names)
    return new, tuple(out_active)


def _fill(mask: Sequence[bool], xs: Sequence[Any]) -> list[Any]:
    """One entry for each of `mask`: the next of `xs` where it is true, else None."""
    remaining = iter(xs)
    return [next(remaining) if m else None for m in mask]


def _run(
    program: Program, primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    values: dict[Var, Any] = dict(zip(program.inputs, primals, strict=True))
    moving: dict[Var, Any] = {
        v: t for v, t in zip(program.inputs, tangents, strict=True) if t is not None
    }

    def value(a: Atom) -> Any:
        return a.value if isinstance(a, Literal) else values[a]

    for equation in located(program.equations):
        primitive, inputs, outputs = equation.primitive, equation.inputs, equation.outputs
        xs = [value(a) for a in inputs]
        if primitive.jvp is None or moving.keys().isdisjoint(inputs):
            values.update(zip(outputs, apply(equation, xs), strict=True))
            continue
        ys, dys = primitive.jvp(xs, [moving.get(a) for a in inputs], **equation.params)  # type: ignore[arg-type]
        if not primitive.multiple:
            ys, dys = (ys,), (dys,)
        values.update(zip(outputs, ys, strict=True))
        moving.update({v: t for v, t in zip(outputs, dys, strict=True) if t is not None})
    return [value(a) for a in program.outputs], [moving.get(a) for a in program.outputs]  # type: ignore[arg-type]
