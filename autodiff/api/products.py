"""Products with the matrices of second-order methods: Gauss-Newton and Fisher.

Both are Jᵀ M J with the Jacobian J of a model and a matrix M that is cheap to multiply by. So a
product costs one pass forward, one product with M and one pass back, and no matrix is formed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from autodiff.api.arguments import (
    Argnames,
    Argnums,
    FlatCall,
    Selector,
    function_name,
    is_traceable,
)
from autodiff.api.hessians import as_tuple, hvp
from autodiff.api.linear_maps import LinearMap
from autodiff.api.places import describe
from autodiff.api.points import Point
from autodiff.backend.derived import Derived, prepare, run
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.linearize import linearize

__all__ = ["fisher_vp", "gauss_newton_vp"]


def gauss_newton_vp(
    model: Callable[..., Any],
    loss: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
) -> Callable[..., Any]:
    """The product of the Gauss-Newton matrix with a vector: Jᵀ H J v.

    J is the Jacobian of the model and H the Hessian of the loss by the model's outputs. It is the
    Hessian of `loss(model(params))` without the curvature of the model, so for a convex loss it is
    positive semidefinite, and where the model is linear it is the Hessian. If the loss is the
    negative log-likelihood of an exponential family in its natural parameters (squared errors;
    cross entropy of logits), it is the Fisher matrix as well, of the sum or mean that the loss is.

    Args:
        model: a function of parameters (and other arguments) that returns outputs: arrays, floats
            and containers of them.
        loss: a function of these outputs that returns a real scalar. Targets are captured.
        argnums: the position(s) of the parameters among the model's arguments; the first by
            default.
        argnames: the same by name.

    Returns:
        A function that is called like `model`, but with the vector as its second positional
        argument: `ad.gauss_newton_vp(model, loss)(params, v, inputs)` for `model(params, inputs)`.
        Vector and result are as in `hvp`.

    Raises:
        ValueError: the vector differs from the parameters in structure or shape.
        TypeError: it differs in dtype, the loss is no real scalar, or parameters are not
            floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> a = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> w, v = np.zeros(2), np.array([1.0, 0.0])
        >>> product = ad.gauss_newton_vp(lambda w: a @ w, lambda y: np.sum((y - 1) ** 2))
        >>> print(product(w, v), 2 * a.T @ a @ v)
        [70. 88.] [70. 88.]

    Source:
        Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent"
        (2002); Martens, "New insights and perspectives on the natural gradient method" (2020).
    """
    curvature = hvp(loss)

    def middle(y: Any, dy: Any) -> Any:
        return curvature(y, (dy,))

    return _sandwich(model, middle, Selector(model, argnums, argnames), "gauss_newton_vp")


def fisher_vp(
    log_likelihoods: Callable[..., Any],
    argnums: Argnums | None = None,
    argnames: Argnames = None,
) -> Callable[..., Any]:
    """The product of the empirical Fisher matrix with a vector: the mean over examples of g gᵀ v.

    g is the gradient of one example's log-likelihood. At labels that are drawn from the model, the
    expectation is the Fisher matrix; at the labels of the data it is another matrix, which may be
    far from it. For the Fisher matrix of cross entropy or squared errors without any drawing, see
    `gauss_newton_vp`.

    Args:
        log_likelihoods: a function of parameters (and other arguments) that returns one array: the
            log-likelihood of each example.
        argnums: the position(s) of the parameters among the arguments; the first by default.
        argnames: the same by name.

    Returns:
        A function that is called like `log_likelihoods`, but with the vector as its second
        positional argument. Vector and result are as in `hvp`.

    Raises:
        ValueError: the vector differs from the parameters in structure or shape.
        TypeError: it differs in dtype, the log-likelihoods are no real array, or parameters are
            not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> data = np.array([1.0, 2.0, 6.0, 7.0])
        >>> product = ad.fisher_vp(lambda mean: -((data - mean) ** 2) / 2)
        >>> print(product(4.0, 1.0), np.mean((data - 4.0) ** 2))
        6.5 6.5
    """
    name = function_name(log_likelihoods)

    def middle(y: Any, dy: Any) -> Any:
        if not is_traceable(y) or y.dtype.kind != "f":
            raise TypeError(
                "fisher_vp takes a function that returns one real array, the log-likelihood of "
                f"each example, and {name} returned {describe(y)}.{here()}\n"
                "Write instead: `np.stack([...])` of real numbers, one for each example"
            )
        return dy / y.dtype.type(max(y.size, 1))

    selector = Selector(log_likelihoods, argnums, argnames)
    return _sandwich(log_likelihoods, middle, selector, "fisher_vp")


def _sandwich(
    model: Callable[..., Any],
    middle: Callable[[Any, Any], Any],
    selector: Selector,
    transform: str,
) -> Callable[..., Any]:
    """Jᵀ M J v, where `middle(y, dy)` is M dy at the outputs y of the model."""
    name = function_name(model)
    rule = f"{transform} of {name} takes a vector like the arguments that it differentiates by"

    @wraps(model)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise TypeError(
                f"{transform} of {name} takes the vector as its second positional argument."
                f"{here()}\nWrite instead: `product(params, v, *others)`"
            )
        point = Point(FlatCall(model, (args[0], *args[2:]), kwargs), selector, transform)
        dxs = point.arguments.take(as_tuple(point, args[1]), rule)
        recipe = partial(_pushed, active=point.active, wanted=point.results.wanted)
        derived = point.derive(recipe, "sandwich")
        outs = run(derived, [*dxs, *point.args])
        linear, n = derived.compiled.info, point.count
        end = n + sum(linear.active)
        dy = point.results.putter(linear.active, point.zeros)(outs[n:end])
        ct = middle(point.output(outs[:n]), dy)
        cts = point.results.take(ct, linear.active, f"{transform} of {name}")
        return point.arguments.put(run(Derived(linear.compiled), [*outs[end:], *cts]))

    return wrapped


def _pushed(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...]
) -> tuple[Program, LinearMap]:
    """`(dx, x) -> (y, dy, residuals)`, and the transpose of `(residuals, dx) -> dy`."""
    linear = linearize(program, active, outputs=wanted)
    n, count = sum(active), len(program.outputs)

    def fun(*args: Any) -> Sequence[Any]:
        outs = evaluate(linear.known, args[n:])
        dys = evaluate(linear.rest, [*outs[count:], *args[:n]])
        return [*outs[:count], *dys, *outs[count:]]

    tangents = linear.rest.inputs[linear.residuals :]
    types = [*(v.type for v in tangents), *program.in_types]
    names = [*linear.rest.names[linear.residuals :], *program.names]
    new = build(fun, types, f"push_{program.name}", names)
    return new, LinearMap(prepare(linear.transposed()), linear.active)
