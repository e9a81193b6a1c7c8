"""Which of SciPy's functions the user called, and what its traced form is: for error messages.

SciPy's Python functions turn their arguments into arrays by constructors of their own, or hand them
to compiled code. What then fails lies deep within SciPy, and says little to its caller.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Any

import numpy as np

__all__ = ["advice", "called_now", "called_of_scipy"]


def called_now() -> str:
    """What `advice` says of the function of SciPy that is running now, if one is."""
    return advice(called_of_scipy(_callers(sys._getframe(1))))


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def called_of_scipy(frames: Iterable[FrameType]) -> str:
    """The name, such as `linalg.expm`, of the function of SciPy's that the user called, or "".

    Args:
        frames: From the library's own, or SciPy's innermost, outwards. Those beyond the user's
            innermost are not looked at: SciPy may well have called the user.
    """
    called, within = "", False
    for frame in frames:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package == "scipy":
            called, within = _public_name(frame) or called, True
        elif package != "numpy" and (within or package != "autodiff"):
            break
    return called


def _public_name(frame: FrameType) -> str:
    """The public name of the function, class or distribution that this frame of SciPy runs."""
    part = frame.f_globals["__name__"].split(".")[1:2]
    public = sys.modules.get(".".join(["scipy", *part]))
    code, name = frame.f_code, frame.f_code.co_name
    if not part or public is None:
        return ""
    if code.co_varnames[:1] == ("self",):
        name = _public_object(public, frame.f_locals.get("self"), name)
    elif not callable(getattr(public, name, None)):
        name = ""
    return name and f"{part[0]}.{name}"


def _public_object(public: ModuleType, this: Any, method: str) -> str:
    """The name of a class, or of a method of an object, such as the distribution `norm.logpdf`."""
    cls = type(this)
    if getattr(public, cls.__name__, None) is cls:
        return cls.__name__
    for name, value in vars(public).items():
        if type(value) is cls:
            return name if method.startswith("_") else f"{name}.{method}"
    return ""


def advice(called: str) -> str:
    """What to write for a function of SciPy's: its traced form, if there is one, or ""."""
    part, _, name = called.partition(".")
    if part == "fft":
        return f"`numpy.fft.{name}` for `scipy.{called}`" if hasattr(np.fft, name) else ""
    if not called or find_spec(f"autodiff.scipy.{part}") is None:
        return ""
    module, (first, *rest) = import_module(f"autodiff.scipy.{part}"), name.split(".")
    traced, own = getattr(module, first, None), getattr(sys.modules[f"scipy.{part}"], first)
    plain = traced is own or getattr(traced, "__wrapped__", None) is own  # SciPy's, perhaps guarded
    if traced is None or plain or any(not hasattr(traced, method) for method in rest):
        return ""
    return f"`autodiff.scipy.{called}` for `scipy.{called}`"
