from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
from autodiff import tree

Pair = namedtuple("Pair", ["left", "right"])


@dataclass(frozen=True)
class Dense:
    w: object
    b: object
    label: str = "dense"


class Scale:
    def __init__(self, factor, name):
        self.factor, self.name = factor, name


tree.register(Scale, lambda s: ((s.factor,), s.name), lambda name, c: Scale(*c, name))


def params():
    return {
        "dense": Dense(np.arange(4, dtype=np.float32).reshape(2, 2), 5.0),
        "pair": Pair(np.array([6.0, 7.0]), None),
        "scale": Scale(np.array(8.0), "s"),
        "size": 3,
    }


# ---- the basics


def test_flatten_and_unflatten_are_inverse():
    leaves, spec = tree.flatten(params())
    assert [np.size(x) for x in leaves] == [4, 1, 1, 2, 1, 1]
    again = tree.unflatten(spec, leaves)
    assert isinstance(again["dense"], Dense)
    assert isinstance(again["pair"], Pair)
    assert again["pair"].right is None
    assert (again["scale"].name, again["scale"].factor) == ("s", 8.0)
    assert tree.leaves(again)[3] is leaves[3]


def test_map_takes_several_containers():
    assert tree.map(max, {"a": 1, "b": (2, 3)}, {"a": 5, "b": (0, 4)}) == {"a": 5, "b": (2, 4)}
    with pytest.raises(ValueError, match="trees differ in structure"):
        tree.map(max, [1, 2], [1])


def test_registered_classes_are_containers_for_every_transform():
    gradient = ad.grad(lambda s: s.factor**2)(Scale(3.0, "s"))
    assert (gradient.factor, gradient.name) == (6.0, "s")


# ---- ravel


def test_ravel_and_back():
    p = params()
    vector, unravel = tree.ravel(p)
    assert_array_equal(vector, np.array([0, 1, 2, 3, 5, 6, 7, 8]))
    assert vector.dtype == np.float64
    q = unravel(vector + 1)
    assert q["dense"].w.dtype == np.float32
    assert q["dense"].w.shape == (2, 2)
    assert q["dense"].label == "dense"
    assert q["dense"].b == 6
    assert isinstance(q["dense"].b, np.float64)
    assert q["scale"].factor == 9
    assert q["pair"].right is None
    assert q["size"] == 3
    vector[:] = 0
    assert_array_equal(q["pair"].left, [7, 8])  # memory of its own


def test_gradients_have_the_layout_of_parameters():
    def loss(p):
        return np.sum(p["dense"].w) * p["dense"].b + np.sum(p["pair"].left) * p["scale"].factor

    p = params()
    vector, unravel = tree.ravel(p)
    gradient = tree.ravel(ad.grad(loss)(p))[0]
    assert_array_equal(gradient, [5, 5, 5, 5, 6, 8, 8, 13])
    assert_array_equal(ad.grad(lambda v: loss(unravel(v)))(vector), gradient)


def test_ravel_of_traced_arrays():
    def norm(p):
        return np.sum(tree.ravel(p)[0] ** 2)

    p = {"a": np.array([[1.0, 2.0]]), "b": 3.0}
    gradient = ad.jit(ad.grad(norm))(p)
    assert_array_equal(gradient["a"], [[2, 4]])
    assert gradient["b"] == 6
    _, unravel = tree.ravel(p)
    doubled = ad.vmap(lambda v: unravel(v)["a"])(np.arange(6.0).reshape(2, 3))
    assert_array_equal(doubled, [[[0, 1]], [[3, 4]]])


def test_ravel_of_complex_and_real_leaves():
    p = {"a": np.array([1.0 + 2.0j]), "b": np.array([3.0])}
    vector, unravel = tree.ravel(p)
    assert vector.dtype == complex
    q = unravel(vector)
    assert q["b"].dtype == float
    assert_array_equal(q["a"], p["a"])


def test_ravel_of_nothing():
    vector, unravel = tree.ravel({"n": 1, "none": None})
    assert vector.shape == (0,)
    assert unravel(vector) == {"n": 1, "none": None}


def test_unravel_checks_the_length():
    _, unravel = tree.ravel(np.ones((2, 2)))
    with pytest.raises(
        ValueError, match=r"takes a vector of shape \(4,\), .* not one of shape \(3,\)"
    ):
        unravel(np.ones(3))


# ---- partition and combine


def test_partition_by_a_function():
    p = {"a": 1.0, "b": [2, None, 3.0]}
    floats, others = tree.partition(p, lambda x: isinstance(x, float))
    assert floats == {"a": 1.0, "b": [None, None, 3.0]}
    assert others == {"a": None, "b": [2, None, None]}
    assert tree.combine(floats, others) == tree.combine(others, floats) == p


def test_partition_by_truth_values():
    p = {"a": 1.0, "b": [2.0, {"c": 3.0}]}
    free, frozen = tree.partition(p, {"a": False, "b": True})
    assert free == {"a": None, "b": [2.0, {"c": 3.0}]}
    assert frozen == {"a": 1.0, "b": [None, {"c": None}]}
    assert tree.partition(p, {"a": False, "b": [False, {"c": True}]})[0]["b"] == [None, {"c": 3.0}]


def test_frozen_parameters_are_not_differentiated():
    p = params()
    free, frozen = tree.partition(p, {"dense": True, "pair": False, "scale": False, "size": False})

    def loss(free):
        p = tree.combine(free, frozen)
        return np.sum(p["dense"].w) * p["scale"].factor * p["size"]

    gradient = ad.grad(loss)(free)
    assert_array_equal(gradient["dense"].w, np.full((2, 2), 24))
    assert gradient["pair"].left is None
    updated = tree.combine(tree.map(lambda x: x + 1, gradient["dense"].w), None)
    assert_array_equal(updated, np.full((2, 2), 25))


def test_what_partition_and_combine_refuse():
    with pytest.raises(ValueError, match=r"partition: truth values of the structure .* do not fit"):
        tree.partition({"a": 1, "b": 2}, {"a": True})
    with pytest.raises(ValueError, match="both containers have a leaf at the same place"):
        tree.combine([1, 2], [None, 3])
    with pytest.raises(ValueError, match=r"combine: the structures .* and .* differ"):
        tree.combine([1, None], [None])
