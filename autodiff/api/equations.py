"""What is to be solved: a program of unknowns, whose structure is the user's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autodiff.api.systems import like_leaves
from autodiff.control.call import call
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.tracing import tree

__all__ = ["Equations"]


class Equations(NamedTuple):
    """What is to be solved: a program `(constants, x) -> y`, and the structures of x and y."""

    program: Program
    constants: Sequence[Any]
    x: Sequence[Any]  # arrays of the types of x
    spec: tree.Spec
    result: tree.Spec
    name: str

    @property
    def types(self) -> list[ArrayType]:
        """Types of the leaves of x."""
        return [type_of(x) for x in self.x]

    def function(self, constants: Sequence[Any]) -> Callable[[Any], Any]:
        """The user's function of x, on traced values."""

        def fun(x: Any) -> Any:
            leaves = like_leaves(x, self.spec, self.types, f"the argument of {self.name}")
            outs = call(*constants, *leaves, program=self.program, policy=None)
            return tree.unflatten(self.result, outs)

        fun.__name__ = self.name
        return fun
