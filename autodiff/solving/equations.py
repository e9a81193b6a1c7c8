"""What is to be solved: as a program, and as vectors; and checks of the user's containers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.arguments import function_name, is_traceable
from autodiff.api.places import describe
from autodiff.api.staging import is_array_like
from autodiff.control.call import call
from autodiff.control.flattening import common_dtype, flat, parted
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType, type_of
from autodiff.numpy.promotion import convert
from autodiff.tracing import tree
from autodiff.tracing.tracer import Tracer

__all__ = ["Equations", "System", "as_map", "floating", "like", "like_leaves"]


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


class System:
    """A x = b and its preconditioner, on vectors."""

    def __init__(self, matvec: Any, b: Any, x0: Any, M: Any, name: str) -> None:
        self.name = name
        leaves, self.spec = tree.flatten(floating(b, f"{name}: b"))
        self.types = [type_of(x) for x in leaves]
        self.dtype = common_dtype(self.types)
        self.size = sum([t.size for t in self.types])
        self.right = flat(leaves, self.dtype) if leaves else np.zeros(0)
        self.first = None if x0 is None else self._vector(x0, "x0")
        self.matvec = as_map(matvec, name, tree.unflatten(self.spec, leaves))
        self.M = M

    def _vector(self, x: Any, what: str) -> Any:
        """A container like b as one vector."""
        return flat(like_leaves(x, self.spec, self.types, f"{self.name}: {what}"), self.dtype)

    def solution(self, vector: Any) -> Any:
        """A vector as a container like b."""
        return tree.unflatten(self.spec, parted(vector, self.types))

    def start(self) -> tuple[Any, Any]:
        """The first guess and what it leaves over."""
        if self.first is None:
            return np.zeros_like(self.right), self.right
        return self.first, self.right - self.multiply(self.first)

    def multiply(self, x: Any) -> Any:
        """A x."""
        return self._vector(self.matvec(self.solution(x)), f"{function_name(self.matvec)}(x)")

    def precondition(self, x: Any) -> Any:
        """M x, or x itself."""
        return x if self.M is None else self._vector(self.M(self.solution(x)), "M(x)")


# ---- checks


def as_map(matvec: Any, name: str, b: Any) -> Callable[[Any], Any]:
    """The function that multiplies by a matrix, or the one that was given."""
    if not is_traceable(matvec):
        if callable(matvec):
            return matvec
        raise TypeError(
            f"{name} takes a matrix, or the function that multiplies by it, not "
            f"{describe(matvec)}{here()}"
        )
    n = type_of(b).shape[:1] if is_traceable(b) else ()
    if matvec.shape != (*n, *n) or not n:
        raise ValueError(
            f"{name} takes a square matrix with a row for each row of b, but it is "
            f"{type_of(matvec)}, and b is {describe(b)}.{here()}\n"
            "Write instead: `ad.vmap` for a stack of systems; for containers or other shapes, the "
            "function that multiplies by the matrix"
        )
    return lambda x: matvec @ x


def like(x: Any, spec: tree.Spec, types: Sequence[ArrayType], what: str) -> Any:
    """A container, if it has this structure and leaves of these types; see `like_leaves`."""
    return tree.unflatten(spec, like_leaves(x, spec, types, what))


def like_leaves(x: Any, spec: tree.Spec, types: Sequence[ArrayType], what: str) -> list[Any]:
    """The leaves of a container; raises TypeError unless it has this structure and these types."""
    leaves, own = tree.flatten(x)
    if own == spec and all(map(is_array_like, leaves)):
        leaves = [
            convert(leaf, t.dtype) if not t.shape and isinstance(kind_of(leaf), type) else leaf
            for leaf, t in zip(leaves, types, strict=True)
        ]
        if [type_of(leaf) for leaf in leaves] == list(types):
            return leaves
    expected = describe(tree.unflatten(spec, list(types)))
    raise TypeError(
        f"{what} is not like what is solved for.{here()}\n"
        f"  expected: {expected}\n  given:    {describe(x)}\n"
        "Write instead: a container of this structure, with these shapes and dtypes (`.astype`, "
        "`np.reshape`)"
    )


def kind_of(x: Any) -> Any:
    """The class of a Python number, also of a traced one; otherwise a type."""
    if type(x) is Tracer:
        return x.kind
    return type(x) if type(x) in (bool, int, float, complex) else type_of(x)


def floating(b: Any, what: str) -> Any:
    """A container of arrays; integers become floating-point numbers, as in NumPy's solvers."""
    leaves, spec = tree.flatten(b)
    for x, path in zip(leaves, tree.paths(b), strict=True):
        if not is_array_like(x):
            raise TypeError(
                f"{what}{path} is {describe(x)}, but unknowns are arrays, numbers and containers "
                f"of them{here()}"
            )
    return tree.unflatten(spec, [_inexact(x) for x in leaves])


def _inexact(x: Any) -> Any:
    t = type_of(x)
    if type(x) is not Tracer and not is_traceable(x):
        return t.dtype.type(x) if t.inexact else np.float64(x)
    return x if t.inexact else convert(x, np.result_type(t.dtype, np.float16, np.float64))
