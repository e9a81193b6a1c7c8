"""Programs as text.

    logistic_loss(w: f64[10], X: f64[200,10], y: f64[200]) -> f64[] {
      z: f64[200] = contract[ij,j->i] X w  # loss.py:12
      ...
      return m
    }

The text is complete: `parsing.parse` reads the same program back, down to the last bit of each
literal. Variables have the user's names where they are known, and letters where they are not.
Everything takes time in proportion to the length of the text.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, product, zip_longest
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.ir.types import ArrayType, Literal, dtype_name

if TYPE_CHECKING:
    from autodiff.ir.program import Equation, Program, Var

__all__ = ["scalar_text", "to_lines", "to_text", "variable_names"]

# Words that the text gives a meaning of its own, or that Python does: programs become Python code.
_RESERVED = frozenset(keyword.kwlist) | {"inf", "nan"}
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_BARE_SPEC = re.compile(r"[\w,.:>-]+")
_KINDS = "biufc"
_MARK = "\0"  # stands between a line and its source comment until the comments are aligned
_COMMENT_COLUMN = 72  # at most; longer lines have their comment right behind them
_COLOURS = {"comment": "2", "string": "32", "primitive": "1;34", "keyword": "35", "type": "36"}
_COLOURED = re.compile(
    r"(?P<comment>(?<=  )\#[^\n]*)"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<primitive>(?<=\ =\ )[^\W\d]\w*)"
    r"|(?P<keyword>^\ *return\b)"
    r"|(?P<type>\b(?:bool|[iufc]\d+)\b(?:\[[\d?,]*\])?)",
    re.MULTILINE,
)


def to_text(program: Program, *, color: bool = False, sources: bool = True) -> str:
    """The text of a program, in colours for a terminal if asked for, with the lines it is from."""
    lines = _Printer(sources).program(program, "")
    text = "\n".join(_aligned("\n".join(lines).split("\n")))
    return _COLOURED.sub(_coloured, text) if color else text


def to_lines(program: Program) -> list[str]:
    """The head, a line for each equation (the programs it holds are left out), and the return."""
    return _aligned(_Printer(sources=True, elide=True).program(program, "")[:-1])


def variable_names(program: Program) -> dict[Var, str]:
    """A name for each variable that the program binds: the user's, or letters. All are unique."""
    wanted = list(_wanted_names(program))
    taken = {name for _, name in wanted} | _RESERVED
    letters = (name for name in _letters() if name not in taken)
    used = set(_RESERVED)
    repeats: dict[str, Iterator[int]] = {}
    names: dict[Var, str] = {}
    for variable, name in wanted:
        if variable in names:
            continue
        if not name:
            name = next(letters)
        elif name in used:  # the suffix must not take a name that the user gave elsewhere
            numbers = repeats.setdefault(name, count(1))
            name = next(n for n in (f"{name}_{i}" for i in numbers) if n not in taken)
            taken.add(name)
        used.add(name)
        names[variable] = name
    return names


def scalar_text(x: np.generic) -> str:
    """A NumPy scalar so that it is read back exactly: `2.0:f32`, `1.0-2.0j:c128`."""
    kind = x.dtype.kind
    if kind == "f":
        text = _real_text(x)
    elif kind == "c":
        text = _complex_text(x)
    else:
        text = str(x)
    return f"{text}:{dtype_name(x.dtype)}"


class _Texts(dict[Any, str]):
    """The text of operands: also of those that have no business there, since errors show them."""

    def __missing__(self, atom: Any) -> str:
        if isinstance(atom, Literal):
            text = self[atom] = scalar_text(atom.value)
            return text
        return "?" if hasattr(atom, "type") else f"<{type(atom).__name__}>"

    def of(self, atoms: Iterable[Any]) -> list[str]:
        try:
            return [self[atom] for atom in atoms]
        except TypeError:  # an array, say, which is not hashable
            return [self[a] if a.__hash__ else f"<{type(a).__name__}>" for a in atoms]


class _Printer:
    """Lines of a program, each with its source comment behind a mark."""

    def __init__(self, sources: bool, elide: bool = False) -> None:
        self.sources = sources
        self.elide = elide

    def program(self, program: Program, indent: str) -> list[str]:
        """The lines of a program; an equation that holds programs is one item of several lines."""
        texts = _Texts(variable_names(program))
        inner = indent + "  "
        lines = [self._head(program, texts)]
        for equation in program.equations:
            line = inner + self._equation(equation, texts, inner)
            source = equation.source if self.sources else None
            if source is not None and source.file:
                head, newline, rest = line.partition("\n")
                line = f"{head}{_MARK}{source}{newline}{rest}"
            lines.append(line)
        lines.append(f"{inner}return {', '.join(texts.of(program.outputs))}".rstrip())
        lines.append(indent + "}")
        return lines

    def _head(self, program: Program, texts: _Texts) -> str:
        inputs = ", ".join([f"{texts[v]}: {v.type}" for v in program.inputs])
        types = ", ".join([str(getattr(a, "type", "?")) for a in program.outputs])
        types = types if len(program.outputs) == 1 else f"({types})"
        return f"{_program_name(program)}({inputs}) -> {types} {{"

    def _equation(self, equation: Equation, texts: _Texts, indent: str) -> str:
        name = equation.primitive.name
        outputs = ", ".join([f"{texts[v]}: {v.type}" for v in equation.outputs]) or "()"
        params = self._params(equation.params, indent) if equation.params else ""
        operands = " ".join(texts.of(equation.inputs))
        return f"{outputs} = {name}{params} {operands}".rstrip()

    def _params(self, params: Mapping[str, Any], indent: str) -> str:
        if len(params) == 1 and "spec" in params:
            spec = params["spec"]
            if isinstance(spec, str) and _BARE_SPEC.fullmatch(spec):
                return f"[{spec}]"
        items = [f"{name}={self._value(value, indent)}" for name, value in params.items()]
        return f"[{', '.join(items)}]"

    def _value(self, value: Any, indent: str) -> str:
        if isinstance(value, tuple):
            items = [self._value(item, indent) for item in value]
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
        if hasattr(value, "equations"):
            if self.elide:
                return f"{_program_name(value)}(...)"
            return "\n".join(self.program(value, indent))
        written = _VALUES.get(type(value))
        if written is not None:
            return written(value)
        if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
            return scalar_text(value)
        if isinstance(value, np.dtype) and value.kind in _KINDS:
            return dtype_name(value)
        name = getattr(value, "__qualname__", None) or type(value).__qualname__
        return f"<{name}>"  # a function, say: for people to read, not for the parser


def _wanted_names(program: Program) -> Iterator[tuple[Var, str]]:
    """The variables in order of binding, each with the user's name for it, if there is one."""
    for variable, name in zip(program.inputs, program.names, strict=True):
        yield variable, _identifier(name)
    for equation, following in zip_longest(program.equations, program.equations[1:]):
        source = equation.source
        # Of the equations that one statement made, the last makes what the user named.
        inner = following is not None and following.trail == equation.trail
        if source is None or not source.name or inner:
            names: Sequence[str] = [""] * len(equation.outputs)
        elif "," in source.name:
            names = source.name.split(", ")
            if len(names) != len(equation.outputs):
                names = [""] * len(equation.outputs)
        else:
            names = [source.name] * len(equation.outputs)
        for variable, name in zip(equation.outputs, names, strict=True):
            yield variable, _identifier(name)


def _identifier(name: str) -> str:
    """The nearest name that the text can hold: `params['w']` becomes `params_w`."""
    if _IDENTIFIER.fullmatch(name):
        return "" if name == "_" else name
    name = re.sub(r"\W+", "_", name).strip("_")
    return f"_{name}" if name and name[0].isdecimal() else name


def _program_name(program: Program) -> str:
    return re.sub(r"[^\w.<>]+", "_", program.name) or "program"


def _letters() -> Iterator[str]:
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            yield "".join(letters)


def _real_text(x: Any) -> str:
    if x.dtype.itemsize == 8:
        return repr(float(x))
    text = str(x)
    if x.dtype.itemsize > 8 or x != x or x.dtype.type(float(text)) == x:
        return text
    return repr(float(x))


def _complex_text(x: Any) -> str:
    real, imaginary = _real_text(np.real(x)), _real_text(np.imag(x))
    return f"{real}{'' if imaginary[0] == '-' else '+'}{imaginary}j"


def _slice_text(value: slice) -> str:
    bounds = [value.start, value.stop] + ([] if value.step is None else [value.step])
    return ":".join("" if bound is None else str(bound) for bound in bounds)


_VALUES: dict[type, Callable[[Any], str]] = {
    **dict.fromkeys((bool, int, float, str, type(None)), repr),
    ArrayType: repr,
    complex: lambda x: _complex_text(np.complex128(x)),
    slice: _slice_text,
    type(...): lambda _: "...",
}


def _aligned(lines: Sequence[str]) -> list[str]:
    """The lines with their comments in one column, as far as that is not too far out."""
    pairs = [line.split(_MARK) for line in lines]
    widths = [len(pair[0]) for pair in pairs if len(pair) > 1]
    column = min(max(widths, default=0), _COMMENT_COLUMN)
    return [f"{p[0]:<{column}}  # {p[1]}" if len(p) > 1 else p[0] for p in pairs]


def _coloured(match: re.Match[str]) -> str:
    return f"\033[{_COLOURS[match.lastgroup or '']}m{match[0]}\033[0m"
