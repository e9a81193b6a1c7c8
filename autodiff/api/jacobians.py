"""All derivatives of all results: `jacobian`, `jacfwd`, `jacrev`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import Any

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector
from autodiff.api.blocks import check_chunk_size, from_columns, from_rows
from autodiff.api.linear_maps import LinearMap, halves
from autodiff.api.points import Point
from autodiff.backend.derived import run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType

__all__ = [
    "check_complex", "differentiated", "jacfwd", "jacobian", "jacrev", "linear_part", "loses",
]  # fmt: skip


def jacobian(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The derivative of every entry of the result by every entry of the arguments.

    Computed forward (`jacfwd`) if the arguments have at most as many entries as the result, else in
    reverse (`jacrev`); in either case as one batch, not in a loop.

    Args:
        fun: a function of arrays, floats and containers of them.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: propagate at most so many basis vectors at a time, to bound the memory in use.

    Returns:
        A function of the same arguments that returns a container like the value of `fun`. In place
        of each leaf is a container like the argument (a tuple of them if `argnums` is a tuple),
        whose leaves have the shape of the value's leaf followed by that of the argument's. Leaves
        that are not floating-point are None. With `has_aux`, the pair `(jacobian, aux)`.

    Raises:
        TypeError: a selected argument is not floating-point; or it is complex where the result is
            real and something else complex, so that neither direction gives all derivatives.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.jacobian(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0])))
        [[3. 0. 1.]
         [0. 3. 2.]]
    """
    return differentiated(fun, argnums, argnames, has_aux, chunk_size, "jacobian", None)


def jacfwd(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The Jacobian column by column in forward mode, for functions with few inputs.

    Costs about as much as one or two calls of `fun` for each entry of the arguments.

    Args:
        fun: as in `jacobian`.
        argnums: as in `jacobian`.
        argnames: as in `jacobian`.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: propagate at most so many columns at a time.

    Returns:
        As `jacobian`. Complex arguments are taken as one variable each, so `fun` must be
        holomorphic.

    Raises:
        TypeError: a selected argument is not floating-point, or it is complex and the result real.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.jacfwd(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.0))
        [-0.  1.]
    """
    return differentiated(fun, argnums, argnames, has_aux, chunk_size, "jacfwd", True)


def jacrev(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The Jacobian row by row in reverse mode, for functions with few outputs.

    Costs about as much as two calls of `fun` for each entry of the result.

    Args:
        fun: as in `jacobian`.
        argnums: as in `jacobian`.
        argnames: as in `jacobian`.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: propagate at most so many rows at a time.

    Returns:
        As `jacobian`. For complex arguments and a real result, du/dx - i du/dy as in `grad`.

    Raises:
        TypeError: a selected argument is not floating-point, or it is real and the result complex.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.jacrev(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0])))
        [2. 4. 6.]
    """
    return differentiated(fun, argnums, argnames, has_aux, chunk_size, "jacrev", False)


def differentiated(
    fun: Callable[..., Any],
    argnums: Argnums | None,
    argnames: Argnames,
    has_aux: bool,
    chunk_size: int | None,
    transform: str,
    forward: bool | None,
    *,
    again: bool = False,
) -> Callable[..., Any]:
    """The Jacobian of `fun`; with `forward` None, in the direction that is cheaper.

    `again` says that it will be differentiated by the same arguments once more.
    """
    check_chunk_size(chunk_size)
    selector = Selector(fun, argnums, argnames)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        point = Point(FlatCall(fun, args, kwargs), selector, transform, has_aux=has_aux)
        ins, outs = point.arguments.types, point.results.types
        ahead = _is_forward(ins, outs) if forward is None else forward
        if again:
            _check_one_field(ins, outs, point.name, transform)
        check_complex(ins, outs, point.name, transform, ahead)
        results, linear, residuals = _linearized(point, ahead)
        if ahead:
            blocks = from_columns(point, linear, residuals, ins, outs, chunk_size)
        else:
            blocks = from_rows(point, linear, residuals, ins, outs, chunk_size)
        jac = point.results.places.put([point.arguments.put(row) for row in blocks])
        return (jac, point.output(results)[1]) if has_aux else jac

    return wrapped


def _linearized(point: Point, ahead: bool) -> tuple[Sequence[Any], LinearMap, Sequence[Any]]:
    """The outputs of the function if they are needed, its linear part, and the residuals."""
    recipe = partial(
        linear_part,
        active=point.active,
        wanted=point.results.wanted,
        transposed=not ahead,
        values=point.has_aux,
    )
    derived = point.derive(recipe, "jacobian", ahead, point.has_aux)
    outs = run(derived, point.args)
    count = point.count if point.has_aux else 0
    return outs[:count], derived.compiled.info, outs[count:]


def linear_part(
    program: Program,
    active: tuple[bool, ...],
    wanted: tuple[bool, ...],
    transposed: bool,
    values: bool,
) -> tuple[Program, LinearMap]:
    """`x -> (outputs, if they are wanted; residuals)`; and the linear part, or its transpose."""
    known, linear = halves(program, active, wanted, transposed)
    return known if values else replace(known, outputs=known.outputs[len(wanted) :]), linear


def _is_forward(ins: Sequence[ArrayType], outs: Sequence[ArrayType]) -> bool:
    if loses(ins, outs) != loses(outs, ins):
        return not loses(ins, outs)
    return sum(t.size for t in ins) <= sum(t.size for t in outs)


def loses(sources: Sequence[ArrayType], targets: Sequence[ArrayType]) -> bool:
    """Whether something complex is mapped to something real, which has fewer derivatives."""
    return any(t.dtype.kind == "c" for t in sources) and any(t.dtype.kind == "f" for t in targets)


def _check_one_field(
    ins: Sequence[ArrayType], outs: Sequence[ArrayType], name: str, transform: str
) -> None:
    """Raise unless everything is real, or everything complex."""
    if loses(ins, outs) or loses(outs, ins):
        raise TypeError(
            f"{transform} of {name}, where some of the arguments and results are real and others "
            f"complex: second derivatives by real and imaginary parts differ.{here()}\n"
            "Write instead: a function of the two parts as two real arguments"
        )


def check_complex(
    ins: Sequence[ArrayType], outs: Sequence[ArrayType], name: str, transform: str, ahead: bool
) -> None:
    """Raise where the Jacobian would be incomplete, and nobody would see it."""
    if ahead and loses(ins, outs):
        raise TypeError(
            f"{transform} of {name}, from complex arguments to a real result: forward mode gives "
            f"the derivative by the real part only.{here()}\n"
            f"Write instead: `ad.jacrev({name})`, which gives du/dx - i du/dy, or a function of "
            "the two parts as two real arguments"
        )
    if not ahead and loses(outs, ins):
        raise TypeError(
            f"{transform} of {name}, from real arguments to a complex result: reverse mode gives "
            f"the derivative of the real part only.{here()}\n"
            f"Write instead: `ad.jacfwd({name})`"
        )
