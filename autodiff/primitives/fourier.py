"""Discrete Fourier transforms: `fft` of complex numbers, `rfft` and `irfft` from and to real ones.

All are linear. `fft` and its inverse are symmetric, so each is its own transpose. `rfft` keeps only
the frequencies up to half of the sampling rate: each of them but the first (and, of an even number
of points, the last) stands for two, itself and its mirror image. That is the weight by which the
transposes of `rfft` and `irfft` differ from one another.

`norm` says which direction divides by the number of points, as in NumPy: "backward", "forward", or
both by its root, "ortho".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import broadcast, full_like, mul, reduce_sum, shifted
from autodiff.primitives.arithmetic import convert
from autodiff.primitives.complexes import conj, real
from autodiff.primitives.dtypes import complex_dtype, magnitude
from autodiff.primitives.kinds import linear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import pad

__all__ = ["OPPOSITE", "fft", "irfft", "rfft"]

# The norm under which the other direction is scaled as this one is: the transpose has its scale.
OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _check(name: str, x: ArrayType, axes: Sequence[int], norm: str, kinds: str) -> None:
    if x.dtype.kind not in kinds or x.dtype.itemsize < 4:
        raise TypeError(f"{name} takes {'complex' if kinds == 'c' else 'real'} numbers, not {x}")
    if not axes or any(not 0 <= axis < x.ndim for axis in axes):
        raise ValueError(f"{name}: axes {tuple(axes)} do not fit an array of shape {x.shape}")
    if norm not in OPPOSITE:
        raise ValueError(f'{name}: norm must be "backward", "ortho" or "forward", not {norm!r}')
    if any(x.shape[axis] < 1 for axis in axes):
        raise ValueError(f"{name} along an axis of no points, in an array of shape {x.shape}")


def _resized(x: Any, axis: int, size: int) -> tuple[int, ...]:
    return (*x.shape[:axis], size, *x.shape[axis + 1 :])


def _spread_over(x: Any, axes: Sequence[int], shape: tuple[int, ...]) -> Any:
    """What depends on all elements along `axes`, each of them in the same way."""
    lines = tuple(sorted(set(axes)))
    return broadcast(reduce_sum(x, axes=lines), shape=shape, axes=lines)


# ---- complex to complex


def _fft_types(x: ArrayType, *, axes: tuple[int, ...], inverse: bool, norm: str) -> ArrayType:
    _check("fft", x, axes, norm, "c")
    return x


def _fft_run(xp: Any, x: Any, *, axes: tuple[int, ...], inverse: bool, norm: str) -> Any:
    return (xp.fft.ifftn if inverse else xp.fft.fftn)(x, axes=axes, norm=norm)


def _fft_batch(size: int, xs: Any, mapped: Any, *, axes: Any, inverse: bool, norm: str) -> Any:
    return fft(*xs, axes=shifted(axes), inverse=inverse, norm=norm)


def _fft_sparsity(xs: Any, linear: Any, *, axes: Any, inverse: bool, norm: str) -> Any:
    return _spread_over(xs[0], axes, xs[0].shape)


fft: Primitive = linear(
    "fft",  # along `axes`, the last of them first; an axis that is named twice is transformed twice
    types=_fft_types,
    run=_fft_run,
    transpose=lambda ct, i, x, **how: fft(ct, **how),
    batch=_fft_batch,
    sparsity=_fft_sparsity,
    cheap=False,
)


# ---- real numbers, and the frequencies that say all about them


def _rfft_types(x: ArrayType, *, axis: int, norm: str) -> ArrayType:
    _check("rfft", x, (axis,), norm, "f")
    shape = _resized(x, axis, x.shape[axis] // 2 + 1)
    return ArrayType(shape, complex_dtype(x))


def _irfft_types(x: ArrayType, *, axis: int, size: int, norm: str) -> ArrayType:
    _check("irfft", x, (axis,), norm, "c")
    if x.shape[axis] != size // 2 + 1:
        raise ValueError(
            f"irfft to {size} points takes {size // 2 + 1} frequencies, not {x.shape[axis]}"
        )
    return ArrayType(_resized(x, axis, size), magnitude(x))


def _weighted(x: Any, axis: int, size: int, weight: float) -> Any:
    """The frequencies of `size` real points; those that stand for two times `weight`."""
    pairs = full_like(ArrayType(((size - 1) // 2,), x.dtype), weight)
    last = 1 - size % 2
    weights = pad(pairs, x.dtype.type(1), low=(1,), high=(last,), interior=(0,))
    others = tuple([i for i in range(len(x.shape)) if i != axis])
    return mul(x, broadcast(weights, shape=x.shape, axes=others))


def _rfft_transpose(ct: Any, i: int, x: Any, *, axis: int, norm: str) -> Any:
    """Re(sum of ct_k exp(-jk)): that of conj(ct_k) exp(jk), to which each pair adds twice."""
    size = x.shape[axis]
    halved = _weighted(conj(ct), axis, size, 0.5)
    return irfft(halved, axis=axis, size=size, norm=OPPOSITE[norm])


def _irfft_transpose(ct: Any, i: int, x: Any, *, axis: int, size: int, norm: str) -> Any:
    found = conj(rfft(ct, axis=axis, norm=OPPOSITE[norm]))
    return _weighted(found, axis, size, 2)


def _rfft_sparsity(xs: Any, linear: Any, *, axis: int, norm: str) -> Any:
    (x,) = xs
    shape = _resized(x, axis, x.shape[axis] // 2 + 1)
    return convert(_spread_over(x, (axis,), shape), dtype=np.result_type(x.dtype, np.complex64))


def _irfft_sparsity(xs: Any, linear: Any, *, axis: int, size: int, norm: str) -> Any:
    return real(_spread_over(xs[0], (axis,), _resized(xs[0], axis, size)))


rfft: Primitive = linear(
    "rfft",
    types=_rfft_types,
    run=lambda xp, x, *, axis, norm: xp.fft.rfft(x, axis=axis, norm=norm),
    transpose=_rfft_transpose,
    batch=lambda size, xs, mapped, *, axis, norm: rfft(*xs, axis=axis + 1, norm=norm),
    sparsity=_rfft_sparsity,
    cheap=False,
)


def _irfft_batch(length: int, xs: Any, mapped: Any, *, axis: int, size: int, norm: str) -> Any:
    return irfft(*xs, axis=axis + 1, size=size, norm=norm)


irfft: Primitive = linear(
    "irfft",  # to `size` real points; imaginary parts at frequencies without a pair do not count
    types=_irfft_types,
    run=lambda xp, x, *, axis, size, norm: xp.fft.irfft(x, size, axis=axis, norm=norm),
    transpose=_irfft_transpose,
    batch=_irfft_batch,
    sparsity=_irfft_sparsity,
    cheap=False,
)
