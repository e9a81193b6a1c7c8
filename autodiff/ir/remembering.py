"""Results that are remembered as long as the program lives that they follow from.

A transform of a program is asked for again and again (each layer of a network is the same call),
and programs that a search tries should be gone when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from autodiff.ir.program import Program

__all__ = ["remembered"]

F = TypeVar("F", bound=Callable[..., Any])


def remembered(function: F) -> F:
    """A function of a program and other hashable arguments, run once for each choice of them.

    Its results must not refer to the program, or it would live forever.
    """
    known: WeakKeyDictionary[Program, dict[Any, Any]] = WeakKeyDictionary()

    @wraps(function)
    def wrapper(program: Program, *args: Any, **kwargs: Any) -> Any:
        results = known.get(program)
        if results is None:
            results = known.setdefault(program, {})
        key = (args, tuple(kwargs.items())) if kwargs else args
        try:
            return results[key]
        except KeyError:
            result = results[key] = function(program, *args, **kwargs)
            return result

    return wrapper  # type: ignore[return-value]
