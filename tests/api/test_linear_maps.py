import gc
import inspect
import weakref
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.errors import LeakedTracerError


@dataclass
class Layer:
    w: np.ndarray
    b: np.ndarray
    width: int
    name: str | None = None


def layer(x, p):
    h = np.tanh(x @ p.w + p.b)
    return {"h": h, "n": p.width, "scale": np.sum(h)}


def weights(rng):
    return Layer(rng.normal(size=(3, 2)), rng.normal(size=2), 2)


def residuals_of(function):
    return inspect.getclosurevars(function).nonlocals["residuals"]


# ---- the three agree, and with differences


def test_forward_and_reverse_are_transposes_of_each_other(rng):
    x, p = rng.normal(size=(4, 3)), weights(rng)
    dx, dp = rng.normal(size=(4, 3)), weights(rng)
    dp.width = None
    ct = {"h": rng.normal(size=(4, 2)), "n": None, "scale": 0.5}
    y, dy = ad.jvp(layer, (x, p), (dx, dp))
    _, pullback = ad.vjp(layer, x, p)
    cx, cp = pullback(ct)
    assert isinstance(cp, Layer)
    assert cp.width is None
    assert cp.name is None
    assert dy["n"] is None
    assert y["n"] == 2
    forward = np.sum(ct["h"] * dy["h"]) + 0.5 * dy["scale"]
    assert_allclose(forward, np.sum(cx * dx) + np.sum(cp.w * dp.w) + np.sum(cp.b * dp.b))


def test_jvp_is_the_directional_derivative(rng):
    x, p, dx = rng.normal(size=(4, 3)), weights(rng), rng.normal(size=(4, 3))
    zero = Layer(np.zeros((3, 2)), np.zeros(2), None)
    _, dy = ad.jvp(layer, (x, p), (dx, zero))
    h = 1e-6
    numeric = (layer(x + h * dx, p)["h"] - layer(x - h * dx, p)["h"]) / (2 * h)
    assert_allclose(dy["h"], numeric, rtol=1e-7, atol=1e-9)


def test_linearize_gives_the_value_and_the_same_tangents_as_jvp(rng):
    x, p, dx = rng.normal(size=(4, 3)), weights(rng), rng.normal(size=(4, 3))
    dp = weights(rng)
    dp.width = None
    y, push = ad.linearize(layer, x, p)
    expected, dy = ad.jvp(layer, (x, p), (dx, dp))
    assert_array_equal(y["h"], expected["h"])
    for _ in range(3):
        assert_allclose(push(dx, dp)["h"], dy["h"])


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
def test_results_that_do_not_depend_on_the_arguments_have_zero_derivatives():
    table = np.array([1.0, 2.0])

    def f(x):
        return {"y": x * x, "table": table, "two": 2.0, "floor": np.floor(x), "n": 3, "none": None}

    x = np.array([1.5, 2.5])
    _, dy = ad.jvp(f, (x,), (np.ones(2),))
    _, push = ad.linearize(f, x)
    for tangent in (dy, push(np.ones(2))):
        assert_array_equal(tangent["y"], 2 * x)
        assert_array_equal(tangent["table"], [0, 0])
        assert_array_equal(tangent["floor"], [0, 0])
        assert tangent["two"] == 0
        assert tangent["n"] is None
        tangent["table"][:] = 1  # it is the caller's own
    _, pullback = ad.vjp(f, x)
    ones = np.ones(2)
    ct = {"y": ones, "table": ones, "two": 1.0, "floor": ones, "n": None, "none": None}
    assert_array_equal(pullback(ct)[0], 2 * x)


def test_a_function_that_ignores_its_arguments_has_zero_derivatives():
    y, dy = ad.jvp(lambda x: np.ones(3), (2.0,), (1.0,))
    assert_array_equal(dy, np.zeros(3))
    y, pullback = ad.vjp(lambda x: np.ones(3), np.ones((2, 2)))
    assert_array_equal(y, np.ones(3))
    assert_array_equal(pullback(np.ones(3))[0], np.zeros((2, 2)))


def test_dtypes_are_those_of_what_a_derivative_belongs_to():
    x = np.ones(2, np.float32)
    y, dy = ad.jvp(lambda x: x.astype(np.float64) * 2, (x,), (x,))
    assert y.dtype == dy.dtype == np.float64
    _, pullback = ad.vjp(lambda x: x.astype(np.float64) * 2, x)
    assert pullback(np.ones(2))[0].dtype == np.float32


# ---- a pullback stays what it was


def test_a_pullback_may_be_called_many_times():
    _, pullback = ad.vjp(lambda x: np.sin(x) * x, np.array([0.3, 0.6]))
    first = [pullback(np.array([1.0, k]))[0] for k in range(4)]
    again = [pullback(np.array([1.0, k]))[0] for k in range(4)]
    assert_array_equal(first, again)


def test_changing_arguments_and_results_later_changes_nothing():
    x, w = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    y, pullback = ad.vjp(lambda x: np.exp(x * w), x)
    expected = w * np.exp(x * w)
    x[:], w[:], y[:] = 0, 0, 0
    (ct,) = pullback(np.ones(2))
    assert_allclose(ct, expected)
    ct[:] = 0
    assert_allclose(pullback(np.ones(2))[0], expected)


def test_results_share_no_memory_with_the_cotangent():
    _, pullback = ad.vjp(lambda x: x + 1, np.ones(3))
    ct = np.ones(3)
    (cx,) = pullback(ct)
    assert not np.shares_memory(cx, ct)


def test_a_pullback_keeps_only_residuals_alive():
    x = np.ones(1000)
    _, pullback = ad.vjp(lambda x: np.sum(3 * x), x)
    assert sum(np.size(r) for r in residuals_of(pullback)) <= 1
    alive = weakref.ref(x)
    del x
    gc.collect()
    assert alive() is None
    assert_array_equal(pullback(1.0)[0], np.full(1000, 3.0))


def test_a_pullback_of_a_finished_trace_raises():
    kept = []

    def f(x):
        y, pullback = ad.vjp(np.sin, x)
        kept.append(pullback)
        return y

    ad.grad(f)(1.0)
    with pytest.raises(LeakedTracerError):
        kept[0](1.0)


# ---- aux, argnums, keyword arguments


def test_aux_is_returned_last_and_not_differentiated():
    def f(x):
        return np.sum(x**2), {"doubled": 2 * x, "label": "a"}

    x = np.array([1.0, 2.0])
    y, dy, aux = ad.jvp(f, (x,), (np.ones(2),), has_aux=True)
    assert (y, dy) == (5.0, 6.0)
    assert_array_equal(aux["doubled"], 2 * x)
    y, pullback, aux = ad.vjp(f, x, has_aux=True)
    assert aux["label"] == "a"
    assert_array_equal(pullback(1.0)[0], 2 * x)
    y, push, aux = ad.linearize(f, x, has_aux=True)
    assert push(np.ones(2)) == 6.0


def test_aux_must_be_a_pair():
    def f(x):
        return x * 2

    with pytest.raises(TypeError, match=r"vjp\(f, has_aux=True\): f must return a pair"):
        ad.vjp(f, 1.0, has_aux=True)


def test_keyword_arguments_are_passed_on():
    def f(x, *, power):
        return x**power

    assert ad.jvp(f, (2.0,), (1.0,), power=3)[1] == 12.0
    assert ad.vjp(f, 2.0, power=3)[1](1.0) == (12.0,)
    assert ad.linearize(f, 2.0, power=3)[1](1.0) == 12.0


def test_argnums_and_argnames_choose_arguments():
    def f(a, b, c=1.0):
        return a * b * c

    assert ad.vjp(f, 2.0, 3.0, argnums=1)[1](1.0) == 2.0
    assert ad.vjp(f, 2.0, 3.0, argnums=(1, 0))[1](1.0) == (2.0, 3.0)
    assert ad.vjp(f, 2.0, 3.0, c=5.0, argnames="c")[1](1.0) == 6.0
    assert ad.linearize(f, 2.0, 3.0, argnums=(1, 0))[1](1.0, 10.0) == 32.0


def test_integers_have_no_tangents():
    def f(x, n, flag, none):
        return x * n if flag else x

    y, dy = ad.jvp(f, (2.0, 3, True, None), (1.0, None, None, None))
    assert (y, dy) == (6.0, 3.0)
    assert ad.jvp(f, (2.0, 3, True, None), (1.0, 0, False, None))[1] == 3.0
    index = np.array([1, 0])
    y, dy = ad.jvp(lambda x, i: x[i], (np.array([1.0, 2.0]), index), (np.ones(2), np.zeros(2, int)))
    assert_array_equal(dy, [1, 1])
    _, pullback = ad.vjp(f, 2.0, 3, True, None)
    assert pullback(1.0) == (3.0, None, None, None)


def test_choosing_an_integer_argument_raises():
    def f(x, n):
        return x * n

    with pytest.raises(TypeError, match="vjp of f by `n`, which is the int 3"):
        ad.vjp(f, 2.0, 3, argnums=1)


# ---- within other transforms


def test_all_work_on_traced_arguments():
    x, v = np.array([0.3, 0.7]), np.array([1.0, -2.0])

    def product(derivative):
        return lambda x: np.sum(derivative(x) ** 2)

    f = np.sin
    ways = [
        product(lambda x: ad.jvp(f, (x,), (v,))[1]),
        product(lambda x: ad.linearize(f, x)[1](v)),
        product(lambda x: ad.vjp(f, x)[1](v)[0]),
    ]
    expected = -2 * v**2 * np.cos(x) * np.sin(x)
    for way in ways:
        assert_allclose(ad.grad(way)(x), expected)
        assert_allclose(ad.jit(ad.grad(way))(x), expected)
        assert_allclose(ad.vmap(ad.grad(way))(np.stack([x, x]))[1], expected)
        assert_allclose(ad.grad(ad.jit(way))(x), expected)


def test_tangents_and_cotangents_may_be_traced():
    x = np.array([0.3, 0.7])
    basis = np.eye(2)
    jacobian = np.diag(np.cos(x))
    assert_allclose(ad.vmap(lambda v: ad.jvp(np.sin, (x,), (v,))[1])(basis), jacobian)
    _, pullback = ad.vjp(np.sin, x)
    assert_allclose(ad.vmap(lambda v: pullback(v)[0])(basis), jacobian)
    _, push = ad.linearize(np.sin, x)
    assert_allclose(ad.jit(push)(basis[0]), jacobian[0])
    assert_allclose(ad.grad(lambda v: np.sum(push(v)))(x), np.cos(x))


def test_python_control_flow_on_values_works():
    def f(x):
        while np.sum(x) < 10:
            x = x * 2
        return x

    y, pullback = ad.vjp(f, np.array([1.0, 1.0]))
    assert_array_equal(y, [8, 8])
    assert_array_equal(pullback(np.ones(2))[0], [8, 8])


# ---- what newcomers meet


def test_the_tree_of_the_cotangent_must_fit():
    def f(x):
        return {"a": x, "b": x}

    _, pullback = ad.vjp(f, np.ones(3))
    with pytest.raises(
        ValueError, match="the pullback of f takes a cotangent like the result"
    ) as info:
        pullback({"a": np.ones(3)})
    assert "expected: {'a': f64[3], 'b': f64[3]}" in str(info.value)
    assert "given:    {'a': f64[3]}" in str(info.value)


def test_the_shape_of_a_cotangent_must_fit():
    _, pullback = ad.vjp(lambda x: {"a": x}, np.ones((2, 3)))
    with pytest.raises(
        ValueError, match=r"expected f64\[2,3\] for `result\['a'\]`, but f64\[3\]"
    ) as e:
        pullback({"a": np.ones(3)})
    assert "Write instead: `np.broadcast_to(..., (2, 3))`" in str(e.value)
    with pytest.raises(
        ValueError, match=r"an array of shape \(2, 3\), as it has to have the shape"
    ):
        pullback({"a": np.ones((3, 2))})
    with pytest.raises(
        ValueError, match=r"(?s)but float was given.*Write instead: `np.full\(\(2, 3\), "
    ):
        pullback({"a": 1.0})
    with pytest.raises(
        ValueError, match=r"(?s)but \[float\] was given.*Write instead: `np.array\("
    ):
        pullback({"a": [1.0]})


def test_the_dtype_of_a_cotangent_must_fit():
    _, pullback = ad.vjp(lambda x: x * 2, np.ones(3, np.float32))
    with pytest.raises(TypeError, match=r"(?s)but f64\[3\] was given.*`.astype\(np.float32\)`"):
        pullback(np.ones(3))
    _, pullback = ad.vjp(lambda x: x * 2, 1.0)
    assert pullback(1) == (2.0,)
    assert pullback(np.float64(1)) == (2.0,)
    with pytest.raises(ValueError, match="but complex was given"):
        pullback(1j)


def test_what_has_no_derivative_takes_no_cotangent():
    _, pullback = ad.vjp(lambda x: (x, 3), 1.0)
    with pytest.raises(TypeError, match=r"`result\[1\]` is not floating-point .* not int"):
        pullback((1.0, 2))


def test_tangents_must_fit_the_arguments():
    def f(x, params):
        return x * params["w"]

    args = (np.ones(3), {"w": np.ones(3)})
    with pytest.raises(ValueError, match="as a tuple with one entry for each") as info:
        ad.jvp(f, args, (np.ones(3),))
    assert "expected: (f64[3], {'w': f64[3]})" in str(info.value)
    with pytest.raises(ValueError, match=r"expected f64\[3\] for `params\['w'\]`, but f64\[2\]"):
        ad.jvp(f, args, (np.ones(3), {"w": np.ones(2)}))
    with pytest.raises(
        ValueError, match="the linear function of f takes tangents like the arguments"
    ):
        ad.linearize(f, *args)[1](np.ones(3))


def test_jvp_takes_tuples():
    with pytest.raises(TypeError, match=r"Write instead: `ad.jvp\(f, \(x,\), \(dx,\)\)`"):
        ad.jvp(np.sin, 1.0, 1.0)


def test_what_cuts_the_way_is_named():
    x = np.array([1.5, 2.5])
    for call in (
        lambda: ad.jvp(np.sign, (x,), (x,)),
        lambda: ad.vjp(np.sign, x),
        lambda: ad.linearize(np.sign, x),
    ):
        with pytest.warns(
            ad.errors.ZeroGradientWarning, match=r"ends in `sign` at test_linear_maps"
        ):
            call()


def test_what_is_cut_on_purpose_is_not_named():
    ad.jvp(lambda x: ad.stop_gradient(x) * 2, (1.0,), (1.0,))


def test_whole_numbers_are_tangents_of_floating_point_arguments():
    """Optimisers ask for products with unit vectors of integers."""
    unit = np.array([0, 1, 0])
    x = np.array([1.0, 2.0, 3.0])
    slope = ad.jvp(lambda x: x**2, (x,), (unit,))[1]
    np.testing.assert_array_equal(slope, [0.0, 4.0, 0.0])
    assert slope.dtype == float
    np.testing.assert_array_equal(ad.hvp(lambda x: np.sum(x**3))(x, (unit,)), [0.0, 12.0, 0.0])
