"""`Sparsity`: a pattern that can be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Sparsity"]

_MOST = 40  # cells in a row or column of the picture


@dataclass(frozen=True, eq=False)
class Sparsity:
    """Where a Jacobian or Hessian may differ from zero, and how many products it takes.

    `print` draws it: `■` for an entry, or for a part of a large matrix that has any.

    Attributes:
        matrix: a `scipy.sparse.csr_array` of truth values, all of them true.
        colours: how many products with vectors give all entries.
        mode: how these are computed: "forward" and "reverse" for a Jacobian, "symmetric" for a
            Hessian (forward, with every entry read in its row or its column).
    """

    matrix: Any
    colours: int
    mode: str

    @property
    def nnz(self) -> int:
        """The number of entries."""
        return int(self.matrix.nnz)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        rows, columns = self.matrix.shape
        return rows, columns

    def __repr__(self) -> str:
        return f"<sparsity: {self._summary()}>"

    def __str__(self) -> str:
        if 0 in self.shape:
            return self._summary()
        cells = np.zeros([min(d, _MOST) for d in self.shape], bool)
        # Row r of d is drawn in cell r * cells // d: all cells stand for as many rows, or one less.
        where = [
            place.astype(np.int64) * n // d
            for place, n, d in zip(self.matrix.nonzero(), cells.shape, self.shape, strict=True)
        ]
        cells[tuple(where)] = True
        lines = [" ".join(["■" if hit else "·" for hit in row]) for row in cells]
        return "\n".join([self._summary(), *lines])

    def _summary(self) -> str:
        rows, columns = self.shape
        return f"{rows} x {columns}, {self.nnz} entries, {self.colours} colours ({self.mode})"
