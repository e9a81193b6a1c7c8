"""A linear system as programs, and the one equation of the program that solves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.arguments import is_traceable
from autodiff.api.staging import perform, stage
from autodiff.control.dense_solver import dense, refuse_real_parts
from autodiff.control.solve import solve as solve_primitive
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.numpy.promotion import convert
from autodiff.primitives.contraction import contract
from autodiff.primitives.dense_systems import dense_solve
from autodiff.primitives.matrices import transposed
from autodiff.primitives.structure import reshape
from autodiff.solving.equations import Equations, as_map, floating, like_leaves
from autodiff.solving.krylov import Info
from autodiff.solving.linearity import check_linear
from autodiff.solving.solver_programs import DENSE_UNKNOWNS, Way, arranged
from autodiff.tracing import tree
from autodiff.tracing.build import build
from autodiff.transforms.transpose import transpose

__all__ = ["LinearSystem", "linear_system", "solved"]


@dataclass(frozen=True, slots=True)
class LinearSystem:
    """A linear system as a program."""

    equations: Equations
    matrix: bool = False

    @property
    def matvec(self) -> Program:
        """`(constants, x) -> A x`."""
        return self.equations.program

    @property
    def constants(self) -> Sequence[Any]:
        """What A uses."""
        return self.equations.constants

    @property
    def transposed(self) -> Program:
        """The same for the transpose of A."""
        k, n = len(self.constants), len(self.equations.x)
        return transpose(self.matvec, (False,) * k + (True,) * n)

    @property
    def writable(self) -> bool:
        """Whether the matrix is to be written down, or is already."""
        return self.matrix or sum([t.size for t in self.equations.types]) <= DENSE_UNKNOWNS

    def dense(self) -> tuple[Way, Way]:
        """What solves the system and the transposed one by factorising the matrix."""
        if self.matrix:
            forward, backward = _matrix_ways(*self.matvec.in_types)
        else:
            k = len(self.constants)
            refuse_real_parts(self.matvec, k, "linear_solve")
            forward, backward = dense(self.matvec, k), dense(self.transposed, k)
        return Way(forward), Way(backward)


def linear_system(matvec: Any, b: Any, name: str) -> LinearSystem:
    """The system A x = b of a function or of a matrix, checked; `name` is who solves it."""
    b = floating(b, f"{name}: b")
    if is_traceable(matvec):
        return _matrix_system(matvec, b, name)
    leaves, spec = tree.flatten(b)
    staged = stage(as_map(matvec, name, b), (b,), f"the matvec of {name}")
    given = tree.unflatten(
        staged.spec, [np.broadcast_to(t.dtype.type(0), t.shape) for t in staged.out_types]
    )
    like_leaves(given, spec, [type_of(x) for x in leaves], f"{name}: {staged.name}(x)")
    check_linear(staged, name)
    equations = Equations(staged.program, staged.constants, leaves, spec, spec, staged.name)
    return LinearSystem(equations)


def _matrix_system(matrix: Any, b: Any, name: str) -> LinearSystem:
    as_map(matrix, name, b)
    dtype = np.result_type(type_of(matrix).dtype, type_of(b).dtype)
    matrix, b = convert(matrix, dtype), convert(b, dtype)
    program = _product(type_of(matrix), type_of(b))
    equations = Equations(program, [matrix], [b], tree.LEAF, tree.LEAF, "matrix")
    return LinearSystem(equations, matrix=True)


@lru_cache(maxsize=256)
def _product(a: ArrayType, x: ArrayType) -> Program:
    columns = "kl"[: x.ndim - 1]
    spec = f"ij,j{columns}->i{columns}"
    return build(lambda a, x: [contract(a, x, spec=spec)], (a, x), "matrix", ("A", "x"))


@lru_cache(maxsize=256)
def _matrix_ways(a: ArrayType, b: ArrayType) -> tuple[Program, Program]:
    """What solves a system with a matrix, and with its transpose."""
    columns = (b.shape[0], b.size // max(b.shape[0], 1))

    def solving(a: Any, b: Any) -> Any:
        x = dense_solve(a, reshape(b, shape=columns), strict=True)
        return [reshape(x, shape=b.shape)]

    return (
        build(solving, (a, b), "solve_matrix", ("A", "b")),
        build(lambda a, b: solving(transposed(a), b), (a, b), "solve_transpose", ("A", "b")),
    )


@dataclass(frozen=True, slots=True)
class _Solve:
    """The equation that is solved, as a function of its operands."""

    matvec: Program
    solver: Program
    transposed: Program

    def __call__(self, *operands: Any) -> Any:
        return solve_primitive(
            *operands, matvec=self.matvec, solver=self.solver, transposed=self.transposed
        )


def solved(system: LinearSystem, forward: Way, backward: Way, *, info: bool = False) -> Any:
    """Put the programs together, each with the constants of the others, and solve."""
    equations = system.equations
    k, n = len(equations.constants), len(equations.x)
    f = len(forward.constants)
    constants = [*equations.constants, *forward.constants, *backward.constants]
    operands = [*constants, *equations.x]
    types = tuple([type_of(x) for x in operands])
    vectors = range(len(constants), len(operands))

    def placed(program: Program, own: range) -> Program:
        return arranged(program, (*range(k), *own, *vectors), types)

    equation = _Solve(
        placed(system.matvec, range(0)),
        placed(forward.program, range(k, k + f)),
        placed(backward.program, range(k + f, len(constants))),
    )
    outs = perform(equation, operands)
    x = tree.unflatten(equations.spec, outs[:n])
    if not info:
        return x
    return x, Info(*outs[n:]) if forward.info else _report(equations, outs[:n])


def _report(equations: Equations, x: Sequence[Any]) -> Info:
    """How a direct solver ended."""
    image = tree.flatten(
        equations.function(equations.constants)(tree.unflatten(equations.spec, x))
    )[0]
    squares = [np.sum(np.abs(y - b) ** 2) for y, b in zip(image, equations.x, strict=True)]
    return Info(np.True_, np.int64(1), np.sqrt(sum(squares)))
