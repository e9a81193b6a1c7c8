"""A program that runs: interpreted the first time, as generated code from the second time on.

Results are the caller's own: none shares memory with an argument or with another result. On a
device, where a launch takes longer than to generate a line, code is generated at once, and all that
has a name in it is an array on the device: scalar arguments are moved, constants were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autodiff.arrays import call_quietly, namespace, on_device
from autodiff.backend.emit import compile_program
from autodiff.control.call import call
from autodiff.ir.program import Program
from autodiff.ir.types import Literal
from autodiff.tracing.build import evaluate

__all__ = ["Compiled"]


class Compiled:
    """Runs a program on arrays; floating-point warnings of the library's making are silenced."""

    __slots__ = ("calls", "functions", "info", "program", "shared")

    def __init__(self, program: Program, info: Any = None) -> None:
        self.program = program
        self.info = info  # what else the derivation found out (which outputs are active, ...)
        # Loops and branches are worth generating code for at once: what they hold runs many times.
        self.calls = int(any(e.primitive.kind == "holder" for e in program.equations))
        self.functions: dict[ModuleType, Callable[..., tuple[Any, ...]]] = {}
        self.shared = _may_share(program)

    def __call__(self, args: Sequence[Any]) -> Sequence[Any]:
        """The outputs, for arrays or scalars as inputs."""
        xp = namespace(args)
        if xp is not np:
            return self._run_on_device(xp, args)
        return self.on_host([_PYTHON[type(x)](x) if type(x) in _PYTHON else x for x in args])

    def on_host(self, args: Sequence[Any]) -> Sequence[Any]:
        """The outputs, for NumPy arrays and scalars and nothing else."""
        outs = call_quietly(self.functions.get(np) or self._function(), args)
        return _own(outs, self.shared) if self.shared else outs

    def _run_on_device(self, xp: ModuleType, args: Sequence[Any]) -> Sequence[Any]:
        function = self.functions.get(xp)
        if function is None:
            function = self.functions.setdefault(xp, compile_program(self.program, xp))
        return _own(function(*[on_device(xp, x) for x in args]), self.shared)

    def _function(self) -> Callable[..., Sequence[Any]]:
        """The interpreter the first time, unless there are loops; then generated code."""
        self.calls += 1
        if self.calls == 1:
            return lambda *args: evaluate(self.program, args, np)
        return self.functions.setdefault(np, compile_program(self.program, np))


# Python scalars become NumPy's, whose division by zero gives inf instead of an exception.
_PYTHON: dict[type, Any] = {
    float: np.float64, int: np.int64, complex: np.complex128, bool: np.bool_
}  # fmt: skip


def _may_share(program: Program) -> list[int]:
    """The outputs that may share memory with an input, a constant or an earlier output."""
    owned_elsewhere: set[Any] = set(program.inputs)
    for e in program.equations:
        if e.primitive is call:
            owned_elsewhere.update(e.outputs[i] for i in _may_share(e.params["program"]))
        elif e.primitive.view or e.primitive.kind == "holder":
            owned_elsewhere.update(e.outputs)
    shared = []
    for i, a in enumerate(program.outputs):
        if a in owned_elsewhere or isinstance(a, Literal):
            shared.append(i)
        owned_elsewhere.add(a)
    return shared


def _own(outs: Sequence[Any], shared: Sequence[int]) -> list[Any]:
    new = list(outs)
    for i in shared:
        new[i] = new[i].copy()
    return new
