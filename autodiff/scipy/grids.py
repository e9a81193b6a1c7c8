"""Interpolation on given points: along an axis (`interp1d`) and on grids of several axes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, traced_operands
from autodiff.numpy.promotion import convert
from autodiff.scipy.bsplines import make_interp_spline
from autodiff.scipy.forms import any_traced, traced_form
from autodiff.scipy.piecewise import behind_axis, spread_over, within

__all__ = ["RegularGridInterpolator", "interp1d", "interpn"]

_STEPS = ("nearest", "nearest-up", "previous", "next")
_DEGREES = {"zero": 0, "slinear": 1, "quadratic": 2, "cubic": 3}


def _inexact(x: Any) -> Any:
    return x if x.dtype.kind in "fc" else convert(x, float)


class interp1d:
    """`scipy.interpolate.interp1d`; the points `x` are not traced.

    At a point, the derivative of a piecewise linear function is that to the right.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.scipy.interpolate import interp1d
        >>> f = interp1d(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 1.0]))
        >>> print(ad.grad(f)(2.0))
        -0.5
    """

    def __init__(
        self, x: Any, y: Any, kind: Any = "linear", axis: int = -1, copy: bool = True,
        bounds_error: bool | None = None, fill_value: Any = np.nan, assume_sorted: bool = False,
    ) -> None:  # fmt: skip
        if any_traced(x):
            raise TypeError(f"interp1d: x is traced.{here()}\nWrite instead: `np.interp(at, x, y)`")
        x = np.asarray(x)
        order = None if assume_sorted else np.argsort(x, kind="mergesort")
        (values,) = traced_operands(y)
        self.axis = axis_of(axis, values.ndim)
        values = np.moveaxis(_inexact(values), self.axis, 0)
        if x.ndim != 1 or x.shape[0] != values.shape[0]:
            raise ValueError("x and y arrays must be equal in length along interpolation axis.")
        self.x = np.asarray(x if order is None else x[order], float)
        self.y = values if order is None else values[order]
        self.kind, self.fill_value = kind, fill_value
        extrapolating = isinstance(fill_value, str) and fill_value == "extrapolate"
        default = isinstance(fill_value, float) and np.isnan(fill_value)
        self.bounds_error = default if bounds_error is None else bounds_error
        if extrapolating and bounds_error:
            raise ValueError("Cannot extrapolate and raise at the same time.")
        self._inside = self._made(kind)

    def _made(self, kind: Any) -> Any:
        """What interpolates: a function of points."""
        if kind in _STEPS:
            return self._step
        if kind == "linear":
            return self._line
        degree = _DEGREES.get(kind, kind)
        if not isinstance(degree, int):
            raise NotImplementedError(
                f"{kind} is unsupported: Use fitpack routines for other types."
            )
        return make_interp_spline(self.x, self.y, degree)

    def _line(self, at: Any) -> Any:
        """The value on the line through the points on both sides."""
        x, y = traced_operands(self.x, self.y)
        i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, self.x.size - 2)
        share = spread_over((at - x[i]) / (x[i + 1] - x[i]), y.ndim - 1)
        return y[i] + share * (y[i + 1] - y[i])

    def _step(self, at: Any) -> Any:
        """The value at one of the points."""
        x, last = self.x, self.x.size - 1
        (y,) = traced_operands(self.y)
        if self.kind == "previous":
            i = np.searchsorted(x, at, side="right") - 1
        elif self.kind == "next":
            i = np.searchsorted(x, at, side="left")
        else:
            side: Any = "left" if self.kind == "nearest" else "right"
            i = np.searchsorted((x[1:] + x[:-1]) / 2, at, side=side)
        return y[np.clip(i, 0, last)]

    def __call__(self, x: Any) -> Any:
        """The values at points."""
        fill, error = self.fill_value, self.bounds_error
        if not any_traced(self.y, x, fill):
            make = scipy_namespace(np, "interpolate").interp1d
            y = np.moveaxis(self.y, 0, self.axis)
            return make(self.x, y, self.kind, self.axis, True, error, fill)(x)
        (at,) = traced_operands(x)
        at = convert(at, float)
        first, last = self.x[0], self.x[-1]
        if error:
            at = within(at, first, last, f"interp1d: {{0}} is outside of [{first}, {last}]")
        y = self._inside(at)
        under, over, missing = (
            spread_over(v, y.ndim - at.ndim) for v in (at < first, at > last, np.isnan(at))
        )
        below, above = self._fills()
        y = y if below is None else np.where(under, below, y)
        y = y if above is None else np.where(over, above, y)
        if self.kind not in _STEPS:  # these take what is no number to be behind the last point
            y = np.where(missing, np.nan, y)
        return behind_axis(y, at.ndim, self.axis)

    def _fills(self) -> tuple[Any, Any]:
        """What is below the first point and above the last; None for what is extrapolated."""
        if isinstance(self.fill_value, str):
            missing: list[Any] = [np.nan if self.kind == k else None for k in ("previous", "next")]
            return missing[0], missing[1]
        if isinstance(self.fill_value, tuple) and len(self.fill_value) == 2:
            return self.fill_value
        return self.fill_value, self.fill_value


class RegularGridInterpolator:
    """`scipy.interpolate.RegularGridInterpolator` with `method="linear"` or `"nearest"`.

    Values and points may be traced, the grid may not.

    Example:
        >>> import numpy as np
        >>> import autodiff as ad
        >>> from autodiff.scipy.interpolate import RegularGridInterpolator
        >>> grid = (np.array([0.0, 1.0]), np.array([0.0, 2.0]))
        >>> f = RegularGridInterpolator(grid, np.array([[0.0, 1.0], [2.0, 5.0]]))
        >>> print(ad.grad(lambda p: f(p)[0])(np.array([0.5, 1.0])))
        [3. 1.]
    """

    def __init__(
        self, points: Any, values: Any, method: str = "linear", bounds_error: bool = True,
        fill_value: Any = np.nan,
    ) -> None:  # fmt: skip
        if any_traced(*points):
            raise TypeError(
                f"RegularGridInterpolator: the grid is traced; only values may be.{here()}\n"
                "Write instead: `np.interp` along each axis, whose points may be traced"
            )
        shape = np.shape(values)
        library = scipy_namespace(np, "interpolate")
        # SciPy checks the arguments; a grid may fall, but is made to rise.
        own = library.RegularGridInterpolator(
            points, np.zeros(shape), "linear", bounds_error, fill_value
        )
        self.grid, self.method = own.grid, method
        self.bounds_error, self.fill_value = bounds_error, fill_value
        falls = tuple([i for i, p in enumerate(points) if len(p) > 1 and p[0] > p[-1]])
        (v,) = traced_operands(values)
        self.values = np.flip(_inexact(v), falls) if falls else _inexact(v)

    def __call__(self, xi: Any, method: str | None = None) -> Any:
        """The values at points: [..., number of axes], or one array for each axis."""
        method = self.method if method is None else method
        if not any_traced(self.values, xi):
            make = scipy_namespace(np, "interpolate").RegularGridInterpolator
            own = make(self.grid, self.values, method, self.bounds_error, self.fill_value)
            return own(xi)
        if method not in ("linear", "nearest"):
            raise NotImplementedError(
                f"RegularGridInterpolator: method={method!r} has no traced form.{here()}\n"
                "Write instead: method='linear'; or `ndimage.map_coordinates` for splines on a "
                "regular grid"
            )
        at = self._coordinates(xi)
        shape = at[0].shape
        trailing = len(self.values.shape) - len(self.grid)
        flat = [convert(p, float).reshape(-1) for p in at]
        if self.bounds_error:
            flat = [
                within(p, g[0], g[-1], f"One of the requested xi is out of bounds in dimension {i}")
                for i, (p, g) in enumerate(zip(flat, self.grid, strict=True))
            ]
        (values,) = traced_operands(self.values)
        y = _at_corners(values, self.grid, flat, method)
        if self.fill_value is not None:
            known = [(p >= g[0]) & (p <= g[-1]) for p, g in zip(flat, self.grid, strict=True)]
            y = np.where(spread_over(np.all(np.stack(known), axis=0), trailing), y, self.fill_value)
        missing = np.any(np.stack([np.isnan(p) for p in flat]), axis=0)
        y = np.where(spread_over(missing, trailing), np.nan, y)
        return y.reshape(shape + y.shape[1:])

    def _coordinates(self, xi: Any) -> list[Any]:
        """One array of coordinates for each axis, all of one shape."""
        n = len(self.grid)
        if isinstance(xi, tuple):
            at = list(np.broadcast_arrays(*traced_operands(*xi)))
        else:
            (x,) = traced_operands(xi)
            x = x[:, None] if x.ndim == 1 and n == 1 else x
            x = x[None] if x.ndim == 1 else x
            at = [x[..., i] for i in range(x.shape[-1])]
        if len(at) != n:
            raise ValueError(
                f"The requested sample points xi have dimension {len(at)} but this "
                f"RegularGridInterpolator has dimension {n}"
            )
        return at


def _at_corners(values: Any, grid: Any, at: list[Any], method: str) -> Any:
    """The mean of the corners of the cell of each point, or the nearest one of them."""
    trailing = values.ndim - len(grid)
    cells, weights = [], []
    for x, g in zip(at, grid, strict=True):
        i = np.clip(np.searchsorted(g, x, side="right") - 1, 0, max(g.size - 2, 0))
        (points,) = traced_operands(g)
        width = points[np.minimum(i + 1, g.size - 1)] - points[i]
        share = (x - points[i]) / np.where(width > 0, width, 1.0)
        cells.append(i)
        weights.append(share)
    if method == "nearest":
        return values[tuple([i + (w > 0.5) for i, w in zip(cells, weights, strict=True)])]
    total: Any = 0.0
    for corner in product((0, 1), repeat=len(grid)):
        weight: Any = 1.0
        place = []
        for far, i, w, g in zip(corner, cells, weights, grid, strict=True):
            weight = weight * (w if far else 1 - w)
            place.append(np.minimum(i + far, g.size - 1))
        total = total + values[tuple(place)] * spread_over(weight, trailing)
    return total


@traced_form("interpolate")
def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True,
    fill_value: Any = np.nan,
) -> Any:  # fmt: skip
    """`scipy.interpolate.interpn` with `method="linear"` or `"nearest"`."""
    at = RegularGridInterpolator(points, values, method, bounds_error, fill_value)
    return at(xi)
