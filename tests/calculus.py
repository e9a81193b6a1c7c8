"""Derivatives of programs, and of numbers by differences, for tests that compare the two.

`tangents` and `cotangents` turn a program into that of its derivative, in forward and in reverse
mode; applied to one another they give every order of second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.ir.editing import prune
from autodiff.ir.program import Program
from autodiff.tracing.build import build, evaluate
from autodiff.transforms.jvp import jvp
from autodiff.transforms.linearize import Linearized, linearize

__all__ = [
    "cotangents",
    "difference",
    "evaluated",
    "inexact",
    "inner",
    "jacobian_by_columns",
    "jacobian_by_rows",
    "linearized",
    "pushed",
    "tangents",
]

Arrays = Sequence[Any]
Mask = tuple[bool, ...]


def inexact(types: Sequence[Any]) -> tuple[bool, ...]:
    """Which of these types (or arrays) have derivatives."""
    return tuple([t.dtype.kind in "fc" for t in types])


def evaluated(program: Program, args: Arrays) -> list[Any]:
    """The outputs, without floating-point warnings."""
    with np.errstate(all="ignore"):
        return evaluate(program, args)


# ---- derivatives of programs


@lru_cache
def pushed(program: Program, active: Mask | None = None) -> Program:
    """`(x, dx) -> (y, dy)`, with a tangent for every output of a floating-point dtype."""
    wanted = inexact(program.out_types)
    forward, out_active = jvp(program, active or inexact(program.in_types), wanted)
    assert out_active == wanted
    return forward


@lru_cache
def tangents(program: Program, active: Mask | None = None) -> Program:
    """`(x, dx) -> dy`, with a tangent for each active input (by default: all that have one)."""
    forward = pushed(program, active)
    return prune(replace(forward, outputs=forward.outputs[len(program.outputs) :]))


@lru_cache
def linearized(program: Program, active: Mask | None = None) -> Linearized:
    """The value of a program and its derivative as a linear program."""
    return linearize(program, active or inexact(program.in_types))


@lru_cache
def cotangents(program: Program, active: Mask | None = None) -> Program:
    """`(x, ct of y) -> ct of each active x`."""
    linear = linearized(program, active)
    back = linear.transposed()
    n, m = len(program.inputs), len(program.outputs)
    wanted = inexact(program.out_types)

    def fun(*args: Any) -> Any:
        outs = evaluate(linear.known, args[:n])
        seeds = iter(args[n:])
        cts = [next(seeds) if w else None for w in wanted]
        live = [ct for ct, a in zip(cts, linear.active, strict=True) if a]
        return evaluate(back, [*outs[m:], *live])

    types = [*program.in_types, *[t for t, w in zip(program.out_types, wanted, strict=True) if w]]
    derived = build(fun, types, f"cotangents_{program.name}")
    mask = active or inexact(program.in_types)
    assert derived.out_types == tuple([t for t, a in zip(program.in_types, mask, strict=True) if a])
    return derived


# ---- numbers


def inner(xs: Arrays, ys: Arrays) -> float:
    """The sum of all products; of complex ones the real part, without conjugation."""
    with np.errstate(all="ignore"):
        return float(sum([np.sum(x * y).real for x, y in zip(xs, ys, strict=True)]))


def difference(
    f: Callable[[Arrays], Arrays], xs: Arrays, dxs: Arrays, step: float = 1e-3
) -> list[Any]:
    """The derivative of `f` along `dxs`, by central differences with one step of Richardson's."""

    def central(h: float) -> list[Any]:
        high, low = (
            f([x if d is None else x + s * d for x, d in zip(xs, dxs, strict=True)])
            for s in (h, -h)
        )
        return [(np.asarray(a) - np.asarray(b)) / (2 * h) for a, b in zip(high, low, strict=True)]

    pairs = zip(central(step), central(step / 2), strict=True)
    return [(4 * fine - coarse) / 3 for coarse, fine in pairs]


def _basis(arrays: Arrays) -> list[list[Any]]:
    """Zeros but for one entry, for each entry; for complex entries, with 1 and with 1j."""
    vectors = []
    for i, x in enumerate(arrays):
        for position in np.ndindex(x.shape):
            for unit in (1, 1j) if x.dtype.kind == "c" else (1,):
                vector = [np.zeros(y.shape, y.dtype) for y in arrays]
                vector[i][position] = unit
                vectors.append(vector)
    return vectors


def _flat(arrays: Arrays, sign: int = 1) -> Any:
    """All entries as reals: for each complex one its real part, and `sign` times the other."""
    parts = []
    for x in map(np.asarray, arrays):
        if x.dtype.kind == "c":
            x = np.stack([x.real, sign * x.imag], axis=-1)
        parts.append(x.reshape(-1))
    return np.concatenate([np.zeros(0), *parts])


def jacobian_by_columns(program: Program, xs: Arrays) -> Any:
    """The Jacobian over the reals, in forward mode: a column for each entry of the inputs."""
    push = tangents(program)
    active = [x for x, a in zip(xs, inexact(program.in_types), strict=True) if a]
    columns = [_flat(evaluated(push, [*xs, *dxs])) for dxs in _basis(active)]
    return np.stack(columns, axis=1) if columns else np.zeros((0, 0))


def jacobian_by_rows(program: Program, xs: Arrays) -> Any:
    """The same in reverse mode: a row for each entry of the outputs.

    A cotangent gives the real part of a product without conjugation, hence the signs.
    """
    pull = cotangents(program)
    outs = [np.zeros(t.shape, t.dtype) for t in program.out_types if t.inexact]
    rows = [_flat(evaluated(pull, [*xs, *map(np.conj, cts)]), sign=-1) for cts in _basis(outs)]
    return np.stack(rows) if rows else np.zeros((0, 0))
