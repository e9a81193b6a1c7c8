"""Results that are remembered as long as the program lives that they follow from.

A transform of a program is asked for again and again (each layer of a network is the same call),
and programs that a search tries should be gone when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from autodiff.ir.program import Program

__all__ = ["remembered"]

P = ParamSpec("P")
T = TypeVar("T")


def remembered(function: Callable[Concatenate[Program, P], T]) -> Callable[Concatenate[Program, P], T]:
    """A function of a program and other hashable arguments that is run once for each of them."""
    known: WeakKeyDictionary[Program, dict[Any, T]] = WeakKeyDictionary()

    @wraps(function)
    def wrapper(program: Program, *args: P.args, **kwargs: P.kwargs) -> T:
        results = known.get(program)
        if results is None:
            results = known.setdefault(program, {})
        key = (args, tuple(kwargs.items())) if kwargs else args
        try:
            return results[key]
        except KeyError:
            result = results[key] = function(program, *args, **kwargs)
            return result

    return wrapper
