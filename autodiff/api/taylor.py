"""Derivatives of high order: `jet` (along a curve) and `derivatives` (along a line)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, wraps
from operator import index
from typing import Any

from autodiff.api.arguments import FlatCall, function_name, is_inexact
from autodiff.api.linear_maps import all_of
from autodiff.api.places import Places, describe
from autodiff.api.points import Point
from autodiff.backend.derived import run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import type_of
from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import div
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.taylor import taylor

__all__ = ["derivatives", "jet"]

Mask = tuple[bool, ...]


def jet(
    fun: Callable[..., Any],
    primals: Any,
    series: Any,
    *,
    factorial_scaled: bool = True,
    has_aux: bool = False,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """The value of a function, and its derivatives where its arguments move along a curve.

    Taylor mode: all derivatives up to order k in one pass that costs O(k²) times as much as the
    function, where k nested `jvp`s would cost 2^k times as much. Where the arguments are x(t), with
    x(0) and x'(0), x''(0), ... given, the results are y(0) and y'(0), y''(0), ... of y(t) =
    fun(x(t)). For derivatives along a straight line, see `derivatives`.

    On the way, derivatives are divided by factorials. They are scaled so that float32 holds them up
    to order 100 or so, and float16 up to order 20, unless the derivatives themselves are too large.

    Args:
        fun: a function of arrays, floats and containers of them.
        primals: a tuple of its positional arguments, x(0).
        series: a tuple with one list for each argument: x'(0), x''(0), ..., as many as derivatives
            are wanted. Each is a container like the argument, every leaf of the leaf's shape and
            dtype; or None (or the number 0) where it is zero, which costs nothing. None in place of
            a list stands for an argument that does not move.
        factorial_scaled: whether series are derivatives; if not, they are Taylor coefficients:
            the derivative of order k, divided by k factorial. So are the results.
        has_aux: whether `fun` returns `(value, aux)`.
        **kwargs: further arguments of `fun`, which do not move.

    Returns:
        `(value, terms)`, or `(value, terms, aux)` with `has_aux`. `terms` is a list as long as
        those in `series`: y'(0), y''(0), ..., each a container like the value, every leaf of the
        leaf's shape and dtype (None for leaves that are not floating-point).

    Raises:
        ValueError: lists in `series` differ in length, or what they hold differs from the
            arguments in structure or shape.
        TypeError: it differs in dtype.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> y, (dy, ddy) = ad.jet(np.sin, (0.0,), ([1.0, 0.0],))
        >>> print(y, dy, ddy)
        0.0 1.0 -0.0
        >>> y, terms = ad.jet(lambda x, a: a * x**3, (2.0, 5.0), ([1.0, None, None], None))
        >>> print(y, *terms)
        40.0 60.0 60.0 30.0

    Source:
        Griewank and Walther, "Evaluating Derivatives", chapter 13 (propagation of Taylor
        coefficients); the argument convention is that of `jax.experimental.jet`.
    """
    name = function_name(fun)
    order = _order(name, primals, series)
    call = FlatCall(fun, tuple(primals), kwargs)
    point = Point(call, all_of(len(primals)), "jet", has_aux=has_aux, lenient=True)
    given, terms = _taken(point, name, series, order)
    recipe = partial(
        _expanded,
        active=point.active,
        order=order,
        given=given,
        wanted=point.results.wanted,
        scaled=factorial_scaled,
    )
    derived = point.derive(recipe, "jet", order, given, factorial_scaled)
    outs = run(derived, [*terms, *point.args])
    put = point.results.putter(point.results.wanted, point.zeros)
    rows = _rows(outs[point.count :], order)
    result = point.output(outs[: point.count])
    found = [put([row[k] for row in rows]) for k in range(order)]
    return (result[0], found, result[1]) if has_aux else (result, found)


def _rows(flat: Sequence[Any], order: int) -> list[Sequence[Any]]:
    """The terms of each result."""
    return [flat[i : i + order] for i in range(0, len(flat), order)] if order else []


def _order(name: str, primals: Any, series: Any) -> int:
    """How many derivatives are given."""
    known = (tuple, list)
    if not isinstance(primals, known) or not isinstance(series, known):
        raise TypeError(
            f"jet of {name} takes a tuple of arguments and a tuple of their series.{here()}\n"
            "Write instead: `ad.jet(f, (x,), ([dx, ddx],))`"
        )
    if len(series) != len(primals):
        raise ValueError(
            f"jet of {name} was given {len(primals)} arguments and {len(series)} series.{here()}\n"
            "Write instead: one list for each argument; None for one that does not move"
        )
    for terms in series:
        if not isinstance(terms, (*known, type(None))):
            raise TypeError(
                f"jet of {name} takes for each argument a list of its derivatives, not "
                f"{describe(terms)}.{here()}\nWrite instead: `ad.jet(f, (x,), ([dx, ddx],))`"
            )
    lengths = {len(terms) for terms in series if terms is not None}
    if len(lengths) > 1:
        raise ValueError(
            f"jet of {name} takes series of one length, not of {sorted(lengths)}.{here()}\n"
            "Write instead: lists filled up with None where derivatives are zero"
        )
    return max(lengths, default=0)


def _taken(point: Point, name: str, series: Any, order: int) -> tuple[tuple[Mask, ...], list[Any]]:
    """Which derivatives of each active input are given, and these, one input after the other."""
    given: list[Mask] = []
    found: list[Any] = []
    for places, terms in zip(point.arguments.places(), series, strict=True):
        columns = [_leaves(places, t, name) for t in terms or [None] * order]
        given += [tuple([c is not None for c in columns])] * sum(map(bool, places.types))
        found += [x for leaf in zip(*filter(None, columns), strict=True) for x in leaf]
    return tuple(given), found


def _leaves(places: Places, term: Any, name: str) -> list[Any] | None:
    """The leaves of one derivative of an argument; None if it is zero."""
    if term is None or (type(term) in (int, float) and term == 0):
        return None
    return places.take(term, f"jet of {name} takes derivatives like its arguments")


def _expanded(
    program: Program,
    active: Mask,
    order: int,
    given: tuple[Mask, ...],
    wanted: Mask,
    scaled: bool,
) -> tuple[Program, None]:
    """`(terms of the active inputs, x) -> (y, terms of the outputs marked in wanted)`."""
    full = (*active, *[False] * (len(program.inputs) - len(active)))
    masks = iter(given)
    forward, found = taylor(program, order, tuple([next(masks) if a else () for a in full]), wanted)
    orders = [k for mask in given for k, m in enumerate(mask, 1) if m]
    later = [
        (k, w) for mask, w in zip(found, wanted, strict=True) for k, m in enumerate(mask, 1) if m
    ]
    count = len(program.outputs)
    factors = _factors(order) if scaled else [1] * (order + 1)

    def fun(*args: Any) -> list[Any]:
        terms, xs = args[: len(orders)], args[len(orders) :]
        moving = [_scaled(div, c, factors[k]) for c, k in zip(terms, orders, strict=True)]
        outs = evaluate(forward, [*xs, *moving])
        results = [
            _scaled(mul, c, factors[k]) for c, (k, w) in zip(outs[count:], later, strict=True) if w
        ]
        return [*outs[:count], *results]

    n = len(program.inputs)
    types, names = forward.in_types, forward.names
    label = f"jet_{program.name}"
    return build(fun, [*types[n:], *types[:n]], label, [*names[n:], *names[:n]]), None


def _scaled(operation: Primitive, x: Any, factor: float) -> Any:
    return x if factor == 1 else operation(x, scalar(x, factor))


def _factors(order: int) -> list[float]:
    """What derivatives are divided by: k factorial over s to the k, which is small and never large.

    These are the coefficients of powers of t / s. As s is a power of two, nothing is rounded.
    """
    s = 2 ** max(order.bit_length() - 2, 0)
    return [math.factorial(k) / s**k for k in range(order + 1)]


def derivatives(fun: Callable[..., Any], order: int) -> Callable[..., Any]:
    """A function's value and its derivatives up to some order along a line.

    Args:
        fun: a function of arrays, floats and containers of them.
        order: how many derivatives.

    Returns:
        A function `(x, v=None, *others, **kwargs)` that returns the tuple `(f, f', f'', ...)` of
        `fun(x + t * v, *others, **kwargs)` and its derivatives by t, at t = 0: `order + 1`
        containers like the value. `v` is a container like `x`; for a scalar `x` it is 1 by default.
        With `v` all ones, a function that works element by element gives the derivatives of each
        element.

    Raises:
        ValueError: `order` is negative, or `v` differs from `x` in structure or shape.
        TypeError: `order` is no integer, `v` is missing where `x` is no scalar, or it differs in
            dtype.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(*ad.derivatives(lambda x: x**3, 4)(2.0))
        8.0 12.0 12.0 6.0 0.0
        >>> x = np.array([0.0, 1.0])
        >>> for d in ad.derivatives(lambda x: x * x, 2)(x, np.ones(2)):
        ...     print(d)
        [0. 1.]
        [0. 2.]
        [2. 2.]
    """
    if index(order) < 0:
        raise ValueError(f"derivatives takes an order of at least 0, not {order}")
    name = function_name(fun)

    @wraps(fun)
    def wrapped(x: Any, v: Any = None, /, *others: Any, **kwargs: Any) -> tuple[Any, ...]:
        if v is None:
            v = _unit(x, name)
        line = [v, *[None] * (order - 1)][:order]
        value, terms = jet(fun, (x, *others), (line, *[None] * len(others)), **kwargs)
        return (value, *terms)

    return wrapped


def _unit(x: Any, name: str) -> float:
    """The direction in which a scalar grows."""
    if not is_inexact(x) or type_of(x).shape:
        raise TypeError(
            f"derivatives of {name} by {describe(x)}, which is no floating-point scalar, needs a "
            f"direction.{here()}\n"
            f"Write instead: `ad.derivatives({name}, order)(x, v)`; if {name} works element by "
            "element, `v = np.ones_like(x)` gives the derivatives of each"
        )
    return 1.0
