"""`ode`: the solution of a differential equation, whose derivatives solve others.

    ode[program=f, solver=S, method=..., constants=c, maps=...] *constants *y0 ts -> *ys

`f: (constants, y, t) -> dy/dt`, and `S: (constants, y0, ts) -> ys` is a way to solve it, into which
no derivative looks. The tangent solves y' = f, z' = (df/dy) z + (df/dc) dc forwards in time. The
cotangent solves y' = f, a' = -(df/dy)ᵀ a, g' = -(df/dc)ᵀ a backwards, from each of the times at
which a cotangent arrives to the one before, beginning there with the y that is known. Both are
`ode` equations again, so every order follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.api.loops import scan
from autodiff.control.call import call
from autodiff.control.linear_call import linear_call
from autodiff.ir.editing import prune
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives.record import Primitive
from autodiff.solving.dormand_prince import Settings, integrate
from autodiff.solving.host_ode import HostSolver, host_ode
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.batch import batch
from autodiff.transforms.jvp import jvp
from autodiff.transforms.transpose import transpose

__all__ = ["Method", "ode", "solution"]

Mask = tuple[bool, ...]


class Method(NamedTuple):
    """How to solve: with Dormand and Prince's method, or with a function on the host."""

    rtol: float
    atol: float
    max_steps: int
    host: HostSolver | None


def solution(
    program: Program, method: tuple[Any, ...], constants: Sequence[Any], y0: Sequence[Any], ts: Any
) -> list[Any]:
    """The solution of y' = program(constants, y, t) from y0 on, at all ts."""
    return list(
        ode(
            *constants,
            *y0,
            ts,
            program=program,
            solver=_solver(program, tuple(method), ts.shape[0]),
            method=tuple(method),
            constants=len(constants),
            maps=(),
        )
    )


@lru_cache(maxsize=256)
def _solver(program: Program, method: tuple[Any, ...], times: int) -> Program:
    """`(constants, y0, ts) -> ys`."""
    n = len(program.outputs)
    how = Method(*method)

    def fun(*args: Any) -> Sequence[Any]:
        constants, y0, ts = args[: -n - 1], list(args[-n - 1 : -1]), args[-1]
        if how.host is not None:
            return host_ode(*args, program=program, host=how.host, rows=())

        def field(y: Sequence[Any], t: Any) -> list[Any]:
            return evaluate(program, [*constants, *y, t])

        settings = Settings(how.rtol, how.atol, how.max_steps, save_steps=True)
        return integrate(field, y0, ts, settings)

    *types, t = program.in_types
    return build(fun, [*types, t.with_shape((times,))], f"solve_{program.name}")


# ---- the rules


def _types(
    *types: ArrayType,
    program: Program,
    solver: Program,
    method: tuple[Any, ...],
    constants: int,
    maps: tuple[Any, ...],
) -> tuple[ArrayType, ...]:
    if types != solver.in_types:
        raise TypeError(f"{solver.name} takes {solver.in_types}, not {types}")
    return solver.out_types


def _batch(size: int, xs: Any, mapped: Any, **params: Any) -> Any:
    """Each row has its own steps; what that means for derivatives is only noted."""
    mask = tuple(mapped)
    every = (True,) * len(params["program"].outputs)
    params["solver"] = batch(params["solver"], mask, size, every)[0]
    params["maps"] = (*params["maps"], (size, mask))
    return ode(*xs, **params)


def _jvp(xs: Any, dxs: Any, **params: Any) -> Any:
    active = tuple([t is not None for t in dxs])
    program, constants = params["program"], params["constants"]
    times = params["solver"].in_types[-1].shape[-1]
    rule = _rule(program, params["method"], constants, times, active)
    for size, mapped in params["maps"]:
        moving = [m for m, a in zip(mapped, active, strict=True) if a]
        rule = batch(rule, (*mapped, *moving), size, (True,) * len(rule.outputs))[0]
    outs = call(*xs, *(t for t in dxs if t is not None), program=rule, policy=None)
    n = len(program.outputs)
    return outs[:n], list(outs[n:])


ode: Primitive = Primitive(
    "ode",
    types=_types,
    run=lambda xp, *xs, solver, **_: tuple(evaluate(solver, xs, xp)),
    jvp=_jvp,
    batch=_batch,
    python=lambda types, params: f"{{solver}}({', '.join(['{}'] * len(types))})",
    kind="holder",
    multiple=True,
)


# ---- derivatives


class _Linear(NamedTuple):
    """What the tangents of a solution are linear in: some constants, y0, some of the times."""

    constants: Mask
    state: Mask
    times: bool

    def cut(self, dxs: Sequence[Any]) -> tuple[list[Any], list[Any], Any]:
        """The tangents of active constants, those of y0 (or None), and that of the times."""
        n = sum(self.constants)
        remaining = iter(dxs[n:])
        state = [next(remaining) if a else None for a in self.state]
        return list(dxs[:n]), state, next(remaining, None)


@lru_cache(maxsize=256)
def _rule(
    program: Program, method: tuple[Any, ...], constants: int, times: int, active: Mask
) -> Program:
    """`(constants, y0, ts, active dx) -> (ys, dys)`."""
    *types, t = program.in_types
    n = len(program.outputs)
    ts = t.with_shape((times,))
    rows = [y.with_shape((times, *y.shape)) for y in program.out_types]
    linear = _Linear(active[:constants], active[constants:-1], active[-1])
    dxs = [x for x, a in zip([*types, ts], active, strict=True) if a]
    residuals = [*types[:constants], ts, *rows]
    name = program.name
    forward = build(
        lambda *args: _pushed(program, method, linear, _Known(args, constants, n)),
        [*residuals, *dxs],
        f"tangent_{name}",
    )
    transposed = build(
        lambda *args: _pulled(program, method, linear, _Known(args, constants, n)),
        [*residuals, *rows],
        f"cotangent_{name}",
    )

    def fun(*args: Any) -> Sequence[Any]:
        xs, moving = args[: len(active)], args[len(active) :]
        ys = solution(program, method, xs[:constants], xs[constants:-1], xs[-1])
        operands = [*xs[:constants], xs[-1], *ys, *moving]
        count = len(residuals)
        dys = linear_call(*operands, forward=forward, transposed=transposed, residuals=count)
        return [*ys, *dys]

    return build(fun, [*types, ts, *dxs], f"jvp_{name}", program.names)


class _Known:
    """The operands of a linear call: constants, times, the solution; and what it is linear in."""

    def __init__(self, args: Sequence[Any], constants: int, n: int) -> None:
        self.constants, self.ts = list(args[:constants]), args[constants]
        self.ys = list(args[constants + 1 : constants + 1 + n])
        self.moving = list(args[constants + 1 + n :])

    def slopes(self, program: Program) -> list[Any]:
        """The slopes at all times."""
        mapped = [i >= len(self.constants) for i in range(len(program.inputs))]
        every = (True,) * len(program.outputs)
        together = batch(program, tuple(mapped), self.ts.shape[0], every)[0]
        return evaluate(together, [*self.constants, *self.ys, self.ts])


def _pushed(
    program: Program, method: tuple[Any, ...], linear: _Linear, known: _Known
) -> Sequence[Any]:
    """The tangents of the solution at all times."""
    n = len(program.outputs)
    dcs, dy0, dts = linear.cut(known.moving)
    dy0 = [np.zeros_like(y[0]) if dy is None else dy for y, dy in zip(known.ys, dy0, strict=True)]
    slopes = []
    if dts is not None:
        slopes = known.slopes(program)
        dy0 = [dy - _scaled(k[0], dts[0]) for dy, k in zip(dy0, slopes, strict=True)]
    y0 = [y[0] for y in known.ys]
    both = _with_tangents(program, linear.constants)
    constants = [*known.constants, *dcs]
    dys = solution(both, method, constants, [*y0, *dy0], known.ts)[n:]
    if dts is None:
        return dys
    return [dy + _scaled(k, dts) for dy, k in zip(dys, slopes, strict=True)]


def _pulled(
    program: Program, method: tuple[Any, ...], linear: _Linear, known: _Known
) -> Sequence[Any]:
    """The cotangents of what the tangents are linear in, for cotangents at all times."""
    ts, cts = known.ts, known.moving
    n = len(cts)
    to_start, to_end = _between(program, method, linear.constants)
    zeros = [
        np.zeros(c.shape, c.dtype, like=ts)
        for c, a in zip(known.constants, linear.constants, strict=True)
        if a
    ]

    def to_previous(carry: Any, row: Any) -> Any:
        a, g = carry
        start, end, first, last, ct = row
        a = [x + dx for x, dx in zip(a, ct, strict=True)]
        residuals = [*known.constants, start, end, *first, *last]
        outs = linear_call(
            *residuals, *a, *g, forward=to_start, transposed=to_end, residuals=len(residuals)
        )
        return (list(outs[:n]), list(outs[n:])), None

    firsts, lasts = [y[:-1] for y in known.ys], [y[1:] for y in known.ys]
    later = ts[:-1], ts[1:], firsts, lasts, [ct[1:] for ct in cts]
    none = [np.zeros_like(ct[0]) for ct in cts]
    (a, g), _ = scan(to_previous, (none, zeros), later, reverse=True)
    found = [*g]
    found += [x + ct[0] for x, ct, active in zip(a, cts, linear.state, strict=True) if active]
    if linear.times:
        slopes = known.slopes(program)
        moved = [_dotted(k[1:], ct[1:], ts) for k, ct in zip(slopes, cts, strict=True)]
        first = [_dotted(k[:1], -x[None], ts) for k, x in zip(slopes, a, strict=True)]
        found.append(np.concatenate([sum(first), sum(moved)]))
    return found


@lru_cache(maxsize=256)
def _between(program: Program, method: tuple[Any, ...], active: Mask) -> tuple[Program, Program]:
    """From the end of an interval to its start, and the transpose of that.

    `(constants, start, end, y there, y here, a, g) -> (a, g)` goes back with cotangents, and
    `(..., z, dc) -> (z, dc)` forth with tangents.
    """
    *types, t = program.in_types
    c, n = len(active), len(program.outputs)
    back, forth = _with_cotangents(program, active), _with_tangents(program, active)

    def cut(args: Sequence[Any]) -> tuple[Any, ...]:
        start, end, *rest = args[c:]
        return args[:c], start, end, rest[:n], rest[n : 2 * n], rest[2 * n :]

    def to_start(*args: Any) -> list[Any]:
        constants, start, end, _, last, cts = cut(args)
        outs = solution(back, method, constants, [*last, *cts], np.stack([end, start]))
        return [x[1] for x in outs[n:]]

    def to_end(*args: Any) -> list[Any]:
        constants, start, end, first, _, dxs = cut(args)
        moving = [*constants, *dxs[n:]]
        outs = solution(forth, method, moving, [*first, *dxs[:n]], np.stack([start, end]))
        return [*(x[1] for x in outs[n:]), *dxs[n:]]

    dcs = [x for x, a in zip(types[:c], active, strict=True) if a]
    ins = [*types[:c], t, t, *types[c:], *types[c:], *types[c:], *dcs]
    name = program.name
    return build(to_start, ins, f"back_{name}"), build(to_end, ins, f"forth_{name}")


def _scaled(x: Any, dt: Any) -> Any:
    """`x`, one or a row for each time, times `dt`."""
    dt = dt.astype(x.dtype)
    return x * dt.reshape(dt.shape + (1,) * (x.ndim - dt.ndim))


def _dotted(slopes: Any, cts: Any, ts: Any) -> Any:
    """For each row the sum of products, as a derivative by a time."""
    total = np.sum(slopes * cts, axis=tuple(range(1, cts.ndim)))
    return (total.real if total.dtype.kind == "c" else total).astype(ts.dtype)


# ---- augmented systems


def _state_and(program: Program, constants: Mask) -> Mask:
    """The inputs of f that have a tangent: the marked constants, y; not t."""
    return (*constants, *[True] * len(program.outputs), False)


@lru_cache(maxsize=256)
def _tangent(program: Program, constants: Mask) -> Program:
    """`(constants, y, t, dc, z) -> (f, df)`."""
    return jvp(program, _state_and(program, constants), (True,) * len(program.outputs))[0]


@lru_cache(maxsize=256)
def _with_tangents(program: Program, constants: Mask) -> Program:
    """`(constants, dc, y, z, t) -> (y', z')`."""
    pushed = _tangent(program, constants)
    c, n, m = len(constants), len(program.outputs), sum(constants)
    ins, names = pushed.inputs, pushed.names

    def ordered(xs: Sequence[Any]) -> tuple[Any, ...]:
        own, moving = xs[: c + n + 1], xs[c + n + 1 :]
        return (*own[:c], *moving[:m], *own[c:-1], *moving[m:], own[-1])

    return replace(pushed, inputs=ordered(ins), input_names=ordered(names))


@lru_cache(maxsize=256)
def _with_cotangents(program: Program, constants: Mask) -> Program:
    """`(constants, y, a, g, t) -> (y', a', g')`."""
    pushed = _tangent(program, constants)
    c, n = len(constants), len(program.outputs)
    linear = prune(replace(pushed, outputs=pushed.outputs[n:]))
    moving = len(linear.inputs) - len(program.inputs)
    pull = transpose(linear, (False,) * len(program.inputs) + (True,) * moving)
    gathered = [x for x, a in zip(program.in_types, constants, strict=False) if a]

    def fun(*args: Any) -> Sequence[Any]:
        fixed, y, a, t = args[:c], args[c : c + n], args[c + n : c + 2 * n], args[-1]
        pulled = evaluate(pull, [*fixed, *y, t, *a])
        slopes = evaluate(program, [*fixed, *y, t])
        dcs, dys = pulled[:-n], pulled[-n:]
        return [*slopes, *(-x for x in dys), *(-x for x in dcs)]

    *types, t = program.in_types
    return build(fun, [*types, *program.out_types, *gathered, t], f"adjoint_{program.name}")
