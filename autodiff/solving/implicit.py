"""Functions that are said by an equation: `custom_root`, `fixed_point`.

The solution is found by whatever means. Its derivatives, of any order and in both modes, follow
from the equation that it satisfies. (`api.argmin` has the functions that are said by a minimum.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from autodiff.control.dense_solver import refuse_real_parts
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.primitives.arithmetic import sub
from autodiff.solving.fixed_points import successive
from autodiff.solving.newton import newton
from autodiff.solving.nonlinear_solvers import Iteration
from autodiff.solving.nonlinear_systems import Root, Solver, chosen_way, equations_of
from autodiff.tracing.build import build, evaluate

__all__ = ["custom_root", "fixed_point"]


def custom_root(
    f: Callable[[Any], Any],
    initial_guess: Any,
    solve: Solver | None = None,
    tangent_solve: Solver | None = None,
    *,
    host: bool = False,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int = 100,
    on_failure: str = "raise",
    info: bool = False,
) -> Any:
    """Find x with f(x) = 0, with derivatives of every order by what f uses.

    Derivatives do not look into the solver: f(x) = 0 gives a linear system for dx, which is solved
    at the solution. So they are those of the exact root, as far as the solver has found it.

    Args:
        f: a function of x that returns a container like x. It may use arrays and traced values from
            outside: the root has derivatives by them.
        initial_guess: the first x: an array, a number, or a container of them, floating-point. It
            has no derivative.
        solve: `(f, initial_guess) -> x`. It is traced (so it may use `ad.while_loop`); with `host`,
            it is called with a function of NumPy arrays and NumPy arrays when the program runs, so
            it can be any function of SciPy's, whose results (`OptimizeResult`, `RootResults`) are
            understood. By default Newton's method, with steps that are halved where they would make
            the residual larger.
        tangent_solve: `(matvec, b) -> x` for the linear systems of the derivatives; in reverse mode
            it gets the function that multiplies by the transposed matrix. By default, they are
            solved as `linear_solve` does.
        host: whether `solve` is called with NumPy arrays when the program runs.
        tol: Newton's method ends with a step of at most `tol` times the norm of x. By default the
            square root of the precision of the dtype: what is left after such a step is rounding.
        atol: or where the norm of f(x) is at most `atol`.
        max_steps: the most steps of Newton's method.
        on_failure: what happens if it does not converge: "raise" an error, "warn", or "ignore" it.
        info: whether to return how Newton's method ended, too.

    Returns:
        The root, a container like the guess. With `info` the pair `(x, info)`, where info has the
        fields `converged`, `steps` and `residual`, the norm of f(x).

    Raises:
        ConvergenceError: Newton's method did not converge, and `on_failure` is "raise".
        LinAlgError: a derivative is asked for where the derivative of f is singular.
        TypeError: f(x), or what `solve` returns, is not like x.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def anomaly(mean, e):
        ...     return ad.custom_root(lambda E: E - e * np.sin(E) - mean, mean)  # Kepler
        >>> E = anomaly(1.0, 0.5)
        >>> print(E, ad.grad(anomaly)(1.0, 0.5) - 1 / (1 - 0.5 * np.cos(E)))
        1.4987011335178484 0.0
    """
    name = "custom_root"
    equations = equations_of(f, initial_guess, name)
    k = len(equations.constants)
    refuse_real_parts(equations.program, k, name)
    way = chosen_way(
        solve, equations, name, host, info,
        lambda options: newton(equations.program, k, options),
        Iteration(tol, atol, max_steps, on_failure),
    )  # fmt: skip
    return Root(equations, way, tangent_solve, name).solution(info)


def fixed_point(
    g: Callable[[Any], Any],
    x0: Any,
    solve: Solver | None = None,
    tangent_solve: Solver | None = None,
    *,
    host: bool = False,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int = 1000,
    memory: int = 0,
    on_failure: str = "raise",
    info: bool = False,
) -> Any:
    """Find x with x = g(x), with derivatives of every order by what g uses.

    Args:
        g: a function of x that returns a container like x. It may use arrays and traced values from
            outside: the fixed point has derivatives by them.
        x0: the first x: an array, a number, or a container of them, floating-point. It has no
            derivative.
        solve: `(g, x0) -> x`, as in `custom_root`. By default g is applied again and again.
        tangent_solve: as in `custom_root`.
        host: whether `solve` is called with NumPy arrays when the program runs.
        tol: the iteration ends when x changes by at most `tol` times its norm; by default by 64
            units of rounding.
        atol: or by at most `atol`.
        max_steps: the most times that g is applied.
        memory: from how many earlier steps the next is extrapolated (Anderson's acceleration); 0
            for none, 5 is a good choice.
        on_failure: what happens if it does not converge: "raise" an error, "warn", or "ignore" it.
        info: whether to return how the iteration ended, too.

    Returns:
        The fixed point, a container like x0. With `info` the pair `(x, info)`, where info has the
        fields `converged`, `steps` and `residual`, the norm of the last change.

    Raises:
        ConvergenceError: the iteration did not converge, and `on_failure` is "raise".
        LinAlgError: a derivative is asked for where x - g(x) has a singular derivative.
        TypeError: g(x), or what `solve` returns, is not like x.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def root(a):
        ...     return ad.fixed_point(lambda x: 0.5 * (x + a / x), 1.0)
        >>> print(root(9.0), round(ad.grad(ad.grad(root))(9.0), 12))
        3.0 -0.009259259259
    """
    name = "fixed_point"
    if memory < 0:
        raise ValueError(f"fixed_point: memory={memory} is to be 0 or positive{here()}")
    equations = equations_of(g, x0, name)
    k = len(equations.constants)
    refuse_real_parts(equations.program, k, name)
    way = chosen_way(
        solve, equations, name, host, info,
        lambda options: successive(equations.program, k, options),
        Iteration(tol, atol, max_steps, on_failure, memory),
    )  # fmt: skip
    change = equations._replace(program=_change(equations.program, k))
    return Root(change, way, tangent_solve, name).solution(info)


@lru_cache(maxsize=256)
def _change(program: Program, constants: int) -> Program:
    """`(constants, x) -> g(x)` becomes `(constants, x) -> g(x) - x`."""
    return build(
        lambda *args: map(sub, evaluate(program, args), args[constants:]),
        program.in_types,
        program.name,
        program.names,
    )
