"""Amounts of memory as people write them: `"200MB"`, `"1.5 GiB"`, or a number of bytes."""

from __future__ import annotations

import math
import re
from typing import Any, SupportsFloat

__all__ = ["enough", "parse_size", "size_text"]

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {f"{prefix}IB": 1 << 10 * i for i, prefix in enumerate("KMGT", 1)}
_SHOWN = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_SIZE = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*([a-zA-Z]*)\s*")


def parse_size(size: Any) -> int:
    """The number of bytes that a size means; raises ValueError or TypeError if it means none."""
    if isinstance(size, str):
        match = _SIZE.fullmatch(size)
        if match is None or match[2].upper() not in _UNITS:
            raise ValueError(f"{size!r} is not a number with a unit, such as '200MB' or '1.5GiB'")
        size = float(match[1]) * _UNITS[match[2].upper()]
    if isinstance(size, bool) or not isinstance(size, SupportsFloat):
        raise TypeError(f"{size!r} is neither a number of bytes nor a text such as '200MB'")
    if not 0 < (number := float(size)) < math.inf:
        raise ValueError(f"{size!r} bytes: a size must be a positive number")
    return int(number)


def size_text(size: int) -> str:
    """A number of bytes in three figures: `12.3 MB`."""
    for unit, scale in _SHOWN:
        if size >= scale:
            return f"{_figures(size / scale)} {unit}"
    return f"{size} B"


def enough(size: int) -> str:
    """A size in three figures that is no less than this number of bytes: `12.4MB`."""
    for unit, scale in _SHOWN:
        if size >= scale:
            step = scale * 10 ** (len(str(size // scale)) - 3)
            return f"{_figures(math.ceil(size / step) * step / scale)}{unit}"
    return f"{size}B"


def _figures(x: float) -> str:
    return f"{x:.{max(0, 3 - len(str(int(x))))}f}"
