"""Functions that index and assign, run plainly and traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ir.checking import check
from autodiff.ir.types import type_of
from autodiff.tracing.build import evaluate
from autodiff.tracing.record import record

__all__ = ["assert_same", "random_index", "traced"]


def traced(fun: Callable[..., Any], *args: Any, values: bool = True) -> Any:
    """What the program of `fun` returns; without `values` it is traced as under `jit`."""
    types = None if values else [type_of(x) for x in args]
    recording = record(lambda xs: fun(*xs), list(args), label="fun", types=types)
    program = recording.program("fun")
    check(program)
    return recording.output(evaluate(program, recording.args()))


def assert_same(fun: Callable[..., Any], *args: Any, values: bool = True) -> None:
    """The traced function gives what the plain one gives: values, shapes and dtypes."""
    expected = fun(*[x.copy(order="K") for x in args])
    found = traced(fun, *args, values=values)
    several = isinstance(expected, tuple | list)
    for e, f in zip(expected, found, strict=True) if several else [(expected, found)]:
        assert np.shape(f) == np.shape(e)
        assert np.asarray(f).dtype == np.asarray(e).dtype
        np.testing.assert_array_equal(f, e)


def random_index(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """An index of any kind for an array of this shape, now and then one that does not fit."""
    entries: list[Any] = []
    used, common = 0, tuple(rng.integers(1, 4, rng.integers(0, 3)))
    while used < len(shape) and rng.random() > 0.15:
        entry, count = _random_entry(rng, shape, used, common)
        if entry is ... and any(e is ... for e in entries):
            continue
        entries.append(entry)
        used += count
    return tuple(entries)


def _random_entry(
    rng: np.random.Generator, shape: tuple[int, ...], used: int, common: tuple[int, ...]
) -> tuple[Any, int]:
    """An entry of an index, and how many axes it takes up."""
    size, kind = shape[used], rng.integers(0, 8)
    if kind == 0:
        return int(rng.integers(-size, size)), 1
    if kind == 1:
        start, stop = [int(k) if rng.random() < 0.7 else None for k in rng.integers(-4, 5, 2)]
        return slice(start, stop, (None, 1, 2, -1, -2)[rng.integers(0, 5)]), 1
    if kind == 2:
        return None, 0
    if kind == 3:
        return ..., int(rng.integers(0, len(shape) - used + 1))
    if kind == 4:
        count = int(rng.integers(1, len(shape) - used + 1))
        return rng.random(shape[used : used + count]) < 0.5, count
    if kind == 5:
        return rng.integers(0, size, 2).tolist(), 1
    if kind == 6 and rng.random() < 0.3:
        return bool(rng.integers(0, 2)), 0
    part = tuple([1 if rng.random() < 0.2 else d for d in common[rng.integers(0, 3) :]])
    return rng.integers(-size, size, part), 1
