"""Equations as the user gives them, and the one equation of the program that solves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.api.places import describe
from autodiff.api.staging import perform, restore, stage
from autodiff.control.root import derivative
from autodiff.control.root import root as root_primitive
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.solving.equations import Equations, floating, like_leaves
from autodiff.solving.krylov import Info
from autodiff.solving.nonlinear_solvers import Iteration
from autodiff.solving.solver_programs import Way, arranged, check_options, standard, users_way
from autodiff.tracing import tree
from autodiff.transforms.transpose import transpose

__all__ = ["Root", "Solver", "chosen_way", "equations_of", "first_guess"]

Solver = Callable[..., Any]


def first_guess(x0: Any, name: str) -> Any:
    """The first guess; integers are refused, since the root of a function is not one of them."""
    leaves = tree.flatten(x0)[0]
    for x, path in zip(leaves, tree.paths(x0), strict=True):
        if type_of(x).dtype.kind in "biu":
            raise TypeError(
                f"{name}: the first guess{path} is {describe(x)}, but solutions are floating-point "
                f"numbers.{here()}\nWrite instead: `1.0` for `1`, or `.astype(float)`"
            )
    return floating(x0, f"{name}: the first guess")


def equations_of(f: Callable[[Any], Any], x0: Any, name: str) -> Equations:
    """A function of the guess that returns a container like it, as a program."""
    guess = first_guess(x0, name)
    leaves, spec = tree.flatten(guess)
    staged = stage(f, (guess,), f"the function of {name}")
    results = [np.broadcast_to(t.dtype.type(0), t.shape) for t in staged.out_types]
    shown = restore(staged, results)
    like_leaves(shown, spec, [type_of(x) for x in leaves], f"{name}: {staged.name}(x)")
    return Equations(staged.program, staged.constants, leaves, spec, spec, staged.name)


def chosen_way(
    solve: Solver | None,
    equations: Equations,
    name: str,
    host: bool,
    info: bool,
    own: Callable[[Iteration], Program],
    options: Iteration,
) -> Way:
    """The user's way to solve, or the library's own."""
    check_options(name, options.on_failure, options.tol, options.max_steps)
    if solve is None:
        if host:
            raise ValueError(f"{name}: host=True is about `solve`, and none is given{here()}")
        return Way(own(options), info=True)
    if info:
        raise ValueError(
            f"{name}: info=True is about the solver of the library, not of your own{here()}"
        )
    return users_way(solve, equations, f"the solve of {name}", host)


@dataclass(frozen=True, slots=True)
class _Equation:
    """The equation that is solved, as a function of its operands."""

    program: Program
    solver: Program
    tangent: Program
    transposed: Program

    def __call__(self, *operands: Any) -> Any:
        return root_primitive(
            *operands, program=self.program, solver=self.solver, tangent=self.tangent,
            transposed=self.transposed,
        )  # fmt: skip


class Root:
    """Equations, the way to solve them, and the ways to solve those of their derivatives."""

    def __init__(
        self, equations: Equations, way: Way, tangent_solve: Solver | None, name: str
    ) -> None:
        self.equations, self.way = equations, way
        k, n = len(equations.constants), len(equations.x)
        linear = derivative(equations.program, k)
        back = transpose(linear, (False,) * (k + n) + (True,) * n)
        if tangent_solve is None:
            self.tangent, self.back = Way(standard(linear, k + n)), Way(standard(back, k + n))
            return
        at = [*equations.constants, *equations.x]
        what = f"the tangent_solve of {name}"
        tangent = equations._replace(
            program=linear, constants=at, result=equations.spec, name=linear.name
        )
        self.tangent = users_way(tangent_solve, tangent, what, False)
        self.back = users_way(tangent_solve, tangent._replace(program=back), what, False)

    def solution(self, info: bool) -> Any:
        """Put the programs together, each with the constants of the others, and solve."""
        equations, ways = self.equations, (self.way, self.tangent, self.back)
        constants = list(equations.constants)
        owned = []
        for way in ways:
            owned.append(range(len(constants), len(constants) + len(way.constants)))
            constants += way.constants
        types = tuple([type_of(x) for x in (*constants, *equations.x)])
        programs = [
            self._placed(way.program, own, types, linear=way is not self.way)
            for way, own in zip(ways, owned, strict=True)
        ]
        program = self._placed(equations.program, range(0), types, linear=False)
        outs = perform(_Equation(program, *programs), [*constants, *equations.x])
        x = tree.unflatten(equations.spec, outs[: len(equations.x)])
        return (x, Info(*outs[len(equations.x) :])) if info else x

    def _placed(
        self, program: Program, own: range, types: tuple[ArrayType, ...], *, linear: bool
    ) -> Program:
        """A program as one of all constants and x; those of derivatives also take a vector."""
        k, n, total = len(self.equations.constants), len(self.equations.x), len(types)
        x = range(total - n, total)
        if not linear:
            return arranged(program, (*range(k), *own, *x), types)
        positions = (*range(k), *x, *own, *range(total, total + n))
        return arranged(program, positions, (*types, *types[total - n :]))
