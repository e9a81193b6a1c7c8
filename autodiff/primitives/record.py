"""A primitive is one record that holds every rule about it.

Nothing else in the library knows what a primitive does: transforms, interpreter, code generator,
printer and checker read these fields. `kinds` derives most of them from structure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from autodiff.ir.types import ArrayType
from autodiff.tracing.bind import bind
from autodiff.tracing.on_demand import load_all

__all__ = ["Primitive", "find_primitive"]


class _Names(WeakValueDictionary[str, "Primitive"]):
    """Primitives by name; asking for one that is not known imports all parts of the library."""

    def __getitem__(self, name: str) -> Primitive:
        if name not in self:
            load_all()
        return super().__getitem__(name)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Primitive:
    """An operation on arrays and its rules.

    In every rule, `inputs` are arrays, scalars or tracers, and `params` are the equation's.
    A primitive with one result (`multiple` is false) returns it bare; others return a tuple.
    """

    name: str
    # (*types, **params) -> tuple of result types; raises TypeError or ValueError on wrong inputs
    types: Callable[..., tuple[ArrayType, ...]]
    # (xp, *arrays, **params) -> result(s), where xp is numpy or cupy
    run: Callable[..., Any]
    # (primals, tangents, **params) -> (result, its tangent); None stands for a zero tangent
    jvp: Callable[..., Any] | None = None
    # (ct, i, *inputs, **params) -> cotangent of linear input i; linear inputs are ArrayTypes.
    # With `multiple`: (cts, linear, *inputs, **params) -> one cotangent (or None) for each input
    transpose: Callable[..., Any] | None = None
    # (size, inputs, mapped, **params) -> result(s), with a new first axis (or `Unmapped`)
    batch: Callable[..., Any] | None = None
    # (equation, unknown) -> (known equation, unknown equation), or None if no part of it is known;
    # only for what holds programs
    unzip: Callable[..., Any] | None = None
    # (equation, wanted) -> an equation with only those results that are wanted
    narrow: Callable[..., Any] | None = None
    # (types, params) -> Python text with a {i} for each input; None runs `run`
    python: Callable[..., str] | None = None
    # (types, params) -> source of a Python function `{name}`, which the generated code calls; `{x}`
    # stands for the function of the program that param x holds, or for a tuple of such functions
    function: Callable[..., str] | None = None
    # (types, params) -> Python statement that leaves the result in {0}, which nobody else needs
    in_place: Callable[..., str] | None = None
    # how the mask of a cotangent fares when this is transposed; see transforms.transpose
    mask: Callable[..., Any] | str | None = None
    # (expansion, inputs, params) -> result(s), where all are series; or None: by the jvp rule.
    # Rarely needed; see transforms.taylor
    taylor: Callable[..., Any] | None = None
    # (inputs, linear, **params) -> result(s) of simpler primitives that depend on (at least) the
    # same elements of the inputs marked in `linear`, or None: dense. "copy": each element of the
    # result is one of an input, or zero. Without: what follows from `mask`; see transforms.sparsity
    sparsity: Callable[..., Any] | str | None = None
    # (in_types, out_types, **params) -> floating point operations
    cost: Callable[..., int] | None = None
    # ("elementwise", "linear", "bilinear", "custom" or "holder"): what `kinds` made it from
    kind: str = "custom"
    # computing it again costs less than keeping its result
    cheap: bool = False
    # its result may share memory with an input
    view: bool = False
    multiple: bool = False
    # it does something beside giving results, so it is run even if nobody uses those
    effect: bool = False
    # the NumPy ufunc that it is, if any
    ufunc: Any = None

    named: ClassVar[_Names] = _Names()

    def __post_init__(self) -> None:
        Primitive.named[self.name] = self

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Record an equation if an input is traced, else run it."""
        return bind(self, *inputs, **params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return find_primitive, (self.name,)


def find_primitive(name: str) -> Primitive:
    """The primitive of this name (programs are printed and pickled with names of primitives)."""
    try:
        return Primitive.named[name]
    except KeyError:
        raise KeyError(
            f"no primitive is called {name!r}; import the module that defines it first"
        ) from None
