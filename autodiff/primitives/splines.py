"""`spline_coefficients`: what a B-spline on a regular grid must be made of to pass through samples.

It solves the banded system that says so, by two recursive filters (M. Unser, "Splines: a perfect
fit for signal and image processing", IEEE Signal Processing Magazine 16(6), 1999), as
`scipy.ndimage.spline_filter1d` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive

__all__ = ["spline_coefficients"]

_BOUNDARIES = ("mirror", "reflect", "grid-wrap")
_SHORT = 24  # from here on, what SciPy's filter neglects at the ends is below rounding


def _types(x: ArrayType, *, axis: int, order: int, mode: str, transposed: bool) -> ArrayType:
    if x.dtype.char not in "dD":
        raise TypeError(f"spline_coefficients takes samples in double precision, not {x}")
    if mode not in _BOUNDARIES or not 2 <= order <= 5 or not 0 <= axis < x.ndim:
        raise ValueError(
            f"spline_coefficients of {x} along axis {axis}: the order is 2 to 5, not {order}, "
            f"and the mode one of {', '.join(_BOUNDARIES)}, not {mode!r}"
        )
    return x


def _run(xp: Any, x: Any, *, axis: int, order: int, mode: str, transposed: bool) -> Any:
    def filtered(x: Any, axis: int) -> Any:
        ndimage = scipy_namespace(xp, "ndimage")
        return ndimage.spline_filter1d(x, order, axis, output=x.dtype, mode=mode)

    n = x.shape[axis]
    if not transposed:
        return filtered(x, axis)
    if n < _SHORT:
        return xp.moveaxis(xp.tensordot(filtered(xp.eye(n), 0), x, axes=(0, axis)), 0, axis)
    if mode != "mirror":
        return filtered(x, axis)
    # The system is symmetric once the equations at both ends are halved.
    halves = xp.ones(n)
    halves[0] = halves[-1] = 0.5
    halves = halves.reshape([n if k == axis else 1 for k in range(len(x.shape))])
    return filtered(x / halves, axis) * halves


def _transpose(ct: Any, i: int, x: Any, *, transposed: bool, **params: Any) -> Any:
    return spline_coefficients(ct, **params, transposed=not transposed)


def _batch(size: int, xs: Sequence[Any], mapped: Any, *, axis: int, **params: Any) -> Any:
    return spline_coefficients(*xs, axis=axis + 1, **params)


spline_coefficients: Primitive = linear(
    "spline_coefficients",  # `transposed`: the transpose of this linear map
    types=_types,
    run=_run,
    transpose=_transpose,
    batch=_batch,
    cheap=False,
)
