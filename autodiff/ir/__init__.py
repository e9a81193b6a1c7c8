"""Programs: what they are made of, their text, the rules they obey and the edits they undergo."""

from autodiff.ir.checking import check, checking_enabled, maybe_check, set_checking
from autodiff.ir.editing import (
    dependents,
    held_programs,
    inline,
    last_uses,
    map_equations,
    prune,
    substitute,
)
from autodiff.ir.parsing import parse
from autodiff.ir.printing import scalar_text, to_lines, to_text, variable_names
from autodiff.ir.program import Atom, Equation, Program, Var
from autodiff.ir.source import Source, Trail, current_trail, resolve
from autodiff.ir.types import ArrayType, Literal, dtype_name, literal, parse_dtype, type_of

__all__ = [
    "ArrayType",
    "Atom",
    "Equation",
    "Literal",
    "Program",
    "Source",
    "Trail",
    "Var",
    "check",
    "checking_enabled",
    "current_trail",
    "dependents",
    "dtype_name",
    "held_programs",
    "inline",
    "last_uses",
    "literal",
    "map_equations",
    "maybe_check",
    "parse",
    "parse_dtype",
    "prune",
    "resolve",
    "scalar_text",
    "set_checking",
    "substitute",
    "to_lines",
    "to_text",
    "type_of",
    "variable_names",
]
