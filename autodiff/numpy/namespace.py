"""What `autodiff.numpy` has in place of NumPy's own names.

A function that makes an array from none is NumPy's own outside of a trace, and gives a traced array
inside one, to which traced values may be assigned.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autodiff.numpy.creation import CREATORS, gathered
from autodiff.numpy.grids import GRIDS
from autodiff.numpy.standard import FUNCTIONS
from autodiff.numpy.undispatched import CONSTRUCTORS
from autodiff.tracing.builder import current_builder
from autodiff.tracing.constructors import holds_tracer

__all__ = ["NAMES"]


def _inside_traces(name: str, traced: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function of this name, and inside a trace the one that gives a traced array."""
    own = getattr(np, name)

    @wraps(own)
    def create(*args: Any, **kwargs: Any) -> Any:
        if current_builder() is None and not holds_tracer([*args, *kwargs.values()]):
            return own(*args, **kwargs)
        kwargs.pop("like", None)  # it says whose array it is to be: that is decided
        return traced(*args, **kwargs)

    create.__module__ = "autodiff.numpy"
    return create


def _gathering(name: str) -> Callable[..., Any]:
    """The traced form of a function, which gives a plain array where nothing is traced."""
    return lambda *args, **kwargs: gathered(CONSTRUCTORS[name](*args, **kwargs), None)


_CREATORS = CREATORS | {name: _gathering(name) for name in ("fromiter", "kaiser")}

NAMES: dict[str, Any] = {
    **{name: _inside_traces(name, traced) for name, traced in _CREATORS.items()},
    **GRIDS,
    **FUNCTIONS,
}
