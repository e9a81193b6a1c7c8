"""`linear_transpose`: a linear function, run backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_inexact
from autodiff.api.linear_maps import LinearMap, all_of, halves
from autodiff.api.points import Point
from autodiff.arrays import namespace
from autodiff.backend.derived import Derived, run
from autodiff.control.call import call as call_primitive
from autodiff.errors import NoValueError
from autodiff.ir.editing import inline
from autodiff.ir.program import Equation, Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.linearity import first_nonlinear

__all__ = ["linear_transpose"]


def linear_transpose(fun: Callable[..., Any], *primals: Any, **kwargs: Any) -> Callable[..., Any]:
    """The transpose of a linear function: `<ct, f(x)>` is `<transpose(ct), x>` for all `x`.

    Args:
        fun: a function of arrays, floats and containers of them that is linear in its positional
            arguments, taken together: it neither multiplies them with each other nor adds a
            constant.
        *primals: arguments as `fun` takes them. Of those that are floating-point only shapes and
            dtypes matter, so an `ArrayType` will do.
        **kwargs: further arguments of `fun`, in which it need not be linear.

    Returns:
        A function of a cotangent, which is a container like the result of `fun`. It returns a tuple
        with one cotangent for each positional argument: a container like the argument, every leaf
        of the leaf's shape and dtype (None for leaves that are not floating-point).

    Raises:
        ValueError: `fun` is not linear (the text names the operation that is not); or, in a call of
            the transpose, `ct` differs from the result in structure or shape.
        TypeError: `ct` differs in dtype.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> transpose = ad.linear_transpose(lambda x: x[1:] - x[:-1], np.zeros(4))
        >>> print(*transpose(np.array([1.0, 0.0, 0.0])))
        [-1.  1.  0.  0.]
    """
    name = function_name(fun)
    call = FlatCall(fun, tree.map(_stand_in, primals), kwargs)
    point = Point(call, all_of(len(primals)), "linear_transpose", lenient=True, abstract=True)
    recipe = partial(_recipe, active=point.active, wanted=point.results.wanted)
    derived = point.derive(recipe, "transpose", warn=False)
    linear, culprit = derived.compiled.info
    if culprit is not None:
        _refuse(name, f"{culprit.primitive.name} (at {culprit.source}) is not linear in them")
    residuals = _at_zero(point, derived)[point.count :]
    arguments, results = point.arguments, point.results
    rule = f"the transpose of {name} takes a cotangent like the result of {name}"

    def transpose(ct: Any) -> Any:
        cts = results.take(ct, linear.active, rule)
        return arguments.put(run(Derived(linear.compiled), [*residuals, *cts]))

    return transpose


class _Info(NamedTuple):
    linear: LinearMap
    culprit: Equation | None


def _recipe(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...]
) -> tuple[Program, _Info]:
    """As for `vjp`, with the first equation that is not linear."""
    flat = inline(program, lambda e: e.primitive is call_primitive)
    full = (*active, *[False] * (len(program.inputs) - len(active)))
    culprit = first_nonlinear(flat, full)
    known, linear = halves(flat, active, wanted, transposed=True)
    return known, _Info(linear, culprit)


def _at_zero(point: Point, derived: Derived) -> Sequence[Any]:
    """The outputs and residuals at zero, where a linear function is zero."""
    inputs = [
        point.zeros(t) if a else x
        for x, a, t in zip(point.recording.inputs, point.active, point.in_types, strict=True)
    ]
    args = [*inputs, *point.args[len(inputs) :]]
    outs = run(derived, args)
    known = outs
    if any(type(x) is Tracer for x in outs):
        known = derived.compiled([*map(_some_value, args), *derived.lifted])
    constants = [x for x in point.recording.leaves if is_inexact(x) and type(x) is not Tracer]
    results = [y for y, w in zip(known[: point.count], point.results.wanted, strict=True) if w]
    for y in (*results, *constants):
        if namespace([y]).any((y != 0) & (y == y)):
            _refuse(point.name, f"{point.name}(0) is not 0, so it adds a constant")
    return outs


def _some_value(x: Any) -> Any:
    """The value of a traced array; ones if it has none."""
    if type(x) is not Tracer:
        return x
    try:
        return x._value("linear_transpose")
    except NoValueError:
        return x._builder.library.ones(x.shape, x.dtype)


def _stand_in(x: Any) -> Any:
    """An array in place of a type."""
    if not isinstance(x, ArrayType):
        return x
    if not x.inexact:
        raise TypeError(
            f"linear_transpose: an argument was given as the type {x}. As it is not "
            "floating-point, its value matters. Write instead: an array"
        )
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)


def _refuse(name: str, reason: str) -> NoReturn:
    raise ValueError(
        f"linear_transpose takes a function that is linear in its positional arguments, and {name} "
        f"is not: {reason}.{here()}\n"
        "Write instead:\n"
        "  - for arguments in which it need not be linear: pass them by keyword, or capture them;\n"
        f"  - for the transpose of its derivative at x: `y, pullback = ad.vjp({name}, x)`."
    )
