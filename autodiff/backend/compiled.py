"""A program that runs: interpreted the first time, as generated code from the second time on.

Results are the caller's own: none shares memory with an argument or with another result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autodiff.arrays import namespace, quiet
from autodiff.backend.emit import compile_program
from autodiff.ir.program import Program
from autodiff.tracing.build import evaluate

__all__ = ["Compiled"]


class Compiled:
    """Runs a program on arrays; floating-point warnings of the library's own making are silenced."""

    __slots__ = ("calls", "functions", "info", "program", "shared")

    def __init__(self, program: Program, info: Any = None) -> None:
        self.program = program
        self.info = info  # what else the derivation found out (which outputs are active, ...)
        self.calls = 0
        self.functions: dict[ModuleType, Callable[..., tuple[Any, ...]]] = {}
        self.shared = _may_share(program)

    def __call__(self, args: Sequence[Any]) -> Sequence[Any]:
        """The outputs, for arrays or scalars as inputs."""
        xp = namespace(args)
        function = self.functions.get(xp)
        if function is None and self.calls:
            function = self.functions[xp] = compile_program(self.program, xp)
        self.calls += 1
        with quiet():
            if function is None:
                outs: Sequence[Any] = evaluate(self.program, map(_strong, args))
            else:
                outs = function(*[_strong(x) if x.__class__ in _PYTHON else x for x in args])
        return _own(outs, self.shared) if self.shared else outs


_PYTHON: dict[type, Any] = {
    float: np.float64, int: np.int64, complex: np.complex128, bool: np.bool_
}  # fmt: skip


def _strong(x: Any) -> Any:
    """Python scalars as NumPy's, whose division by zero gives inf instead of an exception."""
    return _PYTHON[x.__class__](x) if x.__class__ in _PYTHON else x


def _may_share(program: Program) -> tuple[int, ...]:
    """The outputs that may share memory with an input or with an earlier output."""
    owned_elsewhere: set[Any] = set(program.inputs)
    for e in program.equations:
        if e.primitive.view or e.primitive.kind == "holder":
            owned_elsewhere.update(e.outputs)
    shared = []
    for i, a in enumerate(program.outputs):
        if a.type.shape and a in owned_elsewhere:
            shared.append(i)
        owned_elsewhere.add(a)
    return tuple(shared)


def _own(outs: Sequence[Any], shared: Sequence[int]) -> list[Any]:
    new = list(outs)
    for i in shared:
        new[i] = new[i].copy()
    return new
