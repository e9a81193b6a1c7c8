"""Programs as data: typed, closed, single-assignment, first order.

A program is a list of equations over variables. It is compared by identity and never changed; every
transform reads one program and builds another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autodiff.ir.printing import to_text
from autodiff.ir.source import Source, Trail, resolve
from autodiff.ir.types import ArrayType, Literal

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = ["Atom", "Equation", "Program", "Var"]


class Var:
    """A name bound once; two variables are equal only if they are the same object."""

    __slots__ = ("type",)

    def __init__(self, type: ArrayType) -> None:
        self.type = type

    def __repr__(self) -> str:
        return f"<variable {self.type}>"


Atom = Var | Literal


class Equation:
    """`outputs = primitive[params] inputs`."""

    __slots__ = ("inputs", "outputs", "params", "primitive", "trail")

    def __init__(
        self,
        primitive: Primitive,
        inputs: tuple[Atom, ...],
        params: Mapping[str, Any],
        outputs: tuple[Var, ...],
        trail: Trail | Source | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.outputs = outputs
        self.trail = trail

    @property
    def source(self) -> Source | None:
        """The user's line that this equation comes from, where it is known."""
        trail = self.trail
        return resolve(*trail) if isinstance(trail, tuple) else trail

    def __repr__(self) -> str:
        return f"<equation {self.primitive.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Equation, (self.primitive, self.inputs, self.params, self.outputs, self.source)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Program:
    """`inputs` to `outputs` by way of `equations`; `input_names` are the user's, where known."""

    inputs: tuple[Var, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Atom, ...]
    name: str = "program"
    input_names: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each input, empty where the user's is not known."""
        return (*self.input_names, *[""] * (len(self.inputs) - len(self.input_names)))

    @property
    def in_types(self) -> tuple[ArrayType, ...]:
        """Types of the inputs."""
        return tuple(v.type for v in self.inputs)

    @property
    def out_types(self) -> tuple[ArrayType, ...]:
        """Types of the outputs."""
        return tuple(a.type for a in self.outputs)

    def __str__(self) -> str:
        return to_text(self)

    def __repr__(self) -> str:
        return f"<program {self.name}: {len(self.equations)} equations>"
