"""The laws that every primitive obeys, one test for each law and row of the table.

They are stated on programs of one equation and on what the transforms make of them. A row that is
not `smooth` lies where differences mean nothing (a jump, a tie): it is excused from those laws
only.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from autodiff.backend import emit
from autodiff.backend.emit import compile_program
from autodiff.ir import check, held_programs, parse
from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.primitives.record import Primitive
from autodiff.transforms.batch import batch
from autodiff.transforms.simplify import simplify
from tests.calculus import (
    cotangents,
    difference,
    evaluated,
    inexact,
    inner,
    jacobian_by_columns,
    jacobian_by_rows,
    linearized,
    tangents,
)
from tests.primitives.rows import (
    FORMS,
    arguments,
    arrays,
    close,
    differentiable,
    directions,
    every_form,
    every_row,
    has_derivative,
    is_double,
    precise,
    program_of,
    rows,
    same_bits,
    second_order,
    smooth,
    tolerance,
)
from tests.primitives.spec import Spec
from tests.primitives.table import SPECS, primitives

# ---- the table


def test_every_primitive_has_a_row():
    missing = primitives() - {spec.primitive for spec in SPECS}
    assert not missing, f"no row for {sorted(p.name for p in missing)}"


def test_rows_have_names_of_their_own():
    names = [str(spec) for spec in SPECS]
    assert sorted(set(names)) == sorted(names)


# ---- types


@every_row
def test_types(spec):
    """`run` returns the shapes and dtypes that `types` says."""
    program = program_of(spec)
    results = evaluated(program, arrays(spec))
    assert tuple([type_of(y) for y in results]) == program.out_types


@differentiable
def test_derivatives_have_the_types_of_what_they_belong_to(spec):
    xs = arrays(spec)
    forward = evaluated(tangents(program_of(spec)), arguments(spec, "tangent"))
    back = evaluated(cotangents(program_of(spec)), arguments(spec, "cotangent"))
    outs = [t for t in program_of(spec).out_types if t.inexact]
    assert [type_of(dy) for dy in forward] == outs
    assert [type_of(ct) for ct in back] == [type_of(x) for x in xs if x.dtype.kind in "fc"]


# ---- first derivatives


def with_tangents(spec: Spec, xs: list[Any], dxs: list[Any]) -> list[Any]:
    """One entry for each input: its tangent, or None."""
    remaining = iter(dxs)
    return [next(remaining) if a else None for a in inexact(xs)]


@rows(has_derivative, smooth)
def test_tangent_is_the_difference_quotient(spec):
    program, dxs = program_of(spec), directions(arrays(spec))
    xs = [precise(x) for x in arrays(spec)]
    dxs = [precise(d) for d in dxs]

    def value(points):
        return [y for y in evaluated(program, points) if y.dtype.kind in "fc"]

    rough = not is_double(value(xs))  # single precision whatever the operands
    expected = difference(value, xs, with_tangents(spec, xs, dxs), 3e-2 if rough else 1e-3)
    actual = evaluated(tangents(program), arguments(spec, "tangent"))
    close(actual, expected, tolerance(spec, 1e-7, 1e-4))


@differentiable
def test_reverse_is_the_adjoint_of_forward(spec):
    """<ct, J dx> = <J^T ct, dx>."""
    dxs, cts = directions(arrays(spec), 1), directions(program_of(spec).out_types, 2)
    dys = evaluated(tangents(program_of(spec)), [*arrays(spec), *dxs])
    back = evaluated(cotangents(program_of(spec)), [*arrays(spec), *cts])
    close([inner(back, dxs)], [inner(cts, dys)], tolerance(spec, 1e-12, 1e-4))


@differentiable
def test_jacobian_by_rows_is_that_by_columns(spec):
    forward = jacobian_by_columns(program_of(spec), arrays(spec))
    reverse = jacobian_by_rows(program_of(spec), arrays(spec))
    if forward.size or reverse.size:
        close([reverse], [forward], tolerance(spec, 1e-12, 1e-4))


# ---- second derivatives


@rows(has_derivative, second_order)
def test_second_derivatives_in_all_four_orders(spec):
    """The Hessian of <ct, f>, applied to a direction, whichever way it is computed."""
    program, xs = program_of(spec), arrays(spec)
    u, v = directions(xs, 1), directions(xs, 2)
    cts = directions(program.out_types, 3)
    active = [x for x, a in zip(xs, inexact(xs), strict=True) if a]
    zero_u, zero_ct = ([np.zeros_like(x) for x in arrays_] for arrays_ in (u, cts))
    n = len(active)

    # forward over reverse: the derivative of ct of x along u
    forward_reverse = evaluated(tangents(cotangents(program)), [*xs, *cts, *u, *zero_ct])
    # reverse over forward: the cotangent of x of <ct, J u>
    reverse_forward = evaluated(cotangents(tangents(program)), [*xs, *u, *cts])[:n]
    # reverse over reverse: the cotangent of x of <J^T ct, u>
    reverse_reverse = evaluated(cotangents(cotangents(program)), [*xs, *cts, *u])[:n]
    # forward over forward: the derivative of J u along v
    forward_forward = evaluated(tangents(tangents(program)), [*xs, *u, *v, *zero_u])

    allowed = tolerance(spec, 1e-10, 1e-3)
    close(reverse_forward, forward_reverse, allowed)
    close(reverse_reverse, forward_reverse, allowed)
    close([inner(cts, forward_forward)], [inner(forward_reverse, v)], allowed)


@rows(has_derivative, second_order, smooth)
def test_second_derivative_is_the_difference_quotient_of_the_first(spec):
    program = program_of(spec)
    u, cts = directions(arrays(spec), 1), directions(program.out_types, 3)
    xs, us, seeds = ([precise(x) for x in part] for part in (arrays(spec), u, cts))
    back = cotangents(program)
    expected = difference(
        lambda points: evaluated(back, [*points, *seeds]),
        xs,
        with_tangents(spec, xs, us),
        1e-3 if is_double(evaluated(back, [*xs, *seeds])) else 3e-2,
    )
    zeros = [np.zeros_like(ct) for ct in cts]
    actual = evaluated(tangents(back), [*arrays(spec), *cts, *u, *zeros])
    close(actual, expected, tolerance(spec, 1e-6, 1e-3))


# ---- the linear half


def linear_equations(program: Program, linear: tuple[bool, ...]) -> list[Any]:
    """The equations that something linear passes through, also those within held programs."""
    late = {v for v, m in zip(program.inputs, linear, strict=True) if m}
    found = []
    for equation in program.equations:
        reached = tuple([a in late for a in equation.inputs])
        if any(reached):
            late.update(equation.outputs)
            held = [p for _, p in held_programs(equation)]
            found += [e for p in held for e in linear_equations(p, reached)] or [equation]
    return found


@differentiable
def test_linear_half_consists_of_what_has_a_transpose(spec):
    linear = linearized(program_of(spec))
    n = linear.residuals
    mask = (False,) * n + (True,) * (len(linear.rest.inputs) - n)
    used = {e.primitive for e in linear_equations(linear.rest, mask)}
    assert {p.name for p in used if p.transpose is None} == set()


# ---- other ways to run


@every_row
def test_vmap_is_a_loop(spec):
    """Over every choice of the mapped inputs, for the primitive."""
    program, size = program_of(spec), 3
    examples = [arrays(spec, seed) for seed in range(size)]
    for mapped in product([False, True], repeat=len(program.inputs)):
        if any(mapped):
            check_map(program, mapped, examples)


@differentiable
@pytest.mark.parametrize("form", ["tangent", "cotangent"])
def test_vmap_of_derivatives_is_a_loop(spec, form):
    program = FORMS[form](program_of(spec))
    examples = [arguments(spec, form, seed) for seed in range(2)]
    check_map(program, (True,) * len(program.inputs), examples)


def check_map(program: Program, mapped: tuple[bool, ...], examples: list[list[Any]]) -> None:
    size, first = len(examples), examples[0]
    force = (True,) * len(program.outputs)
    together, out_mapped = batch(program, mapped, size, force)
    assert out_mapped == force
    calls = [[xs[i] if m else first[i] for i, m in enumerate(mapped)] for xs in examples]
    stacked = [np.stack([xs[i] for xs in calls]) if m else first[i] for i, m in enumerate(mapped)]
    results = evaluated(together, stacked)
    assert [type_of(y) for y in results] == list(together.out_types)
    expected = [np.stack(ys) for ys in zip(*[evaluated(program, xs) for xs in calls], strict=True)]
    double = is_double((*program.in_types, *program.out_types))
    close(results, expected, 1e-13 if double else 1e-5)


@every_row
def test_results_share_memory_with_operands_only_if_the_primitive_says_so(spec):
    """Generated code relies on it: it writes over arrays that nobody else can see."""
    args = arrays(spec)
    kept = [x.copy() for x in args]
    for y in evaluated(program_of(spec), args):
        if not spec.primitive.view:
            assert not any(np.shares_memory(y, x) for x in args)
    same_bits(args, kept)


@every_form
def test_generated_code_does_what_the_interpreter_does(spec, form, monkeypatch):
    monkeypatch.setattr(emit, "_WORTH_REUSING", 17)  # write over dead arrays, but not numbers
    program = FORMS[form](program_of(spec))
    args = arguments(spec, form)
    kept = [x.copy() for x in args]
    with np.errstate(all="ignore"):
        emitted = compile_program(program, np)(*args)
    same_bits(emitted, evaluated(program, args))
    same_bits(args, kept)


@every_form
def test_simplify_keeps_results(spec, form):
    program = FORMS[form](program_of(spec))
    args = arguments(spec, form)
    simple = simplify(program)
    assert simple.in_types == program.in_types
    assert simple.out_types == program.out_types
    allowed = tolerance(spec, 1e-14, 1e-6)
    close(evaluated(simple, args), evaluated(program, args), allowed)


@every_form
def test_text_is_read_back(spec, form):
    program = FORMS[form](program_of(spec))
    back = check(parse(str(program), Primitive.named))
    assert str(back) == str(program)
    args = arguments(spec, form)
    same_bits(evaluated(back, args), evaluated(program, args))
