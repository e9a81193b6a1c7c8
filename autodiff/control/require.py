"""`require`: a value, or an error if something that only the run can tell does not hold.

It is run even if nobody uses its result, so that a gradient, too, which needs no value, is an error
where the value would be one. It stands where a wrong result would pass for a right one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import to_host
from autodiff.errors import ConvergenceError
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread
from autodiff.primitives.record import Primitive

__all__ = ["require"]

_ERRORS: dict[str, type[Exception]] = {
    "ConvergenceError": ConvergenceError,
    "LinAlgError": np.linalg.LinAlgError,
    "ValueError": ValueError,
}


def _types(
    x: ArrayType,
    holds: ArrayType,
    *details: ArrayType,
    message: str,
    error: str = "ConvergenceError",
) -> tuple[ArrayType, ...]:
    if holds.dtype.kind != "b" or any(t.shape != holds.shape for t in details):
        raise TypeError(
            f"require takes truth values and details of the same shape, not {holds} and {details}"
        )
    return (x,)


def _run(
    xp: Any, x: Any, holds: Any, *details: Any, message: str, error: str = "ConvergenceError"
) -> Any:
    if bool(xp.all(holds)):
        return x
    first = xp.argmin(xp.asarray(holds).ravel())
    shown = [to_host(xp.asarray(d).ravel()[first]) for d in details]
    raise _ERRORS[error](message.format(*shown))


def _batch(size: int, xs: Any, mapped: Any, **params: str) -> Any:
    """The first row for which it does not hold is the one that the error is about."""
    full = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return require(*full, **params)


require: Primitive = Primitive(
    # x, truth values, and details that `message` shows as {0}, {1}, ...; the class of the error
    # is named, since programs are printed
    "require",
    types=_types,
    run=_run,
    jvp=lambda xs, dxs, **params: (require(*xs, **params), dxs[0]),
    batch=_batch,
    view=True,
    effect=True,
)
