"""Looking at programs: `trace`, `eval_types`; at values while tracing: `value_of`, `is_traced`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_traceable
from autodiff.control.call import is_transparent
from autodiff.ir.editing import inline, prune
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer

__all__ = ["eval_types", "is_traced", "trace", "value_of"]


def trace(fun: Callable[..., Any]) -> Callable[..., Program]:
    """The program of a function, for arguments of certain types.

    Args:
        fun: a function of arrays, floats and containers of them.

    Returns:
        A function of the same arguments that returns the `Program`: its inputs are the array and
        float leaves of the arguments in order, then the arrays that `fun` captures; its outputs are
        the leaves of the result that depend on them. Print it, check it, save it, rewrite it.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.trace(lambda x: np.sin(x) * 2)(1.0).out_types)
        (f64[],)
    """

    @wraps(fun)
    def traced(*args: Any, **kwargs: Any) -> Program:
        name = function_name(fun)
        call = FlatCall(fun, args, kwargs)
        call.positions = [
            i
            for i, x in enumerate(call.leaves)
            if i in call.positions or type(x) in (float, complex)
        ]
        recording = record(call, call.inputs, label=name, namer=call.names)
        return prune(inline(recording.program(name), is_transparent))

    return traced


def eval_types(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The types of a function's results, without computing them.

    Args:
        fun: a function of arrays, numbers and containers of them.

    Returns:
        A function of the same arguments, of which arrays and floats matter only by their types: an
        `ArrayType(shape, dtype)` in their place will do. It returns a container like the result,
        with an `ArrayType` for each array and number.

    Raises:
        NoValueError: `fun` asks for the value of something that depends on an array or a float.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.ir import ArrayType
        >>> ad.eval_types(lambda x, y: {"z": x @ y})(np.ones((2, 3)), ArrayType((3,), np.float64))
        {'z': f64[2]}
    """

    @wraps(fun)
    def evaluated(*args: Any, **kwargs: Any) -> Any:
        call = FlatCall(fun, args, kwargs)
        call.positions = [
            i for i, x in enumerate(call.leaves)
            if is_traceable(x) or isinstance(x, float | complex | ArrayType)
        ]  # fmt: skip
        types = [type_of(x) for x in call.inputs]
        label = f"{function_name(fun)} (under eval_types)"
        recording = record(call, call.inputs, label=label, types=types, namer=call.names)
        return tree.unflatten(recording.spec, [
            type_of(x) if is_traceable(x) or isinstance(x, int | float | complex) else x
            for x in recording.leaves
        ])  # fmt: skip

    return evaluated


def is_traced(x: Any) -> bool:
    """Whether `x` is a traced value (and not an array).

    Example:
        >>> import autodiff as ad
        >>> ad.is_traced(1.0)
        False
    """
    return isinstance(x, Tracer)


def value_of(x: Any) -> Any:
    """The value of a traced array, for looking at it: no gradient flows through the result.

    Args:
        x: anything; what is not traced is returned as it is.

    Returns:
        An array (read-only) or scalar of the shape and dtype of `x`.

    Raises:
        NoValueError: `x` has no value, because it depends on an argument of `jit` or `vmap`.

    Example:
        >>> import autodiff as ad
        >>> def f(x):
        ...     print("x is", ad.value_of(x))
        ...     return x * x
        >>> ad.grad(f)(3.0) == 6.0
        x is 3.0
        np.True_
    """
    if type(x) is not Tracer:
        return x
    value = x._value("ad.value_of(x)")
    if isinstance(value, np.ndarray):  # the trace goes on using it
        value = value.view()
        value.setflags(write=False)
    return value
