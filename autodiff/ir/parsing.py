"""Programs from text, as `printing` writes it.

`parse(str(program))` gives the same program again: names, literals to the last bit, source lines,
nested programs. Text written by hand may be laid out freely, except that an equation ends with its
line. What cannot be read back are params that are Python objects, such as functions.

The parser is a recursive descent with one token of lookahead. It binds variables but does not ask
primitives for types: that is `checking.check`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.source import Source
from autodiff.ir.tokens import REAL, Tokens
from autodiff.ir.types import UNKNOWN, ArrayType, literal, parse_dtype

if TYPE_CHECKING:
    from autodiff.primitives.record import Primitive

__all__ = ["parse"]

_PROGRAM_NAME = re.compile(r"[\w.<>]+(?=\()")
_PARAM_NAME = re.compile(r"\s*[^\W\d]\w*\s*=")
_BARE_SPEC = re.compile(r"([^\]\n]*)\]")
_TYPE = re.compile(r"(\w+)\[([\d?,\s]*)\]")
_COMPLEX = re.compile(rf"(?:([+-]?{REAL})(?=[+-]))?([+-]?{REAL})j")
_COMMENT = re.compile(r"#\s*(.*\S):(\d+)\s*")
_CONSTANTS = {"True": True, "False": False, "None": None}


def parse(text: str, primitives: Mapping[str, Primitive]) -> Program:
    """The program that `text` describes, made of the given primitives (by name)."""
    parser = _Parser(text, primitives)
    program = parser.program()
    if parser.kind != "end":
        parser.fail("expected nothing after the program")
    return program


class _Parser(Tokens):
    """A method for each rule of the grammar; each passes the text it reads."""

    def __init__(self, text: str, primitives: Mapping[str, Primitive]) -> None:
        self.primitives = primitives
        self.types: dict[str, ArrayType] = {}
        super().__init__(text)

    def program(self) -> Program:
        """`name(inputs) -> types { equations return atoms }`."""
        match = _PROGRAM_NAME.match(self.text, self.start)
        if match is None:
            self.expected("the name of a program and '('")
        self.jump(match.end())
        self.expect("(")
        names: dict[str, Var] = {}
        inputs = self.bound(self.listed(self.binding, ")"), names)
        input_names = tuple(names)
        self.expect("->")
        start, types = self.start, self.out_types()
        self.expect("{")
        equations = []
        while self.token != "return":
            equations.append(self.equation(names))
        self.advance()
        outputs = tuple(self.listed(lambda: self.atom(names), "}"))
        if [a.type for a in outputs] != types:
            found = ", ".join(str(a.type) for a in outputs)
            self.fail(f"the program returns ({found}), which is not what its head says", start)
        return Program(inputs, tuple(equations), outputs, match[0], input_names)

    def out_types(self) -> list[ArrayType]:
        """`f64[3]` or `(f64[3], i32[])`."""
        if self.token != "(":
            return [self.type()]
        self.advance()
        return self.listed(self.type, ")")

    def equation(self, names: dict[str, Var]) -> Equation:
        """`outputs = primitive[params] operands`; the operands end with the line."""
        line, bindings = self.line, []
        if self.token == "(":
            self.advance()
            self.expect(")")
            self.expect("=")
        else:
            bindings = self.listed(self.binding, "=")
        primitive = self.primitive()
        params = self.params() if self.token == "[" else {}
        inputs = []
        while self.line == self.passed_line and self.kind in ("name", "number"):
            inputs.append(self.atom(names))
        outputs = self.bound(bindings, names)
        source = self.source(line, ", ".join([name for name, _, _ in bindings]))
        return Equation(primitive, tuple(inputs), params, outputs, source)

    def source(self, line: int, names: str) -> Source:
        """The source that the comment in a line tells, if there is one."""
        match = _COMMENT.fullmatch(self.comments.get(line, ""))
        file, number = (match[1], int(match[2])) if match else ("", 0)
        return Source(file, number, "", names)

    def binding(self) -> tuple[str, ArrayType, int]:
        """`name: type`, and where it is."""
        start = self.start
        name = self.name("the name of a variable or 'return'")
        self.expect(":")
        return name, self.type(), start

    def bound(
        self, bindings: list[tuple[str, ArrayType, int]], names: dict[str, Var]
    ) -> tuple[Var, ...]:
        """The new variables of some bindings; from now on `names` has them."""
        for name, type, start in bindings:
            if name in names:
                self.fail(f"{name} is bound already", start)
            names[name] = Var(type)
        return tuple([names[name] for name, _, _ in bindings])

    def type(self) -> ArrayType:
        """`f64[3,4]`."""
        match = _TYPE.match(self.text, self.start)
        if match is None:
            self.expected("a type such as f64[3,4]")
        found = self.types.get(match[0])
        if found is None:
            lengths = [d.strip() for d in match[2].split(",") if d.strip()]
            shape = tuple(UNKNOWN if d == "?" else int(d) for d in lengths)
            found = self.types[match[0]] = ArrayType(shape, self.dtype(match[1]))
        self.jump(match.end())
        return found

    def dtype(self, name: str) -> np.dtype[Any]:
        """The dtype of this name, which the current token begins with."""
        try:
            return parse_dtype(name)
        except (TypeError, ValueError):
            self.fail(f"{name!r} is not a dtype: expected bool, or i, u, f, c and a bit width")

    def primitive(self) -> Primitive:
        """The name of a primitive."""
        start, name = self.start, self.name("the name of a primitive")
        try:
            return self.primitives[name]
        except KeyError:
            self.fail(f"there is no primitive {name!r}{_similar(name, self.primitives)}", start)

    def atom(self, names: dict[str, Var]) -> Atom:
        """A variable, or a literal with its dtype."""
        start = self.start
        if self.kind == "number":
            if ":" not in self.token:
                self.fail(f"a literal needs its dtype: {self.token}:f64, for example")
            value = self.scalar()
            return literal(value, value.dtype)
        name = self.name("a variable or a literal")
        if name not in names:
            self.fail(f"{name} is not bound here{_similar(name, names)}", start)
        return names[name]

    def params(self) -> dict[str, Any]:
        """`[name=value, ...]`, or a bare `[spec]`."""
        if not _PARAM_NAME.match(self.text, self.position):
            match = _BARE_SPEC.match(self.text, self.position)
            if match is None:
                self.fail("there is no ']' to this '['")
            self.jump(match.end())
            return {"spec": match[1].strip()}
        params: dict[str, Any] = {}
        self.advance()

        def param() -> None:
            start, name = self.start, self.name("the name of a param")
            if name in params:
                self.fail(f"param {name} is given twice", start)
            self.expect("=")
            params[name] = self.value()

        self.listed(param, "]")
        return params

    def value(self) -> Any:
        """The value of a param."""
        if _PROGRAM_NAME.match(self.text, self.start):
            return self.program()
        if self.kind == "number" or self.token == ":":
            return self.number_or_slice()
        if self.kind == "string":
            return self.string()
        if self.token == "(":
            self.advance()
            return tuple(self.listed(self.value, ")"))
        if self.token == "...":
            self.advance()
            return ...
        if self.token == "<":
            self.fail("a param that is a Python object cannot be read from text")
        if self.token in _CONSTANTS:
            return _CONSTANTS[self.advance()]
        if self.kind == "name" and self.text.startswith("[", self.position):
            return self.type()
        dtype = self.dtype(self.token) if self.kind == "name" else self.expected("a value")
        self.advance()
        return dtype

    def string(self) -> str:
        """A Python string."""
        try:
            text: str = ast.literal_eval(self.token)
        except (SyntaxError, ValueError) as error:
            self.fail(str(error))
        self.advance()
        return text

    def number_or_slice(self) -> Any:
        """`1`, `1.5`, `1.0:f32`, `1:`, `:5:2`."""
        if ":" in self.token and self.kind == "number":
            return self.scalar()
        bounds: list[Any] = [self.bound_of_slice()]
        while self.token == ":":
            self.advance()
            bounds.append(self.bound_of_slice())
        if len(bounds) > 3:
            self.fail("a slice has three parts at most")
        return slice(*bounds) if len(bounds) > 1 else bounds[0]

    def bound_of_slice(self) -> complex | None:
        """A number, or nothing."""
        return _python_number(self.advance()) if self.kind == "number" else None

    def scalar(self) -> np.generic:
        """A NumPy scalar: a number with its dtype."""
        text, _, name = self.token.partition(":")
        dtype = self.dtype(name)
        try:
            scalar = _numpy_scalar(text, dtype)
        except (OverflowError, ValueError):
            self.fail(f"{text} is not a value of dtype {name}")
        self.advance()
        return scalar


def _numpy_scalar(text: str, dtype: np.dtype[Any]) -> np.generic:
    make: Any = dtype.type
    if dtype.kind == "b":
        return make(("False", "True").index(text))
    if dtype.kind in "iu":
        return make(int(text))
    if dtype.kind == "f":
        return make(text if dtype.itemsize > 8 else float(text))
    parts = _COMPLEX.fullmatch(text)
    real, imaginary = parts.groups("0") if parts else (text, "0")
    value: Any = np.zeros((), dtype)
    value.real = _numpy_scalar(real, value.real.dtype)
    value.imag = _numpy_scalar(imaginary, value.real.dtype)
    return value[()]


def _python_number(text: str) -> complex:
    if text.endswith("j"):
        return complex(text)
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _similar(name: str, names: Mapping[str, Any]) -> str:
    close = get_close_matches(name, names, 1)
    return f"; did you mean {close[0]!r}?" if close else ""
