"""The law of patterns: what is measured lies in the pattern, for every row of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.ir.program import Program
from autodiff.primitives.arithmetic import select
from autodiff.transforms.sparsity import pattern
from tests.calculus import cotangents, inexact, jacobian_by_columns, linearized
from tests.primitives.rows import (
    arrays,
    directions,
    has_derivative,
    program_of,
    rows,
    typical,
)
from tests.primitives.spec import Spec
from tests.primitives.table import SPECS

pytest.importorskip("scipy")


def found(program: Program, xs: list[Any]) -> Any:
    """The pattern over the reals: each complex number has two rows, or two columns."""
    rows = np.repeat(inexact(program.out_types), [t.size for t in program.out_types])
    mine = pattern(program, inexact(program.in_types), xs).toarray()[rows]
    for axis, types in enumerate((program.out_types, program.in_types)):
        sides = [np.full(t.size, 1 + (t.dtype.kind == "c")) for t in types if t.inexact]
        mine = np.repeat(mine, np.concatenate([np.zeros(0, int), *sides]), axis=axis)
    return mine


def measured(program: Program, xs: list[Any]) -> Any:
    return jacobian_by_columns(program, xs) != 0


@rows(has_derivative, typical)
def test_what_is_measured_lies_in_the_pattern(spec):
    program, xs = program_of(spec), arrays(spec)
    here, mine = measured(program, xs), found(program, xs)
    if here.size:
        assert mine.shape == here.shape
        assert not (here & ~mine).any()


def is_generic(spec: Spec) -> bool:
    """Whether no derivative is zero by chance, or by a choice between operands."""
    xs = [x for x in arrays(spec) if x.dtype.kind in "fc"]
    chosen = any(e.primitive is select for e in linearized(program_of(spec)).rest.equations)
    plain = all(np.isfinite(x).all() and x.all() for x in xs)
    known = spec.primitive.sparsity is not None or spec.primitive.mask is not None  # else: dense
    whole = not any(x.dtype.kind == "c" for x in xs)
    return spec.exact and known and plain and not chosen and whole


GENERIC = [s for s in SPECS if typical(s) and has_derivative(s) and is_generic(s)]


@pytest.mark.parametrize("spec", GENERIC, ids=str)
def test_the_pattern_is_exact_at_a_generic_point(spec):
    program, xs = program_of(spec), arrays(spec)
    if not any(t.dtype.kind == "c" for t in program.out_types):
        here = measured(program, xs)
        assert (found(program, xs) == here.reshape(found(program, xs).shape)).all()


@rows(has_derivative, typical)
def test_the_pattern_of_second_derivatives(spec):
    """That of what is pulled back from the results, as a function of the arguments."""
    program = cotangents(program_of(spec))
    xs = [*arrays(spec), *directions(program_of(spec).out_types)]
    here, mine = measured(program, xs), found(program, xs)
    if here.size:
        assert not (here & ~mine).any()
