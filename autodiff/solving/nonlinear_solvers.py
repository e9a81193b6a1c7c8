"""What the library's own ways to roots, fixed points and minima have in common.

Each is built once for a program and its options. Inside, the unknowns are one vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.control.call import call
from autodiff.control.dense_solver import dense_matrix
from autodiff.control.flattening import common_dtype, flat, parted
from autodiff.ir.program import Program
from autodiff.primitives.dense_systems import dense_solve
from autodiff.solving.krylov import Info, Krylov
from autodiff.solving.solver_programs import DENSE_UNKNOWNS, ensured, krylov
from autodiff.tracing.build import build

__all__ = ["Iteration", "Unknowns", "Vector", "norm", "way"]

Vector = Any
Map = Callable[[Vector], Any]


class Iteration(NamedTuple):
    """The options of an iteration."""

    tol: float | None
    atol: float
    max_steps: int
    on_failure: str
    memory: int = 0


def norm(x: Vector) -> Any:
    """The Euclidean norm, without overflow on the way."""
    size = np.max(np.abs(x))
    scale = np.where((size > 0) & (size < np.inf), size, 1)
    return scale * np.sqrt(np.sum(np.abs(x / scale) ** 2))


def _applied(program: Program, args: Sequence[Any]) -> Any:
    """The results of a program, as one equation: within a loop nothing of it is computed now."""
    return call(*args, program=program, policy=None)


class Unknowns:
    """The inputs of a program `(constants, x) -> y`, with x as a vector."""

    def __init__(self, program: Program, constants: int, args: Sequence[Any]) -> None:
        self.program, self.fixed = program, args[:constants]
        self.types = program.in_types[constants:]
        self.dtype = common_dtype(self.types)
        self.size = sum([t.size for t in self.types])
        self.first = flat(args[constants:], self.dtype)
        self.eps = float(np.finfo(self.dtype).eps)

    def __call__(self, x: Vector, program: Program | None = None) -> list[Any]:
        """What a program gives at x."""
        return _applied(program or self.program, [*self.fixed, *parted(x, self.types)])

    def vector(self, x: Vector) -> Vector:
        """The same for a program whose results are like x."""
        return flat(self(x), self.dtype)

    def parts(self, x: Vector) -> list[Any]:
        """X as the arrays that it stands for."""
        return parted(x, self.types)

    def solved(self, linear: Program, x: Vector, b: Vector, shift: Any = 0) -> Vector:
        """D with (J + shift) d = b, where `linear` is `(constants, x, d) -> J d`."""
        fixed = [*self.fixed, *self.parts(x)]
        if self.size <= DENSE_UNKNOWNS:
            matrix = dense_matrix(linear, fixed)
            unit = np.cumsum(np.ones_like(b, dtype=int))
            matrix = matrix + shift * (unit[:, None] == unit).astype(b.dtype)
            return dense_solve(matrix, b[:, None], strict=False)[:, 0]
        options = Krylov("gmres", tol=self.eps**0.5, on_failure="ignore")
        shifted = _shifted(linear, len(fixed))
        way = krylov(shifted, len(fixed) + 1, options)
        n = len(self.types)
        shift = (shift + np.zeros_like(b, shape=())).astype(b.dtype)
        return flat(_applied(way, [*fixed, shift, *self.parts(b)])[:n], self.dtype)


@lru_cache(maxsize=256)
def _shifted(linear: Program, constants: int) -> Program:
    """`(constants, x) -> A x` becomes `(constants, shift, x) -> A x + shift x`."""
    types = linear.in_types

    def fun(*args: Any) -> list[Any]:
        fixed, (shift, *x) = args[:constants], args[constants:]
        images = _applied(linear, [*fixed, *x])
        return [y + (shift * v).astype(y.dtype) for y, v in zip(images, x, strict=True)]

    shift = types[constants].with_shape(()).with_dtype(common_dtype(types[constants:]))
    return build(fun, (*types[:constants], shift, *types[constants:]), linear.name)


def way(
    program: Program,
    constants: int,
    options: Iteration,
    iterate: Callable[[Unknowns], tuple[Vector, Info]],
    name: str,
    advice: str,
) -> Program:
    """`(constants, first x) -> (x, converged, steps, residual)`."""

    def fun(*args: Any) -> Sequence[Any]:
        if not any(t.size for t in program.in_types[constants:]):
            return [*args[constants:], np.True_, np.int64(0), np.float64(0)]
        unknowns = Unknowns(program, constants, args)
        x, info = iterate(unknowns)
        return ensured(unknowns.parts(x), info, name, advice, options.on_failure)

    return build(fun, program.in_types, name.replace(" ", "_"))
