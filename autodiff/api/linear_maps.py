"""The derivative at a point as a linear function: `jvp`, `linearize`, `vjp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector, function_name
from autodiff.api.points import Point
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import Derived, prepare, run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.transforms.jvp import jvp as push_forward
from autodiff.transforms.linearize import linearize as cut

__all__ = ["LinearMap", "all_of", "halves", "jvp", "linearize", "pushed", "vjp"]


def jvp(
    fun: Callable[..., Any], primals: Any, tangents: Any, *, has_aux: bool = False, **kwargs: Any
) -> tuple[Any, ...]:
    """The value of a function, and how it changes when its arguments move along tangents.

    Costs about as much as two or three calls of `fun`, however many arguments there are.

    Args:
        fun: a function of arrays, floats and containers of them.
        primals: a tuple of its positional arguments.
        tangents: a tuple with one tangent for each: a container like the argument, every leaf of
            the leaf's shape and dtype; None (or zero) for leaves that are not floating-point.
        has_aux: whether `fun` returns `(value, aux)`.
        **kwargs: further arguments of `fun`, which do not move.

    Returns:
        `(value, tangent)`, or `(value, tangent, aux)` with `has_aux`. The tangent is a container
        like the value, every leaf of the leaf's shape and dtype (None for leaves that are not
        floating-point).

    Raises:
        ValueError: the tangents differ from the arguments in structure or shape.
        TypeError: they differ in dtype, or an argument with a tangent is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x, dx = np.array([1.0, 2.0]), np.array([1.0, 0.0])
        >>> y, dy = ad.jvp(lambda x: x * x, (x,), (dx,))
        >>> print(y, dy)
        [1. 4.] [2. 0.]
    """
    name = function_name(fun)
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError(
            f"jvp of {name} takes a tuple of arguments and a tuple of their tangents.{here()}\n"
            "Write instead: `ad.jvp(f, (x,), (dx,))`"
        )
    call = FlatCall(fun, tuple(primals), kwargs)
    point = Point(call, all_of(len(primals)), "jvp", has_aux=has_aux, lenient=True)
    dxs = point.arguments.take(tangents, f"jvp of {name} takes tangents like its arguments")
    wanted = point.results.wanted
    recipe = partial(pushed, active=point.active, wanted=wanted)
    outs = run(point.derive(recipe, "jvp"), [*dxs, *point.args])
    dy = point.results.putter(wanted, point.zeros)(outs[point.count :])
    return _with_tangent(point.output(outs), dy, has_aux)


def pushed(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...]
) -> tuple[Program, None]:
    """`(dx, x) -> (y, dy)`, with a dy for the outputs marked in `wanted`."""
    n = len(program.inputs)
    full = (*active, *[False] * (n - len(active)))
    forward, moving = push_forward(program, full, wanted)
    tangents = iter(forward.outputs[len(wanted) :])
    all_dys = [(next(tangents), w) for m, w in zip(moving, wanted, strict=True) if m]
    dys = [dy for dy, w in all_dys if w]
    names = forward.input_names
    return replace(
        forward,
        inputs=(*forward.inputs[n:], *forward.inputs[:n]),
        outputs=(*forward.outputs[: len(wanted)], *dys),
        input_names=(*names[n:], *names[:n]),
    ), None


def linearize(
    fun: Callable[..., Any],
    *primals: Any,
    has_aux: bool = False,
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """The value of a function and its derivative at this point, as a function of tangents.

    `fun` runs once; what its derivative needs is kept, so that each call of the linear function
    costs about as much as one of `fun`. For a single tangent, `jvp` needs less memory.

    Args:
        fun: a function of arrays, floats and containers of them.
        *primals: its positional arguments.
        has_aux: whether `fun` returns `(value, aux)`.
        argnums: the position(s) of the arguments that move; all positional ones by default.
        argnames: the same by name.
        **kwargs: further arguments of `fun`.

    Returns:
        `(value, push)`, or `(value, push, aux)` with `has_aux`: `push(*tangents)` takes one tangent
        for each argument that moves (a container like the argument) and returns a container like
        the value. It may be called any number of times.

    Raises:
        ValueError: (when `push` is called) tangents differ from the arguments in structure or
            shape.
        TypeError: they differ in dtype, or an argument chosen by argnums is not floating-point.

    Example:
        >>> import autodiff as ad
        >>> y, push = ad.linearize(lambda x: x * x, 3.0)
        >>> print(y, push(1.0), push(2.0))
        9.0 6.0 12.0
    """
    point, outs, linear = _linearized(
        fun, primals, kwargs, has_aux, argnums, argnames, transposed=False
    )
    residuals, arguments = outs[point.count :], point.arguments
    put = point.results.putter(linear.active, point.zeros)
    rule = f"the linear function of {point.name} takes tangents like the arguments of {point.name}"

    def push(*tangents: Any) -> Any:
        dxs = arguments.take(tangents, rule)
        return put(run(Derived(linear.compiled), [*residuals, *dxs]))

    return _with_tangent(point.output(outs), push, has_aux)


def vjp(
    fun: Callable[..., Any],
    *primals: Any,
    has_aux: bool = False,
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """The value of a function, and a function that pulls cotangents of it back to the arguments.

    `fun` runs once; what its derivative needs is kept as long as `pullback` is, and later changes
    to the arguments do not change it. Each call of `pullback` costs about as much as two of `fun`.

    Args:
        fun: a function of arrays, floats and containers of them.
        *primals: its positional arguments.
        has_aux: whether `fun` returns `(value, aux)`.
        argnums: the position(s) of the arguments to pull back to; all positional ones by default.
        argnames: the same by name.
        **kwargs: further arguments of `fun`.

    Returns:
        `(value, pullback)`, or `(value, pullback, aux)` with `has_aux`. `pullback(ct)` takes a
        container like the value, every leaf of the leaf's shape and dtype (None for leaves that are
        not floating-point), and may be called any number of times. It returns a tuple with one
        cotangent for each argument: a container like the argument, every leaf of the leaf's shape
        and dtype (None for leaves that are not floating-point). Only if `argnums` is an int or
        `argnames` a string, it returns one cotangent and no tuple.

    Raises:
        ValueError: (when `pullback` is called) `ct` differs from the value in structure or shape.
        TypeError: it differs in dtype, or an argument chosen by argnums is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> y, pullback = ad.vjp(lambda a, b: a * b, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        >>> print(y)
        [3. 8.]
        >>> print(*pullback(np.ones(2)))
        [3. 4.] [1. 2.]
    """
    point, outs, linear = _linearized(
        fun, primals, kwargs, has_aux, argnums, argnames, transposed=True
    )
    residuals, arguments, results = outs[point.count :], point.arguments, point.results
    rule = f"the pullback of {point.name} takes a cotangent like the result of {point.name}"

    def pullback(ct: Any) -> Any:
        cts = results.take(ct, linear.active, rule)
        return arguments.put(run(Derived(linear.compiled), [*residuals, *cts]))

    return _with_tangent(point.output(outs), pullback, has_aux)


class LinearMap(NamedTuple):
    """The linear part of a function: a program that takes residuals first."""

    compiled: Compiled
    active: tuple[bool, ...]  # outputs of the recorded program that it is about


def _linearized(
    fun: Callable[..., Any],
    primals: Any,
    kwargs: Any,
    has_aux: bool,
    argnums: Argnums | None,
    argnames: Argnames,
    *,
    transposed: bool,
) -> tuple[Point, Sequence[Any], LinearMap]:
    """The recorded function, its outputs followed by the residuals, and its linear part."""
    everything = argnums is None and argnames is None
    selector = all_of(len(primals)) if everything else Selector(fun, argnums, argnames)
    transform = "vjp" if transposed else "linearize"
    call = FlatCall(fun, primals, kwargs)
    point = Point(call, selector, transform, has_aux=has_aux, lenient=everything)
    recipe = partial(
        halves, active=point.active, wanted=point.results.wanted, transposed=transposed
    )
    derived = point.derive(recipe, transform)
    return point, run(derived, point.args), derived.compiled.info


def halves(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...], transposed: bool
) -> tuple[Program, LinearMap]:
    """`x -> (y, residuals)`; and the linear part, or its transpose."""
    linear = cut(program, active, outputs=wanted)
    part = linear.transposed() if transposed else linear.rest
    return linear.known, LinearMap(prepare(part), linear.active)


@lru_cache(maxsize=64)
def all_of(count: int) -> Selector:
    """Selects all of so many positional arguments, of whatever function."""
    return Selector(lambda *args: None, tuple(range(count)), None)


def _with_tangent(output: Any, derivative: Any, has_aux: bool) -> tuple[Any, ...]:
    return (output[0], derivative, output[1]) if has_aux else (output, derivative)
