"""The recorder: one light row for each operation, and a structural key that needs no second look.

A builder notes what a function does as rows `(primitive, params, atoms)`, where an atom is the number
of a variable or a literal. Equal rows are recorded once. The rows, taken together, are a hashable key:
two runs of a function that did the same give the same key, so that everything derived from the first
(gradients, compiled code) serves the second. Only a run that is new is turned into a `Program`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff.errors import LeakedTracerError
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.source import Source, Trail, current_trail, resolve
from autodiff.ir.types import ArrayType, Literal

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = [
    "Builder", "Number", "Outer", "Region", "Row", "current_builder", "enter", "leave", "opened",
]  # fmt: skip

Number = int | Literal  # how a row names an operand: a variable by its number, or a literal
Row = tuple["Primitive", tuple[tuple[str, Any], ...], tuple[Number, ...]]


class Outer(NamedTuple):
    """A variable of an enclosing builder, captured by an inner one."""

    builder: Builder
    number: int


class Region(NamedTuple):
    """Rows `start` to `stop`, whose results pass through `primitive` on their way out."""

    start: int
    stop: int
    primitive: Primitive


class Builder:
    """Records rows; a `staging` builder (that of a transform) also records operations on constants."""

    __slots__ = (
        "captured", "closed", "counts", "firsts", "inputs", "label", "level", "locked", "namer",
        "numbers", "parent", "producers", "regions", "rows", "scanned", "staging", "table", "trail",
        "trails", "types", "values", "wanted",
    )  # fmt: skip

    def __init__(self, *, staging: bool = False, label: str = "a function") -> None:
        self.parent = parent = _current.get()
        self.level: int = 0 if parent is None else parent.level + 1
        self.staging = staging
        self.label = label  # what is being traced, as errors name it
        self.closed = False
        self.trail: Trail | Source | None = None  # the user's line, for what a transform records
        self.types: list[ArrayType] = []  # of each variable
        self.inputs: list[int] = []
        self.namer: Callable[[], list[str]] = list  # the user's names of the first inputs
        self.rows: list[Row] = []
        self.firsts: list[int] = []  # number of the first result of each row
        self.counts: dict[int, int] = {}  # results of each row, where there is not exactly one
        self.trails: list[Trail | Source | None] = []
        self.table: dict[Row, int] = {}  # first result of each row
        self.captured: list[Any] = []  # arrays and `Outer`s, by reference
        self.numbers: dict[Any, int] = {}  # inputs that stand for the captured
        self.locked: list[np.ndarray[Any, Any]] = []
        self.regions: list[Region] = []
        self.values: dict[int, Any] = {}  # of variables, as far as they are known
        self.wanted: set[int] = set()  # inputs that are being differentiated
        self.producers: dict[int, int] = {}  # the row that made a variable, filled in on demand
        self.scanned = 0

    def input(self, type: ArrayType) -> int:
        """The number of a new input variable."""
        number = len(self.types)
        self.types.append(type)
        self.inputs.append(number)
        return number

    def record(self, row: Row, out_types: Sequence[ArrayType]) -> int:
        """The number of the first result of `row`, recorded now or before."""
        first = self.table.get(row)
        if first is None:
            types = self.types
            first = self.table[row] = len(types)
            if len(out_types) == 1:
                types.append(out_types[0])
            else:
                types.extend(out_types)
                self.counts[len(self.rows)] = len(out_types)
            self.rows.append(row)
            self.firsts.append(first)
            self.trails.append(self.trail if self.staging else current_trail(4))
        if self.closed:
            self.refuse()
        return first

    def results(self, row: int) -> range:
        """The numbers of the results of a row."""
        first = self.firsts[row]
        return range(first, first + self.counts.get(row, 1))

    def capture(self, x: Any, type: ArrayType) -> int:
        """The input that stands for `x`, an array or an `Outer`; the builder keeps `x` alive."""
        key = x if x.__class__ is Outer else id(x)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = self.input(type)
            self.captured.append(x)
            self.values[number] = x
            self.lock(x)
        return number

    def lock(self, array: Any) -> None:
        """Make an array read-only until the trace is closed, so that no change to it goes unseen."""
        if array.__class__ is np.ndarray and array.flags.writeable:
            array.setflags(write=False)
            self.locked.append(array)

    def close(self) -> None:
        """End the recording and give the captured arrays back."""
        self.closed = True
        for array in reversed(self.locked):
            array.setflags(write=True)
        self.locked.clear()

    def refuse(self) -> None:
        """Say that a tracer outlived its trace."""
        raise LeakedTracerError(
            f"a traced value of {self.label} was used after that function had returned. Return it "
            "from the function instead of keeping it in a global, an attribute or a list"
        )

    def producer(self, number: int) -> int | None:
        """The row that made a variable; None for inputs."""
        for row in range(self.scanned, len(self.rows)):
            self.producers.update(dict.fromkeys(self.results(row), row))
        self.scanned = len(self.rows)
        return self.producers.get(number)

    def source(self, number: int) -> Source | None:
        """The user's line that made a variable; None for inputs."""
        row = self.producer(number)
        trail = None if row is None else self.trails[row]
        return resolve(*trail) if isinstance(trail, tuple) else trail

    def key(self, outputs: Iterable[Number]) -> tuple[Any, ...]:
        """What identifies the program that `program(outputs)` would build."""
        types = self.types
        inputs = tuple([(number, types[number]) for number in self.inputs])
        return tuple(self.rows), inputs, tuple(outputs), tuple(self.regions)

    def program(self, outputs: Iterable[Number], name: str = "program") -> Program:
        """The recorded rows as a program."""
        variables = [Var(type) for type in self.types]
        inputs = tuple([variables[number] for number in self.inputs])
        names = (*self.namer(), *[""] * len(inputs))[: len(inputs)]
        equations = self._equations(variables)
        outs = tuple([variables[a] if isinstance(a, int) else a for a in outputs])
        return Program(inputs, equations, outs, name, names)

    def _equations(self, variables: list[Var]) -> tuple[Equation, ...]:
        """Equations for the rows; `variables` is updated to what later readers see."""
        equations: list[Equation] = []
        closing: dict[int, list[Region]] = {}
        for region in self.regions:
            closing.setdefault(region.stop, []).append(region)
        for i, (primitive, params, atoms) in enumerate(self.rows):
            read = tuple([variables[a] if a.__class__ is int else a for a in atoms])  # type: ignore[index, misc]
            made = tuple([variables[number] for number in self.results(i)])
            equations.append(Equation(primitive, read, dict(params), made, self.trails[i]))  # type: ignore[arg-type]
            for region in closing.get(i + 1, ()):
                self._leave(region, variables, equations)
        return tuple(equations)

    def _leave(self, region: Region, variables: list[Var], equations: list[Equation]) -> None:
        """Pass what a region made through the region's primitive, for those who read it from outside."""
        for row in range(region.start, region.stop):
            for number in self.results(row):
                if self.types[number].inexact:
                    inside, variables[number] = variables[number], Var(self.types[number])
                    out = (variables[number],)
                    equations.append(
                        Equation(region.primitive, (inside,), {}, out, self.trails[row])
                    )


_current: ContextVar[Builder | None] = ContextVar("autodiff_builder", default=None)


def current_builder() -> Builder | None:
    """The innermost builder that is open in this thread or task."""
    return _current.get()


def enter(builder: Builder) -> Token[Builder | None]:
    """Make a builder the current one; undone by `leave`."""
    return _current.set(builder)


def leave(builder: Builder, token: Token[Builder | None]) -> None:
    """Close a builder and go back to the one that was current before."""
    _current.reset(token)
    builder.close()


@contextmanager
def opened(builder: Builder) -> Iterator[Builder]:
    """A builder that is the current one until the end of the block."""
    token = enter(builder)
    try:
        yield builder
    finally:
        leave(builder, token)
