"""Linear programs run backwards: as text, with masks, and by its laws."""

from textwrap import indent

import numpy as np
import pytest

from autodiff.errors import MissingRuleError
from autodiff.ir.program import Program
from autodiff.primitives.algebra import add, broadcast, mul, neg, reduce_sum
from autodiff.primitives.arithmetic import sub
from autodiff.primitives.contraction import contract
from autodiff.primitives.indexing import index, index_add, unindex
from autodiff.primitives.structure import concatenate, flip, pad, permute, reshape, slice_
from autodiff.transforms.transpose import transpose
from tests.calculus import evaluated
from tests.programs import expected, program, read, shown


def linear(
    body: str, head: str = "c: bool[3], w: f64[3], x: f64[3]", out: str = "f64[]"
) -> Program:
    """The transpose of a program that is linear in `x`, its last input."""
    lines = indent(expected(body), "  ")
    f = read(f"f({head}) -> {out} {{\n{lines}\n  return z\n}}")
    return transpose(f, (False,) * (len(f.inputs) - 1) + (True,))


# ---- cotangents


def test_contributions_are_added():
    back = linear(
        """
        y: f64[3] = exp w
        a: f64[3] = mul y x
        b: f64[3] = mul y a
        z: f64[3] = add b x
        """,
        "w: f64[3], x: f64[3]",
        "f64[3]",
    )
    assert shown(back) == shown(
        read("""
        transpose_f(w: f64[3], b: f64[3]) -> f64[3] {
          y: f64[3] = exp w
          y_1: f64[3] = mul b y
          a: f64[3] = mul y_1 y
          a_1: f64[3] = add b a
          return a_1
        }""")
    )


def test_what_is_not_used_has_a_zero_cotangent():
    f = read("f(x: f64[2], y: f64[]) -> f64[] { z: f64[] = neg y\n return z }")
    assert shown(transpose(f, (True, True))) == shown(
        read("""
        transpose_f(a: f64[]) -> (f64[2], f64[]) {
          z: f64[] = neg a
          z_1: f64[2] = broadcast[shape=(2,), axes=(0,)] 0.0:f64
          return z_1, z
        }""")
    )


def test_an_output_may_be_an_input_a_constant_or_a_known_value():
    f = read("""
        f(w: f64[], x: f64[]) -> (f64[], f64[], f64[], f64[], f64[]) {
          y: f64[] = exp w
          return x, 1.0:f64, w, y, x
        }""")
    back = transpose(f, (False, True))
    cts = [np.float64(10.0**i) for i in range(5)]
    assert evaluated(back, [np.float64(0), *cts]) == [10001]


def test_known_values_are_computed_only_when_they_are_needed():
    """So what a policy decided to recompute does not wait in memory."""
    back = linear(
        """
        a: f64[3] = exp w
        b: f64[3] = sin w
        u: f64[3] = mul a x
        z: f64[3] = mul b u
        """,
        "w: f64[3], x: f64[3]",
        "f64[3]",
    )
    assert [e.primitive.name for e in back.equations] == ["sin", "mul", "exp", "mul"]


def test_a_primitive_without_the_rule_is_named():
    f = read("f(x: f64[3]) -> f64[3] { z: f64[3] = sort[axis=0] x\n return z }")
    with pytest.raises(MissingRuleError, match=r"sort .* has no transpose rule.*forward mode"):
        transpose(f, (True,))


# ---- masks


def test_a_mask_waits_until_it_is_needed():
    back = linear("""
        a: f64[3] = mul w x
        y: f64[3] = select c a 0.0:f64
        z: f64[] = reduce_sum[axes=(0,)] y
        """)
    assert shown(back) == shown(
        read("""
        transpose_f(c: bool[3], w: f64[3], b: f64[]) -> f64[3] {
          z: f64[3] = broadcast[shape=(3,), axes=(0,)] b
          a: f64[3] = mul z w
          a_1: f64[3] = broadcast[shape=(3,), axes=(0,)] 0.0:f64
          a_2: f64[3] = select c a a_1
          return a_2
        }""")
    )


def test_masks_are_applied_before_cotangents_are_added():
    back = linear("""
        a: f64[3] = mul w x
        y: f64[3] = select c a x
        z: f64[] = reduce_sum[axes=(0,)] y
        """)
    c, w = np.array([True, False, True]), np.array([2.0, np.inf, 3.0])
    assert evaluated(back, [c, w, np.float64(1)])[0].tolist() == [2, 1, 3]


def test_a_select_within_a_select_has_both_masks():
    back = linear(
        """
        a: f64[3] = mul w x
        y: f64[3] = select c a 0.0:f64
        u: f64[3] = select d y 0.0:f64
        z: f64[] = reduce_sum[axes=(0,)] u
        """,
        "c: bool[3], d: bool[3], w: f64[3], x: f64[3]",
    )
    assert shown(back) == shown(
        read("""
        transpose_f(c: bool[3], d: bool[3], w: f64[3], b: f64[]) -> f64[3] {
          z: f64[3] = broadcast[shape=(3,), axes=(0,)] b
          y: bool[3] = logical_and c d
          a: f64[3] = mul z w
          a_1: f64[3] = broadcast[shape=(3,), axes=(0,)] 0.0:f64
          a_2: f64[3] = select y a a_1
          return a_2
        }""")
    )


def test_a_mask_passes_through_the_broadcast_of_a_scalar():
    back = linear(
        """
        a: f64[] = mul w x
        b: f64[3] = broadcast[shape=(3,), axes=(0,)] a
        y: f64[3] = select c b 0.0:f64
        z: f64[] = reduce_sum[axes=(0,)] y
        """,
        "c: bool[3], w: f64[], x: f64[]",
    )
    nowhere, once = np.zeros(3, bool), np.array([False, True, False])
    assert evaluated(back, [nowhere, np.float64(np.inf), np.float64(1)]) == [0]
    assert evaluated(back, [once, np.float64(5), np.float64(1)]) == [5]


def test_masks_move_with_the_elements():
    back = linear(
        """
        a: f64[2,3] = mul w x
        b: f64[3,2] = permute[perm=(1, 0)] a
        d: f64[6] = reshape[shape=(6,)] b
        e: f64[6] = flip[axes=(0,)] d
        y: f64[6] = select c e 0.0:f64
        z: f64[] = reduce_sum[axes=(0,)] y
        """,
        "c: bool[6], w: f64[2,3], x: f64[2,3]",
    )
    c = np.array([True, False, False, True, False, True])
    shown_at = c[::-1].reshape(3, 2).T
    w = np.where(shown_at, 7.0, np.nan)
    (ct,) = evaluated(back, [c, w, np.float64(1)])
    np.testing.assert_array_equal(ct, np.where(shown_at, 7.0, 0.0))


def test_a_nan_that_is_not_hidden_stays():
    back = linear("""
        a: f64[3] = mul w x
        y: f64[3] = select c a 0.0:f64
        z: f64[] = reduce_sum[axes=(0,)] y
        """)
    c, w = np.array([True, False, True]), np.array([np.nan, np.nan, 1.0])
    (ct,) = evaluated(back, [c, w, np.float64(1)])
    np.testing.assert_array_equal(ct, [np.nan, 0, 1])


# ---- transposing twice changes nothing

ZERO = np.float64(0)
LINEAR = {
    "add": (lambda x, y: add(x, y), "f64[3]", "f64[3]"),
    "sub": (lambda x, y: sub(neg(x), y), "f64[3]", "f64[3]"),
    "scale": (lambda x: mul(x, np.float64(2.5)), "f64[3]"),
    "sum": (lambda x: reduce_sum(x, axes=(1,)), "f64[2,3]"),
    "broadcast": (lambda x: broadcast(x, shape=(2, 3, 4), axes=(0, 2)), "f64[3]"),
    "reshape": (lambda x: reshape(permute(x, perm=(1, 0)), shape=(6,)), "f64[2,3]"),
    "slice": (lambda x: slice_(x, start=(1, 0), stop=(3, 5), step=(1, 2)), "f64[4,5]"),
    "pad": (lambda x: pad(x, ZERO, low=(1,), high=(2,), interior=(1,)), "f64[3]"),
    "flip": (lambda x: flip(x, axes=(0,)), "f64[2,3]"),
    "concatenate": (lambda x, y: concatenate(x, y, x, axis=0), "f64[2,3]", "f64[1,3]"),
    "index": (lambda x: index(x, spec="1,::-1"), "f64[2,3]"),
    "unindex": (lambda x: unindex(x, spec=":2", shape=(5,)), "f64[2]"),
    "index_add": (lambda x, y: index_add(x, y, spec="1"), "f64[2,3]", "f64[3]"),
    "fan out": (lambda x: [add(x, x), reduce_sum(x, axes=(0,)), x], "f64[3]"),
}


@pytest.mark.parametrize("name", LINEAR)
def test_twice_is_the_program_itself(name, rng):
    fun, *types = LINEAR[name]
    f = program(fun, *types)
    back = transpose(f, (True,) * len(f.inputs))
    again = transpose(back, (True,) * len(back.inputs))
    assert (back.in_types, back.out_types) == (f.out_types, f.in_types)
    xs = [rng.uniform(-1, 1, t.shape) for t in f.in_types]
    for a, b in zip(evaluated(again, xs), evaluated(f, xs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_twice_is_the_text_itself():
    f = read("""
        f(d: f64[2,3]) -> f64[3] {
          a: f64[3,2] = permute[perm=(1, 0)] d
          b: f64[3] = reduce_sum[axes=(1,)] a
          c: f64[3] = mul b 2.0:f64
          return c
        }""")
    again = transpose(transpose(f, (True,)), (True,))
    assert shown(again).splitlines()[1:] == shown(f).splitlines()[1:]


@pytest.mark.parametrize("spec", ["ij,jk->ik", "i,i->", "bij,bjk->bik", "ij,k->ijk"])
def test_contractions_are_linear_in_each_operand(spec, rng):
    sizes = dict(zip("bijk", (2, 3, 4, 5), strict=True))
    left, right = ([sizes[c] for c in part] for part in spec.partition("->")[0].split(","))
    f = program(
        lambda x, y: contract(x, y, spec=spec),
        *[f"f64[{','.join(map(str, shape))}]" for shape in (left, right)],
    )
    x, y = rng.uniform(-1, 1, left), rng.uniform(-1, 1, right)
    for mask in ((True, False), (False, True)):
        back = transpose(f, mask)
        again = transpose(back, (False, True))
        known, moving = (y, x) if mask[0] else (x, y)
        np.testing.assert_allclose(
            evaluated(again, [known, moving])[0], np.einsum(spec, x, y), rtol=1e-13
        )
