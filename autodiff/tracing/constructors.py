"""`np.array(x)`, `np.asarray(x)` and `np.r_[x]` of a traced `x`, which NumPy's protocols leave out.

Functions that take "anything like an array" begin with `x = np.asarray(x)`. That call tells nobody
that `x` is traced: all it asks for is its numbers, and a derivative would be lost. So while a
function is traced, the module `numpy` offers constructors that look for tracers among their data.
Without any, and in threads that trace nothing, they call NumPy's own; when the last trace ends,
those are back. A name that somebody else has exchanged is left alone. The exchange takes ten
microseconds, so a function that is known to make no arrays of traced values is traced without (see
`autodiff.tracing.record`).

A constructor that code took out of the module beforehand (`from numpy import asarray`) is NumPy's
own, and raises `EscapeError` where a derivative would be lost.
"""

from __future__ import annotations

import sys
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
    """A name in something of the module `numpy`, such as `vectorize.__call__`."""

    owner: Any
    name: str
    own: Any  # NumPy's
    offered: Any


_lock = RLock()  # a signal's handler may trace, too, while its thread is at work here
_tracing: set[Builder] = set()  # in all threads
_own: dict[str, Any] = {}  # by their names in the module `numpy`
_offered: dict[str, Any] = {}
_places: dict[str, Place] = {}  # what is not in the module itself, by its path


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
            if len(_places) + len(_own) != len(CONSTRUCTORS):
                _find_places()
            _exchange(_own, _offered)
            for owner, name, own, offered in _places.values():
                if vars(owner).get(name) is own:
                    setattr(owner, name, offered)
        _tracing.add(builder)


def withdraw(builder: Builder) -> None:
    """A trace ends, if it had begun; after the last, NumPy is as it was."""
    with _lock:
        _tracing.discard(builder)
        if not _tracing:
            _exchange(_offered, _own)
            for owner, name, own, offered in _places.values():
                if vars(owner).get(name) is offered:
                    setattr(owner, name, own)


def _exchange(old: dict[str, Any], new: dict[str, Any]) -> None:
    """In the module, but for names that stand for something else by now."""
    module = vars(np)
    if not old.items() <= module.items():
        new = {name: new[name] for name in new if module.get(name) is old[name]}
    module.update(new)


def _is_loaded(owner: str) -> bool:
    """Whether what a path leads through is there without importing it."""
    if owner.startswith("scipy."):
        return owner in sys.modules
    return owner.partition(".")[0] != "ma" or "numpy.ma" in sys.modules


def _in_numpy(owner: str) -> Any:
    return attrgetter(owner)(np) if owner else np


def _find_places() -> None:
    for path, traced in CONSTRUCTORS.items():
        if path not in _places and path not in _own:
            owner, _, name = path.rpartition(".")
            if not _is_loaded(owner):
                continue
            scipys = owner.startswith("scipy.")  # what SciPy took out of NumPy
            holder: Any = sys.modules[owner] if scipys else _in_numpy(owner)
            own = vars(holder)[name]  # a static method as such, to recognise it
            offered = _watching(own, traced) if callable(traced) else traced
            if owner:
                _places[path] = Place(holder, name, own, offered)
            else:
                _own[name], _offered[name] = own, offered
