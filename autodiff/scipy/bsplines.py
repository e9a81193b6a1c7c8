"""B-splines of `scipy.interpolate` on traced arrays, with knots that are not traced.

Source: C. de Boor, "A Practical Guide to Splines", chapters IX and X.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, traced_operands
from autodiff.numpy.joining import joined
from autodiff.numpy.promotion import convert
from autodiff.scipy.forms import any_traced
from autodiff.scipy.piecewise import behind_axis, beyond, double, periods, spread_over
from autodiff.scipy.structured import solve_banded

__all__ = ["BSpline", "make_interp_spline"]


class BSpline:
    """A sum of B-splines of degree `k` with coefficients `c`: `scipy.interpolate.BSpline`.

    Coefficients and points of evaluation may be traced. At a knot, the derivative is that to the
    right, and at the last one, that to the left.

    Args:
        t: knots, in rising order: [n + k + 1].
        c: coefficients: [n, ...], with the interpolated axis at `axis`.
        k: the degree.
        extrapolate: whether points outside get the value of the first or the last polynomial, or no
            number; "periodic": that of the point a number of periods away.
        axis: the interpolated axis.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.scipy.interpolate import BSpline
        >>> t, c = np.array([0.0, 0.0, 1.0, 2.0, 2.0]), np.array([1.0, 3.0, 2.0])
        >>> print(ad.grad(lambda c: BSpline(t, c, 1)(0.25))(c))
        [0.75 0.25 0.  ]
    """

    def __init__(self, t: Any, c: Any, k: int, extrapolate: Any = True, axis: int = 0) -> None:
        if any_traced(t):
            raise TypeError(
                f"BSpline: the knots are traced.{here()}\nWrite instead: knots that are not "
                "computed from what is differentiated, or `CubicSpline`, whose knots may be"
            )
        shape = np.shape(c)
        axis = axis_of(axis, len(shape))
        probe = np.zeros((shape[axis], *shape[:axis], *shape[axis + 1 :]))
        own = scipy_namespace(np, "interpolate").BSpline(t, probe, k, extrapolate)  # checks
        self.t, self.k, self.axis, self.extrapolate = own.t, own.k, axis, own.extrapolate
        (c,) = traced_operands(c)
        self.c: Any = np.moveaxis(double(c), axis, 0)

    @classmethod
    def _of(cls, t: Any, c: Any, k: int, extrapolate: Any, axis: int) -> BSpline:
        new = object.__new__(BSpline)
        new.t, new.c, new.k, new.extrapolate, new.axis = t, c, k, extrapolate, axis
        return new

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        """The value, or the derivative of order `nu`, at points."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        if not any_traced(self.c, x):
            library = scipy_namespace(np, "interpolate").BSpline
            own = library.construct_fast(self.t, self.c, self.k, self.extrapolate, self.axis)
            return own(x, nu, extrapolate)
        c, at = traced_operands(self.c, x)
        at = convert(at, float)
        first, last = self.t[self.k], self.t[c.shape[0]]
        point = periods(at, first, last) if extrapolate == "periodic" else at
        t, k = self.t, self.k
        if nu > k:
            y = 0.0 * spread_over(at, c.ndim - 1) * c[0]
        else:
            for _ in range(nu):
                t, c, k = _slope(t, c, k)
            y = _de_boor(t, c, k, point)
        y = y if k else np.where(spread_over(np.isnan(point), c.ndim - 1), np.nan, y)
        return behind_axis(beyond(y, at, first, last, extrapolate), at.ndim, self.axis)

    def derivative(self, nu: int = 1) -> BSpline:
        """The spline that is the derivative of order `nu`."""
        t, c, k = self.t, self.c, self.k
        if not 0 <= nu <= k:
            raise ValueError(f"the order of a derivative of a spline of degree {k} is not {nu}")
        for _ in range(nu):
            t, c, k = _slope(t, c, k)
        return self._of(t, c, k, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> BSpline:
        """An integral, of order `nu`, that is zero at the first knot."""
        t, c, k = self.t, self.c[: self.t.size - self.k - 1], self.k
        for _ in range(nu):
            t, c, k = _area(t, c, k)
        extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
        return self._of(t, c, k, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        """The integral from `a` to `b`; outside of the knots only if to be extrapolated."""
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        first, last = self.t[self.k], self.t[self.t.size - self.k - 1]
        whole = self.antiderivative()
        whole.axis = 0
        a, b = traced_operands(a, b)
        turns: Any = 0.0
        if extrapolate == "periodic":
            low, high = (np.floor((at - first) / (last - first)) for at in (a, b))
            turns = high - low
            a, b = periods(a, first, last), periods(b, first, last)
        elif not extrapolate:
            a, b = np.clip(a, first, last), np.clip(b, first, last)
        area = whole(b, 0, True) - whole(a, 0, True)
        return area + turns * whole(last) if extrapolate == "periodic" else area


def _quotients(t: Any, k: int) -> Any:
    """For two neighbours of degree `k`, one over the distance between knots that both count."""
    n = t.size - k - 1
    width = t[k + 1 : n + k] - t[1:n]
    return np.divide(k, width, out=np.zeros(n - 1), where=width > 0)


def _slope(t: Any, c: Any, k: int) -> tuple[Any, Any, int]:
    """Knots, coefficients and degree of the derivative."""
    c = c[: t.size - k - 1]
    return t[1:-1], (c[1:] - c[:-1]) * spread_over(_quotients(t, k), c.ndim - 1), k - 1


def _area(t: Any, c: Any, k: int) -> tuple[Any, Any, int]:
    """Knots, coefficients and degree of the integral from the first knot on."""
    width = (t[k + 1 :] - t[: -k - 1]) / (k + 1)
    c = np.cumsum(c * spread_over(width, c.ndim - 1), axis=0)
    return np.concatenate([t[:1], t, t[-1:]]), joined([0.0 * c[:1], c], 0), k + 1


def _de_boor(t: Any, c: Any, k: int, at: Any) -> Any:
    """The value at points by de Boor's algorithm: [*points, ...]."""
    n = t.size - k - 1
    last = np.searchsorted(t, t[n]) - 1 if k else n - 1  # the last interval that has a length
    found = np.searchsorted(t[: n + 1], at, side="right") - 1
    piece = np.clip(found, k, last)
    (knots,) = traced_operands(t)
    near = {i: knots[piece + i] for i in range(1 - k, k + 1)}
    d = [c[piece - k + j] for j in range(k + 1)]
    for r in range(1, k + 1):
        for j in range(k, r - 1, -1):
            low, high = near[j - k], near[j + 1 - r]
            weight = spread_over((at - low) / (high - low), c.ndim - 1)
            d[j] = d[j - 1] + weight * (d[j] - d[j - 1])
    return d[k]


# ---- interpolation


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0,
    check_finite: bool = True,
) -> BSpline:  # fmt: skip
    """`scipy.interpolate.make_interp_spline`; derivatives by the values, and those at the ends.

    Of traced values there is no periodic spline; `CubicSpline` has one.
    """
    library = scipy_namespace(np, "interpolate")
    if not any_traced(y, bc_type):
        own = library.make_interp_spline(x, y, k, t, bc_type, axis, check_finite)
        return BSpline._of(own.t, own.c, own.k, own.extrapolate, own.axis)
    if bc_type == "periodic":
        raise NotImplementedError(
            f"make_interp_spline: bc_type='periodic' has no traced form.{here()}\nWrite instead: "
            "`CubicSpline(x, y, bc_type='periodic')`"
        )
    (values,) = traced_operands(y)
    axis = axis_of(axis, values.ndim)
    values = np.moveaxis(double(values), axis, 0)
    starts, ends = _end_conditions(bc_type, values)
    known = [[(order, 0.0) for order, _ in end] or None for end in (starts, ends)]
    # SciPy finds the knots, and what is wrong with the arguments.
    own = library.make_interp_spline(x, np.zeros(values.shape[0]), k, t, tuple(known))
    band = _collocation(own.t, np.asarray(x, float), k, starts, ends)
    right = joined([*(v[None] for _, v in starts), values, *(v[None] for _, v in ends)], 0)
    right = double(right)
    flat = right.reshape(right.shape[0], -1)
    c = solve_banded((k, k), band.astype(right.dtype), flat).reshape(right.shape)
    return BSpline._of(own.t, c, k, True, axis)


_NAMED = {"clamped": [(1, 0.0)], "natural": [(2, 0.0)], "not-a-knot": [], None: []}


def _end_conditions(bc_type: Any, y: Any) -> list[list[tuple[int, Any]]]:
    """For each end, orders and values of the derivatives there."""
    ends = (bc_type, bc_type) if bc_type is None or isinstance(bc_type, str) else bc_type
    found = []
    for end in ends:
        if isinstance(end, str) and end not in _NAMED:
            raise ValueError(f"Unknown boundary condition : {end}")
        pairs = _NAMED[end] if end is None or isinstance(end, str) else end
        found.append([(order, _shaped(value, y)) for order, value in pairs])
    return found


def _shaped(value: Any, y: Any) -> Any:
    (v,) = traced_operands(value)
    return double(v) + 0.0 * y[0]


def _collocation(t: Any, x: Any, k: int, starts: Any, ends: Any) -> Any:
    """The matrix of the values, and of the derivatives at the ends, as bands of width `k`."""
    interpolate = scipy_namespace(np, "interpolate")
    n = t.size - k - 1
    band = np.zeros((2 * k + 1, n))

    def enter(row: int, columns: Any, entries: Any) -> None:
        band[k + row - columns, columns] = entries

    basis = np.arange(k + 1)
    for row, (order, _) in enumerate(starts):
        first = interpolate.BSpline(t[: 2 * k + 2], np.eye(k + 1), k)
        enter(row, basis, first(x[0], order))
    design = interpolate.BSpline.design_matrix(x, t, k)
    for i in range(x.size):
        part = slice(design.indptr[i], design.indptr[i + 1])
        enter(len(starts) + i, design.indices[part], design.data[part])
    for row, (order, _) in enumerate(ends):
        last = interpolate.BSpline(t[-2 * k - 2 :], np.eye(k + 1), k)
        enter(n - len(ends) + row, basis + n - k - 1, last(x[-1], order))
    return band
