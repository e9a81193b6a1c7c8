"""The derivative of a program as programs: `vjp = transpose of the linear half of jvp`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autodiff.ir.editing import prune
from autodiff.ir.program import Program
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose
from autodiff.transforms.unzip import Policy, sink, unzip

__all__ = ["Linearized", "gradient", "linearize"]


class Linearized(NamedTuple):
    """`known: x -> (y, residuals)`, `rest: (residuals, dx) -> dy` for the active outputs."""

    known: Program
    rest: Program
    active: tuple[bool, ...]  # outputs that have a dy

    @property
    def residuals(self) -> int:
        """How many values pass from the first program to the second."""
        return len(self.known.outputs) - len(self.active)

    def transposed(self) -> Program:
        """`(residuals, ct of the active outputs) -> cotangents of the active inputs`."""
        n = self.residuals
        return transpose(self.rest, (False,) * n + (True,) * (len(self.rest.inputs) - n))


def linearize(
    program: Program,
    active: Sequence[bool],
    policy: Policy = sink,
    outputs: Sequence[bool] | None = None,
) -> Linearized:
    """Cut the forward derivative of a program into its value and a linear function.

    `active` marks the inputs that have a dx (missing entries at the end do not), and `outputs` the
    outputs whose dy is wanted (all, if None).
    """
    n = len(program.outputs)
    full = (*active, *[False] * (len(program.inputs) - len(active)))
    forward, moving = jvp(program, full)
    wanted = [m and w for m, w in zip(moving, outputs or [True] * n, strict=True)]
    tangents = iter(forward.outputs[n:])
    dys = [
        dy for dy, w in [(next(tangents), w) for m, w in zip(moving, wanted, strict=True) if m] if w
    ]
    forward = prune(replace(forward, outputs=(*forward.outputs[:n], *dys)))
    unknown = [False] * len(program.inputs) + [True] * sum(full)
    known, rest, _ = unzip(forward, unknown, policy, [False] * n + [True] * len(dys))
    return Linearized(
        replace(known, name=f"forward_{program.name}"),
        replace(rest, name=f"linear_{program.name}"),
        tuple(wanted),
    )


def gradient(
    program: Program, active: Sequence[bool], policy: Policy = sink, *, value: bool = True
) -> tuple[Program, bool]:
    """`x -> (y, other outputs, dy/dx for each active input)`, where y, the first output, is scalar.

    Without `value` only the derivatives. The second result is whether y depends on x at all.
    """
    n = len(program.outputs)
    linear = linearize(program, active, policy, [True] + [False] * (n - 1))
    back = linear.transposed()
    seed = [np.ones((), program.outputs[0].type.dtype)[()]] if linear.active[0] else []

    def fun(*args: Any) -> Sequence[Any]:
        outs = evaluate(linear.known, args)
        grads = evaluate(back, [*outs[n:], *seed])
        return [*outs[:n], *grads] if value else grads

    new = build(fun, program.in_types, f"grad_{program.name}", program.input_names)
    return new, linear.active[0]
