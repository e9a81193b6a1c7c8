"""`root`: x with f(x) = 0, where f is a program and so is the way to find x.

    root[program=f, solver=S, tangent=D, transposed=T] *constants *guess -> *x, *others

`f: (constants, x) -> residuals` gives one residual like each x. `S: (constants, guess) -> (x,
others)` finds x. D and T are the solvers of `control.solve` for the derivative of f by x and for
its transpose: their constants are those of f, and x.

No derivative looks into S. From f(c, x) = 0 follows (df/dx) dx = -(df/dc) dc, a linear system at x,
which is a `root` again; so every order follows. The guess has no derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from autodiff.control.linear_call import pushed
from autodiff.control.solve import refuse_coupled, solve, spread_unmapped
from autodiff.ir.editing import prune
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import neg, zeros_like
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp

__all__ = ["derivative", "root"]


@lru_cache(maxsize=256)
def derivative(program: Program, constants: int) -> Program:
    """`(constants, x) -> y` becomes `(constants, x, dx) -> dy`, linear in dx."""
    n = len(program.outputs)
    active = [i >= constants for i in range(len(program.inputs))]
    forward, _ = jvp(program, tuple(active), (True,) * n)
    return prune(replace(forward, outputs=forward.outputs[n:], name=f"d_{program.name}"))


def _types(
    *types: ArrayType, program: Program, solver: Program, tangent: Program, transposed: Program
) -> tuple[ArrayType, ...]:
    n = len(program.outputs)
    x = types[len(types) - n :]
    for held, expected in (
        (program, types), (solver, types), (tangent, (*types, *x)), (transposed, (*types, *x))
    ):  # fmt: skip
        if held.in_types != expected:
            raise TypeError(f"{held.name} takes {held.in_types}, not {expected}")
        if held.out_types[:n] != x:
            raise TypeError(f"{held.name} gives {held.out_types}, which are not like {x}")
    return solver.out_types


def _run(xp: Any, *xs: Any, solver: Program, **_: Program) -> tuple[Any, ...]:
    return tuple(evaluate(solver, xs, xp))


def _jvp(xs: Any, dxs: Any, **params: Program) -> Any:
    program = params["program"]
    n = len(program.outputs)
    k = len(xs) - n
    outs = root(*xs, **params)
    at = [*xs[:k], *outs[:n]]
    images = pushed(program, at, [*dxs[:k], *[None] * n])
    if all(t is None for t in images):
        return outs, [None] * len(outs)
    rhs = [zeros_like(x) if t is None else neg(t) for x, t in zip(at[k:], images, strict=True)]
    ways = {"solver": params["tangent"], "transposed": params["transposed"]}
    moved = solve(*at, *rhs, matvec=derivative(program, k), **ways)[:n]
    return outs, [*moved, *[None] * (len(outs) - n)]


def _batch(size: int, xs: Any, mapped: Sequence[bool], **params: Program) -> Any:
    n = len(params["program"].outputs)
    mask = (*mapped[: len(mapped) - n], *[True] * n)
    refuse_coupled(params["program"], mask, size)
    programs = {
        name: batch(
            held,
            (*mask, *[True] * (len(held.inputs) - len(mask))),
            size,
            (True,) * len(held.outputs),
        )[0]
        for name, held in params.items()
    }
    return root(*spread_unmapped(size, xs, mapped, mask), **programs)


root: Primitive = Primitive(
    "root",
    types=_types,
    run=_run,
    jvp=_jvp,
    batch=_batch,
    python=lambda types, params: f"{{solver}}({', '.join(['{}'] * len(types))})",
    kind="holder",
    multiple=True,
)
