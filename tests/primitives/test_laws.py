"""The laws that every primitive obeys, one test for each law and row of the table.

They are stated on programs of one equation and on what the transforms make of them. A row that is not
`smooth` lies where differences mean nothing (a jump, a tie), and is excused from those laws only.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from autodiff.backend import emit
from autodiff.backend.emit import compile_program
from autodiff.ir import check, held_programs, parse
from autodiff.ir.program import Program
from autodiff.ir.types import type_of
from autodiff.primitives.algebra import zeros_like
from autodiff.primitives.arithmetic import select
from autodiff.primitives.kinds import elementwise
from autodiff.primitives.record import Primitive
from autodiff.tracing.build import build, evaluate
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
    pushed,
    tangents,
)
from tests.primitives.spec import Spec
from tests.primitives.table import SPECS, primitives

# ---- a row as a program, and numbers for it


@lru_cache
def program_of(spec: Spec) -> Program:
    """The primitive as a program of one equation; scalar constants are literals in it."""
    made = spec.make()

    def fun(*args: Any) -> Any:
        remaining = iter(args)
        inputs = [x if isinstance(x, np.generic) else next(remaining) for x in made]
        results = spec.primitive(*inputs, **spec.params)
        return results if spec.primitive.multiple else [results]

    types = [type_of(x) for x in made if not isinstance(x, np.generic)]
    return build(fun, types, spec.primitive.name)


def arrays(spec: Spec, seed: int = 0) -> list[Any]:
    return [x for x in spec.make(seed) if not isinstance(x, np.generic)]


def like(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers in the type of `x`."""
    numbers = rng.uniform(-1, 1, x.shape)
    if x.dtype.kind == "c":
        numbers = numbers + 1j * rng.uniform(-1, 1, x.shape)
    return np.asarray(numbers).astype(x.dtype)


def directions(types: Any, seed: int = 1) -> list[Any]:
    """A random tangent (or cotangent) for everything that has one."""
    rng = np.random.default_rng(seed)
    return [like(t, rng) for t in types if t.dtype.kind in "fc"]


FORMS = {"value": lambda p: p, "tangent": pushed, "cotangent": cotangents}


def arguments(spec: Spec, form: str, seed: int = 0) -> list[Any]:
    """What the program of a form takes."""
    xs = arrays(spec, seed)
    if form == "value":
        return xs
    types = xs if form == "tangent" else program_of(spec).out_types
    return [*xs, *directions(types, seed + 1)]


# ---- precision


def precise(x: Any) -> Any:
    """The same numbers in double precision, so that differences can be taken."""
    return x.astype(np.result_type(x.dtype, np.float64)) if x.dtype.kind in "fc" else x


def is_double(types: Any) -> bool:
    return all(np.finfo(t.dtype).eps < 1e-15 for t in types if t.dtype.kind in "fc")


def close(actual: Any, expected: Any, tolerance: float) -> None:
    """Equal up to `tolerance`, relative to the largest entry of each array."""
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        finite = np.abs(np.asarray(b)[np.isfinite(b)])
        scale = max(1.0, float(finite.max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def tolerance(spec: Spec, double: float, single: float) -> float:
    program = program_of(spec)
    return double if is_double((*program.in_types, *program.out_types)) else single


def same_bits(actual: Any, expected: Any) -> None:
    assert len(actual) == len(expected)
    for a, b in zip(map(np.asarray, actual), map(np.asarray, expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert a.tobytes() == b.tobytes(), f"{a!r} is not {b!r}"


# ---- which rows a law is about


def has_derivative(spec: Spec) -> bool:
    """Whether something floating-point goes in and something floating-point comes out."""
    program = program_of(spec)
    return any(inexact(program.in_types)) and any(inexact(program.out_types))


def rows(*conditions: Any) -> Any:
    chosen = [spec for spec in SPECS if all(holds_for(spec) for holds_for in conditions)]
    return pytest.mark.parametrize("spec", chosen, ids=str)


def smooth(spec: Spec) -> bool:
    return spec.smooth


def second_order(spec: Spec) -> bool:
    return spec.order >= 2


every_row = rows()
differentiable = rows(has_derivative)
every_form = pytest.mark.parametrize(
    ("spec", "form"),
    [
        pytest.param(spec, form, id=f"{form}-{spec}")
        for form in FORMS
        for spec in SPECS
        if form == "value" or has_derivative(spec)
    ],
)


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


# ---- masks: a derivative that is infinite, of what is not chosen, does no harm

poison = elementwise("poison", [lambda y, x, p: p, None], run=lambda xp, x, p: x)  # y = x, y' = p


def keeps_masks(spec: Spec) -> bool:
    """Whether all that the derivative is made of lets masks through."""
    equations = linearized(program_of(spec)).rest.equations
    return all(e.primitive.mask is not None for e in equations)


def guarded(program: Program) -> Program:
    """`(x, p, mask) -> where(mask, program(poison(x, p)), 0)`."""
    floats = [t for t in program.in_types if t.inexact]
    outs = [t for t in program.out_types if t.inexact]

    def fun(*args: Any) -> Any:
        n = len(program.inputs)
        poisons, masks = iter(args[n : n + len(floats)]), args[n + len(floats) :]
        xs = [poison(x, next(poisons)) if x.type.inexact else x for x in args[:n]]
        ys = [y for y in evaluate(program, xs) if type_of(y).inexact]
        return [select(m, y, zeros_like(y)) for m, y in zip(masks, ys, strict=True)]

    return build(fun, [*program.in_types, *floats, *[t.with_dtype(bool) for t in outs]])


@rows(has_derivative, keeps_masks)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_a_mask_hides_has_no_derivative(spec, share):
    program, xs = program_of(spec), arrays(spec)
    rng = np.random.default_rng(4)
    outs = [t for t in program.out_types if t.inexact]
    masks = [rng.random(t.shape) < share for t in outs]
    active = [x for x, a in zip(xs, inexact(xs), strict=True) if a]
    cts = directions(outs, 5)

    def gradient(poisons: list[Any]) -> list[Any]:
        back = evaluated(cotangents(guarded(program)), [*xs, *poisons, *masks, *cts])
        return back[: len(active)]

    exact = gradient([np.ones_like(x) for x in active])
    hidden = [dead_entries(program, xs, i, masks) for i in range(len(active))]
    poisons = [np.where(h, np.inf, 1).astype(x.dtype) for h, x in zip(hidden, active, strict=True)]
    close(gradient(poisons), exact, tolerance(spec, 1e-12, 1e-4))


def dead_entries(program: Program, xs: list[Any], i: int, masks: list[Any]) -> Any:
    """Where no result that the masks show depends on the i-th floating-point input."""
    active = [x for x, a in zip(xs, inexact(xs), strict=True) if a]
    dead = np.ones(active[i].shape, bool)
    for position in np.ndindex(active[i].shape):
        dxs = [np.zeros_like(x) for x in active]
        dxs[i][position] = 1 + 0.7j if dxs[i].dtype.kind == "c" else 1
        dys = evaluated(tangents(program), [*xs, *dxs])
        dead[position] = not any(np.any(m & (dy != 0)) for m, dy in zip(masks, dys, strict=True))
    return dead


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
    stacked = [
        np.stack([xs[i] for xs in calls]) if m else first[i] for i, m in enumerate(mapped)
    ]
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
