"""Filters: `correlate` slides a kernel over an array, `all_pole` is a filter with feedback.

`correlate` knows one form, in which the kernel lies within the array everywhere. Convolution,
boundaries and strides are written with `pad`, `flip` and `slice_`; its own transposes need no more
than that either, so it is closed under differentiation to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, prod
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import neg, spread, sum_tangents, zeros_like
from autodiff.primitives.kinds import bilinear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import flip, pad, reshape, slice_

__all__ = ["all_pole", "correlate"]

Shape = tuple[int, ...]


def _padded(x: Any, low: Sequence[int], high: Sequence[int]) -> Any:
    """`x` with zeros before and behind the elements of each axis."""
    interior = (0,) * len(low)
    return pad(x, x.dtype.type(0), low=tuple(low), high=tuple(high), interior=interior)


# ---- correlate: y[i] = sum over j of x[i + j] * w[j], for all i where the kernel lies within x


def _correlate_types(x: ArrayType, w: ArrayType, *, batch: int, method: str) -> ArrayType:
    if x.dtype is not w.dtype != x.dtype or x.ndim != w.ndim or x.shape[:batch] != w.shape[:batch]:
        raise TypeError(
            f"correlate takes an array and a kernel of one dtype, with the same number of axes, of "
            f"which the first {batch} agree, not {x} and {w}"
        )
    sizes = [n - k + 1 for n, k in zip(x.shape[batch:], w.shape[batch:], strict=True)]
    if min(sizes, default=0) < 0:
        raise ValueError(f"a kernel of shape {w.shape} does not fit into an array {x.shape}")
    return x.with_shape((*x.shape[:batch], *sizes))


def _correlate_run(xp: Any, x: Any, w: Any, *, batch: int, method: str) -> Any:
    counts = tuple([n - k + 1 for n, k in zip(x.shape[batch:], w.shape[batch:], strict=True)])
    if not (x.size and w.size and prod(counts)):
        return xp.zeros((*x.shape[:batch], *counts), x.dtype)
    if method == "fft":
        return _by_fft(xp, x, w, batch, counts)
    if len(x.shape) == 1:
        return xp.correlate(x, w.conj(), "valid")
    if prod(counts) < prod(w.shape[batch:]):
        return _window_by_window(xp, x, w, batch, counts)
    return _tap_by_tap(xp, x, w, batch, counts)


def _window(start: Shape, sizes: Shape) -> tuple[Any, ...]:
    return (..., *[slice(a, a + n) for a, n in zip(start, sizes, strict=True)])


def _tap_by_tap(xp: Any, x: Any, w: Any, batch: int, counts: Shape) -> Any:
    """Each element of the kernel times all of the array that it meets."""
    y = xp.zeros((*x.shape[:batch], *counts), x.dtype)
    lead = (slice(None),) * batch
    for j in np.ndindex(*w.shape[batch:]):
        tap = w[(*lead, *j)].reshape((*w.shape[:batch], *[1] * len(counts)))
        y += x[_window(j, counts)] * tap
    return y


def _window_by_window(xp: Any, x: Any, w: Any, batch: int, counts: Shape) -> Any:
    """Each element of the result on its own, where these are fewer than those of the kernel."""
    y = xp.empty((*x.shape[:batch], *counts), x.dtype)
    lead, axes = (slice(None),) * batch, tuple(range(batch, len(x.shape)))
    for i in np.ndindex(*counts):
        y[(*lead, *i)] = xp.sum(x[_window(i, w.shape[batch:])] * w, axis=axes)
    return y


def _by_fft(xp: Any, x: Any, w: Any, batch: int, counts: Shape) -> Any:
    """The product of the spectra; what wraps around falls outside of the result."""
    axes = tuple(range(batch, len(x.shape)))
    host = scipy_namespace(np, "fft")  # only asked for a good length
    real = x.dtype.kind != "c"
    sizes = [host.next_fast_len(n, real) for n in x.shape[batch:]]
    mirrored = w[(..., *[slice(None, None, -1)] * len(axes))]
    forward, back = (xp.fft.rfftn, xp.fft.irfftn) if real else (xp.fft.fftn, xp.fft.ifftn)
    spectrum = forward(x, sizes, axes=axes) * forward(mirrored, sizes, axes=axes)
    y = back(spectrum, sizes, axes=axes)
    first = tuple([k - 1 for k in w.shape[batch:]])
    return y[_window(first, counts)].astype(x.dtype)


def _correlate_transpose(ct: Any, i: int, x: Any, w: Any, *, batch: int, method: str) -> Any:
    if i == 1:
        return correlate(x, ct, batch=batch, method=method)
    if not w.size:
        return zeros_like(x)
    around = (*[0] * batch, *[k - 1 for k in w.shape[batch:]])
    mirrored = flip(w, axes=tuple(range(batch, len(w.shape))))
    return correlate(_padded(ct, around, around), mirrored, batch=batch, method=method)


def _correlate_batch(
    size: int, xs: Sequence[Any], mapped: Sequence[bool], *, batch: int, method: str
) -> Any:
    x, w = xs
    if not mapped[1] and not batch:  # the kernel slides along the new axis, too
        return correlate(x, reshape(w, shape=(1, *w.shape)), batch=0, method=method)
    full = [v if m else spread(v, size) for v, m in zip(xs, mapped, strict=True)]
    return correlate(*full, batch=batch + 1, method=method)


def _correlate_cost(in_types: Any, out_types: Any, *, batch: int, method: str) -> int:
    x, w = in_types
    if method == "fft":
        return int(15 * x.size * log2(max(x.size, 2)))
    return 2 * out_types[0].size * prod(w.shape[batch:])


correlate: Primitive = bilinear(
    "correlate",  # the first `batch` axes are those of a stack; `method`: "direct" or "fft"
    types=_correlate_types,
    run=_correlate_run,
    transpose=_correlate_transpose,
    batch=_correlate_batch,
    cost=_correlate_cost,
)


# ---- all_pole: y[n] = v[n] - sum over k of a[k] * y[n - 1 - k], along the last axis


def _all_pole_types(a: ArrayType, v: ArrayType, *, batch: int) -> tuple[ArrayType]:
    if a.dtype is not v.dtype != a.dtype or a.dtype.char not in "fdgFDG":
        raise TypeError(f"all_pole takes operands of one dtype, float32 or wider, not {a} and {v}")
    if a.ndim != batch + 1 or v.ndim < batch + 1 or a.shape[:batch] != v.shape[:batch]:
        raise ValueError(
            f"all_pole takes coefficients and samples whose first {batch} axes agree, not {a}, {v}"
        )
    return (v,)


def _all_pole_run(xp: Any, a: Any, v: Any, *, batch: int) -> Any:
    if not (v.size and a.size):
        return xp.array(v)
    lfilter = scipy_namespace(xp, "signal").lfilter
    one = xp.ones(1, a.dtype)
    y = xp.empty(v.shape, v.dtype)
    for i in np.ndindex(*v.shape[:batch]):
        y[i] = lfilter(one, xp.concatenate([one, a[i]]), v[i])
    return y


def _all_pole_jvp(xs: Any, dxs: Any, *, batch: int) -> Any:
    """A y = v with A a banded triangular matrix, hence A dy = dv - dA y."""
    (a, _), (da, dv) = xs, dxs
    y = all_pole(*xs, batch=batch)
    terms = [dv, None if da is None else neg(_delayed(da, y, batch))]
    return y, all_pole(a, sum_tangents(terms), batch=batch)


def _delayed(a: Any, y: Any, batch: int) -> Any:
    """For each n the sum over k of a[k] * y[n - 1 - k]."""
    n, count = len(y.shape), a.shape[-1]
    if not (count and y.size):
        return zeros_like(y)
    history = _padded(y, (*[0] * (n - 1), count), (0,) * n)
    stop = (*y.shape[:-1], count + y.shape[-1] - 1)
    history = slice_(history, start=(0,) * n, stop=stop, step=(1,) * n)
    taps = reshape(a, shape=(*a.shape[:batch], *[1] * (n - 1 - batch), count))
    return correlate(history, flip(taps, axes=(n - 1,)), batch=batch, method="direct")


def _all_pole_transpose(ct: Any, i: int, a: Any, v: Any, *, batch: int) -> Any:
    """By v only: the same filter, run from the end to the beginning."""
    last = (len(ct.shape) - 1,)
    return flip(all_pole(a, flip(ct, axes=last), batch=batch), axes=last)


def _all_pole_batch(size: int, xs: Sequence[Any], mapped: Sequence[bool], *, batch: int) -> Any:
    a, v = xs
    if not mapped[0] and not batch:
        return all_pole(a, v, batch=0)
    full = [x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)]
    return all_pole(*full, batch=batch + 1)


all_pole: Primitive = Primitive(
    "all_pole",
    types=_all_pole_types,
    run=_all_pole_run,
    jvp=_all_pole_jvp,
    transpose=_all_pole_transpose,
    batch=_all_pole_batch,
    cost=lambda in_types, out_types, *, batch: 2 * out_types[0].size * in_types[0].shape[-1],
)
