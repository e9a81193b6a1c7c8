"""Newton's method for equations, as a program."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.loops import while_loop
from autodiff.control.root import derivative
from autodiff.ir.program import Program
from autodiff.solving.krylov import Info
from autodiff.solving.nonlinear_solvers import Iteration, Unknowns, Vector, norm, way

__all__ = ["newton"]


@lru_cache(maxsize=256)
def newton(program: Program, constants: int, options: Iteration) -> Program:
    """Newton's method for f(x) = 0; a step is halved until it makes the residual smaller."""
    linear = derivative(program, constants)
    advice = "a better first guess, a larger `max_steps`, or a solver of your own (`solve=`)"
    return way(
        program, constants, options,
        lambda unknowns: _newton(unknowns, linear, options), f"the root of {program.name}", advice,
    )  # fmt: skip


class _Newton(NamedTuple):
    x: Any
    r: Any  # f(x)
    size: Any  # of r
    largest: Any  # that there has been
    steps: Any
    done: Any
    stuck: Any


def _newton(f: Unknowns, linear: Program, options: Iteration) -> tuple[Vector, Info]:
    # After a step of this relative size, quadratic convergence has left nothing but rounding.
    tol = f.eps**0.5 if options.tol is None else options.tol

    def going(s: _Newton) -> Any:
        return ~(s.done | s.stuck) & (s.steps < options.max_steps)

    def step(s: _Newton) -> _Newton:
        d = f.solved(linear, s.x, -s.r)
        small = norm(d) <= tol * norm(s.x)
        x, r, size = _searched(f, s, d, small)
        better = size < s.size
        x, r = np.where(better, x, s.x), np.where(better, r, s.r)
        size = np.where(better, size, s.size)
        # A step that is small beside a large unknown may still be a large one for a small unknown.
        exhausted = (size > s.size / 10) & (norm(d) <= 8 * f.eps * norm(s.x))
        last = small & (~better | exhausted | (size <= tol * s.size))
        # Where no step makes it smaller, it is either rounding that is left, or there is no root.
        rounding = ~better & (size <= f.eps**0.75 * s.largest)
        done = last | rounding | (size <= options.atol)
        largest = np.where(size > s.largest, size, s.largest)
        return _Newton(x, r, size, largest, s.steps + 1, done, ~better & ~done)

    r = f.vector(f.first)
    size = norm(r)
    start = _Newton(f.first, r, size, size, 0, size <= options.atol, size < 0)
    s = while_loop(going, step, start)
    return s.x, Info(s.done, s.steps, s.size)


def _searched(f: Unknowns, s: _Newton, d: Vector, small: Any) -> tuple[Vector, Vector, Any]:
    """The first of the steps d, d/2, d/4, ... that makes the residual smaller."""
    least = np.where(small, 1e-2, 1e-6)

    def going(trial: Any) -> Any:
        _, _, size, scale = trial
        return ~(size <= (1 - 1e-4 * scale) * s.size) & (scale > least)

    def halved(trial: Any) -> Any:
        return tried(trial[-1] / 2)

    def tried(scale: Any) -> Any:
        x = s.x + scale * d
        r = f.vector(x)
        return x, r, norm(r), scale

    x, r, size, _ = while_loop(going, halved, tried(np.ones_like(s.size)))
    return x, r, size
