"""`solve`: linear systems whose matrix and whose solver are programs."""

import numpy as np
import pytest

from autodiff.control.dense_solver import dense
from autodiff.control.solve import solve
from autodiff.errors import MissingRuleError
from autodiff.ir import check
from autodiff.primitives.algebra import add, mul
from autodiff.primitives.contraction import contract
from autodiff.primitives.structure import reshape
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose
from tests.calculus import cotangents, evaluated, jacobian_by_columns, jacobian_by_rows, tangents
from tests.programs import program, typed


def system(n: int = 3):
    """`(A, b) -> x`, and what it holds."""
    matvec = program(
        lambda a, x: contract(a, x, spec="ij,j->i"), f"f64[{n},{n}]", f"f64[{n}]", name="A"
    )
    back = transpose(matvec, (False, True))
    ways = {"matvec": matvec, "solver": dense(matvec, 1), "transposed": dense(back, 1)}
    return program(lambda a, b: solve(a, b, **ways), f"f64[{n},{n}]", f"f64[{n}]"), ways


def two_leaves():
    """A system of a vector and a matrix: (p u + q v, r v) = b."""

    def multiply(p, q, u, v):
        coupled = mul(q, reshape(v, shape=(4,)))
        return add(mul(p, u), coupled), mul(v, reshape(p, shape=(2, 2)))

    types = ["f64[4]", "f64[4]", "f64[4]", "f64[2,2]"]
    matvec = program(multiply, *types, name="A")
    back = transpose(matvec, (False, False, True, True))
    ways = {"matvec": matvec, "solver": dense(matvec, 2), "transposed": dense(back, 2)}
    return program(lambda *xs: solve(*xs, **ways), *types)


@pytest.fixture
def ab(rng):
    return [rng.uniform(-1, 1, (3, 3)) + 3 * np.eye(3), rng.uniform(-1, 1, 3)]


def names(p):
    return [e.primitive.name for e in p.equations]


# ---- values


def test_it_is_the_solution(ab):
    f, _ = system()
    check(f)
    np.testing.assert_allclose(evaluated(f, ab)[0], np.linalg.solve(*ab), rtol=1e-13)


def test_unknowns_may_be_several_arrays(rng):
    f = two_leaves()
    p, q, u, v = rng.uniform(1, 2, 4), *rng.uniform(-1, 1, (2, 4)), rng.uniform(-1, 1, (2, 2))
    b = [p * u + q * v.ravel(), v * p.reshape(2, 2)]
    for found, x in zip(evaluated(f, [p, q, *b]), [u, v], strict=True):
        np.testing.assert_allclose(found, x, rtol=1e-13)


def test_types_are_checked():
    _, ways = system()
    with pytest.raises(TypeError, match="A takes"):
        solve.types(typed("f64[3,3]"), typed("f64[4]"), **ways)
    other = program(lambda a, b: a, "f64[3,3]", "f64[3]", name="g")
    with pytest.raises(TypeError, match="g gives"):
        solve.types(typed("f64[3,3]"), typed("f64[3]"), **{**ways, "solver": other})


# ---- derivatives


def test_the_jacobian_is_that_of_the_inverse(ab):
    f, _ = system()
    a, x = ab[0], np.linalg.solve(*ab)
    inverse = np.linalg.inv(a)
    expected = np.hstack([-np.kron(inverse, x[None]), inverse])
    np.testing.assert_allclose(jacobian_by_columns(f, ab), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(jacobian_by_rows(f, ab), expected, rtol=1e-12, atol=1e-13)


def test_modes_agree_on_second_derivatives(ab, rng):
    f, _ = system()
    assert tangents(tangents(f)).out_types == f.out_types
    forward = jacobian_by_columns(tangents(f), [*ab, *map(np.ones_like, ab)])
    reverse = jacobian_by_rows(tangents(f), [*ab, *map(np.ones_like, ab)])
    np.testing.assert_allclose(reverse, forward, rtol=1e-11, atol=1e-13)
    args = [*ab, rng.uniform(-1, 1, 3)]
    forward = jacobian_by_columns(cotangents(f), args)
    np.testing.assert_allclose(
        jacobian_by_rows(cotangents(f), args), forward, rtol=1e-11, atol=1e-13
    )


def test_modes_agree_for_several_arrays(rng):
    f = two_leaves()
    args = [
        *rng.uniform(1, 2, (2, 4)), rng.uniform(-1, 1, 4), rng.uniform(-1, 1, (2, 2))
    ]  # fmt: skip
    columns = jacobian_by_columns(f, args)
    np.testing.assert_allclose(jacobian_by_rows(f, args), columns, rtol=1e-12, atol=1e-14)


def test_no_derivative_looks_into_the_solver():
    f, ways = system()
    forward, _ = jvp(f, (True, True))
    solves = [e for e in forward.equations if e.primitive is solve]
    assert len(solves) == 2
    assert all(e.params["solver"] is ways["solver"] for e in solves)
    assert "dense_solve" not in names(forward)


def test_the_transpose_solves_the_transposed_system():
    f, ways = system()
    back = transpose(f, (False, True))
    (equation,) = back.equations
    assert equation.params["solver"] is ways["transposed"]
    assert equation.params["transposed"] is ways["solver"]
    again = transpose(back, (False, True))
    assert again.equations[0].params["solver"] is ways["solver"]


def test_what_is_not_linear_has_no_transpose():
    f, _ = system()
    with pytest.raises(MissingRuleError, match="right-hand side, but not in the matrix"):
        transpose(f, (True, False))


# ---- batching


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_is_a_loop(mapped, ab, rng):
    f, _ = system()
    together, _ = batch(f, mapped, 4, (True,))
    xs = [
        np.stack([x + rng.uniform(-0.1, 0.1, x.shape) for _ in range(4)]) if m else x
        for x, m in zip(ab, mapped, strict=True)
    ]
    rows = [
        evaluated(f, [x[i] if m else x for x, m in zip(xs, mapped, strict=True)])[0]
        for i in range(4)
    ]
    np.testing.assert_allclose(evaluated(together, xs)[0], np.stack(rows), rtol=1e-13)
    columns = jacobian_by_columns(together, xs)
    np.testing.assert_allclose(jacobian_by_rows(together, xs), columns, rtol=1e-11, atol=1e-13)


def test_one_matrix_for_all_is_factorised_once(ab):
    f, _ = system()
    together, _ = batch(f, (False, True), 4)
    (equation,) = [e for e in together.equations if e.primitive is solve]
    (inner,) = [e for e in equation.params["solver"].equations if e.primitive.name == "dense_solve"]
    assert inner.inputs[0].type.shape == (3, 3)
