"""Contractions: every spec means what einsum says, and the common ones are lowered to one call."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.ir.types import ArrayType
from autodiff.primitives.contraction import contract
from autodiff.primitives.contraction_lowering import lowering
from tests.primitives.differentiate import pull

SIZES = {"a": 2, "b": 3, "c": 4, "d": 5, "e": 1, "f": 0}


def lowered(spec: str, dtype: type = float) -> str:
    sizes = {k: i for i, k in enumerate(sorted(set(spec) - set(",->")), 2)}
    terms = spec.partition("->")[0].split(",")
    return lowering(spec, *[ArrayType(tuple(sizes[k] for k in t), dtype) for t in terms])


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (",->", "{0} * {1}"),
        ("i,i->", "{0}.dot({1})"),
        ("i,->i", "{0} * {1}"),
        ("ij,j->ij", "{0} * {1}"),
        ("ij,i->ij", "{0} * {1}[:, None]"),
        ("ij,j->i", "{0}.dot({1})"),
        ("ij,i->j", "{1}.dot({0})"),
        ("ij,jk->ik", "{0}.dot({1})"),
        ("ij,kj->ik", "{0}.dot({1}.T)"),
        ("ji,jk->ik", "{0}.T.dot({1})"),
        ("ij,jk->ki", "{1}.T.dot({0}.T)"),
        ("ij,ij->", "np.vdot({0}, {1})"),
        ("i,j->ij", "{0}.reshape(2, 1).dot({1}.reshape(1, 3))"),
        ("bij,jk->bik", "{0}.reshape(6, 4).dot({1}).reshape(2, 3, 5)"),
        ("bij,bik->jk", "{0}.reshape(6, 4).T.dot({1}.reshape(6, 5))"),
        ("bij,bjk->bik", "{0} @ {1}"),
        ("bij,bkj->bik", "{0} @ {1}.transpose(0, 2, 1)"),
        ("bij,bj->bi", "({0} @ {1}[..., None])[..., 0]"),
        ("bi,bi->b", "({0}[..., None, :] @ {1}[..., None])[..., 0, 0]"),
        ("ij,ij->j", "({0} * {1}).sum(0)"),
        ("ij,zjk->zik", "{0} @ {1}"),  # no copy to bring z and k together
        ("ncx,oc->nox", "{1} @ {0}"),
    ],
)
def test_lowering(spec, text):
    assert lowered(spec) == text


def test_lowering_depends_on_the_dtype():
    assert lowered("i,j->ij", np.int64) == "{0}[:, None] * {1}"
    assert lowered("ij,ij->", complex) == "{0}.reshape(6).dot({1}.reshape(6))"
    assert lowered("ij,ij->j", bool).count("@") == 1  # a sum of truth values would count them


@st.composite
def specs(draw):
    """Each index has a role; the terms are shuffled."""
    x, y, out = [], [], []
    for k in draw(st.permutations("abcdef"))[: draw(st.integers(0, 5))]:
        role = draw(st.sampled_from(["batch", "left", "right", "summed"]))
        x += [k] * (role != "right")
        y += [k] * (role != "left")
        out += [k] * (role != "summed")
    return (
        ",".join(["".join(draw(st.permutations(t))) for t in (x, y)])
        + "->"
        + "".join(draw(st.permutations(out)))
    )


@given(specs(), st.sampled_from([float, np.float32, complex, np.int8, bool]))
def test_contract_is_einsum(spec, dtype):
    rng = np.random.default_rng(0)
    shapes = [tuple(SIZES[k] for k in t) for t in spec.partition("->")[0].split(",")]
    x, y = (np.asarray(rng.integers(-3, 4, s)).astype(dtype) for s in shapes)
    expected = np.einsum(spec, x, y) if dtype is not bool else np.einsum(spec, x * 1, y * 1) > 0
    result = contract(x, y, spec=spec)
    assert (result.shape, result.dtype) == (expected.shape, x.dtype)
    np.testing.assert_array_equal(result, expected)


def test_the_cotangent_is_not_conjugated():
    x, y = np.array([1 + 2j, 3j]), np.array([2j, 1 - 1j])
    ct_x, ct_y = pull(lambda a, b: contract(a, b, spec="i,i->"), [x, y])
    np.testing.assert_array_equal(ct_x, y)
    np.testing.assert_array_equal(ct_y, x)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ij,jk", "is not of the form"),
        ("ij->i", "is not of the form"),
        ("ii,ij->j", "each index once"),
        ("ij,jk->k", "the result lacks an index"),
        ("ij,jk->ikl", "that no operand has"),
        ("ijk,jk->i", "does not fit operands"),
        ("ij,ik->jk", "the index 'i' is of length 2 and of length 3"),
    ],
)
def test_bad_specs_are_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        contract.types(ArrayType((2, 3), float), ArrayType((3, 2), float), spec=spec)


def test_operands_have_one_dtype():
    with pytest.raises(TypeError, match="one dtype"):
        contract.types(ArrayType((2,), float), ArrayType((2,), np.float32), spec="i,i->")


def test_cost_counts_multiplications_and_additions():
    x, y = ArrayType((2, 3), float), ArrayType((3, 4), float)
    assert contract.cost((x, y), (), spec="ij,jk->ik") == 2 * 2 * 3 * 4
    assert contract.cost((x, x), (), spec="ij,ij->ij") == 6
