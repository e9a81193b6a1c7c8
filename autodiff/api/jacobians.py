"""All derivatives of all results: `jacobian`, `jacfwd`, `jacrev`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial, wraps
from typing import Any

import numpy as np

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector
from autodiff.api.linear_maps import LinearMap, halves
from autodiff.api.points import Point
from autodiff.arrays import namespace
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import Derived, prepare, run
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.transforms.basis import columns

__all__ = ["check_chunk_size", "jacfwd", "jacobian", "jacrev", "over_basis"]


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
        ins, outs = _types(point.moving), _types(point.leaves)
        ahead = _is_forward(ins, outs) if forward is None else forward
        if again:
            _check_one_field(ins, outs, point.name, transform)
        _check_complex(ins, outs, point.name, transform, ahead)
        results, linear, residuals = _linearized(point, ahead)
        if ahead:
            blocks = _columns(point, linear, residuals, ins, outs, chunk_size)
        else:
            blocks = _rows(point, linear, residuals, ins, outs, chunk_size)
        jac = point.result.put([point.like_arguments(row) for row in blocks])
        return (jac, point.output(results)[1]) if has_aux else jac

    return wrapped


def _types(xs: Sequence[Any]) -> list[ArrayType]:
    return [type_of(x) for x in xs]


def _linearized(point: Point, ahead: bool) -> tuple[Sequence[Any], LinearMap, Sequence[Any]]:
    """The outputs of the function if they are needed, its linear part, and the residuals."""
    recipe = partial(
        _linear_part,
        active=point.active,
        wanted=point.wanted,
        transposed=not ahead,
        values=point.has_aux,
    )
    derived = point.derive(recipe, "jacobian", ahead, point.has_aux)
    outs = run(derived, point.args)
    count = point.count if point.has_aux else 0
    return outs[:count], derived.compiled.info, outs[count:]


def _linear_part(
    program: Program,
    active: tuple[bool, ...],
    wanted: tuple[bool, ...],
    transposed: bool,
    values: bool,
) -> tuple[Program, LinearMap]:
    known, linear = halves(program, active, wanted, transposed)
    return known if values else replace(known, outputs=known.outputs[len(wanted) :]), linear


def _columns(
    point: Point,
    linear: LinearMap,
    residuals: Sequence[Any],
    ins: Sequence[ArrayType],
    outs: Sequence[ArrayType],
    chunk_size: int | None,
) -> list[list[Any]]:
    """The block for each result and each input, from the images of the inputs' basis vectors."""
    total = sum(t.size for t in ins)
    images = iter(over_basis(columns, linear, residuals, total, chunk_size))
    rows = []
    for out, present in zip(outs, point.of_leaves(linear.active), strict=True):
        shapes = [(*out.shape, *t.shape) for t in ins]
        if present:
            image = next(images)
            image = namespace([image]).moveaxis(image, 0, -1)
            parts = _divided(image, ins)
            rows.append([_shaped(x, s) for x, s in zip(parts, shapes, strict=True)])
        else:
            rows.append([point.zeros(out.with_shape(s)) for s in shapes])
    return rows


def _rows(
    point: Point,
    linear: LinearMap,
    residuals: Sequence[Any],
    ins: Sequence[ArrayType],
    outs: Sequence[ArrayType],
    chunk_size: int | None,
) -> list[list[Any]]:
    """The block for each result and each input, from the images of the results' basis vectors."""
    marks = point.of_leaves(linear.active)
    sizes = [t.size if m else 0 for t, m in zip(outs, marks, strict=True)]
    images = over_basis(columns, linear, residuals, sum(sizes), chunk_size)
    ends = np.cumsum([0, *sizes]).tolist()
    rows = []
    for k, (out, present) in enumerate(zip(outs, marks, strict=True)):
        shapes = [(*out.shape, *t.shape) for t in ins]
        if present:
            parts = [x[ends[k] : ends[k + 1]] for x in images]
            rows.append([_shaped(x, s) for x, s in zip(parts, shapes, strict=True)])
        else:
            rows.append([point.zeros(t.with_shape(s)) for t, s in zip(ins, shapes, strict=True)])
    return rows


def _divided(x: Any, types: Sequence[ArrayType]) -> list[Any]:
    """The parts of the last axis that belong to arrays of these types."""
    if len(types) == 1:
        return [x]
    ends = np.cumsum([0, *(t.size for t in types)]).tolist()
    return [x[..., ends[i] : ends[i + 1]] for i in range(len(types))]


def _shaped(x: Any, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape) if shape else x.reshape(shape)[()]


def over_basis(
    make: Callable[..., Program],
    linear: LinearMap,
    residuals: Sequence[Any],
    total: int,
    chunk_size: int | None,
    *options: Any,
) -> list[Any]:
    """What a linear map makes of all `total` basis vectors, along the first axis of each result."""
    program = linear.compiled.program
    step = max(min(chunk_size or total, total), 1)
    parts = []
    for start in range(0, max(total, 1), step):
        size = min(step, total - start)
        compiled = _prepared(make, program, len(residuals), size, *options)
        parts.append(run(Derived(compiled), [*residuals, np.int64(start)]))
    return [
        xs[0] if len(xs) == 1 else namespace(xs).concatenate(xs) for xs in zip(*parts, strict=True)
    ]


@lru_cache(maxsize=256)
def _prepared(make: Callable[..., Program], program: Program, *options: Any) -> Compiled:
    return prepare(make(program, *options))


def check_chunk_size(chunk_size: int | None) -> None:
    """Raise unless it is a positive number or None."""
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size}: expected a positive number of vectors, or None")


def _is_forward(ins: Sequence[ArrayType], outs: Sequence[ArrayType]) -> bool:
    if _loses(ins, outs) != _loses(outs, ins):
        return not _loses(ins, outs)
    return sum(t.size for t in ins) <= sum(t.size for t in outs)


def _loses(sources: Sequence[ArrayType], targets: Sequence[ArrayType]) -> bool:
    """Whether something complex is mapped to something real, which has fewer derivatives."""
    return any(t.dtype.kind == "c" for t in sources) and any(t.dtype.kind == "f" for t in targets)


def _check_one_field(
    ins: Sequence[ArrayType], outs: Sequence[ArrayType], name: str, transform: str
) -> None:
    """Raise unless everything is real, or everything complex."""
    if _loses(ins, outs) or _loses(outs, ins):
        raise TypeError(
            f"{transform} of {name}, where some of the arguments and results are real and others "
            "complex: second derivatives by real and imaginary parts differ. Write instead: a "
            "function of the two parts as two real arguments"
        )


def _check_complex(
    ins: Sequence[ArrayType], outs: Sequence[ArrayType], name: str, transform: str, ahead: bool
) -> None:
    """Raise where the Jacobian would be incomplete, and nobody would see it."""
    if ahead and _loses(ins, outs):
        raise TypeError(
            f"{transform} of {name}, from complex arguments to a real result: forward mode gives "
            f"the derivative by the real part only. Write instead: `ad.jacrev({name})`, which gives "
            "du/dx - i du/dy, or a function of the two parts as two real arguments"
        )
    if not ahead and _loses(outs, ins):
        raise TypeError(
            f"{transform} of {name}, from real arguments to a complex result: reverse mode gives "
            f"the derivative of the real part only. Write instead: `ad.jacfwd({name})`"
        )
