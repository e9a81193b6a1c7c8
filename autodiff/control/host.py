"""`host`: a function of NumPy arrays as one equation, for solvers that are not programs.

    host[function=f, types=(t, ...)] *xs -> *ys

It runs when the program runs, with arrays, and gives arrays of these types. It has no derivative:
`solve` and `root`, which find derivatives without looking into their solver, are what it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.arrays import to_host
from autodiff.errors import MissingRuleError
from autodiff.ir.types import ArrayType
from autodiff.primitives.record import Primitive

__all__ = ["host"]

Function = Callable[..., Sequence[Any]]  # arrays -> arrays; hashable


@dataclass(frozen=True, slots=True)
class _Rows:
    """A function called for each row of those of its arguments that are mapped."""

    function: Function
    mapped: tuple[bool, ...]
    size: int
    types: tuple[ArrayType, ...]

    def __call__(self, *xs: Any) -> list[Any]:
        made = [np.empty((self.size, *t.shape), t.dtype) for t in self.types]
        for i in range(self.size):
            row = [x[i] if m else x for x, m in zip(xs, self.mapped, strict=True)]
            for y, result in zip(made, self.function(*row), strict=True):
                y[i] = result
        return made


def _run(xp: Any, *xs: Any, function: Function, types: tuple[ArrayType, ...]) -> tuple[Any, ...]:
    results = function(*map(to_host, xs))
    arrays = [xp.asarray(y, t.dtype) for y, t in zip(results, types, strict=True)]
    if [y.shape for y in arrays] != [t.shape for t in types]:
        raise ValueError(f"a host function was to give {types}, not {[y.shape for y in arrays]}")
    return tuple([y if y.shape else y[()] for y in arrays])


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    raise MissingRuleError("a function that runs on the host has no derivative")


def _batch(size: int, xs: Any, mapped: Any, *, function: Function, types: Any) -> Any:
    rows = _Rows(function, tuple(mapped), size, types)
    stacked = tuple([t.with_shape((size, *t.shape)) for t in types])
    return host(*xs, function=rows, types=stacked)


host: Primitive = Primitive(
    "host",
    types=lambda *inputs, function, types: types,
    run=_run,
    jvp=_jvp,
    batch=_batch,
    multiple=True,
)
