"""Iterative solvers of linear systems: `cg`, `bicgstab`, `gmres`.

They know the matrix only as a function that multiplies by it. Inside, the unknowns are one vector,
whatever container the user has. Each is an ordinary function of this library: it can be traced,
batched and compiled. `linear_solve` gives derivatives that do not look into them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.api.staging import call_leaves, perform, restore, stage
from autodiff.control.call import call
from autodiff.ir.program import Program
from autodiff.solving.equations import System, floating
from autodiff.solving.krylov import METHODS, Info, Krylov, norm

__all__ = ["bicgstab", "cg", "gmres", "iterate"]


def cg(
    matvec: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int | None = None,
    M: Callable[[Any], Any] | None = None,
) -> tuple[Any, Info]:
    """Solve A x = b for a symmetric (Hermitian) positive definite A by conjugate gradients.

    The method of Hestenes and Stiefel (1952), with a preconditioner.

    Args:
        matvec: A: a function that takes x, a container like b, to A x, a container like b; or a
            matrix, if b is a vector.
        b: the right-hand side: a floating-point array, or a container of them.
        x0: the first guess, like b; zeros by default.
        tol: the iteration ends when the norm of b - A x is at most `tol` times that of b. By
            default the precision of the dtype to the power of 3/4 (about 2e-12).
        atol: or when it is at most `atol`.
        max_steps: or after so many steps; 10 for each unknown by default.
        M: the preconditioner: a function like matvec, that multiplies by an approximation of the
            inverse of A. It is symmetric positive definite as well.

    Returns:
        `(x, info)`: the solution, a container like b, and `info.converged`, `info.steps` and
        `info.residual`, the norm of b - A x. For an ill-conditioned A rounding may leave more of it
        than was asked; it counts as converged up to 1.5e-8 of the norm of b (the square root of the
        precision).

    Raises:
        TypeError: A x or x0 is not like b.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x, info = ad.cg(np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]))
        >>> print(x, info.converged, info.steps)
        [0.09090909 0.63636364] True 2
    """
    return _performed(Krylov("cg", tol, atol, max_steps), matvec, b, x0, M)


def bicgstab(
    matvec: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int | None = None,
    M: Callable[[Any], Any] | None = None,
) -> tuple[Any, Info]:
    """Solve A x = b for any regular A by stabilised biconjugate gradients.

    The method of van der Vorst (1992), preconditioned from the right. Its memory does not grow with
    the number of steps, each of which multiplies by A twice. It does not always converge.

    Args:
        matvec: A, as in `cg`.
        b: the right-hand side, as in `cg`.
        x0: the first guess, as in `cg`.
        tol: the residual at which to end, as in `cg`.
        atol: the same, absolutely, as in `cg`.
        max_steps: the most steps to be taken, as in `cg`.
        M: the preconditioner, as in `cg`; it need not be symmetric.

    Returns:
        `(x, info)`, as in `cg`.

    Raises:
        TypeError: A x or x0 is not like b.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x, info = ad.bicgstab(np.array([[4.0, 1.0], [-1.0, 3.0]]), np.array([1.0, 3.0]))
        >>> print(np.round(x, 10), info.converged)
        [0. 1.] True
    """
    return _performed(Krylov("bicgstab", tol, atol, max_steps), matvec, b, x0, M)


def gmres(
    matvec: Any,
    b: Any,
    x0: Any = None,
    *,
    tol: float | None = None,
    atol: float = 0.0,
    max_steps: int | None = None,
    restart: int = 30,
    M: Callable[[Any], Any] | None = None,
) -> tuple[Any, Info]:
    """Solve A x = b for any regular A by generalised minimal residuals.

    The method of Saad and Schultz (1986), preconditioned from the right, with orthogonalisation
    done twice. The residual never grows.

    Args:
        matvec: A, as in `cg`.
        b: the right-hand side, as in `cg`.
        x0: the first guess, as in `cg`.
        tol: the residual at which to end, as in `cg`.
        atol: the same, absolutely, as in `cg`.
        max_steps: the most steps to be taken, as in `cg`.
        restart: after how many steps to begin again, keeping only x: the memory in use is so many
            vectors.
        M: the preconditioner, as in `cg`; it need not be symmetric.

    Returns:
        `(x, info)`, as in `cg`.

    Raises:
        TypeError: A x or x0 is not like b.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x, info = ad.gmres(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 3.0]))
        >>> print(x, info.converged, info.steps)
        [-3.  1.] True 2
    """
    if restart < 1:
        raise ValueError(f"gmres: restart={restart} is to be positive")
    return _performed(Krylov("gmres", tol, atol, max_steps, restart), matvec, b, x0, M)


def iterate(options: Krylov, matvec: Any, b: Any, x0: Any, M: Any) -> tuple[Any, Info]:
    """The solution by an iterative method."""
    system = System(matvec, b, x0, M, options.method)
    right = system.right
    if not system.size:
        return system.solution(right), Info(np.True_, 0, np.float64(0))
    tol = _default_tolerance(right.dtype) if options.tol is None else options.tol
    limit = np.maximum(tol * norm(right), right.real.dtype.type(options.atol))
    most = 10 * system.size if options.max_steps is None else options.max_steps
    method = METHODS[options.method]
    x, steps, residual = method(system, limit, most, min(options.restart, system.size))
    left = norm(right - system.multiply(x))
    # The residual that is carried along gets better than the true one, by as much as rounding does.
    rounding = norm(right) * float(np.finfo(right.dtype).eps) ** 0.5
    exact = (residual <= limit) & (left <= np.maximum(10 * limit, rounding))
    return system.solution(x), Info(exact & (left < np.inf), steps, left)


def _performed(options: Krylov, matvec: Any, b: Any, x0: Any, M: Any) -> tuple[Any, Info]:
    """The same as a program of its own, which is compiled if nothing is traced."""

    def solve(b: Any, x0: Any) -> tuple[Any, Info]:
        return iterate(options, matvec, b, x0, M)

    args = (floating(b, f"{options.method}: b"), x0)
    staged = stage(solve, args, options.method)
    operands = [*staged.constants, *call_leaves(solve, args).inputs]
    return restore(staged, perform(_Called(staged.program), operands))


@dataclass(frozen=True, slots=True)
class _Called:
    """A program, as a function of its operands."""

    program: Program

    def __call__(self, *operands: Any) -> Any:
        return call(*operands, program=self.program, policy=None)


def _default_tolerance(dtype: Any) -> float:
    """How small a residual is to be, relative to the right-hand side: 2e-12 in double precision."""
    return float(np.finfo(dtype).eps ** 0.75)
