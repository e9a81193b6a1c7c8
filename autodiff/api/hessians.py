"""Second derivatives: `hessian`, `hvp` (their product with a vector), `hessian_diag`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector, function_name
from autodiff.api.blocks import check_chunk_size, over_basis
from autodiff.api.gradients import check_scalar
from autodiff.api.jacobians import differentiated, jacfwd
from autodiff.api.linear_maps import LinearMap, halves, pushed
from autodiff.api.points import Point
from autodiff.backend.derived import run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.transforms.basis import diagonal
from autodiff.transforms.linearize import gradient

__all__ = ["gradient_halves", "hessian", "hessian_diag", "hvp", "scalar_point"]


def hessian(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The second derivatives, by forward over reverse mode: the Jacobian of the gradient.

    Costs about as much as one gradient for each entry of the arguments. For products with vectors,
    which cost as much as a few gradients, see `hvp`; for the diagonal alone, `hessian_diag`.

    Args:
        fun: a function of arrays, floats and containers of them; mostly one with a scalar result.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: compute at most so many columns at a time, to bound the memory in use.

    Returns:
        A function of the same arguments. For an array argument of shape s and a scalar result, it
        returns an array of shape s + s. In general there is a container like the value, in place of
        each leaf one like the argument (a tuple of them if `argnums` is a tuple), in place of each
        of its leaves another one; shapes are those of the three leaves joined. With `has_aux`, the
        pair `(hessian, aux)`.

    Raises:
        TypeError: a selected argument is not floating-point, or not both real with the result or
            both complex.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0])))
        [[4. 2.]
         [2. 0.]]
    """
    inner = differentiated(fun, argnums, argnames, has_aux, None, "hessian", False, again=True)
    return jacfwd(inner, argnums, argnames, has_aux=has_aux, chunk_size=chunk_size)


def hvp(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """The product of the Hessian with a vector, by forward over reverse mode.

    Costs as much as a few gradients, however many arguments there are.

    Args:
        fun: a function of arrays, floats and containers of them, returning a real scalar.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        has_aux: whether `fun` returns `(value, aux)`.

    Returns:
        A function that is called like `fun`, but with the tangents as its second positional
        argument: `ad.hvp(f)(x, (v,), y)` for `f(x, y)`. They are a tuple with one tangent for each
        selected argument, a container like it with every leaf of the leaf's shape and dtype (None
        for leaves that are not floating-point). For a single argument the tangent alone will do.
        The result is like that of `grad`; with `has_aux`, the pair `(product, aux)`.

    Raises:
        ValueError: the tangents differ from the arguments in structure or shape.
        TypeError: they differ in dtype, the result of `fun` is no real scalar, or a selected
            argument is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
        >>> print(ad.hvp(lambda x, a: a * np.sum(x**3))(x, (v,), 2.0))
        [12.  0.]
    """
    selector = Selector(fun, argnums, argnames)
    name = function_name(fun)
    rule = f"hvp of {name} takes tangents like the arguments that it differentiates by"

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise TypeError(
                f"hvp of {name} takes the tangents as its second positional argument.{here()}\n"
                f"Write instead: `ad.hvp({name})(x, (v,), *others)`"
            )
        call = FlatCall(fun, (args[0], *args[2:]), kwargs)
        point = scalar_point(call, selector, "hvp", has_aux)
        dxs = point.arguments.take(as_tuple(point, args[1]), rule)
        if not point.results.traced[0]:
            return _result(point, [point.zeros(t) for t in point.arguments.types])
        recipe = partial(_product, active=point.active, values=has_aux)
        outs = run(point.derive(recipe, "hvp", has_aux), [*dxs, *point.args])
        count = point.count if has_aux else 0
        return _result(point, outs[count:], outs[:count])

    return wrapped


def as_tuple(point: Point, tangents: Any) -> Any:
    """The tangents as a tuple, if one was given bare."""
    if not point.arguments.selector.single:
        return tangents
    (argument,) = point.arguments.places()
    is_tuple = isinstance(tangents, tuple) and len(tangents) == 1 and argument.fits(tangents[0])
    return (tangents,) if not is_tuple and argument.fits(tangents) else tangents


def _product(program: Program, active: tuple[bool, ...], values: bool) -> tuple[Program, None]:
    """`(dx, x) -> (outputs, if they are wanted; H dx)`."""
    n = len(program.outputs) if values else 0
    first, _ = gradient(program, active, value=values)
    wanted = (False,) * n + (True,) * sum(active)
    forward, _ = pushed(first, active, wanted)
    return replace(forward, outputs=(*forward.outputs[:n], *forward.outputs[len(wanted) :])), None


def hessian_diag(
    fun: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
    *,
    has_aux: bool = False,
    chunk_size: int | None = 128,
) -> Callable[..., Any]:
    """The diagonal of the Hessian, exactly.

    Costs as much work as the whole Hessian, one product with each vector of the standard basis, but
    keeps only `chunk_size` of the products at a time.

    Args:
        fun: a function of arrays, floats and containers of them, returning a real scalar.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.
        has_aux: whether `fun` returns `(value, aux)`.
        chunk_size: how many products are computed at a time; None for all at once.

    Returns:
        A function of the same arguments, with a result like that of `grad`: the second derivative
        by each entry. With `has_aux`, the pair `(diagonal, aux)`.

    Raises:
        TypeError: the result is no real scalar, or a selected argument is not floating-point, or
            complex.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> print(ad.hessian_diag(lambda x: np.sum(x**3) + x[0] * x[1])(np.array([1.0, 2.0])))
        [ 6. 12.]
    """
    check_chunk_size(chunk_size)
    selector = Selector(fun, argnums, argnames)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        point = scalar_point(FlatCall(fun, args, kwargs), selector, "hessian_diag", has_aux)
        types = point.arguments.types
        if any(t.dtype.kind == "c" for t in types):
            raise TypeError(
                f"hessian_diag of {point.name} by complex arguments: second derivatives by their "
                f"real and imaginary parts differ.{here()}\n"
                "Write instead: a function of the two parts as two real arguments"
            )
        if not point.results.traced[0]:
            return _result(point, [point.zeros(t) for t in types])
        recipe = partial(gradient_halves, active=point.active, values=has_aux)
        derived = point.derive(recipe, "hessian_diag", has_aux)
        outs = run(derived, point.args)
        count = point.count if has_aux else 0
        linear: LinearMap = derived.compiled.info
        total = sum(t.size for t in types)
        found = over_basis(diagonal, linear, outs[count:], total, chunk_size, linear.active)
        return _result(point, _entries(point, found, linear.active), outs[:count])

    return wrapped


def gradient_halves(
    program: Program, active: tuple[bool, ...], values: bool
) -> tuple[Program, LinearMap]:
    """`x -> (outputs, if they are wanted; residuals)`, and `dx -> H dx`."""
    n = len(program.outputs) if values else 0
    first, _ = gradient(program, active, value=values)
    wanted = (False,) * n + (True,) * sum(active)
    known, linear = halves(first, active, wanted, transposed=False)
    outputs = (*known.outputs[:n], *known.outputs[len(wanted) :])
    return replace(known, outputs=outputs), linear._replace(active=linear.active[n:])


def _entries(point: Point, found: Any, present: tuple[bool, ...]) -> list[Any]:
    """The diagonal in the shapes of the inputs, from parts with an entry for every basis vector."""
    remaining, start, parts = iter(found), 0, []
    for t, m in zip(point.arguments.types, present, strict=True):
        own = next(remaining)[start : start + t.size].reshape(t.shape) if m else point.zeros(t)
        parts.append(own if t.shape else own[()])
        start += t.size
    return parts


def scalar_point(call: FlatCall, selector: Selector, transform: str, has_aux: bool) -> Point:
    """A function recorded where it is called, which returned a real scalar."""
    point = Point(call, selector, transform, has_aux=has_aux)
    check_scalar(point.recording, point.name, transform, has_aux)
    return point


def _result(point: Point, derivatives: Any, outs: Any = None) -> Any:
    """A result like that of `grad`; `outs` are the function's."""
    like = point.arguments.put(derivatives)
    if not point.has_aux:
        return like
    return like, point.output(outs)[1]
