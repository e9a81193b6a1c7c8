"""Calls of Python functions from within programs: for their result, or for their effect.

The function is an operand, not a param: it is captured by reference, as an array would be. So a
program does not depend on which function it calls, and what was derived from it once serves a
closure that is made anew at each call. A `Handle` is what is passed; where arrays are computed with
(stacked, selected), it counts as a number, by which it is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np

from autodiff.arrays import to_host
from autodiff.control.one_by_one import one_by_one
from autodiff.errors import MissingRuleError
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import spread
from autodiff.primitives.record import Primitive

__all__ = ["Handle", "callback", "effect"]


class Handle:
    """A function `(arrays, types) -> arrays` as an operand; equal functions have equal handles."""

    __slots__ = ("__weakref__", "function", "number")
    shape: ClassVar[tuple[int, ...]] = ()
    ndim, size = 0, 1
    dtype = np.dtype(np.int64)
    alive: ClassVar[WeakValueDictionary[int, Handle]] = WeakValueDictionary()
    _numbers = count(1)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.number = next(Handle._numbers)
        Handle.alive[self.number] = self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self.function == other.function

    def __hash__(self) -> int:
        return hash(self.function)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.number, dtype)

    def copy(self) -> Handle:
        """The handle itself: nobody can change it."""
        return self

    @staticmethod
    def of(operand: Any) -> Handle:
        """The handle that an operand is, or is the number of."""
        if isinstance(operand, Handle):
            return operand
        found = Handle.alive.get(int(operand))
        if found is None:
            raise RuntimeError(
                "a program calls a function that is gone. Write instead: keep the function that "
                "was given to `ad.pure_callback` (or `ad.debug.callback`) alive, as a global, say"
            )
        return found


def _call(handle: Any, xs: Sequence[Any], types: tuple[ArrayType, ...]) -> Sequence[Any]:
    return Handle.of(handle).function([_on_host(x) for x in xs], types)


def _on_host(x: Any) -> Any:
    """A NumPy array that cannot be changed, since the program goes on using it."""
    array = np.asarray(to_host(x)).view()
    array.flags.writeable = False
    return array[()] if not array.shape else array


# ---- for a result


def _run(xp: Any, handle: Any, *xs: Any, types: Any, **_: Any) -> tuple[Any, ...]:
    return tuple([xp.asarray(y)[()] for y in _call(handle, xs, types)])


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    if any(t.inexact for t in params["types"]):
        raise MissingRuleError(
            f"{params['name']} is called by pure_callback, so nothing is known of its derivative. "
            "Write instead:\n"
            "  - `ad.custom_rule(f, jvp=..., vjp=...)` with your own rule, and the callback in f;\n"
            "  - `ad.numeric_rule(f)` for a derivative by differences, to any order;\n"
            "  - `ad.stop_gradient(x)` of its arguments, if no derivative is wanted"
        )
    return callback(*xs, **params), [None] * len(params["types"])


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    if not params["vectorized"] or mapped[0]:
        return one_by_one(callback, size, xs, mapped, params)
    full = [x if m else spread(x, size) for x, m in zip(xs[1:], mapped[1:], strict=True)]
    types = tuple([t.with_shape((size, *t.shape)) for t in params["types"]])
    return callback(xs[0], *full, **{**params, "types": types})


callback: Primitive = Primitive(
    "callback",
    types=lambda handle, *xs, name, types, vectorized: types,
    run=_run,
    jvp=_jvp,
    batch=_batch,
    multiple=True,
)


# ---- for an effect


def _run_effect(xp: Any, handle: Any, *xs: Any, name: str) -> tuple[()]:
    _call(handle, xs, ())
    return ()


effect: Primitive = Primitive(
    "effect",
    types=lambda handle, *xs, name: (),
    run=_run_effect,
    jvp=lambda xs, dxs, **params: (effect(*xs, **params), ()),
    batch=lambda size, xs, mapped, **params: one_by_one(effect, size, xs, mapped, params),
    multiple=True,
    effect=True,
)
