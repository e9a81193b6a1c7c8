"""The recorder: one light row for each operation, and a structural key that needs no second look.

A builder notes what a function does as rows `(primitive, params, atoms)`, where an atom is the
number of a variable or a literal. Equal rows are recorded once. The rows, taken together, are a
hashable key: two runs of a function that did the same give the same key, so that everything derived
from the first (gradients, compiled code) serves the second. Only a run that is new is turned into a
`Program`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff.arrays import namespace
from autodiff.errors import LeakedTracerError
from autodiff.ir.editing import has_effect
from autodiff.ir.program import Equation, Program, Var
from autodiff.ir.source import Source, Trail, current_trail, here, resolve
from autodiff.ir.types import ArrayType
from autodiff.tracing.locks import give_back, lock
from autodiff.tracing.script import Call, Number, Region, Row, Script

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = ["Builder", "Outer", "current_builder", "enter", "leave", "opened"]


class Outer(NamedTuple):
    """A variable of an enclosing builder, captured by an inner one."""

    builder: Builder
    number: int


_NONE: frozenset[int] = frozenset()


class Builder:
    """Records rows; a `staging` builder (a transform's) also records operations on constants."""

    __slots__ = (
        "calls", "captured", "closed", "counts", "firsts", "inputs", "label", "level", "library",
        "locked", "made", "moved", "namer", "next", "numbers", "parent", "position", "producers",
        "regions", "rewriting", "rows", "scanned", "script", "staging", "table", "taken", "trail",
        "trails", "types", "values", "wanted",
    )  # fmt: skip

    def __init__(
        self, *, staging: bool = False, label: str = "a function", script: Script | None = None
    ) -> None:
        self.parent = parent = _current.get()
        self.level: int = 0 if parent is None else parent.level + 1
        # A transform's: what it records stands for equations, which know their lines.
        self.staging = self.rewriting = staging
        self.label = label  # what is being traced, as errors name it
        self.script = script  # what the function is expected to do, as long as it does so
        source = script or Script()
        self.types = source.types
        self.inputs = source.inputs
        self.rows = source.rows
        self.firsts = source.firsts
        self.counts = source.counts
        self.trails = source.trails
        self.table = source.table
        self.calls = source.calls
        self.captured: list[Any] = []  # arrays and `Outer`s, by reference
        self.numbers: dict[Any, int] = {}  # inputs that stand for the captured
        self.locked: list[np.ndarray[Any, Any]] = []  # arrays that were made read-only
        self.values: dict[int, Any] = {}  # of variables, as far as they are known
        self.producers: dict[int, int] = {}  # the row that made a variable, filled in on demand
        self.scanned = 0  # how many rows `producers` knows
        self.closed = self.made = False  # made: arrays of traced values; see `constructors`
        self.trail: Trail | Source | None = None  # the user's line, for what a transform records
        self.namer: Callable[[], list[str]] = list  # the user's names of the first inputs
        self.wanted: frozenset[int] = _NONE  # inputs that are being differentiated
        self.position = 0  # how many rows of the script have come up
        self.taken = 0  # how many inputs there are
        self.next = 0  # the number of the next variable
        self.regions: tuple[Region, ...] = ()
        self.library: ModuleType = np  # of the arrays that the function is called with
        self.moved: tuple[Any, ...] = ()  # arrays that were copied to that library

    def input(self, type: ArrayType) -> int:
        """The number of a new input variable."""
        number, k = self.next, self.taken
        self.next = number + 1
        self.taken = k + 1
        if self.script is not None:
            if k < len(self.inputs) and self.inputs[k] == number and self.types[number] is type:
                return number
            self.next, self.taken = number, k
            self.depart()
            return self.input(type)
        self.types.append(type)
        self.inputs.append(number)
        return number

    def record(self, row: Row, out_types: Sequence[ArrayType]) -> int:
        """The number of the first result of `row`, recorded now or before."""
        if self.closed:
            self.refuse(next((a for a in row[2] if type(a) is int), None))
        if self.script is not None:
            p = self.position
            if p < len(self.rows) and self.rows[p] == row:
                self.position = p + 1
                first = self.firsts[p]
                self.next = first + len(out_types)
                return first
            known = self.table.get(row)
            if known is not None and known < self.next and not _acts(row):
                return known
            self.depart()
        known = self.table.get(row)
        return self._record_new(row, out_types) if known is None or _acts(row) else known

    def _record_new(self, row: Row, out_types: Sequence[ArrayType]) -> int:
        first = self.table[row] = self.next
        self.types.extend(out_types)
        self.next = first + len(out_types)
        if len(out_types) != 1:
            self.counts[len(self.rows)] = len(out_types)
        self.rows.append(row)
        self.firsts.append(first)
        self.trails.append(self.trail if self.rewriting else current_trail(5))
        return first

    def depart(self) -> None:
        """Leave the script: from here on, record in full."""
        if self.script is None:
            return
        p, n = self.position, self.next
        self.script = None
        self.types, self.inputs = self.types[:n], self.inputs[: self.taken]
        self.rows, self.firsts, self.trails = self.rows[:p], self.firsts[:p], self.trails[:p]
        self.counts = {row: count for row, count in list(self.counts.items()) if row < p}
        self.table = dict(zip(self.rows, self.firsts, strict=True))
        self.calls = {key: call for key, call in list(self.calls.items()) if call.stop <= p}
        self.producers, self.scanned = {}, 0

    def skip(self, call: Call) -> bool:
        """Whether the rows of a call are recorded; if the script has them next, they are now."""
        if self.closed:
            self.refuse(call.number)
        if self.script is None or call.stop <= self.position:
            return True
        if call.start == self.position:
            last = self.position = call.stop
            self.next = self.firsts[last - 1] + self.counts.get(last - 1, 1)
            return True
        return False

    def row_count(self) -> int:
        """How many rows have been recorded."""
        return len(self.rows) if self.script is None else self.position

    def enter_region(self) -> tuple[int, Any, Any]:
        """Record apart from what was recorded before; undone by `leave_region`."""
        self.depart()
        state = (len(self.rows), self.table, self.calls)
        self.table, self.calls = {}, {}
        return state

    def leave_region(self, state: tuple[int, Any, Any], primitive: Primitive) -> None:
        """Let the results of what was recorded since pass through `primitive` on their way out."""
        start, self.table, self.calls = state
        if len(self.rows) > start:
            self.regions = (*self.regions, Region(start, len(self.rows), primitive))

    def finish(self, outputs: list[Number]) -> Script:
        """What was recorded; the script itself, if it was followed to the end."""
        script = self.script
        if script is not None:
            done = self.position == len(self.rows) and self.taken == len(self.inputs)
            if done and script.outputs == outputs and script.regions == self.regions:
                script.made |= self.made
                return script
            self.depart()
        new = Script()
        new.types, new.inputs = self.types, self.inputs
        new.rows, new.firsts, new.counts = self.rows, self.firsts, self.counts
        new.trails, new.table, new.calls = self.trails, self.table, self.calls
        new.outputs, new.regions, new.made = outputs, self.regions, self.made
        return new

    def results(self, row: int) -> range:
        """The numbers of the results of a row."""
        first = self.firsts[row]
        return range(first, first + self.counts.get(row, 1))

    def capture(self, x: Any, array_type: ArrayType) -> int:
        """The input that stands for `x`, an array or an `Outer`; the builder keeps `x` alive."""
        key = x if type(x) is Outer else id(x)
        number = self.numbers.get(key)
        if number is None:
            if self.closed:
                self.refuse()
            number = self.numbers[key] = self.input(array_type)
            if type(x) is np.ndarray:
                lock(x, self.locked)
                x = self._placed(x)
            elif self.library is np:
                self.library = x.builder.library if type(x) is Outer else namespace([x])
            self.captured.append(x)
            self.values[number] = x
        return number

    def _placed(self, array: np.ndarray[Any, Any]) -> Any:
        """An array that the function brings along, such as `np.arange(n)`, where the others are."""
        if self.library is np:
            return array
        self.moved = (*self.moved, array)  # keeps it alive, since it is known by its address
        return self.library.asarray(array)

    def close(self) -> None:
        """End the recording and give the captured arrays back."""
        self.closed = True
        give_back(self.locked)

    def refuse(self, number: int | None = None) -> None:
        """Say that a tracer (of this variable, if known) outlived its trace."""
        source = None if number is None else self.source(number)
        made = "" if source is None else f", made at {source},"
        raise LeakedTracerError(
            f"a traced value of {self.label}{made} was used after that function had returned"
            f"{here()}\n"
            "Write instead: return it from the function (with `has_aux=True`, say); what a global, "
            "an attribute or a list keeps of a trace has no value afterwards"
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

    def program(self, outputs: Iterable[Number], name: str = "program") -> Program:
        """The recorded rows as a program."""
        variables = [Var(type) for type in self.types]
        inputs = tuple([variables[number] for number in self.inputs])
        names = tuple(self.namer())
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
            read = tuple([variables[a] if type(a) is int else a for a in atoms])
            made = tuple([variables[number] for number in self.results(i)])
            equations.append(Equation(primitive, read, dict(params), made, self.trails[i]))  # type: ignore[arg-type]
            for region in closing.get(i + 1, ()):
                self._leave(region, variables, equations)
        return tuple(equations)

    def _leave(self, region: Region, variables: list[Var], equations: list[Equation]) -> None:
        """Pass what a region made through the region's primitive, for readers outside of it."""
        for row in range(region.start, region.stop):
            for number in self.results(row):
                if self.types[number].inexact:
                    inside, variables[number] = variables[number], Var(self.types[number])
                    out = (variables[number],)
                    equations.append(
                        Equation(region.primitive, (inside,), {}, out, self.trails[row])
                    )


def _acts(row: Row) -> bool:
    """Whether a row has an effect, so that it is recorded each time that it comes up."""
    primitive, params, _ = row
    holds = primitive.effect or primitive.kind == "holder"
    return holds and has_effect(Equation(primitive, (), dict(params), ()))


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
