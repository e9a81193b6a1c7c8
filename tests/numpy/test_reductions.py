"""Reductions, accumulations and statistics against NumPy, op by op."""

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, check_call, check_gradient, sample

MASK = np.array([[True, False, True], [True, True, False]])

REDUCTIONS = {
    "sum": lambda x: np.sum(x),
    "sum-axis": lambda x: np.sum(x, axis=0),
    "sum-axes": lambda x: np.sum(x, axis=(0, -1)),
    "sum-no-axes": lambda x: np.sum(x, axis=()),
    "sum-keepdims": lambda x: np.sum(x, 1, keepdims=True),
    "sum-all-keepdims": lambda x: np.sum(x, keepdims=True),
    "sum-dtype": lambda x: np.sum(x, dtype=np.float32),
    "sum-initial": lambda x: np.sum(x, initial=3),
    "sum-where": lambda x: np.sum(x, axis=1, where=MASK),
    "method-sum": lambda x: x.sum(-1),
    "prod": lambda x: np.prod(x, axis=1),
    "prod-where": lambda x: np.prod(x, where=MASK),
    "max": lambda x: np.max(x),
    "max-axis": lambda x: x.max(axis=1, keepdims=True),
    "max-initial": lambda x: np.max(x, axis=0, initial=1),
    "max-where": lambda x: np.max(x, axis=0, initial=0, where=MASK),
    "max-where-without-initial": lambda x: np.max(x, where=MASK),
    "amin": lambda x: np.amin(x, 1),
    "min": lambda x: x.min(),
    "ptp": lambda x: np.ptp(x, axis=0),
    "any": lambda x: np.any(x, axis=0),
    "all": lambda x: x.all(),
    "all-where": lambda x: np.all(x, where=MASK),
    "count_nonzero": lambda x: np.count_nonzero(x, axis=1, keepdims=True),
    "argmax": lambda x: np.argmax(x),
    "argmax-axis": lambda x: x.argmax(1),
    "argmin-keepdims": lambda x: np.argmin(x, axis=0, keepdims=True),
    "argmin-all-keepdims": lambda x: np.argmin(x, keepdims=True),
    "mean": lambda x: np.mean(x),
    "mean-axis": lambda x: x.mean(axis=0, keepdims=True),
    "mean-dtype": lambda x: np.mean(x, dtype=np.float32),
    "mean-where": lambda x: np.mean(x, axis=1, where=MASK),
    "var": lambda x: np.var(x, ddof=1),
    "var-axis": lambda x: x.var(axis=1),
    "var-where": lambda x: np.var(x, axis=1, where=MASK, keepdims=True),
    "var-correction": lambda x: np.var(x, correction=1),
    "var-mean": lambda x: np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True)),
    "std": lambda x: np.std(x, axis=1),
    "average": lambda x: np.average(x, axis=0),
    "average-weights": lambda x: np.average(x, axis=1, weights=[1.0, 2.0, 4.0]),
    "average-full-weights": lambda x: np.average(x, weights=x * x),
    "average-returned": lambda x: np.average(x, axis=1, weights=[1, 2, 4], returned=True),
    "average-axes": lambda x: np.average(x, axis=(1, 0), weights=np.arange(6).reshape(3, 2)),
    "cov": lambda x: np.cov(x),
    "cov-weights": lambda x: np.cov(x, fweights=[1, 2, 1], aweights=[1.0, 2.0, 3.0]),
    "corrcoef": lambda x: np.corrcoef(x, rowvar=True),
    "bad-axis": lambda x: np.sum(x, axis=2),
    "double-axis": lambda x: np.sum(x, axis=(0, 0)),
}

ACCUMULATIONS = {
    "cumsum": lambda x: np.cumsum(x),
    "cumsum-axis": lambda x: np.cumsum(x, axis=0),
    "cumsum-dtype": lambda x: x.cumsum(1, dtype=np.float32),
    "cumprod": lambda x: np.cumprod(x, axis=1),
    "cumprod-flat": lambda x: x.cumprod(),
    "cumulative_sum": lambda x: np.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda x: np.cumulative_prod(x, axis=0),
    "nancumsum": lambda x: np.nancumsum(x, axis=1),
    "nancumprod": lambda x: np.nancumprod(x),
}

QUANTILES = {
    "median": lambda x: np.median(x),
    "median-axis": lambda x: np.median(x, axis=1, keepdims=True),
    "quantile": lambda x: np.quantile(x, 0.3),
    "quantile-several": lambda x: np.quantile(x, [0.1, 0.5, 1.0], axis=1),
    "quantile-keepdims": lambda x: np.quantile(x, [0.1, 0.5], axis=0, keepdims=True),
    "quantile-hazen": lambda x: np.quantile(x, 0.4, method="hazen"),
    "quantile-lower": lambda x: np.quantile(x, 0.4, method="lower"),
    "quantile-higher": lambda x: np.quantile(x, 0.4, method="higher"),
    "quantile-nearest": lambda x: np.quantile(x, 0.45, method="nearest"),
    "quantile-midpoint": lambda x: np.quantile(x, 0.4, method="midpoint"),
    "percentile": lambda x: np.percentile(x, 75, axis=0),
    "nanpercentile": lambda x: np.nanpercentile(x, [20, 60], axis=1),
}

NAN = {
    "nansum": lambda x: np.nansum(x, axis=0),
    "nanprod": lambda x: np.nanprod(x, axis=1),
    "nanmax": lambda x: np.nanmax(x, axis=1),
    "nanmin": lambda x: np.nanmin(x, keepdims=True),
    "nanmean": lambda x: np.nanmean(x, axis=0),
    "nanvar": lambda x: np.nanvar(x, axis=1, ddof=1),
    "nanstd": lambda x: np.nanstd(x),
    "nanargmax": lambda x: np.nanargmax(x, axis=1),
    "nanargmin": lambda x: np.nanargmin(x),
    "nanmedian": lambda x: np.nanmedian(x, axis=1),
    "nanquantile": lambda x: np.nanquantile(x, 0.3, axis=1),
    "median": lambda x: np.median(x, axis=1),
    "max": lambda x: np.max(x, axis=1),
    "nancumsum": lambda x: np.nancumsum(x, axis=1),
}

FAILING = {"bad-axis", "double-axis", "max-where-without-initial"}  # in NumPy, too
ALL = REDUCTIONS | ACCUMULATIONS | QUANTILES
REDUCING_UFUNCS = [
    np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logical_or, np.logical_and,
    np.logical_xor, np.bitwise_or, np.bitwise_and, np.bitwise_xor, np.logaddexp, np.logaddexp2,
    np.hypot, np.gcd, np.lcm, np.subtract, np.divide, np.power,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ALL)
def test_same_as_numpy(name, dtype):
    check_call(ALL[name], sample((2, 3), dtype))


@pytest.mark.parametrize("name", ALL)
def test_gradient(name):
    if "dtype" not in name and name not in FAILING:  # in single precision differences are useless
        check_gradient(ALL[name], sample((2, 3)))


@pytest.mark.parametrize("name", NAN)
def test_nan_is_passed_over(name):
    x = sample((3, 4))
    x[0, 1] = x[2, 2] = x[2, 3] = np.nan
    check_call(NAN[name], x)


@pytest.mark.parametrize("name", [n for n in NAN if n.startswith("nan") and "arg" not in n])
def test_gradient_where_there_is_nan_is_zero(name):
    x = sample((3, 4))
    x[0, 1] = x[2, 2] = x[2, 3] = np.nan
    gradient = ad.grad(lambda x: np.sum(NAN[name](x)))(x)
    assert np.isfinite(gradient).all()
    if name != "nancumsum":
        np.testing.assert_array_equal(gradient[np.isnan(x)], 0)


@pytest.mark.parametrize("dtype", ["f8", "i4", "?", "f4"])
@pytest.mark.parametrize("ufunc", REDUCING_UFUNCS, ids=lambda u: u.__name__)
def test_ufunc_reduce(ufunc, dtype):
    x = sample((3, 2), dtype)
    check_call(lambda x: ufunc.reduce(x), x)
    check_call(lambda x: ufunc.reduce(x, axis=1, keepdims=True), x)
    if ufunc is not np.lcm:  # of which NumPy does not know that the order does not matter
        check_call(lambda x: ufunc.reduce(x, axis=None), x)
    check_call(lambda x: ufunc.reduce(x, initial=2), x)
    check_call(lambda x: ufunc.accumulate(x, axis=1), x)
    if dtype == "f8" and "dd->d" in ufunc.types and ufunc is not np.power:
        check_gradient(lambda x: ufunc.reduce(x, axis=0), x + 1)
        check_gradient(lambda x: ufunc.accumulate(x, axis=0), x + 1)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0), (3, 1, 2)])
@pytest.mark.parametrize(
    "name", ["sum", "sum-keepdims", "prod", "max", "mean", "any", "cumsum", "argmax", "var", "ptp"]
)
def test_odd_shapes(name, shape):
    check_call(ALL[name], sample(shape))


@pytest.mark.parametrize("ufunc", [np.add, np.maximum, np.minimum, np.logical_or])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_of_nothing_the_initial_value_remains(shape, ufunc):
    for dtype in ("f8", "c8", "i4", "?"):
        for axis in (0, -1, None):
            call = lambda x, axis=axis: ufunc.reduce(x, axis, initial=True, keepdims=True)
            check_call(call, sample(shape, dtype))
    nothing = np.zeros(shape)
    if ufunc is not np.logical_or:
        assert ad.grad(lambda v: ufunc.reduce(v * nothing, None, initial=v))(2.0) == 1.0


def test_out_is_written():
    def f(x):
        out = np.zeros_like(x, shape=(2,))
        result = np.sum(x, axis=1, out=out)
        assert result is out or isinstance(out, np.ndarray)
        return out * 2

    check_call(f, sample((2, 3)))
    check_gradient(f, sample((2, 3)))


@pytest.mark.parametrize("method", ["higher", "nearest", "lower", "inverted_cdf"])
def test_a_quantile_that_is_an_element_does_not_see_an_infinite_neighbour(method):
    x = np.array([4.0, np.inf, 2.0, 1.0])
    expected = np.quantile(x, 0.5, method=method)
    assert ad.jit(lambda x: np.quantile(x, 0.5, method=method))(x) == expected
    gradient = ad.grad(lambda x: np.quantile(x, 0.5, method=method))(x)
    np.testing.assert_array_equal(gradient, x == expected)
