import numpy as np
import pytest

import autodiff as ad
from autodiff.api.checking import check_grads
from autodiff.errors import GradientError
from autodiff.primitives.algebra import mul
from autodiff.primitives.kinds import elementwise, linear
from autodiff.primitives.record import Primitive

# Cubes with a derivative that is wrong, and thrice with a transpose that is wrong.
wrong_cube = elementwise(
    "wrong_cube_of_a_test", [lambda y, x: mul(x, x)], run=lambda xp, x: x**3, text="{0} ** 3"
)
wrong_thrice: Primitive = linear(
    "wrong_thrice_of_a_test",
    types=lambda x: x,
    run=lambda xp, x: 3 * x,
    transpose=lambda ct, i, x: mul(ct, ct.dtype.type(2)),
    batch=lambda size, xs, mapped: wrong_thrice(*xs),
)


def f(p, n, y):
    return {"a": np.tanh(p["w"] @ y) * n, "b": p["b"] ** 2, "n": n, "c": np.ones(2)}


def point(dtype=float):
    return (
        {"w": np.linspace(-1, 1, 6, dtype=dtype).reshape(2, 3), "b": dtype(2)},
        3,
        np.arange(3, dtype=dtype),
    )


@pytest.mark.parametrize("modes", [("forward", "reverse"), ("forward",), ("reverse",)])
def test_right_derivatives_pass(modes):
    check_grads(f, point(), order=3, modes=modes)


def test_numbers_and_large_and_small_entries():
    check_grads(lambda x, t: x**3 * t, (np.array([1e-3, 1.0, 1e4]), 2.0), order=2)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_less_precise_dtypes_have_wider_tolerances(dtype):
    check_grads(f, point(dtype), order=2)


def test_complex_numbers():
    z = np.array([0.5 + 1.0j, 2.0 - 1.0j])
    check_grads(lambda z: np.exp(z) * z, (z,), order=2)
    check_grads(lambda z: np.abs(z) ** 2 * z, (z,), order=2)
    check_grads(lambda x, z: np.sum(np.real(z * x)), (z.real, z), order=2)


def test_a_function_without_results_that_have_derivatives_passes():
    check_grads(lambda x: {"n": 3}, (1.0,))


@pytest.mark.parametrize("modes", [("forward", "reverse"), ("forward",), ("reverse",)])
def test_a_wrong_derivative_is_found_and_named(modes):
    def loss(p, scale):
        return {"a": p["u"] * scale, "b": np.concatenate([p["u"], wrong_cube(p["v"])])}

    args = ({"u": np.array([1.0, 2.0]), "v": np.array([0.0, 0.0, 3.0])}, 2.0)
    with pytest.raises(GradientError) as info:
        check_grads(loss, args, modes=modes)
    text = str(info.value)
    assert text.startswith("check_grads: the derivative of loss by `p['v'][2]` is wrong in ")
    assert "finite differences: " in text
    if "forward" in modes:
        assert "in `result['b'][4]`:" in text
        assert "forward mode:       9.0" in text
        assert "finite differences: 27.0" in text


def test_a_wrong_transpose_is_found_and_named():
    with pytest.raises(GradientError) as info:
        check_grads(lambda x, y: np.sin(wrong_thrice(y)) * x, (1.0, np.array([0.1, 0.2])))
    text = str(info.value)
    assert "the derivative of fun by `y[0]`" in text
    assert "in a weighted sum of the results:" in text
    assert "reverse mode: " in text
    assert "forward mode: " in text


def test_a_wrong_second_derivative_is_found():
    right = elementwise(
        "half_right_cube_of_a_test",
        [lambda y, x: mul(x.dtype.type(3), bad_square(x))],
        run=lambda xp, x: x**3,
        text="{0} ** 3",
    )
    bad_square = elementwise(
        "bad_square_of_a_test", [lambda y, x: x], run=lambda xp, x: x**2, text="{0} ** 2"
    )
    check_grads(right, (np.array([2.0]),), order=1)
    with pytest.raises(GradientError, match="the derivative of the forward derivative of "):
        check_grads(right, (np.array([2.0]),), order=2)
    with pytest.raises(GradientError, match="the derivative of the reverse derivative of "):
        check_grads(right, (np.array([2.0]),), order=2, modes=("reverse",))


def test_a_wrong_derivative_by_one_of_many_entries_is_found():
    def f(x):
        return np.sum(x**2) + 1e3 * np.sum(ad.stop_gradient(x)[77:78])

    x = np.ones(200)
    with pytest.raises(GradientError, match=r"by `x\[77\]` is wrong in `result`:"):
        check_grads(f, (x,), entries=0)


def test_stopped_gradients_are_found_and_tolerances_are_obeyed():
    def f(x):
        return x * ad.stop_gradient(1 + 1e-3 * x)

    with pytest.raises(GradientError, match="If the function has a kink near this point"):
        check_grads(f, (1.0,))
    check_grads(f, (1.0,), rtol=1e-2)


def test_what_check_grads_refuses():
    with pytest.raises(TypeError, match=r"Write instead: `ad.check_grads\(f, \(x,\)\)`"):
        check_grads(np.sin, np.ones(3))
    with pytest.raises(TypeError, match=r"no argument is floating-point. Write instead: `x.astype"):
        check_grads(f, (1, 2))
    with pytest.raises(ValueError, match="expected one or both of"):
        check_grads(np.sin, (1.0,), modes=("backward",))
