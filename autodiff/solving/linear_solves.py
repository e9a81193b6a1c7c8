"""Linear systems with derivatives: `linear_solve`, `custom_linear_solve`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from autodiff.api.staging import stage
from autodiff.control.dense_solver import refuse_real_parts
from autodiff.ir.source import here
from autodiff.solving.equations import floating, like_leaves
from autodiff.solving.krylov import Krylov
from autodiff.solving.linear_systems import LinearSystem, linear_system, solved
from autodiff.solving.linearity import check_linear
from autodiff.solving.solver_programs import Way, check_options, krylov, standard, users_way
from autodiff.tracing import tree
from autodiff.transforms.transpose import transpose

__all__ = ["custom_linear_solve", "linear_solve"]

METHODS = ("dense", "cg", "gmres", "bicgstab")


def linear_solve(
    matvec: Any,
    b: Any,
    method: str | Callable[..., Any] | None = None,
    *,
    x0: Any = None,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int | None = None,
    restart: int = 30,
    M: Callable[[Any], Any] | None = None,
    on_failure: str = "raise",
    info: bool = False,
    host: bool = False,
) -> Any:
    """Solve the linear system A x = b, with derivatives of every order by b and by what A uses.

    No derivative looks into the solver. In reverse mode the transposed system is solved by the same
    method; its matrix is found by transposing `matvec`, so none has to be given.

    Args:
        matvec: A: a function that takes x, a container like b, to A x, a container like b. It is
            linear, and may use arrays and traced values from outside. Or a square matrix, if b is
            an array with as many rows: a vector, or several right-hand sides as columns.
        b: the right-hand side: an array, or a container of them.
        method: "dense" writes the matrix down and factorises it; "cg", "gmres" and "bicgstab" are
            iterations, described at `ad.cg`, `ad.gmres` and `ad.bicgstab`. By default "dense" for
            up to 512 unknowns and for matrices, else "gmres". Or a function `solve(matvec, b) -> x`
            as in `custom_linear_solve`.
        x0: a first guess for iterations, like b. It has no derivative.
        tol: an iteration ends when the norm of b - A x is at most `tol` times that of b. By default
            the precision of the dtype to the power of 3/4 (about 2e-12).
        atol: or when it is at most `atol`.
        max_steps: the most steps of an iteration; 10 for each unknown by default.
        restart: after how many steps "gmres" begins again.
        M: a preconditioner for iterations: a linear function that multiplies by an approximation of
            the inverse of A. It has no derivative.
        on_failure: what happens if an iteration does not converge: "raise" an error, "warn", or
            "ignore" it. Derivatives are computed by the same method, with the same option.
        info: whether to return how the solver ended, too.
        host: whether `method`, a function, is to be called with NumPy arrays when the program runs
            (see `custom_linear_solve`).

    Returns:
        x, a container like b; integers become floating-point numbers. With `info` the pair
        `(x, info)`, where info has the fields `converged`, `steps` and `residual`.

    Raises:
        ConvergenceError: an iteration did not converge, and `on_failure` is "raise".
        LinAlgError: the matrix of a "dense" solve is singular.
        TypeError: A x is not like b.
        ValueError: A is not linear, or not square, or there is no such method.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> A, b = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
        >>> x = ad.linear_solve(lambda x: A @ x, b, "cg")
        >>> print(x)
        [0.09090909 0.63636364]
        >>> print(ad.grad(lambda A: ad.linear_solve(A, b)[0])(A))
        [[-0.02479339 -0.17355372]
         [ 0.00826446  0.05785124]]
    """
    if callable(method):
        if info or any(option is not None for option in (x0, M, tol, max_steps)):
            raise ValueError(
                "linear_solve: info, x0, M, tol and max_steps are about the methods of the "
                f"library; a solver of your own has its own{here()}"
            )
        return custom_linear_solve(matvec, b, method, host=host)
    if host:
        raise ValueError(f"linear_solve: host=True needs a function as `method`{here()}")
    if method not in (None, *METHODS):
        raise ValueError(
            f"linear_solve: method={method!r} is none of {', '.join(map(repr, METHODS))}{here()}"
        )
    check_options("linear_solve", on_failure, tol, max_steps)
    system = linear_system(matvec, b, "linear_solve")
    chosen = method or ("dense" if system.writable else "gmres")
    if chosen == "dense":
        ways: tuple[Way, Way] = system.dense()
    else:
        options = Krylov(chosen, tol, atol, max_steps, restart, on_failure)
        ways = _iterations(system, options, M, x0)
    return solved(system, *ways, info=info)


def custom_linear_solve(
    matvec: Any,
    b: Any,
    solve: Callable[..., Any],
    transpose_solve: Callable[..., Any] | None = None,
    *,
    symmetric: bool = False,
    host: bool = False,
) -> Any:
    """Solve a linear system by a function of one's own, with derivatives of every order.

    Derivatives do not look into `solve`: they follow from A x = b, by b and by what A uses.

    Args:
        matvec: A, as in `linear_solve`.
        b: the right-hand side: an array, or a container of them.
        solve: `(matvec, b) -> x`. It is traced (so it may use `ad.while_loop`); with `host`, it is
            called with a function of NumPy arrays and NumPy arrays when the program runs, so it can
            be any function of SciPy's, say.
        transpose_solve: the same for the transpose of A, which reverse mode needs: it is called
            with the function that multiplies by the transpose. By default the transposed system is
            solved by `linear_solve`.
        symmetric: whether A is its own transpose, so that `solve` serves for both.
        host: where `solve` and `transpose_solve` run.

    Returns:
        x, a container like b.

    Raises:
        TypeError: A x, or what `solve` returns, is not like b.
        ValueError: A is not linear.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def solve(matvec, b):
        ...     return b / matvec(np.ones_like(b))  # A is diagonal
        >>> def f(d):
        ...     return ad.custom_linear_solve(lambda x: d * x, np.ones(2), solve, symmetric=True)
        >>> print(ad.jacobian(f)(np.array([1.0, 2.0])))
        [[-1.   -0.  ]
         [-0.   -0.25]]
    """
    if symmetric and transpose_solve is not None:
        raise ValueError(
            "custom_linear_solve: with symmetric=True, `solve` is the transpose_solve; leave one "
            f"of the two out{here()}"
        )
    system = linear_system(matvec, b, "custom_linear_solve")
    forward = users_way(solve, system.equations, "the solve of custom_linear_solve", host)
    if symmetric:
        return solved(system, forward, forward)
    if transpose_solve is None:
        backward = Way(standard(system.transposed, len(system.constants)))
    else:
        turned = system.equations._replace(program=system.transposed)
        what = "the transpose_solve of custom_linear_solve"
        backward = users_way(transpose_solve, turned, what, host)
    return solved(system, forward, backward)


# ---- solving it


def _iterations(
    system: LinearSystem, options: Krylov, M: Callable[[Any], Any] | None, x0: Any
) -> tuple[Way, Way]:
    """An iteration for the system, and one for its transpose."""
    equations, k = system.equations, len(system.constants)
    refuse_real_parts(system.matvec, k, "linear_solve")
    spec, types = equations.spec, equations.types
    guess = (
        []
        if x0 is None
        else like_leaves(floating(x0, "linear_solve: x0"), spec, types, "linear_solve: x0")
    )
    if M is None:
        forward = krylov(system.matvec, k, options, None, bool(guess))
        backward = krylov(system.transposed, k, options)
        return Way(forward, guess, info=True), Way(backward, info=True)
    b = tree.unflatten(spec, equations.x)
    staged = stage(M, (b,), "the M of linear_solve")
    if staged.spec != spec or list(staged.out_types) != types:
        _refuse_preconditioner(staged.name)
    check_linear(staged, "linear_solve")
    m = len(staged.constants)
    turned = transpose(staged.program, (False,) * m + (True,) * len(types))
    forward = krylov(system.matvec, k, options, staged.program, bool(guess))
    backward = krylov(system.transposed, k, options, turned)
    constants = staged.constants
    return Way(forward, [*constants, *guess], info=True), Way(backward, constants, info=True)


def _refuse_preconditioner(name: str) -> NoReturn:
    raise TypeError(
        f"linear_solve: M takes a container like b to one like b, but {name} changes its "
        f"structure, shapes or dtypes{here()}"
    )
