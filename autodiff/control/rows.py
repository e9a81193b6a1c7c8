"""Mapped loops and branches in which the rows differ: some are done, or go another way.

A row never runs code that it would not run alone, since that might fail there, or never end.
Arrays have no holes, so such a row runs on the operands of a row that does run the code, and its
results are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import broadcast, spread
from autodiff.primitives.arithmetic import select
from autodiff.primitives.masked import Masked
from autodiff.primitives.record import Primitive

__all__ = ["along", "borrowed", "chosen_by", "lend"]


def along(mask: Any, x: Any) -> Any:
    """A mask of rows in the shape of `x`."""
    axes = tuple(range(len(mask.shape), len(x.shape)))
    return broadcast(mask, shape=x.shape, axes=axes) if axes else mask


def chosen_by(mask: Any, x: Any, y: Any) -> Any:
    """The rows of `x` where the mask is true, and of `y` where it is not."""
    return select(along(mask, x), x, y)


def borrowed(active: Any, xs: Sequence[Any], mapped: Sequence[bool]) -> list[Any]:
    """Mapped operands in which each row that is not active has those of the first that is."""
    return [lend(active, x) if m else x for x, m in zip(xs, mapped, strict=True)]


# ---- lend: what comes of a row that borrows does not count, and so its cotangent does not either


def _lend_types(active: ArrayType, x: ArrayType) -> tuple[ArrayType]:
    if active.dtype.kind != "b" or x.shape[: active.ndim] != active.shape:
        raise TypeError(f"lend takes truth values for the rows of {x}, not {active}")
    return (x,)


def _lend_run(xp: Any, active: Any, x: Any) -> Any:
    if not x.size or bool(xp.all(active)):
        return x
    lead = active.ndim
    mask = xp.reshape(active, active.shape + (1,) * (x.ndim - lead))
    first = xp.expand_dims(xp.argmax(mask, axis=lead - 1), lead - 1)
    return xp.where(mask, x, xp.take_along_axis(x, first, axis=lead - 1))


def _lend_batch(size: int, xs: Any, mapped: Any) -> Any:
    return lend(*[x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)])


lend: Primitive = Primitive(
    "lend",
    types=_lend_types,
    run=_lend_run,
    jvp=lambda xs, dxs: (lend(*xs), lend(xs[0], dxs[1])),
    transpose=lambda ct, i, active, x: Masked(ct, along(active, ct)),
    batch=_lend_batch,
    mask="same",
    kind="linear",
    view=True,
)
