"""The derivative as two programs, and the gradient as one."""

import numpy as np
import pytest

from autodiff.transforms.linearize import gradient, linearize
from autodiff.transforms.unzip import recompute, recompute_cheap, save, sink
from tests.calculus import evaluated, tangents
from tests.programs import read, shown

LOSS = """
    loss(x: f64[3], w: f64[3], n: i64[]) -> (f64[], f64[3], i64[]) {
      a: f64[3] = mul x w
      b: f64[3] = sin a
      c: f64[] = reduce_sum[axes=(0,)] b
      return c, a, n
    }"""


def test_value_and_linear_function(rng):
    f = read(LOSS)
    linear = linearize(f, (True, True, False))
    assert linear.active == (True, True, False)
    x, w, dx, dw = rng.uniform(-1, 1, (4, 3))
    outs = evaluated(linear.known, [x, w, np.int64(2)])
    dy = evaluated(linear.rest, [*outs[3:], dx, dw])
    assert linear.residuals == len(outs[3:])
    for a, b in zip(dy, evaluated(tangents(f), [x, w, np.int64(2), dx, dw]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_inputs_that_are_not_mentioned_are_not_active():
    linear = linearize(read(LOSS), (True,))
    assert len(linear.rest.inputs) - linear.residuals == 1


def test_only_the_wanted_outputs_are_differentiated():
    linear = linearize(read(LOSS), (True, True, False), outputs=(False, True, True))
    assert linear.active == (False, True, False)
    assert [e.primitive.name for e in linear.rest.equations] == ["mul", "mul", "add"]
    assert len(linear.known.outputs) == 3 + linear.residuals


def test_transposed_takes_cotangents_of_the_active_outputs():
    linear = linearize(read(LOSS), (True, True, False), outputs=(True, False, False))
    back = linear.transposed()
    assert back.out_types == linear.rest.in_types[linear.residuals :]
    assert back.in_types[linear.residuals :] == linear.rest.out_types


def test_gradient_as_text():
    program, depends = gradient(read(LOSS), (True, False, False))
    assert depends
    assert shown(program) == shown(
        read("""
        grad_loss(x: f64[3], w: f64[3], n: i64[]) -> (f64[], f64[3], i64[], f64[3]) {
          a: f64[3] = mul x w
          b: f64[3] = sin a
          c: f64[] = reduce_sum[axes=(0,)] b
          c_1: f64[3] = broadcast[shape=(3,), axes=(0,)] 1.0:f64
          b_1: f64[3] = cos a
          b_2: f64[3] = mul c_1 b_1
          a_1: f64[3] = mul b_2 w
          return c, a, n, a_1
        }""")
    )


def test_gradient_alone_computes_no_value():
    program, _ = gradient(read(LOSS), (True, False, False), value=False)
    assert program.out_types == program.in_types[:1]
    assert "sin" not in [e.primitive.name for e in program.equations]


def test_gradient_of_a_constant_is_zero():
    f = read(
        "f(x: f64[3]) -> f64[] { a: f64[3] = floor x\n"
        " b: f64[] = reduce_sum[axes=(0,)] a\n return b }"
    )
    program, depends = gradient(f, (True,))
    assert not depends
    np.testing.assert_array_equal(evaluated(program, [np.ones(3)])[1], [0, 0, 0])


@pytest.mark.parametrize("policy", [save, sink, recompute_cheap, recompute])
def test_policies_do_not_change_the_gradient(policy, rng):
    """Computed at another time, but in the same way: equal to the last bit."""
    xs = [*rng.uniform(-1, 1, (2, 3)), np.int64(0)]
    reference = evaluated(gradient(read(LOSS), (True, True, False), save)[0], xs)
    for a, b in zip(
        evaluated(gradient(read(LOSS), (True, True, False), policy)[0], xs), reference, strict=True
    ):
        np.testing.assert_array_equal(a, b)
