"""The methods behind `cg`, `bicgstab` and `gmres`, on vectors.

Each takes a system, the size of the residual at which to end, the most steps, and after how many to
begin again; it returns x, how many steps it took, and the size of the residual.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.api.loops import while_loop
from autodiff.primitives.dense_systems import dense_solve
from autodiff.solving.equations import System

__all__ = ["METHODS", "Info", "Krylov", "norm"]

Vector = Any
Ended = tuple[Vector, Any, Any]


class Info(NamedTuple):
    """How an iteration ended."""

    converged: Any  # whether the residual is as small as was asked
    steps: Any  # how many steps were taken
    residual: Any  # the norm of what is left over


class Krylov(NamedTuple):
    """An iterative method and its options."""

    method: str
    tol: float | None = None
    atol: float = 0.0
    max_steps: int | None = None
    restart: int = 30
    on_failure: str = "raise"


def norm(x: Vector) -> Any:
    """The Euclidean norm."""
    return np.sqrt(np.sum(np.real(x) ** 2) + np.sum(np.imag(x) ** 2)) if x.dtype.kind == "c" else (
        np.sqrt(np.sum(x * x)))  # fmt: skip


def _over(a: Any, b: Any) -> Any:
    """A / b, and 0 where b is 0."""
    zero = b == 0
    return np.where(zero, 0, a) / np.where(zero, 1, b)


def cg(system: System, limit: Any, most: int, restart: int) -> Ended:
    """Conjugate gradients, until the matrix turns out not to be positive definite."""
    A, M = system.multiply, system.precondition
    x, r = system.start()

    def going(state: Any) -> Any:
        _x, r, _p, _rho, steps, definite = state
        return (norm(r) > limit) & (steps < most) & definite

    def step(state: Any) -> Any:
        x, r, p, rho, steps, _ = state
        q = A(p)
        curvature = np.real(np.vdot(p, q))
        definite = curvature > 0
        alpha = np.where(definite, _over(rho, curvature), 0)
        x, r = x + alpha * p, r - alpha * q
        z = M(r)
        new = np.real(np.vdot(r, z))
        return x, r, z + _over(new, rho) * p, new, steps + 1, definite

    z = M(r)
    init = x, r, z, np.real(np.vdot(r, z)), 0, norm(r) >= 0
    x, r, _, _, steps, _ = while_loop(going, step, init)
    return x, steps, norm(r)


def bicgstab(system: System, limit: Any, most: int, restart: int) -> Ended:
    """Stabilised biconjugate gradients."""
    A, M = system.multiply, system.precondition
    x, r = system.start()
    small = float(np.finfo(r.dtype).eps)

    def going(state: Any) -> Any:
        return (norm(state[1]) > limit) & (state[-1] < most)

    def step(state: Any) -> Any:
        x, r, shadow, p, rho, steps = state
        u = M(p)
        v = A(u)
        alpha = _over(rho, np.vdot(shadow, v))
        s = r - alpha * v
        w = M(s)
        t = A(w)
        omega = _over(np.vdot(t, s), np.vdot(t, t))
        x, r = x + alpha * u + omega * w, s - omega * t
        new = np.vdot(shadow, r)
        # If the shadow has become orthogonal to the residual, it is chosen anew.
        lost = (np.abs(new) <= small * norm(shadow) * norm(r)) | (omega == 0)
        beta = np.where(lost, 0, _over(new, rho) * _over(alpha, omega))
        p = r + beta * (p - omega * v)
        return x, r, np.where(lost, r, shadow), p, np.where(lost, np.vdot(r, r), new), steps + 1

    init = x, r, r, r, np.vdot(r, r), 0
    x, r, _, _, _, steps = while_loop(going, step, init)
    return x, steps, norm(r)


def gmres(system: System, limit: Any, most: int, restart: int) -> Ended:
    """Generalised minimal residuals, in cycles of `restart` steps."""
    m = restart
    A, M = system.multiply, system.precondition
    x, r = system.start()

    def going(state: Any) -> Any:
        _, r, steps, regular = state
        return (norm(r) > limit) & (steps < most) & regular

    def cycle(state: Any) -> Any:
        x, r, steps, _ = state
        basis, triangle, projected, taken, regular = _arnoldi(system, r, limit, most - steps, m)
        y = dense_solve(triangle, projected[:, None], strict=False)[:, 0]
        x = x + M(y @ basis[:m])
        return x, system.right - A(x), steps + taken, regular

    x, r, steps, _ = while_loop(going, cycle, (x, r, 0, norm(r) >= 0))
    return x, steps, norm(r)


def _arnoldi(system: System, r: Vector, limit: Any, most: Any, m: int) -> Any:
    """A basis of the Krylov space of r, and the least-squares problem in it.

    The matrix of that problem is kept triangular: `turn` is the product of the rotations that make
    it so. Columns that are not reached are those of the identity. Returns the basis, the triangle,
    the rotated right-hand side, how many columns there are, and whether the triangle is regular.
    """
    size = norm(r)
    basis = np.zeros_like(r, shape=(m + 1, system.size))
    basis[0] = r / size
    identity = _identity(r, m + 1)
    projected = np.zeros_like(r, shape=(m,))

    def going(state: Any) -> Any:
        _, _, turn, _, j, regular = state
        return (j < m) & (j < most) & (size * np.abs(turn[j, 0]) > limit) & regular

    def step(state: Any) -> Any:
        basis, triangle, turn, projected, j, _ = state
        basis, column, below = _extended(system, basis, j)
        column = turn @ column
        a = column[j]
        rho = np.sqrt(np.real(a * np.conj(a)) + below * below)
        turn = _rotated(turn, _over(a, rho), _over(below, rho), j)
        triangle, projected = triangle.copy(), projected.copy()
        triangle[:, j] = np.where(_numbers(r, m) < j, column[:m], 0)
        triangle[j, j] = np.where(rho > 0, rho, 1)
        projected[j] = size * turn[j, 0]
        return basis, triangle, turn, projected, j + 1, rho > 0

    init = basis, identity[:m, :m], identity, projected, 0, size > 0
    basis, triangle, _, projected, taken, regular = while_loop(going, step, init)
    return basis, triangle, projected, taken, regular


def _extended(system: System, basis: Any, j: Any) -> tuple[Any, Any, Any]:
    """The basis with one vector more, and A's image of vector j in it: entries and remainder."""
    w = system.multiply(system.precondition(basis[j]))
    column = np.conj(basis) @ w
    w = w - column @ basis
    again = np.conj(basis) @ w  # what rounding left of it
    w = w - again @ basis
    below = norm(w)
    basis, column = basis.copy(), column + again
    basis[j + 1] = _over(w, below)
    column[j + 1] = below
    return basis, column, below


def _rotated(turn: Any, a: Any, below: Any, j: Any) -> Any:
    """The rotations, and one more that turns (a, below) in rows j and j + 1 to (1, 0)."""
    upper, lower, turn = turn[j], turn[j + 1], turn.copy()
    turn[j] = np.conj(a) * upper + below * lower
    turn[j + 1] = a * lower - below * upper
    return turn


def _numbers(like: Any, n: int) -> Any:
    """0, 1, ..., n - 1, traced if `like` is."""
    return np.cumsum(np.ones_like(like, shape=(n,), dtype=int)) - 1


def _identity(like: Any, n: int) -> Any:
    numbers = _numbers(like, n)
    return (numbers[:, None] == numbers).astype(like.dtype)


METHODS = {"cg": cg, "bicgstab": bicgstab, "gmres": gmres}
