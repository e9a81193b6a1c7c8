"""Log-densities of `scipy.stats` on traced arrays: `stats.norm.logpdf(x, loc, scale)` and its like.

The distributions have SciPy's names and take SciPy's arguments. Each has `logpdf` and `pdf` (of
integers `logpmf` and `pmf`), with derivatives by the argument and all parameters, and `cdf`, `sf`,
`logcdf`, `logsf` and `ppf` where these are functions of `scipy.special` that have derivatives.
Results have the dtype to which NumPy promotes the arguments (float32 stays float32, where SciPy
computes in double precision).

Example:
    >>> import numpy as np
    >>> import autodiff as ad
    >>> from autodiff.scipy import stats
    >>> float(stats.norm.logpdf(0.0).round(4))
    -0.9189
    >>> float(ad.grad(lambda scale: stats.norm.logpdf(2.0, scale=scale))(1.0))
    3.0
"""

from typing import Any

from autodiff.ir.source import here
from autodiff.scipy.stats.extremes import (
    burr12,
    exponnorm,
    fisk,
    genextreme,
    gengamma,
    genlogistic,
    genpareto,
    halflogistic,
    hypsecant,
    invweibull,
    johnsonsu,
    laplace_asymmetric,
    loggamma,
    moyal,
)
from autodiff.scipy.stats.half_line import (
    beta,
    betaprime,
    chi,
    chi2,
    expon,
    f,
    gamma,
    gompertz,
    halfcauchy,
    halfnorm,
    invgamma,
    invgauss,
    levy,
    lognorm,
    lomax,
    maxwell,
    nakagami,
    pareto,
    powerlaw,
    rayleigh,
    uniform,
    weibull_max,
    weibull_min,
)
from autodiff.scipy.stats.integers import (
    bernoulli,
    betabinom,
    binom,
    dlaplace,
    geom,
    hypergeom,
    logser,
    nbinom,
    poisson,
    randint,
    zipf,
)
from autodiff.scipy.stats.intervals import (
    arcsine,
    loguniform,
    rice,
    semicircular,
    triang,
    truncexpon,
)
from autodiff.scipy.stats.matrices import invwishart, wishart
from autodiff.scipy.stats.multivariate import (
    dirichlet,
    multinomial,
    multivariate_normal,
    multivariate_t,
)
from autodiff.scipy.stats.real_line import (
    cauchy,
    gennorm,
    gumbel_l,
    gumbel_r,
    laplace,
    logistic,
    norm,
    skewnorm,
    t,
    truncnorm,
    vonmises,
)

__all__ = [
    "arcsine", "bernoulli", "beta", "betabinom", "betaprime", "binom", "burr12", "cauchy", "chi",
    "chi2", "dirichlet", "dlaplace", "expon", "exponnorm", "f", "fisk", "gamma", "genextreme",
    "gengamma", "genlogistic", "gennorm", "genpareto", "geom", "gompertz", "gumbel_l", "gumbel_r",
    "halfcauchy", "halflogistic", "halfnorm", "hypergeom", "hypsecant", "invgamma", "invgauss",
    "invweibull", "invwishart", "johnsonsu", "laplace", "laplace_asymmetric", "levy", "loggamma",
    "logistic", "lognorm", "logser", "loguniform", "lomax", "maxwell", "moyal", "multinomial",
    "multivariate_normal", "multivariate_t", "nakagami", "nbinom", "norm", "pareto", "poisson",
    "powerlaw", "randint", "rayleigh", "rice", "semicircular", "skewnorm", "t", "triang",
    "truncexpon", "truncnorm", "uniform", "vonmises", "weibull_max", "weibull_min", "wishart",
    "zipf",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """What is not here, by its name."""
    if name.startswith("_"):
        raise AttributeError(name)
    raise AttributeError(
        f"autodiff.scipy.stats has no {name!r}, but {', '.join(__all__)}.{here()}\nWrite instead, "
        f"where no gradient is wanted: `scipy.stats.{name}`; else its logarithm, in functions of "
        "NumPy and `scipy.special`"
    )
