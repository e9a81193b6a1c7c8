"""Programs as the tests write and read them: as text without source lines."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from textwrap import dedent
from typing import Any

import autodiff.control
import autodiff.primitives
from autodiff.ir import (
    ArrayType,
    Equation,
    Program,
    check,
    map_equations,
    parse,
    parse_dtype,
    to_text,
)
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build

__all__ = ["expected", "program", "read", "shown", "typed"]

# The parser knows the primitives of modules that have been imported.
for package in (autodiff.primitives, autodiff.control):
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


def read(text: str) -> Program:
    """The program that a text describes, checked."""
    return check(parse(dedent(text).strip(), Primitive.named))


def shown(program: Program) -> str:
    """The text of a program with letters for names, so that equal programs have equal texts."""
    return to_text(anonymous(program), sources=False)


def anonymous(program: Program) -> Program:
    """The program without names, and without the source lines from which they are taken."""

    def nameless(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple([nameless(item) for item in x])
        return anonymous(x) if isinstance(x, Program) else x

    def forget(e: Equation) -> Equation:
        params = {k: nameless(v) for k, v in e.params.items()}
        return Equation(e.primitive, e.inputs, params, e.outputs)

    return replace(map_equations(program, forget), input_names=())


def expected(text: str) -> str:
    """A text from within a test, without its margin."""
    return dedent(text).strip()


def typed(text: str) -> ArrayType:
    """A type from its text, such as `f64[2,3]`."""
    dtype, _, shape = text.rstrip("]").partition("[")
    return ArrayType(tuple([int(d) for d in shape.split(",") if d]), parse_dtype(dtype))


def program(fun: Any, *types: str, name: str = "f", names: tuple[str, ...] = ()) -> Program:
    """The program of a function of primitives, over inputs of these types."""

    def results(*args: Any) -> Any:
        out = fun(*args)
        return out if isinstance(out, list | tuple) else [out]

    return build(results, [typed(t) for t in types], name, names)
