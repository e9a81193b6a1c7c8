"""Interpolation of images by B-splines, as `scipy.ndimage` does it, on traced arrays.

At a point, a spline of order n is the sum over n + 1 coefficients along each axis, each times a
polynomial of where the point lies between its neighbours. So the derivative by the coordinates is
that of the polynomials, and the derivative by the image runs back through the coefficients.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, operand, traced_operands
from autodiff.numpy.promotion import broadcast_to, convert
from autodiff.primitives.splines import spline_coefficients
from autodiff.scipy.boundaries import folded, folded_index, spline_boundary
from autodiff.scipy.forms import any_traced, dtype_of_output, traced_form
from autodiff.scipy.image_filters import check_dtype, narrowed
from autodiff.tracing.tracer import Tracer

__all__ = [
    "affine_transform", "map_coordinates", "rotate", "shift", "spline_filter", "spline_filter1d",
    "zoom",
]  # fmt: skip

_MARGIN = 12  # what SciPy adds on each side for modes without a boundary condition of their own
_ON_SAMPLES = ("constant", "wrap")  # modes that lead between the first and the last sample


# ---- coefficients


@traced_form("ndimage")
def spline_filter1d(
    input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror"
) -> Any:
    """`scipy.ndimage.spline_filter1d`."""
    _check_order(order)
    x = operand(input)
    check_dtype("spline_filter1d", x)
    dtype = dtype_of_output("ndimage.spline_filter1d", output, x.dtype)
    axis = axis_of(axis, x.ndim)
    x = convert(x, complex if x.dtype.kind == "c" else float)
    return convert(_filtered(x, [axis], order, mode), dtype)


@traced_form("ndimage")
def spline_filter(
    input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror"
) -> Any:
    """`scipy.ndimage.spline_filter`."""
    if not 2 <= order <= 5:
        raise RuntimeError(f"spline order not supported: {order}")
    x = operand(input)
    for axis in range(x.ndim):
        x = spline_filter1d(x, order, axis, output, mode)
    return convert(x, dtype_of_output("ndimage.spline_filter", output, x.dtype))


def _check_order(order: int) -> None:
    if not 0 <= operator.index(order) <= 5:
        raise RuntimeError(f"spline order not supported: {order}")


def _filtered(x: Any, axes: Sequence[int], order: int, mode: str) -> Any:
    if order > 1 and x.size:
        for axis in axes:
            x = spline_coefficients(
                x, axis=axis, order=order, mode=spline_boundary(mode), transposed=False
            )
    return x


# ---- the spline at points


def _weights(u: Any, order: int) -> list[Any]:
    """The weights of order + 1 neighbours at `u` behind a knot, by de Boor's recursion."""
    known: list[Any] = [1.0]
    for k in range(1, order + 1):
        stay = [(1 + j - u) * w for j, w in enumerate(known)]
        move = [(u + (k - 1 - j)) * w for j, w in enumerate(known)]
        known = [(a + b) / k for a, b in zip([*stay, 0.0], [0.0, *move], strict=True)]
    return known


def _neighbours(at: Any, n: int, order: int, mode: str) -> tuple[Any, Any, Any]:
    """Along an axis: which samples to take, their weights, and whether there is what is asked for.

    Samples and weights have a new first axis, of length order + 1. Points without a value are told
    apart point by point, but sample by sample for "grid-constant".
    """
    exists: Any = True
    if mode not in ("nearest", "grid-constant"):
        exists = (at >= 0) & (at <= n - 1) if mode == "constant" else np.isfinite(at)
        at = np.where(exists, at, 0.0)
        at = at if mode == "constant" else folded(at, n, mode)
    middle = 0.0 if order % 2 else 0.5
    knot = np.floor(at + middle)
    if order == 1 and mode in _ON_SAMPLES:  # at the last sample, the piece before it
        knot = np.clip(knot, 0, max(n - 2, 0))
    steps = np.arange(order + 1).reshape(-1, *[1] * at.ndim)
    samples = convert(knot, int) - order // 2 + steps
    if mode == "grid-constant":
        exists = (samples >= 0) & (samples < n)
    weights = np.stack(_weights(at + middle - knot, order)) if order else None
    return folded_index(samples, n, mode), weights, exists


def _spline_at(x: Any, coordinates: Sequence[Any], order: int, mode: str, cval: Any) -> Any:
    """The spline with coefficients `x` at points given by their coordinates along its first axes.

    The points' own axes are the first of the result, behind them are the other axes of `x`.
    """
    x, *points = traced_operands(x, *coordinates)
    count = len(points)
    shape, behind = x.shape[:count], (..., *[None] * (x.ndim - count))
    found = [_neighbours(p, n, order, mode) for p, n in zip(points, shape, strict=True)]
    number: Any = 0
    exists: Any = True
    stride = prod(shape)
    for axis, (samples, _, there) in enumerate(found):
        # The neighbours along axis k make axis k of what is taken.
        place = ((None,) * axis) + (slice(None),) + (None,) * (count - 1 - axis)
        stride //= shape[axis]
        number = number + samples[place] * stride
        exists = exists & (there[place] if mode == "grid-constant" else there)
    y = x.reshape(prod(shape), *x.shape[count:])[number]
    if mode == "grid-constant":
        y = np.where(exists[behind], y, cval)
    for axis, (_, weights, _) in enumerate(found):
        if weights is None:
            y = y[0]
        else:
            y = np.sum(weights[(slice(None),) + (None,) * (count - 1 - axis)][behind] * y, axis=0)
    return y if mode in ("nearest", "grid-constant") else np.where(exists[behind], y, cval)


def _interpolated(
    function: str, input: Any, coordinates: Sequence[Any], output: Any, order: int, mode: str,
    cval: Any, prefilter: bool,
) -> Any:  # fmt: skip
    """The image at points along its first axes, as the dtype of the result."""
    _check_order(order)
    x = input if type(input) is Tracer else np.asarray(input)
    check_dtype(function, x)
    count = len(coordinates)
    if not count or not np.ndim(coordinates[0]):
        raise RuntimeError("input and output rank must be > 0")
    if not prod(x.shape[:count]):
        raise ValueError(f"scipy.ndimage.{function}: an image of shape {x.shape} has no values")
    dtype = dtype_of_output(f"ndimage.{function}", output, x.dtype)
    points = [convert(p, float) for p in coordinates]
    if prefilter and order > 1 and mode in ("nearest", "grid-constant"):
        width = [(_MARGIN, _MARGIN)] * count + [(0, 0)] * (x.ndim - count)
        if mode == "nearest":
            x = np.pad(x, width, mode="edge")
        else:
            x = np.pad(x, width, mode="constant", constant_values=cval)
        points = [p + _MARGIN for p in points]
    x = convert(x, complex if x.dtype.kind == "c" else float)
    if prefilter:
        x = _filtered(x, range(count), order, mode)
    return _rounded(_spline_at(x, points, order, mode, cval), dtype)


def _rounded(y: Any, dtype: np.dtype[Any]) -> Any:
    """Numbers as those of another dtype; to the nearest integer, halves away from zero."""
    if dtype.kind in "iu":
        y = np.trunc(y + np.where(y > 0, 0.5, -0.5))
        y = np.clip(y, 0, np.iinfo(dtype).max) if dtype.kind == "u" else y
    return narrowed(y, dtype)


@traced_form("ndimage")
def map_coordinates(
    input: Any, coordinates: Any, output: Any = None, order: int = 3, mode: str = "constant",
    cval: Any = 0.0, prefilter: bool = True,
) -> Any:  # fmt: skip
    """`scipy.ndimage.map_coordinates`; derivatives by the image, the coordinates and cval.

    At the samples, where a spline of order 1 has a kink, the derivative is that to the right.
    """
    (at,) = traced_operands(coordinates)
    if at.dtype.kind == "c":
        raise TypeError("Complex type not supported")
    if not at.ndim or at.shape[0] != np.ndim(input):
        raise RuntimeError("invalid shape for coordinate array")
    return _interpolated("map_coordinates", input, at, output, order, mode, cval, prefilter)


# ---- geometric transformations


def _grid(shape: Sequence[int]) -> list[Any]:
    """For each axis the index of every element of an array of this shape."""
    return [*np.indices(tuple(shape), dtype=float)]


@traced_form("ndimage")
def affine_transform(
    input: Any, matrix: Any, offset: Any = 0.0, output_shape: Any = None, output: Any = None,
    order: int = 3, mode: str = "constant", cval: Any = 0.0, prefilter: bool = True,
) -> Any:  # fmt: skip
    """`scipy.ndimage.affine_transform`; derivatives by the image, the matrix and the offset."""
    shape = np.shape(input) if output_shape is None else tuple(output_shape)
    n = np.ndim(input)
    matrix, offset = traced_operands(matrix, offset)
    matrix, offset = convert(matrix, float), convert(offset, float)
    if matrix.ndim not in (1, 2) or not matrix.size:
        raise RuntimeError("no proper affine matrix provided")
    if matrix.ndim == 2 and matrix.shape[1] == n + 1 and matrix.shape[0] in (n, n + 1):
        matrix, offset = matrix[:n, :n], matrix[:n, n]  # homogeneous coordinates
    if matrix.shape[0] != n:
        raise RuntimeError("affine matrix has wrong number of rows")
    if matrix.ndim == 2 and matrix.shape[1] != len(shape):
        raise RuntimeError("affine matrix has wrong number of columns")
    offset = broadcast_to(offset, (n,))
    if matrix.ndim == 1:
        grid = _grid(shape)
        points = [(i + b / a) * a for i, a, b in zip(grid, matrix, offset, strict=True)]
    else:
        points = _mapped(shape, matrix, offset)
    return _interpolated("affine_transform", input, points, output, order, mode, cval, prefilter)


def _mapped(shape: Sequence[int], matrix: Any, offset: Any) -> list[Any]:
    """Where an affine map takes every index of an array of this shape."""
    grid = _grid(shape)
    return [
        sum([a * i for a, i in zip(row, grid, strict=True)], 0.0) + b
        for row, b in zip(matrix, offset, strict=True)
    ]


@traced_form("ndimage")
def shift(
    input: Any, shift: Any, output: Any = None, order: int = 3, mode: str = "constant",
    cval: Any = 0.0, prefilter: bool = True,
) -> Any:  # fmt: skip
    """`scipy.ndimage.shift`; derivatives by the image and the shift."""
    (by,) = traced_operands(shift)
    by = broadcast_to(convert(by, float), (np.ndim(input),))
    points = [i - s for i, s in zip(_grid(np.shape(input)), by, strict=True)]
    return _interpolated("shift", input, points, output, order, mode, cval, prefilter)


@traced_form("ndimage")
def zoom(
    input: Any, zoom: Any, output: Any = None, order: int = 3, mode: str = "constant",
    cval: Any = 0.0, prefilter: bool = True, *, grid_mode: bool = False,
) -> Any:  # fmt: skip
    """`scipy.ndimage.zoom`; the factors give the shape of the result, so they are not traced."""
    if any_traced(zoom):
        raise TypeError(
            "scipy.ndimage.zoom: the shape of the result would depend on traced factors."
            f"{here()}\nWrite instead: `affine_transform` with a traced matrix and an output_shape"
        )
    old = np.shape(input)
    factors = np.broadcast_to(zoom, (len(old),)).tolist()
    new = [round(n * factor) for n, factor in zip(old, factors, strict=True)]
    x = operand(input)
    if not old:
        raise RuntimeError("input and output rank must be > 0")
    if prefilter and all(factor == 1 for factor in factors):
        return convert(x, dtype_of_output("ndimage.zoom", output, x.dtype))
    margin = 0 if grid_mode else 1
    steps = [
        (n - margin) / (m - margin) if m != margin else 1.0 for n, m in zip(old, new, strict=True)
    ]
    half = 0.5 if grid_mode else 0.0
    points = [(i + half) * step - half for i, step in zip(_grid(new), steps, strict=True)]
    return _interpolated("zoom", input, points, output, order, mode, cval, prefilter)


@traced_form("ndimage")
def rotate(
    input: Any, angle: Any, axes: Any = (1, 0), reshape: bool = True, output: Any = None,
    order: int = 3, mode: str = "constant", cval: Any = 0.0, prefilter: bool = True,
) -> Any:  # fmt: skip
    """`scipy.ndimage.rotate`; by a traced angle with `reshape=False`."""
    x = operand(input)
    if x.ndim < 2 or len(axes) != 2:
        raise ValueError("scipy.ndimage.rotate takes an image of two or more axes, and two axes")
    if reshape and any_traced(angle):
        raise TypeError(
            "scipy.ndimage.rotate: the shape of the result would depend on a traced angle."
            f"{here()}\nWrite instead: `reshape=False`"
        )
    plane = sorted(axis_of(axis, x.ndim) for axis in axes)
    x = np.moveaxis(x, plane, (0, 1))
    shape = x.shape[:2]
    c, s = _cosine_and_sine(angle)
    new = shape
    if reshape:
        height, width = abs(c) * shape[0] + abs(s) * shape[1], abs(s) * shape[0] + abs(c) * shape[1]
        new = int(height + 0.5), int(width + 0.5)
    (h, w), (a, b) = [[(n - 1) / 2 for n in sizes] for sizes in (shape, new)]
    matrix = np.stack([np.stack([c, s]), np.stack([-s, c])])
    offset = np.stack([h - (c * a + s * b), w - (c * b - s * a)])
    points = _mapped(new, matrix, offset)
    rotated = _interpolated("rotate", x, points, output, order, mode, cval, prefilter)
    return np.moveaxis(rotated, (0, 1), plane)


def _cosine_and_sine(degrees: Any) -> tuple[Any, Any]:
    """Of an angle in degrees, exact where they are -1, 0 or 1."""
    quarter = np.round(np.asarray(degrees) / 90.0)
    rest = np.deg2rad(degrees - 90.0 * quarter)
    c, s = np.cos(rest), np.sin(rest)
    turned, mirrored = np.mod(quarter, 2) == 1, np.mod(quarter, 4) > 1
    c, s = np.where(turned, -s, c), np.where(turned, c, s)
    return np.where(mirrored, -c, c), np.where(mirrored, -s, s)
