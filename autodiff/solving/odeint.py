"""`odeint`: solutions of ordinary differential equations, and three ways to their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.arguments import function_name
from autodiff.api.places import describe
from autodiff.api.staging import Staged, is_array_like, perform, stage
from autodiff.arrays import namespace
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import type_of
from autodiff.solving.backsolve import Method, solution
from autodiff.solving.dormand_prince import Settings, integrate
from autodiff.solving.host_ode import HostSolver
from autodiff.tracing import tree
from autodiff.tracing.build import evaluate
from autodiff.tracing.tracer import Tracer

__all__ = ["odeint"]

_ADJOINTS = ("checkpointed", "direct", "backsolve")


def odeint(
    fun: Callable[..., Any],
    y0: Any,
    ts: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    max_steps: int = 100_000,
    adjoint: str | None = None,
    solver: HostSolver | None = None,
) -> Any:
    """Solve dy/dt = fun(y, t, *args) from y(ts[0]) = y0 on.

    The method is Dormand and Prince's, of order 5 with steps of its own choice. It is explicit:
    for a stiff system it is exact, but takes many steps; an implicit method may be given as
    `solver`. The solution has derivatives by `y0`, `ts`, `args`, and by traced values that `fun`
    captures, in both modes and of every order.

    Args:
        fun: `(y, t, *args) -> dy/dt`, which is like `y` in structure and shapes.
        y0: the state at `ts[0]`: a floating-point array or number, or a container of them.
        ts: the times at which the state is wanted, of shape (n,), in rising or falling order.
        *args: further arguments of `fun`: arrays, numbers, containers of them, or anything else.
        rtol: how large an error may be in each step, relative to the state.
        atol: the same absolutely. A step may be wrong by `atol + rtol * |y|`, in the root mean
            square over all entries of the state.
        max_steps: how many steps may be taken in all.
        adjoint: what reverse mode does. "checkpointed" (the default): goes back through the steps
            that were taken, which it takes again from O(log n) states; the result is the derivative
            of the computed solution, with the steps as they were. "direct": keeps every step, which
            is faster and needs memory for them. "backsolve": solves the adjoint equation
            backwards in time, in constant memory; it is as exact as the tolerances, if the
            equation can be solved backwards (a strongly damped one cannot: it grows).
        solver: `(f, y0, ts) -> ys`, a function of NumPy arrays that solves the equation instead:
            `f(y, t)` gives dy/dt, y0 is a vector (of all leaves of the state), and ys has a row for
            each time. Derivatives are those of "backsolve", found by the same solver.

    Returns:
        A container like `y0` whose arrays have a new first axis with an entry for each time.

    Raises:
        ConvergenceError: `max_steps` did not suffice; or the state, or its derivative, is not
            finite; or `ts` is not in order.
        TypeError: `y0` or what `fun` returns is not as described.
        ValueError: a tolerance is not positive, or smaller than the precision of `y0`.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> ts = np.array([0.0, 1.0, 2.0])
        >>> def decay(y, t, rate):
        ...     return -rate * y
        >>> print(ad.odeint(decay, 1.0, ts, 0.5).round(6))
        [1.       0.606531 0.367879]
        >>> print(ad.grad(lambda rate: ad.odeint(decay, 1.0, ts, rate)[-1])(0.5).round(6))
        -0.735759
    """
    adjoint = _adjoint(adjoint, solver)
    leaves, spec = tree.flatten(y0)
    leaves = [_state(x, path) for x, path in zip(leaves, tree.paths(y0), strict=True)]
    ts = _times(ts, leaves)
    _check_tolerances(rtol, atol, max_steps, leaves)
    staged = _staged(fun, leaves, spec, ts, args)
    method = Method(float(rtol), float(atol), int(max_steps), solver)
    ys = perform(_Solution(staged.program, method, adjoint), [*staged.constants, *leaves, ts])
    return tree.unflatten(spec, ys)


class _Solution(NamedTuple):
    """`(captured, y0, ts) -> ys`, for the equation `(captured, y, t) -> dy/dt`."""

    program: Program
    method: Method
    adjoint: str

    def __call__(self, *operands: Any) -> list[Any]:
        """The solution for these operands."""
        n = len(self.program.outputs)
        fixed, leaves, ts = operands[: -n - 1], list(operands[-n - 1 : -1]), operands[-1]
        if self.adjoint == "backsolve":
            return solution(self.program, self.method, fixed, leaves, ts)

        def field(y: Sequence[Any], t: Any) -> list[Any]:
            return evaluate(self.program, [*fixed, *y, t])

        rtol, atol, max_steps, _ = self.method
        settings = Settings(rtol, atol, max_steps, save_steps=self.adjoint == "direct")
        return integrate(field, leaves, ts, settings)


def _staged(
    fun: Callable[..., Any], leaves: list[Any], spec: tree.Spec, ts: Any, args: tuple[Any, ...]
) -> Staged:
    """The equation as a program `(captured, y, t) -> dy/dt`, whose results are exactly like y."""
    name = function_name(fun)
    types = [type_of(y) for y in leaves]

    @wraps(fun)
    def equation(y: Any, t: Any) -> Any:
        slopes, own = tree.flatten(fun(y, t, *args))
        shapes = [np.shape(k) if is_array_like(k) else None for k in slopes]
        if own != spec or shapes != [y.shape for y in types]:
            raise TypeError(
                f"odeint: {name} must return something like y, which is "
                f"{describe(tree.unflatten(spec, types))}, not "
                f"{describe(tree.unflatten(own, slopes))}.{here()}"
            )
        return tree.unflatten(
            spec, [_slope(k, y.dtype, name) for k, y in zip(slopes, types, strict=True)]
        )

    return stage(equation, (tree.unflatten(spec, leaves), ts[0]), "the equation of odeint")


def _slope(k: Any, dtype: Any, name: str) -> Any:
    """A result of the equation in the dtype of the state (the time may have widened it)."""
    k = k if type(k) is Tracer else np.asarray(k)
    if k.dtype.kind == "c" != dtype.kind:
        raise TypeError(
            f"odeint: {name} returns complex numbers for a state of real ones.{here()}\nWrite "
            "instead: `y0.astype(complex)`"
        )
    return k if k.dtype == dtype else k.astype(dtype)


def _state(x: Any, path: str) -> Any:
    if not is_array_like(x):
        raise TypeError(
            f"odeint: the state consists of arrays and numbers, but y0{path} is {describe(x)}."
            f"{here()}\nWrite instead: a further argument, for what `fun` only needs to know"
        )
    x = x if type(x) is Tracer or hasattr(x, "dtype") else np.asarray(x)[()]
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def _times(ts: Any, leaves: Sequence[Any]) -> Any:
    """The times, at least as precise as the state."""
    ts = ts if type(ts) is Tracer or hasattr(ts, "dtype") else namespace(leaves).asarray(ts)
    if ts.ndim != 1 or not ts.shape[0] or ts.dtype.kind not in "biuf" or not leaves:
        raise ValueError(
            f"odeint takes a state and an array of times of shape (n,), but ts is {type_of(ts)} "
            f"and the state has {len(leaves)} arrays.{here()}\nWrite instead: `np.array([t0, t1])`"
        )
    reals = [y.dtype.type(0).real.dtype for y in leaves]
    dtype = np.result_type(np.float64 if ts.dtype.kind in "biu" else ts.dtype, *reals)
    ts = ts if ts.dtype == dtype else ts.astype(dtype)
    if issubclass(type(ts), np.ndarray):  # a tracer passes for one
        with np.errstate(invalid="ignore"):
            steps = np.diff(ts)
        if not (np.all(steps >= 0) or np.all(steps <= 0)) or not np.all(np.isfinite(ts)):
            raise ValueError(
                f"odeint: the times ts are not finite numbers in order.{here()}\n"
                "Write instead: `np.sort(ts)`, or times that fall from the first to the last"
            )
    return ts


def _check_tolerances(rtol: Any, atol: Any, max_steps: Any, leaves: Sequence[Any]) -> None:
    numbers = (rtol, atol, max_steps)
    if not all(isinstance(x, int | float | np.number) and x > 0 for x in numbers):
        raise ValueError(
            f"odeint: rtol={rtol!r}, atol={atol!r} and max_steps={max_steps!r} must be positive "
            f"numbers, and not traced.{here()}"
        )
    precision = max([float(np.finfo(y.dtype).eps) for y in leaves])
    if rtol < 2 * precision:
        raise ValueError(
            f"odeint: rtol={rtol} is less than a state of {leaves[0].dtype} can tell apart."
            f"{here()}\nWrite instead: `rtol=1e-5, atol=1e-5`, or a state of float64"
        )


def _adjoint(adjoint: str | None, solver: HostSolver | None) -> str:
    if adjoint is None:
        return "checkpointed" if solver is None else "backsolve"
    if adjoint not in _ADJOINTS:
        raise ValueError(
            f"odeint: adjoint={adjoint!r} is none of {', '.join(map(repr, _ADJOINTS))}"
        )
    if solver is not None and adjoint != "backsolve":
        raise ValueError(
            f"odeint: adjoint={adjoint!r} goes back through the steps, but those of a solver on "
            "the host are not known. Write instead: adjoint='backsolve'"
        )
    return adjoint
