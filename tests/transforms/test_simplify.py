"""Each rule, as text and by value; and what must not be touched."""

from textwrap import indent

import numpy as np
import pytest

from autodiff.ir.program import Program
from autodiff.transforms.simplify import simplify
from tests.calculus import evaluated
from tests.programs import expected, read, shown

V = "f64[3]"
# A name for the rule; the inputs; the type of the result z; the equations before, and after.
RULES = {
    "times one": (f"x: {V}", V, "z: f64[3] = mul x 1.0:f64", "return x"),
    "one times": (f"x: {V}", V, "z: f64[3] = mul 1.0:f64 x", "return x"),
    "times ones": (
        f"x: {V}",
        V,
        """
        a: f64[3] = broadcast[shape=(3,), axes=(0,)] 1.0:f64
        z: f64[3] = mul a x
        """,
        "return x",
    ),
    "times minus one": (f"x: {V}", V, "z: f64[3] = mul x -1.0:f64", "z: f64[3] = neg x\nreturn z"),
    "a negated factor": (
        f"x: {V}",
        V,
        """
        a: f64[3] = neg x
        z: f64[3] = mul a 2.0:f64
        """,
        "z: f64[3] = mul x -2.0:f64\nreturn z",
    ),
    "neg of neg": (f"x: {V}", V, "a: f64[3] = neg x\nz: f64[3] = neg a", "return x"),
    "neg of a difference": (  # -(x - y) and y - x are zeros of different sign where x = y
        f"x: {V}, y: {V}",
        V,
        "a: f64[3] = sub x y\nz: f64[3] = neg a",
        "a: f64[3] = sub x y\nz: f64[3] = neg a\nreturn z",
    ),
    "neg of a multiple": (
        f"x: {V}",
        V,
        "a: f64[3] = mul 2.0:f64 x\nz: f64[3] = neg a",
        "z: f64[3] = mul -2.0:f64 x\nreturn z",
    ),
    "add of neg": (
        f"x: {V}, y: {V}",
        V,
        "a: f64[3] = neg y\nz: f64[3] = add x a",
        "z: f64[3] = sub x y\nreturn z",
    ),
    "neg added to": (
        f"x: {V}, y: {V}",
        V,
        "a: f64[3] = neg x\nz: f64[3] = add a y",
        "z: f64[3] = sub y x\nreturn z",
    ),
    "sub of neg": (
        f"x: {V}, y: {V}",
        V,
        "a: f64[3] = neg y\nz: f64[3] = sub x a",
        "z: f64[3] = add x y\nreturn z",
    ),
    "divided by one": (f"x: {V}", V, "z: f64[3] = div x 1.0:f64", "return x"),
    "select of equals": (f"c: bool[3], x: {V}", V, "z: f64[3] = select c x x", "return x"),
    "select by a constant": (
        f"x: {V}",
        V,
        """
        a: bool[3] = broadcast[shape=(3,), axes=(0,)] False:bool
        b: f64[3] = exp x
        z: f64[3] = select a b x
        """,
        "return x",
    ),
    "convert to the same": (f"x: {V}", V, "z: f64[3] = convert[dtype=f64] x", "return x"),
    "reshape back": (
        "x: f64[2,3]",
        "f64[2,3]",
        "a: f64[6] = reshape[shape=(6,)] x\nz: f64[2,3] = reshape[shape=(2, 3)] a",
        "return x",
    ),
    "reshape twice": (
        "x: f64[2,3]",
        "f64[1,6]",
        "a: f64[6] = reshape[shape=(6,)] x\nz: f64[1,6] = reshape[shape=(1, 6)] a",
        "z: f64[1,6] = reshape[shape=(1, 6)] x\nreturn z",
    ),
    "reshape of a constant": (
        "",
        "f64[2,3]",
        """
        a: f64[6] = broadcast[shape=(6,), axes=(0,)] 2.0:f64
        z: f64[2,3] = reshape[shape=(2, 3)] a
        """,
        "z: f64[2,3] = broadcast[shape=(2, 3), axes=(0, 1)] 2.0:f64\nreturn z",
    ),
    "permute back": (
        "x: f64[2,3,4]",
        "f64[2,3,4]",
        "a: f64[3,4,2] = permute[perm=(1, 2, 0)] x\nz: f64[2,3,4] = permute[perm=(2, 0, 1)] a",
        "return x",
    ),
    "permute twice": (
        "x: f64[2,3,4]",
        "f64[4,2,3]",
        "a: f64[3,4,2] = permute[perm=(1, 2, 0)] x\nz: f64[4,2,3] = permute[perm=(1, 2, 0)] a",
        "z: f64[4,2,3] = permute[perm=(2, 0, 1)] x\nreturn z",
    ),
    "broadcast twice": (
        "x: f64[3]",
        "f64[2,4,3]",
        """
        a: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] x
        z: f64[2,4,3] = broadcast[shape=(2, 4, 3), axes=(1,)] a
        """,
        "z: f64[2,4,3] = broadcast[shape=(2, 4, 3), axes=(0, 1)] x\nreturn z",
    ),
    "work before a broadcast": (
        "x: f64[3], y: f64[3]",
        "f64[2,3]",
        """
        a: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] x
        b: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] y
        c: f64[2,3] = mul a b
        z: f64[2,3] = add c 1.0:f64
        """,
        """
        c: f64[3] = mul x y
        z: f64[3] = add c 1.0:f64
        z_1: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] z
        return z_1
        """,
    ),
    "sum of a broadcast": (
        "x: f64[3]",
        "f64[3]",
        """
        a: f64[2,3,4] = broadcast[shape=(2, 3, 4), axes=(0, 2)] x
        z: f64[3] = reduce_sum[axes=(0, 2)] a
        """,
        "z: f64[3] = mul x 8.0:f64\nreturn z",
    ),
    "sum of part of a broadcast": (
        "x: f64[3]",
        "f64[2,3]",
        """
        a: f64[2,3,4] = broadcast[shape=(2, 3, 4), axes=(0, 2)] x
        z: f64[2,3] = reduce_sum[axes=(2,)] a
        """,
        """
        z: f64[3] = mul x 4.0:f64
        z_1: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] z
        return z_1
        """,
    ),
    "sum over nothing": ("x: f64[3]", "f64[3]", "z: f64[3] = reduce_sum[axes=()] x", "return x"),
    "constants are computed": (
        "x: f64[3]",
        "f64[3]",
        """
        a: f64[3] = broadcast[shape=(3,), axes=(0,)] 4.0:f64
        b: f64[3] = sqrt a
        c: f64[3] = mul b 3.0:f64
        z: f64[3] = add x c
        """,
        "z: f64[3] = add x 6.0:f64\nreturn z",
    ),
    "a matrix times a constant": (
        "x: f64[2,3]",
        "f64[2]",
        """
        a: f64[3] = broadcast[shape=(3,), axes=(0,)] 2.0:f64
        z: f64[2] = contract[ij,j->i] x a
        """,
        """
        z: f64[2] = reduce_sum[axes=(1,)] x
        z_1: f64[2] = mul z 2.0:f64
        return z_1
        """,
    ),
    "a constant times a tensor": (
        "x: f64[3,2,4]",
        "f64[4,2]",
        """
        a: f64[3] = broadcast[shape=(3,), axes=(0,)] 1.0:f64
        z: f64[4,2] = contract[i,ijk->kj] a x
        """,
        """
        z: f64[2,4] = reduce_sum[axes=(0,)] x
        z_1: f64[4,2] = permute[perm=(1, 0)] z
        return z_1
        """,
    ),
}


def program(head: str, out: str, body: str) -> Program:
    lines = indent(expected(body), "  ")
    return read(f"f({head}) -> {out} {{\n{lines}\n}}")


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule, rng):
    head, out, before, after = RULES[rule]
    long = program(head, out, f"{expected(before)}\nreturn z")
    simple = simplify(long)
    assert shown(simple) == shown(program(head, out, after))
    args = [
        rng.random(t.shape) < 0.5 if t.dtype == bool else rng.uniform(-1, 1, t.shape)
        for t in long.in_types
    ]
    (a,), (b,) = evaluated(simple, args), evaluated(long, args)
    np.testing.assert_allclose(a, b, rtol=1e-14)


# What looks like a case for a rule, and is none: the program stays as it is.
KEPT = {
    "a product whose constant has axes of the result": (
        "x: f64[3,2]",
        "f64[4,2]",
        """
        a: f64[4,3] = broadcast[shape=(4, 3), axes=(0, 1)] 2.0:f64
        z: f64[4,2] = contract[ij,jk->ik] a x
        """,
    ),
    "a count that the dtype cannot hold": (
        "x: i8[]",
        "i8[]",
        """
        a: i8[300] = broadcast[shape=(300,), axes=(0,)] x
        z: i8[] = reduce_sum[axes=(0,)] a
        """,
    ),
    "a count at which half precision ends": (
        "x: f16[]",
        "f16[]",
        """
        a: f16[70000] = broadcast[shape=(70000,), axes=(0,)] x
        z: f16[] = reduce_sum[axes=(0,)] a
        """,
    ),
    "times zero, which may be NaN": ("x: f64[3]", "f64[3]", "z: f64[3] = mul x 0.0:f64"),
    "plus zero, which changes the sign of -0": (
        "x: f64[3]",
        "f64[3]",
        "z: f64[3] = add x 0.0:f64",
    ),
    "a broadcast along other axes": (
        "x: f64[3], y: f64[2]",
        "f64[2,3]",
        """
        a: f64[2,3] = broadcast[shape=(2, 3), axes=(0,)] x
        b: f64[2,3] = broadcast[shape=(2, 3), axes=(1,)] y
        z: f64[2,3] = mul a b
        """,
    ),
    "a narrowing conversion and back": (
        "x: f64[3]",
        "f64[3]",
        "a: f32[3] = convert[dtype=f32] x\nz: f64[3] = convert[dtype=f64] a",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_kept(case):
    head, out, body = KEPT[case]
    p = program(head, out, f"{expected(body)}\nreturn z")
    assert shown(simplify(p)) == shown(p)


def test_constants_that_overflow_give_no_warnings():
    p = program(
        "x: f64[3], n: u8[3]",
        "(f64[3], u8[3])",
        """
        a: f64[3] = broadcast[shape=(3,), axes=(0,)] 0.0:f64
        b: f64[3] = div a a
        c: f64[3] = add x b
        m: u8[3] = neg n
        z: u8[3] = mul m 3:u8
        return c, z
        """,
    )
    args = [np.ones(3), np.arange(3, dtype=np.uint8)]
    for a, b in zip(evaluated(simplify(p), args), evaluated(p, args), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_not_used_is_dropped_and_equals_are_merged():
    p = program(
        "x: f64[3]",
        "f64[3]",
        """
        a: f64[3] = exp x
        b: f64[3] = exp x
        c: f64[3] = sin x
        z: f64[3] = mul a b
        return z
        """,
    )
    assert [e.primitive.name for e in simplify(p).equations] == ["exp", "mul"]


def test_once_is_enough():
    for head, out, before, _ in RULES.values():
        simple = simplify(program(head, out, f"{expected(before)}\nreturn z"))
        assert shown(simplify(simple)) == shown(simple)


def test_equations_keep_their_source_lines():
    p = program(
        "x: f64[3]",
        "f64[3]",
        "a: f64[3] = neg x  # model.py:3\nz: f64[3] = mul a 2.0:f64  # model.py:4\nreturn z",
    )
    assert [str(e.source) for e in simplify(p).equations] == ["model.py:4"]
