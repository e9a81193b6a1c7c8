"""Matrices written down from programs, and arrays as one vector."""

import numpy as np
import pytest

from autodiff.control.dense_solver import dense, dense_matrix, refuse_real_parts
from autodiff.control.flattening import common_dtype, flat, parted
from autodiff.primitives.algebra import mul
from autodiff.primitives.complexes import conj
from autodiff.primitives.contraction import contract
from autodiff.primitives.structure import permute
from tests.calculus import evaluated
from tests.programs import program, typed


def test_the_matrix_has_a_column_for_each_entry(rng):
    a = rng.uniform(-1, 1, (3, 3))
    multiply = program(lambda a, x: contract(a, x, spec="ij,j->i"), "f64[3,3]", "f64[3]")
    np.testing.assert_array_equal(dense_matrix(multiply, [a]), a)


def test_entries_are_numbered_through_the_arrays():
    swap = program(lambda u, v: (mul(v, v.dtype.type(2)), u), "f64[]", "f64[]")
    np.testing.assert_array_equal(dense_matrix(swap, []), [[0, 2], [1, 0]])


def test_the_dtypes_of_the_arrays_stay():
    turned = program(lambda u, v: (u, permute(v, perm=(1, 0))), "f32[2]", "f64[2,2]")
    u, v = np.ones(2, np.float32), np.arange(4.0).reshape(2, 2)
    found = evaluated(dense(turned, 0), [u, v])
    assert [x.dtype for x in found] == [np.float32, np.float64]
    np.testing.assert_array_equal(found[1], v.T)


def test_half_precision_is_solved_in_single():
    half = program(lambda x: mul(x, np.float16(2)), "f16[3]")
    (x,) = evaluated(dense(half, 0), [np.ones(3, np.float16)])
    assert x.dtype == np.float16
    np.testing.assert_array_equal(x, 0.5)


def test_nothing_to_solve():
    nothing = program(lambda c: [], "f64[2]")
    assert evaluated(dense(nothing, 1), [np.ones(2)]) == []


def test_a_vector_and_back(rng):
    types = [typed("f64[2,3]"), typed("f64[]"), typed("f64[0]"), typed("f64[4]")]
    xs = [rng.uniform(size=t.shape) for t in types]
    vector = flat(xs, np.dtype(float))
    assert vector.shape == (11,)
    for x, back in zip(xs, parted(vector, types), strict=True):
        np.testing.assert_array_equal(back, x)


def test_real_and_complex_unknowns_do_not_mix():
    with pytest.raises(TypeError, match="all real or all complex"):
        common_dtype([typed("f64[2]"), typed("c128[2]")])


def test_what_is_linear_over_the_real_numbers_only_is_refused():
    f = program(lambda x: conj(x), "c128[2]")
    with pytest.raises(ValueError, match=r"`conj`.*real and imaginary parts as two real unknowns"):
        refuse_real_parts(f, 0, "name")
    constant = program(lambda c, x: mul(conj(c), x), "c128[2]", "c128[2]")
    refuse_real_parts(constant, 1, "name")
    refuse_real_parts(program(lambda x: mul(x, x), "f64[2]"), 0, "name")
