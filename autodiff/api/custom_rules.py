"""Functions with derivative rules of their own: `custom_jvp`, `custom_vjp`, `custom_rule`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, reduce, update_wrapper
from operator import add
from typing import Any

import numpy as np

from autodiff.api.arguments import function_name, parameter_names
from autodiff.api.rules import Rules, call_with_rules
from autodiff.ir.source import here
from autodiff.tracing.builder import current_builder

__all__ = ["RuledFunction", "custom_jvp", "custom_rule", "custom_vjp"]

Rule = Callable[..., Any]


class RuledFunction:
    """A function with derivative rules of its own. Called outside of a trace, it is the function.

    A rule may be given at any time before the function is first differentiated, and each replaces
    the one before.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        maker: str,
        nondiff_argnums: int | Sequence[int],
        nondiff_argnames: str | Sequence[str],
    ) -> None:
        if not callable(fun):
            raise TypeError(
                f"{maker} takes a function, not {fun!r:.60}; write `ad.{maker}(f)`, not "
                f"`ad.{maker}(f(x))`"
            )
        self.fun = fun
        self.maker = maker
        self.signature = _signature(fun)
        nondiff = _positions(fun, maker, nondiff_argnums, nondiff_argnames)
        self.rules = Rules(fun, None, None, nondiff)
        update_wrapper(self, fun, updated=())

    def defjvp(self, rule: Rule) -> Rule:
        """Give the forward rule: `rule(primals, tangents) -> (result, its tangent)`.

        Args:
            rule: takes the arguments without a derivative, if `nondiff_argnums` named some; then a
                tuple of the other arguments, and a tuple of their tangents: containers like the
                arguments, with None for what is not floating-point. It must be linear in the
                tangents.

        Returns:
            The rule itself, so that this is a decorator.
        """
        self.rules.jvp = rule
        return rule

    def defjvps(self, *rules: Rule | None) -> None:
        """Give the forward rule argument by argument, for a result that is one array.

        Args:
            *rules: one for each argument that has a derivative (None: it is zero), as a function
                `(tangent, result, *arguments) -> what it contributes to the tangent of the result`.
        """
        fun = self

        def summed(*args: Any) -> Any:
            *fixed, primals, tangents = args
            y = fun(*_interleaved(fun.rules.nondiff, fixed, primals))
            terms = [
                None if rule is None or t is None else rule(t, y, *primals)
                for rule, t in zip(rules, tangents, strict=True)
            ]
            present = [t for t in terms if t is not None]
            return y, reduce(add, present) if present else y * 0

        self.rules.jvp = summed

    def defvjp(self, fwd: Rule, bwd: Rule) -> None:
        """Give the reverse rule: `fwd(*args) -> (result, residuals)`, `bwd(residuals, ct) -> cts`.

        Args:
            fwd: takes the arguments of the function, and returns its result together with what
                `bwd` needs: a container of arrays and anything else.
            bwd: takes the arguments without a derivative, if `nondiff_argnums` named some; then
                the residuals, and a cotangent: a container like the result, with None for what is
                not floating-point. It returns a tuple with one cotangent for each of the other
                arguments: a container like the argument, or None for zero.
        """
        self.rules.vjp = (fwd, bwd)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result; within a trace, one equation that remembers the rules."""
        if current_builder() is None:
            return self.fun(*args, **kwargs)
        if self.rules.jvp is None and self.rules.vjp is None:
            name = function_name(self.fun)
            written = "defvjp(fwd, bwd)" if self.maker == "custom_vjp" else "defjvp(rule)"
            raise TypeError(
                f"{name} is wrapped by {self.maker}, but has no rule.{here()}\n"
                f"Write instead: `{name}.{written}` before it is called"
            )
        return call_with_rules(self.rules, self._positional(args, kwargs))

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, with defaults for those that are missing."""
        name = function_name(self.fun)
        if self.signature is None:
            if kwargs:
                raise TypeError(f"{name} has no signature, so pass its arguments by position")
            return args
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        passed = [k for k in bound.kwargs if k in kwargs]
        if passed:
            raise TypeError(
                f"{name} has derivative rules, which take arguments by position, so it cannot be "
                f"called with keyword-only ones: {', '.join(passed)}.{here()}"
            )
        return bound.args


def custom_jvp(
    fun: Callable[..., Any] | None = None,
    *,
    nondiff_argnums: int | Sequence[int] = (),
    nondiff_argnames: str | Sequence[str] = (),
) -> Any:
    """A function whose derivative is given by a forward rule; reverse mode is derived from it.

    The rule concerns the arguments. By what the function captures from an enclosing trace, it is
    differentiated as if there were no rule.

    Args:
        fun: a function of arrays, floats and containers of them, and of anything else, which has no
            derivative.
        nondiff_argnums: positions of arguments that have no derivative, though they may be arrays;
            the rule takes them first.
        nondiff_argnames: the same by name.

    Returns:
        The function, with methods to give the rule: `defjvp`, or `defjvps` argument by argument.

    Raises:
        TypeError: (when the function is traced) the rule returns something else than the function
            does; the text shows what was expected and what was given.
        ValueError: the same, where it is only the shape that differs.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.custom_jvp
        ... def log1pexp(x):
        ...     return np.log1p(np.exp(x))
        >>> @log1pexp.defjvp
        ... def log1pexp_jvp(primals, tangents):
        ...     (x,), (dx,) = primals, tangents
        ...     return log1pexp(x), dx * (1 - 1 / (1 + np.exp(x)))
        >>> print(ad.grad(log1pexp)(100.0), ad.jvp(log1pexp, (0.0,), (1.0,))[1])
        1.0 0.5
    """
    if fun is None:
        return partial(
            custom_jvp, nondiff_argnums=nondiff_argnums, nondiff_argnames=nondiff_argnames
        )
    return RuledFunction(fun, "custom_jvp", nondiff_argnums, nondiff_argnames)


def custom_vjp(
    fun: Callable[..., Any] | None = None,
    *,
    nondiff_argnums: int | Sequence[int] = (),
    nondiff_argnames: str | Sequence[str] = (),
) -> Any:
    """A function whose derivative is given by a reverse rule; forward mode is derived from it.

    Forward mode exists if the reverse rule is linear in the cotangent (one that clips it is not).

    Args:
        fun: as in `custom_jvp`.
        nondiff_argnums: as in `custom_jvp`; the second half of the rule takes them first.
        nondiff_argnames: the same by name.

    Returns:
        The function, with a method to give the rule: `defvjp(fwd, bwd)`.

    Raises:
        TypeError: (when the function is traced) the rule returns something else than the function
            does, or cotangents unlike the arguments.
        ValueError: the same, where it is only the shape that differs.
        MissingRuleError: (in forward mode) the rule is not linear in the cotangent.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.custom_vjp
        ... def clip_gradient(x):
        ...     return x
        >>> clip_gradient.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1, 1),))
        >>> print(ad.grad(lambda x: 5 * clip_gradient(x))(2.0))
        1.0
    """
    if fun is None:
        return partial(
            custom_vjp, nondiff_argnums=nondiff_argnums, nondiff_argnames=nondiff_argnames
        )
    return RuledFunction(fun, "custom_vjp", nondiff_argnums, nondiff_argnames)


def custom_rule(
    fun: Callable[..., Any] | None = None,
    *,
    jvp: Rule | None = None,
    vjp: tuple[Rule, Rule] | None = None,
    nondiff_argnums: int | Sequence[int] = (),
    nondiff_argnames: str | Sequence[str] = (),
) -> Any:
    """A function with a forward rule, a reverse rule, or both; a mode without one is derived.

    Args:
        fun: as in `custom_jvp`.
        jvp: `(primals, tangents) -> (result, its tangent)`, as for `custom_jvp`.
        vjp: a pair of `fwd: (*args) -> (result, residuals)` and `bwd: (residuals, ct) -> cts`, as
            for `custom_vjp`.
        nondiff_argnums: as in `custom_jvp`.
        nondiff_argnames: the same by name.

    Returns:
        The function; without `fun`, a decorator.

    Raises:
        TypeError: neither rule is given.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> @ad.custom_rule(jvp=lambda primals, tangents: (np.round(*primals), *tangents))
        ... def straight_through(x):
        ...     return np.round(x)
        >>> print(ad.grad(lambda x: straight_through(x) ** 2)(1.4))
        2.0
    """
    if fun is None:
        return partial(
            custom_rule,
            jvp=jvp,
            vjp=vjp,
            nondiff_argnums=nondiff_argnums,
            nondiff_argnames=nondiff_argnames,
        )
    if (jvp is None and vjp is None) or (vjp is not None and len(vjp) != 2):
        raise TypeError(
            "custom_rule takes a rule.\nWrite instead: `jvp=rule`, `vjp=(fwd, bwd)`, or both"
        )
    new = RuledFunction(fun, "custom_rule", nondiff_argnums, nondiff_argnames)
    new.rules.jvp, new.rules.vjp = jvp, None if vjp is None else tuple(vjp)  # type: ignore[assignment]
    return new


def _signature(fun: Callable[..., Any]) -> inspect.Signature | None:
    if isinstance(fun, np.ufunc):  # whose signature lists what only ufuncs have
        return None
    try:
        return inspect.signature(fun)
    except (TypeError, ValueError):
        return None


def _positions(
    fun: Callable[..., Any], maker: str, nums: int | Sequence[int], names: str | Sequence[str]
) -> frozenset[int]:
    """The positions of the arguments that have no derivative."""
    parameters = parameter_names(fun)
    numbers = (nums,) if isinstance(nums, int) else tuple(nums)
    names = (names,) if isinstance(names, str) else tuple(names)
    unknown = [n for n in names if n not in parameters]
    unknown += [str(i) for i in numbers if i < 0 and i + len(parameters) < 0]
    if unknown:
        raise ValueError(
            f"{maker}({function_name(fun)}): there is no argument {', '.join(unknown)}; "
            f"{function_name(fun)} takes {', '.join(parameters) or 'none'}"
        )
    found = [i % len(parameters) if i < 0 else i for i in numbers]
    return frozenset([*found, *map(parameters.index, names)])


def _interleaved(nondiff: frozenset[int], fixed: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """All arguments in order, from those without and those with a derivative."""
    first, second = iter(fixed), iter(others)
    count = len(fixed) + len(others)
    return [next(first if i in nondiff else second) for i in range(count)]
