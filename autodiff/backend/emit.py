"""A program as straight-line Python over NumPy (or CuPy): readable, and compiled once.

Broadcasts are folded into the elementwise operations that use them, since the array library
broadcasts for nothing, and arrays are let go after their last use.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterator
from itertools import count
from string import Formatter
from types import ModuleType
from typing import Any
from weakref import finalize

import numpy as np

from autodiff.arrays import on_device
from autodiff.ir.editing import held_programs, last_uses
from autodiff.ir.printing import variable_names
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.types import Literal
from autodiff.primitives.algebra import broadcast

__all__ = ["compile_program", "to_source"]

_serial = count()
_WORTH_REUSING = 1 << 16  # bytes from which writing over an array beats asking for a new one


def compile_program(program: Program, xp: ModuleType) -> Callable[..., tuple[Any, ...]]:
    """A Python function that runs the program with the array module `xp`."""
    writer = _Writer(boxed=xp is np)
    name = writer.function(program)
    file = f"<autodiff {program.name} {next(_serial)}>"
    text = "\n".join(writer.lines) + "\n"
    if len(text) < 100_000:  # lets tracebacks show the line
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space: dict[str, Any] = {"np": xp, **writer.bound(xp)}
    exec(compile(text, file, "exec"), space)
    function = space[name]
    finalize(function, linecache.cache.pop, file, None)
    return function


def to_source(program: Program) -> str:
    """The Python source of a program.

    It needs NumPy alone, but for primitives that have no text: those it imports.
    """
    writer = _Writer()
    writer.function(program)
    head = ["import numpy as np"]
    if writer.runs:
        head = [
            "from functools import partial\n",
            *head,
            "\nfrom autodiff.primitives.record import find_primitive",
        ]
    return "\n".join([*head, "", *writer.definitions(), "", *writer.lines, ""])


class _Writer:
    """Collects the source of a program and of those it holds, and the objects it names."""

    def __init__(self, *, boxed: bool = False) -> None:
        # Beside arrays, NumPy takes constants as arrays a third faster than as Python numbers.
        self.boxed = boxed
        self.boxes: dict[Literal, str] = {}
        self.lines: list[str] = []
        self.constants: dict[Literal, str] = {}
        self.runs: dict[str, Equation] = {}  # equations without a text of their own
        self.functions: dict[Program, str] = {}
        self.helpers: list[str] = []  # functions for equations of loops

    def bound(self, xp: ModuleType) -> dict[str, Any]:
        """The objects behind the names that the source uses."""
        runs = {name: _runner(e, xp) for name, e in self.runs.items()}
        constants = {
            name: c.value if xp is np else on_device(xp, c.value)
            for c, name in self.constants.items()
        }
        boxes = {name: np.array(c.value) for c, name in self.boxes.items()}
        return constants | runs | boxes

    def definitions(self) -> list[str]:
        """Source that defines the names which the functions use."""
        constants = [f"{name} = {_constant_text(c)}" for c, name in self.constants.items()]
        return constants + [f"{name} = {_run_text(e)}" for name, e in self.runs.items()]

    def function(self, program: Program) -> str:
        """Write a function for a program, after those of the programs that it holds; its name."""
        if program in self.functions:
            return self.functions[program]
        name = f"_{len(self.functions)}_{program.name}" if self.functions else program.name
        name = self.functions[program] = re.sub(r"\W", "_", name)
        names = _local_names(program)
        body = list(_Body(self, program, names).statements())
        arguments = ", ".join(names[v] for v in program.inputs)
        self.lines += [f"def {name}({arguments}):", *(f"    {line}" for line in body)]
        return name

    def held(self, equation: Equation, text: str) -> dict[str, str]:
        """The names of the functions for the programs that a text mentions, by param."""

        def name(x: Any) -> str:
            return self.function(x) if isinstance(x, Program) else f"({''.join(map(listed, x))})"

        def listed(x: Any) -> str:
            return f"{name(x)}, "

        mentioned = {field for _, field, _, _ in Formatter().parse(text)}
        held = dict.fromkeys(param for param, _ in held_programs(equation))
        return {param: name(equation.params[param]) for param in held if param in mentioned}

    def helper(self, equation: Equation) -> str:
        """Write the function that an equation is run by; its name."""
        types = tuple([a.type for a in equation.inputs])
        assert equation.primitive.function is not None
        text = equation.primitive.function(types, equation.params)
        held = self.held(equation, text)
        name = f"_{equation.primitive.name}{len(self.helpers)}"
        self.helpers.append(name)
        self.lines += text.format(name=name, **held).splitlines()
        return name

    def constant(self, literal: Literal) -> str:
        return self.constants.setdefault(literal, f"_C{len(self.constants)}")

    def box(self, literal: Literal) -> str:
        return self.boxes.setdefault(literal, f"_A{len(self.boxes)}")

    def run(self, equation: Equation) -> str:
        name = f"_run{len(self.runs)}_{equation.primitive.name}"
        self.runs[name] = equation
        return name


def _constant_text(literal: Literal) -> str:
    """An expression that gives exactly this scalar, also if it is infinite or -0.0."""
    dtype, text = literal.type.dtype, str(literal.value)
    if dtype.kind == "c":
        return f"np.{dtype}(complex('{text}'))"
    return f"np.{dtype}('{text}')" if dtype.kind == "f" else f"np.{dtype}({text})"


def _run_text(equation: Equation) -> str:
    """An expression that gives the `run` of an equation that has no text of its own."""
    params = [f", {name}={_param_text(x)}" for name, x in equation.params.items()]
    return f'partial(find_primitive("{equation.primitive.name}").run, np{"".join(params)})'


def _param_text(x: Any) -> str:
    return f"np.dtype('{x.name}')" if isinstance(x, np.dtype) else repr(x)


def _local_names(program: Program) -> dict[Var, str]:
    """Names for the variables: not `np`, nor what starts with an underscore."""
    names = variable_names(program)
    taken = set(names.values())
    for v, name in names.items():
        if name == "np" or name.startswith("_"):
            new = next(n for i in count() if (n := f"v{i}_{name.strip('_')}") not in taken)
            taken.add(new)
            names[v] = new
    return names


def _runner(equation: Equation, xp: ModuleType) -> Callable[..., Any]:
    run, params = equation.primitive.run, equation.params
    return lambda *args: run(xp, *args, **params)


class _Buffers:
    """Which arrays of a program only one variable refers to, so that they may be written over."""

    def __init__(self, program: Program, dying: dict[int, tuple[Var, ...]]) -> None:
        self.dying = dying
        self.roots: dict[Var, Var] = {
            v: v for v in program.inputs
        }  # whose memory a variable shares
        self.foreign: set[Var] = set(program.inputs)  # memory that is not the program's own
        self.users: dict[Var, set[Var]] = {v: {v} for v in program.inputs}

    def made(self, equation: Equation) -> None:
        """Note the results of an equation."""
        source = equation.inputs[0] if equation.inputs else None
        for v in equation.outputs:
            shares = equation.primitive.view and isinstance(source, Var)
            root = self.roots[v] = self.roots[source] if shares else v  # type: ignore[index]
            self.users.setdefault(root, set()).add(v)
            if equation.primitive.kind == "holder" or (equation.primitive.view and not shares):
                self.foreign.add(v)

    def freed(self, i: int) -> None:
        """Note what has died with equation `i`."""
        for v in self.dying.get(i, ()):
            self.users[self.roots[v]].discard(v)

    def reusable(self, a: Atom, i: int) -> bool:
        """Whether equation `i` may write its result over its operand `a`."""
        return (
            isinstance(a, Var)
            and self.roots[a] is a
            and a not in self.foreign
            and a in self.dying.get(i, ())
            and len(self.users[a]) == 1
        )


class _Body:
    """The statements of one function."""

    def __init__(self, writer: _Writer, program: Program, names: dict[Var, str]) -> None:
        self.writer, self.program, self.names = writer, program, names
        self.folded = _foldable(program)

    def statements(self) -> Iterator[str]:
        program, names = self.program, self.names
        dying = last_uses(program)
        buffers = _Buffers(program, dying)
        passed = set(program.inputs)  # the caller keeps these alive in any case
        for i, equation in enumerate(program.equations):
            yield from self.statement(equation, i, buffers)
            buffers.made(equation)
            buffers.freed(i)
            dead = [names[v] for v in dying.get(i, ()) if v.type.shape and v not in passed]
            if dead:
                yield f"del {', '.join(dead)}"
        outs = [self.operand(a, typed=True) for a in program.outputs]
        yield f"return ({', '.join(outs)}{',' if len(outs) == 1 else ''})"

    def statement(self, equation: Equation, i: int, buffers: _Buffers) -> Iterator[str]:
        """What computes an equation: in the memory of a dead operand, where that pays."""
        primitive, outputs, names = equation.primitive, equation.outputs, self.names
        if not outputs:
            yield self.expression(equation)
            return
        left = ", ".join(names[v] for v in outputs)
        comma = "," if primitive.multiple and len(outputs) == 1 else ""
        is_array = bool(outputs[0].type.shape)  # and not one of NumPy's scalars, which never change
        if primitive.in_place and is_array and buffers.reusable(equation.inputs[0], i):
            types = tuple([a.type for a in equation.inputs])
            yield primitive.in_place(types, equation.params).format(*self.operands(equation))
            yield f"{left} = {self.operand(equation.inputs[0], typed=True)}"
            return
        if primitive.ufunc is not None and outputs[0].type.nbytes >= _WORTH_REUSING:
            for a in equation.inputs:
                if a.type is outputs[0].type and buffers.reusable(a, i):
                    operands = ", ".join(self.operands(equation))
                    into = self.operand(a, typed=True)
                    yield f"{left} = np.{primitive.ufunc.__name__}({operands}, out={into})"
                    return
        yield f"{left}{comma} = {self.expression(equation)}"

    def expression(self, equation: Equation) -> str:
        primitive = equation.primitive
        types = tuple([a.type for a in equation.inputs])
        for short in filter(None, map(self.folded.get, equation.outputs)):
            return short.format(self.operand(equation.inputs[0], typed=True))
        operands = self.operands(equation)
        if primitive.python is not None:
            text = primitive.python(types, equation.params)
            return text.format(*operands, **self.writer.held(equation, text))
        helper = self.writer.helper if primitive.function is not None else self.writer.run
        return f"{helper(equation)}({', '.join(operands)})"

    def operands(self, equation: Equation) -> list[str]:
        """The operands; in a text, a literal beside an array of its dtype can be a plain number."""
        primitive = equation.primitive
        if primitive.kind != "elementwise" or primitive.python is None:
            return [self.operand(a, typed=True) for a in equation.inputs]
        beside = {a.type.dtype for a in equation.inputs if isinstance(a, Var)}
        boxed = self.writer.boxed and bool(equation.outputs[0].type.shape)
        return [
            self.writer.box(a)
            if boxed and isinstance(a, Literal)
            else self.operand(a, typed=a.type.dtype not in beside)
            for a in equation.inputs
        ]

    def operand(self, a: Atom, *, typed: bool) -> str:
        """A variable's name, or a literal: of exactly its dtype if `typed`."""
        if isinstance(a, Var):
            return self.names[a]
        plain = a.value.item()
        if typed or not np.isfinite(plain) or a.type.dtype.char in "gG":
            return self.writer.constant(a)
        return f"({plain!r})" if isinstance(plain, complex) or plain < 0 else repr(plain)


def _foldable(program: Program) -> dict[Var, str]:
    """Broadcasts that need not be made, with what stands for them.

    Every use is an elementwise operation that has another operand in full shape.
    """
    folded = {e.outputs[0]: _short_of(e) for e in program.equations if e.primitive is broadcast}
    for a in program.outputs:
        folded.pop(a, None)  # type: ignore[arg-type]
    for e in program.equations:
        if not folded.keys().isdisjoint(e.inputs):
            full = e.primitive.kind == "elementwise" and any(
                isinstance(a, Var) and a not in folded for a in e.inputs
            )
            if not full:
                for a in e.inputs:
                    folded.pop(a, None)  # type: ignore[arg-type]
    return folded


def _short_of(equation: Equation) -> str:
    """The operand of a broadcast, aligned so that the array library would broadcast it."""
    axes, ndim = equation.params["axes"], len(equation.params["shape"])
    index = ["None" if i in axes else ":" for i in range(ndim)]
    while index and index[0] == "None":
        index.pop(0)
    return "{0}" if "None" not in index else f"{{0}}[{', '.join(index)}]"
