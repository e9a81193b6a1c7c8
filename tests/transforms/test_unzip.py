"""Cutting programs in two: what crosses under each policy, and that nothing is lost."""

from typing import NamedTuple

import numpy as np
import pytest

from autodiff.ir.program import Program
from autodiff.primitives.record import Primitive
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import linearize
from autodiff.transforms.unzip import (
    policy_of,
    recompute,
    recompute_cheap,
    save,
    save_contractions,
    save_named,
    sink,
    unzip,
)
from tests.calculus import evaluated
from tests.programs import read, shown

POLICIES = [save, sink, save_contractions, recompute_cheap, recompute]

SINES = """
    f(x: f64[100]) -> f64[] {
      a: f64[100] = sin x
      b: f64[100] = sin a
      c: f64[100] = sin b
      d: f64[] = reduce_sum[axes=(0,)] c
      return d
    }"""
TANH = """
    f(x: f64[100], w: f64[100]) -> f64[] {
      a: f64[100] = mul x w
      b: f64[100] = tanh a
      d: f64[] = reduce_sum[axes=(0,)] b
      return d
    }"""
SOFTMAX = """
    f(x: f64[10,10]) -> f64[10,10] {
      m: f64[10] = reduce_max[axes=(1,)] x
      s: f64[10] = stop_gradient m
      b: f64[10,10] = broadcast[shape=(10, 10), axes=(1,)] s
      z: f64[10,10] = sub x b
      e: f64[10,10] = exp z
      t: f64[10] = reduce_sum[axes=(1,)] e
      u: f64[10,10] = broadcast[shape=(10, 10), axes=(1,)] t
      p: f64[10,10] = div e u
      return p
    }"""
GELU = """
    f(w: f64[100]) -> f64[100] {
      x: f64[100] = add w 1.0:f64
      a: f64[100] = integer_power[n=3] x
      b: f64[100] = mul a 0.044715:f64
      c: f64[100] = add x b
      d: f64[100] = mul c 0.7978845608028654:f64
      e: f64[100] = tanh d
      g: f64[100] = add e 1.0:f64
      h: f64[100] = mul x g
      k: f64[100] = mul h 0.5:f64
      return k
    }"""
LINEAR = """
    f(x: f64[100]) -> f64[100] {
      a: f64[100] = mul x 3.0:f64
      b: f64[100] = neg a
      return b
    }"""
LAYERS = """
    f(x: f64[10,10], w: f64[10,10]) -> f64[10,10] {
      a: f64[10,10] = contract[ij,jk->ik] x w
      b: f64[10,10] = tanh a
      h: f64[10,10] = name[label='hidden'] b
      c: f64[10,10] = contract[ij,jk->ik] h w
      d: f64[10,10] = sin c
      e: f64[10,10] = exp d
      return e
    }"""
FUNCTIONS = {
    "layers": LAYERS,
    "sines": SINES,
    "tanh": TANH,
    "softmax": SOFTMAX,
    "gelu": GELU,
    "linear": LINEAR,
}


class Cost(NamedTuple):
    """What a policy costs."""

    saved: int  # bytes that are kept although neither inputs nor outputs
    again: int  # equations that are computed twice


def cost(program: Program, policy) -> Cost:
    active = (True,) * len(program.inputs)
    linear = linearize(program, active, policy)
    outs = linear.known.outputs
    alive = {*linear.known.inputs, *outs[: len(program.outputs)]}
    saved = sum(v.type.nbytes for v in set(outs[len(program.outputs) :]) - alive)
    together = jvp(program, active)[0]
    computed = [e for half in linear[:2] for e in half.equations if not e.primitive.view]
    once = [e for e in together.equations if not e.primitive.view]
    return Cost(saved, len(computed) - len(once))


@pytest.mark.parametrize(
    ("name", "policy", "expected"),
    [
        ("sines", save, Cost(2400, 0)),  # the cosines of x, a and b
        ("sines", sink, Cost(1600, 0)),  # a and b; x is there anyway
        ("sines", recompute, Cost(0, 2)),
        ("tanh", save, Cost(800, 0)),  # 1 - b*b
        ("tanh", sink, Cost(800, 0)),  # b
        ("tanh", recompute, Cost(0, 2)),
        ("softmax", sink, Cost(880, 0)),  # e, and t before it is broadcast
        ("softmax", recompute, Cost(0, 5)),
        ("gelu", save, Cost(3200, 0)),
        ("gelu", sink, Cost(2400, 0)),  # x, e and g
        ("gelu", recompute_cheap, Cost(800, 2)),  # e; x and g are an addition each
        ("layers", sink, Cost(1600, 0)),  # b (which is h) and c
        ("layers", save_contractions, Cost(1600, 3)),  # a and c; tanh of a, sin and cos of c
        ("layers", save_named("hidden"), Cost(800, 3)),  # b; c, d and e are computed again
        ("layers", save_named("other"), Cost(0, 5)),
        ("linear", save, Cost(0, 0)),
        ("linear", sink, Cost(0, 0)),
    ],
)
def test_what_is_saved_and_what_is_computed_twice(name, policy, expected):
    assert cost(read(FUNCTIONS[name]), policy) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_default_does_no_extra_work_and_saves_no_more_than_save(name):
    program = read(FUNCTIONS[name])
    assert cost(program, sink).again == cost(program, save).again == 0
    assert cost(program, sink).saved <= cost(program, save).saved
    assert cost(program, recompute_cheap).saved <= cost(program, sink).saved
    assert cost(program, recompute).saved == 0


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_halves_together_are_the_program(name, policy, rng):
    """To the last bit: policies choose when something is computed, not how."""
    program = read(FUNCTIONS[name])
    n, m = len(program.inputs), len(program.outputs)
    forward, _ = jvp(program, (True,) * n)
    known, rest, late = unzip(forward, [False] * n + [True] * n, policy)
    assert late == (False,) * m + (True,) * m
    xs = [rng.uniform(-1, 1, t.shape) for t in program.in_types]
    dxs = [rng.uniform(-1, 1, t.shape) for t in program.in_types]
    outs = evaluated(known, xs)
    tangents = evaluated(rest, [*outs[m:], *dxs])
    for a, b in zip([*outs[:m], *tangents], evaluated(forward, [*xs, *dxs]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_halves_as_text():
    forward, _ = jvp(read(SINES), (True,))
    known, rest, _ = unzip(forward, (False, True))
    assert shown(known) == shown(
        read("""
        forward_jvp_f(x: f64[100]) -> (f64[], f64[100], f64[100], f64[100]) {
          a: f64[100] = sin x
          b: f64[100] = sin a
          c: f64[100] = sin b
          d: f64[] = reduce_sum[axes=(0,)] c
          return d, x, a, b
        }""")
    )
    assert shown(rest) == shown(
        read("""
        linear_jvp_f(e: f64[100], f: f64[100], g: f64[100], dx: f64[100]) -> f64[] {
          a: f64[100] = cos e
          b: f64[100] = cos f
          c: f64[100] = cos g
          a_1: f64[100] = mul dx a
          b_1: f64[100] = mul a_1 b
          c_1: f64[100] = mul b_1 c
          d: f64[] = reduce_sum[axes=(0,)] c_1
          return d
        }""")
    )


def test_a_result_that_is_known_can_be_forced_into_the_second_half():
    f = read("f(x: f64[], y: f64[]) -> (f64[], f64[]) { a: f64[] = sin x\n return a, y }")
    known, rest, late = unzip(f, (False, True), force=(True, False))
    assert late == (True, True)
    assert len(known.outputs) == 1  # a residual, and no result
    assert evaluated(rest, [*evaluated(known, [np.float64(1)]), np.float64(5)]) == [np.sin(1.0), 5]


def test_a_policy_is_asked_about_what_the_second_half_needs():
    """And it is told what is alive anyway, so that it can weigh one against the other."""
    asked: dict[Primitive, tuple[bool, bool]] = {}

    def policy(equation, crossing):
        y = equation.outputs[0]
        asked[equation.primitive.name] = (y in crossing.alive, y in crossing.primal)
        return False

    f = read("""
        f(x: f64[]) -> (f64[], f64[]) {
          a: f64[] = exp x
          b: f64[] = sin a
          c: f64[] = log b
          return a, c
        }""")
    linearize(f, (True,), policy)
    assert asked == {"exp": (True, True), "sin": (False, True), "cos": (False, False)}


# ---- policies by name


def test_a_policy_is_said_by_a_name_a_tuple_or_a_function():
    assert policy_of(None) is policy_of("sink") is sink
    assert policy_of("recompute") is recompute
    assert policy_of(("save_named", "a", "b")) is save_named("a", "b")
    keep = lambda equation: True
    assert policy_of(keep) is policy_of(keep)


def test_a_function_of_equations_is_asked_about_what_the_program_itself_computes():
    """The derivative's own equations (the cosines here) are computed when they are needed."""
    asked = []

    def keep(equation):
        asked.append(equation.primitive.name)
        return equation.primitive.name == "exp"

    f = read("""
        f(x: f64[]) -> f64[] {
          a: f64[] = sin x
          b: f64[] = exp a
          c: f64[] = sin b
          d: f64[] = sin c
          return d
        }""")
    linear = linearize(f, (True,), policy_of(keep))
    made = {e.outputs[0]: e.primitive.name for e in linear.known.equations}
    assert [made.get(v, "x") for v in linear.known.outputs[1:]] == ["x", "exp"]
    assert sorted(asked) == ["exp", "sin"]  # the last sine is not needed
    again = [e.primitive.name for e in linear.rest.equations if e.primitive.name != "mul"]
    assert sorted(again) == ["cos", "cos", "cos", "sin"]


def test_what_a_name_names_is_kept_once():
    """A name is a view: the derivative of the operation before it refers to the same array."""
    linear = linearize(read(LAYERS), (True, True), save_named("hidden"))
    made = {e.outputs[0]: e.primitive.name for e in linear.known.equations}
    assert [made[v] for v in linear.known.outputs[1:] if v in made] == ["tanh"]


# ---- what is not needed


def test_what_only_unwanted_results_need_is_not_kept():
    f = read("""
        f(x: f64[3], dx: f64[3]) -> (f64[3], f64[3]) {
          a: f64[3] = sin x
          b: f64[3] = exp x
          c: f64[3] = mul dx a
          d: f64[3] = mul dx b
          return a, d
        }""")
    known, rest, _ = unzip(f, (False, True), save)
    made = {e.outputs[0]: e.primitive.name for e in known.equations}
    assert [made[v] for v in known.outputs[1:]] == ["exp"]
    assert [e.primitive.name for e in rest.equations] == ["mul"]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_what_is_under_stop_gradient_is_not_kept(policy):
    f = read("""
        f(x: f64[100]) -> f64[100] {
          a: f64[100] = sin x
          b: f64[100] = exp a
          c: f64[100] = stop_gradient b
          d: f64[100] = mul x c
          return d
        }""")
    linear = linearize(f, (True,), policy)
    made = {e.outputs[0]: e.primitive.name for e in linear.known.equations}
    kept = {made.get(v, "x") for v in linear.known.outputs[1:]}
    assert kept <= ({"x"} if policy is recompute else {"exp", "stop_gradient"} | {"x"})
    assert not any(e.primitive.name == "cos" for half in linear[:2] for e in half.equations)


def test_constants_are_made_again_even_if_they_are_there():
    """Equal constants are one variable: a tangent that is zero would be read from a value."""
    f = read("""
        f(x: f64[3], dx: f64[3]) -> (f64[3], f64[3], f64[3]) {
          a: f64[3] = broadcast[shape=(3,), axes=(0,)] 0.0:f64
          b: f64[3] = mul dx x
          return a, a, b
        }""")
    known, rest, late = unzip(f, (False, True), sink, (False, True, False))
    assert late == (False, True, True)
    assert [*known.outputs[1:]] == [*known.inputs]
    assert [e.primitive.name for e in rest.equations] == ["broadcast", "mul"]
