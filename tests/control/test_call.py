"""`call`: a program as one equation, and checkpoints."""

from dataclasses import replace

import numpy as np
import pytest

import autodiff as ad
from autodiff.control.call import call, is_transparent
from autodiff.ir import check, inline, prune
from autodiff.ir.program import Program
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import linearize
from autodiff.transforms.transpose import transpose
from autodiff.transforms.unzip import recompute
from tests.calculus import (
    cotangents,
    evaluated,
    jacobian_by_columns,
    jacobian_by_rows,
    tangents,
)
from tests.programs import read, shown, typed

POLICIES = ["None", "'recompute'", "'recompute_cheap'", "'save'", "'sink'"]


def calling(policy: str = "'recompute'") -> Program:
    return read(f"""
f(x: f64[3], w: f64[3]) -> f64[3] {{
  a: f64[3] = exp w
  y: f64[3], z: f64[3] = call[program=layer(x: f64[3], w: f64[3]) -> (f64[3], f64[3]) {{
    a: f64[3] = mul x w
    b: f64[3] = sin a
    c: f64[3] = cos w
    return b, c
  }}, policy={policy}] x a
  u: f64[3] = mul y z
  return u
}}""")


def plain() -> Program:
    return inline(calling(), lambda e: e.primitive is call)


def names(program: Program) -> list[str]:
    return [e.primitive.name for e in program.equations]


def held(program: Program) -> list[Program]:
    return [e.params["program"] for e in program.equations if e.primitive is call]


@pytest.fixture
def xw(rng):
    return list(rng.uniform(0.1, 1, (2, 3)))


# ---- rules


def test_types_are_those_of_the_program():
    f = calling()
    check(f)
    with pytest.raises(TypeError, match=r"layer takes .*f64\[3\].*not"):
        call.types(typed("f64[2]"), typed("f64[3]"), program=held(f)[0], policy=None)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_derivative_is_that_of_the_inlined_program(policy, xw, rng):
    f, flat = calling(policy), plain()
    np.testing.assert_array_equal(evaluated(f, xw)[0], evaluated(flat, xw)[0])
    forward = jacobian_by_columns(f, xw)
    np.testing.assert_allclose(forward, jacobian_by_columns(flat, xw), rtol=1e-14)
    np.testing.assert_allclose(jacobian_by_rows(f, xw), forward, rtol=1e-14)
    extra = list(rng.uniform(-1, 1, (6, 3)))
    for outer in (tangents, cotangents):
        for inner in (tangents, cotangents):
            twice, reference = outer(inner(f)), outer(inner(flat))
            args = [*xw, *extra][: len(twice.inputs)]
            for a, b in zip(evaluated(twice, args), evaluated(reference, args), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("mapped", [(True, False), (False, True), (True, True)])
def test_a_map_is_a_loop(mapped, rng):
    f = calling()
    together, _ = batch(f, mapped, 4, (True,))
    xs = [rng.uniform(0.1, 1, (4, 3) if m else (3,)) for m in mapped]
    rows = [
        evaluated(f, [x[i] if m else x for x, m in zip(xs, mapped, strict=True)]) for i in range(4)
    ]
    np.testing.assert_allclose(
        evaluated(together, xs)[0], np.stack([r[0] for r in rows]), rtol=1e-14
    )


def test_a_tangent_of_one_operand_is_one_more_operand():
    forward, _ = jvp(calling(), (True, False))
    (program,) = held(forward)
    assert len(program.inputs) == 3  # x, w and dx
    assert len(program.outputs) == 3  # y, z and dy: z does not move


# ---- unzip: what is computed again


def test_a_checkpoint_keeps_its_operands_only():
    f = calling("'recompute'")
    linear = linearize(f, (True, True))
    known = {e.outputs[0]: e.primitive.name for e in linear.known.equations}
    crossing = linear.known.outputs[1:]
    inputs = set(linear.known.inputs)
    kept = [v for v in crossing if v not in inputs]
    assert {known.get(v, "call") for v in kept} <= {"exp", "call"}
    inner = held(linear.known)[0]
    assert len(inner.outputs) == 2  # y and z, which come out anyway


def test_without_a_policy_it_keeps_what_the_default_keeps():
    linear = linearize(calling("'sink'"), (True, True))
    flat = linearize(plain(), (True, True))
    assert sum(len(p.outputs) for p in held(linear.known)) >= 2
    assert linear.residuals >= flat.residuals - 2


def test_the_forward_half_does_not_compute_what_only_the_backward_half_needs():
    linear = linearize(calling("'recompute'"), (True, True))
    assert names(held(linear.known)[0]) == ["mul", "sin", "cos"]
    again = names(held(linear.rest)[0])
    assert again.count("cos") == 1  # of a: the derivative of sin
    assert "sin" in again  # of w: the derivative of cos


def test_a_policy_of_ones_own():
    asked = []

    def keep(equation):
        asked.append(equation.primitive.name)
        return equation.primitive.name == "exp"

    @ad.checkpoint
    def plain_layer(x):
        return np.sin(np.exp(np.sin(x)))

    layer = ad.checkpoint(lambda x: np.sin(np.exp(np.sin(x))), policy=keep)
    found = ad.grad(lambda x: np.sum(layer(x)))(np.ones(3))
    np.testing.assert_allclose(found, ad.grad(lambda x: np.sum(plain_layer(x)))(np.ones(3)))
    assert asked == ["exp"]  # the first sine is not needed once this is kept


def saved(policy):
    """The names of the primitives whose results cross, in a checkpointed function of x and w."""
    layer = ad.checkpoint(lambda x, w: np.sin(np.cos(x @ w) @ w), policy=policy)
    f = ad.saved_residuals(lambda x, w: np.sum(layer(x, w)), argnums=(0, 1))
    kept = f(np.ones((4, 4)), np.ones((4, 4)))
    return [r.origin for r in kept if r.origin != "argument"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("recompute", []),
        ("sink", ["contract", "cos", "contract"]),
        ("save_contractions", ["contract", "contract"]),
        ("recompute_cheap", ["contract", "cos", "contract"]),
        (("save_named", "nothing has this name"), []),
        (lambda e: e.primitive.name == "cos", ["cos"]),
        (lambda e: "contract" in e.primitive.name, ["contract", "contract"]),
    ],
)
def test_what_each_policy_keeps(policy, expected):
    assert saved(policy) == expected


@pytest.mark.parametrize("policy", ["'recompute'", "'save_contractions'", "('save_named', 'h')"])
def test_policies_are_read_back_from_text(policy):
    f = calling(policy)
    assert f"policy={policy}" in str(f)
    assert shown(read(str(f))) == shown(f)


def test_what_is_kept_is_not_computed_again_and_what_is_not_kept_is():
    def layer(x, w):
        h = ad.checkpoint_name(np.cos(x @ w), "h")
        return np.sum(np.sin(h @ w))

    def products(policy):
        both = ad.value_and_grad(ad.checkpoint(layer, policy=policy))
        f = ad.trace(both)(np.ones((4, 4)), np.ones((4, 4)))
        return sum(names(p).count("contract") for p in [f, *held(f)])

    # two forward, and a backward one for each of x and h
    assert products("sink") == 4
    assert products("save_contractions") == 4
    assert products(("save_named", "h")) == 4 + 2  # both products: the cosine needs the first
    assert products("recompute") == 4 + 2
    assert products(lambda e: e.primitive.name == "contract") == 4


def test_equal_calls_share_what_is_derived_from_them():
    """So that a network of equal layers is differentiated, and compiled, one layer at a time."""
    layer = ad.checkpoint(lambda x: np.sin(np.exp(x)))
    linear = linearize(ad.trace(lambda x: np.sum(layer(layer(layer(x)))))(np.ones(3)), (True,))
    assert len(set(held(linear.known))) == len(set(held(linear.rest))) == 1
    assert len(held(linear.known)) == len(held(linear.rest)) == 3


def test_a_residual_that_is_a_result_is_returned_once():
    linear = linearize(calling("'save'"), (True, True))
    for e in linear.known.equations:
        if e.primitive is call:
            assert len(set(e.params["program"].outputs)) == len(e.outputs)


# ---- results that nobody wants


def test_results_that_nobody_wants_are_dropped_with_what_they_need():
    f = calling()
    assert prune(f) is f
    only_y = prune(replace(f, outputs=f.equations[1].outputs[:1]))
    (program,) = held(only_y)
    assert names(program) == ["mul", "sin"]
    only_z = prune(replace(f, outputs=f.equations[1].outputs[1:]))
    (program,) = held(only_z)
    assert names(program) == ["cos"]
    assert len(program.inputs) == len(only_z.equations[-1].inputs) == 1
    check(only_z)


def test_a_checkpoint_under_stop_gradient_keeps_nothing():
    layer = ad.checkpoint(lambda x: np.sin(np.exp(x)))

    def f(x):
        return np.sum(x * ad.stop_gradient(layer(np.exp(x))))

    kept = ad.saved_residuals(f)(np.ones(3))
    assert [r.origin for r in kept] == ["sin"]  # the factor of x, and not the operand of the call


# ---- transposition


def test_known_operands_are_passed_on_and_absent_cotangents_are_left_out():
    f = read("""
f(w: f64[3], x: f64[3]) -> f64[3] {
  y: f64[3], z: f64[3] = call[program=g(w: f64[3], x: f64[3]) -> (f64[3], f64[3]) {
    a: f64[3] = mul w x
    b: f64[3] = neg x
    return a, b
  }, policy='recompute'] w x
  return y
}""")
    back = transpose(f, (False, True))
    (program,) = held(back)
    assert len(program.inputs) == 2  # w and the cotangent of y; none for z
    assert names(program) == ["mul"]


def test_masks_pass_through():
    f = read("""
f(c: bool[3], w: f64[3], x: f64[3]) -> f64[3] {
  v: f64[3] = mul w x
  y: f64[3] = call[program=g(w: f64[3], x: f64[3]) -> f64[3] {
    a: f64[3] = mul w x
    return a
  }, policy='recompute'] w v
  z: f64[3] = select c y 0.0:f64
  return z
}""")
    back = transpose(f, (False, False, True))
    c, w, ct = np.array([True, False, True]), np.array([2.0, np.inf, np.nan]), np.ones(3)
    np.testing.assert_array_equal(evaluated(back, [c, w, ct])[0], [4, 0, np.nan])


def test_twice_is_the_program_itself(rng):
    f = read("""
f(x: f64[2,3]) -> (f64[3], f64[2]) {
  y: f64[3], z: f64[2] = call[program=g(x: f64[2,3]) -> (f64[3], f64[2]) {
    a: f64[3] = reduce_sum[axes=(0,)] x
    b: f64[2] = reduce_sum[axes=(1,)] x
    return a, b
  }, policy='recompute'] x
  return y, z
}""")
    again = transpose(transpose(f, (True,)), (True, True))
    x = rng.uniform(-1, 1, (2, 3))
    for a, b in zip(evaluated(again, [x]), evaluated(f, [x]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


# ---- names only


def test_a_call_without_a_policy_is_dissolved():
    f = calling("None")
    assert all(is_transparent(e) for e in f.equations if e.primitive is call)
    assert shown(inline(f, is_transparent)) == shown(plain())
    assert not any(is_transparent(e) for e in calling("'recompute'").equations)


def test_transforms_within_transforms_leave_no_calls_behind():
    def f(x):
        return np.sum(ad.jit(ad.grad(lambda y: np.sum(np.sin(y) * x)))(x))

    assert "call" not in names(ad.trace(ad.grad(f))(np.ones(3)))
    assert "call" in names(ad.trace(ad.checkpoint(f))(np.ones(3)))


# ---- memory


def layers(x, wrap):
    for _ in range(64):
        x = wrap(np.sin)(x)
    return np.sum(x)


def residual_bytes(f, x) -> int:
    program = ad.trace(f)(x)
    linear = linearize(program, (True,))
    outs = linear.known.outputs[len(program.outputs) :]
    return sum(v.type.nbytes for v in set(outs) - set(linear.known.inputs))


def test_a_chain_of_n_stages_in_groups_keeps_what_sqrt_n_of_them_make():
    x = np.ones(100)

    def group(y):
        for _ in range(8):
            y = np.sin(y)
        return y

    def grouped(y):
        for _ in range(8):
            y = ad.checkpoint(group)(y)
        return np.sum(y)

    everything = residual_bytes(lambda y: layers(y, lambda f: f), x)
    assert everything == 63 * x.nbytes
    assert residual_bytes(grouped, x) == 7 * x.nbytes
    np.testing.assert_allclose(
        ad.grad(grouped)(x), ad.grad(lambda y: layers(y, lambda f: f))(x), rtol=1e-14
    )


def test_recompute_is_what_a_checkpoint_does():
    x = np.ones(100)
    program = ad.trace(lambda y: layers(y, lambda f: f))(x)
    linear = linearize(program, (True,), recompute)
    assert set(linear.known.outputs[1:]) <= set(linear.known.inputs)
