"""Looking into programs while they run: `callback` and `print`.

They are recorded where they are called and run each time the program does: at each call of a jitted
function, in each step of a loop, for each row of a `vmap` that they depend on, and once for the
value (not again for its derivative) under `grad`.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff.api.arguments import FlatCall, function_name
from autodiff.api.callbacks import HostCall, traced_leaves
from autodiff.control.callback import Handle, effect
from autodiff.ir.types import type_of
from autodiff.tracing.builder import current_builder
from autodiff.tracing.tracer import Tracer

__all__ = ["callback", "print"]


def callback(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Call a function for its effect, whenever the program runs. Outside of a trace, at once.

    No derivative changes by it. Under `vmap` it is called for each row in order, but only once if
    none of its arguments depends on what is mapped. (Of two maps, the outer one runs faster.)
    In a branch or a step of a loop that only some rows take, it is called for the others, too, with
    the values of a row that does take it.

    Args:
        fun: any function; what it returns is not used. It is called with NumPy arrays (read-only)
            in place of arrays and traced values, NumPy scalars in place of scalars.
        *args: its arguments: arrays, numbers, and containers of them and of anything else.
        **kwargs: its keyword arguments.

    Example:
        >>> import autodiff as ad
        >>> seen = []
        >>> @ad.jit
        ... def f(x):
        ...     ad.debug.callback(seen.append, x * x)
        ...     return x + 1
        >>> f(2.0), f(3.0)
        (3.0, 4.0)
        >>> [float(y) for y in seen]
        [4.0, 9.0]
    """
    _act(function_name(fun), FlatCall(fun, args, kwargs))


def print(text: str, *args: Any, **kwargs: Any) -> None:
    """Print values whenever the program runs: `print(text.format(*args, **kwargs))`.

    Args:
        text: the text, with `{}`, `{0}`, `{name}`, `{x:.3f}` for what is to be filled in.
        *args: what is filled in: arrays, numbers, and containers of them and of anything else.
        **kwargs: the same by name.

    Example:
        >>> import autodiff as ad
        >>> def f(x):
        ...     ad.debug.print("x = {}, x² = {y:.1f}", x, y=x * x)
        ...     return x * x
        >>> derivative = ad.grad(f)(3.0)
        x = 3.0, x² = 9.0
    """
    _act("print", FlatCall(partial(_print, text), args, kwargs))


def _act(name: str, call: FlatCall) -> None:
    """Make the call, or let the innermost trace record it, on whatever it may depend."""
    traced_leaves(call)
    handle: Any = Handle(HostCall(call, None))
    builder = current_builder()
    if builder is not None:
        handle = Tracer(builder, builder.capture(handle, type_of(handle)), type_of(handle))
    effect(handle, *call.inputs, name=name)


def _print(text: str, *args: Any, **kwargs: Any) -> None:
    builtins.print(text.format(*args, **kwargs))
