"""Programs for users: read one from its text, and see the Python that it becomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from autodiff.api.tracing import trace
from autodiff.backend import emit
from autodiff.ir import Program, check
from autodiff.ir.parsing import parse as parse_text
from autodiff.primitives.record import Primitive
from autodiff.transforms.simplify import simplify

__all__ = ["parse", "to_source"]


def parse(text: str) -> Program:
    """The program that was printed as `text`, checked.

    Args:
        text: what `str(program)` gave.

    Raises:
        InvalidProgramError: the text is no program, or breaks a rule; the message shows where.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> program = ad.trace(lambda x: np.sin(x) * 2)(1.0)
        >>> str(ad.parse(str(program))) == str(program)
        True
    """
    return check(parse_text(text, Primitive.named))


def to_source(fun: Callable[..., Any]) -> Callable[..., str]:
    """The Python source that a function compiles to: straight-line code that needs NumPy alone.

    Args:
        fun: a function of arrays, floats and containers of them.

    Returns:
        A function of the same arguments that returns the source. The functions in it take the array
        and float leaves of the arguments, then the arrays that `fun` captures, and return a tuple.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.to_source(ad.grad(np.sin))(3.0))
        import numpy as np
        <BLANKLINE>
        <BLANKLINE>
        def sin(x):
            a = np.cos(x)
            return (a,)
        <BLANKLINE>
    """

    @wraps(fun)
    def source(*args: Any, **kwargs: Any) -> str:
        return emit.to_source(simplify(trace(fun)(*args, **kwargs)))

    return source
