"""Solvers that run on the host: any function of NumPy arrays, SciPy's among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.api.arguments import function_name
from autodiff.api.places import describe
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import prepare
from autodiff.control.call import call
from autodiff.control.host import host
from autodiff.errors import ConvergenceError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.solving.equations import Equations
from autodiff.tracing import tree
from autodiff.tracing.bind import builder_of
from autodiff.tracing.build import build

__all__ = ["host_program"]


def host_program(solve: Callable[..., Any], equations: Equations, what: str) -> Program:
    """The user's function `solve(f, x) -> x` as a program that calls it."""
    k, types = len(equations.constants), tuple(equations.types)
    solver = _HostSolver(solve, equations.program, k, types, equations.spec, equations.result, what)
    return _host_program(solver, (*equations.program.in_types[:k], *types), types)


@lru_cache(maxsize=256)
def _host_program(
    solver: Any, in_types: tuple[ArrayType, ...], types: tuple[ArrayType, ...]
) -> Program:
    return build(
        lambda *xs: host(*xs, function=solver, types=types),
        in_types,
        function_name(solver.solve),
    )


@dataclass(frozen=True, slots=True)
class _HostSolver:
    """Calls the user's solver with a function of NumPy arrays."""

    solve: Callable[..., Any]
    program: Program
    constants: int
    types: tuple[ArrayType, ...]
    spec: tree.Spec
    result: tree.Spec
    what: str

    def __call__(self, *arrays: Any) -> list[Any]:
        fixed = arrays[: self.constants]
        x = tree.unflatten(self.spec, [np.array(x)[()] for x in arrays[self.constants :]])
        found = self._solution(self.solve(self._function(fixed), x))
        leaves = self._leaves(found)
        if leaves is None:
            expected = describe(tree.unflatten(self.spec, list(self.types)))
            raise TypeError(
                f"{self.what} ({function_name(self.solve)}) returned {describe(found)}; expected "
                f"{expected}. Write instead: return the solution alone, like what it was given"
            )
        return leaves

    def _function(self, fixed: Sequence[Any]) -> Callable[[Any], Any]:
        """What is solved, for arrays of the right size in any shape; or on traced values."""

        def fun(x: Any) -> Any:
            leaves = self._leaves(x)
            if leaves is None:
                raise TypeError(
                    f"{self.what} ({function_name(self.solve)}) calls its function with "
                    f"{describe(x)}; expected {describe(tree.unflatten(self.spec, self.types))}"
                )
            if builder_of(leaves) is not None:
                outs: Sequence[Any] = call(*fixed, *leaves, program=self.program, policy=None)
            else:
                outs = _compiled(self.program)([*fixed, *leaves])
            return tree.unflatten(self.result, outs)

        return fun

    def _leaves(self, x: Any) -> list[Any] | None:
        """The leaves of x as arrays of the right types; None if it does not fit."""
        if self.spec == tree.LEAF and isinstance(x, list | tuple) and not any(map(np.ndim, x)):
            x = np.asarray(x)
        leaves, spec = tree.flatten(x)
        if spec != self.spec:
            return None
        if builder_of(leaves) is not None:
            return leaves
        arrays = [np.asarray(leaf) for leaf in leaves]
        if any(
            a.size != t.size or a.dtype.kind not in "biufc" or a.dtype.kind == "c" != t.dtype.kind
            for a, t in zip(arrays, self.types, strict=True)
        ):
            return None
        return [
            a.astype(t.dtype, copy=False).reshape(t.shape)[()]
            for a, t in zip(arrays, self.types, strict=True)
        ]

    def _solution(self, result: Any) -> Any:
        """The solution itself, where a solver of SciPy's returned it with a report."""
        for solution, flag in (("x", "success"), ("root", "converged")):
            if hasattr(result, solution) and hasattr(result, flag):
                if not getattr(result, flag):
                    raise ConvergenceError(
                        f"{self.what} ({function_name(self.solve)}) did not converge: {result}"
                    )
                return getattr(result, solution)
        return result


@lru_cache(maxsize=256)
def _compiled(program: Program) -> Compiled:
    return prepare(program)
