"""Arrays that share memory, followed by handles.

A tracer is a handle on a variable, and variables never change; assignment moves the handle to a
new one. In NumPy the arrays that share its memory change too. So a handle remembers what it is a
view of, and which views of it are alive, and `writing` lets all of them follow an assignment.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.primitives.gathering import scatter, scatter_add
from autodiff.primitives.indexing import index, index_add, index_set
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import reshape
from autodiff.tracing.bind import infer
from autodiff.tracing.builder import Outer
from autodiff.tracing.tracer import Tracer

__all__ = [
    "Alias", "fresh", "in_c_order", "index_view", "is_flat", "is_view", "make_view", "moved_view",
    "part_of", "ravel_view", "reshape_view",
]  # fmt: skip

Put = Callable[[Any, Any], Any]  # base, new value of the view -> new value of the base


class Alias:
    """What a handle shares memory with."""

    __slots__ = ("base", "contiguous", "flat", "made", "owner", "put", "sure", "views")

    def __init__(
        self,
        base: Tracer | None = None,
        made: tuple[int, int] = (-1, -1),
        put: Put | None = None,
        sure: bool = True,
    ) -> None:
        self.base = base  # what it is a view of
        self.made = made  # the variable of the base and that of the view, when it was made
        self.put = put  # None: nobody may write to it
        self.sure = sure  # whether NumPy makes a view here even if the base is not in C order
        self.flat = False  # whether it is `x.flat`, parts of which are copies
        self.views: list[weakref.ref[Tracer]] = []  # in the order in which they were made
        self.owner = False  # whether it has memory of its own, even if its variable is an input
        # Whether in C order; None: see its equation; another handle: as that one, if anybody asks.
        self.contiguous: bool | Tracer | None = None


# ---- making views and copies


def fresh(x: Any, *, c_order: bool | Tracer | None = None) -> Any:
    """A copy: another handle on the same variable, with memory of its own.

    It lies in memory as `x` does (`order="K"`) unless it is said whether that is in C order, or
    which other array it lies like.
    """
    if type(x) is not Tracer:
        return np.copy(x)
    copy = Tracer(x._builder, x._number, x.type)
    alias = copy._alias = Alias()
    alias.owner, alias.contiguous = True, c_order
    return copy


def make_view(base: Any, result: Any, put: Put | None, *, sure: bool = True) -> Any:
    """`result`, which one primitive just made of `base` as its first input, as a view of `base`.

    `put(base, value)` is the base after an assignment to the view; None if nobody may write to it,
    as to what `np.broadcast_to` and `np.diagonal` return.
    """
    if type(result) is not Tracer or result is base:
        return result
    result._alias = Alias(base, (base._number, result._number), put, sure)
    if base._alias is None:
        base._alias = Alias()
    base._alias.views.append(weakref.ref(result))
    return result


def _recorded(primitive: Primitive, x: Tracer, params: dict[str, Any]) -> Tracer:
    """A primitive of one operand, without the detours of `bind`: `for row in x` comes this way."""
    builder, items = x._builder, tuple(params.items())
    types = infer(primitive, items, (x.type,), params)
    return Tracer(builder, builder.record((primitive, items, (x._number,)), types), types[0])


def part_of(x: Tracer, spec: str) -> Tracer:
    """`x[spec]`, which is no view if it is a scalar."""
    return _recorded(index, x, {"spec": spec})


def index_view(base: Tracer, spec: str) -> Tracer:
    """`base[spec]` as a view."""
    result = part_of(base, spec)
    put: Put = lambda b, v: index_set(b, v, spec=spec)  # noqa: E731
    result._alias = Alias(base, (base._number, result._number), put)
    if base._alias is None:
        base._alias = Alias()
    base._alias.views.append(weakref.ref(result))
    return result


def moved_view(base: Any, primitive: Primitive, *, sure: bool = True, **params: Any) -> Any:
    """A view that has the elements of `base` in another order: reshape, permute, flip.

    The inverse of such a primitive is its transpose.
    """
    inverse = primitive.transpose
    if type(base) is not Tracer or inverse is None:
        return primitive(base, **params)
    result = _recorded(primitive, base, params)
    return make_view(base, result, lambda b, v: inverse(v, 0, b.type, **params), sure=sure)


def reshape_view(base: Any, shape: tuple[int, ...]) -> Any:
    """`base.reshape(shape)`, a view wherever NumPy makes one."""
    if base.shape == shape and not is_flat(base):
        return base
    return moved_view(base, reshape, sure=_only_splits(base.shape, shape), shape=shape)


def ravel_view(base: Any) -> Any:
    """`base.ravel()`, which copies what is not in C order, even where strides allow a view."""
    return moved_view(base, reshape, sure=False, shape=(base.size,))


def is_flat(x: Any) -> bool:
    """Whether this is `x.flat`: as an array the elements of x in one line, but parts are copies."""
    return type(x) is Tracer and x._alias is not None and x._alias.flat


def is_view(x: Tracer) -> bool:
    """Whether an assignment to `x` would change another array."""
    return x._alias is not None and x._alias.base is not None


def _only_splits(old: Sequence[int], new: Sequence[int]) -> bool:
    """Whether each axis becomes one or several, which strides of any kind allow without a copy."""
    if 0 in old:
        return True
    remaining = [d for d in new if d != 1][::-1]
    for size in old:
        part = 1
        while part < size and remaining:
            part *= remaining.pop()
        if part != size:
            return False
    return True


# ---- layout

_ONE_STRETCH = re.compile(r"(-?\d+,)*(-?\d+|-?\d*:-?\d*)")  # integers, then at most a slice
_KEEP_LAYOUT = {index_set, index_add, scatter, scatter_add}  # that of their first input


def in_c_order(x: Tracer) -> bool:
    """Whether NumPy's array for `x` is known to lie in memory in C order."""
    if is_view(x):
        return _cuts_nothing_out(x) and in_c_order(x._alias.base)
    known = x._alias.contiguous if x._alias is not None else None
    if known is not None:
        return in_c_order(known) if type(known) is Tracer else bool(known)
    pending, seen = [(x._builder, x._number)], set()
    while pending:
        builder, number = place = pending.pop()
        if place in seen or not builder.types[number].shape:
            continue
        seen.add(place)
        row = builder.producer(number)
        if row is None:
            value = builder.values.get(number)
            if type(value) is Outer:
                pending.append(value)
            elif not (isinstance(value, np.ndarray) and value.flags.c_contiguous):
                return False
            continue
        primitive, _, atoms = builder.rows[row]
        if builder.types[number].ndim == 1 and not primitive.view:
            continue
        if primitive in _KEEP_LAYOUT:
            atoms = atoms[:1]
        elif primitive.kind != "elementwise" and primitive.name not in ("broadcast", "reshape"):
            return False
        operands = [(builder, a) for a in atoms if isinstance(a, int)]
        if not operands:  # a constant: only its handles know, such as those `np.zeros` returns
            return False
        pending += operands
    return True


def _cuts_nothing_out(view: Tracer) -> bool:
    """Whether the elements of a view lie beside one another if those of its base do."""
    builder = view._builder
    row = builder.producer(view._alias.made[1])
    assert row is not None
    primitive, items, _ = builder.rows[row]
    return primitive is reshape or (
        primitive is index and _ONE_STRETCH.fullmatch(dict(items)["spec"]) is not None
    )
