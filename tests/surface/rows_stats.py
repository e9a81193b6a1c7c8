"""Rows for the distributions of `autodiff.scipy.stats`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.stats

from autodiff.scipy import stats
from tests.primitives.spec import Maker, integers, uniform
from tests.surface.row import Row

ANYWHERE, HALF, UNIT = uniform(-2, 2), uniform(0.3, 2.5), uniform(0.1, 0.9)
SHAPE, LOC, SCALE = uniform(1.2, 3.0, (3,)), uniform(-0.2, 0.2, ()), uniform(1.0, 1.5, ())

# name: where x lies, and a maker for each shape
CONTINUOUS: dict[str, tuple[Maker, ...]] = {
    **dict.fromkeys(("norm", "cauchy", "laplace", "logistic", "gumbel_r", "gumbel_l"), (ANYWHERE,)),
    **dict.fromkeys(("t", "vonmises", "skewnorm", "gennorm"), (ANYWHERE, SHAPE)),
    "truncnorm": (UNIT, uniform(-2, -1, (3,)), uniform(1.5, 2.5, (3,))),
    **dict.fromkeys(("expon", "halfnorm", "halfcauchy", "rayleigh", "maxwell", "levy"), (HALF,)),
    **dict.fromkeys(
        ("gamma", "invgamma", "chi", "chi2", "weibull_min", "lomax", "gompertz", "nakagami"),
        (HALF, SHAPE),
    ),
    **dict.fromkeys(("lognorm", "invgauss"), (HALF, SHAPE)),
    "weibull_max": (uniform(-2.5, -0.3), SHAPE),
    "pareto": (uniform(1.8, 4.0), SHAPE),
    **dict.fromkeys(("betaprime", "f"), (HALF, SHAPE, SHAPE)),
    "uniform": (uniform(0.3, 0.7),),
    "powerlaw": (uniform(0.3, 0.7), SHAPE),
    "beta": (uniform(0.3, 0.7), SHAPE, SHAPE),
    **dict.fromkeys(("moyal", "hypsecant"), (ANYWHERE,)),
    **dict.fromkeys(
        ("genlogistic", "loggamma", "exponnorm", "laplace_asymmetric"), (ANYWHERE, SHAPE)
    ),
    "johnsonsu": (ANYWHERE, uniform(-1, 1, (3,)), SHAPE),
    **dict.fromkeys(("genextreme", "genpareto"), (uniform(0.3, 0.9), uniform(-0.9, 0.6, (3,)))),
    **dict.fromkeys(("invweibull", "fisk", "rice"), (HALF, SHAPE)),
    **dict.fromkeys(("gengamma", "burr12"), (HALF, SHAPE, SHAPE)),
    "halflogistic": (HALF,),
    "arcsine": (uniform(0.3, 0.7),),
    "semicircular": (uniform(-0.6, 0.6),),
    "truncexpon": (uniform(0.3, 0.9), SHAPE),
    "triang": (uniform(0.3, 0.9), uniform(0.05, 0.15, (3,))),
    "loguniform": (uniform(0.9, 1.1), uniform(0.2, 0.4, (3,)), SHAPE),
}
FUNCTIONS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf")
NO_CDF = ("vonmises", "skewnorm", "gennorm", "rice")
NO_PPF = (*NO_CDF, "invgauss", "exponnorm", "semicircular")

# name: where k lies, and a maker for each shape
COUNTS = integers(0, 6)
DISCRETE: dict[str, tuple[Maker, ...]] = {
    "poisson": (COUNTS, SHAPE),
    "binom": (COUNTS, integers(7, 9, (3,)), uniform(0.2, 0.8, (3,))),
    "bernoulli": (integers(0, 2), uniform(0.2, 0.8, (3,))),
    "geom": (integers(1, 6), uniform(0.2, 0.8, (3,))),
    "nbinom": (COUNTS, SHAPE, uniform(0.2, 0.8, (3,))),
    "betabinom": (COUNTS, integers(7, 9, (3,)), SHAPE, SHAPE),
    "hypergeom": (COUNTS, integers(30, 40, (3,)), integers(7, 10, (3,)), integers(8, 12, (3,))),
    "dlaplace": (integers(-4, 4), SHAPE),
    "logser": (integers(1, 6), uniform(0.2, 0.8, (3,))),
    "zipf": (integers(1, 6), SHAPE),
    "randint": (COUNTS, integers(-3, 0, (3,)), integers(7, 9, (3,))),
}
DISCRETE_CDF = ("poisson", "binom", "bernoulli", "geom", "nbinom", "randint")


def row(name: str, function: str, makers: tuple[Maker, ...], **options: Any) -> Row:
    return Row(
        f"autodiff.scipy.stats.{name}.{function}",
        getattr(getattr(stats, name), function),
        makers,
        plain=getattr(getattr(scipy.stats, name), function),
        **options,
    )


def continuous() -> Iterator[Row]:
    for name, makers in CONTINUOUS.items():
        for function in FUNCTIONS[:2] if name in NO_CDF else FUNCTIONS:
            yield row(name, function, (*makers, LOC, SCALE))
        if name not in NO_PPF:
            yield row(name, "ppf", (UNIT, *makers[1:], LOC, SCALE))


def discrete() -> Iterator[Row]:
    for name, makers in DISCRETE.items():
        smooth = name not in ("hypergeom", "randint")
        for function in ("logpmf", "pmf"):
            yield row(name, function, makers, smooth=smooth)
        if name in DISCRETE_CDF:
            below = (integers(0, 1), *makers[1:]) if name == "bernoulli" else makers
            for function in ("cdf", "sf", "logcdf", "logsf"):  # less than the largest number
                yield row(name, function, below, smooth=smooth)


# ---- distributions of vectors


def with_covariance(f: Callable[..., Any]) -> Callable[..., Any]:
    """The covariance is made from any matrix, so that derivatives by all its entries exist."""
    return lambda x, mean, a, *more: f(x, mean, a @ a.T + np.eye(3), *more)


def with_shares(f: Callable[..., Any]) -> Callable[..., Any]:
    """Positive numbers become shares of a whole, along the first axis."""
    return lambda x, *parameters: f(x / np.sum(x, axis=0), *parameters)


def of_roots(f: Callable[..., Any]) -> Callable[..., Any]:
    """The matrix and the scale are made from any matrices."""

    def square(a: Any) -> Any:
        return a @ a.T + np.eye(3)

    return lambda a, df, b: f(square(a), df[()], square(b))


def trials(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda p: f(np.array([[2, 0, 3], [1, 1, 3]]), 5, p / np.sum(p, axis=-1, keepdims=True))


def of_vectors() -> Iterator[Row]:
    x, mean, matrix = uniform(-1, 1, (2, 3)), uniform(-1, 1, (3,)), uniform(-1, 1, (3, 3))
    options = {
        "multivariate_normal": ((x, mean, matrix), with_covariance),
        "multivariate_t": ((x, mean, matrix, uniform(2, 4, ())), with_covariance),
        "dirichlet": ((uniform(0.2, 1, (3, 2)), SHAPE), with_shares),
        "multinomial": ((uniform(0.2, 1, (3,)),), trials),
        **dict.fromkeys(("wishart", "invwishart"), ((matrix, uniform(3, 5, ()), matrix), of_roots)),
    }
    for name, (makers, adapted) in options.items():
        for kind in ("log", ""):
            function = f"{kind}{'pmf' if name == 'multinomial' else 'pdf'}"
            yield Row(
                f"autodiff.scipy.stats.{name}.{function}",
                adapted(getattr(getattr(stats, name), function)),
                makers,
                plain=adapted(getattr(getattr(scipy.stats, name), function)),
            )
    for id, covariance in (("number", uniform(1, 2, ())), ("diagonal", uniform(1, 2, (3,)))):
        yield row("multivariate_normal", "logpdf", (x, mean, covariance), id=id)


ROWS = [*continuous(), *discrete(), *of_vectors()]
