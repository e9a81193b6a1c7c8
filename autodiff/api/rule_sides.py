"""What goes into the rules of a function and what comes out: containers, taken apart and checked.

Arrays and floats among the arguments are traced. Everything else (integers, strings, functions) is
passed to the function and its rules as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, function_name, is_inexact, is_traceable
from autodiff.api.places import Places, describe
from autodiff.api.staging import Staged
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = ["Sides", "rule_text"]


def rule_text(kind: str, rule: Callable[..., Any], fun: Callable[..., Any]) -> str:
    """How errors name a rule: with its place in the user's code."""
    code = getattr(rule, "__code__", None)
    place = ""
    if code is not None:
        file = code.co_filename.replace("\\", "/").rpartition("/")[2]
        place = f" ({file}:{code.co_firstlineno})"
    return f"the {kind} `{function_name(rule)}`{place} of `{function_name(fun)}`"


class Sides:
    """The arguments and results of a call of a function that has rules."""

    def __init__(
        self, fun: Callable[..., Any], args: tuple[Any, ...], nondiff: frozenset[int]
    ) -> None:
        self.fun, self.args, self.nondiff = fun, args, nondiff
        self.call = call = FlatCall(fun, args, {})
        leaves = call.leaves
        call.positions = [
            i for i, x in enumerate(leaves) if is_traceable(x) or type(x) in (float, complex)
        ]
        specs = call.spec.children()[0].children()
        owners = [k for k, spec in enumerate(specs) for _ in range(spec.num_leaves)]
        types = [
            type_of(x) if is_inexact(x) and k not in nondiff else None
            for x, k in zip(leaves, owners, strict=True)
        ]
        self.inputs = call.inputs
        self.active = tuple([types[i] is not None for i in call.positions])
        self.places = [  # of the arguments that may have a derivative
            Places(
                tree.LEAF if spec.is_leaf() else spec,
                [t for t, owner in zip(types, owners, strict=True) if owner == k],
                _namer(f"argument {k}", spec),
            )
            for k, spec in enumerate(specs)
            if k not in nondiff
        ]

    def results_like(self, value: Staged) -> None:
        """Expect results like those of the function, as it was traced."""
        namer = _namer("result", value.spec)
        self.results = Places(value.spec, value.out_types, namer)
        own = [t if t.inexact else None for t in value.out_types]
        self.result_tangents = Places(value.spec, own, namer)
        self.tangent_types = [t for t in own if t is not None]

    @property
    def has_derivative(self) -> bool:
        """Whether there is something to differentiate, and something to differentiate it by."""
        return any(self.active) and bool(self.tangent_types)

    @property
    def active_inputs(self) -> list[Any]:
        """The traced leaves that have a derivative."""
        return [x for x, a in zip(self.inputs, self.active, strict=True) if a]

    def is_like(self, other: Sides) -> bool:
        """Whether what is not traced is the same in another call."""
        if self.call.spec != other.call.spec or self.call.positions != other.call.positions:
            return False
        traced = set(self.call.positions)
        pairs = zip(self.call.leaves, other.call.leaves, strict=True)
        return all(
            x is y or (type(x) is type(y) and bool(x == y))
            for i, (x, y) in enumerate(pairs)
            if i not in traced
        )

    def names(self) -> list[str]:
        """The user's names of the traced leaves."""
        return self.call.names()

    # ---- what rules are called with

    def arguments(self, tracers: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments, with these in place of the traced leaves."""
        leaves = list(self.call.leaves)
        for i, x in zip(self.call.positions, tracers, strict=True):
            leaves[i] = x
        return tuple(tree.unflatten_call(self.call.spec, leaves)[0])

    def fixed(self, args: Sequence[Any]) -> list[Any]:
        """The arguments without a derivative."""
        return [x for k, x in enumerate(args) if k in self.nondiff]

    def moving(self, args: Sequence[Any]) -> tuple[Any, ...]:
        """The others."""
        return tuple([x for k, x in enumerate(args) if k not in self.nondiff])

    def tangents(self, dxs: Sequence[Any]) -> tuple[Any, ...]:
        """Containers like the arguments, with None where there is no derivative."""
        remaining = iter(dxs)
        return tuple([p.put([next(remaining) for t in p.types if t]) for p in self.places])

    def cotangent(self, cts: Sequence[Any]) -> Any:
        """A container like the result, with None where there is no derivative."""
        return self.result_tangents.put(cts)

    # ---- what they return

    def pair(
        self, returned: Any, kind: str, rule: Callable[..., Any], what: str
    ) -> tuple[Any, Any]:
        """The two things that a rule returns."""
        if isinstance(returned, tuple | list) and len(returned) == 2:
            return returned[0], returned[1]
        raise TypeError(
            f"{rule_text(kind, rule, self.fun)} must return a pair.{here()}\n"
            f"  expected: {what}\n  given:    {describe(returned)}"
        )

    def take_result(self, y: Any, text: str) -> list[Any]:
        """The leaves of a result, which must be like that of the function."""
        types = iter(self.results.types)
        if self.results.fits(y):
            leaves = [_definite(x, next(types)) for x in self.results.spec.flatten_up_to(y)]
            y = tree.unflatten(self.results.spec, leaves)
        return self.results.take(y, text)

    def take_tangent(self, dy: Any, text: str) -> list[Any]:
        """The leaves of a tangent of the result."""
        return self.result_tangents.take(dy, text)

    def take_cotangents(self, returned: Any, text: str) -> list[Any]:
        """The leaves of the cotangents of the arguments; None stands for zeros."""
        places = self.places
        if not isinstance(returned, tuple | list) or len(returned) != len(places):
            expected = tuple([p.put([t for t in p.types if t]) for p in places])
            raise TypeError(
                f"{text} must return a tuple with one cotangent for each argument.{here()}\n"
                f"  expected: {describe(expected)}\n  given:    {describe(returned)}"
            )
        taken = []
        for p, ct in zip(places, returned, strict=True):
            rule = f"{text} must return a cotangent like each argument"
            if ct is None:
                taken += [zeros_like(t) for t in p.types if t]
                continue
            if p.fits(ct):
                leaves: list[Any] = p.spec.flatten_up_to(ct)
                pairs = zip(leaves, p.types, strict=True)
                full = [zeros_like(t) if x is None and t else x for x, t in pairs]
                ct = tree.unflatten(p.spec, full)
            taken += p.take(ct, rule)
        return taken


def _definite(x: Any, t: ArrayType | None) -> Any:
    """A result as an array, if it is a Python number where an integer or a truth value belongs."""
    if t is None or t.inexact:
        return x
    if isinstance(x, Tracer):
        return Tracer(x._builder, x._number, x.type)
    return np.asarray(x)[()] if type(x) in (bool, int, float, complex) else x


def _namer(name: str, spec: tree.Spec) -> Callable[[], list[str]]:
    def names() -> list[str]:
        example = tree.unflatten(spec, [0] * spec.num_leaves)
        return [f"`{name}{path}`" if path else name for path in tree.paths(example)]

    return names
