"""What a recording consists of, and the script that the next run of the same code is expected to
follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autodiff.ir.source import Source, Trail
from autodiff.ir.types import ArrayType, Literal

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = ["Call", "Number", "Region", "Row", "Script"]

Number = int | Literal  # how a row names an operand: a variable by its number, or a literal
Row = tuple["Primitive", tuple[tuple[str, Any], ...], tuple[Number, ...]]


class Region(NamedTuple):
    """Rows `start` to `stop`, whose results pass through `primitive` on their way out."""

    start: int
    stop: int
    primitive: Primitive


class Call:
    """What a call of a NumPy function recorded: the rows from `start` to `stop`, and its result."""

    __slots__ = ("kind", "number", "start", "stop", "type")

    def __init__(self, start: int, stop: int, number: int, type: ArrayType, kind: Any) -> None:
        self.start, self.stop, self.number, self.type, self.kind = start, stop, number, type, kind


class Script:
    """A finished recording.

    A function mostly does what it did the last time. So a builder first follows the script of the
    last time, which is cheaper than recording anew, and departs from it at the first difference. If
    it never does, all that was derived from the script holds for this run, too.
    """

    __slots__ = (
        "_key", "calls", "counts", "derived", "firsts", "inputs", "made", "outputs", "regions",
        "rows", "table", "trails", "types",
    )  # fmt: skip

    def __init__(self) -> None:
        self.types: list[ArrayType] = []  # of each variable
        self.inputs: list[int] = []
        self.rows: list[Row] = []
        self.firsts: list[int] = []  # number of the first result of each row
        self.counts: dict[int, int] = {}  # results of each row, where there is not exactly one
        self.trails: list[Trail | Source | None] = []
        self.table: dict[Row, int] = {}  # first result of each row
        self.calls: dict[Any, Call] = {}
        self.outputs: list[Number] = []
        self.regions: tuple[Region, ...] = ()
        self.made = False  # whether arrays were made of traced values; see `constructors`
        self.derived: dict[Any, Any] = {}  # for those who derive something from it
        self._key: tuple[Any, ...] | None = None

    def key(self) -> tuple[Any, ...]:
        """What identifies the program: two recordings with equal keys give equal programs."""
        if self._key is None:
            types = self.types
            inputs = tuple([(number, types[number]) for number in self.inputs])
            self._key = tuple(self.rows), inputs, tuple(self.outputs), self.regions
        return self._key
