"""Functions made of Gaussian integrals: Faddeeva's w, the Voigt profile, Owen's T."""

from __future__ import annotations

import math
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import convert, div, reciprocal, select, square, sub
from autodiff.primitives.comparison import (
    equal,
    greater,
    greater_equal,
    isinf,
    logical_and,
    logical_or,
)
from autodiff.primitives.complexes import complex_, imag, real
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.error_functions import erf
from autodiff.primitives.exponential import exp
from autodiff.primitives.special import special

__all__ = ["owens_t", "voigt_profile", "wofz"]

# ---- Faddeeva's function w(z) = exp(-z²) erfc(-iz)

_FAR = 7.0  # from here on, the continued fraction is exact to double precision
_LEVELS = 16


def _tail(z: Any) -> Any:
    """The continued fraction (1/2)/(z - 1/(z - (3/2)/(z - ...))), with w = (i/√π)/(z - tail)."""
    tail = scalar(z, 0)
    for k in range(_LEVELS, 0, -1):
        tail = div(scalar(z, k / 2), sub(z, tail))
    return tail


def _is_far(z: Any) -> Any:
    """Where the fraction holds: far from 0, and exp(-z²) is negligible below the real axis."""
    x, y = real(z), imag(z)
    distance, decay = add(square(x), square(y)), sub(square(x), square(y))
    upper = logical_or(greater_equal(y, scalar(y, 0)), greater(decay, scalar(decay, _FAR**2)))
    return logical_and(greater(distance, scalar(distance, _FAR**2)), upper)


def _wofz_slope(w: Any, z: Any) -> Any:
    """2i/√π - 2zw; far out, where that is nearly zero, -2w tail."""
    far = _is_far(z)
    outside = select(far, z, scalar(z, 2 * _FAR))  # the fraction has poles near 0
    inside = sub(z.dtype.type(1j / math.sqrt(math.pi)), mul(z, w))
    return mul(scalar(z, 2), select(far, neg(mul(w, _tail(outside))), inside))


wofz = special("wofz", [_wofz_slope], dtype=inexact)

# ---- the Voigt profile Re w(z) / (σ √(2π)), with z = (x + iγ)/(σ √2)


def _voigt_slope(x: Any, sigma: Any, gamma: Any) -> Any:
    """The derivative by x of the profile, had it its imaginary part, too.

    Where σ = 0, that is the derivative of (i/π)/(x + iγ).
    """
    none = equal(sigma, scalar(sigma, 0))
    safe = select(none, scalar(sigma, 1), sigma)
    scale = convert(mul(safe, scalar(safe, math.sqrt(2))), dtype=_complex_like(x))
    point = complex_(x, gamma)
    z = div(point, scale)
    smooth = div(_wofz_slope(wofz(z), z), mul(mul(scale, scale), scalar(z, math.sqrt(math.pi))))
    cauchy = neg(div(z.dtype.type(1j / math.pi), mul(point, point)))
    return select(none, cauchy, smooth)


def _complex_like(x: Any) -> Any:
    return complex_(scalar(x, 0), scalar(x, 0)).dtype


def _by_sigma(v: Any, x: Any, sigma: Any, gamma: Any) -> Any:
    """σ times the second derivative by x, since the profile spreads like heat."""
    none = equal(sigma, scalar(sigma, 0))
    safe = select(none, scalar(sigma, 1), sigma)
    first = mul(complex_(x, gamma), _voigt_slope(x, safe, gamma))
    total = neg(div(add(v, real(first)), safe))
    return select(none, scalar(total, 0), total)


voigt_profile = special(
    "voigt_profile",
    [
        lambda v, x, sigma, gamma: real(_voigt_slope(x, sigma, gamma)),
        _by_sigma,
        lambda v, x, sigma, gamma: neg(imag(_voigt_slope(x, sigma, gamma))),
    ],
)

# ---- Owen's T


def _by_height(y: Any, h: Any, a: Any) -> Any:
    """-exp(-h²/2) erf(ah/√2) / (2 √(2π))."""
    undefined = logical_and(equal(h, scalar(h, 0)), isinf(a))  # a product of 0 and inf
    reach = select(undefined, scalar(h, 0), mul(a, h))
    bell = mul(exp(neg(mul(square(h), scalar(h, 0.5)))), scalar(h, -0.5 / math.sqrt(2 * math.pi)))
    return mul(bell, erf(mul(reach, scalar(h, math.sqrt(0.5)))))


def _by_slope(y: Any, h: Any, a: Any) -> Any:
    """exp(-h²(1 + a²)/2) / (2π (1 + a²))."""
    spread = add(scalar(a, 1), square(a))
    bell = exp(neg(mul(mul(square(h), spread), scalar(h, 0.5))))
    return mul(bell, mul(reciprocal(spread), scalar(a, 0.5 / math.pi)))


owens_t = special("owens_t", [_by_height, _by_slope])
