"""NumPy's objects that are indexed to make arrays: `r_`, `c_`, `mgrid`, `ogrid`.

They know no protocol. `autodiff.numpy` has these in their place, which inside a trace give traced
arrays. While a function is traced, `np.r_` and `np.c_` are such, too; what holds no traced value
they leave to NumPy's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.numpy.arguments import axis_of, refuse
from autodiff.numpy.creation import array, gathered, linspace
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert, result_dtype
from autodiff.tracing.builder import current_builder
from autodiff.tracing.constructors import holds_tracer

__all__ = ["CONSTRUCTORS", "GRIDS"]


def _entries(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _is_traced(entries: Sequence[Any]) -> bool:
    """Whether an entry is a traced value, or a slice with one at an end."""
    ends = [e for s in entries if isinstance(s, slice) for e in (s.start, s.stop, s.step)]
    return holds_tracer([*entries, *ends])


def _line(part: slice) -> Any:
    """The numbers that a slice stands for: `start:stop:step`, or `start:stop:5j` for five."""
    start, step = 0 if part.start is None else part.start, part.step
    if isinstance(step, complex):
        return linspace(start, part.stop, int(abs(step)))
    return np.arange(start, part.stop, 1 if step is None else step)


class Joiner:
    """`np.r_` and `np.c_`: arrays, numbers and slices in square brackets, joined.

    A first entry `"axis,ndmin,place"` says along which axis, how many axes each must have, and
    where the axes that it has come among those.
    """

    def __init__(self, name: str, default: str, *, always: bool) -> None:
        self.own = getattr(np, name)
        self.name = name
        self.default = default
        self.always = always  # whether to give a traced array even if no entry is traced

    def __len__(self) -> int:
        return 0

    def __getitem__(self, key: Any) -> Any:
        entries = _entries(key)
        if not _is_traced(entries):
            return _made(self.own[key]) if self.always else self.own[key]
        given = entries[0] if isinstance(entries[0], str) else ""
        if given in ("r", "c"):
            raise refuse(f"{self.name}[...]", f"{given!r}", "a traced array is no matrix")
        entries = entries[1:] if given else entries
        numbers = [int(n) for n in given.split(",") if n]
        defaults = [int(n) for n in self.default.split(",")]
        axis, ndmin, place = [*numbers, *defaults[len(numbers) :]]
        parts = [_line(e) if isinstance(e, slice) else e for e in entries]
        parts = [array(p) if isinstance(p, list | tuple) else p for p in parts]
        dtype = result_dtype(*parts)
        rows = [convert(_placed(p, ndmin, place), dtype) for p in parts]
        return joined(rows, axis_of(axis, rows[0].ndim))


def _made(result: Any) -> Any:
    """What NumPy made, traced inside a trace."""
    if current_builder() is None:
        return result
    return tuple(map(_made, result)) if isinstance(result, tuple) else gathered(result, None)


def _placed(part: Any, ndmin: int, place: int) -> Any:
    """An array of at least `ndmin` axes, the own ones of which begin at `place`."""
    x = array(part, ndmin=ndmin)
    own = np.ndim(part)
    new = ndmin - own
    if new <= 0 or not own:
        return x
    first = place + new + 1 if place < 0 else place
    return np.moveaxis(x, range(new, ndmin), range(first, first + own))


class Grid:
    """`np.mgrid` and `np.ogrid`: the coordinates of a grid, each as wide as the grid or not."""

    def __init__(self, own: Any, sparse: bool) -> None:
        self.own = own
        self.sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        entries = _entries(key)
        if not _is_traced(entries):
            return _made(self.own[key])
        lines = [_line(e) for e in entries]
        if not isinstance(key, tuple):
            return lines[0]
        dtype = result_dtype(*lines)
        axes = np.meshgrid(*[convert(x, dtype) for x in lines], indexing="ij", sparse=self.sparse)
        return tuple(axes) if self.sparse else np.stack(axes)


GRIDS = {
    "c_": Joiner("c_", "-1,2,0", always=True),
    "mgrid": Grid(np.mgrid, sparse=False),
    "ogrid": Grid(np.ogrid, sparse=True),
    "r_": Joiner("r_", "0,1,-1", always=True),
}
# What the module `numpy` offers while a function is traced.
CONSTRUCTORS = {
    "c_": Joiner("c_", "-1,2,0", always=False),
    "r_": Joiner("r_", "0,1,-1", always=False),
}
