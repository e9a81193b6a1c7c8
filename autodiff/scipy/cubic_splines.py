"""Cubic interpolation through given slopes: splines, monotone interpolation, Akima's.

They differ in how the slopes at the knots follow from the values: for splines, by a tridiagonal
system (C. de Boor, "A Practical Guide to Splines", chapter IV), for PCHIP as a weighted harmonic
mean (F. N. Fritsch and J. Butland, SIAM J. Sci. Stat. Comput. 5, 1984), for Akima's by a mean with
weights that favour the side where the slope changes less (H. Akima, J. ACM 17, 1970).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.numpy.arguments import axis_of, traced_operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.scipy.forms import any_traced
from autodiff.scipy.piecewise import PPoly, double, spread_over
from autodiff.scipy.structured import solve_banded

__all__ = ["Akima1DInterpolator", "CubicHermiteSpline", "CubicSpline", "PchipInterpolator"]


class _Interpolator(PPoly):
    """What is common: knots, values, and slopes that follow from them."""

    def __init__(
        self, kind: str, x: Any, y: Any, axis: int, extrapolate: Any, **options: Any
    ) -> None:
        if not any_traced(x, y, *options.values()):
            make = getattr(scipy_namespace(np, "interpolate"), kind)
            own = make(x, y, axis=axis, extrapolate=extrapolate, **options)
            self.c, self.x, self.extrapolate, self.axis = own.c, own.x, own.extrapolate, own.axis
            return
        plain = None if any_traced(x) else np.asarray(x)
        knots, values = traced_operands(x, y)
        self.axis = axis_of(axis, values.ndim)
        values = np.moveaxis(double(values), self.axis, 0)
        if knots.ndim != 1 or knots.size < 2 or knots.shape[0] != values.shape[0]:
            raise ValueError(
                f"scipy.interpolate.{kind} takes two or more knots and as many values, not "
                f"{knots.shape} and {values.shape[0]}"
            )
        if plain is not None and not (np.diff(plain) > 0).all():
            raise ValueError("`x` must be strictly increasing sequence.")
        knots = convert(knots, float)
        slopes = self._slopes(knots, values, **options)
        self.x, self.c = knots, _hermite(knots, values, slopes)
        self.extrapolate = extrapolate

    def _slopes(self, x: Any, y: Any, **options: Any) -> Any:
        raise NotImplementedError


def _hermite(x: Any, y: Any, s: Any) -> Any:
    """The coefficients of the cubics with these values and slopes at the knots."""
    h = spread_over(x[1:] - x[:-1], y.ndim - 1)
    mean = (y[1:] - y[:-1]) / h
    bend = (s[:-1] + s[1:] - 2 * mean) / h
    return np.stack([bend / h, (mean - s[:-1]) / h - bend, s[:-1], y[:-1]])


def _steps(x: Any, y: Any) -> tuple[Any, Any]:
    """The distances between knots, shaped as the values are, and the slopes between values."""
    h = spread_over(x[1:] - x[:-1], y.ndim - 1)
    return h, (y[1:] - y[:-1]) / h


class CubicHermiteSpline(_Interpolator):
    """`scipy.interpolate.CubicHermiteSpline`: cubics with given values and slopes."""

    def __init__(self, x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: Any = None) -> None:
        super().__init__("CubicHermiteSpline", x, y, axis, extrapolate, dydx=dydx)
        self.extrapolate = True if self.extrapolate is None else self.extrapolate

    def _slopes(self, x: Any, y: Any, **options: Any) -> Any:
        (s,) = traced_operands(options["dydx"])
        return np.moveaxis(double(s), self.axis, 0)


# ---- splines


class CubicSpline(_Interpolator):
    """`scipy.interpolate.CubicSpline`: twice continuously differentiable cubics.

    With `bc_type="periodic"`, the last of traced values is taken to be the first.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.scipy.interpolate import CubicSpline
        >>> x = np.array([0.0, 1.0, 2.0, 3.0])
        >>> area = lambda y: CubicSpline(x, y, bc_type="natural").integrate(0.0, 3.0)
        >>> print(ad.grad(area)(np.array([0.0, 1.0, 0.0, 1.0])).round(3))
        [0.4 1.1 1.1 0.4]
    """

    def __init__(
        self, x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None
    ) -> None:
        super().__init__("CubicSpline", x, y, axis, extrapolate, bc_type=bc_type)
        if self.extrapolate is None:
            self.extrapolate = "periodic" if _is_periodic(bc_type) else True

    def _slopes(self, x: Any, y: Any, **options: Any) -> Any:
        bc_type = options["bc_type"]
        h, mean = _steps(x, y)
        inner = 3 * (h[1:] * mean[:-1] + h[:-1] * mean[1:])
        d = x[1:] - x[:-1]
        n = x.size
        if _is_periodic(bc_type):
            return _periodic_slopes(d, h, mean, inner)
        start, end = (_condition(bc, y) for bc in _both_ends(bc_type))
        if n == 2:
            start, end = (bc or (1, mean[0]) for bc in (start, end))
        if n == 3 and start is end is None:  # one parabola: both conditions are the same
            second = (mean[1] - mean[0]) / (h[0] + h[1])
            return np.stack([
                mean[0] - h[0] * second, mean[0] + h[0] * second, mean[1] + h[1] * second,
            ])  # fmt: skip
        first = _end(start, d, h, mean, 1)
        last = _end(end, d[::-1], h[::-1], mean[::-1], -1)
        zero = 0.0 * d[:1]
        upper = joined([zero, first[1], d[:-1]], 0)
        middle = joined([first[0], 2 * (d[:-1] + d[1:]), last[0]], 0)
        lower = joined([d[1:], last[1], zero], 0)
        right = joined([first[2][None], inner, last[2][None]], 0)
        return _solved(np.stack([upper, middle, lower]), right)


def _is_periodic(bc_type: Any) -> bool:
    return isinstance(bc_type, str) and bc_type == "periodic"


def _both_ends(bc_type: Any) -> tuple[Any, Any]:
    if isinstance(bc_type, str):
        return bc_type, bc_type
    if len(bc_type) != 2:
        raise ValueError("`bc_type` must contain 2 elements to specify start and end conditions.")
    return bc_type[0], bc_type[1]


def _condition(bc: Any, y: Any) -> Any:
    """The order and the value of a derivative at an end; None for "not-a-knot"."""
    if isinstance(bc, str):
        if bc in ("natural", "clamped"):
            return (2 if bc == "natural" else 1), 0.0 * y[0]
        if bc != "not-a-knot":
            raise ValueError(f"bc_type={bc} is not allowed.")
        return None
    order, value = bc
    if order not in (1, 2):
        raise ValueError("The specified derivative order must be 1 or 2.")
    (value,) = traced_operands(value)
    if value.shape != y.shape[1:]:
        raise ValueError(
            f"`deriv_value` shape {value.shape} is not the expected one {y.shape[1:]}."
        )
    return order, double(value)


def _end(bc: Any, d: Any, h: Any, mean: Any, sign: int) -> tuple[Any, Any, Any]:
    """The equation at an end: coefficients of the slope there and of the next, right-hand side.

    Distances and mean slopes are counted from that end; `sign` is -1 at the far one.
    """
    one = 0.0 * d[:1] + 1.0
    if bc is None:
        both = h[0] + h[1]
        right = ((h[0] + 2 * both) * h[1] * mean[0] + h[0] ** 2 * mean[1]) / both
        return d[1:2], d[:1] + d[1:2], right
    order, value = bc
    if order == 1:
        return one, 0.0 * one, value
    return 2 * d[:1], d[:1], 3 * mean[0] * h[0] - sign * 0.5 * value * h[0] ** 2


def _solved(band: Any, right: Any) -> Any:
    """The solution of a tridiagonal system for all columns."""
    n = right.shape[0]
    if not right.size:
        return right
    return solve_banded((1, 1), convert(band, right.dtype), right.reshape(n, -1)).reshape(
        right.shape
    )


def _periodic_slopes(d: Any, h: Any, mean: Any, inner: Any) -> Any:
    """The system has two more entries, in its corners: a matrix of rank one (Sherman, Morrison)."""
    n = d.size
    if n == 1:
        return 0.0 * joined([mean, mean], 0)
    if n == 2:  # the two equations for the two slopes say the same
        slope = (mean / h).sum(0) / (1 / h).sum(0)
        return np.stack([slope, slope, slope])
    before = joined([d[-1:], d[:-1]], 0)
    first = 3 * (h[:1] * mean[-1:] + h[-1:] * mean[:1])
    right = joined([first, inner], 0)
    middle = 2 * (d + before)
    corner, scale = d[0], -middle[0]  # the entry in the first row; any number but zero
    other = d[-2]  # the entry in the last row
    middle = joined([
        (middle[0] - scale)[None], middle[1:-1], (middle[-1] - corner * other / scale)[None]
    ], 0)  # fmt: skip
    zero = 0.0 * d[:1]
    band = np.stack([
        joined([zero, before[:-1]], 0), middle, joined([d[1:], zero], 0)
    ])  # fmt: skip
    column = joined([scale[None], 0.0 * d[2:], other[None]], 0)
    both = joined([right.reshape(n, -1), convert(column, right.dtype)[:, None]], 1)
    found = _solved(band, both)
    s, z = found[:, :-1], found[:, -1:]
    weight = corner / scale
    s = s - z * ((s[:1] + weight * s[-1:]) / (1 + z[:1] + weight * z[-1:]))
    s = s.reshape(right.shape)
    return joined([s, s[:1]], 0)


# ---- local schemes


class PchipInterpolator(_Interpolator):
    """`scipy.interpolate.PchipInterpolator`: monotone where the values are."""

    def __init__(self, x: Any, y: Any, axis: int = 0, extrapolate: Any = None) -> None:
        super().__init__("PchipInterpolator", x, y, axis, extrapolate)
        self.extrapolate = True if self.extrapolate is None else self.extrapolate

    def _slopes(self, x: Any, y: Any, **options: Any) -> Any:
        _real(y, "PchipInterpolator")
        h, m = _steps(x, y)
        if x.size == 2:
            return joined([m, m], 0)
        w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
        level = (np.sign(m[1:]) != np.sign(m[:-1])) | (m[1:] == 0) | (m[:-1] == 0)
        before, after = (np.where(level, 1.0, v) for v in (m[:-1], m[1:]))
        inner = np.where(level, 0.0, (w1 + w2) / (w1 / before + w2 / after))
        first = _edge(h[0], h[1], m[0], m[1])
        last = _edge(h[-1], h[-2], m[-1], m[-2])
        return joined([first[None], inner, last[None]], 0)


def _edge(h0: Any, h1: Any, m0: Any, m1: Any) -> Any:
    """The slope of a parabola at its end, but no larger than what keeps the shape."""
    d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    d_limited = np.where((np.sign(m0) != np.sign(m1)) & (np.abs(d) > 3 * np.abs(m0)), 3 * m0, d)
    return np.where(np.sign(d) != np.sign(m0), 0.0, d_limited)


def _real(y: Any, name: str) -> None:
    if y.dtype.kind == "c":
        raise ValueError(f"`{name}` only works with real values for `y`.")


class Akima1DInterpolator(_Interpolator):
    """`scipy.interpolate.Akima1DInterpolator`: little disturbed by single values."""

    def __init__(
        self, x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Any = None
    ) -> None:
        super().__init__("Akima1DInterpolator", x, y, axis, extrapolate, method=method)
        self.extrapolate = False if self.extrapolate is None else self.extrapolate

    def _slopes(self, x: Any, y: Any, **options: Any) -> Any:
        method = options["method"]
        _real(y, "Akima1DInterpolator")
        if method not in ("akima", "makima"):
            raise NotImplementedError(f"`method`={method} is unsupported.")
        _, m = _steps(x, y)
        if x.size == 2:
            return joined([m, m], 0)
        first, last = 2 * m[0] - m[1], 2 * m[-1] - m[-2]  # two more slopes on each side
        m = joined([
            (2 * first - m[0])[None], first[None], m, last[None], (2 * last - m[-1])[None]
        ], 0)  # fmt: skip
        change = np.abs(m[1:] - m[:-1])
        if method == "makima":
            change = change + 0.5 * np.abs(m[1:] + m[:-1])
        after, before = change[2:], change[:-2]
        total = after + before
        defined = total > 1e-9 * np.max(total, initial=0.0)
        weight = np.where(defined, before, 0.5) / np.where(defined, total, 1.0)
        even = 0.5 * (m[3:] + m[:-3])
        return np.where(defined, m[1:-2] + weight * (m[2:-1] - m[1:-2]), even)
