"""Record what CuPy has: `python -m tests.device.record_api` writes `cupy_api.json`.

The stand-in (`fakecupy`) offers what is written there and nothing else. It runs where CuPy can be
imported, which takes no GPU; do it again for each release of CuPy that is to be supported.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

API_FILE = Path(__file__).with_name("cupy_api.json")


def record(cupy: ModuleType) -> dict[str, Any]:
    """Names of functions with those of their parameters, and of ufuncs with their dtype loops."""
    api: dict[str, Any] = {
        "version": cupy.__version__,
        "ufuncs": {},
        "functions": {},
        "shared": [],  # what CuPy takes over from NumPy as it is: dtypes, constants, finfo
        "methods": {},
        "attributes": [],
    }
    for name, x in _public(cupy):
        if isinstance(x, cupy.ufunc):
            api["ufuncs"][name] = " ".join(x.types)
        elif x is getattr(np, name, None):
            api["shared"].append(name)
        elif callable(x) and not isinstance(x, type):
            api["functions"][name] = _parameters(x)
    for name, x in _public(cupy.ndarray):
        if callable(x):
            api["methods"][name] = [p for p in _parameters(x) if p != "self"]
        else:
            api["attributes"].append(name)
    return api


def _public(owner: Any) -> list[tuple[str, Any]]:
    names = [name for name in dir(owner) if not name.startswith("_")]
    return [(name, x) for name in names if not inspect.ismodule(x := getattr(owner, name))]


def _parameters(function: Any) -> list[str]:
    """The names of the parameters, `*` before one that takes all the rest."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # a compiled method, which tells its signature in its docstring only
        first = (function.__doc__ or "").partition("\n")[0]
        inside = re.search(r"\((.*)\)", first)
        entries = inside[1].split(", ") if inside and inside[1] else []
        return [entry.partition("=")[0].split()[-1] for entry in entries]
    return ["*" * (p.kind is p.VAR_POSITIONAL) + p.name for p in parameters]


if __name__ == "__main__":
    import cupy

    text = json.dumps(record(cupy), indent=0, sort_keys=True)
    API_FILE.write_text(re.sub(r'\[\n"|",\n"|"\n\]', lambda m: m[0].replace("\n", ""), text) + "\n")
    sys.stdout.write(f"{API_FILE.name}: CuPy {cupy.__version__}\n")
