"""Derivatives of black boxes on the host: by differences, or by a complex step.

Everything here is NumPy and happens outside of any trace. Functions take and return containers;
tangents and cotangents have None where there is no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.api.arguments import is_inexact
from autodiff.tracing import tree

__all__ = ["by_complex_step", "by_richardson", "pulled", "pushed"]

Arrays = list[Any]
Flat = Callable[[Arrays], Arrays]
Derivative = Callable[[Flat, Arrays, Arrays], Arrays]  # of a function, at x, along dx

_LEVELS = 8  # steps, each half of the one before
_ROUNDS = 4  # of so many steps, if the first ones were too long
_TINY = 1e-20  # its square vanishes beside 1 in every dtype


def by_richardson(f: Flat, xs: Arrays, dxs: Arrays, *, step: float | None = None) -> Arrays:
    """Central differences for steps that are halved again and again, extrapolated to zero.

    For each element the entry of the tableau is chosen that differs least from its neighbours
    (C. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982); what is not finite there
    is passed over, so the first steps may lead out of the domain. `step` is the first, in relation
    to the size of x (but at least 1). Where eight steps do not lead to a limit, since all were too
    long for the function (1/x near zero, the sine of a large number), eight shorter ones follow.
    """
    largest = _largest(xs, dxs)
    eps = max([float(np.finfo(x.dtype).eps) for x in xs], default=1.0)
    h = (step or eps**0.125) / largest if largest else 0.0

    def central(h: float) -> Arrays:
        ahead, behind = (f(_moved(xs, dxs, s)) for s in (h, -h))
        scales[:] = [eps**0.5 * largest * abs(y) for y in ahead]
        return [(a - b) / a.dtype.type(2 * h) for a, b in zip(ahead, behind, strict=True)]

    scales: Arrays = []  # less than that is nothing
    with np.errstate(all="ignore"):
        if not largest:
            return [np.zeros_like(y) for y in f(xs)]
        found: list[tuple[Any, Any]] = []
        for start in (h / 2 ** (_LEVELS * i) for i in range(_ROUNDS)):
            if found and start / 2**_LEVELS * largest < eps**0.8:  # x would hardly change
                break
            steps = [central(start / 2**k) for k in range(_LEVELS)]
            new = [_extrapolated(column) for column in zip(*steps, strict=True)]
            found = [_better(*pair) for pair in zip(found or new, new, strict=True)]
            if all(
                np.all((error <= eps**0.3 * abs(best)) | (error <= scale))
                for (best, error), scale in zip(found, scales, strict=True)
            ):
                break
        return [best for best, _ in found]


def _better(old: tuple[Any, Any], new: tuple[Any, Any]) -> tuple[Any, Any]:
    """Of two limits with their errors the one with less, for each element."""
    less = new[1] < old[1]
    return np.where(less, new[0], old[0]), np.where(less, new[1], old[1])


def _extrapolated(row: Sequence[Any]) -> tuple[Any, Any]:
    """The limit of a sequence whose error is a series in h², for h that is halved each time.

    With it comes how uncertain it is.
    """
    best, error = row[-1], np.full(row[0].shape, np.inf)
    before: Arrays = []
    for first in row:
        current = [first]
        for k, old in enumerate(before, 1):
            finer = current[-1]
            new = finer + (finer - old) / (4**k - 1)
            current.append(new)
            estimate = np.maximum(abs(new - finer), abs(new - old))
            better = estimate < error  # never if it is NaN
            best, error = np.where(better, new, best), np.where(better, estimate, error)
        before = current
    return best.astype(row[0].dtype), error


def by_complex_step(f: Flat, xs: Arrays, dxs: Arrays) -> Arrays:
    """The imaginary part of f(x + ih dx), over h: without cancellation, so as exact as f itself.

    (W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions,
    1998.) The function must be written so that it is right for complex arguments, too.
    """
    if any(x.dtype.kind == "c" for x in xs):
        raise TypeError(
            'numeric_rule: method="complex" differentiates by real arguments, and one is complex. '
            'Write instead: method="richardson"'
        )
    largest = _largest(xs, dxs)
    h = _TINY / largest if largest else 0.0
    ys = f(
        [x + np.asarray(1j * h * d, np.result_type(x, 1j)) for x, d in zip(xs, dxs, strict=True)]
    )
    if any(y.dtype.kind != "c" for y in ys):
        raise TypeError(
            'numeric_rule: method="complex" needs a function that is complex for complex '
            "arguments, and a result was real (by `abs`, `.real` or a comparison, say). Write "
            'instead: method="richardson"'
        )
    return [y.imag / (h or 1.0) for y in ys]


def _largest(xs: Arrays, dxs: Arrays) -> float:
    """How far the change goes, in relation to the size of what is changed."""
    ratios = [
        np.max(abs(d) / np.maximum(abs(x), 1), initial=0) for x, d in zip(xs, dxs, strict=True)
    ]
    return float(max(ratios, default=0.0))


def _moved(xs: Arrays, dxs: Arrays, h: float) -> Arrays:
    return [x + x.dtype.type(h) * d for x, d in zip(xs, dxs, strict=True)]


# ---- containers


def pushed(
    fun: Callable[..., Any], derivative: Derivative, xs: tuple[Any, ...], dxs: tuple[Any, ...]
) -> Any:
    """The tangent of the result of `fun`."""
    leaves, spec = tree.flatten(xs)
    places = [i for i, x in enumerate(leaves) if is_inexact(x)]
    last: list[Any] = []

    def flat(moved: Arrays) -> Arrays:
        full = list(leaves)
        for i, x in zip(places, moved, strict=True):
            full[i] = x[()]
        ys, out_spec = tree.flatten(fun(*tree.unflatten(spec, full)))
        last[:] = [out_spec, [is_inexact(y) for y in ys]]
        return [np.asarray(y) for y in ys if is_inexact(y)]

    start, change = [leaves[i] for i in places], tree.flatten(dxs)[0]
    dys = derivative(flat, list(map(np.asarray, start)), list(map(np.asarray, change)))
    out_spec, moving = last
    remaining = iter(dys)
    return tree.unflatten(out_spec, [next(remaining)[()] if m else None for m in moving])


def pulled(
    fun: Callable[..., Any], derivative: Derivative, xs: tuple[Any, ...], ct: Any
) -> tuple[Any, ...]:
    """The cotangents of the arguments of `fun`: one evaluation of the derivative for each entry."""
    leaves, spec = tree.flatten(xs)
    cts = tree.flatten(ct)[0]
    zeros: list[Any] = [np.zeros_like(x) if is_inexact(x) else None for x in leaves]
    push = partial(pushed, fun, derivative, xs)

    def along(i: int, index: tuple[int, ...], unit: complex) -> float:
        dx = zeros[i].copy()
        dx[index] = unit
        column = tree.flatten(push(tree.unflatten(spec, [*zeros[:i], dx, *zeros[i + 1 :]])))[0]
        return sum([np.sum(c * d).real for c, d in zip(cts, column, strict=True)])

    found: list[Any] = []
    for i, zero in enumerate(zeros):
        x: Any = zero if zero is None else zero.copy()
        for index in () if zero is None else np.ndindex(zero.shape):
            x[index] = along(i, index, 1)
            if x.dtype.kind == "c":  # the product is without conjugation, as everywhere
                x[index] -= 1j * along(i, index, 1j)
        found.append(x)
    return tree.unflatten(spec, found)
