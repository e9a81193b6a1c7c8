"""`bind`: apply a primitive. On tracers it is recorded, on arrays it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.arrays import namespace
from autodiff.ir.types import ArrayType, Literal, literal, type_of
from autodiff.tracing.builder import Builder, Outer, current_builder
from autodiff.tracing.script import Number
from autodiff.tracing.tracer import Tracer

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = ["atom", "bind", "builder_of", "infer"]

_inferred: dict[Any, tuple[ArrayType, ...]] = {}
_INFERRED_KEPT = 1 << 15


def bind(primitive: Primitive, *args: Any, **params: Any) -> Any:
    """The result(s) of a primitive: tracers if an argument is one, else arrays."""
    builder = builder_of(args)
    if builder is None:
        builder = current_builder()
        if builder is None or not builder.staging or _foldable(primitive, args):
            return primitive.run(namespace(args), *args, **params)
    types = tuple([a.type if type(a) is Tracer else type_of(a) for a in args])
    items = tuple(params.items()) if params else ()
    out_types = infer(primitive, items, types, params)
    atoms = tuple([atom(builder, a) for a in args])
    first = builder.record((primitive, items, atoms), out_types)
    if primitive.multiple:
        return tuple([Tracer(builder, first + i, t) for i, t in enumerate(out_types)])
    return Tracer(builder, first, out_types[0])


def builder_of(args: Any) -> Builder | None:
    """The innermost builder among the tracers in `args`; None if there is no tracer."""
    found: Builder | None = None
    for a in args:
        if type(a) is Tracer:
            builder = a._builder
            if builder is not found:
                if builder.closed:
                    builder.refuse(a._number)
                if found is None or builder.level > found.level:
                    found = builder
    return found


def atom(builder: Builder, x: Any) -> Number:
    """How rows of `builder` name `x`: its number, a literal, or the input that captures it."""
    if type(x) is Tracer:
        if x._builder is builder:
            return x._number
        return builder.capture(Outer(x._builder, x._number), x.type)
    if isinstance(x, np.generic | int | float | complex):
        return literal(x)
    if isinstance(x, Literal):
        return x
    return builder.capture(x, type_of(x))


def infer(
    primitive: Primitive,
    items: tuple[tuple[str, Any], ...],
    types: tuple[ArrayType, ...],
    params: dict[str, Any],
) -> tuple[ArrayType, ...]:
    """The result types of a primitive, remembered (but for what would keep programs alive)."""
    if primitive.kind == "holder":
        return primitive.types(*types, **params)
    key = (primitive, items, types)
    found = _inferred.get(key)
    if found is None:
        if len(_inferred) >= _INFERRED_KEPT:
            _inferred.clear()
        found = _inferred[key] = primitive.types(*types, **params)
    return found


def _foldable(primitive: Primitive, args: tuple[Any, ...]) -> bool:
    """Whether to compute at once instead of recording: arithmetic on scalar constants."""
    return primitive.kind == "elementwise" and all(
        isinstance(a, np.generic | int | float | complex) for a in args
    )
