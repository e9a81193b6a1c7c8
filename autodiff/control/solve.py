"""`solve`: x with A x = b, where A is a program and so is the way to find x.

    solve[matvec=A, solver=S, transposed=T] *constants *b -> *x, *others

Three programs that take the same constants: `A: (constants, x) -> A x`, which is linear in x;
`S: (constants, b) -> (x, others)`, where others (how many steps it took, say) have no derivative;
and T, which does for the transpose of A what S does for A.

No derivative looks into S. From A x = b follows A dx = db - dA x: the tangent solves the same
system, and the cotangent the transposed one. These are `solve` equations again, so every order
follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.control.collectives import refuse_meeting
from autodiff.control.linear_call import pushed
from autodiff.errors import MissingRuleError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import neg, spread, sum_tangents, zeros_like
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.transpose import transpose

__all__ = ["refuse_coupled", "solve", "spread_unmapped"]


def _types(
    *types: ArrayType, matvec: Program, solver: Program, transposed: Program
) -> tuple[ArrayType, ...]:
    n = len(matvec.outputs)
    for program in (matvec, solver, transposed):
        if types != program.in_types:
            raise TypeError(f"{program.name} takes {program.in_types}, not {types}")
        if program.out_types[:n] != types[len(types) - n :]:
            raise TypeError(f"{program.name} gives {program.out_types}, which are not like {types}")
    return solver.out_types


def _run(xp: Any, *xs: Any, solver: Program, **_: Program) -> tuple[Any, ...]:
    return tuple(evaluate(solver, xs, xp))


def _jvp(xs: Any, dxs: Any, **params: Program) -> Any:
    matvec = params["matvec"]
    k = len(xs) - len(matvec.outputs)
    outs = solve(*xs, **params)
    x, others = outs[: len(xs) - k], outs[len(xs) - k :]
    images = pushed(matvec, [*xs[:k], *x], [*dxs[:k], *[None] * len(x)])
    terms = [(db, None if t is None else neg(t)) for db, t in zip(dxs[k:], images, strict=True)]
    db = [sum_tangents(pair) for pair in terms]
    return outs, [*_along(xs[:k], db, x, params), *[None] * len(others)]


def _along(constants: Sequence[Any], db: Sequence[Any], x: Sequence[Any], params: Any) -> Any:
    """The solution for a tangent as right-hand side; None for each x if that is zero."""
    if all(t is None for t in db):
        return [None] * len(db)
    full = [zeros_like(like) if t is None else t for t, like in zip(db, x, strict=True)]
    return solve(*constants, *full, **params)[: len(x)]


def _transpose(
    cts: Any, linear: Sequence[bool], *inputs: Any, matvec: Program, **ways: Program
) -> list[Any]:
    n = len(matvec.outputs)
    k = len(inputs) - n
    if any(linear[:k]):
        raise MissingRuleError(
            "the solution of a linear system is linear in its right-hand side, but not in the "
            "matrix, so it has no transpose with respect to that"
        )
    back = transpose(matvec, (False,) * k + (True,) * n)
    turned = {"solver": ways["transposed"], "transposed": ways["solver"]}
    outs = solve(*inputs[:k], *cts[:n], matvec=back, **turned)
    return [y if m else None for y, m in zip((*[None] * k, *outs[:n]), linear, strict=True)]


def _batch(size: int, xs: Any, mapped: Any, **params: Program) -> Any:
    n = len(params["matvec"].outputs)
    mask = (*mapped[: len(mapped) - n], *[True] * n)
    refuse_coupled(params["matvec"], mask, size)
    programs = {
        name: batch(program, mask, size, (True,) * len(program.outputs))[0]
        for name, program in params.items()
    }
    return solve(*spread_unmapped(size, xs, mapped, mask), **programs)


def refuse_coupled(program: Program, mask: tuple[bool, ...], size: int) -> None:
    """Raise an error if collectives make one system of what is solved row by row."""
    mapped, _ = batch(program, mask, size, (True,) * len(program.outputs))
    advice = "the system of all rows together, outside of vmap; or bring rows together before it"
    refuse_meeting(program, mapped, "a system of equations", advice)


def spread_unmapped(size: int, xs: Any, mapped: Any, wanted: Any) -> list[Any]:
    """Operands with the mapped axis wherever it is wanted."""
    return [
        spread(x, size) if w and not m else x for x, m, w in zip(xs, mapped, wanted, strict=True)
    ]


solve: Primitive = Primitive(
    "solve",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    python=lambda types, params: f"{{solver}}({', '.join(['{}'] * len(types))})",
    kind="holder",
    multiple=True,
)
