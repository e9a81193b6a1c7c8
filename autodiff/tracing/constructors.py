"""`np.array(x)`, `np.asarray(x)` and `np.r_[x]` of a traced `x`, which NumPy's protocols leave out.

Functions that take "anything like an array" begin with `x = np.asarray(x)`. That call tells nobody
that `x` is traced: all it asks for is its numbers, and a derivative would be lost. So while a
function is traced, the module `numpy` offers constructors that look for tracers among their data.
Without any, and in threads that trace nothing, they call NumPy's own; when the last trace ends,
those are back. The exchange takes a few microseconds, so a function that is known to make no arrays
of traced values is traced without (see `autodiff.tracing.record`).

A constructor that code took out of the module beforehand (`from numpy import asarray`) is NumPy's
own, and raises `EscapeError` where a derivative would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from threading import Lock
from typing import Any

import numpy as np

from autodiff.tracing.builder import current_builder
from autodiff.tracing.tracer import CONSTRUCTORS, Tracer

__all__ = ["holds_tracer", "offer", "withdraw"]

_lock = Lock()
_open = 0  # how many functions are being traced, in all threads
_own: dict[str, Any] = {}  # what the module held before
_offered: dict[str, Any] = {}
_methods: list[tuple[type, str, Any, Any]] = []  # class, method, NumPy's own, what is offered


def holds_tracer(data: Any) -> bool:
    """Whether `data` is a tracer, or lists or tuples with one in them."""
    if type(data) is list or type(data) is tuple:
        return any([holds_tracer(part) for part in data])  # noqa: C419  # a list is faster
    return type(data) is Tracer


def _watching(name: str, traced: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's constructor, which leaves data that hold tracers to `traced`."""
    own = attrgetter(name)(np)

    @wraps(own)
    def constructor(*args: Any, **kwargs: Any) -> Any:
        if holds_tracer(args) or (kwargs and holds_tracer([*kwargs.values()])):
            kwargs.pop("like", None)  # `like=x` says that the array is to be traced: it is
            builder = current_builder()
            if builder is not None:
                builder.made = True
            return traced(*args, **kwargs)
        return own(*args, **kwargs)

    return constructor


def offer() -> None:
    """A trace begins: the module `numpy` offers constructors that see tracers."""
    global _open
    with _lock:
        _open += 1
        if _open == 1:
            if len(_offered) + len(_methods) != len(CONSTRUCTORS):
                _prepare()
            _own.update({name: getattr(np, name) for name in _offered})
            vars(np).update(_offered)
            for cls, name, _, offered in _methods:
                setattr(cls, name, offered)


def _prepare() -> None:
    """Sort the table: names of the module, and methods of its classes (`vectorize.__call__`)."""
    _methods.clear()
    for name, traced in CONSTRUCTORS.items():
        offered = _watching(name, traced) if callable(traced) else traced
        owner, _, method = name.rpartition(".")
        if owner:
            cls = attrgetter(owner)(np)
            _methods.append((cls, method, getattr(cls, method), offered))
        else:
            _offered[name] = offered


def withdraw() -> None:
    """A trace ends; after the last, NumPy is as it was."""
    global _open
    with _lock:
        _open -= 1
        if not _open:
            vars(np).update(_own)
            for cls, name, own, _ in _methods:
                setattr(cls, name, own)
