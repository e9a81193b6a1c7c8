"""What is differentiated and what is kept for it: `checkpoint`, `stop_gradient`, `no_grad`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial, wraps
from types import TracebackType
from typing import Any

from autodiff.api import policies
from autodiff.api.arguments import FlatCall, function_name
from autodiff.backend.derived import derive
from autodiff.control.budget import budgeted
from autodiff.control.call import call as call_primitive
from autodiff.control.sizes import parse_size
from autodiff.ir.source import here
from autodiff.primitives.arithmetic import stop_gradient as stop
from autodiff.primitives.naming import name as name_primitive
from autodiff.tracing import tree
from autodiff.tracing.builder import Builder, current_builder
from autodiff.tracing.record import record
from autodiff.tracing.script import Region
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.unzip import POLICIES, Named

__all__ = ["checkpoint", "checkpoint_name", "no_grad", "stop_gradient"]


def checkpoint(
    fun: Callable[..., Any] | None = None,
    *,
    policy: Named = policies.nothing,
    budget: int | str | None = None,
) -> Callable[..., Any]:
    """Compute a function again in the backward pass, instead of keeping what it computed.

    The value and all derivatives are the same as without. A chain of n equal stages, divided into
    about √n checkpointed groups, needs memory for about 2√n stages instead of n. With a `budget`,
    the division is found for you, at the least work for so much memory.

    The budget is for all that the backward pass of `fun` allocates: what is kept of the forward
    pass, what is computed again, results, cotangents and gradients, beyond the arguments. In
    `grad(checkpoint(f, budget=...))(x)` it is the peak that tracemalloc measures. It is decided
    when `fun` is differentiated, once for all calls with arguments of the same types.

    Args:
        fun: a function of arrays and containers of them.
        policy: what is kept: one of `autodiff.policies`, or a function `equation -> bool` that is
            asked about each equation of the program of `fun` (`equation.primitive.name`,
            `equation.inputs`, `equation.outputs[0].type`, `equation.source`).
        budget: instead of a policy, the most memory that the derivative of `fun` may take: a number
            of bytes, or a text such as "200MB" or "1.5GiB".

    Returns:
        A function of the same arguments with the same results.

    Raises:
        ValueError: there is no policy of this name, or the budget is no size.
        MemoryBudgetError: (when the function is differentiated) the budget is too small. The
            message tells the least that is possible.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.checkpoint
        ... def layer(x):
        ...     return np.tanh(np.sin(x) * x)
        >>> ad.grad(lambda x: layer(layer(x)))(0.0) == 0.0
        np.True_
        >>> def deep(x):
        ...     for _ in range(100):
        ...         x = np.sin(x)
        ...     return np.sum(x)
        >>> gradient = ad.grad(ad.checkpoint(deep, budget="2MB"))  # 8 MB without
        >>> gradient(np.ones(10_000)).shape
        (10000,)
    """
    held = _held(policy, budget)
    if fun is None:
        return partial(checkpoint, policy=policy, budget=budget)
    if not callable(fun):
        raise TypeError(
            f"checkpoint takes a function, not {fun!r:.60}; write `ad.checkpoint(f)(x)`, not "
            "`ad.checkpoint(f(x))`"
        )
    name = function_name(fun)
    label, code = f"{name} (under checkpoint)", getattr(fun, "__code__", None)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if current_builder() is None:
            return fun(*args, **kwargs)
        call = FlatCall(fun, args, kwargs)
        recording = record(call, call.inputs, label=label, code=code, namer=call.names)
        derived = derive(recording, _unchanged, "checkpoint", name)
        inner = [x for x in recording.leaves if type(x) is Tracer]
        outs = held(*recording.args(), *derived.lifted, program=derived.compiled.program)
        for y, x in zip(outs, inner, strict=True):
            if type(y) is Tracer:
                y.kind = x.kind  # results of Python's numbers promote as these do
        return recording.output(outs)

    return wrapped


def _held(policy: Any, budget: Any) -> Callable[..., Any]:
    """What a checkpointed program is held by: a call with a policy, or with a budget."""
    if budget is None:
        return partial(call_primitive, policy=_checked(policy))
    if policy != policies.nothing:
        raise ValueError(
            "checkpoint takes a policy or a budget, not both: a budget decides what is kept"
        )
    try:
        return partial(budgeted, budget=parse_size(budget))
    except (TypeError, ValueError) as error:
        raise type(error)(f"checkpoint: budget={error}") from None


def _checked(policy: Any) -> Any:
    if callable(policy):
        return policy
    if isinstance(policy, tuple) and policy[:1] == ("save_named",):
        return policies.save_named(*policy[1:])
    if isinstance(policy, str):
        policy = {name: getattr(policies, name) for name in policies.__all__}.get(policy, policy)
        if policy in POLICIES:
            return policy
    raise ValueError(
        f"checkpoint: there is no policy {policy!r:.60}. Write instead: one of "
        f"{', '.join(f'`ad.policies.{name}`' for name in policies.__all__)}, or a function "
        "`equation -> bool` that returns True for what is to be kept"
    )


def _unchanged(program: Any) -> tuple[Any, None]:
    return program, None


def checkpoint_name(x: Any, name: str) -> Any:
    """The same value with a name, by which a policy can keep it: see `policies.save_named`.

    Args:
        x: an array, or a container of arrays and anything else, all of which get the name.
        name: the name. Several values may have the same.

    Returns:
        The container with the same values. What is not traced is returned as it is.

    Raises:
        TypeError: the name is not a string.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> ad.checkpoint_name(np.ones(2), "ones")
        array([1., 1.])
    """
    if not isinstance(name, str):
        raise TypeError(
            f"checkpoint_name takes a value and its name, a string, not {name!r:.60}.{here()}\n"
            "Write instead: `ad.checkpoint_name(x, 'h')`"
        )
    return tree.map(partial(_named, name), x)


def _named(name: str, x: Any) -> Any:
    if type(x) is not Tracer:
        return x
    y = name_primitive(x, label=name)
    y.kind = x.kind
    return y


def stop_gradient(x: Any) -> Any:
    """The same value, through which no derivative flows.

    Args:
        x: an array, or a container of arrays and anything else.

    Returns:
        The container with the same values. What is not traced is returned as it is.

    Example:
        >>> import autodiff as ad
        >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0
        np.True_
    """
    return tree.map(_stopped, x)


def _stopped(x: Any) -> Any:
    if type(x) is not Tracer or not x.type.inexact:
        return x
    y = stop(x)
    y.kind = x.kind
    return y


def no_grad(fun: Callable[..., Any] | None = None) -> Any:
    """Compute without derivatives: everything inside is a constant to what is outside.

    Nothing that is computed inside is kept for a backward pass, and it may leave the trace:
    `float(x)` or `x.item()` are allowed there. A block concerns what it computes: what it only
    passes on (`y = x`) stays as it is; a function's result is a constant in any case. Operations
    outside are not concerned; neither is a transform that is called inside, which differentiates
    its own function as ever.

    Use it as a context manager, as a decorator, or on a function.

    Args:
        fun: the function to be wrapped; None for a context manager.

    Returns:
        The wrapped function; or a context manager, which is also a decorator.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def loss(x):
        ...     with ad.no_grad():
        ...         scale = np.max(np.abs(x))
        ...     return np.sum((x / scale) ** 2)
        >>> print(ad.grad(loss)(np.array([1.0, 2.0])))
        [0.5 1. ]
        >>> ad.grad(lambda x: x * ad.no_grad(np.sin)(x))(0.0) == 0.0
        np.True_
    """
    return NoGrad() if fun is None else NoGrad()(fun)


class NoGrad:
    """The context manager and decorator that `no_grad()` returns; it may be used many times."""

    def __init__(self) -> None:
        self._entered: list[list[tuple[Builder, Any]]] = []

    def __enter__(self) -> None:
        opened = []
        builder = current_builder()
        while builder is not None:
            if not _is_open(builder):
                opened.append((builder, builder.enter_region()))
                # Until the end is known, everything from here on is inside.
                endless = Region(builder.row_count(), sys.maxsize, stop)
                builder.regions = (*builder.regions, endless)
            builder = builder.parent
        self._entered.append(opened)

    def __exit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for builder, state in self._entered.pop():
            builder.regions = builder.regions[:-1]
            builder.leave_region(state, stop)

    def __call__(self, fun: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(fun):
            raise TypeError(
                f"no_grad takes a function, not {fun!r:.60}. Write instead: "
                "`ad.stop_gradient(x)` for a value"
            )

        @wraps(fun)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with NoGrad():
                result = fun(*args, **kwargs)
            return stop_gradient(result)  # what the function passed through as it was, too

        return wrapped


def _is_open(builder: Builder) -> bool:
    """Whether the builder is within a region that has not ended."""
    return bool(builder.regions) and builder.regions[-1].stop == sys.maxsize
