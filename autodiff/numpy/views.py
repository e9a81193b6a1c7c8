"""Arrays that share memory, followed by handles.

A tracer is a handle on a variable, and variables never change; assignment moves the handle to a
new one. In NumPy the arrays that share its memory change too. So a handle remembers what it is a
view of, and which views of it are alive: an assignment to any of them goes up to the array that
owns the memory, and from there down to the other views. Where it depends on the layout of an array
in memory whether NumPy makes a view or a copy, and that is not known, an assignment raises.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.ir.source import current_trail, resolve
from autodiff.ir.types import Literal
from autodiff.primitives.gathering import scatter, scatter_add
from autodiff.primitives.indexing import index, index_add, index_set
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import reshape
from autodiff.tracing.bind import atom, infer
from autodiff.tracing.builder import Builder, Outer, current_builder
from autodiff.tracing.tracer import Tracer

__all__ = [
    "AssignmentError", "assign", "fresh", "in_c_order", "index_view", "is_view", "make_view",
    "moved_view", "part_of", "ravel_view", "reshape_view",
]  # fmt: skip

Put = Callable[[Any, Any], Any]  # base, new value of the view -> new value of the base


class AssignmentError(AutodiffError, ValueError):
    """An in-place assignment that NumPy would refuse, or that could not be followed faithfully."""


class Alias:
    """What a handle shares memory with."""

    __slots__ = ("base", "contiguous", "made", "owner", "put", "sure", "views")

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
        self.sure = sure  # whether NumPy makes a view here whatever the layout of the base
        self.views: list[weakref.ref[Tracer]] = []  # in the order in which they were made
        self.owner = False  # whether it has memory of its own, even if its variable is an input
        self.contiguous: bool | None = None  # whether in C order; None: see its equation


# ---- making views and copies


def fresh(x: Any, *, c_order: bool | None = None) -> Any:
    """A copy: another handle on the same variable, with memory of its own.

    It lies in memory as `x` does (`order="K"`) unless it is said whether that is in C order.
    """
    if x.__class__ is not Tracer:
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
    if result.__class__ is not Tracer or result is base:
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
    if base.__class__ is not Tracer or inverse is None:
        return primitive(base, **params)
    result = _recorded(primitive, base, params)
    return make_view(base, result, lambda b, v: inverse(v, 0, b.type, **params), sure=sure)


def reshape_view(base: Any, shape: tuple[int, ...]) -> Any:
    """`base.reshape(shape)`, a view wherever NumPy makes one."""
    if base.shape == shape:
        return base
    sure = base.__class__ is not Tracer or _only_splits(base.shape, shape) or in_c_order(base)
    return moved_view(base, reshape, sure=sure, shape=shape)


def ravel_view(base: Any) -> Any:
    """`base.ravel()`, which is a copy unless `base` lies in C order, even if no copy were needed."""
    if base.__class__ is not Tracer:
        return np.ravel(base)
    sure = in_c_order(base)
    if sure and base.ndim == 1:
        return base
    return moved_view(base, reshape, sure=sure, shape=(base.type.size,))


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

_KEEP_LAYOUT = {
    index_set,
    index_add,
    scatter,
    scatter_add,
}  # the result takes the first input's place


def in_c_order(x: Tracer) -> bool:
    """Whether NumPy's array for `x` is known to lie in memory in C order."""
    if x._alias is not None and (x._alias.contiguous is not None or is_view(x)):
        return bool(x._alias.contiguous)
    pending, seen = [(x._builder, x._number)], set()
    while pending:
        builder, number = place = pending.pop()
        if place in seen or not builder.types[number].shape:
            continue
        seen.add(place)
        row = builder.producer(number)
        if row is None:
            value = builder.values.get(number)
            if value.__class__ is Outer:
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


# ---- assignment


def assign(x: Tracer, value: Tracer) -> None:
    """Give `x` a new value of its type, and with it all arrays that share its memory."""
    chain = [x]  # x, what it is a view of, and so on to the array that owns the memory
    while (alias := chain[-1]._alias) is not None and alias.base is not None:
        chain.append(alias.base)
    owner = chain[-1]
    _check_writable(x, chain, value)
    values = [value]
    for view, base in pairwise(chain):
        values.append(view._alias.put(base, values[-1]))
    _settle_layout(owner, values[-1])
    for handle, new in zip(chain, values, strict=True):
        handle._number = cast(int, atom(owner._builder, new))
    owner._alias.owner = True
    if owner._alias.views:
        _refresh(owner, chain)


def _settle_layout(owner: Tracer, value: Tracer) -> None:
    """Note how `owner` lies in memory, unless that can still be seen from its next variable."""
    if owner._alias is None:
        owner._alias = Alias()
    if owner._alias.contiguous is None:
        builder = owner._builder
        row = builder.producer(value._number) if value._builder is builder else None
        if row is None or owner._number not in builder.rows[row][2]:
            owner._alias.contiguous = in_c_order(owner)


def _refresh(base: Tracer, done: Sequence[Tracer]) -> None:
    """Let the living views of `base` follow it, but for those that have the new value already."""
    base._alias.views = [ref for ref in base._alias.views if ref() is not None]
    for ref in base._alias.views:
        view = ref()
        if view is None or view._builder is not base._builder:  # that of an inner, closed trace
            continue
        if not any(view is handle for handle in done):
            view._number = _remade(view, base)._number
        _refresh(view, done)


def _remade(view: Tracer, base: Tracer) -> Any:
    """What the view's equation makes of the new variable of its base."""
    builder, (source, number) = view._builder, view._alias.made
    row = builder.producer(number)
    assert row is not None
    primitive, items, atoms = builder.rows[row]
    assert atoms[0] == source, f"{primitive} was not applied to the base of the view"
    others = [
        a if isinstance(a, Literal) else Tracer(builder, a, builder.types[a]) for a in atoms[1:]
    ]
    return primitive(base, *others, **dict(items))


def _check_writable(x: Tracer, chain: Sequence[Tracer], value: Tracer) -> None:
    *views, owner = chain
    builder = owner._builder
    if builder.closed:
        builder.refuse()
    current = current_builder()
    if current is not None and (current is not builder or value._builder.level > builder.level):
        raise AssignmentError(_explain_side_effect(builder, current))
    if views and any(view._alias.put is None for view in views):
        raise AssignmentError(
            f"assignment destination is read-only{_here()}: what np.broadcast_to or np.diagonal "
            "returns cannot be written to. Write instead: assign into a copy (`x = x.copy()`)"
        )
    if not (owner._alias and owner._alias.owner) and builder.producer(owner._number) is None:
        raise AssignmentError(_explain_input(builder, owner._number, is_view(x)))
    if _has_unsure_view(owner) or not all(view._alias.sure for view in views):
        raise AssignmentError(
            f"an assignment{_here()} to an array, or to what `reshape` or `ravel` made of it: "
            "whether NumPy made a view or a copy there depends on how the array lies in memory. "
            "Write instead: assign before the array is reshaped, or reshape a copy "
            "(`x.copy().reshape(...)`, `x.flatten()`)"
        )


def _has_unsure_view(base: Tracer) -> bool:
    if base._alias is None or not base._alias.views:
        return False
    living = [view for ref in base._alias.views if (view := ref()) is not None]
    return any(not view._alias.sure or _has_unsure_view(view) for view in living)


def _here() -> str:
    trail = current_trail(2)
    return f" at {resolve(*trail)}" if trail else ""


def _explain_side_effect(builder: Builder, current: Builder) -> str:
    return (
        f"an assignment{_here()} inside {current.label} changes an array that belongs to "
        f"{builder.label}, outside it. Such a side effect would happen once, while tracing, and "
        "not each time the function runs. Write instead: return the new value and assign it "
        "outside, or copy the array inside first (`x = x.copy()`)"
    )


def _explain_input(builder: Builder, number: int, view: bool) -> str:
    names, position = builder.namer(), builder.inputs.index(number)
    known = position < len(names) and names[position]
    name = names[position] if known else "x"
    array = f"`{name}`" if known else "an array from outside"
    return (
        f"an assignment{_here()} would change {array}, which {builder.label} was given"
        + (", through a view of it" if view else "")
        + f". Write instead: `{name} = {name}.copy()` before the assignment, or make a new array "
        f"(`{name} = {name} + 1`, not `{name} += 1`)"
    )
