"""Solvers as programs: what the equations `solve` and `root` hold.

A way to solve is a program `(constants, vectors) -> (x, others)`. It is made of the user's function
(traced, or to be called on the host), or of one of the library's methods. The programs that one
equation holds take the same constants, so each is given those of the others, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from autodiff.api.arguments import function_name
from autodiff.api.places import describe
from autodiff.api.staging import stage
from autodiff.control.call import call
from autodiff.control.convergence import ON_FAILURE, ensure
from autodiff.control.dense_solver import dense, refuse_real_parts
from autodiff.ir.program import Program, Var
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.solving.equations import Equations, like
from autodiff.solving.host_solvers import host_program
from autodiff.solving.iterative_solvers import iterate
from autodiff.solving.krylov import Info, Krylov
from autodiff.tracing import tree
from autodiff.tracing.build import build

__all__ = [
    "Way", "arranged", "check_options", "ensured", "krylov", "standard",
    "users_way",
]  # fmt: skip

DENSE_UNKNOWNS = 512  # up to so many unknowns a matrix is written down


class Way(NamedTuple):
    """A program `(constants of what is solved, constants, vectors) -> (x, others)`."""

    program: Program
    constants: Sequence[Any] = ()  # its own: what the user's function captured
    info: bool = False  # whether the others are `Info`


@lru_cache(maxsize=256)
def arranged(program: Program, positions: tuple[int, ...], types: tuple[ArrayType, ...]) -> Program:
    """The program as one of inputs of these types, of which it uses those at `positions`."""
    inputs = [Var(t) for t in types]
    for v, at in zip(program.inputs, positions, strict=True):
        inputs[at] = v
    return replace(program, inputs=tuple(inputs), input_names=())


# ---- the library's methods


_ADVICE = {
    "cg": "`method='gmres'` if the matrix is not symmetric positive definite",
    "bicgstab": "`method='gmres'`, which is more robust",
    "gmres": "a larger `restart`",
}


@lru_cache(maxsize=256)
def krylov(
    matvec: Program, constants: int, options: Krylov, M: Program | None = None, guess: bool = False
) -> Program:
    """`(constants, constants of M, b) -> (x, converged, steps, residual)`; a guess is before b."""
    n = len(matvec.outputs)
    types = matvec.in_types[constants:]
    own = () if M is None else M.in_types[: len(M.inputs) - n]

    def fun(*args: Any) -> Sequence[Any]:
        fixed, rest = args[:constants], args[constants:]
        extra, vectors = rest[: len(own)], list(rest[len(own) :])
        x, info = iterate(
            options,
            lambda x: list(call(*fixed, *x, program=matvec, policy=None)),
            vectors[-n:],
            vectors[:n] if guess else None,
            None if M is None else lambda x: list(call(*extra, *x, program=M, policy=None)),
        )
        name = f"the system of {matvec.name} by {options.method}"
        advice = f"a larger `max_steps` or `tol`; a preconditioner M; {_ADVICE[options.method]}"
        return ensured(x, info, name, advice, options.on_failure)

    in_types = (*matvec.in_types[:constants], *own, *(types if guess else ()), *types)
    return build(fun, in_types, f"{options.method}_{matvec.name}")


def ensured(x: Sequence[Any], info: Info, name: str, advice: str, on_failure: str) -> Sequence[Any]:
    """The results of an iteration as a program gives them: x, if it converged, and the info."""
    first, *rest = x
    flag, steps, residual = info
    checked = ensure(first, *info, name=name, advice=advice, on_failure=on_failure)
    return [checked, *rest, flag, steps, residual]


def standard(matvec: Program, constants: int) -> Program:
    """What solves a system if the user does not say how: exactly if it is small, else GMRES."""
    types = matvec.in_types[constants:]
    refuse_real_parts(matvec, constants, matvec.name)
    if sum([t.size for t in types]) <= DENSE_UNKNOWNS:
        return dense(matvec, constants)
    return krylov(matvec, constants, Krylov("gmres"))


# ---- the user's functions


def users_way(solve: Callable[..., Any], equations: Equations, what: str, on_host: bool) -> Way:
    """The user's function `solve(f, x) -> x` as a program."""
    if not callable(solve):
        raise TypeError(f"{what} is a function of (f, x), not {describe(solve)}{here()}")
    if on_host:
        return Way(host_program(solve, equations, what))
    spec, types = equations.spec, equations.types

    def solving(constants: Any, x: Any) -> Any:
        result = solve(equations.function(constants), x)
        return like(result, spec, types, f"the result of {what}, {function_name(solve)},")

    solving.__name__ = function_name(solve)
    x = tree.unflatten(spec, equations.x)
    staged = stage(solving, (list(equations.constants), x), what)
    c, k, n = len(staged.constants), len(equations.constants), len(equations.x)
    positions = (*range(k, k + c), *range(k), *range(k + c, k + c + n))
    given = staged.program.in_types
    ordered = (*given[c : c + k], *given[:c], *given[c + k :])
    return Way(arranged(staged.program, positions, ordered), staged.constants)


def check_options(name: str, on_failure: str, tol: float | None, max_steps: int | None) -> None:
    """Raise unless the options that iterations share make sense."""
    if on_failure not in ON_FAILURE:
        raise ValueError(f"{name}: on_failure={on_failure!r} is none of 'raise', 'warn', 'ignore'")
    if (tol is not None and not tol >= 0) or (max_steps is not None and max_steps < 1):
        raise ValueError(f"{name}: tol={tol} and max_steps={max_steps} are to be positive")
