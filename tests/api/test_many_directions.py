"""Many tangents or cotangents at once: the same as one by one."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.primitives.trigonometric import tanh


def f(p, x):
    return {"a": np.tanh(p["w"] * x), "b": (np.sum(p["w"]) * p["c"], 3)}


@pytest.fixture
def p():
    return {"w": np.array([0.3, 0.6]), "c": 2.0, "n": 4}


def stacked(rng, size):
    return {"w": rng.normal(size=(size, 2)), "c": rng.normal(size=size), "n": None}


def test_tangents(rng, p):
    x, dps, dxs = np.array([1.0, -2.0]), stacked(rng, 3), rng.normal(size=(3, 2))
    y, dys = ad.jvp_many(f, (p, x), (dps, dxs))
    assert_array_equal(y["a"], f(p, x)["a"])
    for i in range(3):
        dp = {"w": dps["w"][i], "c": dps["c"][i], "n": None}
        _, dy = ad.jvp(f, (p, x), (dp, dxs[i]))
        assert_allclose(dys["a"][i], dy["a"])
        assert_allclose(dys["b"][0][i], dy["b"][0])
    assert dys["b"][1] is None


def test_cotangents(rng, p):
    x, cts = np.array([1.0, -2.0]), {"a": rng.normal(size=(3, 2)), "b": (rng.normal(size=3), None)}
    y, pullback = ad.vjp_many(f, p, x)
    _, single = ad.vjp(f, p, x)
    assert_array_equal(y["a"], f(p, x)["a"])
    found_p, found_x = pullback(cts)
    for i in range(3):
        by_p, by_x = single({"a": cts["a"][i], "b": (cts["b"][0][i], None)})
        assert_allclose(found_p["w"][i], by_p["w"])
        assert_allclose(found_p["c"][i], by_p["c"])
        assert_allclose(found_x[i], by_x)
    assert found_p["n"] is None
    again = pullback(ad.tree.map(lambda ct: ct[:2], {"a": cts["a"], "b": (cts["b"][0], None)}))
    assert_allclose(again[1], found_x[:2])


def test_all_of_the_basis_is_the_jacobian():
    x = np.array([0.1, 0.2, 0.3])

    def g(x):
        return np.sin(x) * x[0]

    jac = ad.jacobian(g)(x)
    assert_allclose(ad.jvp_many(g, (x,), (np.eye(3),))[1].T, jac)
    assert_allclose(ad.vjp_many(g, x, argnums=0)[1](np.eye(3)), jac)


def test_what_does_not_depend_on_the_tangents():
    _, dys = ad.jvp_many(lambda x: (x, np.ones(2), 1.0), (2.0,), (np.ones(3),))
    assert_array_equal(dys[1], np.zeros((3, 2)))
    assert_array_equal(dys[2], np.zeros(3))
    with pytest.warns(ad.errors.ZeroGradientWarning):
        assert_array_equal(ad.jvp_many(np.floor, (1.5,), (np.ones(3),))[1], np.zeros(3))
    (ct,) = ad.vjp_many(lambda x: x[:1], np.ones(2))[1](np.ones((3, 1)))
    assert_array_equal(ct, [[1, 0]] * 3)


def test_the_value_is_computed_once():
    program = ad.trace(lambda x, d: ad.jvp_many(np.tanh, (x,), (d,)))(np.ones(2), np.ones((9, 2)))
    evaluations = [e for e in program.equations if e.primitive is tanh]
    assert [e.outputs[0].type.shape for e in evaluations] == [(2,)]


def test_aux_and_keywords():
    y, dys, aux = ad.jvp_many(
        lambda x, *, a: (a * x, "aux"), (2.0,), (np.ones(2),), has_aux=True, a=3.0
    )
    assert (y, aux) == (6, "aux")
    assert_array_equal(dys, [3, 3])
    y, pullback, aux = ad.vjp_many(lambda x, *, a: (a * x, "aux"), 2.0, has_aux=True, a=3.0)
    assert (y, aux) == (6, "aux")
    assert_array_equal(pullback(np.ones(2))[0], [3, 3])


def test_dtypes():
    x = np.ones(2, np.float32)
    assert ad.jvp_many(np.sin, (x,), (np.ones((3, 2), np.float32),))[1].dtype == np.float32
    z = np.array([1j, 2.0])
    _, dz = ad.jvp_many(np.exp, (z,), (np.array([[1, 0], [0, 1j]]),))
    assert_allclose(dz, np.array([[1, 0], [0, 1j]]) * np.exp(z))


def test_within_other_transforms(rng):
    x, dxs = rng.normal(size=3), rng.normal(size=(4, 3))

    def push(x, dxs):
        return ad.jvp_many(np.sin, (x,), (dxs,))[1]

    def pull(x, cts):
        return ad.vjp_many(np.sin, x)[1](cts)[0]

    for g in (push, pull):
        assert_allclose(ad.jit(g)(x, dxs), np.cos(x) * dxs)
        assert_allclose(ad.vmap(g, in_axes=(0, None))(np.stack([x, x]), dxs)[1], np.cos(x) * dxs)
        by_x = ad.grad(lambda x: np.sum(g(x, dxs)))(x)  # noqa: B023
        assert_allclose(by_x, -np.sin(x) * dxs.sum(axis=0))


def test_no_tangents_at_all():
    assert ad.jvp_many(np.sin, (np.ones(2),), (np.ones((0, 2)),))[1].shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ad.jvp_many(np.sin, 1.0, np.ones(2)), TypeError, "`ad.jvp_many(f, (x,), (dxs,))`"),
        (lambda: ad.jvp_many(np.sin, (1.0,), (1.0,)), ValueError, "whose first axis is over"),
        (
            lambda: ad.jvp_many(np.sin, (np.ones(3),), (np.ones((2, 4)),)),
            ValueError,
            "expected f64[2,3]",
        ),
        (
            lambda: ad.jvp_many(np.add, (1.0, 1.0), (np.ones(2), np.ones(3))),
            ValueError,
            "each of them 2 times",
        ),
        (
            lambda: ad.vjp_many(np.sin, np.ones(3))[1](np.ones((2, 4))),
            ValueError,
            "takes cotangents like the result, each 2 times",
        ),
        (lambda: ad.vjp_many(np.sin, np.ones(()))[1](1.0), ValueError, "`ad.jvp` and `ad.vjp`"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()
