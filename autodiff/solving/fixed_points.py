"""Fixed points by successive approximation, as a program."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.loops import while_loop
from autodiff.ir.program import Program
from autodiff.primitives.dense_systems import dense_solve
from autodiff.solving.krylov import Info
from autodiff.solving.nonlinear_solvers import Iteration, Unknowns, Vector, norm, way

__all__ = ["successive"]


@lru_cache(maxsize=256)
def successive(program: Program, constants: int, options: Iteration) -> Program:
    """X = g(x) by applying g, or by Anderson's acceleration of that."""
    advice = (
        "a larger `max_steps` or `tol`, `atol=1e-12` if x is to be zero, `memory=5` (Anderson's "
        "acceleration), or "
        "`ad.custom_root(lambda x: g(x) - x, x0)`, which does not need a contraction"
    )
    return way(
        program, constants, options,
        lambda g: _accelerated(g, options) if options.memory else _successive(g, options),
        f"the fixed point of {program.name}", advice,
    )  # fmt: skip


def _small(change: Any, x: Vector, tol: float, atol: float) -> Any:
    return change <= np.maximum(tol * norm(x), norm(x).dtype.type(atol))


def _successive(g: Unknowns, options: Iteration) -> tuple[Vector, Info]:
    tol = 64 * g.eps if options.tol is None else options.tol

    def going(s: Any) -> Any:
        x, change, steps = s
        return ~_small(change, x, tol, options.atol) & (steps < options.max_steps)

    def step(s: Any) -> Any:
        x, _, steps = s
        new = g.vector(x)
        return new, norm(new - x), steps + 1

    x, change, steps = while_loop(going, step, (g.first, norm(g.first) * 0 + np.inf, 0))
    return x, Info(_small(change, x, tol, options.atol), steps, change)


def _accelerated(g: Unknowns, options: Iteration) -> tuple[Vector, Info]:
    """Anderson's acceleration: the next x is that where the last steps, taken as linear, meet."""
    tol = 64 * g.eps if options.tol is None else options.tol
    m = min(options.memory, g.size)

    def going(s: Any) -> Any:
        x, image, _, _, steps = s
        change = norm(image - x)
        return ~_small(change, image, tol, options.atol) & (steps < options.max_steps)

    def step(s: Any) -> Any:
        x, image, df, dg, steps = s
        f = image - x
        new = image - _mixture(df, f) @ dg
        new_image = g.vector(new)
        df = np.concatenate([df[1:], (new_image - new - f)[None]])
        dg = np.concatenate([dg[1:], (new_image - image)[None]])
        return new, new_image, df, dg, steps + 1

    image = g.vector(g.first)
    none = np.zeros_like(image, shape=(m, g.size))
    x, image, _, _, steps = while_loop(going, step, (g.first, image, none, none, 0))
    change = norm(image - x)
    return image, Info(_small(change, image, tol, options.atol), steps + 1, change)


def _mixture(df: Any, f: Vector) -> Vector:
    """The least-squares solution of w @ df = f."""
    gram = np.conj(df) @ df.T
    scale = np.max(np.abs(gram))
    unit = np.cumsum(np.ones_like(gram[0], dtype=int))
    identity = (unit[:, None] == unit).astype(gram.dtype)
    eps = float(np.finfo(f.dtype).eps)
    ridge = np.where(scale > 0, scale * eps, 1).astype(gram.dtype)
    return dense_solve(gram + ridge * identity, (np.conj(df) @ f)[:, None], strict=False)[:, 0]
