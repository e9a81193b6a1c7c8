"""The functions of `scipy.special` around gamma that are no ufuncs: polygamma, zeta, comb, …"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.errors import NoValueError
from autodiff.ir.source import here
from autodiff.numpy.arguments import apply, deliver, operands, traced_operands
from autodiff.numpy.special_ufuncs import as_ufunc
from autodiff.primitives import gamma_functions, zeta_functions
from autodiff.primitives.polygammas import digamma
from autodiff.primitives.record import Primitive
from autodiff.scipy.forms import traced_form
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "UFUNCS"]

_special = scipy_namespace(np, "special")
_ufuncs = scipy_namespace(np, "special._ufuncs")


def _as_special(primitive: Primitive, name: str) -> Any:
    return as_ufunc(primitive, getattr(_special, name))


_gamma = _as_special(gamma_functions.gamma, "gamma")
_gammaln = _as_special(gamma_functions.gammaln, "gammaln")
_binom = _as_special(gamma_functions.binom, "binom")
_poch = _as_special(gamma_functions.poch, "poch")
_digamma = _as_special(digamma, "psi")
_hurwitz = as_ufunc(zeta_functions.hurwitz_zeta, _ufuncs._zeta)
_riemann = as_ufunc(zeta_functions.riemann_zeta, _ufuncs._riemann_zeta)

# What `scipy.special.zeta` calls, which therefore works on traced arrays as it is.
UFUNCS = {_ufuncs._zeta: _hurwitz, _ufuncs._riemann_zeta: _riemann}


@traced_form("special")
def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    """`scipy.special.zeta`: Riemann's zeta function, or with `q` Hurwitz'."""
    return deliver("zeta", _riemann(x) if q is None else _hurwitz(x, q), out)


@traced_form("special")
def polygamma(n: Any, x: Any) -> Any:
    """`scipy.special.polygamma`: the derivative of order `n` of digamma."""
    n, x = traced_operands(n, x)
    size = _gamma(n + 1.0) * np.where(n % 2 == 0, -1.0, 1.0)
    return np.where(n == 0, _digamma(x), size * _hurwitz(n + 1, x))


@traced_form("special")
def multigammaln(a: Any, d: Any) -> Any:
    """`scipy.special.multigammaln`: the logarithm of the multivariate gamma function."""
    d = _whole(d)
    a = np.asarray(a)
    try:
        small = bool(np.any(a <= 0.5 * (d - 1)))
    except NoValueError:  # under jit or vmap nobody can tell; such elements come out as they do
        small = False
    if small:
        raise ValueError(f"condition a > 0.5 * (d-1) ({0.5 * (d - 1)}) not met{here()}")
    total = d * (d - 1) * 0.25 * math.log(math.pi)
    return sum([_gammaln(a - 0.5 * j) for j in range(d)], start=total)


def _whole(d: Any) -> int:
    if type(d) is Tracer or np.ndim(d) or np.floor(d) != d:
        raise ValueError(f"d should be a positive integer (dimension), known while tracing{here()}")
    return operator.index(int(d))


# ---- counting


def _refuse_exact(name: str, exact: Any) -> None:
    if exact:
        raise TypeError(
            f"scipy.special.{name}(..., exact=True) counts with Python's integers, which cannot be "
            f"traced.{here()}\nWrite instead: exact=False"
        )


@traced_form("special")
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """`scipy.special.factorial`: gamma(n + 1), and zero for negative numbers."""
    _refuse_exact("factorial", exact)
    if extend not in ("zero", "complex"):
        raise ValueError(
            f"argument `extend` must be either 'zero' or 'complex', received: {extend}"
        )
    (n,) = traced_operands(n)
    if n.dtype.kind not in ("iufc" if extend == "complex" else "iuf"):
        raise ValueError(f"factorial: {n.dtype} is not supported with extend={extend!r}{here()}")
    if extend == "complex":
        return _gamma(n + 1)
    low = n < 0
    return np.where(low, 0.0, _gamma(np.where(low, 0, n) + 1)).astype(float)


@traced_form("special")
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """`scipy.special.comb`: the number of combinations of N things taken k at a time."""
    _refuse_exact("comb", exact)
    N, k = operands(N, k)
    if repetition:
        trivial = apply(np.equal, k, 0) & apply(np.greater_equal, N, 0)
        return np.where(trivial, 1.0, _binom(N + k - 1, k))
    return np.where(_countable(N, k), _binom(N, k), 0.0)


@traced_form("special")
def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """`scipy.special.perm`: the number of permutations of k out of N things."""
    _refuse_exact("perm", exact)
    N, k = operands(N, k)
    return np.where(_countable(N, k), _poch(N - k + 1, k), 0.0)


def _countable(n: Any, k: Any) -> Any:
    at_most = apply(np.less_equal, k, n)
    return at_most & apply(np.greater_equal, n, 0) & apply(np.greater_equal, k, 0)


FUNCTIONS = {f.__name__: f for f in (zeta, polygamma, multigammaln, factorial, comb, perm)}
