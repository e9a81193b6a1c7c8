"""The surface table: the rows of every family, the modules `rows_*.py` beside this one."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.surface.row import Row

__all__ = ["ROWS"]


def _collect() -> list[Row]:
    families = sorted(path.stem for path in Path(__file__).parent.glob("rows_*.py"))
    modules = [importlib.import_module(f"tests.surface.{family}") for family in families]
    return [row for module in modules for row in module.ROWS]


ROWS: list[Row] = _collect()
