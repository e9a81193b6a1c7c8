"""Functions that work element by element, choose, or sample, against NumPy."""

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import check_call, check_gradient, sample

SELECTION = {
    "where": lambda x: np.where(x > 0.4, x, x * 2),
    "where-scalars": lambda x: np.where(x > 0.4, 1, 0.5),
    "where-scalar": lambda x: np.where(x > 0.4, x, 0),
    "where-broadcast": lambda x: np.where(x[:, :1] > 0.4, x, x[0]),
    "where-numbers": lambda x: np.where(x, x, 1),
    "where-one": lambda x: np.where(x > 0.4)[0] + 0,
    "select": lambda x: np.select([x > 0.8, x > 0.4], [x, x * 3]),
    "select-default": lambda x: np.select([x > 0.8, x > 0.4], [x, 2], default=x * x),
    "choose": lambda x: np.choose([0, 1, 1], [x, x * 2], mode="clip"),
    "choose-one": lambda x: np.choose([[[0]], [[0]]], [x[0]]),
    "choose-wrap": lambda x: np.choose([0, 3, -1], [x, x * 2], mode="wrap"),
    "piecewise": lambda x: np.piecewise(x, [x < 0.3, x > 0.9], [lambda v: v * v, 5, lambda v: -v]),
    "piecewise-no-default": lambda x: np.piecewise(x, [x > 0.5], [lambda v: v * 2]),
    "clip": lambda x: np.clip(x, 0.25, 1),
    "clip-low": lambda x: np.clip(x, 0.25, None),
    "clip-high": lambda x: x.clip(max=1),
    "clip-neither": lambda x: np.clip(x, None, None),
    "clip-int": lambda x: x.clip(1, 300),
    "clip-arrays": lambda x: np.clip(x, x[0] - 1, np.array([1.0, 0.5, 0.3])),
    "clip-keywords": lambda x: np.clip(x, min=0, max=1),
    "clip-out": lambda x: np.clip(x, 0, 1, out=np.zeros_like(x)),
    "nan_to_num": lambda x: np.nan_to_num(x / (x - x[0, 0])),
    "nan_to_num-values": lambda x: np.nan_to_num(x / (x - x[0, 0]), nan=1.0, posinf=9, neginf=-9),
}

FUNCTIONS = {
    "real": lambda x: np.real(x),
    "imag": lambda x: np.imag(x),
    "attributes": lambda x: (x.real + x.imag, x.conj(), x.conjugate()),
    "angle": lambda x: np.angle(x),
    "angle-degrees": lambda x: np.angle(x, deg=True),
    "real_if_close": lambda x: np.real_if_close(x + 0),
    "iscomplex": lambda x: np.iscomplex(x),
    "isreal": lambda x: np.isreal(x),
    "round": lambda x: np.round(x),
    "round-decimals": lambda x: np.around(x, 1),
    "round-tens": lambda x: (x * 10).round(-1),
    "fix": lambda x: np.fix(x * 3),
    "sinc": lambda x: np.sinc(x),
    "unwrap": lambda x: np.unwrap(x * 9),
    "unwrap-axis": lambda x: np.unwrap(x * 9, axis=0, period=4),
    "isposinf": lambda x: np.isposinf(x),
    "isneginf": lambda x: np.isneginf(x),
    "isclose": lambda x: np.isclose(x, x[0]),
    "isclose-nan": lambda x: np.isclose(x * np.nan, np.nan, equal_nan=True),
    "copy": lambda x: np.copy(x),
    "astype": lambda x: x.astype(np.float32),
    "astype-function": lambda x: np.astype(x, np.complex64),
    "astype-casting": lambda x: x.astype(np.int8, casting="safe"),
    "copyto": lambda x: _copyto(np.zeros_like(x), x),
    "fill": lambda x: _fill(x.copy()),
}

CALCULUS = {
    "diff": lambda x: np.diff(x),
    "diff-twice": lambda x: np.diff(x, 2, axis=1),
    "diff-ends": lambda x: np.diff(x, axis=0, prepend=0, append=x[:1]),
    "ediff1d": lambda x: np.ediff1d(x, to_begin=[1], to_end=x[0, :2]),
    "gradient": lambda x: np.gradient(x),
    "gradient-spacing": lambda x: np.gradient(x, 0.5, axis=1),
    "gradient-grid": lambda x: np.gradient(x, [0.0, 1.0, 4.0], axis=1),
    "gradient-edges": lambda x: np.gradient(x, [0.0, 1.0, 4.0], axis=1, edge_order=2),
    "gradient-even-edges": lambda x: np.gradient(x, 2.0, axis=1, edge_order=2),
    "gradient-axes": lambda x: np.gradient(x, 2.0, [0.0, 1.0, 4.0]),
    "trapezoid": lambda x: np.trapezoid(x),
    "trapezoid-x": lambda x: np.trapezoid(x, [0.0, 1.0, 4.0], axis=1),
    "trapezoid-dx": lambda x: np.trapezoid(x, dx=0.5, axis=0),
    "interp": lambda x: np.interp(x, [0.0, 0.5, 2.0], [1.0, 3.0, 2.0]),
    "interp-values": lambda x: np.interp([0.2, 0.7, 3.0, -1.0], [0.0, 0.5, 2.0], x[0]),
    "interp-sides": lambda x: np.interp(x, [0.5, 0.9], [1.0, 3.0], left=7, right=-7),
    "polyval": lambda x: np.polyval([1.0, 2.0, 3.0], x),
    "polyval-coefficients": lambda x: np.polyval(x[0], 2.5),
    "vander": lambda x: np.vander(x[0]),
    "vander-increasing": lambda x: np.vander(x[0], 4, increasing=True),
}

QUESTIONS = {
    "allclose": lambda x: np.allclose(x, x + 1e-12),
    "not-allclose": lambda x: np.allclose(x, 1.0),
    "array_equal": lambda x: np.array_equal(x, x * 1),
    "array_equal-shapes": lambda x: np.array_equal(x, x[0]),
    "array_equiv": lambda x: np.array_equiv(x[:1], x[0]),
    "array_equiv-shapes": lambda x: np.array_equiv(x, x[:, :2]),
    "shape": lambda x: np.shape(x),
    "ndim": lambda x: np.ndim(x),
    "size": lambda x: np.size(x, 1),
    "nbytes": lambda x: (x.nbytes, x.itemsize, x.size, x.ndim, len(x)),
    "iscomplexobj": lambda x: np.iscomplexobj(x),
    "isrealobj": lambda x: np.isrealobj(x),
    "isscalar": lambda x: np.isscalar(x),
    "result_type": lambda x: np.result_type(x, np.float32) == np.result_type(x.dtype, np.float32),
    "can_cast": lambda x: np.can_cast(x.dtype, np.float32),
    "common_type": lambda x: (
        np.common_type(x) is np.dtype(np.result_type(x.dtype, np.float16)).type
    ),
    "tril_indices_from": lambda x: np.tril_indices_from(x)[0].tolist(),
    "triu_indices_from": lambda x: np.triu_indices_from(x, 1)[1].tolist(),
    "array_repr": lambda x: np.array_repr(x),
    "array2string": lambda x: np.array2string(x, precision=2),
    "array_str": lambda x: np.array_str(x),
}


def _copyto(dst, x):
    np.copyto(dst, x)
    np.copyto(dst, 3, where=x > 0.4)
    return dst


def _fill(x):
    x.fill(2)
    return x


ALL = SELECTION | FUNCTIONS | CALCULUS


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i4", "?", "c16"])
@pytest.mark.parametrize("name", ALL)
def test_same_as_numpy(name, dtype):
    if dtype == "?" and name in ("piecewise", "unwrap", "unwrap-axis", "gradient-edges"):
        pytest.skip("NumPy's answer depends on which elements are true")
    check_call(ALL[name], sample((2, 3), dtype), compiled=name not in NEED_VALUES)


NEED_VALUES = {"where-one", "real_if_close"}


@pytest.mark.parametrize("name", ALL)
def test_gradient(name):
    if name in (
        "astype",
        "astype-function",
        "astype-casting",
        "real_if_close",
        "fill",
        "isclose-nan",
    ):
        return
    if name in ("where-scalars", "round", "round-decimals", "round-tens", "fix", "imag"):
        with pytest.warns(ad.errors.ZeroGradientWarning):  # constant in between
            ad.grad(lambda x: np.sum(ALL[name](x)))(sample((2, 3)))
    elif not name.startswith(("nan_to_num", "angle")):
        check_gradient(ALL[name], sample((2, 3)) + 0.03)


@pytest.mark.parametrize("dtype", ["f8", "i4", "c16"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_answers(name, dtype):
    x = sample((2, 3), dtype)
    expected = QUESTIONS[name](x)
    answers = []

    def f(x):
        answer = QUESTIONS[name](x)
        answers.append(ad.value_of(answer) if ad.is_traced(answer) else answer)
        return x

    ad.trace(f)(x)
    assert answers == [expected]


def test_derivative_at_a_bound_of_clip_is_one():
    x = np.array([0.0, 0.5, 1.0, 2.0])
    for f in (
        lambda x: np.clip(x, 0, 1),
        lambda x: x.clip(0, None)[:3],
        lambda x: np.clip(x, None, 1)[:3],
    ):
        gradient = ad.grad(lambda x, f=f: f(x).sum())(x)
        np.testing.assert_array_equal(gradient, [1, 1, 1, 0])


def test_guarded_branches_do_not_poison_the_gradient():
    x = np.array([-1.0, 0.0, 4.0])
    gradient = ad.grad(lambda x: np.where(x > 0, np.sqrt(x), 0).sum())(x)
    np.testing.assert_array_equal(gradient, [0, 0, 0.25])
    gradient = ad.grad(lambda x: np.select([x > 0], [np.log(x)], 1.0).sum())(x)
    np.testing.assert_array_equal(gradient, [0, 0, 0.25])


def test_the_index_of_one_choice_is_checked():
    with pytest.raises(IndexError, match="out of bounds"):
        ad.jit(lambda x: np.choose([0, 1, 0], [x]))(np.ones(3))


def test_complex_parts_are_views():
    def f(z):
        z = z.copy()
        z.real = 1.0
        z.imag[0] = 5
        z.imag *= 2
        return z

    check_call(f, sample((3,), "c16"))


REFUSED = {
    "unknown": (lambda x: np.busday_offset(x, 1), "busday_offset"),
    "copyto": (lambda x: np.copyto(np.zeros(2), x), "plain array"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_function_and_option(name):
    f, message = REFUSED[name]
    with pytest.raises(TypeError, match=message):
        ad.grad(lambda x: np.sum(f(x)))(np.ones(2))
