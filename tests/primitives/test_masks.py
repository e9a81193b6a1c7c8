"""A law of its own: what a mask hides has no derivative, whatever passes through in between.

The derivative by hidden operands is made infinite by a primitive that exists for this purpose, so
that a mask that gets lost on the way shows as NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.arithmetic import select
from autodiff.primitives.kinds import elementwise
from autodiff.tracing.build import build, evaluate
from tests.calculus import cotangents, evaluated, inexact, linearized, tangents
from tests.primitives.rows import (
    arrays,
    close,
    directions,
    has_derivative,
    program_of,
    rows,
    tolerance,
    typical,
)
from tests.primitives.spec import Spec

poison = elementwise("poison", [lambda y, x, p: p, None], run=lambda xp, x, p: x)  # y = x, y' = p


def keeps_masks(spec: Spec) -> bool:
    """Whether all that the derivative is made of lets masks through."""
    equations = linearized(program_of(spec)).rest.equations
    return all(e.primitive.mask is not None for e in equations)


def guarded(program: Program) -> Program:
    """`(x, p, mask) -> where(mask, program(poison(x, p)), 0)`."""
    floats = [t for t in program.in_types if t.inexact]
    outs = [t for t in program.out_types if t.inexact]

    def fun(*args: Any) -> Any:
        n = len(program.inputs)
        poisons, masks = iter(args[n : n + len(floats)]), args[n + len(floats) :]
        xs = [poison(x, next(poisons)) if x.type.inexact else x for x in args[:n]]
        ys = [y for y in evaluate(program, xs) if type_of(y).inexact]
        return [select(m, y, zeros_like(y)) for m, y in zip(masks, ys, strict=True)]

    return build(fun, [*program.in_types, *floats, *[t.with_dtype(bool) for t in outs]])


@rows(has_derivative, typical, keeps_masks, lambda spec: spec.exact)
def test_what_a_mask_hides_has_no_derivative(spec):
    check_hidden(spec, share=0.5)


@rows(has_derivative, typical, keeps_masks)
def test_where_a_mask_hides_everything_nothing_has_a_derivative(spec):
    check_hidden(spec, share=0.0)


def check_hidden(spec: Spec, share: float) -> None:
    """Show this share of the results: by what nothing shown depends on, the derivative is zero."""
    program, xs = program_of(spec), arrays(spec)
    rng = np.random.default_rng(4)
    outs = [t for t in program.out_types if t.inexact]
    masks = [rng.random(t.shape) < share for t in outs]
    active = [x for x, a in zip(xs, inexact(xs), strict=True) if a]
    cts = directions(outs, 5)

    def gradient(poisons: list[Any]) -> list[Any]:
        back = evaluated(cotangents(guarded(program)), [*xs, *poisons, *masks, *cts])
        return back[: len(active)]

    exact = gradient([np.ones_like(x) for x in active])
    hidden = [dead_entries(program, xs, i, masks) for i in range(len(active))]
    poisons = [np.where(h, np.inf, 1).astype(x.dtype) for h, x in zip(hidden, active, strict=True)]
    close(gradient(poisons), exact, tolerance(spec, 1e-12, 1e-4))


def dead_entries(program: Program, xs: list[Any], i: int, masks: list[Any]) -> Any:
    """Where no result that the masks show depends on the i-th floating-point input."""
    active = [x for x, a in zip(xs, inexact(xs), strict=True) if a]
    dead = np.ones(active[i].shape, bool)
    for position in np.ndindex(active[i].shape):
        dxs = [np.zeros_like(x) for x in active]
        dxs[i][position] = 1 + 0.7j if dxs[i].dtype.kind == "c" else 1
        dys = evaluated(tangents(program), [*xs, *dxs])
        dead[position] = not any(np.any(m & (dy != 0)) for m, dy in zip(masks, dys, strict=True))
    return dead
