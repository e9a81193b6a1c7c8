"""The words that the text of a program is made of, and where each stands, for errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from autodiff.errors import InvalidProgramError

__all__ = ["REAL", "Tokens"]

T = TypeVar("T")

REAL = r"(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_TOKEN = re.compile(
    rf"(?P<number>(?:True|False):bool(?!\w)"
    rf"|[+-]?{REAL}(?:[+-]{REAL}j|j)?(?::(?:bool|[iufc]\d+))?(?!\w))"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<mark>->|\.\.\.|.)"
)
_SPACE = re.compile(r"[^\S\n]+|\n|#[^\n]*")


class Tokens:
    """One token ahead: `kind` and `token`, which begins at `start` in line `line`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: dict[int, str] = {}
        self.kind, self.token = "start", ""
        self.position, self.line = 0, 1
        self.advance()

    def advance(self) -> str:
        """Go to the next token; returns the one that was current."""
        passed, self.passed_line = self.token, self.line
        text, position = self.text, self.position
        while space := _SPACE.match(text, position):
            if text[position] == "\n":
                self.line += 1
            elif text[position] == "#":
                self.comments[self.line] = space[0]
            position = space.end()
        self.start = position
        match = _TOKEN.match(text, position)
        if match is None:
            self.kind, self.token, self.position = "end", "", position
        else:
            self.kind, self.token = match.lastgroup or "", match[0]
            self.position = match.end()
        return passed

    def jump(self, position: int) -> None:
        """Go to the first token behind `position`, which lies in the current line."""
        self.position = position
        self.advance()

    def fail(self, problem: str, start: int | None = None) -> NoReturn:
        """Say what is wrong at `start`, which is the current token if not given."""
        start = self.start if start is None else start
        first = self.text.rfind("\n", 0, start) + 1
        line = self.text[first:].partition("\n")[0]
        number, column = self.text.count("\n", 0, start) + 1, start - first
        where = f"line {number}, column {column + 1}"
        raise InvalidProgramError(f"{where}: {problem}\n    {line}\n    {' ' * column}^")

    def expected(self, what: str) -> NoReturn:
        """Say that the current token is not `what`."""
        found = repr(self.token) if self.token else "the end of the text"
        self.fail(f"expected {what}, found {found}")

    def expect(self, mark: str) -> None:
        """Pass a mark."""
        if self.token != mark:
            self.expected(repr(mark))
        self.advance()

    def name(self, what: str) -> str:
        """Pass a name."""
        if self.kind != "name":
            self.expected(what)
        return self.advance()

    def listed(self, item: Callable[[], T], end: str) -> list[T]:
        """Items between commas, up to the mark `end`, which is passed."""
        items = []
        while self.token != end:
            items.append(item())
            if self.token != end:
                self.expect(",")
        self.advance()
        return items
