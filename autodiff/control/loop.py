"""The params of `scan` and of `sweep` as objects, so that rules can say what a new loop is like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.primitives.record import find_primitive

__all__ = ["Loop", "Sweep"]


class Loop(NamedTuple):
    """The params of a scan: see `control.scan`."""

    program: Program
    length: int | None
    constants: int
    carry: int
    reverse: bool = False
    policy: Any = None
    checkpointed: bool = False

    @property
    def counters(self) -> int:
        """How many operands stand before the constants: the number of steps, or none."""
        return int(self.length is None)

    def __call__(self, *operands: Any) -> Sequence[Any]:
        """The results on these operands."""
        return find_primitive("scan")(*operands, **self._asdict())

    def equation(
        self, operands: Sequence[Atom], outputs: Sequence[Var], like: Equation
    ) -> Equation:
        """The loop on these operands, as an equation that stands for a part of another."""
        params = self._asdict()
        return Equation(find_primitive("scan"), tuple(operands), params, tuple(outputs), like.trail)


class Sweep(NamedTuple):
    """The params of a sweep: see `control.sweep`."""

    step: Program
    pull: Program
    length: int | None
    constants: int
    state: int
    carry: int
    reverse: bool = False

    @property
    def counters(self) -> int:
        """How many operands stand before the constants: the number of steps, or none."""
        return int(self.length is None)

    def __call__(self, *operands: Any) -> Sequence[Any]:
        """The results on these operands."""
        return find_primitive("sweep")(*operands, **self._asdict())
