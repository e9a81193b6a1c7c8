"""`vmap` of what cannot be vectorised: a loop over the rows, in order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from autodiff.control.loop import Loop
from autodiff.control.scan import scan
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, split

__all__ = ["one_by_one"]


def one_by_one(
    primitive: Primitive, size: int, xs: Sequence[Any], mapped: Sequence[bool], params: Any
) -> tuple[Any, ...]:
    """The results of a batch rule, from a scan whose body applies the primitive to one row."""
    types = [
        t.with_shape(t.shape[1:]) if m else t for t, m in zip(map(type_of, xs), mapped, strict=True)
    ]
    body = _body(primitive, tuple(params.items()), tuple(types), tuple(mapped))
    same, rows = split(xs, mapped)
    loop = Loop(body, size, constants=len(same), carry=0)
    return tuple(scan(*same, *rows, **loop._asdict()))


@lru_cache(maxsize=256)
def _body(
    primitive: Primitive,
    items: tuple[tuple[str, Any], ...],
    types: tuple[ArrayType, ...],
    mapped: tuple[bool, ...],
) -> Program:
    """The primitive as a program that takes what is the same for all rows first."""
    places = range(len(types))
    order = [*split(places, mapped)[0], *split(places, mapped)[1]]

    def fun(*args: Any) -> Any:
        xs = dict(zip(order, args, strict=True))
        outs = primitive(*[xs[i] for i in places], **dict(items))
        return outs if primitive.multiple else [outs]

    return build(fun, [types[i] for i in order], primitive.name)
