"""Fourier transforms as NumPy has them: any length along any axes, in three scalings.

What is transformed is first cut or padded with zeros to the length that was asked for; the rest is
in `primitives.fourier`. Scaled transforms of real single and half precision are computed as those
of complex64, where NumPy takes a detour through double precision: they may differ by rounding.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import axis_of, deliver, operand, refuse, static_int
from autodiff.numpy.creation import asarray
from autodiff.numpy.promotion import convert
from autodiff.primitives import fourier, structure
from autodiff.primitives.complexes import conj

__all__ = ["CREATORS", "FUNCTIONS"]

Axes = tuple[int, ...]


# ---- arguments


def _norm(norm: Any) -> str:
    if norm is None:
        return "backward"
    if norm not in fourier.OPPOSITE:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return str(norm)


def _count(n: Any, default: int) -> int:
    """The number of points."""
    count = default if n is None else static_int(n, "the number of points of a Fourier transform")
    if count < 1:
        raise ValueError(f"Invalid number of FFT data points ({count}) specified.")
    return count


def _sizes(x: Any, s: Any, axes: Any, to_real: bool = False) -> tuple[Axes, Axes]:
    """The number of points along each of the axes that are transformed, and these axes."""
    if axes is None:
        if s is not None:
            _deprecated("`s` without `axes`", "axes=tuple(range(x.ndim))")
        axes = range(-(x.ndim if s is None else len(s)), 0)
    places = tuple([axis_of(axis, x.ndim) for axis in axes])
    own = [x.shape[axis] for axis in places]
    if to_real and own:
        own[-1] = 2 * (own[-1] - 1)
    if s is None:
        return tuple([_count(None, n) for n in own]), places
    if len(s) != len(places):
        raise ValueError("Shape and axes have different lengths.")
    if None in s:
        _deprecated("None in `s`", "-1, which takes an axis as it is")
    given = [
        n if n is None or n != -1 else x.shape[axis] for n, axis in zip(s, places, strict=True)
    ]
    return tuple([_count(n, whole) for n, whole in zip(given, own, strict=True)]), places


def _deprecated(what: str, instead: str) -> None:
    warnings.warn(
        f"np.fft: {what} is deprecated since NumPy 2.0. Write instead: {instead}",
        DeprecationWarning,
        stacklevel=5,
    )


def _fitted(x: Any, size: int, axis: int) -> Any:
    """`x` cut, or padded with zeros, to `size` along an axis."""
    missing = size - x.shape[axis]
    if missing <= 0:
        return x[(*[slice(None)] * axis, slice(size))] if missing else x
    none = (0,) * x.ndim
    high = tuple([missing if i == axis else 0 for i in range(x.ndim)])
    return structure.pad(x, x.dtype.type(0), low=none, high=high, interior=none)


# ---- the transforms


def _complex(x: Any, sizes: Sequence[int], axes: Axes, norm: str, inverse: bool) -> Any:
    if not axes:
        return x
    if len(set(axes)) < len(axes):  # an axis that is named twice is transformed twice
        for pair in reversed([*zip(sizes, axes, strict=True)]):
            x = _complex(x, pair[:1], pair[1:], norm, inverse)
        return x
    x = convert(x, np.result_type(x.dtype, 1j))
    for size, axis in zip(sizes, axes, strict=True):
        x = _fitted(x, size, axis)
    return fourier.fft(x, axes=tuple(axes), inverse=inverse, norm=norm)


def _from_real(x: Any, size: int, axis: int, norm: str) -> Any:
    if x.dtype.kind == "c":
        raise TypeError(
            f"the Fourier transform of real numbers does not take {x.dtype}.{here()}\n"
            "Write instead: `np.fft.fft`, or `.real` of the operand"
        )
    x = convert(x, np.result_type(x.dtype, 1j).type(0).real.dtype)
    return fourier.rfft(_fitted(x, size, axis), axis=axis, norm=norm)


def _to_real(x: Any, size: int, axis: int, norm: str) -> Any:
    given = np.result_type(x.dtype.type(0).real.dtype, 1.0)
    x = _fitted(convert(x, np.result_type(x.dtype, 1j)), size // 2 + 1, axis)
    return convert(fourier.irfft(x, axis=axis, size=size, norm=norm), given)


def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.fft`."""
    return deliver("fft.fft", _line(a, n, axis, norm, inverse=False), out)


def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.ifft`."""
    return deliver("fft.ifft", _line(a, n, axis, norm, inverse=True), out)


def _line(a: Any, n: Any, axis: int, norm: Any, inverse: bool) -> Any:
    x = operand(a)
    axis = axis_of(axis, x.ndim)
    return _complex(x, (_count(n, x.shape[axis]),), (axis,), _norm(norm), inverse)


def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.rfft`."""
    x = operand(a)
    axis = axis_of(axis, x.ndim)
    result = _from_real(x, _count(n, x.shape[axis]), axis, _norm(norm))
    return deliver("fft.rfft", result, out)


def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.irfft`."""
    x = operand(a)
    axis = axis_of(axis, x.ndim)
    result = _to_real(x, _count(n, 2 * (x.shape[axis] - 1)), axis, _norm(norm))
    return deliver("fft.irfft", result, out)


def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.hfft`."""
    result = irfft(np.conjugate(operand(a)), n, axis, fourier.OPPOSITE[_norm(norm)])
    return deliver("fft.hfft", result, out)


def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.ihfft`."""
    result = conj(rfft(a, n, axis, fourier.OPPOSITE[_norm(norm)]))
    return deliver("fft.ihfft", result, out)


# ---- along several axes


def fftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.fftn`."""
    x = operand(a)
    return deliver("fft.fftn", _complex(x, *_sizes(x, s, axes), _norm(norm), False), out)


def ifftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.ifftn`."""
    x = operand(a)
    return deliver("fft.ifftn", _complex(x, *_sizes(x, s, axes), _norm(norm), True), out)


def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.rfftn`: the last axis first, then the others."""
    x = operand(a)
    sizes, places = _sizes(x, s, axes)
    _check_some("rfftn", places)
    half = _from_real(x, sizes[-1], places[-1], _norm(norm))
    return deliver("fft.rfftn", _complex(half, sizes[:-1], places[:-1], _norm(norm), False), out)


def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`np.fft.irfftn`: the last axis last, and the others before it from the first on."""
    x = operand(a)
    sizes, places = _sizes(x, s, axes, to_real=True)
    _check_some("irfftn", places)
    half = _complex(x, sizes[-2::-1], places[-2::-1], _norm(norm), True)
    return deliver("fft.irfftn", _to_real(half, sizes[-1], places[-1], _norm(norm)), out)


def _check_some(function: str, axes: Axes) -> None:
    if not axes:
        raise IndexError(f"np.fft.{function}: at least one axis must be transformed")


def _plane(transform: Any) -> Any:
    """A transform of several axes, of the last two by default."""

    def planar(
        a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None
    ) -> Any:
        return transform(a, s, axes, norm, out)

    planar.__name__ = transform.__name__.replace("n", "2")
    planar.__doc__ = f"`np.fft.{planar.__name__}`."
    return planar


# ---- the order of frequencies


def fftshift(x: Any, axes: Any = None) -> Any:
    """`np.fft.fftshift`: the zero frequency to the middle."""
    return _rolled(operand(x), axes, forward=True)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """`np.fft.ifftshift`: what undoes `fftshift`, also for odd lengths."""
    return _rolled(operand(x), axes, forward=False)


def _rolled(x: Any, axes: Any, forward: bool) -> Any:
    if axes is None:
        axes = range(x.ndim)
    places = [axis_of(axis, x.ndim) for axis in ((axes,) if np.ndim(axes) == 0 else axes)]
    halves = [x.shape[axis] // 2 for axis in places]
    return np.roll(x, [half if forward else -half for half in halves], places)


def fftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """`np.fft.fftfreq`; the spacing of the points may be traced."""
    return _frequencies(np.fft.fftfreq, n, d, device, dtype)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """`np.fft.rfftfreq`; the spacing of the points may be traced."""
    return _frequencies(np.fft.rfftfreq, n, d, device, dtype)


def _frequencies(function: Any, n: int, d: Any, device: Any, dtype: Any) -> Any:
    if device not in (None, "cpu"):
        raise refuse(
            f"fft.{function.__name__}", f"device={device!r}", "the arrays it is used with decide"
        )
    return asarray(function(static_int(n, "the number of points"), d), dtype)


# What `autodiff.numpy.fft` has in place of NumPy's own functions, which see no traced argument.
CREATORS = {"fftfreq": fftfreq, "rfftfreq": rfftfreq}

FUNCTIONS = {
    np.fft.fft: fft,
    np.fft.ifft: ifft,
    np.fft.rfft: rfft,
    np.fft.irfft: irfft,
    np.fft.hfft: hfft,
    np.fft.ihfft: ihfft,
    np.fft.fftn: fftn,
    np.fft.ifftn: ifftn,
    np.fft.rfftn: rfftn,
    np.fft.irfftn: irfftn,
    np.fft.fft2: _plane(fftn),
    np.fft.ifft2: _plane(ifftn),
    np.fft.rfft2: _plane(rfftn),
    np.fft.irfft2: _plane(irfftn),
    np.fft.fftshift: fftshift,
    np.fft.ifftshift: ifftshift,
}
