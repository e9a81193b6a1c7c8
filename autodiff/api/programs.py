"""Programs for users: read one from its text, and see the Python that it becomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from autodiff.api.tracing import trace
from autodiff.backend import emit
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import Derived
from autodiff.backend.derived import run as backend_run
from autodiff.ir import Program, check, type_of
from autodiff.ir.parsing import parse as parse_text
from autodiff.primitives.record import Primitive
from autodiff.transforms.simplify import simplify

__all__ = ["parse", "run", "to_source"]


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


def run(program: Program, *args: Any) -> tuple[Any, ...]:
    """The outputs of a program.

    Args:
        program: what `trace` or `parse` gave, or what was made of it.
        args: arrays or numbers, one for each input, of the types that the inputs have; within
            another transform, traced arrays.

    Raises:
        TypeError: the arguments are not of the types of the inputs.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> program = ad.trace(lambda x: np.sum(x) * 2)(np.ones(3))
        >>> print(*ad.run(program, np.arange(3.0)))
        6.0
    """
    given = tuple([type_of(x) for x in args])
    if given != program.in_types:
        shown = [", ".join(map(str, types)) for types in (program.in_types, given)]
        raise TypeError(f"{program.name} takes ({shown[0]}), not ({shown[1]})")
    return tuple(backend_run(Derived(Compiled(program)), args))


def to_source(fun: Callable[..., Any] | Program) -> Any:
    """The Python source that a function compiles to: straight-line code that needs NumPy alone.

    A few primitives have no text of their own; they are imported from the library.

    Args:
        fun: a function of arrays, floats and containers of them; or a program, whose source is
            returned at once.

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
    if isinstance(fun, Program):
        return emit.to_source(fun)

    @wraps(fun)
    def source(*args: Any, **kwargs: Any) -> str:
        return emit.to_source(simplify(trace(fun)(*args, **kwargs)))

    return source
