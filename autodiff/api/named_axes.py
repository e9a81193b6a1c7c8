"""Which named axes are open: what `vmap(axis_name=...)` says to the collectives within."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from autodiff.errors import UnboundAxisError
from autodiff.ir.source import here
from autodiff.tracing.builder import Outer, current_builder
from autodiff.tracing.tracer import Tracer

__all__ = ["Axis", "find_axis", "opened_axis"]


class Axis(NamedTuple):
    """A mapped axis while the function that is mapped over it is traced."""

    name: str
    size: int
    row: Tracer  # the number of the row
    whole: bool  # whether all rows are there; only some are, in each chunk


_open: ContextVar[tuple[Axis, ...]] = ContextVar("autodiff_axes", default=())


@contextmanager
def opened_axis(axis: Axis) -> Iterator[None]:
    """Let collectives find the axis until the end of the block; it hides others of its name."""
    token = _open.set((*[a for a in _open.get() if a.name != axis.name], axis))
    try:
        yield
    finally:
        _open.reset(token)


def find_axis(name: str, what: str) -> Axis:
    """The open axis of this name, for the function that is called `what`."""
    for axis in _open.get():
        if axis.name == name:
            _note_use(axis)
            return axis
    shown = ", ".join(f"{a.name!r} (size {a.size})" for a in _open.get()) or "none"
    raise UnboundAxisError(
        f"{what}: there is no mapped axis {name!r} here; open are: {shown}.{here()}\n"
        f"Write instead: `vmap(f, axis_name={name!r})` around the function that calls {what}, or "
        "one of the names that are open"
    )


def _note_use(axis: Axis) -> None:
    """Let every trace within the axis refer to it.

    Also one that only asks for its size, a constant, is of no use once the axis is closed, and must
    not be remembered (by `jit`) for an axis of another size.
    """
    builder, row = current_builder(), axis.row
    while builder is not None and builder is not row._builder:
        builder.capture(Outer(row._builder, row._number), row.type)
        builder = builder.parent
