"""Parts of the library that are imported when something first asks for them.

Linear algebra, Fourier transforms, SciPy's functions and the rarer ones of NumPy are a third of the
library, and most programs use none of them. A part is asked for by a function that is called on a
tracer, or by the name of a primitive in a program that is read from text or unpickled. Importing it
fills the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["find_or_load", "load_all"]

# The module whose functions a part knows -> the part. Parts for SciPy are loaded only where SciPy
# is: who never imported `scipy.special` cannot call its functions.
PARTS = {
    "numpy": "autodiff.numpy.further",
    "numpy.lib.scimath": "autodiff.numpy.further",
    "numpy.polynomial.polynomial": "autodiff.numpy.further",
    "numpy.linalg": "autodiff.numpy.linalg",
    "numpy.fft": "autodiff.numpy.fft",
    "scipy.special": "autodiff.scipy.special",
    "scipy.linalg": "autodiff.scipy.linalg",
    "scipy.interpolate": "autodiff.scipy.interpolate",
    "scipy.ndimage": "autodiff.scipy.ndimage",
    "scipy.signal": "autodiff.scipy.signal",
}


def find_or_load(table: dict[Any, Callable[..., Any]], function: Any) -> Callable[..., Any] | None:
    """The entry of a function in a tracer's table, after importing what may know it."""
    found = table.get(function)
    if found is not None:
        return found
    owner = getattr(function, "__module__", "scipy.special")  # ufuncs do not say whose they are
    part = PARTS.get(owner)
    if part is None or owner not in sys.modules:
        return None
    import_module(part)  # which waits for a thread that is just doing so
    return table.get(function)


def load_all() -> None:
    """Import every part that can be, and whatever the package offers."""
    package = import_module("autodiff")
    for name in package.__all__:
        getattr(package, name)
    for part in PARTS.values():
        try:
            import_module(part)
        except ModuleNotFoundError as error:  # SciPy is not installed: nothing here is made of it
            if error.name is None or not error.name.startswith("scipy"):
                raise
