"""Where an equation comes from: the user's file, line and variable name.

While tracing, only the address of the running instruction is noted (`Trail`), which costs a
fraction of a microsecond. Line and name are read from the bytecode when somebody asks for them.
"""

from __future__ import annotations

import dis
import os
import sys
from dataclasses import dataclass
from types import CodeType, FrameType

import numpy as np

__all__ = ["Source", "Trail", "current_trail", "here", "resolve", "user_level"]

Trail = tuple[CodeType, int]
_SITE = os.path.dirname(os.path.dirname(os.path.abspath(np.__file__)))
_LIBRARIES = (  # parts of NumPy and SciPy are Python code, which calls what we trace
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.join(_SITE, "numpy") + os.sep,
    os.path.join(_SITE, "scipy") + os.sep,
    "<autodiff ",  # generated code
)
# How many of its names an instruction stores the top of the stack under. Two instructions are often
# fused into one from Python 3.13 on.
_STORES = {
    "STORE_FAST": 1,
    "STORE_NAME": 1,
    "STORE_GLOBAL": 1,
    "STORE_DEREF": 1,
    "STORE_FAST_LOAD_FAST": 1,
    "STORE_FAST_STORE_FAST": 2,
}
_TABLES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the user's code, and the name that the user gave the result.

    Where the line unpacks its result (`q, r = f(x)`), all names are given: `"q, r"`. A program that
    was read from text without a source comment has only names: its `file` is empty.
    """

    file: str
    line: int
    function: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"


class _InternalFiles(dict[str, bool]):
    """Whether a file is the library's own or NumPy's, by file name; decided once for each file."""

    def __missing__(self, file: str) -> bool:
        self[file] = internal = file.startswith(_LIBRARIES)
        return internal


_internal = _InternalFiles()


def current_trail(depth: int = 1) -> Trail | None:
    """The instruction of the innermost frame that is not the library's own.

    `depth` is the number of frames that are surely the library's own; a user's may be among them
    only if fewer are on the stack.
    """
    try:
        frame: FrameType | None = sys._getframe(depth)
    except ValueError:
        frame = sys._getframe(1)
    while frame is not None and _internal[frame.f_code.co_filename]:
        frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)


def resolve(code: CodeType, offset: int) -> Source:
    """The line of an instruction, and the name that its result is stored under."""
    table = _tables.get(id(code))
    if table is None:
        if len(_tables) >= _TABLES_KEPT:
            _tables.clear()
        table = _tables[id(code)] = _Table(code)
    return table[offset]


class _Table(dict[int, Source]):
    """The sources of the instructions of one code object, by offset.

    Disassembling is slow, so it is done once for each code object.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.lines = [position[0] for position in code.co_positions()]
        self.names = _result_names(code)

    def __missing__(self, offset: int) -> Source:
        code, line = self.code, None
        if offset // 2 < len(self.lines):
            line = self.lines[offset // 2]
        name = self.names.get(offset, "")
        self[offset] = new = Source(
            code.co_filename, line or code.co_firstlineno, code.co_name, name
        )
        return new


# By address, not by equality: equal code objects may come from different files, and hashing one
# takes time in proportion to its length. A table keeps its code alive, so addresses stay unique.
_tables: dict[int, _Table] = {}


def _result_names(code: CodeType) -> dict[int, str]:
    """The names that the result of each instruction is stored under, by offset."""
    instructions = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
    names = {}
    for index, instruction in enumerate(instructions[:-1]):
        name = _stored_under(instructions, index + 1)
        if name:
            # While a Python function runs, Python 3.11 notes the end of the call that runs it.
            end = instructions[index + 1].offset
            names.update(dict.fromkeys(range(instruction.offset, end, 2), name))
    return names


def _stored_under(instructions: list[dis.Instruction], start: int) -> str:
    """The names that the instructions from `start` on store the top of the stack under."""
    first = instructions[start]
    if first.opname == "COPY" and first.arg == 1:  # `a = b = f(x)`, `(a := f(x))`
        start, wanted = start + 1, 1
    elif first.opname == "UNPACK_SEQUENCE" and first.arg:
        start, wanted = start + 1, first.arg
    else:
        wanted = 1
    names: list[str] = []
    for instruction in instructions[start : start + wanted]:
        stored = _STORES.get(instruction.opname)
        if stored is None:
            return ""
        value = instruction.argval
        names.extend(value[:stored] if isinstance(value, tuple) else (value,))
        if len(names) >= wanted:
            break
    return ", ".join(names[:wanted])


def here(before: str = "\n  at ") -> str:
    """Where the user's code is now, as error messages show it."""
    trail = current_trail(2)
    return f"{before}{resolve(*trail)}, in {trail[0].co_name}" if trail else ""


def user_level() -> int:
    """The `stacklevel` by which the caller's warning is shown at the user's line."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and _internal[frame.f_code.co_filename]:
        frame, level = frame.f_back, level + 1
    return level
