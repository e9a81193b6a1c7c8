"""Rows for sums, products, extrema, statistics and their kin, with their axes and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.primitives.spec import Maker, booleans, complex_uniform, distinct, uniform
from tests.surface.row import Row

X, D, C = uniform(0.5, 2, (2, 3, 2)), distinct((2, 3, 2)), complex_uniform(0.5, 1)
W = uniform(0.5, 1, (3,))
AXES: dict[str, dict[str, Any]] = {
    "": {},
    "axis": {"axis": 1},
    "axes": {"axis": (0, 2), "keepdims": True},
}

SMOOTH = ("sum", "prod", "mean", "var", "std", "nansum", "nanprod", "nanmean", "nanvar", "nanstd")
EXTREMA = ("max", "min", "amax", "amin", "ptp", "median", "nanmax", "nanmin", "nanmedian")
RUNNING = ("cumsum", "cumprod", "nancumsum", "nancumprod")
METHODS = ("sum", "prod", "mean", "var", "std", "cumsum", "cumprod")
QUANTILES = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
)  # fmt: skip


def holes(x: Maker) -> Maker:
    """The same numbers, but for one that is NaN."""

    def make(rng: np.random.Generator) -> Any:
        y = x(rng)
        y[0, 0, 0] = np.nan
        return y

    return make


def reduced(name: str, x: Maker, id: str, smooth: bool = True, **options: Any) -> Row:
    function = getattr(np, name)
    return Row(f"numpy.{name}", lambda x: function(x, **options), (x,), id=id, smooth=smooth)


def simple_rows() -> Iterator[Row]:
    for id, options in AXES.items():
        yield from [reduced(name, X, id, **options) for name in SMOOTH]
        yield from [reduced(name, D, id, **options) for name in EXTREMA]
    for name in RUNNING:
        yield reduced(name, X, "")
        yield reduced(name, X, "axis", axis=1)
    yield from [reduced(name, X, "axis", axis=1) for name in ("cumulative_sum", "cumulative_prod")]
    yield reduced("cumulative_sum", X, "initial", axis=1, include_initial=True)
    yield from [reduced(name, C, "complex") for name in ("sum", "prod", "mean", "var", "cumprod")]
    yield from [reduced(name, X, "ddof", ddof=1) for name in ("var", "std")]
    yield reduced("sum", X, "initial", initial=2.0)
    yield reduced("sum", X, "dtype", dtype=np.float32)
    yield Row("numpy.sum", lambda x, m: np.sum(x, where=m), (X, booleans((2, 3, 2))), id="where")
    for name in ("sum", "prod", "max"):
        yield Row(
            f"numpy.{name}",
            lambda x, m, n=name: getattr(np, n)(x, axis=1, where=m, initial=1.5),
            (D, booleans((2, 3, 2))),
            id="where and initial",
        )
    for name in ("nansum", "nanprod", "nanmax"):
        yield reduced(name, holes(D), "initial", axis=1, initial=0.3)
    for name in METHODS:
        yield Row(f"numpy.ndarray.{name}", lambda x, n=name: getattr(x, n)(axis=1), (X,))
    for name in ("max", "min"):
        yield Row(f"numpy.ndarray.{name}", lambda x, n=name: getattr(x, n)(axis=1), (D,))


def stepped_rows() -> Iterator[Row]:
    for name in ("argmax", "argmin", "nanargmax", "nanargmin"):
        yield reduced(name, D, "", smooth=False)
        yield reduced(name, D, "axis", smooth=False, axis=1)
    for name in ("all", "any", "count_nonzero"):
        yield reduced(name, booleans((2, 3)), "", smooth=False)
        yield reduced(name, booleans((2, 3)), "axis", smooth=False, axis=0)
    for name in ("argmax", "argmin", "all", "any"):
        yield Row(
            f"numpy.ndarray.{name}", lambda x, n=name: getattr(x, n)(axis=1), (D,), smooth=False
        )


def nan_rows() -> Iterator[Row]:
    for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nancumsum", "nancumprod"):
        yield reduced(name, holes(X), "nan", axis=1)
    for name in ("nanmax", "nanmin", "nanmedian"):
        yield reduced(name, holes(D), "nan", axis=1)
    for name in ("nanargmax", "nanargmin"):
        yield reduced(name, holes(D), "nan", smooth=False, axis=2)
    yield reduced("nanpercentile", holes(D), "nan", q=[20, 70], axis=1)
    yield reduced("nanquantile", holes(D), "nan", q=0.3, axis=(0, 1))


def quantile_rows() -> Iterator[Row]:
    for method in QUANTILES:
        yield reduced("quantile", D, method, q=[0.2, 0.55, 0.8], axis=1, method=method)
    yield reduced("percentile", D, "", q=30)
    for name in ("quantile", "nanquantile"):
        yield Row(
            f"numpy.{name}",
            lambda x, w, n=name: getattr(np, n)(
                x, [0, 0.4, 1], axis=1, method="inverted_cdf", weights=w
            ),
            (D, uniform(0.5, 1, (2, 3, 2))),
            id="weights",
            wrt=(0,),
        )
    yield reduced("percentile", D, "keepdims", q=[30, 65], axis=(0, 1), keepdims=True)
    yield Row(
        "numpy.quantile",
        lambda x, q: np.quantile(x, q),
        (D, uniform(0.21, 0.25, ())),
        id="traced q",
    )


def moment_rows() -> Iterator[Row]:
    yield Row("numpy.average", np.average, (X,))
    yield Row("numpy.average", lambda x, w: np.average(x, axis=1, weights=w), (X, W), id="weights")
    yield Row(
        "numpy.average", lambda x, w: np.average(x, axis=1, weights=w, returned=True), (X, W),
        id="returned",
    )  # fmt: skip
    table = uniform(-1, 1, (3, 5))
    yield Row("numpy.cov", np.cov, (table,))
    yield Row(
        "numpy.cov", lambda x, y: np.cov(x, y, rowvar=False, bias=True), (table, table), id="two"
    )
    yield Row(
        "numpy.cov",
        lambda x, w: np.cov(x, aweights=w),
        (table, uniform(0.5, 1, (5,))),
        id="weights",
    )
    yield Row("numpy.corrcoef", np.corrcoef, (table,))


ROWS = [*simple_rows(), *stepped_rows(), *nan_rows(), *quantile_rows(), *moment_rows()]
