from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest

from autodiff.ir import Source, Trail, current_trail, resolve
from autodiff.ir import source as module

noted: list[Trail] = []


def note(*_: Any, **__: Any) -> Any:
    """An operation, as the tracer would see it: notes the caller's instruction."""
    trail = current_trail(2)
    assert trail is not None
    noted.append(trail)
    return 1, 2


class Value:
    __add__ = __iadd__ = __getitem__ = note


def sources(function: Callable[[], Any]) -> list[Source]:
    noted.clear()
    function()
    return [resolve(*trail) for trail in noted]


def names(function: Callable[[], Any]) -> list[str]:
    return [source.name for source in sources(function)]


class TestNames:
    def test_assignment(self) -> None:
        def f() -> Any:
            z = note()
            w = note(z, key=1)
            return w

        assert names(f) == ["z", "w"]

    def test_operators_and_methods(self) -> None:
        def f() -> Any:
            x = Value()
            y = x + 1
            z = x[0]
            x += 2
            return y, z

        assert names(f) == ["y", "z", "x"]

    def test_result_used_at_once(self) -> None:
        def f() -> Any:
            z = note(note())
            return note(z)

        assert names(f) == ["", "z", ""]

    def test_unpacking(self) -> None:
        def f() -> Any:
            q, r = note()
            return q, r

        assert names(f) == ["q, r"]

    def test_chained_assignment_and_walrus(self) -> None:
        def f() -> Any:
            a = b = note()
            return (c := note()), a, b, c

        assert names(f) == ["a", "c"]

    def test_attributes_and_items_have_no_name(self) -> None:
        def f() -> None:
            x = Value()
            x.attribute = note()
            {}["key"] = note()
            x.a, x.b = note()

        assert names(f) == ["", "", ""]

    def test_names_of_closures_and_globals(self) -> None:
        def f() -> Any:
            shared = note()
            return lambda: shared

        assert names(f) == ["shared"]
        scope = {"note": note}
        assert names(lambda: exec("top = note()", scope)) == ["top"]

    def test_many_locals(self) -> None:
        lines = [f"    v{i} = note()" for i in range(300)]
        scope: dict[str, Any] = {"note": note}
        exec("\n".join(["def f():", *lines]), scope)
        assert names(scope["f"]) == [f"v{i}" for i in range(300)]


class TestLines:
    def test_line_file_and_function(self) -> None:
        def f() -> None:
            note()

        (source,) = sources(f)
        line = f.__code__.co_firstlineno + 1
        assert (source.file, source.line, source.function) == (__file__, line, "f")
        assert str(source) == f"test_source.py:{line}"

    def test_a_statement_of_several_lines(self) -> None:
        def f() -> Any:
            return [
                note(),
                note(),
            ]

        first = f.__code__.co_firstlineno
        assert [source.line for source in sources(f)] == [first + 2, first + 3]

    def test_equal_code_of_different_files(self) -> None:
        text = "def f():\n    z = note()\n"
        functions = []
        for file in ("one.py", "two.py"):
            scope: dict[str, Any] = {"note": note}
            exec(compile(text, file, "exec"), scope)
            functions.append(scope["f"])
        assert functions[0].__code__ == functions[1].__code__
        assert [sources(f)[0].file for f in functions] == ["one.py", "two.py"]

    def test_code_without_lines(self) -> None:
        def f() -> None:
            note()

        code = f.__code__.replace(co_linetable=b"")
        assert resolve(code, 2).line == code.co_firstlineno


class TestTrail:
    def test_frames_of_the_library_are_passed_over(self) -> None:
        scope: dict[str, Any] = {"current_trail": current_trail}
        inside = module._LIBRARIES[0] + "numpy/inside.py"
        exec(compile("def helper():\n    return current_trail()\n", inside, "exec"), scope)
        trail = scope["helper"]()
        assert resolve(*trail).file == __file__

    def test_tables_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_TABLES_KEPT", 2)
        monkeypatch.setattr(module, "_tables", {})
        codes: list[CodeType] = [compile(f"x = {i}", f"{i}.py", "exec") for i in range(5)]
        assert [resolve(code, 0).file for code in codes] == [f"{i}.py" for i in range(5)]
        assert len(module._tables) <= 2
