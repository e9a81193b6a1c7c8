"""`np.array(x)`, `np.asarray(x)` and `np.r_[x]` of a traced `x`, which NumPy's protocols leave out.

Functions that take "anything like an array" begin with `x = np.asarray(x)`. That call tells nobody
that `x` is traced: all it asks for is its numbers, and a derivative would be lost. So while a
function is traced, the module `numpy` offers constructors that look for tracers among their data.
Without any, and in threads that trace nothing, they call NumPy's own; when the last trace ends,
those are back. A name that somebody else has exchanged is left alone. The exchange takes a few
microseconds, so a function that is known to make no arrays of traced values is traced without (see
`autodiff.tracing.record`).

A constructor that code took out of the module beforehand (`from numpy import asarray`) is NumPy's
own, and raises `EscapeError` where a derivative would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from autodiff.tracing.builder import Builder, current_builder
from autodiff.tracing.tracer import CONSTRUCTORS, Tracer

__all__ = ["holds_tracer", "offer", "withdraw"]


class Place(NamedTuple):
    """A name of the module `numpy`, or of something in it (`vectorize.__call__`)."""

    owner: Any
    name: str
    own: Any  # NumPy's
    offered: Any

    def put(self, new: Any, instead_of: Any) -> None:
        """Exchange what stands here, unless it is something else."""
        if vars(self.owner).get(self.name) is instead_of:
            setattr(self.owner, self.name, new)


_lock = RLock()  # a signal's handler may trace, too, while its thread is at work here
_tracing: set[Builder] = set()  # in all threads
_places: dict[str, Place] = {}


def holds_tracer(data: Any) -> bool:
    """Whether `data` is a tracer, or lists or tuples with one in them."""
    if isinstance(data, list | tuple):
        return any([holds_tracer(part) for part in data])  # noqa: C419  # a list is faster
    return type(data) is Tracer


def _watching(own: Callable[..., Any], traced: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's constructor, which leaves data that hold tracers to `traced`."""
    asks = hasattr(own, "_implementation")  # its first operand, but not what is in a list

    @wraps(own)
    def constructor(*args: Any, **kwargs: Any) -> Any:
        if asks and args and type(args[0]) is Tracer:
            return own(*args, **kwargs)
        if holds_tracer(args) or (kwargs and holds_tracer([*kwargs.values()])):
            kwargs.pop("like", None)  # `like=x` says that the array is to be traced: it is
            builder = current_builder()
            if builder is not None:
                builder.made = True
            return traced(*args, **kwargs)
        return own(*args, **kwargs)

    return constructor


def offer(builder: Builder) -> None:
    """A trace begins: the module `numpy` offers constructors that see tracers."""
    with _lock:
        if not _tracing:
            if len(_places) != len(CONSTRUCTORS):
                _find_places()
            for place in _places.values():
                place.put(place.offered, instead_of=place.own)
        _tracing.add(builder)


def _find_places() -> None:
    for path, traced in CONSTRUCTORS.items():
        if path not in _places:
            owner, _, name = path.rpartition(".")
            holder: Any = attrgetter(owner)(np) if owner else np
            own = vars(holder)[name]  # a static method as such, for `put` to recognise
            offered = _watching(own, traced) if callable(traced) else traced
            _places[path] = Place(holder, name, own, offered)


def withdraw(builder: Builder) -> None:
    """A trace ends, if it had begun; after the last, NumPy is as it was."""
    with _lock:
        _tracing.discard(builder)
        if not _tracing:
            for place in _places.values():
                place.put(place.own, instead_of=place.offered)
