import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import autodiff as ad
from autodiff.control.call import call
from autodiff.control.loop import Loop
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add, broadcast, full_like, mul, neg, reduce_sum
from autodiff.primitives.arithmetic import convert, div, select, square, stop_gradient
from autodiff.primitives.comparison import greater
from autodiff.primitives.contraction import contract
from autodiff.primitives.cumulative import cumsum
from autodiff.primitives.gathering import gather, scatter_add
from autodiff.primitives.indexing import index, index_set
from autodiff.primitives.record import Primitive
from autodiff.primitives.rounding import floor
from autodiff.primitives.sorting import sort
from autodiff.primitives.structure import concatenate, pad, reshape
from autodiff.primitives.trigonometric import sin
from autodiff.tracing.build import build
from autodiff.transforms.linearize import gradient
from autodiff.transforms.sparsity import Dependence, pattern, spelled_out
from tests.calculus import inexact, jacobian_by_columns
from tests.programs import expected, program, shown
from tests.properties.programs import arguments, programs

pytest.importorskip("scipy")


def dense(p, *args, active=None):
    """The pattern as rows of zeros and ones."""
    matrix = pattern(p, active or (True,) * len(p.inputs), args)
    assert matrix.has_canonical_format
    return matrix.toarray().astype(int)


def ones(*shape):
    return np.ones(shape)


# ---- equations


def test_elementwise_operations_are_diagonal():
    p = program(lambda x, y: add(mul(x, np.float64(3)), sin(y)), "f64[3]", "f64[3]")
    assert_array_equal(dense(p, ones(3), ones(3)), np.hstack([np.eye(3), np.eye(3)]))


def test_both_sides_of_a_select_count_and_its_condition_does_not():
    p = program(lambda c, x, y: select(greater(c, x), x, y), *["f64[2]"] * 3)
    zero, one = np.zeros((2, 2)), np.eye(2)
    assert_array_equal(dense(p, ones(2), ones(2), ones(2)), np.hstack([zero, one, one]))


@pytest.mark.parametrize(
    "cut", [floor, stop_gradient, lambda x: convert(convert(x, dtype=np.int64), dtype=np.float64)]
)
def test_what_has_no_derivative_has_no_entries(cut):
    p = program(lambda x: [cut(x), x], "f64[2]")
    assert_array_equal(dense(p, ones(2)), np.vstack([np.zeros((2, 2)), np.eye(2)]))


def test_reductions_depend_on_what_they_sum():
    p = program(lambda x: reduce_sum(x, axes=(1,)), "f64[2,3]")
    assert_array_equal(dense(p, ones(2, 3)), [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]])


def test_running_totals_are_triangular():
    p = program(lambda x: cumsum(x, axis=0, reverse=False), "f64[5]")
    assert_array_equal(dense(p, ones(5)), np.tril(ones(5, 5)))
    p = program(lambda x: cumsum(x, axis=1, reverse=True), "f64[2,3]")
    assert_array_equal(dense(p, ones(2, 3)), np.kron(np.eye(2), np.triu(ones(3, 3))))


def test_elements_that_move():
    def f(x):
        y = index_set(x, index(x, spec="2"), spec="0")
        y = pad(y, np.float64(0), low=(1,), high=(0,), interior=(0,))
        return reshape(concatenate(y, x, axis=0), shape=(7, 1))

    rows = [None, 2, 1, 2, 0, 1, 2]
    wanted = [[int(r == k) for k in range(3)] for r in rows]
    assert_array_equal(dense(program(f, "f64[3]"), ones(3)), wanted)


@pytest.mark.parametrize(
    ("spec", "shapes"),
    [
        ("ij,j->i", [(2, 3), (3,)]),
        ("ij,jk->ik", [(2, 3), (3, 2)]),
        ("ij,ij->", [(2, 3), (2, 3)]),
        ("bij,bkj->ikb", [(2, 2, 3), (2, 2, 3)]),
        ("i,j->ji", [(2,), (3,)]),
    ],
)
def test_contractions(spec, shapes, rng):
    types = [f"f64[{','.join(map(str, s))}]" for s in shapes]
    p = program(lambda x, y: contract(x, y, spec=spec), *types)
    xs = [rng.normal(size=s) for s in shapes]
    assert_array_equal(dense(p, *xs), jacobian_by_columns(p, xs) != 0)


# ---- indices


def test_indices_are_asked_for():
    p = program(lambda x, i: gather(x, i, axis=0, batch=0), "f64[3]", "i64[4]")
    i = np.array([2, 0, 0, -1])
    assert_array_equal(dense(p, ones(3), i, active=(True, False)), np.eye(3)[i])


def test_indices_may_be_computed():
    def f(x, i):
        return scatter_add(x, square(index(x, spec=":2")), mul(i, np.int64(2)), axis=0, batch=0)

    p = program(f, "f64[3]", "i64[2]")
    wanted = np.eye(3)
    wanted[0, 1] = wanted[2, 0] = 1
    assert_array_equal(dense(p, ones(3), np.array([1, 0]), active=(True, False)), wanted)


def test_a_sorted_array_has_the_pattern_of_its_order():
    p = program(lambda x: sort(x, axis=0), "f64[3]")
    assert_array_equal(dense(p, np.array([3.0, 1.0, 2.0])), np.eye(3)[[1, 2, 0]])


# ---- programs


def test_a_call_is_as_good_as_its_program():
    inner = program(lambda x, y: [index(x, spec="0"), mul(x, y)], "f64[2]", "f64[2]")
    p = program(lambda x, y: call(x, y, program=inner, policy="recompute")[1], "f64[2]", "f64[2]")
    assert_array_equal(dense(p, ones(2), ones(2)), np.hstack([np.eye(2), np.eye(2)]))


def test_only_active_inputs_have_columns():
    p = program(lambda x, y: add(x, y), "f64[2]", "f64[2]")
    assert_array_equal(dense(p, ones(2), ones(2), active=(False, True)), np.eye(2))


def test_several_results_are_numbered_through():
    p = program(lambda x: [reduce_sum(x, axes=(0,)), np.float64(1), x], "f64[2]")
    assert_array_equal(dense(p, ones(2)), [[1, 1], [0, 0], [1, 0], [0, 1]])


def test_empty_arrays():
    assert dense(program(lambda x: sin(x), "f64[0]"), ones(0)).shape == (0, 0)
    assert dense(program(lambda x: reduce_sum(x, axes=(0,)), "f64[0]"), ones(0)).shape == (1, 0)
    assert dense(program(lambda x: index(x, spec=":0"), "f64[3]"), ones(3)).shape == (0, 3)


def test_an_unknown_primitive_counts_as_dense():
    """Whatever is linear and says nothing about itself."""
    mystery = Primitive(
        "sparsity_test_mystery",
        types=lambda x: (x,),
        run=lambda xp, x: x[::-1],
        jvp=lambda xs, dxs: (mystery(*xs), mystery(*dxs)),
        transpose=lambda ct, i, x: mystery(ct),
    )
    p = program(lambda x, y: mystery(mul(x, index(y, spec=":3"))), "f64[3]", "f64[5]")
    wanted = np.zeros((3, 8))
    wanted[:, :6] = 1
    assert_array_equal(dense(p, ones(3), ones(5)), wanted)


def test_a_mean_is_not_written_out_for_each_element():
    """The centred numbers depend on all, but their pattern takes one entry for that."""
    n = 100_000

    def f(x):
        total = broadcast(reduce_sum(x, axes=(0,)), shape=(n,), axes=(0,))
        return reduce_sum(square(add(x, total)), axes=(0,))

    matrix = pattern(program(f, f"f64[{n}]"), (True,), [ones(n)])
    assert matrix.shape == (1, n)
    assert matrix.nnz == n


# ---- second derivatives


def hessian(fun, *types):
    grad, _ = gradient(program(fun, *types), (True,) * len(types), value=False)
    return dense(grad, *[ones(*t.shape) for t in grad.in_types])


def test_the_hessian_of_a_sum_of_squares_is_diagonal():
    found = hessian(lambda x: reduce_sum(square(x), axes=(0,)), "f64[4]")
    assert_array_equal(found, np.eye(4))


def test_the_hessian_of_what_is_linear_is_empty():
    assert not hessian(lambda x: reduce_sum(mul(x, np.float64(2)), axes=(0,)), "f64[4]").any()


def test_the_hessian_of_a_product_has_no_diagonal():
    found = hessian(lambda x, y: contract(x, y, spec="i,i->"), "f64[2]", "f64[2]")
    assert_array_equal(found, np.kron([[0, 1], [1, 0]], np.eye(2)))


def test_the_hessian_of_squared_differences_is_tridiagonal():
    def f(x):
        return reduce_sum(square(add(index(x, spec="1:"), index(x, spec=":-1"))), axes=(0,))

    wanted = np.eye(5) + np.eye(5, k=1) + np.eye(5, k=-1)
    assert_array_equal(hessian(f, "f64[5]"), wanted)


# ---- in simpler primitives


def test_what_a_program_depends_on_is_spelled_out():
    p = program(lambda a, x: contract(a, x, spec="ij,j->i"), "f64[2,3]", "f64[3]")
    assert shown(spelled_out(p, (False, True))) == expected("""
        f(a: f64[2,3], b: f64[3]) -> f64[2] {
          c: f64[] = reduce_sum[axes=(0,)] b
          d: f64[2] = broadcast[shape=(2,), axes=(0,)] c
          return d
        }
    """)


def test_what_has_no_rule_stays_as_it_is():
    p = program(lambda x: mul(sin(x), x), "f64[2]")
    assert spelled_out(p, (True,)) is p


def test_only_the_integers_on_the_way_are_asked_for():
    def f(i, j, x):
        where = mul(i, np.int64(2))
        return div(gather(x, where, axis=0, batch=0), convert(j, dtype=np.float64))

    dependence = Dependence(program(f, "i64[2]", "i64[2]", "f64[5]"), (False, False, True))
    assert shown(dependence.indices) == expected("""
        indices(a: i64[2], b: i64[2]) -> i64[2] {
          c: i64[2] = mul a 2:i64
          return c
        }
    """)


# ---- loops and branches


def of(f, n):
    """The pattern of a function of n numbers."""
    return ad.sparsity(f)(ones(n)).matrix.toarray()


@pytest.mark.parametrize(
    "options", [{}, {"unroll": 3}, {"checkpoint": 2}, {"checkpoint": True}, {"reverse": True}]
)
def test_a_scan_depends_on_the_rows_before(options):
    found = of(lambda x: ad.scan(lambda s, r: (s * r, s + r**2), np.float64(1), x, **options)[1], 5)
    assert_array_equal(found, (np.triu if options.get("reverse") else np.tril)(ones(5, 5)))


def test_rows_of_a_scan_that_do_not_meet():
    found = of(lambda x: ad.map(lambda r: r * r * x[0], x), 4)
    assert_array_equal(found, (np.eye(4) + (np.arange(4) == 0)[None]) > 0)


def test_steps_that_spread():
    """Three steps of a diffusion: each element depends on three neighbours on each side."""

    def step(i, u):
        return u + 0.1 * (np.roll(u, 1) + np.roll(u, -1) - 2 * u)

    distance = np.abs(np.arange(9)[:, None] - np.arange(9))
    near = np.minimum(distance, 9 - distance) <= 3
    assert_array_equal(of(lambda u: ad.fori_loop(0, 3, step, u), 9), near)


def test_a_branch_that_is_not_taken_counts():
    found = of(lambda x: ad.cond(x[0] > 0, lambda x: x * 2, lambda x: x * x[::-1], x), 3)
    assert_array_equal(found, [[1, 0, 1], [0, 1, 0], [1, 0, 1]])


def test_loops_without_steps_and_with_many():
    p = program(lambda x: Loop(program(neg, "f64[2]"), 0, 0, 1)(x), "f64[2]")
    assert_array_equal(dense(p, ones(2)), np.eye(2))
    assert of(lambda x: ad.fori_loop(0, 10**5, lambda i, u: u * x, x), 3).all()


# ---- any program


@given(programs(), st.integers(0, 3))
def test_random_programs_have_no_entry_outside_their_pattern(p, seed):
    xs = arguments(p, seed)
    rows = np.repeat(inexact(p.out_types), [t.size for t in p.out_types])
    mine = dense(p, *xs)[rows]
    here = jacobian_by_columns(p, xs) != 0
    assert not (here & (mine == 0)).any()


def test_constants_have_no_columns():
    ones_like = lambda x: full_like(ArrayType((2,), np.float64), 1)
    p = build(lambda x: [add(x, ones_like(x))], [ArrayType((2,), np.float64)], "f")
    assert_array_equal(dense(p, ones(2)), np.eye(2))
