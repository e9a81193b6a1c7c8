"""Many directions at once: `jvp_many` and `vjp_many`.

The value and what the derivative needs of it are computed once, and only the linear part of the
function is batched.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from autodiff.api.arguments import (
    Argnames,
    Argnums,
    FlatCall,
    Selector,
    function_name,
    is_traceable,
)
from autodiff.api.linear_maps import LinearMap, all_of, halves
from autodiff.api.places import Places
from autodiff.api.points import Point
from autodiff.api.sides import Arguments
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import Derived, prepare, run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.tracing import tree
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.linearize import linearize

__all__ = ["jvp_many", "vjp_many"]


def jvp_many(
    fun: Callable[..., Any], primals: Any, tangents: Any, *, has_aux: bool = False, **kwargs: Any
) -> tuple[Any, ...]:
    """The value of a function, and how it changes along each of many tangents.

    The same as `jvp` for each tangent, but the value is computed once, and all tangents pass
    through the linear part of the function as one batch.

    Args:
        fun: a function of arrays, floats and containers of them.
        primals: a tuple of its positional arguments.
        tangents: a tuple with one container for each, like the argument, but every leaf with a new
            first axis: the number of tangents. None for leaves that are not floating-point.
        has_aux: whether `fun` returns `(value, aux)`.
        **kwargs: further arguments of `fun`, which do not move.

    Returns:
        `(value, tangents)`, or `(value, tangents, aux)` with `has_aux`. The tangents are a
        container like the value, every leaf of the leaf's dtype and of its shape behind a new first
        axis (None for leaves that are not floating-point).

    Raises:
        ValueError: the tangents differ from the arguments in structure or shape, or in number.
        TypeError: they differ in dtype, or an argument with a tangent is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> y, dys = ad.jvp_many(lambda x: x * x, (np.array([1.0, 2.0]),), (np.eye(2),))
        >>> print(y)
        [1. 4.]
        >>> print(dys)
        [[2. 0.]
         [0. 4.]]
    """
    name = function_name(fun)
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError(
            f"jvp_many of {name} takes a tuple of arguments and a tuple of tangents.{here()}\n"
            "Write instead: `ad.jvp_many(f, (x,), (dxs,))`"
        )
    point = Point(
        FlatCall(fun, tuple(primals), kwargs),
        all_of(len(primals)),
        "jvp_many",
        has_aux=has_aux,
        lenient=True,
    )
    size = _number(tangents, f"jvp_many of {name}")
    rule = f"jvp_many of {name} takes tangents like its arguments, each of them {size} times"
    own = point.arguments
    types = [_stacked(t, size) for t in own.types]
    dxs = Arguments(own.fun, own.selector, own.selection, types).take(tangents, rule)
    wanted = point.results.wanted
    recipe = partial(_pushed, active=point.active, wanted=wanted, size=size)
    derived = point.derive(recipe, "jvp_many", size)
    outs = run(derived, [*dxs, *point.args])
    put = point.results.putter(derived.compiled.info, lambda t: point.zeros(_stacked(t, size)))
    dys = put(outs[point.count :])
    result = point.output(outs[: point.count])
    return (result[0], dys, result[1]) if has_aux else (result, dys)


def _pushed(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...], size: int
) -> tuple[Program, tuple[bool, ...]]:
    """`(dxs, x) -> (y, dys)`, and which of the outputs have dys."""
    linear = linearize(program, active, outputs=wanted)
    n, count = sum(active), len(program.outputs)
    residuals = linear.residuals
    many = _batched(linear.rest, residuals, size)

    def fun(*args: Any) -> list[Any]:
        outs = evaluate(linear.known, args[n:])
        return [*outs[:count], *evaluate(many, [*outs[count:], *args[:n]])]

    types, names = [*many.in_types[residuals:], *program.in_types], many.names[residuals:]
    new = build(fun, types, f"jvp_many_{program.name}", [*names, *program.names])
    return new, linear.active


def vjp_many(
    fun: Callable[..., Any],
    *primals: Any,
    has_aux: bool = False,
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """The value of a function, and a function that pulls many cotangents back at once.

    The same as `vjp`, but `pullback` takes any number of cotangents, which pass through the
    transposed linear part of the function as one batch.

    Args:
        fun: as in `vjp`.
        *primals: as in `vjp`.
        has_aux: as in `vjp`.
        argnums: as in `vjp`.
        argnames: as in `vjp`.
        **kwargs: as in `vjp`.

    Returns:
        As `vjp`, but cotangents are stacked: every leaf that `pullback` takes or returns has a new
        first axis, the number of cotangents.

    Raises:
        ValueError: (when `pullback` is called) cotangents differ from the value in structure or
            shape, or in number.
        TypeError: they differ in dtype, or an argument chosen by argnums is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> y, pullback = ad.vjp_many(lambda x: x * x, np.array([1.0, 2.0]))
        >>> (grads,) = pullback(np.array([[1.0, 1.0], [1.0, 0.0]]))
        >>> print(grads)
        [[2. 4.]
         [2. 0.]]
    """
    everything = argnums is None and argnames is None
    selector = all_of(len(primals)) if everything else Selector(fun, argnums, argnames)
    call = FlatCall(fun, primals, kwargs)
    point = Point(call, selector, "vjp_many", has_aux=has_aux, lenient=everything)
    recipe = partial(halves, active=point.active, wanted=point.results.wanted, transposed=True)
    derived = point.derive(recipe, "vjp")
    outs = run(derived, point.args)
    residuals, linear = outs[point.count :], derived.compiled.info
    name, results, arguments = point.name, point.results, point.arguments

    def pullback(cts: Any) -> Any:
        size = _number(cts, f"the pullback of {name}")
        rule = f"the pullback of {name} takes cotangents like the result, each {size} times"
        places = results.places
        types = [None if t is None else _stacked(t, size) for t in places.types]
        given = Places(places.spec, types, places.names).take(cts, rule)
        present = results.present(linear.active)
        live = [ct for ct, p in zip(given, present, strict=True) if p]
        compiled = _prepared(linear, len(residuals), size)
        return arguments.put(run(Derived(compiled), [*residuals, *live]))

    result = point.output(outs)
    return (result[0], pullback, result[1]) if has_aux else (result, pullback)


@lru_cache(maxsize=256)
def _prepared(linear: LinearMap, residuals: int, size: int) -> Compiled:
    return prepare(_batched(linear.compiled.program, residuals, size))


def _batched(program: Program, residuals: int, size: int) -> Program:
    """A linear program on stacked vectors; residuals, its first inputs, are the same for all."""
    mapped = (False,) * residuals + (True,) * (len(program.inputs) - residuals)
    return batch(program, mapped, size, (True,) * len(program.outputs))[0]


def _stacked(t: ArrayType, size: int) -> ArrayType:
    return t.with_shape((size, *t.shape))


def _number(stacked: Any, who: str) -> int:
    """How many vectors a container holds: the length of the first axis of its arrays."""
    for x in tree.flatten(stacked)[0]:
        if is_traceable(x) and x.shape:
            return int(x.shape[0])
    raise ValueError(
        f"{who} takes arrays whose first axis is over the vectors, and was given none.{here()}\n"
        "Write instead: `np.stack([...])` of vectors; `ad.jvp` and `ad.vjp` take a single one"
    )
