"""Newton's method for minima, as a program."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.loops import while_loop
from autodiff.control.root import derivative
from autodiff.ir.program import Program
from autodiff.solving.krylov import Info
from autodiff.solving.nonlinear_solvers import Iteration, Unknowns, Vector, norm, way

__all__ = ["minimiser"]


@lru_cache(maxsize=256)
def minimiser(objective: Program, slope: Program, constants: int, options: Iteration) -> Program:
    """Newton's method for minima: where it does not descend, the Hessian is shifted until it does.

    `slope` is the gradient of the objective, as a program.
    """
    linear = derivative(slope, constants)
    advice = "a better first guess, a larger `max_steps`, or a solver of your own (`solve=`)"
    name = f"the optimum of {objective.name}"

    def iterate(f: Unknowns) -> tuple[Vector, Info]:
        return _minimised(f, objective, linear, options)

    return way(slope, constants, options, iterate, name, advice)


class _Descent(NamedTuple):
    x: Any
    value: Any
    slope: Any
    largest: Any  # norm of the slope that there has been
    shift: Any
    steps: Any
    done: Any


def _minimised(
    f: Unknowns, objective: Program, linear: Program, options: Iteration
) -> tuple[Vector, Info]:
    tol = f.eps**0.5 if options.tol is None else options.tol

    def going(s: _Descent) -> Any:
        return ~s.done & (s.steps < options.max_steps)

    def step(s: _Descent) -> _Descent:
        size = norm(s.slope)
        d = f.solved(linear, s.x, -s.slope, s.shift)
        x = s.x + d
        value, slope = f(x, objective)[0], f.vector(x)
        gain = -np.sum(d * s.slope)
        descends = gain > 0
        close = norm(slope) < size  # near a minimum, values differ by rounding only
        noise = 8 * f.eps * np.abs(s.value)
        better = descends & ((value < s.value) | (close & (value <= s.value + noise)))
        small = (s.shift == 0) & descends & (norm(d) <= tol * norm(s.x))
        # A step that is small beside a large unknown may still be a large one for a small unknown.
        exhausted = (gain <= noise) | (norm(d) <= 8 * f.eps * norm(s.x))
        fast = better & (norm(slope) < size / 10)
        last = small & np.where(fast, norm(slope) <= tol * size, exhausted)
        least = 1e-3 * (size / np.where(norm(d) > 0, norm(d), 1) + size)
        shift = np.where(
            better,
            np.where(s.shift * norm(d) > 1e-2 * size, s.shift / 5, 0),
            np.where(s.shift > 0, 10 * s.shift, np.where(least > 0, least, 1)),
        )
        rounding = ~better & (size <= f.eps**0.75 * s.largest)
        done = last | rounding | (better & (norm(slope) <= options.atol))
        x = np.where(better, x, s.x)
        value, slope = np.where(better, value, s.value), np.where(better, slope, s.slope)
        largest = np.where(size > s.largest, size, s.largest)
        return _Descent(x, value, slope, largest, shift, s.steps + 1, done)

    value, slope = f(f.first, objective)[0], f.vector(f.first)
    size = norm(slope)
    start = _Descent(f.first, value, slope, size, 0 * size, 0, size <= options.atol)
    s = while_loop(going, step, start)
    return s.x, Info(s.done, s.steps, norm(s.slope))
