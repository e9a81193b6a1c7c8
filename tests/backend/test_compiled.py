"""Programs that run: tiers, ownership of results, scalars, warnings."""

import numpy as np
import pytest

from autodiff.backend import compiled as module
from autodiff.backend.compiled import Compiled
from tests.primitives.rows import arrays, program_of, rows, typical
from tests.programs import read

AFFINE = "f(x: f64[3], y: f64[]) -> f64[3] { z: f64[3] = mul x 2.0:f64\n return z }"


# ---- tiers


def test_the_first_call_is_interpreted_and_later_ones_run_generated_code(monkeypatch):
    generated = []
    original = module.compile_program
    monkeypatch.setattr(
        module, "compile_program", lambda *args: generated.append(args) or original(*args)
    )
    run = Compiled(read(AFFINE))
    args = [np.ones(3), np.float64(1)]
    for calls, expected in ((1, 0), (2, 1), (3, 1), (4, 1)):
        (z,) = run(args)
        np.testing.assert_array_equal(z, [2, 2, 2])
        assert (calls, len(generated)) == (calls, expected)


@rows(typical)
def test_tiers_give_the_same_and_results_are_the_callers_own(spec):
    """No result shares memory with an argument or another result, and all can be written to."""
    run, args = Compiled(program_of(spec)), arrays(spec)
    kept = [x.copy() for x in args]
    tiers = [run(args), run(args)]
    for outs in tiers:
        own = [y for y in outs if isinstance(y, np.ndarray)]
        for i, y in enumerate(own):
            others = [*args, *own[:i]]
            assert not any(np.shares_memory(y, other) for other in others)
            assert y.flags.writeable
    for a, b in zip(*tiers, strict=True):
        np.testing.assert_array_equal(a, b)
    for x, y in zip(args, kept, strict=True):
        np.testing.assert_array_equal(x, y)


# ---- results that are not computed


VIEWS = {
    "an input": "return x, x",
    "a view of an input": "a: f64[3,2] = permute[perm=(1, 0)] x\n return a, x",
    "a view of a result": "a: f64[2,3] = exp x\n b: f64[6] = reshape[shape=(6,)] a\n return a, b",
    "what a view is of": "a: f64[2,3] = exp x\n b: f64[2,3] = flip[axes=(0,)] a\n return b, a",
    "a result twice": "a: f64[2,3] = exp x\n return a, a",
    "a constant": "a: f64[2,3] = broadcast[shape=(2, 3), axes=(0, 1)] 1.0:f64\n return a, a",
    "a row of an input": "a: f64[3] = index[1] x\n b: f64[3] = index[1] x\n return a, b",
    "a cut": "a: f64[2,3] = stop_gradient x\n return a, a",
    "what a call returns": (
        "a: f64[2,3], b: f64[2,3] = call[program=g(y: f64[2,3]) -> (f64[2,3], f64[2,3]) {\n"
        " return y, y }, policy='recompute'] x\n return a, b"
    ),
}


@pytest.mark.parametrize("case", VIEWS)
def test_no_result_is_a_view(case):
    body = VIEWS[case]
    names = body.rpartition("return ")[2].split(", ")
    types = ", ".join(
        [body.partition(f"{n}: ")[2].split(" ")[0].rstrip(",") or "f64[2,3]" for n in names]
    )
    run = Compiled(read(f"f(x: f64[2,3]) -> ({types}) {{\n {body}\n}}"))
    for _ in range(2):
        x = np.arange(6.0).reshape(2, 3)
        a, b = run([x])
        expected = b.copy(), x.copy()
        a[...] = -1
        np.testing.assert_array_equal(b, expected[0])
        b[...] = -2
        np.testing.assert_array_equal(x, expected[1])


# ---- scalars and warnings


@pytest.mark.parametrize("calls", [1, 2])
def test_python_numbers_behave_like_arrays(calls):
    """A division by zero gives infinity and no exception, on either tier."""
    run = Compiled(read("f(x: f64[]) -> f64[] { y: f64[] = div 1.0:f64 x\n return y }"))
    for _ in range(calls):
        (y,) = run([0.0])
    assert y == np.inf
    assert isinstance(y, np.floating)


def test_no_warnings_of_what_the_user_did_not_write():
    run = Compiled(read("f(x: f64[2]) -> f64[2] { y: f64[2] = log x\n return y }"))
    for _ in range(2):  # warnings are errors here
        np.testing.assert_array_equal(run([np.array([0.0, -1.0])])[0], [-np.inf, np.nan])
    with pytest.warns(RuntimeWarning):
        np.log(np.array(0.0))  # and the user's own settings are back
