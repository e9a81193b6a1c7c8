"""What the documentation shows is true: snippets, docstring examples and example scripts run.

The ```python blocks of a page are executed from top to bottom in one namespace. A ```text block
right after a ```python block is what it prints; `...` there stands for any text.
"""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import autodiff

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
MODULES = sorted(m.name for m in pkgutil.walk_packages(autodiff.__path__, "autodiff."))
SCRIPTS = sorted(ROOT.glob("examples/*.py"))
SNIPPET = re.compile(r"^```python\n(.*?)^```$(?:\n+^```text\n(.*?)^```$)?", re.M | re.S)
LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Snippet(NamedTuple):
    line: int  # of its first line of code, from 1
    code: str
    output: str | None


def snippets(text: str) -> Iterator[Snippet]:
    for match in SNIPPET.finditer(text):
        yield Snippet(text.count("\n", 0, match.start(1)) + 1, match[1], match[2])


def run(snippet: Snippet, path: Path, namespace: dict[str, object]) -> str:
    """Execute a snippet so that its line numbers are those of the page; return what it prints."""
    padded = "\n" * (snippet.line - 1) + snippet.code
    with redirect_stdout(StringIO()) as printed:
        exec(compile(padded, path, "exec", dont_inherit=True), namespace)
    return printed.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page):
    namespace: dict[str, object] = {"__name__": page.stem}
    for snippet in snippets(page.read_text(encoding="utf-8")):
        printed = run(snippet, page, namespace)
        if snippet.output is not None:
            same = doctest.OutputChecker().check_output(snippet.output, printed, LENIENT)
            assert same, f"{page.name}:{snippet.line} prints\n{printed}\nnot\n{snippet.output}"


def test_snippets_are_found_with_their_lines_and_outputs():
    text = "a\n```python\nx\n```\n\n```text\nout\n```\n```python\ny\n```\n"
    assert list(snippets(text)) == [Snippet(3, "x\n", "out\n"), Snippet(10, "y\n", None)]


@pytest.mark.parametrize("name", ["autodiff", *MODULES])
def test_docstrings(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "autodiff":
            raise
        pytest.skip(f"needs {error.name}")
    names = {"np": np, "ad": autodiff}
    failed, _ = doctest.testmod(module, extraglobs=names, optionflags=LENIENT)
    assert failed == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example(script):
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
