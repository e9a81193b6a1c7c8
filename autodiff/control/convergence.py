"""`ensure`: a result of an iteration, or an error that says that it did not converge.

Programs run on the host, kernel by kernel, also under `jit`. So what did not converge can be told
when it happens, and no wrong solution passes for a right one.
"""

from __future__ import annotations

import warnings
from typing import Any

from autodiff.arrays import to_host
from autodiff.errors import ConvergenceError, ConvergenceWarning
from autodiff.ir.source import user_level
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread
from autodiff.primitives.record import Primitive

__all__ = ["ON_FAILURE", "ensure"]

ON_FAILURE = ("raise", "warn", "ignore")


def _types(
    x: ArrayType,
    converged: ArrayType,
    steps: ArrayType,
    residual: ArrayType,
    *,
    name: str,
    advice: str,
    on_failure: str,
) -> tuple[ArrayType]:
    if converged.dtype.kind != "b":
        raise TypeError(f"whether something has converged is a truth value, not {converged}")
    return (x,)


def _run(
    xp: Any,
    x: Any,
    converged: Any,
    steps: Any,
    residual: Any,
    *,
    name: str,
    advice: str,
    on_failure: str,
) -> Any:
    if on_failure == "ignore" or bool(xp.all(converged)):
        return x
    failed, taken, left = (to_host(xp.ravel(xp.asarray(a))) for a in (~converged, steps, residual))
    of = f" for {int(failed.sum())} of {failed.size} mapped systems" if failed.size > 1 else ""
    worst = left[failed].max() if left.shape == failed.shape else left.max()
    text = (
        f"{name} did not converge{of} in {int(taken.max())} steps: what is left over is of size "
        f"{worst:.3g}.\nWrite instead: {advice}; or `on_failure='warn'` (or `'ignore'`) to "
        "go on with what was reached"
    )
    if on_failure == "raise":
        raise ConvergenceError(text)
    warnings.warn(text, ConvergenceWarning, stacklevel=user_level())
    return x


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    x, *state = xs
    return ensure(x if mapped[0] else spread(x, size), *state, **params)


ensure: Primitive = Primitive(
    "ensure",
    types=_types,
    run=_run,
    jvp=lambda xs, dxs, **params: (ensure(*xs, **params), dxs[0]),
    batch=_batch,
    view=True,
)
