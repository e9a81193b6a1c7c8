"""`grad` and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from autodiff.api.arguments import (
    Argnames,
    Argnums,
    FlatCall,
    Selector,
    function_name,
    is_traceable,
    select,
)
from autodiff.api.cuts import cut_reason, warn_zero
from autodiff.arrays import namespace
from autodiff.backend.derived import derive, run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import type_of
from autodiff.tracing import tree
from autodiff.tracing.record import Recording, record
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.linearize import gradient

__all__ = ["grad", "value_and_grad"]


def grad(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """The gradient of a function whose result is a real scalar.

    Args:
        fun: a function of arrays, floats and containers of them, returning a scalar of a floating
            dtype; with `has_aux`, a pair of that scalar and anything else.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        has_aux: whether `fun` returns `(value, aux)`.

    Returns:
        A function of the same arguments that returns the gradient: for each selected argument a
        container like the argument, every leaf of the leaf's shape and dtype (None for leaves that
        are not floating-point); a tuple of them if `argnums` is a tuple. With `has_aux`, the pair
        `(gradient, aux)`.

    Raises:
        TypeError: the result is no real scalar, or a selected argument is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0])))
        [2. 4. 6.]
    """
    return _differentiated(fun, Selector(fun, argnums, argnames), has_aux, value=False)


def value_and_grad(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """The value of a scalar function together with its gradient, for the work of one.

    Args:
        fun: as in `grad`.
        argnums: as in `grad`.
        argnames: as in `grad`.
        has_aux: whether `fun` returns `(value, aux)`.

    Returns:
        A function of the same arguments that returns `(value, gradient)`, or
        `((value, aux), gradient)` with `has_aux`.

    Raises:
        TypeError: the result is no real scalar, or a selected argument is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> value, gradient = ad.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
        >>> print(value, gradient)
        5.0 [2. 4.]
    """
    return _differentiated(fun, Selector(fun, argnums, argnames), has_aux, value=True)


def _differentiated(
    fun: Callable[..., Any], selector: Selector, has_aux: bool, *, value: bool
) -> Callable[..., Any]:
    name = function_name(fun)
    transform = "value_and_grad" if value else "grad"
    label = f"{name} (under {transform})"
    code = getattr(fun, "__code__", None)
    with_value = value or has_aux

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = FlatCall(fun, args, kwargs)
        selection = select(call, selector, transform)
        recording = record(
            call,
            call.inputs,
            label=label,
            code=code,
            wanted=selection.active_inputs,
            namer=call.names,
        )
        if recording.script.derived.get("scalar") != (has_aux, recording.spec):
            check_scalar(recording, name, transform, has_aux)
        outs = _run(recording, selection.active, name, value=with_value)
        n = len(recording.script.outputs) if with_value else 0
        grads = selector.gather(selection.specs, selection.split(outs[n:] if n else outs))
        if not with_value:
            return grads
        result = recording.output(outs[:n])
        return (result, grads) if value else (grads, result[1])

    return wrapped


def _run(recording: Recording, active: tuple[bool, ...], name: str, *, value: bool) -> Any:
    """The traced results (if `value`) and the derivatives by the active inputs."""
    if type(recording.leaves[0]) is not Tracer:
        return _constant(recording, active, name, value=value)

    def recipe(program: Program) -> tuple[Program, tuple[bool, str]]:
        new, depends = gradient(program, active, value=value)
        return new, (depends, "" if depends else cut_reason(program, active))

    derived = derive(recording, recipe, ("gradient", active, value), name)
    depends, reason = derived.compiled.info
    if not depends:
        warn_zero(name, reason)
    return run(derived, recording.args())


def _constant(recording: Recording, active: tuple[bool, ...], name: str, *, value: bool) -> Any:
    """The same for a function whose result was not computed from anything traced."""
    warn_zero(name, "")
    wanted = [type_of(x) for x, a in zip(recording.inputs, active, strict=True) if a]
    xp = namespace(recording.inputs)
    zeros = [xp.zeros(t.shape, t.dtype)[()] for t in wanted]
    if not value:
        return zeros
    values = derive(recording, lambda program: (program, True), "value", name)
    return [*run(values, recording.args()), *zeros]


def check_scalar(recording: Recording, name: str, transform: str, has_aux: bool) -> None:
    """Raise unless the function returned a real scalar (and an aux, if it was to)."""
    spec = recording.spec
    if has_aux:
        if spec.type is not tuple or spec.num_children != 2:
            raise TypeError(
                f"{transform}({name}, has_aux=True): {name} must return a pair (value, aux), "
                f"not {_shown(recording)}"
            )
        spec = spec.child(0)
    result = recording.leaves[0] if recording.leaves else None
    scalar = spec.is_leaf() and (isinstance(result, float) or is_traceable(result))
    kind = None if not scalar else type_of(result)
    if kind is None or kind.shape or kind.dtype.kind != "f":
        raise TypeError(
            f"{transform} needs a function that returns one real floating-point scalar, and {name} "
            f"returned {_shown(recording)}.{here()}\n"
            "Write instead:\n"
            "  - a scalar: `np.sum(...)` or `np.mean(...)` of the result;\n"
            "  - for the derivative of each entry: `ad.jacobian(f)(x)`;\n"
            "  - for a weighted sum of them: `y, pullback = ad.vjp(f, x)`, "
            "then `pullback(weights)`;\n"
            "  - for a value and other results: `has_aux=True`."
        )
    recording.script.derived["scalar"] = (has_aux, recording.spec)


def _shown(recording: Recording) -> str:
    """A short description of what a function returned."""
    shown = [str(type_of(x)) if is_traceable(x) else type(x).__name__ for x in recording.leaves]
    return str(tree.unflatten(recording.spec, shown)).replace("'", "")
