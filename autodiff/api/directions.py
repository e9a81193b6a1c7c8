"""A point and directions from it, by which `check_grads` takes finite differences.

A direction is a list of NumPy arrays, one for each floating-point leaf of the arguments. Their
entries are numbered through, over all leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from autodiff.api.arguments import function_name, is_inexact, parameter_names
from autodiff.arrays import namespace, to_host
from autodiff.ir.types import type_of
from autodiff.tracing import tree

__all__ = ["Directions", "index_text", "numbers", "placed", "random_like"]

Direction = list[Any]


class Directions:
    """The arguments of a function, and how to go on from there."""

    def __init__(self, fun: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.args = args
        self.leaves, self.spec = tree.flatten(args)
        self.positions = [i for i, x in enumerate(self.leaves) if is_inexact(x)]
        self.origin = numbers(args)
        self.ends = [0, *accumulate(x.size for x in self.origin)]
        parameters = parameter_names(fun)[: len(args)]
        parameters += [f"arg{i}" for i in range(len(parameters), len(args))]
        paths = [p + path for p, x in zip(parameters, args, strict=True) for path in tree.paths(x)]
        self.names = [paths[i] for i in self.positions]
        if not self.positions:
            raise TypeError(
                f"check_grads of {function_name(fun)}: no argument is floating-point. Write "
                "instead: `x.astype(float)` for an array, `float(x)` for a number"
            )

    def random(self, rng: np.random.Generator) -> Direction:
        """A random direction, longer where the arguments are larger."""
        return [
            (d * _size(x)).astype(x.dtype)
            for d, x in zip(random_like(self.origin, rng), self.origin, strict=True)
        ]

    def of_entry(self, number: int, *, imaginary: bool = False) -> Direction:
        """The direction in which only one entry moves, or the imaginary part of it."""
        everything = [
            np.full(x.shape, 1j if imaginary and x.dtype.kind == "c" else 1, x.dtype)
            for x in self.origin
        ]
        return self.restricted(everything, number, number + 1)

    def restricted(self, direction: Direction, start: int, stop: int) -> Direction:
        """Only the entries with numbers from `start` to `stop`."""
        parts = []
        for d, begin, end in zip(direction, self.ends, self.ends[1:], strict=False):
            inside = np.arange(begin, end).reshape(d.shape)
            parts.append(np.where((start <= inside) & (inside < stop), d, d.dtype.type(0)))
        return parts

    def name(self, number: int) -> str:
        """How the user would write an entry: `params['w'][0, 3]`."""
        leaf = self._leaf(number)
        return self.names[leaf] + index_text(number - self.ends[leaf], self.origin[leaf].shape)

    def is_complex(self, number: int) -> bool:
        """Whether an entry is complex."""
        return self.origin[self._leaf(number)].dtype.kind == "c"

    def _leaf(self, number: int) -> int:
        return next(i for i, end in enumerate(self.ends[1:]) if number < end)

    def entries(self, rng: np.random.Generator, count: int) -> list[int]:
        """Up to `count` entries of each leaf, chosen at random."""
        chosen = [
            begin + rng.permutation(end - begin)[:count]
            for begin, end in zip(self.ends, self.ends[1:], strict=False)
        ]
        return sorted(np.concatenate(chosen).tolist())

    def difference(self, fun: Callable[..., Any], direction: Direction, step: float) -> list[Any]:
        """The derivative of `fun` in a direction by central differences, extrapolated once.

        No entry moves by more than `step` times its size.
        """
        ratios = [(abs(d) / _size(x)).ravel() for d, x in zip(direction, self.origin, strict=True)]
        h = step / (max(np.concatenate(ratios), default=0.0) or 1.0)
        coarse, fine = self._central(fun, direction, h), self._central(fun, direction, h / 2)
        return [(4 * b - a) / 3 for a, b in zip(coarse, fine, strict=True)]

    def _central(self, fun: Callable[..., Any], direction: Direction, h: float) -> list[Any]:
        ahead, behind = (numbers(fun(*self._shifted(direction, s))) for s in (h, -h))
        return [(a - b) / (2 * h) for a, b in zip(ahead, behind, strict=True)]

    def _shifted(self, direction: Direction, distance: float) -> tuple[Any, ...]:
        moved = [x + d * distance for x, d in zip(self.origin, direction, strict=True)]
        return self._filled(self.leaves, moved)

    def tangents(self, direction: Direction) -> tuple[Any, ...]:
        """The direction as containers like the arguments."""
        return self._filled([None] * len(self.leaves), direction)

    def _filled(self, leaves: Sequence[Any], moving: Iterable[Any]) -> tuple[Any, ...]:
        new = list(leaves)
        for i, x in zip(self.positions, moving, strict=True):
            new[i] = placed(x, self.leaves[i])
        return tree.unflatten(self.spec, new)


def _size(x: Any) -> Any:
    """How large each entry is, but at least 1."""
    return np.maximum(abs(x), 1)


def placed(value: Any, like: Any) -> Any:
    """An array of NumPy's in the dtype and the array library of another."""
    return namespace([like]).asarray(value, dtype=type_of(like).dtype)[()]


def numbers(container: Any) -> list[Any]:
    """The floating-point leaves of a container as arrays of NumPy's."""
    return [np.asarray(to_host(x)) for x in tree.flatten(container)[0] if is_inexact(x)]


def random_like(arrays: Sequence[Any], rng: np.random.Generator) -> list[Any]:
    """Random arrays of the shapes and dtypes of others."""
    made = []
    for x in arrays:
        parts = rng.normal(size=(2, *x.shape))
        made.append((parts[0] + 1j * parts[1] if x.dtype.kind == "c" else parts[0]).astype(x.dtype))
    return made


def index_text(number: int, shape: tuple[int, ...]) -> str:
    """The index of an entry of an array, by its number."""
    return str([int(i) for i in np.unravel_index(number, shape)]) if shape else ""
