"""What a row of the primitive table says: how to call a primitive so that the laws can be checked
on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.primitives.record import Primitive

Maker = Callable[[np.random.Generator], Any]


@dataclass(frozen=True, eq=False)
class Spec:
    """One call of a primitive: a maker for each input, and the params."""

    primitive: Primitive
    inputs: tuple[Maker, ...]
    params: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    smooth: bool = True  # whether finite differences are meaningful at these inputs
    order: int = 2  # up to which derivative the laws are checked
    # whether masks and patterns know every zero of the Jacobian; not those of factorisations,
    # whose derivatives are products of matrices with zeros in them
    exact: bool = True

    def __str__(self) -> str:
        return self.id or self.primitive.name

    def make(self, seed: int = 0) -> list[Any]:
        """Arrays for the inputs."""
        rng = np.random.default_rng(seed)
        return [maker(rng) for maker in self.inputs]


def uniform(low: float, high: float, shape: tuple[int, ...] = (2, 3), dtype: Any = float) -> Maker:
    """Numbers between `low` and `high`."""
    return lambda rng: rng.uniform(low, high, shape).astype(dtype)


def complex_uniform(low: float, high: float, shape: tuple[int, ...] = (2, 3)) -> Maker:
    """Complex numbers with both parts between `low` and `high`."""
    return lambda rng: rng.uniform(low, high, shape) + 1j * rng.uniform(low, high, shape)


def integers(low: int, high: int, shape: tuple[int, ...] = (2, 3), dtype: Any = np.int64) -> Maker:
    """Integers from `low` up to, not including, `high`."""
    return lambda rng: rng.integers(low, high, shape).astype(dtype)


def booleans(shape: tuple[int, ...] = (2, 3)) -> Maker:
    """Truth values."""
    return lambda rng: rng.random(shape) < 0.5


def distinct(shape: tuple[int, ...] = (2, 3), dtype: Any = float) -> Maker:
    """Numbers no two of which are close, in random order (for max, sort and the like)."""

    def make(rng: np.random.Generator) -> Any:
        size = int(np.prod(shape))
        return (rng.permutation(size).reshape(shape) * 0.37 - 0.18 * size + 0.05).astype(dtype)

    return make
