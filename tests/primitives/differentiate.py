"""Derivatives of functions over primitives, without the public API: for tests of single rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.linearize import linearize

Function = Callable[..., Any]


def program_of(f: Function, xs: Sequence[Any]) -> Program:
    return build(lambda *args: [f(*args)], [type_of(x) for x in xs])


def push(f: Function, xs: Sequence[Any], dxs: Sequence[Any]) -> Any:
    """The tangent of f(*xs) in forward mode."""
    linear = linearize(program_of(f, xs), [True] * len(xs))
    with np.errstate(all="ignore"):
        residuals = evaluate(linear.known, xs)[1:]
        return evaluate(linear.rest, [*residuals, *dxs])[0]


def pull(f: Function, xs: Sequence[Any], ct: Any = None) -> list[Any]:
    """The cotangents of those xs that are inexact, in reverse mode; `ct` is all ones by default."""
    program = program_of(f, xs)
    active = [t.inexact for t in program.in_types]
    linear = linearize(program, active)
    if not linear.active[0]:
        return [np.zeros_like(x) for x, a in zip(xs, active, strict=True) if a]
    if ct is None:
        ct = np.ones(program.outputs[0].type.shape, program.outputs[0].type.dtype)
    with np.errstate(all="ignore"):
        residuals = evaluate(linear.known, xs)[1:]
        return evaluate(linear.transposed(), [*residuals, ct])


def derivative(f: Function, order: int = 1) -> Function:
    """The derivative of a function of one number, taken in alternating modes."""
    if order == 0:
        return f
    inner = derivative(f, order - 1)

    def outer(x: Any) -> Any:
        linear = linearize(program_of(inner, [x]), [True])
        if not linear.active[0]:
            return x.dtype.type(0)
        residuals = evaluate(linear.known, [x])[1:]
        one = x.dtype.type(1)
        half = linear.rest if order % 2 else linear.transposed()
        return evaluate(half, [*residuals, one])[0]

    return outer


def values(f: Function, *points: float) -> list[float]:
    """A function of one number at these points, without warnings."""
    with np.errstate(all="ignore"):
        return [float(f(np.float64(x))) for x in points]
