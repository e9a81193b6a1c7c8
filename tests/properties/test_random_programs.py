"""What holds for every program, on random ones."""

import copy
import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autodiff.backend import emit
from autodiff.backend.compiled import Compiled
from autodiff.backend.emit import compile_program
from autodiff.ir import check, inline, parse, prune
from autodiff.ir.program import Program
from autodiff.primitives.record import Primitive
from autodiff.transforms.batch import batch
from autodiff.transforms.linearize import linearize
from autodiff.transforms.simplify import simplify
from autodiff.transforms.unzip import POLICIES
from tests.calculus import cotangents, evaluated, inner, tangents
from tests.properties.programs import arguments, programs

MIXED = (np.float64, np.float32)


def same(actual, expected, tolerance: float = 0.0) -> None:
    assert len(actual) == len(expected)
    for a, b in zip(map(np.asarray, actual), map(np.asarray, expected), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        allowed = tolerance if a.dtype != np.float32 else max(tolerance, 1e-4 * bool(tolerance))
        scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=allowed, atol=allowed * scale)


def directions(types, seed: int) -> list:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.uniform(-1, 1, t.shape)).astype(t.dtype) for t in types]


@given(programs(MIXED))
def test_check_and_types(program: Program):
    check(program)
    results = evaluated(program, arguments(program))
    assert [(np.shape(y), np.asarray(y).dtype) for y in results] == [
        (t.shape, t.dtype) for t in program.out_types
    ]


@given(programs(MIXED))
def test_text_and_pickle(program: Program):
    xs = arguments(program)
    back = check(parse(str(program), Primitive.named))
    assert str(back) == str(program)
    same(evaluated(back, xs), evaluated(program, xs))
    for copied in (pickle.loads(pickle.dumps(program)), copy.deepcopy(program)):
        same(evaluated(check(copied), xs), evaluated(program, xs))


@given(programs(MIXED))
def test_simplify_prune_and_inline(program: Program):
    xs = arguments(program)
    expected = evaluated(program, xs)
    same(evaluated(prune(program), xs), expected)
    same(evaluated(inline(program, lambda e: True), xs), expected)
    simple = simplify(program)
    same(evaluated(simple, xs), expected, 1e-12)
    assert len(simplify(simple).equations) <= len(simple.equations) <= len(program.equations) + 2


@given(programs(MIXED), st.sampled_from([17, 1 << 16]))
def test_generated_code(program: Program, worth_reusing: int):
    """To the last bit, with the arguments unchanged; also where dead arrays are written over."""
    before, emit._WORTH_REUSING = emit._WORTH_REUSING, worth_reusing
    try:
        for p in (program, cotangents(program)):
            xs = [*arguments(program), *directions(p.in_types[len(program.inputs) :], 1)]
            kept = copy.deepcopy(xs)
            with np.errstate(all="ignore"):
                same(compile_program(p, np)(*xs), evaluated(p, kept))
            same(xs, kept)
    finally:
        emit._WORTH_REUSING = before


@given(programs())
def test_results_belong_to_the_caller(program: Program):
    run, xs = Compiled(program), arguments(program)
    for _ in range(2):
        outs = [y for y in run(xs) if isinstance(y, np.ndarray)]
        for i, y in enumerate(outs):
            assert y.flags.writeable
            assert not any(np.shares_memory(y, other) for other in [*xs, *outs[:i]])


@given(programs())
def test_reverse_is_the_adjoint_of_forward(program: Program):
    xs = arguments(program)
    dxs, cts = directions(program.in_types, 1), directions(program.out_types, 2)
    dys = evaluated(tangents(program), [*xs, *dxs])
    back = evaluated(cotangents(program), [*xs, *cts])
    expected = inner(cts, dys)
    if np.isfinite(expected):
        np.testing.assert_allclose(inner(back, dxs), expected, rtol=1e-9, atol=1e-9)


@given(programs(longest=7))
def test_second_derivatives_agree(program: Program):
    xs, us = arguments(program), directions(program.in_types, 1)
    cts = directions(program.out_types, 2)
    n = len(xs)
    zeros = [np.zeros(t.shape) for t in program.out_types]
    forward = evaluated(tangents(cotangents(program)), [*xs, *cts, *us, *zeros])
    reverse = evaluated(cotangents(cotangents(program)), [*xs, *cts, *us])[:n]
    mixed = evaluated(cotangents(tangents(program)), [*xs, *us, *cts])[:n]
    if all(np.all(np.isfinite(h)) for h in forward):
        same(reverse, forward, 1e-8)
        same(mixed, forward, 1e-8)


@given(programs(MIXED), st.sampled_from(sorted(POLICIES)))
def test_policies_change_no_bit(program: Program, policy: str):
    xs, active = arguments(program), (True,) * len(program.inputs)
    m = len(program.outputs)
    reference, chosen = (linearize(program, active, POLICIES[p]) for p in ("save", policy))
    dxs = directions(program.in_types, 1)
    results = []
    for linear in (reference, chosen):
        outs = evaluated(linear.known, xs)
        results.append([*outs[:m], *evaluated(linear.rest, [*outs[m:], *dxs])])
    same(results[1], results[0])


@given(programs(), st.data())
def test_a_map_is_a_loop(program: Program, data):
    mapped = tuple(data.draw(st.booleans()) for _ in program.inputs)
    if not any(mapped):
        mapped = (True, *mapped[1:])
    together, _ = batch(program, mapped, 3, (True,) * len(program.outputs))
    examples = [arguments(program, seed) for seed in range(3)]
    calls = [
        [x if m else examples[0][i] for i, (x, m) in enumerate(zip(xs, mapped, strict=True))]
        for xs in examples
    ]
    stacked = [
        np.stack([xs[i] for xs in calls]) if m else examples[0][i] for i, m in enumerate(mapped)
    ]
    rows = [evaluated(program, xs) for xs in calls]
    expected = [np.stack(ys) for ys in zip(*rows, strict=True)]
    same(evaluated(together, stacked), expected, 1e-12)
