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
    nbinom,
    poisson,
)
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
    "bernoulli", "beta", "betabinom", "betaprime", "binom", "cauchy", "chi", "chi2", "dirichlet",
    "dlaplace", "expon", "f", "gamma", "gennorm", "geom", "gompertz", "gumbel_l", "gumbel_r",
    "halfcauchy", "halfnorm", "hypergeom", "invgamma", "invgauss", "laplace", "levy", "logistic",
    "lognorm", "lomax", "maxwell", "multinomial", "multivariate_normal", "multivariate_t",
    "nakagami", "nbinom", "norm", "pareto", "poisson", "powerlaw", "rayleigh", "skewnorm", "t",
    "truncnorm", "uniform", "vonmises", "weibull_max", "weibull_min",
]  # fmt: skip
