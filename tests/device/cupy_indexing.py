"""How CuPy indexes, on NumPy arrays: silently different from NumPy where an index is odd.

Elements are 0-d views, indices out of bounds wrap around, and which of several writes to one place
stays is left open; here it is the first, since NumPy's is the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["asks_for_values", "assign", "normal"]

Index = tuple[Any, ...]


def normal(index: Any, shape: tuple[int, ...]) -> Index:
    """The index as a tuple that has an ellipsis and no integer arrays that are out of bounds."""
    entries = list(index) if isinstance(index, tuple) else [index]
    entries = [np.asarray(e) if isinstance(e, list) else e for e in entries]
    if not any(e is ... for e in entries):
        entries.append(...)  # makes a view of what would be a scalar
    lengths = [_length(e) for e in entries]
    wrapped, axis = [], 0
    for entry, length in zip(entries, lengths, strict=True):
        if isinstance(entry, np.ndarray) and entry.dtype.kind in "iu" and shape[axis]:
            entry = entry % shape[axis]
        wrapped.append(entry)
        axis += len(shape) - sum(lengths) if entry is ... else length
    return tuple(wrapped)


def _length(entry: Any) -> int:
    """How many axes an entry takes up."""
    if entry is None or entry is ...:
        return 0
    return entry.ndim if isinstance(entry, np.ndarray) and entry.dtype == bool else 1


def asks_for_values(index: Index) -> bool:
    """Whether the shape of the result depends on values."""
    return any(isinstance(e, np.ndarray) and e.dtype == bool for e in index)


def assign(host: np.ndarray, index: Index, value: Any) -> None:
    """`host[index] = value`."""
    if not any(isinstance(e, np.ndarray) for e in index):
        host[index] = value
        return
    numbers = np.arange(host.size).reshape(host.shape)[index]
    places, first = np.unique(numbers, return_index=True)
    host.flat[places] = np.broadcast_to(value, numbers.shape).ravel()[first]
