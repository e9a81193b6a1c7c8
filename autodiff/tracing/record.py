"""Run a user's function on tracers and keep what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree
from autodiff.tracing.bind import atom
from autodiff.tracing.builder import Builder, Number, Outer, enter, leave
from autodiff.tracing.tracer import Tracer

__all__ = ["Recording", "record"]

_WEAK = (float, int, complex)


@dataclass(slots=True)
class Recording:
    """What a function did: its rows (in `builder`), its inputs, and what it returned."""

    builder: Builder
    inputs: list[Any]  # the values or outer tracers that were traced
    leaves: list[Any]  # of what the function returned
    spec: tree.Spec
    atoms: list[Number]  # how the rows name those leaves that are traced

    def args(self) -> list[Any]:
        """What a program made from this takes: the inputs, then what was captured."""
        captured = self.builder.captured
        return [*self.inputs, *map(_outside, captured)] if captured else self.inputs

    def key(self) -> tuple[Any, ...]:
        """What identifies the program."""
        return self.builder.key(self.atoms)

    def program(self, name: str) -> Program:
        """The recorded rows as a program that returns the traced leaves."""
        return self.builder.program(self.atoms, name)

    def output(self, results: Sequence[Any]) -> Any:
        """What the function returns, with these results for the traced leaves."""
        remaining = iter(results)
        return tree.unflatten(
            self.spec, [next(remaining) if x.__class__ is Tracer else x for x in self.leaves]
        )


def _outside(captured: Any) -> Any:
    if captured.__class__ is Outer:
        builder, number = captured
        return Tracer(builder, number, builder.types[number])
    return captured


def record(
    fun: Callable[[list[Any]], Any],
    inputs: list[Any],
    *,
    label: str,
    types: Sequence[ArrayType] | None = None,
    wanted: Sequence[int] = (),
    namer: Callable[[], list[str]] = list,
) -> Recording:
    """Call `fun` on tracers for `inputs`.

    With `types` the tracers have those types; they know values only where an input's type is the
    given one (`types[i] is None` means: the input's own type, with its value). Without `types` all
    know their values. `wanted` are the positions of inputs by which a derivative is taken.
    """
    builder = Builder(label=label)
    builder.namer = namer
    builder.wanted.update(wanted)
    token = enter(builder)
    try:
        tracers = [
            _input(builder, x, None if types is None else types[i]) for i, x in enumerate(inputs)
        ]
        leaves, spec = tree.flatten(fun(tracers))
        atoms = [atom(builder, x) for x in leaves if x.__class__ is Tracer]
    except ValueError as error:
        if "read-only" in str(error):
            error.add_note(_explain_read_only(label))
        raise
    finally:
        leave(builder, token)
    return Recording(builder, inputs, leaves, spec, atoms)


def _input(builder: Builder, x: Any, type: ArrayType | None) -> Tracer:
    """A tracer for an input: with the value of `x`, or with a type only."""
    own = type_of(x) if type is None else type
    tracer = Tracer(builder, builder.input(own), own)
    if x.__class__ in _WEAK:
        tracer.kind = x.__class__
    if type is None:
        known = Outer(x._builder, x._number) if x.__class__ is Tracer else x
        builder.values[tracer._number] = known
        builder.lock(x)
    return tracer


def _explain_read_only(label: str) -> str:
    return (
        f"autodiff: while {label} is traced, the arrays that it takes or uses are read-only, because "
        "the program refers to them. Copy before changing: `buffer = buffer.copy()`, or assign into "
        "`np.zeros_like(x)` of a traced x."
    )
