"""Filters: `correlate` slides a kernel over an array, `all_pole` is a filter with feedback.

`correlate` has margins: how far the kernel begins before the array, and how far it ends behind it.
There the array has no elements, which is not the same as zeros where a kernel is infinite. A
negative margin leaves out what is nearest to that end. So its transposes are correlations, too, and
it is closed under differentiation to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, prod
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import neg, spread, sum_tangents
from autodiff.primitives.kinds import bilinear
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import flip, reshape

__all__ = ["all_pole", "correlate"]

Shape = tuple[int, ...]


# ---- correlate: y[i] = sum over j of x[i + j - low] * w[j], where x[i + j - low] exists


def _counts(x: Any, w: Any, low: Shape, high: Shape, batch: int) -> Shape:
    """How many results there are along each axis."""
    sizes = zip(x.shape[batch:], w.shape[batch:], low, high, strict=True)
    return tuple([n + a + b - k + 1 for n, k, a, b in sizes])


def _correlate_types(
    x: ArrayType, w: ArrayType, *, low: Shape, high: Shape, batch: int, method: str
) -> ArrayType:
    if x.dtype is not w.dtype != x.dtype or x.ndim != w.ndim or x.shape[:batch] != w.shape[:batch]:
        raise TypeError(
            f"correlate takes an array and a kernel of one dtype, with the same number of axes, of "
            f"which the first {batch} agree, not {x} and {w}"
        )
    if not len(low) == len(high) == x.ndim - batch:
        raise ValueError(f"correlate of {x} takes {x.ndim - batch} margins, not {low} and {high}")
    sizes = _counts(x, w, low, high, batch)
    if min(sizes, default=0) < 0:
        raise ValueError(
            f"a kernel of shape {w.shape} does not fit into an array {x.shape} with margins "
            f"{low} and {high}"
        )
    return x.with_shape((*x.shape[:batch], *sizes))


def _correlate_run(
    xp: Any, x: Any, w: Any, *, low: Shape, high: Shape, batch: int, method: str
) -> Any:
    """Bring the margins between zero and what the kernel reaches, and choose how to compute."""
    counts, kernel = _counts(x, w, low, high, batch), w.shape[batch:]
    cut = [
        slice(max(-a, 0), max(n - max(-b, 0), 0))
        for n, a, b in zip(x.shape[batch:], low, high, strict=True)
    ]
    x = x[(..., *cut)]
    if not (x.size and w.size and prod(counts)):
        return xp.zeros((*x.shape[:batch], *counts), x.dtype)
    idle, low = _limited(low, kernel)  # results from where the kernel reaches nothing
    last, _ = _limited(high, kernel)
    compute = _by_fft if method == "fft" else _on_a_line if len(x.shape) == 1 else _directly
    met = tuple([n - a - b for n, a, b in zip(counts, idle, last, strict=True)])
    y = compute(xp, x, w, low, met, batch)
    if met == counts:
        return y
    whole = xp.zeros((*x.shape[:batch], *counts), x.dtype)
    whole[(..., *[slice(a, a + n) for a, n in zip(idle, met, strict=True)])] = y
    return whole


def _limited(margins: Shape, kernel: Shape) -> tuple[Shape, Shape]:
    """By how much margins exceed what a kernel reaches, and the rest of them."""
    over = tuple([max(a - k + 1, 0) for a, k in zip(margins, kernel, strict=True)])
    return over, tuple([max(a, 0) - b for a, b in zip(margins, over, strict=True)])


def _on_a_line(xp: Any, x: Any, w: Any, low: Shape, counts: Shape, batch: int) -> Any:
    """NumPy's own correlation, where not most of what it computes would be thrown away."""
    (n,), (k,), (before,), (count,) = x.shape, w.shape, low, counts
    after = count - 1 + k - n - before
    if n < k:  # seen from the kernel, all is in reverse order
        low, high = (count - 1 - before,), (count - 1 - after,)
        return _correlate_run(xp, w, x, low=low, high=high, batch=0, method="direct")[::-1]
    if before == after == 0:
        return xp.correlate(x, w.conj(), "valid")
    if n + k <= 2 * count:
        return xp.correlate(x, w.conj(), "full")[k - 1 - before :][:count]
    y = xp.empty(count, x.dtype)
    for i in range(count):
        here, there = _meeting(i - before, n, k)
        y[i] = xp.dot(x[here], w[there])
    return y


def _meeting(shift: int, n: int, k: int) -> tuple[slice, slice]:
    """Of n elements, and of k that begin `shift` further on, those that lie on one another."""
    return slice(max(shift, 0), min(shift + k, n)), slice(max(-shift, 0), max(min(k, n - shift), 0))


def _directly(xp: Any, x: Any, w: Any, low: Shape, counts: Shape, batch: int) -> Any:
    """A step for each element of the kernel, or of the result where these are fewer."""
    y = xp.zeros((*x.shape[:batch], *counts), x.dtype)
    lead, axes = (slice(None),) * batch, tuple(range(batch, len(x.shape)))
    lengths, kernel = x.shape[batch:], w.shape[batch:]
    by_result = prod(counts) < prod(kernel)
    for step in np.ndindex(*(counts if by_result else kernel)):
        shifts = [i - a for i, a in zip(step, low, strict=True)]
        moved = zip(shifts, lengths, kernel if by_result else counts, strict=True)
        met = [_meeting(*m) for m in moved]
        here, there = (..., *[a for a, _ in met]), (..., *[b for _, b in met])
        if by_result:
            y[(*lead, *step)] = xp.sum(x[here] * w[there], axis=axes)
        else:
            tap = w[(*lead, *step)].reshape((*w.shape[:batch], *[1] * len(counts)))
            y[there] += x[here] * tap
    return y


def _by_fft(xp: Any, x: Any, w: Any, low: Shape, counts: Shape, batch: int) -> Any:
    """The product of the spectra, of so many samples that what wraps around is not asked for."""
    axes = tuple(range(batch, len(x.shape)))
    host = scipy_namespace(np, "fft")  # only asked for a good length
    real = x.dtype.kind != "c"
    first = [k - 1 - a for k, a in zip(w.shape[batch:], low, strict=True)]
    reached = zip(x.shape[batch:], low, first, counts, strict=True)
    sizes = [host.next_fast_len(max(n + a, b + c), real) for n, a, b, c in reached]
    mirrored = w[(..., *[slice(None, None, -1)] * len(axes))]
    forward, back = (xp.fft.rfftn, xp.fft.irfftn) if real else (xp.fft.fftn, xp.fft.ifftn)
    spectrum = forward(x, sizes, axes=axes) * forward(mirrored, sizes, axes=axes)
    y = back(spectrum, sizes, axes=axes)
    asked = [slice(b, b + c) for b, c in zip(first, counts, strict=True)]
    return y[(..., *asked)].astype(x.dtype)


def _correlate_transpose(
    ct: Any, i: int, x: Any, w: Any, *, low: Shape, high: Shape, batch: int, method: str
) -> Any:
    if i == 1:
        return correlate(x, ct, low=low, high=high, batch=batch, method=method)
    kernel = w.shape[batch:]
    back = [tuple([k - 1 - a for k, a in zip(kernel, m, strict=True)]) for m in (low, high)]
    mirrored = flip(w, axes=tuple(range(batch, len(w.shape))))
    return correlate(ct, mirrored, low=back[0], high=back[1], batch=batch, method=method)


def _correlate_batch(
    size: int, xs: Sequence[Any], mapped: Sequence[bool], *, low: Shape, high: Shape, batch: int,
    method: str,
) -> Any:  # fmt: skip
    x, w = xs
    if not mapped[1] and not batch:  # the kernel slides along the new axis, too
        low, high = (0, *low), (0, *high)
        one = reshape(w, shape=(1, *w.shape))
        return correlate(x, one, low=low, high=high, batch=0, method=method)
    full = [v if m else spread(v, size) for v, m in zip(xs, mapped, strict=True)]
    return correlate(*full, low=low, high=high, batch=batch + 1, method=method)


def _correlate_cost(
    in_types: Any, out_types: Any, *, low: Shape, high: Shape, batch: int, method: str
) -> int:
    x, w = in_types
    if method == "fft":
        size = max(x.size, out_types[0].size)
        return int(15 * size * log2(max(size, 2)))
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
    taps = reshape(a, shape=(*a.shape[:batch], *[1] * (n - 1 - batch), count))
    others = (0,) * (n - 1 - batch)
    low, high = (*others, count), (*others, -1)
    taps = flip(taps, axes=(n - 1,))
    return correlate(y, taps, low=low, high=high, batch=batch, method="direct")


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
