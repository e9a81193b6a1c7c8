"""What the laws do not say of gather and scatter: bounds, sizes, other array libraries."""

from types import SimpleNamespace

import numpy as np
import pytest

from autodiff.ir.types import type_of
from autodiff.primitives.gathering import gather, last_writes, scatter, scatter_add
from autodiff.primitives.indexing import index, parse_spec
from tests.primitives.specs_indexing import SPECS

ROWS = [s for s in SPECS if s.primitive in (gather, scatter, scatter_add, last_writes)]
OTHER = SimpleNamespace(**vars(np))  # not NumPy: takes the ways meant for devices


@pytest.mark.parametrize("spec", ROWS, ids=str)
def test_other_array_libraries_give_the_same(spec):
    xs = spec.make()
    expected = spec.primitive.run(np, *xs, **spec.params)
    found = spec.primitive.run(OTHER, *xs, **spec.params)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("xp", [np, OTHER], ids=["numpy", "other"])
@pytest.mark.parametrize("place", [3, -4])
def test_out_of_bounds(xp, place):
    x, i = np.zeros((3, 2)), np.array([0, place])
    v = np.ones((2, 2))
    at = {"axis": 0, "batch": 0}
    for run in (
        lambda: gather.run(xp, x, i, **at),
        lambda: scatter_add.run(xp, x, v, i, **at),
        lambda: scatter.run(xp, x, v, i, **at, unique=False),
    ):
        with pytest.raises(IndexError, match=f"index {place} is out of bounds"):
            run()


@pytest.mark.parametrize("shape", [(50, 100), (5000,), (3, 40, 60)])
def test_large_sums(shape):
    rng = np.random.default_rng(0)
    x, i = rng.normal(size=shape), rng.integers(-shape[0], shape[0], 4000 // len(shape))
    v = rng.normal(size=(len(i), *shape[1:]))
    expected = x.copy()
    np.add.at(expected, i, v)
    np.testing.assert_allclose(scatter_add.run(np, x, v, i, axis=0, batch=0), expected)


def test_inputs_are_left_as_they_are():
    x, i, v = np.zeros(4), np.array([1, 1]), np.ones(2)
    for primitive, params in ((scatter_add, {}), (scatter, {"unique": False})):
        primitive.run(np, x, v, i, axis=0, batch=0, **params)
        primitive.run(OTHER, x, v, i, axis=0, batch=0, **params)
    assert not x.any()


def test_types_are_checked():
    x, i = np.zeros((3, 2)), np.array([0, 1])
    with pytest.raises(TypeError, match="signed integer indices of one shape"):
        gather.types(_type(x), _type(i), _type(i[:1]), axis=0, batch=0)
    with pytest.raises(ValueError, match="do not fit"):
        gather.types(_type(x), _type(i), axis=2, batch=0)
    with pytest.raises(TypeError, match="takes"):
        scatter_add.types(_type(x), _type(x), _type(i), axis=0, batch=0)
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        index.types(_type(x), spec="3")


def _type(x):
    return type_of(x)


def test_specs_are_read():
    assert parse_spec("-1,:,2:,...,::-1") == (
        -1, slice(None), slice(2, None), ..., slice(None, None, -1)
    )  # fmt: skip
    with pytest.raises(ValueError, match="spec"):
        parse_spec("1,,2")
