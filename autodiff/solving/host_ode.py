"""`host_ode`: a differential equation, solved by a function on NumPy arrays.

    host_ode[program=f, host=S, rows=...] *constants *y0 ts -> *ys

`f: (constants, y, t) -> dy/dt`. The function S is the user's, a few lines around SciPy's solvers,
say. It sees one vector; `rows` are the sizes of mapped axes, of which each row is solved by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from autodiff.arrays import to_host
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import prepare
from autodiff.control.solve import refuse_coupled
from autodiff.errors import ConvergenceError, MissingRuleError
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread
from autodiff.primitives.record import Primitive

__all__ = ["HostSolver", "host_ode"]

# (f, y0, ts) -> ys, where f(y, t) gives dy/dt, y0 is a vector, and ys has a row for each time
HostSolver = Callable[[Callable[[Any, Any], Any], Any, Any], Any]


def _types(
    *types: ArrayType, program: Program, host: HostSolver, rows: tuple[int, ...]
) -> tuple[ArrayType, ...]:
    times = types[-1].shape[-1]
    return tuple([y.with_shape((*rows, times, *y.shape)) for y in program.out_types])


def _run(
    xp: Any, *xs: Any, program: Program, host: HostSolver, rows: tuple[int, ...]
) -> tuple[Any, ...]:
    arrays = [to_host(x) for x in xs]
    found = [
        _solved(program, host, [np.asarray(x)[row] for x in arrays]) for row in np.ndindex(rows)
    ]
    return tuple([
        xp.asarray(np.stack(ys).reshape((*rows, *ys[0].shape))) for ys in zip(*found, strict=True)
    ])  # fmt: skip


def _solved(program: Program, host: HostSolver, args: Sequence[Any]) -> list[Any]:
    """The solution for one row."""
    n = len(program.outputs)
    constants, y0, ts = args[: -n - 1], args[-n - 1 : -1], args[-1]
    dtype = np.result_type(*[y.dtype for y in y0])
    compiled = _compiled(program)

    def field(y: Any, t: Any) -> Any:
        state = _apart(np.asarray(y), program.out_types)
        return _flat(compiled.on_host([*constants, *state, ts.dtype.type(t)]), dtype)

    ys = np.asarray(host(field, _flat(y0, dtype), ts.copy()))
    expected = (len(ts), sum(y.size for y in y0))
    if ys.shape != expected or not np.all(np.isfinite(ys)):
        problem = (
            f"an array of shape {ys.shape}"
            if ys.shape != expected
            else "values that are not finite"
        )
        raise ConvergenceError(
            f"odeint: the solver {getattr(host, '__name__', host)!s} returned {problem}, but a row "
            f"for each time was expected, in all {expected}. If it stopped early, ask it why (with "
            "SciPy's solve_ivp: `message` of its result)"
        )
    return _apart(ys, program.out_types)


def _flat(ys: Sequence[Any], dtype: Any) -> Any:
    return np.concatenate([np.asarray(y, dtype).ravel() for y in ys])


def _apart(flat: Any, types: Sequence[ArrayType]) -> list[Any]:
    """The leaves that a vector (or rows of them) consists of."""
    parts, start = [], 0
    for t in types:
        size = prod(t.shape)
        part = flat[..., start : start + size].reshape((*flat.shape[:-1], *t.shape))
        real = part.dtype.kind == "c" != t.dtype.kind
        parts.append((part.real if real else part).astype(t.dtype))
        start += size
    return parts


@lru_cache(maxsize=64)
def _compiled(program: Program) -> Compiled:
    return prepare(program)


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    refuse_coupled(params["program"], tuple(mapped), size)
    full = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return host_ode(*full, **{**params, "rows": (size, *params["rows"])})


def _no_derivative(*_: Any, **__: Any) -> Any:
    raise MissingRuleError("what a solver on the host does has no derivative; `ode` around it has")


host_ode: Primitive = Primitive(
    "host_ode",
    types=_types,
    run=_run,
    jvp=_no_derivative,
    batch=_batch,
    kind="holder",
    multiple=True,
)
