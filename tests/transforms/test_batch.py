"""Programs over a new first axis."""

import numpy as np
import pytest

from autodiff.errors import MissingRuleError
from autodiff.ir.types import ArrayType
from autodiff.primitives.record import Primitive
from autodiff.transforms.batch import batch
from tests.calculus import evaluated
from tests.programs import program, read, shown

AFFINE = """
    f(w: f64[2,3], x: f64[3], b: f64[2]) -> (f64[2], f64[2]) {
      a: f64[2] = contract[ij,j->i] w x
      c: f64[2] = add a b
      d: f64[2] = exp b
      return c, d
    }"""


def test_only_what_is_mapped_gains_the_axis():
    together, mapped = batch(read(AFFINE), (False, True, False), 5)
    assert mapped == (True, False)
    assert together.out_types == (ArrayType((5, 2), "f8"), ArrayType((2,), "f8"))
    assert str(together).startswith(
        "vmap_f(w: f64[2,3], x: f64[5,3], b: f64[2]) -> (f64[5,2], f64[2]) {"
    )


def test_operands_that_are_not_mapped_are_broadcast():
    f = read("f(x: f64[3], w: f64[3]) -> f64[3] { a: f64[3] = mul x w\n return a }")
    together, _ = batch(f, (True, False), 4)
    assert shown(together) == shown(
        read("""
        vmap_f(x: f64[4,3], w: f64[3]) -> f64[4,3] {
          a: f64[4,3] = broadcast[shape=(4, 3), axes=(0,)] w
          a_1: f64[4,3] = mul x a
          return a_1
        }""")
    )


def test_a_literal_is_left_alone():
    f = read("f(x: f64[3]) -> f64[3] { a: f64[3] = mul x 2.0:f64\n return a }")
    together, _ = batch(f, (True,), 4)
    assert [str(e.primitive.name) for e in together.equations] == ["mul"]


def test_results_that_are_forced_are_repeated():
    f = read("f(x: f64[3], n: i64[]) -> (f64[3], i64[], f64[]) { return x, n, 1.5:f64 }")
    together, mapped = batch(f, (True, False), 2, (True, True, True))
    assert mapped == (True, True, True)
    x, n, c = evaluated(together, [np.ones((2, 3)), np.int64(7)])
    assert x.shape == (2, 3)
    assert n.tolist() == [7, 7]
    assert c.tolist() == [1.5, 1.5]


def test_a_map_over_nothing_is_empty():
    together, _ = batch(read(AFFINE), (True, True, True), 0)
    outs = evaluated(together, [np.ones((0, 2, 3)), np.ones((0, 3)), np.ones((0, 2))])
    assert [y.shape for y in outs] == [(0, 2), (0, 2)]


def test_maps_nest(rng):
    inner, _ = batch(read(AFFINE), (False, True, False), 4)
    outer, _ = batch(inner, (True, False, True), 5)
    w, x, b = rng.uniform(size=(5, 2, 3)), rng.uniform(size=(4, 3)), rng.uniform(size=(5, 2))
    c, _ = evaluated(outer, [w, x, b])
    np.testing.assert_allclose(c, np.einsum("oij,nj->oni", w, x) + b[:, None], rtol=1e-14)


def test_a_primitive_without_the_rule_is_named():
    lonely = Primitive("lonely", types=lambda x: (x,), run=lambda xp, x: x)
    f = program(lambda x: lonely(x), "f64[]")
    with pytest.raises(MissingRuleError, match=r"lonely .* has no batching rule.*Python loop"):
        batch(f, (True,), 2)
    batch(program(lambda x, y: [lonely(x), y], "f64[]", "f64[]"), (False, True), 2)  # not mapped
