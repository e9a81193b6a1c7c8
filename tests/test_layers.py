"""The structure of the source: imports go one way and stand at the top, files stay short."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "autodiff"
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400


def layers() -> list[set[str]]:
    """The layers of the package, from the ground up, as the table in the design page names them."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    section = text.partition("## Layers")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    return [{name.strip("`/") for name in re.findall(r"`[\w/]+`", row)} for row in rows]


LAYERS = layers()


def layer_of(module: str) -> int:
    """The number of the layer of a module, such as `autodiff.ir.types`."""
    parts = module.split(".")
    if len(parts) == 1:  # the package itself, which offers what users need
        return len(LAYERS)
    numbers = [i for i, names in enumerate(LAYERS) if parts[1] in names]
    assert numbers, f"{parts[1]} is in no layer of docs/design.md"
    return numbers[0]


class Import(NamedTuple):
    line: int
    module: str
    typing_only: bool
    in_function: bool


def imports(file: Path) -> Iterator[Import]:
    """What a file imports, wherever it does."""

    def visit(node: ast.AST, typing_only: bool, in_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{file}:{child.lineno}: a relative import"
                names = [f"{child.module}.{a.name}" for a in child.names]
                # `from autodiff import x` may mean a module; elsewhere the module itself is named
                modules = names if child.module == "autodiff" else [str(child.module)]
                for module in modules:
                    yield Import(child.lineno, module, typing_only, in_function)
            elif isinstance(child, ast.Import):
                for a in child.names:
                    yield Import(child.lineno, a.name, typing_only, in_function)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from visit(child, True, in_function)
            else:
                function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from visit(child, typing_only, in_function or function)

    yield from visit(ast.parse(file.read_text(encoding="utf-8")), False, False)


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


every_file = pytest.mark.parametrize("file", FILES, ids=module_name)


def test_the_table_is_found():
    assert len(LAYERS) >= 8
    assert LAYERS[0] == {"errors", "arrays"}
    assert layer_of("autodiff.ir.types") < layer_of("autodiff.tracing.builder")


@every_file
def test_imports_go_to_lower_layers(file):
    mine = layer_of(module_name(file))
    wrong = [
        f"line {i.line}: {i.module}"
        for i in imports(file)
        if i.module.split(".")[0] == "autodiff" and not i.typing_only and layer_of(i.module) > mine
    ]
    assert not wrong


@every_file
def test_nothing_is_imported_within_a_function(file):
    assert [i for i in imports(file) if i.in_function] == []


@every_file
def test_a_file_can_be_read_in_one_sitting(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@every_file
def test_a_file_says_what_it_is(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body


def test_only_one_file_knows_cupy():
    """Everything else works with whatever array library it is given."""
    for file in FILES:
        assert not any(i.module.split(".")[0] in ("cupy", "cupyx") for i in imports(file)), file


def test_no_module_imports_itself_in_a_circle():
    """Among modules of one layer, too."""
    graph = {
        module_name(file): {
            i.module
            for i in imports(file)
            if not i.typing_only and i.module.startswith("autodiff.")
        }
        for file in FILES
    }
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for imported in graph.get(module, ()):
                if imported != module:
                    visit(imported, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())
