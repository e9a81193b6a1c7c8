"""A function recorded where it is differentiated: what vjp, jvp and the Jacobians start from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, Selection, Selector, function_name, is_inexact, select
from autodiff.api.places import Places, describe
from autodiff.arrays import namespace
from autodiff.backend.derived import Derived, Recipe, derive
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer

__all__ = ["Point"]


class Point:
    """A function, recorded on its arguments.

    Only floating-point leaves have derivatives: among the arguments those that are selected
    (`active` marks them among the program's inputs), among the results those that are not aux. A
    result that is not traced does not depend on the arguments; `wanted` marks the others among the
    outputs.
    """

    __slots__ = (
        "active", "arguments", "has_aux", "leaves", "name", "outputs", "recording", "result",
        "selection", "selector", "wanted",
    )  # fmt: skip

    def __init__(
        self,
        call: FlatCall,
        selector: Selector,
        transform: str,
        *,
        has_aux: bool = False,
        lenient: bool = False,
        abstract: bool = False,
    ) -> None:
        """Record `call`. With `abstract`, the arguments have types only, and no values."""
        self.name = name = function_name(call.fun)
        self.selector, self.has_aux = selector, has_aux
        self.selection = select(call, selector, transform, lenient=lenient)
        self.active = active = self.selection.active
        inputs = call.inputs
        self.recording = record(
            call,
            inputs,
            label=f"{name} (under {transform})",
            code=getattr(call.fun, "__code__", None),
            types=_types_only(inputs, active) if abstract else None,
            wanted=frozenset(i for i, a in enumerate(active) if a),
            namer=call.names,
        )
        self.arguments = _argument_places(call, self.selection)
        self._find_results(transform)

    def _find_results(self, transform: str) -> None:
        recording = self.recording
        spec = recording.spec
        if self.has_aux:
            if spec.type is not tuple or spec.num_children != 2:
                shown = describe(tree.unflatten(spec, recording.leaves))
                raise TypeError(
                    f"{transform}({self.name}, has_aux=True): {self.name} must return a pair "
                    f"(value, aux), not {shown}"
                )
            spec = spec.child(0)
        leaves = recording.leaves[: spec.num_leaves]
        types = [type_of(x) if is_inexact(x) else None for x in leaves]
        self.result = Places(spec, types, partial(_result_names, spec))
        self.leaves = [x for x in leaves if is_inexact(x)]  # those that have a derivative
        traced = [x for x in recording.leaves if x.__class__ is Tracer]
        mine = [x for x in leaves if x.__class__ is Tracer]
        self.wanted = tuple([is_inexact(x) for x in mine]) + (False,) * (len(traced) - len(mine))

    @property
    def args(self) -> list[Any]:
        """What the recorded program takes."""
        return self.recording.args()

    @property
    def count(self) -> int:
        """The number of outputs of the recorded program."""
        return len(self.wanted)

    @property
    def in_types(self) -> list[ArrayType]:
        """Types of the inputs."""
        return [type_of(x) for x in self.recording.inputs]

    @property
    def moving(self) -> list[Any]:
        """The active inputs."""
        return [x for x, a in zip(self.recording.inputs, self.active, strict=True) if a]

    def derive(self, recipe: Recipe, *identity: Any) -> Derived:
        """The program that `recipe` makes of the recorded one; `identity` tells recipes apart."""
        identity = (*identity, self.active, self.wanted)
        return derive(self.recording, recipe, identity, self.name)

    def take_tangents(self, given: Any, rule: str) -> list[Any]:
        """Tangents for the active inputs from a tuple with one entry for each argument."""
        ranges = self.selection.ranges
        if not isinstance(given, tuple | list) or len(given) != len(ranges):
            expected = describe(tuple([p.put(filter(None, p.types)) for p in self.arguments]))
            raise ValueError(
                f"{rule}, as a tuple with one entry for each.\n"
                f"  expected: {expected}\n  given:    {describe(given)}"
            )
        found: dict[int, Any] = {}
        for places, positions, tangent in zip(self.arguments, ranges, given, strict=True):
            mine = [i for i in positions if i in self.selection.wanted]
            found.update(zip(mine, places.take(tangent, rule), strict=True))
        return [found[i] for i in sorted(found)]

    def like_arguments(self, derivatives: Sequence[Any]) -> Any:
        """Derivatives for the active inputs, in containers like the selected arguments."""
        return self.selector.gather(self.selection.specs, self.selection.split(derivatives))

    def like_result(self, derivatives: Iterable[Any], present: Sequence[bool]) -> Any:
        """Derivatives of the outputs marked in `present`, in a container like the result."""
        remaining, marks = iter(derivatives), iter(self.of_leaves(present))
        types = [type_of(x) for x in self.leaves]
        return self.result.put([next(remaining) if next(marks) else self.zeros(t) for t in types])

    def zeros(self, t: ArrayType) -> Any:
        """Zeros of type `t`, in the array library of the arguments (traced, if these are)."""
        like = next(iter(self.moving), 0.0)
        if like.__class__ is Tracer:
            return np.zeros_like(like, shape=t.shape, dtype=t.dtype)[()]
        return namespace(self.recording.inputs).zeros(t.shape, t.dtype)[()]

    def of_leaves(self, marked: Sequence[bool]) -> list[bool]:
        """For each leaf of the result with a derivative: whether its output is marked."""
        marks = iter([m for m, w in zip(marked, self.wanted, strict=True) if w])
        return [x.__class__ is Tracer and next(marks) for x in self.leaves]

    def output(self, outs: Sequence[Any]) -> Any:
        """What the function returns, for these outputs of its program."""
        return self.recording.output(outs)


def _types_only(inputs: Sequence[Any], active: Sequence[bool]) -> list[Any]:
    return [type_of(x) if a else None for x, a in zip(inputs, active, strict=True)]


def _argument_places(call: FlatCall, selection: Selection) -> list[Places]:
    """Where the selected arguments have derivatives."""

    def names(positions: range) -> list[str]:
        known = dict(zip(call.positions, call.names(), strict=True))
        return [f"`{known[i]}`" if i in known else f"leaf {i - positions.start}" for i in positions]

    return [
        Places(
            spec,
            [type_of(call.leaves[i]) if i in selection.wanted else None for i in positions],
            partial(names, positions),
        )
        for positions, spec in zip(selection.ranges, selection.specs, strict=True)
    ]


def _result_names(spec: tree.Spec) -> list[str]:
    paths = tree.paths(tree.unflatten(spec, [0] * spec.num_leaves))
    return [f"`result{path}`" if path else "the result" for path in paths]
