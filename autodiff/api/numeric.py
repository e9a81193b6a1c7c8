"""`numeric_rule`: the derivative of a function that cannot be traced, from its values alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from autodiff.api.arguments import function_name, is_inexact
from autodiff.api.callbacks import pure_callback
from autodiff.api.custom_rules import custom_rule
from autodiff.api.differences import by_complex_step, by_richardson, pulled, pushed
from autodiff.api.trials import tried
from autodiff.arrays import is_device_array
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.builder import current_builder

__all__ = ["numeric_rule"]

Fun = Callable[..., Any]


def numeric_rule(
    fun: Fun | None = None,
    *,
    method: str = "richardson",
    order: int = 1,
    step: float | None = None,
    result: Any = None,
) -> Any:
    """A function of NumPy arrays whose derivative is found from its values; it is never traced.

    Forward mode costs 16 calls of `fun` (one, with a complex step; up to 64 where the first steps
    are too long for it), and reverse mode as many for each entry of the arguments.

    Args:
        fun: a pure function of arrays, floats and containers of them, and of anything else, which
            has no derivative. It returns arrays, numbers, or containers of them.
        method: "richardson": central differences with eight steps, extrapolated; about 1e-11
            exact in double precision, for smooth functions. "complex": the imaginary part of a
            complex step, exact to rounding; but `fun` must be right for complex arguments.
        order: how many times it can be differentiated. From the second order on, differences of
            derivatives are taken, each time losing about three digits.
        step: the first and longest step of "richardson", in relation to the size of the arguments
            (but at least 1); in double precision 0.01 by default.
        result: what `fun` returns, as in `pure_callback`; or a function of the arguments (arrays
            without values) that says so. By default `fun` is called on ones, once for each
            combination of shapes and dtypes.

    Returns:
        A function of the same arguments that has derivatives, in both modes and under `vmap` and
        `jit`.

    Raises:
        ValueError: there is no such method, or `order` is less than one.
        MissingRuleError: a derivative of a higher order is asked for.
        TypeError: `fun` fails on ones, or returns something else than `result` says.

    Example:
        >>> import math
        >>> import autodiff as ad
        >>> gamma = ad.numeric_rule(math.gamma)
        >>> round(float(ad.grad(lambda x: gamma(x) ** 2)(3.0)), 8)
        7.38227468
    """
    if fun is None:
        return partial(numeric_rule, method=method, order=order, step=step, result=result)
    if method not in ("richardson", "complex") or order < 1:
        raise ValueError(
            f'numeric_rule: method={method!r}, order={order}: expected "richardson" or "complex", '
            "and a positive order"
        )
    name = function_name(fun)
    derivative = by_complex_step if method == "complex" else partial(by_richardson, step=step)
    example = _examples(fun, result)

    @wraps(fun)
    def value(*args: Any) -> Any:
        if current_builder() is None and not any(map(is_device_array, tree.flatten(args)[0])):
            return fun(*args)
        return pure_callback(fun, example(*args), *args)

    push = _derived(
        lambda xs, dxs: pushed(fun, derivative, xs, dxs),
        name,
        order - 1,
        lambda xs, dxs: _tangents_of(example(*xs)),
    )
    pull = _derived(
        lambda xs, ct: pulled(fun, derivative, xs, ct),
        name,
        order - 1,
        lambda xs, ct: _tangents_of(xs),
    )
    ruled = custom_rule(
        value,
        jvp=lambda xs, dxs: (ruled(*xs), push(xs, dxs)),
        vjp=(lambda *xs: (ruled(*xs), xs), lambda xs, ct: pull(xs, ct)),
    )
    return ruled


def _derived(host: Fun, name: str, order: int, example: Fun) -> Fun:
    """A function on the host that has derivatives to this order itself."""
    host.__name__ = f"the derivative by numeric_rule of {name}"
    if order:
        return numeric_rule(host, order=order, result=example)
    return lambda *args: pure_callback(host, example(*args), *args)


def _tangents_of(container: Any) -> Any:
    """The types of tangents of what is in a container; None for what has none."""
    return tree.map(lambda x: type_of(x) if _moves(x) else None, container)


def _moves(x: Any) -> bool:
    return x.inexact if isinstance(x, ArrayType) else is_inexact(x)


def _examples(fun: Fun, result: Any) -> Fun:
    """What tells, for any arguments, what the result is like."""
    if callable(result):
        return result
    return (lambda *args: result) if result is not None else partial(tried, fun, {})
