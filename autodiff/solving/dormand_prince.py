"""The Dormand–Prince method: an explicit Runge–Kutta method that chooses its own steps.

Each step is of order 5, and a second result of order 4 says how wrong it may be. A step that is
more wrong than asked is taken again with a smaller size; the size of the next follows from the
errors of this and the last one (a PI controller). Between its ends a step is interpolated by a
polynomial of degree 4, so that the times at which results are wanted do not make the steps smaller.

The method and its coefficients are from Dormand and Prince, "A family of embedded Runge-Kutta
formulae" (1980); interpolation, first step size and controller from Hairer, Nørsett and Wanner,
"Solving Ordinary Differential Equations I" (2nd edition, II.4 to II.6).

Derivatives are those of the steps that were taken: step sizes are constants to them. (How far the
result depends on the choice of steps is within the tolerances.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.loops import scan, while_loop
from autodiff.api.memory import stop_gradient
from autodiff.control.require import require

__all__ = ["Field", "Settings", "integrate"]

Leaves = list[Any]
Field = Callable[[Leaves, Any], Leaves]  # (y, t) -> dy/dt

_NODES = (1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
_STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
_BEND = (
    -12715105075 / 11282082432,
    0,
    87487479700 / 32700410799,
    -10690763975 / 1880347072,
    701980252875 / 199316789632,
    -1453857185 / 822651844,
    69997945 / 29380423,
)

_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 10.0
_OF_ERROR, _OF_PREVIOUS = 0.17, 0.04  # exponents of the controller
_HOPELESS = 1e10  # the error of a step that is not finite


class Settings(NamedTuple):
    """How exactly to solve, and how much may be done for it."""

    rtol: float
    atol: float
    max_steps: int
    save_steps: bool  # whether reverse mode finds each step, or takes most of them again


class _Step(NamedTuple):
    """The step that was taken last: where it began, and what interpolates it."""

    t: Any
    h: Any
    y: Leaves
    slope: Leaves  # at its beginning
    mean: Leaves  # (y at its end - y) / h
    bend: Leaves


class _State(NamedTuple):
    """Where the solution is, and what is known about the next step."""

    t: Any
    y: Leaves
    slope: Leaves
    h: Any  # size of the next step, positive
    ratio: Any  # of the last accepted step: its error, in units of the tolerance
    grow: Any  # how much larger the next step may be
    steps: Any
    last: _Step


def integrate(field: Field, y0: Leaves, ts: Any, settings: Settings) -> Leaves:
    """The solution of y' = field(y, t), y(ts[0]) = y0 at all ts, along a new first axis.

    The leaves of `y0` are floating-point arrays, and `ts` is one, in order or in reverse order.
    """
    start, end = ts[0], stop_gradient(ts[-1])
    sign = np.where(end < stop_gradient(start), -1.0, 1.0).astype(ts.dtype)
    advance = _Advance(field, end, sign, settings)
    first = _started(field, y0, start, abs(end - stop_gradient(start)), sign, settings)

    def to_next(state: _State, t: Any) -> tuple[_State, Leaves]:
        target = stop_gradient(t)

        def short_of_it(state: _State) -> Any:
            now = stop_gradient(state.t)
            moves = (now + sign * state.h - now) * sign > 0
            return ((target - now) * sign > 0) & moves & (state.steps < settings.max_steps)

        state = while_loop(short_of_it, advance, state, checkpointed=not settings.save_steps)
        return state, _interpolated(state, t)

    state, ys = scan(to_next, first, ts[1:])
    rows = [np.concatenate([y[None], row]) for y, row in zip(y0, ys, strict=True)]
    return _assured(rows, state, stop_gradient(ts), sign, settings)


class _Advance:
    """Try a step: `state -> state`, which is further on if the step was exact enough."""

    def __init__(self, field: Field, end: Any, sign: Any, settings: Settings) -> None:
        self.field, self.end, self.sign, self.settings = field, end, sign, settings

    def __call__(self, state: _State) -> _State:
        t, y = state.t, state.y
        now = stop_gradient(t)
        # Late in time few digits are left for a step: it is as long as the clock shows afterwards.
        size = np.minimum(state.h, abs(self.end - now))
        h = (now + self.sign * size) - now
        slopes = [state.slope]
        for node, weights in zip(_NODES, _STAGES, strict=True):
            mean = _combined(weights, slopes)
            reached = _moved(y, h, mean)
            slopes.append(self.field(reached, t + node * h))
        error = _combined(_ERROR, stop_gradient(slopes))
        ratio = abs(h) * _size(error, stop_gradient(y), stop_gradient(reached), self.settings)
        ratio = np.where(np.isfinite(ratio), np.maximum(ratio, 1e-10), _HOPELESS)
        accepted = ratio <= 1.0
        growth = _SAFETY * np.where(accepted, state.ratio**_OF_PREVIOUS, 1.0) / ratio**_OF_ERROR
        return _State(
            t=np.where(accepted, t + h, t),
            y=_chosen(accepted, reached, y),
            slope=_chosen(accepted, slopes[-1], state.slope),
            h=size * np.clip(growth, _SHRINK, state.grow),
            ratio=np.where(accepted, np.maximum(ratio, 1e-4), state.ratio),
            grow=np.where(accepted, _GROW, 1.0).astype(h.dtype),
            steps=state.steps + 1,
            last=_Step(t, h, y, state.slope, mean, _combined(_BEND, slopes)),
        )


def _interpolated(state: _State, t: Any) -> Leaves:
    """The solution at a time within the step that was taken last.

    It is written in slopes, so that its derivative by the time is exact for the shortest steps.
    """
    step, ends = state.last, state.slope
    since = t - step.t
    part = since / step.h
    rows = []
    for y, a, b, mean, bend in zip(step.y, step.slope, ends, step.mean, step.bend, strict=True):
        s = _like(part, y)
        inner = (2.0 * mean - a - b) + (1.0 - s) * bend
        rows.append(y + _like(since, y) * (mean + (1.0 - s) * ((a - mean) + s * inner)))
    return rows


def _started(field: Field, y0: Leaves, t0: Any, span: Any, sign: Any, settings: Settings) -> _State:
    """The state before the first step, whose size is guessed from how the slope changes."""
    slope = field(y0, t0)
    with np.errstate(all="ignore"):
        y, f, t = stop_gradient((y0, slope, t0))
        d0, d1 = _size(y, y, y, settings), _size(f, y, y, settings)
        small = np.minimum(d0, d1) < 1e-5
        h0 = np.where(small, 1e-6, 0.01 * d0 / np.where(small, 1.0, d1))
        h0 = np.minimum(h0, span)
        ahead = stop_gradient(field(_moved(y, sign * h0, f), t + sign * h0))
        change = [b - a for a, b in zip(f, ahead, strict=True)]
        d2 = _size(change, y, y, settings) / np.where(h0 > 0, h0, 1.0)
        most = np.maximum(d1, d2)
        flat = most <= 1e-15
        h1 = np.where(
            flat, np.maximum(1e-6, 1e-3 * h0), (0.01 / np.where(flat, 1.0, most)) ** (1 / 5)
        )
        least = 4 * float(np.finfo(t0.dtype).eps) * abs(t)  # less would not move the clock
        h = np.maximum(np.minimum(100 * h0, h1).astype(t0.dtype), least)
    one = np.ones_like(t)
    none = [np.zeros_like(x) for x in y]
    return _State(
        t0, y0, slope, h, 1e-4 * one, _GROW * one, np.int64(0),
        _Step(t0, one, y0, slope, slope, none),
    )  # fmt: skip


def _assured(rows: Leaves, state: _State, ts: Any, sign: Any, settings: Settings) -> Leaves:
    """The solution, or an error if it is none."""
    t, steps = stop_gradient(state.t), state.steps
    in_order = np.all(np.isfinite(ts)) & np.all((ts[1:] - ts[:-1]) * sign >= 0)
    reached = (ts[-1] - t) * sign <= 0
    tired = steps >= settings.max_steps
    checks = [
        (
            in_order,
            (),
            "odeint: the times ts are not finite numbers in order; sort them (rising or falling)",
        ),
        (
            reached | ~tired,
            (t,),
            f"odeint gave up at t = {{0}} after max_steps={settings.max_steps} steps. Allow more, "
            "or larger errors (rtol, atol); for a stiff system, give an implicit method as solver",
        ),
        (
            reached | tired,
            (t,),
            "odeint cannot go on from t = {0}: dy/dt is not finite there, or the solution grows "
            "without bound",
        ),
    ]
    for holds, details, message in checks:
        rows = [require(y, holds, *details, message=message) for y in rows]
    return rows


# ---- leaves


def _combined(weights: Sequence[float], slopes: Sequence[Leaves]) -> Leaves:
    """The weighted sums of slopes."""
    return [
        reduce(add, [w * k for w, k in zip(weights, column, strict=True) if w])
        for column in zip(*slopes, strict=True)
    ]


def _moved(y: Leaves, h: Any, slope: Leaves) -> Leaves:
    return [a + _like(h, a) * k for a, k in zip(y, slope, strict=True)]


def _chosen(flag: Any, xs: Leaves, ys: Leaves) -> Leaves:
    return [np.where(flag, x, y) for x, y in zip(xs, ys, strict=True)]


def _like(scalar: Any, x: Any) -> Any:
    """A time in the precision of a state."""
    real = x.dtype.type(0).real.dtype
    return scalar if scalar.dtype == real else scalar.astype(real)


def _size(xs: Leaves, y: Leaves, z: Leaves, settings: Settings) -> Any:
    """The root mean square of what may be as large as the tolerance at y and z."""
    total: Any = 0.0
    for x, a, b in zip(xs, y, z, strict=True):
        allowed = settings.atol + settings.rtol * np.maximum(abs(a), abs(b))
        total = total + np.sum((abs(x) / allowed) ** 2)
    return np.sqrt(total / max(1, sum(x.size for x in xs)))
