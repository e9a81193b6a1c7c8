"""Both sides of a recorded function: where its arguments and its results have derivatives.

Neither keeps an array of the call alive: a pullback holds on to its residuals and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from autodiff.api.arguments import Selection, Selector, is_inexact, parameter_names
from autodiff.api.places import Places, describe
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = ["Arguments", "Results"]


class Arguments:
    """The selected arguments. Derivatives are given and taken in the order of the active inputs."""

    __slots__ = ("fun", "selection", "selector", "types")

    def __init__(
        self,
        fun: Callable[..., Any],
        selector: Selector,
        selection: Selection,
        types: Sequence[ArrayType],
    ) -> None:
        self.fun, self.selector, self.selection = fun, selector, selection
        self.types = types  # of the active inputs

    def put(self, derivatives: Sequence[Any]) -> Any:
        """Derivatives in containers like the arguments: bare, or a tuple with one for each."""
        return self.selector.gather(self.selection.specs, self.selection.split(derivatives))

    def take(self, given: Any, rule: str) -> list[Any]:
        """Tangents from a tuple with a container for each argument; errors start with `rule`."""
        everything = self.places()
        if not isinstance(given, tuple | list) or len(given) != len(everything):
            expected = tuple([p.put([t for t in p.types if t]) for p in everything])
            raise ValueError(
                f"{rule}, as a tuple with one entry for each.{here()}\n"
                f"  expected: {describe(expected)}\n  given:    {describe(given)}"
            )
        found: dict[int, Any] = {}
        for places, positions, part in zip(everything, self.selection.ranges, given, strict=True):
            mine = [i for i in positions if i in self.selection.wanted]
            found.update(zip(mine, places.take(part, rule), strict=True))
        return [found[i] for i in sorted(found)]

    def places(self) -> list[Places]:
        """The leaves of each argument."""
        selection = self.selection
        types = dict(zip(sorted(selection.wanted), self.types, strict=True))
        return [
            Places(spec, [types.get(i) for i in positions], partial(self._names, k))
            for k, (positions, spec) in enumerate(
                zip(selection.ranges, selection.specs, strict=True)
            )
        ]

    def _names(self, k: int) -> list[str]:
        argument, parameters = self.selector.arguments[k], parameter_names(self.fun)
        if isinstance(argument, int):
            known = -len(parameters) <= argument < len(parameters)
            argument = parameters[argument] if known else f"argument {argument}"
        return [f"`{argument}{path}`" for path in _paths(self.selection.specs[k])]


class Results:
    """The results. Derivatives are given and taken in the order of the outputs of the program.

    A result that is not traced does not depend on the arguments: it is no output, and its
    derivative is zero.
    """

    __slots__ = ("places", "traced", "types", "wanted")

    def __init__(self, spec: tree.Spec, leaves: Sequence[Any], count: int) -> None:
        types = [type_of(x) if is_inexact(x) else None for x in leaves]
        self.places = Places(spec, types, partial(_result_names, spec))
        self.types = [t for t in types if t is not None]
        self.traced = [type(x) is Tracer for x in leaves if is_inexact(x)]
        mine = [is_inexact(x) for x in leaves if type(x) is Tracer]
        # Among all outputs of the program (those behind are aux), the ones that have derivatives.
        self.wanted = (*mine, *[False] * (count - len(mine)))

    def present(self, active: Sequence[bool]) -> list[bool]:
        """For each leaf that has a derivative: whether its output is among the `active` ones."""
        marks = iter([a for a, w in zip(active, self.wanted, strict=True) if w])
        return [t and next(marks) for t in self.traced]

    def take(self, ct: Any, active: Sequence[bool], rule: str) -> list[Any]:
        """Cotangents for the active outputs from a container like the result."""
        given = self.places.take(ct, rule)
        return [c for c, p in zip(given, self.present(active), strict=True) if p]

    def putter(
        self, active: Sequence[bool], zeros: Callable[[ArrayType], Any]
    ) -> Callable[[Iterable[Any]], Any]:
        """What puts derivatives of the active outputs into a container like the result."""
        fixed = [
            None if p else zeros(t) for t, p in zip(self.types, self.present(active), strict=True)
        ]
        places = self.places
        if all(z is None for z in fixed):
            return places.put

        def put(derivatives: Iterable[Any]) -> Any:
            remaining = iter(derivatives)
            return places.put([next(remaining) if z is None else z.copy() for z in fixed])

        return put


def _paths(spec: tree.Spec) -> list[str]:
    return tree.paths(tree.unflatten(spec, [0] * spec.num_leaves))


def _result_names(spec: tree.Spec) -> list[str]:
    return [f"`result{path}`" if path else "the result" for path in _paths(spec)]
