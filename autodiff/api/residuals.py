"""`saved_residuals`: what a backward pass keeps of the forward pass, by name and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from autodiff.api.arguments import Argnames, Argnums, FlatCall, Selector
from autodiff.api.points import Point
from autodiff.control.call import call, is_transparent
from autodiff.control.sizes import size_text
from autodiff.ir.editing import held_programs, inline
from autodiff.ir.program import Program, Var
from autodiff.ir.source import Source
from autodiff.ir.types import ArrayType
from autodiff.primitives.naming import name as named
from autodiff.primitives.record import Primitive
from autodiff.transforms.linearize import linearize

__all__ = ["Residual", "Residuals", "saved_residuals"]


class Residual(NamedTuple):
    """A value that is kept for a backward pass."""

    name: str  # the user's, where it is known
    type: ArrayType
    bytes: int
    origin: str  # "argument", "captured", or the primitive that computes it
    source: Source | None  # the user's line that computes it


class Residuals(tuple[Residual, ...]):
    """The values that a backward pass keeps; `print` shows them as a table."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """The bytes of all that is kept and was computed: arguments are there anyway."""
        return sum(r.bytes for r in self if r.origin not in _THERE)

    def __repr__(self) -> str:
        rows = [(r.name, str(r.type), str(r.bytes), r.origin, _line(r.source)) for r in self]
        table = [("name", "type", "bytes", "from", "line"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(_aligned, row, widths, _ALIGNED)).rstrip() for row in table]
        there = sum(r.bytes for r in self) - self.bytes
        lines.append(f"computed: {size_text(self.bytes)}, arguments: {size_text(there)}")
        return "\n".join(lines)

    __str__ = __repr__


_THERE = ("argument", "captured")
_ALIGNED = "<<><<"


def _aligned(text: str, width: int, side: str) -> str:
    return f"{text:{side}{width}}"


def _line(source: Source | None) -> str:
    return "" if source is None or not source.file else str(source)


def saved_residuals(
    fun: Callable[..., Any], argnums: Argnums | None = None, argnames: Argnames = None
) -> Callable[..., Residuals]:
    """What the backward pass of a function keeps until it runs: name, type, bytes, line.

    That is what lies between the two halves of `grad(fun)`: what `checkpoint` is there to reduce.
    A loop keeps values of all its steps in one array. What `checkpoint`, `no_grad` and
    `stop_gradient` make unnecessary does not appear.

    Args:
        fun: a function of arrays, floats and containers of them; its result may be of any shape.
        argnums: the position(s) of the argument(s) to differentiate by; the first by default.
        argnames: the same by name.

    Returns:
        A function of the same arguments that returns a tuple of records with the fields `name`,
        `type`, `bytes`, `origin` ("argument", "captured", or the name of the primitive) and
        `source`. Its `bytes` are those of all that was computed; as text it is a table.

    Raises:
        TypeError: a selected argument is not floating-point.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> def f(w, x):
        ...     h = np.tanh(x @ w)
        ...     return np.sum(np.exp(h) * 2)
        >>> kept = ad.saved_residuals(f)(np.ones((3, 2)), np.ones((5, 3)))
        >>> print(kept)
        name  type      bytes  from      line
        x     f64[5,3]    120  argument
        h     f64[5,2]     80  tanh      <doctest ...saved_residuals[2]>:2
              f64[5,2]     80  exp       <doctest ...saved_residuals[2]>:3
        computed: 160 B, arguments: 120 B
        >>> kept.bytes
        160
    """
    selector = Selector(fun, argnums, argnames)

    @wraps(fun)
    def wrapped(*args: Any, **kwargs: Any) -> Residuals:
        point = Point(FlatCall(fun, args, kwargs), selector, "saved_residuals")
        recording = point.recording
        program = inline(recording.program(point.name), is_transparent)
        linear = linearize(program, point.active, outputs=point.results.wanted)
        kept = dict.fromkeys(linear.known.outputs[point.count :])
        places = _Places(linear.known, len(recording.inputs), _last_primitives(program))
        return Residuals([places.residual(v) for v in kept if isinstance(v, Var)])

    return wrapped


class _Places:
    """Where the variables of a program come from; `last` tells which primitive ends a statement."""

    def __init__(self, program: Program, arguments: int, last: Mapping[Any, Primitive]) -> None:
        self.program, self.arguments, self.last = program, arguments, last
        self.makers = {v: e for e in program.equations for v in e.outputs}
        self.labels = {
            e.inputs[0]: e.params["label"] for e in program.equations if e.primitive is named
        }

    def residual(self, v: Var) -> Residual:
        """The record of a variable."""
        name, origin, source = self.place(v)
        return Residual(name, v.type, v.type.nbytes, origin, source)

    def place(self, v: Any) -> tuple[str, str, Source | None]:
        """Name, origin and line of a variable."""
        name, origin, source = self._made(v)
        return self.labels.get(v, name), origin, source

    def _made(self, v: Any) -> tuple[str, str, Source | None]:
        e = self.makers.get(v)
        if e is None:
            i = self.program.inputs.index(v)
            return self.program.names[i], _THERE[i >= self.arguments], None
        index, held = e.outputs.index(v), e.params.get("program")
        if isinstance(held, Program) and len(held.outputs) == len(e.outputs):
            inner: Any = held.outputs[index]
            if inner not in held.inputs and isinstance(inner, Var):
                return _Places(held, 0, self.last).place(inner)
            if e.primitive is call and inner in held.inputs:
                return self.place(e.inputs[held.inputs.index(inner)])
        source = e.source
        if source is None or self.last.get(e.trail) is not e.primitive:
            return "", e.primitive.name, source
        names = source.name.split(", ")
        return names[index] if len(names) == len(e.outputs) else "", e.primitive.name, source


def _last_primitives(program: Program) -> dict[Any, Primitive]:
    """The primitive that makes what the user's statement gives, by the place of the statement."""
    last: dict[Any, Primitive] = {}
    for e in program.equations:
        for _, held in held_programs(e):
            last.update(_last_primitives(held))
        last[e.trail] = e.primitive
    return last
