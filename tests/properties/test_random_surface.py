"""500 random NumPy programs: traced and interpreted, each value is NumPy's, bit for bit."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import HealthCheck, given, settings

import autodiff as ad
from autodiff.ir.checking import check
from autodiff.tracing.build import evaluate
from autodiff.tracing.record import record
from tests.properties.surface import programs

PRODUCTS = {"matmul", "@", "dot", "inner", "outer", "vdot", "kron", "einsum"}
# Calls whose results may differ from NumPy's in the last digits, and why (docs/design.md).
REWRITTEN = {
    **dict.fromkeys(PRODUCTS, "the order of the sum, and the sign of zeros, are those of BLAS"),
    **dict.fromkeys(("power", "float_power", "**"), "whole powers are products"),
    **dict.fromkeys(("var", "std", "nanvar", "nanmean"), "float16 is summed in float32"),
    **dict.fromkeys(("mean", "pad", "median"), "complex numbers are divided as arrays are"),
    "quantile": "the sign of zeros",
    "gradient": "float16 is divided once, not twice",
}
ULPS = 16

QUIET = settings(
    max_examples=500, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def same_bits(found, expected):
    """The same shape, dtype and bits; one NaN is as good as another."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    parts = [(found, expected)]
    if found.dtype.kind == "c":
        parts = [(found.real, expected.real), (found.imag, expected.imag)]
    for x, y in parts:
        equal = (x == y) | ((x != x) & (y != y))
        if x.dtype.kind == "f":
            equal &= (np.signbit(x) == np.signbit(y)) | (x != x)
        assert np.all(equal), (x, y)


def same_up_to_rounding(found, expected, step, operands):
    """Within some units in the last place of what was added up."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if found.dtype.kind not in "fc" or not found.size:
        np.testing.assert_array_equal(found, expected)
        return
    sizes = [np.abs(x) for x in operands] if step.name in PRODUCTS else [np.abs(expected)]
    scale = np.abs(step.function(*sizes)) if step.name in PRODUCTS else sizes[0]
    largest = max([float(np.max(x, initial=0)) for x in (scale, *map(np.abs, operands))])
    eps = np.finfo(found.dtype).eps * ULPS
    if not np.isfinite(largest):
        return  # what an infinity meets on the way depends on the order
    np.testing.assert_allclose(found, expected, rtol=eps, atol=eps * largest)


@QUIET
@given(programs())
def test_traced_values_are_numpys(program):
    """Each call is compared with NumPy's on the values that it got."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        recording = record(lambda xs: program.run(xs), list(program.inputs), label="a test")
        traced = check(recording.program("random"))
        values = recording.output(evaluate(traced, recording.args()))
        for leaf, value in zip(recording.leaves, values, strict=True):
            same_bits(ad.value_of(leaf), value)
        for step, value in zip(program.steps, values[len(program.inputs) :], strict=True):
            operands = [values[i] for i in step.operands]
            expected = step.function(*[np.array(x) if np.ndim(x) else x for x in operands])
            if step.name in REWRITTEN:
                same_up_to_rounding(value, expected, step, operands)
            else:
                same_bits(value, expected)
