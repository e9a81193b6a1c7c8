"""The primitive table: every row of every family, and what the laws ask of it.

The families are the modules `specs_*.py` beside this one. A row stands for one call of a primitive;
the laws in `test_laws.py` are multiplied by the rows.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import autodiff.primitives
from autodiff.primitives.record import Primitive
from tests.primitives.spec import Spec

__all__ = ["SPECS", "primitives"]


def _collect() -> list[Spec]:
    families = sorted(path.stem for path in Path(__file__).parent.glob("specs_*.py"))
    modules = [importlib.import_module(f"tests.primitives.{family}") for family in families]
    return [spec for module in modules for spec in module.SPECS]


SPECS: list[Spec] = _collect()


def primitives() -> set[Primitive]:
    """Every primitive that `autodiff.primitives` defines, but those that hold programs."""
    names = [m.name for m in pkgutil.iter_modules(autodiff.primitives.__path__)]
    modules = [importlib.import_module(f"autodiff.primitives.{name}") for name in names]
    found = {x for m in modules for x in vars(m).values() if isinstance(x, Primitive)}
    return {p for p in found if p.kind != "holder"}
