"""Boolean matrices that say which elements depend on which, for `sparsity`.

Rows are the elements of a variable, columns the elements of the inputs. There is one more column
for each input, which stands for all of its elements: so a mean that is subtracted everywhere costs
one entry in each row, and not as many as there are elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.arrays import scipy_namespace

__all__ = [
    "Columns", "Matrix", "product", "repeated", "selection", "stacked", "total_of",
    "with_empty_rows",
]  # fmt: skip

Matrix = Any  # a `scipy.sparse.csr_array` of truth values
_LARGE = 64  # elements of an input from which on it is worth a column as a whole


def _matrix(data: Any, indices: Any, counts: Any, columns: int) -> Matrix:
    """A matrix from the number of entries in each row and the columns of all entries."""
    ends = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    shape = (len(counts), columns)
    return scipy_namespace(np, "sparse").csr_array((data, indices, ends), shape=shape)


def with_empty_rows(matrix: Matrix, present: Any) -> Matrix:
    """A matrix whose rows are those where `present` is true; the others are empty."""
    counts = np.zeros(len(present), np.int64)
    counts[present] = np.diff(matrix.indptr)
    return _matrix(matrix.data, matrix.indices, counts, matrix.shape[1])


def selection(numbers: Any, columns: int) -> Matrix:
    """For each of `numbers` a row with a single entry at that column, counted from 1; 0: none."""
    flat = np.asarray(numbers).reshape(-1).astype(np.int64)
    hit = flat > 0
    indices = flat[hit] - 1
    return _matrix(np.ones(len(indices), bool), indices, hit, columns)


def product(local: list[Matrix], matrices: list[Matrix]) -> Matrix:
    """The sum of all products."""
    if len(local) == 1:
        return local[0] @ matrices[0]
    return scipy_namespace(np, "sparse").hstack(local, format="csr") @ stacked(matrices)


def stacked(matrices: list[Matrix]) -> Matrix:
    """The rows of one matrix after those of another."""
    return scipy_namespace(np, "sparse").vstack(matrices, format="csr")


def total_of(matrix: Matrix) -> Matrix:
    """One row with the entries of all rows."""
    found = np.unique(matrix.indices)
    return _matrix(np.ones(len(found), bool), found, [len(found)], matrix.shape[1])


def repeated(row: Matrix, count: int) -> Matrix:
    """One row, repeated."""
    return selection(np.ones(count), 1) @ row


class Columns:
    """The columns: a block of elements for each input, then one for each input as a whole."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.array(sizes, np.int64)
        self.ends = np.cumsum(self.sizes)
        self.elements = int(self.sizes.sum())
        self.count = self.elements + len(sizes)
        self.large = self.sizes >= _LARGE
        self.fewest = int(self.sizes[self.large].min()) if self.large.any() else self.elements + 1

    def nothing(self, rows: int) -> Matrix:
        """So many rows without an entry."""
        return selection(np.zeros(rows), self.count)

    def of_input(self, k: int) -> Matrix:
        """Each element of input k depends on itself."""
        start, stop = self.ends[k] - self.sizes[k], self.ends[k]
        return selection(np.arange(start + 1, stop + 1), self.count)

    def folded(self, matrix: Matrix) -> Matrix:
        """The same with one entry for an input as a whole in place of all of its elements."""
        counts = np.diff(matrix.indptr)
        if counts.max(initial=0) < self.fewest:
            return matrix
        rows, inputs = np.repeat(np.arange(len(counts)), counts), len(self.sizes)
        columns = matrix.indices.astype(np.int64)
        whole = columns >= self.elements
        owners = np.where(
            whole, columns - self.elements, np.searchsorted(self.ends, columns, side="right")
        )
        blocks = rows * inputs + owners
        found = np.bincount(blocks[~whole], minlength=len(counts) * inputs).reshape(-1, inputs)
        full = (found == self.sizes) & self.large
        full[rows[whole], owners[whole]] = True
        kept = ~full.reshape(-1)[blocks]
        counts = np.bincount(rows[kept], minlength=len(counts))
        marks = self.elements + full.nonzero()[1]
        return _matrix(np.ones(kept.sum(), bool), columns[kept], counts, self.count) + _matrix(
            np.ones(len(marks), bool), marks, full.sum(axis=1), self.count
        )

    def spelled_out(self, matrix: Matrix) -> Matrix:
        """The matrix by elements alone, in canonical form."""
        blocks = _matrix(
            np.ones(self.elements, bool), np.arange(self.elements), self.sizes, self.elements
        )
        found = matrix[:, : self.elements] + matrix[:, self.elements :] @ blocks
        found = found.tocsr().astype(bool)
        found.sum_duplicates()
        return found
