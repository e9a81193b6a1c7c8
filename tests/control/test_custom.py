"""`custom`: programs of functions with rules, as the transforms see them."""

import pickle

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.custom import custom, itself
from autodiff.errors import MissingRuleError
from autodiff.ir import check
from autodiff.ir.program import Program
from autodiff.primitives.algebra import mul, neg
from autodiff.primitives.trigonometric import cos, sin
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose
from tests.calculus import evaluated, jacobian_by_columns, jacobian_by_rows
from tests.programs import expected, program, read, shown, typed

X = "f64[3]"


def params(**rules):
    """The params of sin, whose rules are off by a factor, so that it shows which one was used."""
    given = {
        "program": program(lambda c, x: mul(c, sin(x)), X, X, name="wave", names=("c", "x")),
        "jvp": None,
        "forward": None,
        "backward": None,
        "constants": 1,
        "active": (True,),
        "level": 0,
        "batched": None,
    }
    return given | rules


def jvp_rule():
    return program(lambda c, x, dx: [mul(c, sin(x)), mul(mul(c, 10.0), dx)], X, X, X, name="jvp")


def vjp_rule():
    return {
        "forward": program(lambda c, x: [mul(c, sin(x)), cos(x)], X, X, name="fwd"),
        "backward": program(lambda c, r, ct: mul(mul(r, 100.0), ct), X, X, X, name="bwd"),
    }


def calling(**rules):
    return program(lambda c, x: custom(c, x, **params(**rules)), X, X)


C, AT = np.array([2.0, 3.0, 4.0]), np.array([0.1, 0.2, 0.3])


def by_x(p, by):
    return np.diag(by(p, [C, AT])[:, 3:])


def test_it_runs_its_program_and_is_kept():
    f = check(calling(jvp=jvp_rule()))
    np.testing.assert_array_equal(evaluated(f, [C, AT])[0], C * np.sin(AT))
    assert [e.primitive for e in f.equations] == [custom]
    with pytest.raises(TypeError, match="wave takes"):
        custom.types(typed("f64[2]"), typed(X), **params())


def test_a_jvp_rule_serves_both_modes():
    f = calling(jvp=jvp_rule())
    for by in (jacobian_by_columns, jacobian_by_rows):
        np.testing.assert_allclose(by_x(f, by), 10 * C, rtol=1e-14)


def test_a_vjp_rule_serves_both_modes():
    f = calling(**vjp_rule())
    for by in (jacobian_by_columns, jacobian_by_rows):
        np.testing.assert_allclose(by_x(f, by), 100 * np.cos(AT), rtol=1e-14)


def test_with_two_rules_each_mode_has_its_own():
    f = calling(jvp=jvp_rule(), **vjp_rule())
    np.testing.assert_allclose(by_x(f, jacobian_by_columns), 10 * C, rtol=1e-14)
    np.testing.assert_allclose(by_x(f, jacobian_by_rows), 100 * np.cos(AT), rtol=1e-14)


@pytest.mark.parametrize("rules", [{"jvp": jvp_rule()}, vjp_rule()])
@pytest.mark.parametrize("by", [jacobian_by_columns, jacobian_by_rows])
def test_by_constants_it_is_differentiated_as_a_program(rules, by):
    by_constants = by(calling(**rules), [C, AT])[:, :3]
    np.testing.assert_allclose(by_constants, np.diag(np.sin(AT)), rtol=1e-14)


def test_without_a_tangent_of_x_no_rule_is_used():
    forward, _ = jvp(calling(jvp=jvp_rule()), (True, False))
    assert [e.primitive.name for e in forward.equations].count("custom") == 1


def test_only_active_operands_have_tangents():
    rules = params(
        program=program(lambda n, x: mul(n, x), X, X),
        jvp=program(lambda n, x, dx: [mul(n, x), neg(dx)], X, X, X),
        constants=0,
        active=(False, True),
    )
    f = program(lambda n, x: custom(n, x, **rules), X, X)
    found = jacobian_by_rows(f, [C, AT])
    np.testing.assert_array_equal(found, np.concatenate([np.zeros((3, 3)), -np.eye(3)], axis=1))


def test_residuals_are_only_what_the_rule_uses():
    forward, _ = jvp(calling(**vjp_rule()), (False, True))
    held = forward.equations[0].params["program"]
    (linear,) = [e for e in held.equations if e.primitive.name == "linear_call"]
    assert linear.params["residuals"] == 1  # cos(x), and neither x nor c


def test_a_linear_function_has_the_transpose_of_its_program():
    given = params(
        program=program(lambda x: neg(x), X), jvp=jvp_rule(), constants=0, active=(True,)
    )
    back = transpose(program(lambda x: custom(x, **given), X), (True,))
    np.testing.assert_array_equal(evaluated(back, [AT])[0], -AT)


# ---- mapping


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize(
    "rules", [{"jvp": jvp_rule()}, vjp_rule(), {"jvp": jvp_rule(), **vjp_rule()}]
)
def test_a_map_is_a_loop_and_so_are_its_derivatives(mapped, rules, rng):
    f = calling(**rules)
    together, out = batch(f, mapped, 4)
    assert out == (True,)
    xs = [rng.uniform(0.1, 1, (4, 3) if m else (3,)) for m in mapped]

    def row(i):
        return [x[i] if m else x for x, m in zip(xs, mapped, strict=True)]

    rows = [evaluated(f, row(i))[0] for i in range(4)]
    np.testing.assert_allclose(evaluated(together, xs)[0], np.stack(rows), rtol=1e-14)
    if not mapped[1]:
        return
    for by in (jacobian_by_columns, jacobian_by_rows):
        whole = by(together, xs)[:, -12:]
        for i in range(4):
            block = whole[3 * i : 3 * i + 3, 3 * i : 3 * i + 3]
            np.testing.assert_allclose(block, by(f, row(i))[:, 3:], rtol=1e-14)


def test_two_maps():
    once, _ = batch(calling(jvp=jvp_rule()), (False, True), 2)
    twice, _ = batch(once, (True, True), 5)
    (equation,) = twice.equations
    original, maps = equation.params["batched"]
    assert original.in_types == (typed(X), typed(X))
    assert maps == ((2, (False, True)), (5, (True, True)))
    forward, _ = jvp(twice, (False, True))
    c, x = np.ones((5, 3)) * C, np.zeros((5, 2, 3))
    dy = evaluated(forward, [c, x, np.ones((5, 2, 3))])[1]
    np.testing.assert_allclose(dy, np.broadcast_to(10 * C, (5, 2, 3)), rtol=1e-14)


# ---- rules that call their own function


def recursive():
    """Sine, whose rule calls cosine, whose rule calls sine."""

    @ad.custom_jvp
    def own_sin(x):
        return np.sin(x)

    @ad.custom_jvp
    def own_cos(x):
        return np.cos(x)

    own_sin.defjvp(lambda xs, dxs: (own_sin(*xs), own_cos(*xs) * dxs[0]))
    own_cos.defjvp(lambda xs, dxs: (own_cos(*xs), -own_sin(*xs) * dxs[0]))
    return own_sin


def test_a_recursive_rule_is_finite():
    assert shown(ad.trace(recursive())(0.5)) == expected("""
        own_sin(a: f64[]) -> f64[] {
          b: f64[] = custom[program=own_sin(a: f64[]) -> f64[] {
            b: f64[] = sin a
            return b
          }, jvp=fun(a: f64[], b: f64[]) -> (f64[], f64[]) {
            c: f64[] = itself[level=0, types=(f64[],), maps=()] a a
            d: f64[] = custom[program=own_cos(a: f64[], b: f64[]) -> f64[] {
              c: f64[] = cos b
              return c
            }, jvp=fun(a: f64[], b: f64[], c: f64[]) -> (f64[], f64[]) {
              d: f64[] = itself[level=1, types=(f64[],), maps=()] b a b
              e: f64[] = itself[level=0, types=(f64[],), maps=()] a b
              f: f64[] = neg e
              g: f64[] = mul f c
              return d, g
            }, forward=None, backward=None, constants=1, active=(True,), level=1, batched=None] a a
            e: f64[] = mul d b
            return c, e
          }, forward=None, backward=None, constants=0, active=(True,), level=0, batched=None] a
          return b
        }""")


def derivative(p: Program) -> Program:
    forward, _ = jvp(p, (True,))
    return program(lambda x: forward_tangent(forward, x), "f64[]")


def forward_tangent(forward, x):
    from autodiff.tracing.build import evaluate

    return evaluate(forward, [x, np.float64(1.0)])[1]


def test_it_unfolds_to_any_order():
    p = ad.trace(recursive())(0.5)
    for order in range(7):
        np.testing.assert_allclose(
            evaluated(p, [np.float64(0.5)])[0], np.sin(0.5 + order * np.pi / 2), rtol=1e-13
        )
        p = derivative(p)


def test_it_unfolds_under_maps():
    p = ad.trace(recursive())(0.5)
    forward, _ = jvp(p, (True,))
    together, _ = batch(forward, (True, True), 3)
    twice, _ = jvp(together, (True, False))
    x = np.linspace(0, 1, 3)
    outs = evaluated(twice, [x, np.ones(3), np.ones(3)])
    np.testing.assert_allclose(outs[-1], -np.sin(x), rtol=1e-13)
    mapped_first, _ = batch(p, (True,), 3)
    once, _ = jvp(mapped_first, (True,))
    twice, _ = jvp(once, (True, False))
    outs = evaluated(twice, [x, np.ones(3), np.ones(3)])
    np.testing.assert_allclose(outs[-1], -np.sin(x), rtol=1e-13)


def test_programs_are_text_and_data():
    p = ad.trace(recursive())(0.5)
    again = read(str(p))
    assert shown(again) == shown(p)
    copied = pickle.loads(pickle.dumps(p))
    for q in (again, copied):
        forward, _ = jvp(q, (True,))
        dy = evaluated(forward, [np.float64(0.5), np.float64(1.0)])[1]
        np.testing.assert_allclose(dy, np.cos(0.5), rtol=1e-14)


def test_itself_has_no_rules_of_its_own():
    rule = program(lambda x, dx: [itself(x, x, level=0, types=(typed(X),), maps=())[0], dx], X, X)
    with pytest.raises(MissingRuleError, match="asks for the derivative of the same function"):
        jvp(rule, (True, False))
    with pytest.raises(MissingRuleError):
        evaluated(rule, [AT, AT])
