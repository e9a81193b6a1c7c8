"""Polynomials as NumPy's `poly1d` family has them: coefficients from the highest power down.

Whether leading coefficients are zero decides how long a result is; where NumPy looks at that, so do
these functions, and need values. (`numpy.polynomial` is NumPy code that runs on traced arrays as it
is.)
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from autodiff.numpy.arguments import axes_of, operand, operands, traced_operands
from autodiff.numpy.creation import array, ones, zeros
from autodiff.numpy.known import known
from autodiff.numpy.promotion import convert, result_dtype
from autodiff.tracing.tracer import Tracer

__all__ = ["EXTENDED", "FUNCTIONS"]


_SLICE = "a slice with known ends; `np.polyval(c, x)` instead of `np.poly1d(c)`, which trims, too"


def _coefficients(*ps: Any) -> list[Any]:
    """Polynomials as traced arrays of one axis at least."""
    return [np.atleast_1d(p) for p in traced_operands(*[_plain(p) for p in ps])]


def _plain(p: Any) -> Any:
    """The coefficients of a `poly1d`; anything else as it is."""
    return p.coeffs if isinstance(p, np.poly1d) else p


def _like(result: Any, *ps: Any) -> Any:
    """A `poly1d` if any of the operands is one."""
    return np.poly1d(result) if any(isinstance(p, np.poly1d) for p in ps) else result


def _order(m: Any, what: str, other: str) -> int:
    m = operator.index(m) if type(m) is Tracer else int(m)
    if m < 0:
        raise ValueError(f"Order of {what} must be positive (see {other})")
    return m


# ---- sums, products, quotients


def polyadd(a1: Any, a2: Any) -> Any:
    """`np.polyadd`."""
    return _like(_sum(np.add, a1, a2), a1, a2)


def polysub(a1: Any, a2: Any) -> Any:
    """`np.polysub`."""
    return _like(_sum(np.subtract, a1, a2), a1, a2)


def _sum(combine: Any, a1: Any, a2: Any) -> Any:
    p, q = _coefficients(a1, a2)
    length = max(len(p), len(q))
    return combine(
        *[
            np.concatenate([zeros(length - len(c), c.dtype), c]) if len(c) < length else c
            for c in (p, q)
        ]
    )


def polymul(a1: Any, a2: Any) -> Any:
    """`np.polymul`, without leading zeros, for which it needs values."""
    p, q = [
        _without_leading_zeros(c, "np.polymul", "`np.convolve(p, q)`")
        for c in _coefficients(a1, a2)
    ]
    return _like(np.convolve(p, q), a1, a2)


def _without_leading_zeros(p: Any, function: str, instead: str) -> Any:
    if not len(p):  # no coefficients are the polynomial 0
        return zeros(1, p.dtype)
    found = np.flatnonzero(known(p, function, "how many coefficients are not zero", instead))
    return p[found[0] :] if found.size else p[:1] * 0


def polydiv(u: Any, v: Any) -> Any:
    """`np.polydiv`; that the remainder has no leading zeros needs values."""
    p, q = [c + 0.0 for c in _coefficients(u, v)]
    dtype = result_dtype(p, q)
    steps, r = max(len(p) - len(q) + 1, 0), convert(p, dtype)
    quotient = zeros(max(steps, 1), dtype)
    for k in range(steps):
        quotient[k] = factor = r[k] / q[0]
        r = np.concatenate([r[:k], r[k : k + len(q)] - factor * q, r[k + len(q) :]])
    instead = "a division of known degree, such as `np.linalg.solve` with a Toeplitz matrix"
    value = known(r, "np.polydiv", "the degree of the remainder", instead)
    large = np.flatnonzero(~np.isclose(value, 0, rtol=1e-14))
    rest = r[large[0] if large.size else len(r) - 1 :]
    return _like(quotient, u, v), _like(rest, u, v)


# ---- calculus


def polyder(p: Any, m: Any = 1) -> Any:
    """`np.polyder`."""
    (c,) = traced_operands(_plain(p))
    for _ in range(_order(m, "derivative", "polyint")):
        c = c[:-1] * np.arange(len(c) - 1, 0, -1)
    return _like(c, p)


def polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    """`np.polyint`; of traced coefficients, the constants of integration may be traced, too."""
    m = _order(m, "integral", "polyder")
    c, constants = traced_operands(_plain(p), 0.0 if k is None else k)
    constants = np.atleast_1d(constants)
    if len(constants) == 1 and m > 1:
        constants = np.repeat(constants, m)
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(m):
        c = np.concatenate([c / np.arange(len(c), 0, -1), constants[i : i + 1]])
    return _like(c, p)


# ---- roots


def poly(seq_of_zeros: Any) -> Any:
    """`np.poly`: the polynomial with these roots, or the characteristic one of a matrix."""
    (x,) = _coefficients(seq_of_zeros)
    if x.ndim == 2 and x.shape[0] == x.shape[1] != 0:
        x = np.linalg.eigvals(x)
    elif x.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    x = convert(x, np.mintypecode(x.dtype.char))
    if not len(x):
        return 1.0
    result = ones(1, x.dtype)
    for root in x:
        result = np.convolve(result, np.stack([np.ones_like(root), -root]))
    return result.real.copy() if _in_conjugate_pairs(x) else result


def _in_conjugate_pairs(x: Any) -> bool:
    """Whether the roots are those of a real polynomial, which for complex ones needs values."""
    if x.dtype.kind != "c":
        return False
    instead = "a product of `np.convolve`, with `.real` if the roots come in conjugate pairs"
    value = known(x, "np.poly", "whether the result is real", instead)
    return bool(np.all(np.sort(value) == np.sort(value.conj())))


def roots(p: Any) -> Any:
    """`np.roots`, as eigenvalues of the companion matrix."""
    return sized_roots(p)


def sized_roots(p: Any, *, strip_zeros: bool = True) -> Any:
    """`np.roots`, which without `strip_zeros` takes the degree to be one less than the length.

    Args:
        p: 1-d array of coefficients, the one of the highest power first.
        strip_zeros: look for zeros at either end, which stand for a lower degree or for roots that
            are zero. This needs values; without it the function works under `jit` and `vmap`, and
            the first coefficient must not be zero.

    Returns:
        The roots, in the order in which `np.linalg.eigvals` returns them.

    Raises:
        NoValueError: zeros are to be stripped, and there are no values.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> p = np.array([1.0, -3.0, 2.0])
        >>> print(np.sort(ad.jit(lambda p: ad.numpy.roots(p, strip_zeros=False))(p).real))
        [1. 2.]
    """
    (c,) = _coefficients(p)
    if c.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    zero_roots = 0
    if strip_zeros:
        instead = "`ad.numpy.roots(p, strip_zeros=False)`, if neither end is zero"
        found = np.flatnonzero(known(c, "np.roots", "the degree", instead))
        if not found.size:
            return np.array([])
        zero_roots = len(c) - int(found[-1]) - 1
        c = c[int(found[0]) : int(found[-1]) + 1]
    c = convert(c, float) if c.dtype.kind in "biu" else c
    if len(c) < 2:
        return np.zeros(zero_roots)
    companion = array(np.diag(np.ones(len(c) - 2, c.dtype), -1))
    companion[0, :] = -c[1:] / c[0]
    found_roots = np.linalg.eigvals(companion)
    return np.concatenate([found_roots, np.zeros(zero_roots, found_roots.dtype)])


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """`np.trim_zeros`; how many there are needs values."""
    x, trim = operand(filt), trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = axes_of(axis, x.ndim)
    if not axes:
        return filt
    value = known(x, "np.trim_zeros", "the shape of its result", _SLICE)
    places = np.argwhere(value)
    if not len(places):
        start, stop = [0] * x.ndim, [0] * x.ndim
    else:
        start, stop = places.min(axis=0).tolist(), (places.max(axis=0) + 1).tolist()
    cut = [
        slice(
            start[i] if "f" in trim or not len(places) else None,
            stop[i] if "b" in trim or not len(places) else None,
        )
        if i in axes
        else slice(None)
        for i in range(x.ndim)
    ]
    return x[tuple(cut)]


# ---- least squares


def polyfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None,
    cov: Any = False,
) -> Any:  # fmt: skip
    """`np.polyfit`, by `np.linalg.lstsq`; that its matrix is regular is assumed under `jit`."""
    x, y, w = _fitted(x, y, deg, w)
    order = int(deg) + 1
    if rcond is None:
        rcond = len(x) * np.finfo(x.dtype).eps
    matrix, rhs = np.vander(x, order), y
    if w is not None:
        matrix = matrix * w[:, None]
        rhs = rhs * (w[:, None] if rhs.ndim == 2 else w)
    scale = np.sqrt(np.sum(matrix * matrix, axis=0))
    matrix = matrix / scale
    c, residuals, rank, s = np.linalg.lstsq(matrix, rhs, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    if type(rank) is not Tracer and rank != order:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not cov:
        return c
    base = np.linalg.inv(np.dot(matrix.T, matrix)) / np.outer(scale, scale)
    if cov == "unscaled":
        factor: Any = 1
    elif len(x) <= order:
        raise ValueError(
            "the number of data points must exceed order to scale the covariance matrix"
        )
    else:
        factor = residuals / (len(x) - order)
    return c, (base if y.ndim == 1 else base[:, :, None]) * factor


def _fitted(x: Any, y: Any, deg: Any, w: Any) -> tuple[Any, Any, Any]:
    """Points and weights in a floating-point dtype, after NumPy's questions about their shapes."""
    x, y = [v + 0.0 for v in traced_operands(x, y)]
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if not x.size:
        raise TypeError("expected non-empty vector for x")
    if y.ndim not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")
    if w is not None:
        w = operands(w)[0] + 0.0
        if np.ndim(w) != 1:
            raise TypeError("expected a 1-d array for weights")
        if w.shape[0] != y.shape[0]:
            raise TypeError("expected w and y to have the same length")
    return x, y, w


# What `autodiff.numpy` offers in place of NumPy's functions, with more arguments than those have.
EXTENDED = {"roots": sized_roots}

# Of `numpy.polynomial`, these alone stop at tracers, and have what they run on arrays beside them.
_EVALUATORS = [getattr(polynomial, name) for name in ("polyval2d", "polygrid2d")]

FUNCTIONS = {
    **{f: f.__wrapped__ for f in _EVALUATORS if hasattr(f, "__wrapped__")},
    np.poly: poly,
    np.polyadd: polyadd,
    np.polyder: polyder,
    np.polydiv: polydiv,
    np.polyfit: polyfit,
    np.polyint: polyint,
    np.polymul: polymul,
    np.polysub: polysub,
    np.roots: roots,
    np.trim_zeros: trim_zeros,
}
