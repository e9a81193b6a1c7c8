"""SciPy's functions on traced arrays; needs the extra `scipy`.

The ufuncs of `scipy.special` work as they are: `scipy.special.erf(x)` of a traced `x` is traced.
SciPy's other functions take no part in NumPy's protocols, so their traced forms are here, under the
same names: `from autodiff.scipy import linalg, stats`. Each part is imported when first used.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any

_PARTS = ("interpolate", "linalg", "ndimage", "signal", "special", "stats")


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return _import_module(f"autodiff.scipy.{name}")
    raise AttributeError(f"module 'autodiff.scipy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(_PARTS)
