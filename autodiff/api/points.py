"""A function recorded where it is differentiated: what vjp, jvp and the Jacobians start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.api.arguments import FlatCall, Selector, function_name, select
from autodiff.api.cuts import cut_reason, warn_zero
from autodiff.api.places import describe
from autodiff.api.sides import Arguments, Results
from autodiff.arrays import namespace
from autodiff.backend.derived import Derived, Recipe, derive
from autodiff.control.call import is_transparent
from autodiff.ir.editing import inline
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.record import record
from autodiff.tracing.tracer import Tracer
from autodiff.transforms.linearity import cut_outputs

__all__ = ["Point"]


class Point:
    """A function, recorded on its arguments.

    `active` marks the inputs of the recorded program by which it is differentiated, and
    `results.wanted` the outputs that are differentiated.
    """

    __slots__ = ("active", "arguments", "has_aux", "name", "recording", "results")

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
        """Record `call`. With `abstract`, active inputs have types only, and no values."""
        self.name = name = function_name(call.fun)
        self.has_aux = has_aux
        selection = select(call, selector, transform, lenient=lenient)
        self.active = active = selection.active
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
        types = [type_of(x) for x in self.moving]
        self.arguments = Arguments(call.fun, selector, selection, types)
        spec = self._value_spec(transform)
        leaves = self.recording.leaves
        count = len(self.recording.script.outputs)
        self.results = Results(spec, leaves[: spec.num_leaves], count)

    def _value_spec(self, transform: str) -> tree.Spec:
        """The structure of the result, or of its first part if there is an aux."""
        spec = self.recording.spec
        if not self.has_aux:
            return spec
        if spec.type is tuple and spec.num_children == 2:
            return spec.child(0)
        shown = describe(tree.unflatten(spec, self.recording.leaves))
        raise TypeError(
            f"{transform}({self.name}, has_aux=True): {self.name} must return a pair (value, aux), "
            f"not {shown}{here()}"
        )

    @property
    def args(self) -> list[Any]:
        """What the recorded program takes."""
        return self.recording.args()

    @property
    def count(self) -> int:
        """The number of outputs of the recorded program."""
        return len(self.results.wanted)

    @property
    def in_types(self) -> list[ArrayType]:
        """Types of the inputs."""
        return [type_of(x) for x in self.recording.inputs]

    @property
    def moving(self) -> list[Any]:
        """The active inputs."""
        return [x for x, a in zip(self.recording.inputs, self.active, strict=True) if a]

    def derive(self, recipe: Recipe, *identity: Any, warn: bool = True) -> Derived:
        """The program that `recipe` makes of the recorded one; `identity` tells recipes apart."""
        if warn:
            self._warn_of_cuts()
        identity = (*identity, self.active, self.results.wanted)
        return derive(self.recording, recipe, identity, self.name)

    def _warn_of_cuts(self) -> None:
        """Warn of results whose derivative is zero because something on the way has none."""
        marks, key = self.recording.script.derived, ("cuts", self.active, self.results.wanted)
        if key not in marks:
            program = inline(self.recording.program(self.name), is_transparent)
            cut = cut_outputs(program, self.active)
            lost = any(c and w for c, w in zip(cut, self.results.wanted, strict=True))
            marks[key] = cut_reason(program, self.active) if lost else None
        if marks[key] is not None:
            warn_zero(self.name, marks[key])

    def zeros(self, t: ArrayType) -> Any:
        """Zeros of type `t`, in the array library of the arguments (traced, if these are)."""
        like = next(iter(self.moving), 0.0)
        if type(like) is Tracer:
            return np.zeros_like(like, shape=t.shape, dtype=t.dtype)[()]
        return namespace(self.recording.inputs).zeros(t.shape, t.dtype)[()]

    def output(self, outs: Sequence[Any]) -> Any:
        """What the function returns, for these outputs of its program."""
        return self.recording.output(outs)


def _types_only(inputs: Sequence[Any], active: Sequence[bool]) -> list[Any]:
    return [type_of(x) if a else None for x, a in zip(inputs, active, strict=True)]
