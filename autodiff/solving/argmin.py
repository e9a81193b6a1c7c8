"""Functions that are said by an optimum: `argmin`, `argmax`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autodiff.api.places import describe
from autodiff.api.staging import Staged, stage
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import type_of
from autodiff.solving.equations import Equations
from autodiff.solving.minimisation import minimiser
from autodiff.solving.nonlinear_solvers import Iteration
from autodiff.solving.nonlinear_systems import Root, Solver, chosen_way, first_guess
from autodiff.tracing import tree
from autodiff.transforms.linearize import gradient

__all__ = ["argmax", "argmin"]


def argmin(
    fun: Callable[[Any], Any],
    x0: Any,
    solve: Solver | None = None,
    tangent_solve: Solver | None = None,
    *,
    host: bool = False,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int = 200,
    on_failure: str = "raise",
    info: bool = False,
) -> Any:
    """Find the x at which a function is smallest, with derivatives of every order by what it uses.

    The derivatives are those of the x at which the gradient is zero. So it is a local minimum that
    moves smoothly that they are right for, with a regular Hessian.

    Args:
        fun: a function of x that returns a real scalar, twice differentiable. It may use arrays and
            traced values from outside: the minimum has derivatives by them.
        x0: the first x: an array, a number, or a container of them, real. It has no derivative. The
            way from there leads downhill; so it is not to be a maximum or a saddle point itself,
            where the gradient is zero already.
        solve: `(fun, x0) -> x`, as in `custom_root`. Its result is to be accurate: an x at which
            the gradient is not zero has derivatives that are wrong by as much. By default Newton's
            method, with a Hessian that is shifted where a step would not lead downwards.
        tangent_solve: as in `custom_root`; the matrix is the Hessian.
        host: whether `solve` is called with NumPy arrays when the program runs.
        tol: Newton's method ends with a step of at most `tol` times the norm of x. By default the
            square root of the precision of the dtype: what is left after such a step is rounding.
        atol: or where the norm of the gradient is at most `atol`.
        max_steps: the most steps of Newton's method.
        on_failure: what happens if it does not converge: "raise" an error, "warn", or "ignore" it.
        info: whether to return how Newton's method ended, too.

    Returns:
        The minimum, a container like x0. With `info` the pair `(x, info)`, where info has the
        fields `converged`, `steps` and `residual`, the norm of the gradient.

    Raises:
        ConvergenceError: Newton's method did not converge, and `on_failure` is "raise".
        LinAlgError: a derivative is asked for where the Hessian is singular.
        TypeError: fun(x) is no real scalar, or what `solve` returns is not like x.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> X, y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 2.0, 4.0])
        >>> def ridge(penalty):
        ...     def loss(w):
        ...         return np.sum((X @ w - y) ** 2) + penalty * np.sum(w**2)
        ...     return ad.argmin(loss, np.zeros(2))
        >>> print(ridge(1.0), ad.jacobian(ridge)(1.0))
        [0.8        1.26666667] [-0.06666667 -0.17777778]
    """
    return _optimum("argmin", fun, x0, solve, tangent_solve, host, info,
                    Iteration(tol, atol, max_steps, on_failure))  # fmt: skip


def argmax(
    fun: Callable[[Any], Any],
    x0: Any,
    solve: Solver | None = None,
    tangent_solve: Solver | None = None,
    *,
    host: bool = False,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int = 200,
    on_failure: str = "raise",
    info: bool = False,
) -> Any:
    """Find the x at which a function is largest, with derivatives of every order by what it uses.

    It is `argmin` of the negative function.

    Args:
        fun: a function of x that returns a real scalar, as in `argmin`.
        x0: the first x, as in `argmin`.
        solve: `(negative, x0) -> x`: it finds the minimum of `-fun`, as in `argmin`.
        tangent_solve: as in `argmin`.
        host: as in `argmin`.
        tol: as in `argmin`.
        atol: as in `argmin`.
        max_steps: as in `argmin`.
        on_failure: as in `argmin`.
        info: as in `argmin`.

    Returns:
        The maximum, as `argmin` returns the minimum.

    Raises:
        ConvergenceError: Newton's method did not converge, and `on_failure` is "raise".
        LinAlgError: a derivative is asked for where the Hessian is singular.
        TypeError: fun(x) is no real scalar, or what `solve` returns is not like x.

    Example:
        >>> import autodiff as ad
        >>> peak = lambda a: ad.argmax(lambda x: a * x - x**4, 0.5)
        >>> print(round(peak(4.0), 12), round(ad.grad(peak)(4.0), 12))
        1.0 0.083333333333
    """

    def negative(x: Any) -> Any:
        return -fun(x)

    negative.__name__ = getattr(fun, "__name__", "fun").replace("<lambda>", "fun")
    return _optimum("argmax", negative, x0, solve, tangent_solve, host, info,
                    Iteration(tol, atol, max_steps, on_failure))  # fmt: skip


def _optimum(
    name: str,
    fun: Callable[[Any], Any],
    x0: Any,
    solve: Solver | None,
    tangent_solve: Solver | None,
    host: bool,
    info: bool,
    options: Iteration,
) -> Any:
    guess = first_guess(x0, name)
    leaves, spec = tree.flatten(guess)
    if any(type_of(x).dtype.kind == "c" for x in leaves):
        raise TypeError(
            f"{name}: x0 is complex, but only real numbers have a smallest value.{here()}\n"
            "Write instead: the real and imaginary parts as two real unknowns"
        )
    staged = stage(fun, (guess,), f"the function of {name}")
    _check_objective(staged, name)
    k, n = len(staged.constants), len(leaves)
    slope = _slope(staged.program, k)
    objective = Equations(staged.program, staged.constants, leaves, spec, staged.spec, staged.name)
    way = chosen_way(
        solve, objective, name, host, info,
        lambda options: minimiser(staged.program, slope, k, options), options,
    )  # fmt: skip
    equations = objective._replace(program=slope, result=spec)
    assert len(slope.outputs) == n
    return Root(equations, way, tangent_solve, name).solution(info)


def _check_objective(staged: Staged, name: str) -> None:
    types = staged.out_types
    if not staged.spec.is_leaf() or types[0].shape or types[0].dtype.kind != "f":
        shown = describe(tree.unflatten(staged.spec, list(types)))
        raise TypeError(
            f"{name} takes a function that returns one real floating-point scalar, and "
            f"{staged.name} returned {shown}.{here()}\nWrite instead: `np.sum(...)` of the result"
        )


@lru_cache(maxsize=256)
def _slope(program: Program, constants: int) -> Program:
    """`(constants, x) -> value` becomes `(constants, x) -> gradient by x`."""
    active = [i >= constants for i in range(len(program.inputs))]
    return gradient(program, active, value=False)[0]
