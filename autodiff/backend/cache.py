"""A bounded memory for what was derived, keyed by the structure of a recording."""

from __future__ import annotations

from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Cache", "CacheInfo", "Key"]

V = TypeVar("V")


class CacheInfo(NamedTuple):
    """How often a cache had what was asked for."""

    hits: int
    misses: int
    entries: int


class Key:
    """A large key whose hash is computed once."""

    __slots__ = ("hash", "parts")

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts
        self.hash = hash(parts)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.hash == other.hash and self.parts == other.parts


class _Entry(Generic[V]):
    __slots__ = ("used", "value", "weight")

    def __init__(self, value: V, weight: int) -> None:
        self.value, self.weight, self.used = value, weight, False


class Cache(Generic[V]):
    """Keeps entries up to a total weight, and drops the oldest that nobody asked for lately."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: dict[Any, _Entry[V]] = {}
        self.weight = self.hits = self.misses = 0
        self.lock = Lock()

    def get(self, key: Any) -> V | None:
        """What is kept under `key`, if anything."""
        entry = self.entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        entry.used = True
        return entry.value

    def put(self, key: Any, value: V, weight: int = 1) -> V:
        """Keep `value`; if another thread was faster, what that thread put."""
        with self.lock:
            entry = self.entries.get(key)
            if entry is not None:
                return entry.value
            self.entries[key] = _Entry(value, weight)
            self.weight += weight
            while self.weight > self.capacity and len(self.entries) > 1:
                self._evict()
        return value

    def _evict(self) -> None:
        """Drop the oldest entry; one that was used since its last turn gets another round."""
        oldest = next(iter(self.entries))
        entry = self.entries.pop(oldest)
        if entry.used:
            entry.used = False
            self.entries[oldest] = entry
        else:
            self.weight -= entry.weight

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.entries.clear()
            self.weight = 0

    def info(self) -> CacheInfo:
        """Hits, misses and entries."""
        return CacheInfo(self.hits, self.misses, len(self.entries))
