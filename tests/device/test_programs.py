"""Every row of the primitive table on a device: the primitive, its tangents and its cotangents.

Results are arrays on the device with NumPy's values and dtypes, whether a program is interpreted or
runs as generated code, and the host waits for none of it (but where `WAITS` says why).
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from autodiff.backend import emit
from autodiff.backend.compiled import Compiled
from autodiff.ir.program import Program
from autodiff.tracing.build import evaluate
from autodiff.transforms.simplify import simplify
from tests.calculus import evaluated
from tests.device.fakecupy import API
from tests.device.missing import MISSING, missing_in
from tests.device.transfer import agree, no_syncs, on_device
from tests.primitives.rows import FORMS, arguments, has_derivative, program_of, typical
from tests.primitives.table import SPECS, primitives

# Primitives that ask the device something, for which the host has to wait.
WAITS = {
    "betainc_by_parameters": "the method depends on where an element lies",
    "gamma_density": "how far a shape is raised depends on it",
    "gammainc_by_shape": "the method depends on where an element lies",
    "polygamma_difference": "the method depends on where an element lies",
    "gather": "an index out of bounds raises, as in NumPy",
    "scatter": "an index out of bounds raises, as in NumPy",
    "scatter_add": "an index out of bounds raises, as in NumPy",
    "last_writes": "an index out of bounds raises, as in NumPy",
    "dynamic_slice": "a window out of bounds raises, as in NumPy",
    "dynamic_update": "a window out of bounds raises, as in NumPy",
    "cofactors": "those of a singular matrix are computed in another way",
    "row_order": "exchanges are followed on the host",
    "lu": "the order of rows is worked out on the host",
}

CASES = [
    pytest.param(spec, form, id=f"{spec}-{form}")
    for spec in SPECS
    for form in FORMS
    if typical(spec) and (form == "value" or has_derivative(spec))
]
every_case = pytest.mark.parametrize(("spec", "form"), CASES)


def case(xp: Any, spec: Any, form: str) -> tuple[Program, list[Any], list[Any], Any]:
    """A program, its arguments on the device, NumPy's results, and whether the host may wait."""
    program = FORMS[form](program_of(spec))
    if missing := missing_in(program):
        pytest.skip(f"not in CuPy: {missing}")
    xs = arguments(spec, form)
    waits = any(e.primitive.name in WAITS for e in program.equations)
    waiting = nullcontext() if waits else no_syncs(xp)
    return program, on_device(xp, xs), evaluated(program, xs), waiting


@every_case
def test_device_results_are_those_of_numpy(xp, spec, form, monkeypatch):
    monkeypatch.setattr(emit, "_WORTH_REUSING", 0)  # generated code writes over what it can
    program, args, expected, waiting = case(xp, spec, form)
    generated = emit.compile_program(program, xp)
    with waiting:
        interpreted, computed = evaluate(program, args, xp), list(generated(*args))
    agree(xp, interpreted, expected)
    agree(xp, computed, expected)


@every_case
def test_compiled_programs_return_arrays_of_their_own(xp, spec, form):
    """What the user's calls run: simplified; no result is an argument, or one of another call."""
    program, args, expected, waiting = case(xp, spec, form)
    if not args:
        pytest.skip("a program of nothing but constants has no device to run on")
    compiled = Compiled(simplify(program))
    with waiting:
        results = [*compiled(args), *compiled(args)]
    agree(xp, results, expected * 2)
    known = list(args)
    for result in results:
        assert not any(xp.may_share_memory(result, other) for other in known)
        known.append(result)


def test_every_ufunc_is_one_of_cupy():
    names = {p.name: p.ufunc.__name__ for p in primitives() if p.ufunc is not None}
    assert {p for p, name in names.items() if name not in API["ufuncs"]} == MISSING.keys() & names


def test_the_lists_name_primitives_of_the_table():
    names = {spec.primitive.name for spec in SPECS}
    assert {*MISSING, *WAITS} <= names
