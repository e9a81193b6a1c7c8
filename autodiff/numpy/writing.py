"""An assignment, followed through everything that shares its memory.

It goes up from a view to the array that owns the memory, and from there down to the other views.
Where it depends on the layout of an array in memory whether NumPy makes a view or a copy, and that
is not known, an assignment raises; so does one that would change what is not the trace's own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, cast

from autodiff.errors import AutodiffError
from autodiff.ir.source import here
from autodiff.ir.types import Literal
from autodiff.numpy.views import Alias, in_c_order, is_view
from autodiff.tracing.bind import atom
from autodiff.tracing.builder import Builder, current_builder
from autodiff.tracing.tracer import Tracer

__all__ = ["AssignmentError", "assign"]


class AssignmentError(AutodiffError, ValueError):
    """An in-place assignment that NumPy would refuse, or that could not be followed faithfully."""


def assign(x: Tracer, value: Tracer, *, whole: bool = False) -> None:
    """Give `x` a new value of its type, and with it all arrays that share its memory.

    `whole` says that every element of `x` was computed anew (`x += y`), not only some (`x[0] = y`).
    """
    chain = [x]  # x, what it is a view of, and so on to the array that owns the memory
    while (alias := chain[-1]._alias) is not None and alias.base is not None:
        chain.append(alias.base)
    owner = chain[-1]
    _check_writable(x, chain, value)
    if not whole or owner is not x:
        _check_region(owner)
    values = [value]
    for view, base in pairwise(chain):
        values.append(view._alias.put(base, values[-1]))
    _settle_layout(owner, values[-1])
    for handle, new in zip(chain, values, strict=True):
        handle._number = cast(int, atom(owner._builder, new))
    owner._alias.owner = True
    if owner._alias.views:
        _refresh(owner, chain)


def _check_region(owner: Tracer) -> None:
    """Refuse to change within an open region (`no_grad`) what was made before it."""
    builder = owner._builder
    if builder.regions and builder.regions[-1].stop == sys.maxsize:
        row = builder.producer(owner._number)
        if row is None or row < builder.regions[-1].start:
            raise AssignmentError(
                f"an assignment{here(' at ')} inside no_grad changes an array made outside, "
                "whose gradient would be lost as a whole. Write instead: the assignment outside of "
                "no_grad, with a value computed inside; or change a copy made inside"
            )


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
            f"assignment destination is read-only{here(' at ')}: what np.broadcast_to or "
            "np.diagonal returns cannot be written to. Write instead: assign into a copy "
            "(`x = x.copy()`)"
        )
    if not (owner._alias and owner._alias.owner) and builder.producer(owner._number) is None:
        raise AssignmentError(_explain_input(builder, owner._number, is_view(x)))
    if _has_unsure_view(owner) or not all(map(_is_sure, views)):
        raise AssignmentError(
            f"an assignment{here(' at ')} to an array, or to what `reshape`, `ravel` or "
            "`ascontiguousarray` made of it: whether NumPy made a view or a copy there depends on "
            "how the array lies in memory. Write instead: assign before the array is reshaped, or "
            "reshape a copy (`x.copy().reshape(...)`, `x.flatten()`, `np.array(x, order='C')`)"
        )


def _has_unsure_view(base: Tracer) -> bool:
    if base._alias is None or not base._alias.views:
        return False
    living = [view for ref in base._alias.views if (view := ref()) is not None]
    return any(not _is_sure(view) or _has_unsure_view(view) for view in living)


def _is_sure(view: Tracer) -> bool:
    return view._alias.sure or in_c_order(view._alias.base)


def _explain_side_effect(builder: Builder, current: Builder) -> str:
    return (
        f"an assignment{here(' at ')} inside {current.label} changes an array that belongs to "
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
        f"an assignment{here(' at ')} would change {array}, which {builder.label} was given"
        + (", through a view of it" if view else "")
        + f". Write instead: `{name} = {name}.copy()` before the assignment, or make a new array "
        f"(`{name} = {name} + 1`, not `{name} += 1`)"
    )
