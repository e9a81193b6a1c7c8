"""Forward mode, as text and by its laws."""

import numpy as np

from autodiff.primitives.algebra import mul
from autodiff.primitives.exponential import exp
from autodiff.primitives.trigonometric import sin
from autodiff.transforms.jvp import jvp
from tests.calculus import evaluated, tangents
from tests.programs import program, read, shown


def test_a_chain():
    f = read("""
        f(x: f64[3], w: f64[3]) -> f64[] {
          a: f64[3] = mul x w
          b: f64[3] = sin a
          c: f64[] = reduce_sum[axes=(0,)] b
          return c
        }""")
    forward, active = jvp(f, (True, False))
    assert active == (True,)
    assert shown(forward) == shown(
        read("""
        jvp_f(x: f64[3], w: f64[3], dx: f64[3]) -> (f64[], f64[]) {
          a: f64[3] = mul dx w
          a_1: f64[3] = mul x w
          b: f64[3] = sin a_1
          b_1: f64[3] = cos a_1
          b_2: f64[3] = mul a b_1
          c: f64[] = reduce_sum[axes=(0,)] b
          c_1: f64[] = reduce_sum[axes=(0,)] b_2
          return c, c_1
        }""")
    )


CUT = """
    f(x: f64[3], n: i64[3]) -> (f64[3], f64[3], f64[], i64[3]) {
      a: f64[3] = floor x
      b: f64[3] = mul a x
      c: f64[3] = exp a
      return b, c, 2.0:f64, n
    }"""


def test_only_what_moves_has_a_tangent():
    """Nothing is computed for floor, whose derivative is zero, nor for what comes of it."""
    forward, active = jvp(read(CUT), (True, False))
    assert active == (True, False, False, False)
    assert shown(forward) == shown(
        read("""
        jvp_f(x: f64[3], n: i64[3], dx: f64[3]) -> (f64[3], f64[3], f64[], i64[3], f64[3]) {
          a: f64[3] = floor x
          b: f64[3] = mul a dx
          b_1: f64[3] = mul a x
          c: f64[3] = exp a
          return b_1, c, 2.0:f64, n, b
        }""")
    )


def test_tangents_that_are_asked_for_are_zeros():
    forward, active = jvp(read(CUT), (True, False), (False, True, True, False))
    assert active == (True, True, True, False)
    dy, dc, dl = evaluated(forward, [np.full(3, 2.5), np.arange(3), np.ones(3)])[4:]
    np.testing.assert_array_equal(dy, [2, 2, 2])
    np.testing.assert_array_equal(dc, [0, 0, 0])
    assert dl == 0
    assert dl.shape == ()


def test_an_inactive_program_is_left_as_it_is():
    f = read(CUT)
    forward, active = jvp(f, (False, False))
    assert not any(active)
    assert [e.primitive for e in forward.equations] == [e.primitive for e in f.equations]


def test_an_input_that_is_an_output():
    f = read("f(x: f64[]) -> (f64[], f64[]) { return x, x }")
    forward, active = jvp(f, (True,))
    assert active == (True, True)
    assert shown(forward) == shown(
        read("""
        jvp_f(x: f64[], dx: f64[]) -> (f64[], f64[], f64[], f64[]) {
          return x, x, dx, dx
        }""")
    )


def test_the_tangent_is_linear(rng):
    f = program(lambda x, y: [mul(sin(mul(x, y)), exp(x))], "f64[4]", "f64[4]")
    push = tangents(f)
    x, y, *ds = (rng.uniform(-1, 1, 4) for _ in range(6))
    (a,) = evaluated(push, [x, y, *ds[:2]])
    (b,) = evaluated(push, [x, y, *ds[2:]])
    (both,) = evaluated(push, [x, y, 2 * ds[0] - 3 * ds[2], 2 * ds[1] - 3 * ds[3]])
    np.testing.assert_allclose(both, 2 * a - 3 * b, rtol=1e-12)


def test_equations_keep_the_source_line_of_what_they_derive_from():
    f = read("""
        f(x: f64[]) -> f64[] {
          y: f64[] = sin x  # model.py:7
          return y
        }""")
    assert {str(e.source) for e in jvp(f, (True,))[0].equations} == {"model.py:7"}


def test_the_same_question_has_the_same_answer():
    """What is derived is remembered, so that transforms of transforms do not repeat work."""
    f = read(CUT)
    assert jvp(f, (True, False))[0] is jvp(f, (True, False))[0]
