"""Arrays that a trace refers to are read-only until it ends,
so that no change to them goes unseen.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any

import numpy as np

__all__ = ["give_back", "lock"]

Array = np.ndarray[Any, Any]


def lock(array: Array, locked: list[Array]) -> None:
    """Make an array, and what it is a view of, read-only; what was writeable is added to `locked`.

    A change through another view, that somebody had before, is not prevented.
    """
    if array.flags.writeable:
        # By position: five times as fast as by keyword, or through `flags`.
        array.setflags(False)  # type: ignore[call-arg]  # NumPy's stubs know only keywords
        locked.append(array)
    if isinstance(array.base, np.ndarray):
        lock(array.base, locked)


_owed: deque[Array] = deque()  # views of what another trace still holds
_settling = Lock()


def give_back(locked: list[Array]) -> None:
    """Make arrays writeable again: a view can only be so after what it is a view of."""
    try:
        for array in reversed(locked):
            array.setflags(True)  # type: ignore[call-arg]
        if _owed:
            _give_back_what_can_be([])
    except ValueError:
        _give_back_what_can_be(locked)


def _give_back_what_can_be(locked: list[Array]) -> None:
    with _settling:
        waiting = deque([*reversed(locked), *_owed])
        _owed.clear()
        for _ in range(2):
            for _ in range(len(waiting)):
                array = waiting.popleft()
                try:
                    array.setflags(True)  # type: ignore[call-arg]
                except ValueError:
                    waiting.append(array)
        _owed.extend(waiting)
