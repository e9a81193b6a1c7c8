"""Writes `docs/coverage.md` and `docs/edges.md` from the tables that the tests check.

`python -m tests.surface.pages` writes them; a test says when that is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import fill
from typing import Any

from autodiff.primitives.record import Primitive
from tests.device.missing import missing_for, runs
from tests.primitives.table import SPECS
from tests.surface import edges_special
from tests.surface.absent import ABSENT, public_functions, special_ufuncs
from tests.surface.edges import EDGES
from tests.surface.row import LAWS, Row
from tests.surface.table import ROWS

__all__ = ["PAGES", "coverage", "edges", "uncovered", "untraced_special"]

DOCS = Path(__file__).parents[2] / "docs"
YES, NONE, NO = "✓", "·", "–"


# ---- functions


def aliases() -> dict[str, str]:
    """Names of one function: what covers the first covers the others."""
    first: dict[int, str] = {}
    for name, function in public_functions().items():
        if any(row.function == name for row in ROWS):
            first.setdefault(id(function), name)
    return {
        name: first[id(function)]
        for name, function in public_functions().items()
        if id(function) in first
    }


def uncovered() -> list[str]:
    """The functions of NumPy that have neither a row nor a reason."""
    known = {row.function for row in ROWS} | set(ABSENT) | set(aliases())
    return sorted(set(public_functions()) - known)


def untraced_special() -> list[str]:
    """The ufuncs of `scipy.special` that have no row, under any of their names."""
    rows = {row.function for row in ROWS}
    traced = {f for name, f in special_ufuncs().items() if name in rows}
    return sorted(name for name, f in special_ufuncs().items() if f not in traced)


def by_function() -> dict[str, list[Row]]:
    rows = sorted(ROWS, key=lambda row: row.function)
    return {name: list(group) for name, group in groupby(rows, lambda row: row.function)}


def mark(rows: list[Row], law: str, notes: list[str]) -> str:
    """Whether a law holds for a function: for all of its rows, for none, or with a note."""
    held = [row for row in rows if row.holds(law)]
    reasons = [(row.without or {}).get(law) for row in rows]
    if law == "cupy":
        held = [row for row in held if runs(row)]
        reasons += [why for row in rows if row.holds("jit") for why in missing_for(row).values()]
    if held:
        return YES
    reasons = sorted({reason for reason in reasons if reason is not None})
    if not reasons:
        return NONE
    reason = reasons[0]
    if reason not in notes:
        notes.append(reason)
    return f"{NO} ({notes.index(reason) + 1})"


def table(title: str, functions: dict[str, list[Row]], notes: list[str]) -> Iterator[str]:
    yield from (f"## {title}", "", "| function | " + " | ".join(LAWS) + " | calls |")
    yield "|---|" + ":-:|" * len(LAWS) + "--:|"
    for name, rows in functions.items():
        marks = [mark(rows, law, notes) for law in LAWS]
        yield f"| `{name}` | {' | '.join(marks)} | {len(rows)} |"
    yield ""


def family(name: str) -> str:
    """The module whose table a function is in."""
    module = name.rpartition(".")[0]
    whole = ("numpy.ufunc", "autodiff.scipy.stats")  # one table for all ufuncs, distributions
    return next((title for title in whole if name.startswith(f"{title}.")), module)


# ---- primitives


def primitives() -> Iterator[str]:
    yield from ("## Primitives", "", "What the functions are made of. Each call in their table")
    yield from ("(`tests/primitives`) obeys the laws of `test_laws.py` beside it.", "")
    yield "| primitive | jvp | transpose | vmap | NumPy text | calls |"
    yield "|---|:-:|:-:|:-:|:-:|--:|"
    for primitive in sorted({spec.primitive for spec in SPECS}, key=lambda p: p.name):
        yield f"| `{primitive.name}` | {' | '.join(rules(primitive))} | {calls(primitive)} |"
    yield ""


def rules(primitive: Primitive) -> list[str]:
    has = (primitive.jvp, primitive.transpose, primitive.batch, primitive.python)
    return [YES if rule is not None else NONE for rule in has]


def calls(primitive: Primitive) -> int:
    return sum(spec.primitive is primitive for spec in SPECS)


# ---- pages

HEAD = """# What is covered

Made by `python -m tests.surface.pages` from the table of calls that the tests check; do not edit.

A function is covered if calls of it give NumPy's (or SciPy's) values, shapes and dtypes in a trace,
and obey every law that is marked: **jvp** is the difference quotient, **vjp** its adjoint; **vmap**
is a loop; the four orders of **second** derivatives agree; **jit** gives the same; generated code
(**emit**) gives what the interpreter gives; **cupy**: it runs on CuPy arrays (checked on a stand-in
for CuPy). `✓` holds, `·` has no meaning (a function without derivatives), `–` does not hold, with
the note below. The last column counts the calls in the table.
"""


def coverage() -> str:
    """The page of functions."""
    notes: list[str] = []
    functions = by_function()
    lines: list[str] = []
    for title in sorted({family(name) for name in functions}):
        part = {name: rows for name, rows in functions.items() if family(name) == title}
        lines += table(title, part, notes)
    lines += primitives()
    lines += ["## Notes", "", *[f"{i}. {note}." for i, note in enumerate(notes, 1)], ""]
    lines += ["## NumPy functions that are not traced", "", "| function | why |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(ABSENT.items())]
    lines += ["", "## scipy.special functions that have no traced form yet", ""]
    names = ", ".join(f"`{name.rpartition('.')[2]}`" for name in untraced_special())
    lines += fill(f"{names}.", 100, break_long_words=False).splitlines()
    return HEAD + "\n" + "\n".join(lines) + "\n"


EDGES_HEAD = """# Derivatives at the edges

Made by `python -m tests.surface.pages` from the table that `tests/surface/test_edges.py` checks in
both modes, batched and compiled; do not edit. It is the sum of the results that is differentiated.
These are first derivatives of float64 arguments (complex ones where the row says so); second order
is not promised at these points unless the row says so.

| function | at | derivative | since |
|---|---|---|---|
"""


def number(x: Any) -> str:
    """Numbers as they are written."""
    if isinstance(x, list):
        return f"[{', '.join(map(number, x))}]"
    return f"{x:.4g}"


def edges() -> str:
    """The page of conventions."""
    rows = [
        f"| `{e.text}` | {number(e.at)} | {number(e.gradient)} | {e.why} |"
        for e in [*EDGES, *edges_special.EDGES]
    ]
    return EDGES_HEAD + "\n".join(rows) + "\n"


PAGES = {"coverage.md": coverage, "edges.md": edges}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
