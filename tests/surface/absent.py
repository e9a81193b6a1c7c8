"""The functions of NumPy that have no row in the surface table, and why; the ufuncs of SciPy."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import scipy.special

__all__ = ["ABSENT", "public_functions", "special_ufuncs"]

_SETTINGS = "sets or tells how NumPy behaves or prints; nothing to trace"
_DTYPES = "asks about dtypes or shapes only; works as it is"
_FILES = (
    "reads or writes files or text: a traced value has no bytes; `ad.value_of(x)` where looking"
)
_BYTES = "reads bytes that are no numbers yet; call it before tracing and pass the array"
_DATES = "dates are no numbers; convert them to numbers first"
_MEMORY = "asks how arrays lie in memory, which a program does not determine"
_OBJECTS = "makes object arrays, which cannot be traced; `ad.vmap(f)` instead"
_PLAIN = "makes a plain array of constants; that of `autodiff.numpy` is traced within a trace"
_OLD = "an old name of `numpy.vstack`"
_TEXT = "shows a value as text; works where the value is known"

_GROUPS: dict[str, str] = {
    _SETTINGS: """
        get_include getbufsize geterr geterrcall get_printoptions info printoptions
        set_printoptions setbufsize seterr seterrcall show_config show_runtime test""",
    _DTYPES: """
        broadcast_shapes can_cast common_type isdtype isfortran isscalar issubdtype iterable
        iscomplexobj isrealobj min_scalar_type mintypecode ndim promote_types result_type shape size
        typename einsum_path""",
    _FILES: "fromfile fromregex genfromtxt load loadtxt save savetxt savez savez_compressed",
    _BYTES: "frombuffer fromstring from_dlpack",
    _DATES: """
        busday_count busday_offset datetime_as_string datetime_data is_busday isnat""",
    _MEMORY: "may_share_memory shares_memory nested_iters",
    _OBJECTS: "frompyfunc asmatrix bmat",
    _PLAIN: """
        arange bartlett blackman diag_indices empty eye hamming hanning identity indices
        mask_indices ones tri tril_indices triu_indices zeros""",
    _OLD: "row_stack",
    _TEXT: """
        array2string array_repr array_str base_repr binary_repr format_float_positional
        format_float_scientific""",
}

ABSENT = {f"numpy.{name}": why for why, names in _GROUPS.items() for name in names.split()} | {
    "numpy.linalg.test": _SETTINGS,
    "numpy.fft.test": _SETTINGS,
    "numpy.fft.fftfreq": _PLAIN,
    "numpy.fft.rfftfreq": _PLAIN,
}


def _public(module: ModuleType, prefix: str) -> dict[str, Any]:
    found = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    return {
        f"{prefix}{name}": f
        for name, f in found.items()
        if callable(f) and not isinstance(f, type) and f.__class__.__name__ != "module"
    }


def public_functions() -> dict[str, Any]:
    """Every function and ufunc of `numpy`, `numpy.linalg` and `numpy.fft`, by its full name."""
    return {
        **_public(np, "numpy."),
        **_public(np.linalg, "numpy.linalg."),
        **_public(np.fft, "numpy.fft."),
    }


def special_ufuncs() -> dict[str, Any]:
    """Every ufunc of `scipy.special`, by its full name."""
    found = _public(scipy.special, "scipy.special.")
    return {name: f for name, f in found.items() if isinstance(f, np.ufunc)}
