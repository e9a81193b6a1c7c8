"""What a row of the surface table says: one call of a public function, as users write it.

A row is data: `test_laws.py` checks every law on every row, and `docs/coverage.md` is made from
the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.primitives.spec import Maker

__all__ = ["LAWS", "Row"]

LAWS = ("jvp", "vjp", "vmap", "second order", "jit", "emit", "cupy")


@dataclass(frozen=True, eq=False)
class Row:
    """One call of a function: its public name, the call on the inputs, and a maker for each input.

    `call` returns an array, or a tuple or list of arrays (a named tuple is one, too). `plain` is
    the call on plain arrays where that is another function (`scipy.linalg.expm` for
    `autodiff.scipy.linalg.expm`). `without` names the laws that cannot hold, each with the reason:
    `{"jit": "its length depends on values"}`. A function that is piecewise constant, or takes
    integers only, is `smooth=False`: no derivatives are taken. `wrt` are the inputs that
    derivatives are taken by (default: all that are floating-point or complex).
    """

    function: str
    call: Callable[..., Any]
    inputs: tuple[Maker, ...]
    id: str = ""
    plain: Callable[..., Any] | None = None
    smooth: bool = True
    order: int = 2
    wrt: tuple[int, ...] | None = None
    without: dict[str, str] | None = None
    tolerance: float = 1e-10  # of values (relative to the largest); derivatives: see test_laws

    def __str__(self) -> str:
        return f"{self.function}{'-' if self.id else ''}{self.id}"

    def make(self, seed: int = 0) -> list[Any]:
        """Arrays for the inputs."""
        rng = np.random.default_rng(seed)
        return [np.asarray(maker(rng)) for maker in self.inputs]

    def holds(self, law: str) -> bool:
        """Whether this law is asked of the row."""
        derivative = law in ("jvp", "vjp", "second order")
        if derivative and (not self.smooth or (law == "second order" and self.order < 2)):
            return False
        return law not in (self.without or {})
