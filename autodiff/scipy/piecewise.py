"""`PPoly`: piecewise polynomials on traced arrays, as `scipy.interpolate` evaluates them."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.control.require import require
from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.scipy.forms import any_traced
from autodiff.tracing.tracer import Tracer

__all__ = ["PPoly", "behind_axis", "beyond", "double", "periods", "spread_over", "within"]


def double(x: Any) -> Any:
    """`x` in double precision, in which SciPy interpolates."""
    return convert(x, complex if x.dtype.kind == "c" else float)


def spread_over(at: Any, ndim: int) -> Any:
    """`at` with `ndim` more axes behind its own, to go with coefficients that have them."""
    return at[(..., *[None] * ndim)] if ndim else at


def periods(at: Any, first: Any, last: Any) -> Any:
    """Points moved into one period."""
    return first + np.mod(at - first, last - first)


def beyond(y: Any, at: Any, first: Any, last: Any, extrapolate: Any) -> Any:
    """Values `y` at points, but no number outside of the knots unless to be extrapolated."""
    if extrapolate:
        return y
    inside = spread_over((at >= first) & (at <= last), y.ndim - at.ndim)
    return np.where(inside, y, np.nan)


def behind_axis(y: Any, points: int, axis: int) -> Any:
    """The axes of the points (which are first) moved to where the interpolated axis was."""
    return np.moveaxis(y, range(points), range(axis, axis + points)) if axis and points else y


class PPoly:
    """Polynomials between breakpoints: `sum(c[m] * (x - x[i])**(k - m) for m in range(k + 1))`.

    Has the arguments, attributes and methods of `scipy.interpolate.PPoly`, but for those that
    search for points. Coefficients, breakpoints and points of evaluation may be traced. At a
    breakpoint, the derivative is that of the piece to the right, and at the last one, to the left.

    Args:
        c: coefficients, the highest power first: [k, m, ...].
        x: breakpoints: [m + 1].
        extrapolate: whether points outside get the value of the first or the last polynomial, or no
            number; "periodic": that of the point a number of periods away.
        axis: the position of the axis of points among those of the result.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.scipy.interpolate import PPoly
        >>> p = PPoly(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([0.0, 1.0, 2.0]))
        >>> print(ad.grad(p)(1.5))
        2.0
    """

    def __init__(self, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> None:
        self.c, self.x = c, x
        if any_traced(c, x):
            self.c, self.x = (double(v) for v in traced_operands(c, x))
        else:
            own = scipy_namespace(np, "interpolate").PPoly(c, x, extrapolate, axis)
            self.c, self.x = own.c, own.x
        self.axis: int = axis
        self.extrapolate: Any = True if extrapolate is None else extrapolate

    @classmethod
    def _of(cls, c: Any, x: Any, extrapolate: Any, axis: int) -> PPoly:
        new = object.__new__(PPoly)
        new.c, new.x, new.extrapolate, new.axis = c, x, extrapolate, axis
        return new

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The value, or the derivative of order `nu`, at points."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        if not any_traced(self.c, self.x, x):
            return self._own("__call__")(x, nu, extrapolate)
        c, knots, at = traced_operands(self.c, self.x, x)
        if nu < 0:
            return self.antiderivative(-nu)(x, 0, extrapolate)
        at = convert(at, float)
        point = periods(at, knots[0], knots[-1]) if extrapolate == "periodic" else at
        y = _evaluated(_differentiated(c, nu), knots, point)
        y = beyond(y, at, knots[0], knots[-1], extrapolate)
        return behind_axis(y, at.ndim, self.axis)

    def derivative(self, nu: int = 1) -> PPoly:
        """The piecewise polynomial that is the derivative of order `nu`."""
        if nu < 0:
            return self.antiderivative(-nu)
        return self._of(_differentiated(self.c, nu), self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> PPoly:
        """An integral, of order `nu`, that is zero at the first breakpoint."""
        if nu <= 0:
            return self.derivative(-nu)
        c, x = traced_operands(self.c, self.x)
        for _ in range(nu):
            c = _integrated(c, x)
        extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
        return self._of(c, x, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        first, last = self.x[0], self.x[-1]
        whole = self.antiderivative()
        whole.axis = 0
        a, b = traced_operands(a, b)
        ends = [periods(at, first, last) if extrapolate == "periodic" else at for at in (a, b)]
        low, high = (whole(at, 0, bool(extrapolate)) for at in ends)
        if extrapolate != "periodic":
            return high - low
        turns = np.floor((b - first) / (last - first)) - np.floor((a - first) / (last - first))
        return high - low + spread_over(turns, high.ndim - turns.ndim) * whole(last)

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """Where a value is taken: of plain coefficients."""
        return self._own("solve").solve(*args, **kwargs)

    def roots(self, *args: Any, **kwargs: Any) -> Any:
        """The roots: of plain coefficients."""
        return self._own("roots").roots(*args, **kwargs)

    def _own(self, method: str) -> Any:
        """SciPy's object, for what has no traced form."""
        if any_traced(self.c, self.x):
            raise UnsupportedFunctionError(
                f"PPoly.{method} of traced coefficients has no traced form: how many points there "
                f"are depends on values.{here()}\nWrite instead: `ad.custom_root(spline, x0)` from "
                "a point nearby"
            )
        library = scipy_namespace(np, "interpolate").PPoly
        return library.construct_fast(self.c, self.x, self.extrapolate, self.axis)


def _differentiated(c: Any, nu: int) -> Any:
    """The coefficients of a derivative."""
    if not nu:
        return c
    if nu >= c.shape[0]:
        return 0.0 * c[:1]
    powers = range(c.shape[0] - 1, nu - 1, -1)
    factors = np.array([float(factorial(p) // factorial(p - nu)) for p in powers])
    return c[:-nu] * factors.reshape(-1, *[1] * (c.ndim - 1))


def _integrated(c: Any, x: Any) -> Any:
    """The coefficients of an integral: what each piece begins with is the sum of those before."""
    k, tail = c.shape[0], [1] * (c.ndim - 1)
    c = c / np.arange(k, 0, -1.0).reshape(-1, *tail)
    widths = spread_over(x[1:] - x[:-1], c.ndim - 2)
    pieces = _horner(c, widths) * widths
    start = joined([0.0 * pieces[:1], np.cumsum(pieces, axis=0)[:-1]], 0)
    return joined([c, start[None]], 0)


def _horner(c: Any, t: Any) -> Any:
    y = c[0]
    for row in c[1:]:
        y = y * t + row
    return y


def _evaluated(c: Any, knots: Any, at: Any) -> Any:
    """The polynomial of the piece in which each point lies: [*points, ...]."""
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2)
    t = spread_over(at - knots[piece], c.ndim - 2)
    y = _horner(c[:, piece], t)
    return y if c.shape[0] > 1 else np.where(np.isnan(t), np.nan, y)  # a constant forgets the point


def within(at: Any, first: Any, last: Any, message: str) -> Any:
    """Points that must lie between two others, which only the run can tell."""
    if type(at) is not Tracer:
        return at
    return require(at, (at >= first) & (at <= last) | np.isnan(at), at, message=message)
