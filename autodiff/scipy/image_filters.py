"""The linear filters of `scipy.ndimage` on traced arrays.

Each is a correlation of the image, extended beyond its edges, with a kernel, computed in double
precision and rounded to the dtype of the result after each axis, as SciPy does it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import axes_of, axis_of, traced_operands
from autodiff.numpy.promotion import convert
from autodiff.primitives import filters
from autodiff.primitives.structure import flip, reshape
from autodiff.scipy.boundaries import extended
from autodiff.scipy.forms import any_traced, dtype_of_output, traced_form

__all__ = [
    "convolve", "convolve1d", "correlate", "correlate1d", "gaussian_filter", "gaussian_filter1d",
    "gaussian_gradient_magnitude", "gaussian_laplace", "laplace", "prewitt", "sobel",
    "uniform_filter", "uniform_filter1d",
]  # fmt: skip


# ---- the one that all others call


def _slide(
    function: str, x: Any, w: Any, modes: Sequence[str], cval: Any, origins: Sequence[int],
    output: Any,
) -> Any:  # fmt: skip
    """Sum over j of x[i + j] * w[j], with the kernel centred, for every i."""
    complex_result = x.dtype.kind == "c" or w.dtype.kind == "c"
    if x.dtype.kind != "c" and traced_operands(cval)[0].dtype.kind == "c":
        raise ValueError("Cannot provide a complex-valued cval when the input is real.")
    check_dtype(function, x)
    kind = np.promote_types(x.dtype, np.complex64) if complex_result else x.dtype
    dtype = dtype_of_output(f"ndimage.{function}", output, kind)
    working = np.dtype(complex if complex_result else float)
    x, w = convert(x, working), convert(w, working)
    if x.size:
        for axis, (k, mode, origin) in enumerate(zip(w.shape, modes, origins, strict=True)):
            before = k // 2 + origin
            if not 0 <= before < k:
                raise ValueError(
                    f"scipy.ndimage.{function}: the origin {origin} lies outside of a kernel of "
                    f"length {k}; it is between {-(k // 2)} and {(k - 1) // 2}"
                )
            if k > 1:
                x = extended(x, axis, before, k - 1 - before, mode, cval)
        inside = (0,) * x.ndim
        x = filters.correlate(x, w, low=inside, high=inside, batch=0, method="direct")
    return narrowed(x, dtype)


def narrowed(y: Any, dtype: Any) -> Any:
    """Results as those of another dtype, as a cast in C does it."""
    return convert(np.trunc(y) if dtype.kind == "b" else y, dtype)


def check_dtype(function: str, x: Any) -> None:
    """Refuse images of a dtype that SciPy does not take."""
    if x.dtype.char in "egG":
        raise RuntimeError(f"scipy.ndimage.{function}: an image of {x.dtype} is not supported")


def _per_axis(value: Any, count: int, name: str) -> list[Any]:
    """One value for each axis."""
    values = list(value) if isinstance(value, list | tuple | np.ndarray) else [value] * count
    if len(values) != count:
        raise RuntimeError(f"{name} has {len(values)} entries for {count} axes")
    return values


# ---- with a kernel


@traced_form("ndimage")
def correlate1d(
    input: Any, weights: Any, axis: int = -1, output: Any = None, mode: str = "reflect",
    cval: Any = 0.0, origin: int = 0,
) -> Any:  # fmt: skip
    """`scipy.ndimage.correlate1d`."""
    x, w = traced_operands(input, weights)
    if w.ndim != 1 or not w.size:
        raise RuntimeError("no filter weights given")
    axis = axis_of(axis, x.ndim)
    w = np.conj(w) if w.dtype.kind == "c" else w
    w = reshape(w, shape=tuple([w.size if k == axis else 1 for k in range(x.ndim)]))
    origins = [operator.index(origin) * (k == axis) for k in range(x.ndim)]
    return _slide("correlate1d", x, w, [mode] * x.ndim, cval, origins, output)


@traced_form("ndimage")
def convolve1d(
    input: Any, weights: Any, axis: int = -1, output: Any = None, mode: str = "reflect",
    cval: Any = 0.0, origin: int = 0,
) -> Any:  # fmt: skip
    """`scipy.ndimage.convolve1d`."""
    (w,) = traced_operands(weights)
    if w.ndim != 1 or not w.size:
        raise RuntimeError("no filter weights given")
    mirrored = np.conj(w[::-1]) if w.dtype.kind == "c" else w[::-1]
    origin = -operator.index(origin) - (w.size % 2 == 0)
    return correlate1d(input, mirrored, axis, output, mode, cval, origin)


@traced_form("ndimage")
def correlate(
    input: Any, weights: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0, *, axes: Any = None,
) -> Any:  # fmt: skip
    """`scipy.ndimage.correlate`."""
    (w,) = traced_operands(weights)
    w = np.conj(w) if w.dtype.kind == "c" else w
    return _with_kernel("correlate", input, w, output, mode, cval, origin, axes)


@traced_form("ndimage")
def convolve(
    input: Any, weights: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0, *, axes: Any = None,
) -> Any:  # fmt: skip
    """`scipy.ndimage.convolve`."""
    (w,) = traced_operands(weights)
    origins = _per_axis(origin, w.ndim, "origin")
    origins = [-operator.index(o) - (k % 2 == 0) for o, k in zip(origins, w.shape, strict=True)]
    mirrored = flip(w, axes=tuple(range(w.ndim)))
    return _with_kernel("convolve", input, mirrored, output, mode, cval, origins, axes)


def _with_kernel(
    function: str, input: Any, w: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Any:
    (x,) = traced_operands(input)
    along = axes_of(axes, x.ndim)
    if w.ndim != len(along):
        raise RuntimeError(f"weights.ndim ({w.ndim}) must match len(axes) ({len(along)})")
    if not w.size:
        raise RuntimeError("no filter weights given")
    if not isinstance(mode, str):
        raise RuntimeError("A sequence of modes is not supported")
    shape, origins = [1] * x.ndim, [0] * x.ndim
    for axis, k, o in zip(along, w.shape, _per_axis(origin, w.ndim, "origin"), strict=True):
        shape[axis], origins[axis] = k, operator.index(o)
    w = reshape(w, shape=tuple(shape))
    return _slide(function, x, w, [mode] * x.ndim, cval, origins, output)


# ---- Gaussian


@traced_form("ndimage")
def gaussian_filter1d(
    input: Any, sigma: Any, axis: int = -1, order: int = 0, output: Any = None,
    mode: str = "reflect", cval: Any = 0.0, truncate: float = 4.0, *, radius: int | None = None,
) -> Any:  # fmt: skip
    """`scipy.ndimage.gaussian_filter1d`; a traced sigma needs a radius."""
    if radius is None:
        if any_traced(sigma):
            raise TypeError(
                "scipy.ndimage.gaussian_filter: the length of the kernel would depend on a traced "
                f"sigma.{here()}\nWrite instead: `radius=` with the number of elements on each side"
            )
        radius = int(truncate * float(sigma) + 0.5)
    if operator.index(radius) < 0:
        raise ValueError("Radius must be a nonnegative integer.")
    weights = _gaussian_kernel(sigma, order, radius)
    return correlate1d(input, weights[::-1], axis, output, mode, cval, 0)


def _gaussian_kernel(sigma: Any, order: int, radius: int) -> Any:
    """The Gaussian, or a derivative of it, at the integers up to a radius.

    The derivatives are the Gaussian times a polynomial q, where each order takes q to
    q' - q * x / sigma^2.
    """
    if order < 0:
        raise ValueError("order must be non-negative")
    x = np.arange(-radius, radius + 1)
    square = sigma * sigma
    density = np.exp(-0.5 / square * x**2)
    density = density / density.sum()
    q = [1.0]  # coefficients, from that of x^0 on
    for _ in range(order):
        rising = [0.0, *(-c / square for c in q)]
        falling = [*(k * c for k, c in enumerate(q) if k), 0.0, 0.0]
        q = [a + b for a, b in zip(rising, falling, strict=True)]
    return density * sum(c * x**k for k, c in enumerate(q)) if order else density


@traced_form("ndimage")
def gaussian_filter(
    input: Any, sigma: Any, order: Any = 0, output: Any = None, mode: Any = "reflect",
    cval: Any = 0.0, truncate: float = 4.0, *, radius: Any = None, axes: Any = None,
) -> Any:  # fmt: skip
    """`scipy.ndimage.gaussian_filter`; a traced sigma needs a radius."""
    (x,) = traced_operands(input)
    dtype = dtype_of_output("ndimage.gaussian_filter", output, x.dtype)
    along = axes_of(axes, x.ndim)
    names = ("sigma", "order", "mode", "radius")
    if any_traced(sigma) and np.ndim(sigma):
        sigma = list(sigma)
    given = [
        _per_axis(v, len(along), name)
        for v, name in zip((sigma, order, mode, radius), names, strict=True)
    ]
    for axis, s, o, m, r in zip(along, *given, strict=True):
        if any_traced(s) or s > 1e-15:
            x = gaussian_filter1d(x, s, axis, o, dtype, m, cval, truncate, radius=r)
    return convert(x, dtype)


@traced_form("ndimage")
def gaussian_laplace(
    input: Any, sigma: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, *,
    axes: Any = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """`scipy.ndimage.gaussian_laplace`."""
    (x,) = traced_operands(input)
    along = axes_of(axes, x.ndim)
    sigmas: list[Any] = [0] * x.ndim
    for axis, s in zip(along, _per_axis(sigma, len(along), "sigma"), strict=True):
        sigmas[axis] = s

    def second(x: Any, axis: int, output: Any, mode: str) -> Any:
        order = [2 * (k == axis) for k in range(x.ndim)]
        return gaussian_filter(x, sigmas, order, output, mode, cval, **kwargs)

    return _sum_over("gaussian_laplace", x, along, second, mode, output)


@traced_form("ndimage")
def gaussian_gradient_magnitude(
    input: Any, sigma: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, *,
    axes: Any = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """`scipy.ndimage.gaussian_gradient_magnitude`."""
    (x,) = traced_operands(input)
    along = axes_of(axes, x.ndim)

    def squared(x: Any, axis: int, output: Any, mode: str) -> Any:
        order = [int(k == axis) for k in range(x.ndim)]
        return convert(
            np.square(gaussian_filter(x, sigma, order, output, mode, cval, **kwargs)), output
        )

    total = _sum_over("gaussian_gradient_magnitude", x, along, squared, mode, output)
    if not along:
        return total
    flat = total == 0  # the derivative of a length is zero there, as that of `np.linalg.norm`
    magnitude = np.where(flat, total, np.sqrt(np.where(flat, 1, total)))
    return convert(magnitude, total.dtype)


def _sum_over(
    function: str, x: Any, along: Sequence[int], term: Callable[..., Any], mode: Any, output: Any
) -> Any:
    """The sum of what `term` gives for each axis."""
    dtype = dtype_of_output(f"ndimage.{function}", output, x.dtype)
    modes = _per_axis(mode, len(along), "mode")
    terms = [term(x, axis, dtype, m) for axis, m in zip(along, modes, strict=True)]
    total = terms[0] if terms else convert(x, dtype)
    for t in terms[1:]:
        total = total + t
    return total


# ---- small kernels


@traced_form("ndimage")
def uniform_filter1d(
    input: Any, size: int, axis: int = -1, output: Any = None, mode: str = "reflect",
    cval: Any = 0.0, origin: int = 0,
) -> Any:  # fmt: skip
    """`scipy.ndimage.uniform_filter1d`."""
    if operator.index(size) < 1:
        raise RuntimeError("incorrect filter size")
    (x,) = traced_operands(input)
    dtype = dtype_of_output("ndimage.uniform_filter1d", output, x.dtype)
    wide = complex if x.dtype.kind == "c" else float
    return narrowed(correlate1d(x, np.ones(size), axis, wide, mode, cval, origin) / size, dtype)


@traced_form("ndimage")
def uniform_filter(
    input: Any, size: Any = 3, output: Any = None, mode: Any = "reflect", cval: Any = 0.0,
    origin: Any = 0, *, axes: Any = None,
) -> Any:  # fmt: skip
    """`scipy.ndimage.uniform_filter`."""
    (x,) = traced_operands(input)
    dtype = dtype_of_output("ndimage.uniform_filter", output, x.dtype)
    along = axes_of(axes, x.ndim)
    names = ("size", "mode", "origin")
    given = [
        _per_axis(v, len(along), name) for v, name in zip((size, mode, origin), names, strict=True)
    ]
    for axis, k, m, o in zip(along, *given, strict=True):
        if k > 1:
            x = uniform_filter1d(x, int(k), axis, dtype, m, cval, o)
    return convert(x, dtype)


@traced_form("ndimage")
def laplace(
    input: Any, output: Any = None, mode: Any = "reflect", cval: Any = 0.0, *, axes: Any = None
) -> Any:
    """`scipy.ndimage.laplace`."""
    (x,) = traced_operands(input)

    def second(x: Any, axis: int, output: Any, mode: str) -> Any:
        return correlate1d(x, [1, -2, 1], axis, output, mode, cval)

    return _sum_over("laplace", x, axes_of(axes, x.ndim), second, mode, output)


@traced_form("ndimage")
def prewitt(
    input: Any, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: Any = 0.0
) -> Any:
    """`scipy.ndimage.prewitt`."""
    return _edges("prewitt", input, axis, output, mode, cval, [1, 1, 1])


@traced_form("ndimage")
def sobel(
    input: Any, axis: int = -1, output: Any = None, mode: Any = "reflect", cval: Any = 0.0
) -> Any:
    """`scipy.ndimage.sobel`."""
    return _edges("sobel", input, axis, output, mode, cval, [1, 2, 1])


def _edges(
    function: str, input: Any, axis: int, output: Any, mode: Any, cval: Any, across: list[int]
) -> Any:
    """Differences along one axis, averaged along the others."""
    (x,) = traced_operands(input)
    dtype = dtype_of_output(f"ndimage.{function}", output, x.dtype)
    axis = axis_of(axis, x.ndim)
    modes = _per_axis(mode, x.ndim, "mode")
    x = correlate1d(x, [-1, 0, 1], axis, dtype, modes[axis], cval)
    for k in range(x.ndim):
        if k != axis:
            x = correlate1d(x, across, k, dtype, modes[k], cval)
    return x
