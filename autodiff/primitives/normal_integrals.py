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
from autodiff.primitives.piecewise import abs_
from autodiff.primitives.special import special

__all__ = ["owens_t", "voigt_profile", "wofz"]

# ---- Faddeeva's function w(z) = exp(-z²) erfc(-iz)

_FAR = 7.0  # from here on, the continued fraction is exact to double precision
_LEVELS = 16


def _tails(z: Any) -> tuple[Any, Any]:
    """The continued fraction (1/2)/(z - 1/(z - (3/2)/(z - ...))), and that within it, from the 1.

    With the first, w = (i/√π)/(z - tail) where the Gaussian exp(-z²) is negligible.
    """
    tail = inner = scalar(z, 0)
    for k in range(_LEVELS, 0, -1):
        inner = tail
        tail = div(scalar(z, k / 2), sub(z, tail))
    return tail, inner


def _is_far(z: Any) -> Any:
    """Where the fraction holds: far from 0, and exp(-z²) is negligible below the real axis."""
    x, y = real(z), imag(z)
    distance, decay = add(square(x), square(y)), sub(square(x), square(y))
    upper = logical_or(greater_equal(y, scalar(y, 0)), greater(decay, scalar(decay, _FAR**2)))
    return logical_and(greater(distance, scalar(distance, _FAR**2)), upper)


def _far_parts(w: Any, z: Any) -> tuple[Any, Any, Any, Any]:
    """Of w far out: the fraction, its two tails, and the Gaussian that it leaves out.

    That is the real part at the real axis, and nowhere more than rounding errors elsewhere.
    """
    tail, inner = _tails(z)
    fraction = div(z.dtype.type(1j / math.sqrt(math.pi)), sub(z, tail))
    rest = sub(real(w), real(fraction))
    counts = greater(abs_(rest), mul(abs_(real(w)), scalar(rest, 1e-12)))
    gaussian = select(counts, rest, scalar(rest, 0))
    return fraction, tail, inner, complex_(gaussian, scalar(gaussian, 0))


def _near_and_far(z: Any) -> tuple[Any, Any, Any]:
    """Whether z is far, and z with a harmless number where it is not, or where it is."""
    far = _is_far(z)
    return far, select(far, scalar(z, 0), z), select(far, z, scalar(z, 2 * _FAR))


def _wofz_slope(w: Any, z: Any) -> Any:
    """2i/√π - 2zw; far out, where that is nearly zero, from the parts of w."""
    far, near, outside = _near_and_far(z)
    fraction, tail, _, gaussian = _far_parts(w, outside)
    beyond = add(mul(fraction, tail), mul(outside, gaussian))
    inside = sub(mul(near, w), z.dtype.type(1j / math.sqrt(math.pi)))
    return mul(scalar(z, -2), select(far, beyond, inside))


wofz = special("wofz", [_wofz_slope], dtype=inexact)

# ---- the Voigt profile Re w(z) / (σ √(2π)), with z = (x + iγ)/(σ √2)


def _voigt_point(x: Any, sigma: Any, gamma: Any) -> tuple[Any, Any]:
    """The argument z of Faddeeva's function, and σ √2 as a complex number."""
    scale = convert(mul(sigma, scalar(sigma, math.sqrt(2))), dtype=_complex_like(x))
    return div(complex_(x, gamma), scale), scale


def _voigt_slope(x: Any, sigma: Any, gamma: Any) -> Any:
    """The derivative by x of the profile, had it its imaginary part, too.

    Where σ = 0, that is the derivative of (i/π)/(x + iγ).
    """
    none = equal(sigma, scalar(sigma, 0))
    safe = select(none, scalar(sigma, 1), sigma)
    z, scale = _voigt_point(x, safe, gamma)
    smooth = div(_wofz_slope(wofz(z), z), mul(mul(scale, scale), scalar(z, math.sqrt(math.pi))))
    point = complex_(x, gamma)
    cauchy = neg(div(z.dtype.type(1j / math.pi), mul(point, point)))
    return select(none, cauchy, smooth)


def _complex_like(x: Any) -> Any:
    return complex_(scalar(x, 0), scalar(x, 0)).dtype


def _by_sigma(v: Any, x: Any, sigma: Any, gamma: Any) -> Any:
    """σ times the second derivative by x, since the profile spreads like heat: -Re(w + zw')."""
    none = equal(sigma, scalar(sigma, 0))
    safe = select(none, scalar(sigma, 1), sigma)
    z, scale = _voigt_point(x, safe, gamma)
    w = wofz(z)
    far, near, outside = _near_and_far(z)
    fraction, tail, inner, gaussian = _far_parts(w, outside)
    falling = sub(scalar(z, 1), mul(scalar(z, 2), square(outside)))
    beyond = sub(mul(gaussian, falling), mul(scalar(z, 2), mul(fraction, mul(tail, inner))))
    inside = add(w, mul(near, _wofz_slope(w, near)))
    total = neg(real(div(select(far, beyond, inside), scale)))
    total = div(total, mul(safe, scalar(safe, math.sqrt(math.pi))))
    return select(none, scalar(total, 0), total)


def _at_finite(partial: Any) -> Any:
    """Nothing depends on anything where x, σ or γ is infinite."""

    def derivative(v: Any, *xs: Any) -> Any:
        infinite = logical_or(isinf(xs[0]), logical_or(isinf(xs[1]), isinf(xs[2])))
        safe = [select(infinite, scalar(x, 1), x) for x in xs]
        return select(infinite, scalar(v, 0), partial(v, *safe))

    return derivative


voigt_profile = special(
    "voigt_profile",
    [
        _at_finite(lambda v, x, sigma, gamma: real(_voigt_slope(x, sigma, gamma))),
        _at_finite(_by_sigma),
        _at_finite(lambda v, x, sigma, gamma: neg(imag(_voigt_slope(x, sigma, gamma)))),
    ],
)

# ---- Owen's T


def _by_height(y: Any, h: Any, a: Any) -> Any:
    """-exp(-h²/2) erf(ah/√2) / (2 √(2π))."""
    zero = scalar(h, 0)  # a product of 0 and inf, in either order
    undefined = logical_or(
        logical_and(equal(h, zero), isinf(a)), logical_and(isinf(h), equal(a, zero))
    )
    reach = select(undefined, zero, mul(a, h))
    bell = mul(exp(neg(mul(square(h), scalar(h, 0.5)))), scalar(h, -0.5 / math.sqrt(2 * math.pi)))
    return mul(bell, erf(mul(reach, scalar(h, math.sqrt(0.5)))))


def _by_slope(y: Any, h: Any, a: Any) -> Any:
    """exp(-h²(1 + a²)/2) / (2π (1 + a²))."""
    spread = add(scalar(a, 1), square(a))
    bell = exp(neg(mul(mul(square(h), spread), scalar(h, 0.5))))
    return mul(bell, mul(reciprocal(spread), scalar(a, 0.5 / math.pi)))


owens_t = special("owens_t", [_by_height, _by_slope])
