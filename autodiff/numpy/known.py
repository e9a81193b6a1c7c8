"""Values that decide the shape of a result, such as how many different numbers there are.

A function whose result has as many elements as some condition holds for asks for the value of its
operand, finds positions in it, and gathers the elements there, so that derivatives follow them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import to_host
from autodiff.errors import NoValueError
from autodiff.ir.source import here
from autodiff.tracing.tracer import Tracer

__all__ = ["known", "known_or_none"]


def known(x: Any, function: str, what: str, instead: str) -> Any:
    """The value of an operand as a NumPy array.

    Args:
        x: a tracer, an array, or what NumPy makes one of.
        function: what the user called: "np.unique".
        what: what depends on the value: "the length of its result".
        instead: what to write where there is no value.

    Returns:
        The array.

    Raises:
        NoValueError: there is no value, since a program for any value is being made.
    """
    found = known_or_none(x)
    if found is None:
        raise NoValueError(
            f"{function}: {what} depends on the value of a traced array, which has none under jit "
            f"or vmap.{here()}\nWrite instead: {instead}"
        )
    return found


def known_or_none(x: Any) -> Any:
    """The value of an operand as a NumPy array; None if it has no value."""
    if type(x) is not Tracer:
        return np.asarray(to_host(x))
    try:
        return np.asarray(to_host(x._value("a shape")))
    except NoValueError:
        return None
