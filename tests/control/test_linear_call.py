"""`linear_call`: a linear map given together with its transpose."""

import numpy as np
import pytest

from autodiff.control.linear_call import derived_forward, linear_call, nonlinearity, refuse
from autodiff.errors import MissingRuleError
from autodiff.ir import check
from autodiff.primitives.algebra import add, mul, neg, reduce_sum, zeros_like
from autodiff.primitives.arithmetic import select, sub
from autodiff.primitives.comparison import greater
from autodiff.primitives.exponential import exp
from autodiff.primitives.structure import flip
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import linearize
from autodiff.transforms.transpose import transpose
from tests.calculus import (
    cotangents,
    difference,
    evaluated,
    jacobian_by_columns,
    jacobian_by_rows,
    tangents,
)
from tests.programs import expected, program, shown, typed


def scaled(sign=1.0, *, name="scaled"):
    """`(w, x) -> ±flip(w x)`."""

    def fun(w, x):
        y = flip(mul(w, x), axes=(0,))
        return y if sign == 1 else neg(y)

    return program(fun, "f64[3]", "f64[3]", name=name)


def pulled():
    return program(lambda w, ct: mul(w, flip(ct, axes=(0,))), "f64[3]", "f64[3]", name="pulled")


HALVES = {"forward": scaled(), "transposed": pulled(), "residuals": 1}


def calling():
    """A program in which residuals and dx are themselves results."""

    def fun(w, x):
        return linear_call(exp(w), mul(x, x), **HALVES)

    return program(fun, "f64[3]", "f64[3]")


def plain():
    return program(lambda w, x: flip(mul(exp(w), mul(x, x)), axes=(0,)), "f64[3]", "f64[3]")


@pytest.fixture
def wx(rng):
    return list(rng.uniform(0.5, 1.5, (2, 3)))


def names(p):
    return [e.primitive.name for e in p.equations]


def test_it_runs_its_forward_program(wx):
    check(calling())
    np.testing.assert_array_equal(evaluated(calling(), wx)[0], evaluated(plain(), wx)[0])


def test_every_derivative_is_that_of_the_forward_program(wx, rng):
    f, flat = calling(), plain()
    forward = jacobian_by_columns(f, wx)
    np.testing.assert_allclose(forward, jacobian_by_columns(flat, wx), rtol=1e-14)
    np.testing.assert_allclose(jacobian_by_rows(f, wx), forward, rtol=1e-14)
    extra = list(rng.uniform(-1, 1, (6, 3)))
    for outer in (tangents, cotangents):
        for inner in (tangents, cotangents):
            twice, reference = outer(inner(f)), outer(inner(flat))
            args = [*wx, *extra][: len(twice.inputs)]
            for a, b in zip(evaluated(twice, args), evaluated(reference, args), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)


def test_the_tangent_of_dx_is_another_linear_call_and_that_of_residuals_is_plain():
    forward, _ = jvp(calling(), (False, True))
    assert names(forward).count("linear_call") == 2
    forward, _ = jvp(calling(), (True, False))
    assert names(forward).count("linear_call") == 1


def test_reverse_mode_is_the_given_transpose_and_nothing_else():
    odd = program(lambda w, ct: mul(ct, 7.0), "f64[3]", "f64[3]", name="odd")
    f = program(
        lambda w, x: linear_call(w, x, forward=scaled(), transposed=odd, residuals=1),
        "f64[3]",
        "f64[3]",
    )
    back = transpose(f, (False, True))
    assert shown(back) == expected("""
        transpose_f(a: f64[3], b: f64[3]) -> f64[3] {
          c: f64[3] = call[program=odd(a: f64[3], b: f64[3]) -> f64[3] {
            c: f64[3] = mul b 7.0:f64
            return c
          }, policy=None] a b
          return c
        }""")
    np.testing.assert_array_equal(evaluated(back, [np.ones(3)] * 2)[0], np.full(3, 7.0))
    linear = linearize(f, (False, True))
    np.testing.assert_array_equal(
        evaluated(linear.transposed(), [np.ones(3)] * 2)[0], np.full(3, 7.0)
    )


def test_it_is_not_transposed_by_what_it_was_made_from():
    with pytest.raises(MissingRuleError, match="transposed with respect to"):
        transpose(
            program(lambda w, x: linear_call(w, x, **HALVES), "f64[3]", "f64[3]"), (True,) * 2
        )


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_is_a_loop_and_its_halves_remain_transposes(mapped, rng):
    f = program(lambda w, x: linear_call(w, x, **HALVES), "f64[3]", "f64[3]")
    together, out = batch(f, mapped, 4)
    assert out == (True,)
    xs = [rng.uniform(0.5, 1.5, (4, 3) if m else (3,)) for m in mapped]
    rows = [
        evaluated(f, [x[i] if m else x for x, m in zip(xs, mapped, strict=True)])[0]
        for i in range(4)
    ]
    np.testing.assert_array_equal(evaluated(together, xs)[0], np.stack(rows))
    columns = jacobian_by_columns(together, xs)
    np.testing.assert_allclose(jacobian_by_rows(together, xs), columns, rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"residuals": 0}, "the transpose of scaled is from"),
        ({"transposed": program(lambda w, ct: reduce_sum(ct, axes=(0,)), "f64[3]", "f64[3]")},
         r"f64\[\]"),
        ({"forward": program(lambda w, x: mul(w, x), "f64[2]", "f64[2]")}, r"takes .*f64\[2\]"),
    ],
)  # fmt: skip
def test_halves_that_do_not_fit(change, message):
    with pytest.raises(TypeError, match=message):
        linear_call.types(typed("f64[3]"), typed("f64[3]"), **{**HALVES, **change})


# ---- masks


def guarded(transposed):
    """The result of a linear call where x is positive."""
    halves = {"forward": scaled(), "transposed": transposed, "residuals": 1}

    def fun(c, w, x):
        (y,) = linear_call(w, x, **halves)
        return select(greater(c, zeros_like(c)), y, zeros_like(x))

    return program(fun, "f64[3]", "f64[3]", "f64[3]")


def test_a_branch_that_is_not_taken_gives_no_nan():
    elementwise = program(lambda w, ct: mul(w, ct), "f64[3]", "f64[3]")
    back = transpose(guarded(elementwise), (False, False, True))
    c, w = np.array([1.0, -1.0, -1.0]), np.array([2.0, np.inf, np.nan])
    np.testing.assert_array_equal(evaluated(back, [c, w, np.ones(3)])[0], [2, 0, 0])


def test_a_rule_that_moves_elements_gets_zeros_there():
    back = transpose(guarded(pulled()), (False, False, True))
    c, w = np.array([1.0, -1.0, -1.0]), np.array([2.0, 3.0, 4.0])
    np.testing.assert_array_equal(evaluated(back, [c, w, np.ones(3)])[0], [0, 0, 4])


# ---- a forward program where only the transpose is known


def test_the_transpose_of_the_transpose(wx):
    forward = derived_forward(pulled(), 1, "f")
    np.testing.assert_array_equal(evaluated(forward, wx)[0], evaluated(scaled(), wx)[0])


@pytest.mark.parametrize(
    ("fun", "culprit"),
    [
        (lambda w, ct: mul(ct, ct), "mul"),
        (lambda w, ct: mul(w, exp(ct)), "exp"),
        (lambda w, ct: select(greater(ct, w), w, ct), "greater"),
    ],
)
def test_what_is_not_linear_is_the_transpose_of_nothing(fun, culprit):
    forward = derived_forward(program(fun, "f64[3]", "f64[3]"), 1, "loss")
    check(forward)
    says = rf"vjp rule of loss is not linear in ct: it applies `{culprit}`.*give a jvp rule as well"
    with pytest.raises(MissingRuleError, match=says):
        evaluated(forward, [np.ones(3), np.ones(3)])
    mapped, _ = batch(forward, (True, True), 2)
    with pytest.raises(MissingRuleError, match=says):
        evaluated(mapped, [np.ones((2, 3)), np.ones((2, 3))])
    with pytest.raises(MissingRuleError, match=says):
        jvp(forward, (False, True))
    with pytest.raises(MissingRuleError, match=says):
        transpose(forward, (False, True))


@pytest.mark.parametrize(
    ("fun", "found"),
    [
        (lambda w, ct: add(ct, exp(w)), "adds something to"),
        (lambda w, ct: sub(w, mul(w, ct)), "adds something to"),
        (lambda w, ct: add(mul(w, ct), neg(ct)), ""),
        (lambda w, ct: add(ct, zeros_like(ct)), ""),
        (lambda w, ct: select(greater(w, exp(w)), ct, zeros_like(ct)), ""),
        (lambda w, ct: exp(ct), "applies `exp` to"),
    ],
)
def test_what_is_not_linear(fun, found):
    assert nonlinearity(program(fun, "f64[3]", "f64[3]"), (False, True)) == found


def test_refusals_have_types():
    assert refuse.types(typed("f64[2]"), reason="", types=(typed("i64[]"),)) == (typed("i64[]"),)


def test_derivatives_by_differences(wx, rng):
    push = tangents(calling())
    dxs = list(rng.uniform(-1, 1, (2, 3)))
    found = evaluated(push, [*wx, *dxs])
    reference = difference(lambda xs: evaluated(calling(), xs), wx, dxs)
    np.testing.assert_allclose(found[0], reference[0], rtol=1e-9)


def test_sums_of_tangents():
    """Both residuals and dx move: the product rule."""
    f = program(lambda x: add(*[linear_call(x, x, **HALVES)[0]] * 2), "f64[3]")
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(jacobian_by_columns(f, [x]), 4 * np.diag(x)[::-1], rtol=1e-14)
    np.testing.assert_allclose(jacobian_by_rows(f, [x]), 4 * np.diag(x)[::-1], rtol=1e-14)
