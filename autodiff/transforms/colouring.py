"""Which columns (or rows) of a sparse matrix can be found together, from one product.

Columns that share no row can be added up without loss: a product with their sum shows every entry
of each (Curtis, Powell and Reid, 1974). To find few such groups is to colour a graph in which
columns with a common row are neighbours, and greedy colouring does it well. A symmetric matrix
needs fewer: an entry may be read in its row or in its column, so it is enough that no two colours
alternate along a path of four vertices (a star colouring; Coleman and Moré, 1984). Gebremedhin,
Manne and Pothen ("What color is your Jacobian?", SIAM Review, 2005) tell it all as one story.

The set of colours seen at a vertex is kept as the bits of a Python integer, so that the next free
colour is found in one step, and colouring takes time in proportion to the number of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Compression", "by_columns", "by_rows", "star_colours", "symmetric"]

Matrix = Any  # a `scipy.sparse.csr_array` of truth values, with sorted rows


class Compression(NamedTuple):
    """How the entries of a matrix are read from its products with `sums` sums of basis vectors.

    Entry number e of the matrix (row by row) is entry `places[e]` of product `groups[e]`.
    """

    colours: Any  # of each basis vector: the sum that it is part of
    sums: int
    groups: Any
    places: Any


def by_columns(pattern: Matrix) -> Compression:
    """Entries from products with sums of columns."""
    rows, columns = pattern.nonzero()
    colours = _column_colours(pattern)
    return Compression(colours, _used(colours, rows), colours[columns], rows)


def by_rows(pattern: Matrix) -> Compression:
    """Entries from products of sums of rows with the matrix."""
    rows, columns = pattern.nonzero()
    colours = _column_colours(pattern.T.tocsr())
    return Compression(colours, _used(colours, rows), colours[rows], columns)


def symmetric(pattern: Matrix) -> Compression:
    """Entries of a symmetric matrix from products with sums of columns."""
    rows, columns = pattern.nonzero()
    colours = _fewest([star_colours(pattern), _column_colours(pattern)])
    sums = _used(colours, rows)
    read = rows.astype(np.int64) * sums + colours[columns]
    alone = np.bincount(read, minlength=len(colours) * sums)[read] == 1  # no other is added to it
    groups = np.where(alone, colours[columns], colours[rows])
    return Compression(colours, sums, groups, np.where(alone, rows, columns))


def _used(colours: Any, entries: Any) -> int:
    return int(colours.max()) + 1 if len(entries) else 0


# ---- columns


def _column_colours(pattern: Matrix) -> Any:
    """A colour for each column, so that columns with a common row differ."""
    fewest = int(np.diff(pattern.indptr).max(initial=0))
    if fewest == pattern.shape[1]:  # some row has an entry in each column
        return np.arange(fewest)
    by_column = pattern.tocsc()
    sizes, neighbours = np.diff(by_column.indptr), _lists(by_column)
    best = _greedy_columns(neighbours, range(len(sizes)), pattern.shape[0])
    if best.max(initial=0) >= fewest:
        other = _greedy_columns(neighbours, _largest_first(sizes), pattern.shape[0])
        best = _fewest([best, other])
    return best


def _greedy_columns(rows_of: Sequence[list[int]], order: Iterable[int], rows: int) -> Any:
    seen = [0] * rows  # the colours in each row
    chosen = [0] * len(rows_of)
    for column in order:
        taken = 0
        for row in rows_of[column]:
            taken |= seen[row]
        bit = ~taken & (taken + 1)
        for row in rows_of[column]:
            seen[row] |= bit
        chosen[column] = bit.bit_length() - 1
    return np.array(chosen, np.int64)


# ---- symmetric matrices


def star_colours(pattern: Matrix) -> Any:
    """A star colouring of the graph that has an edge for each entry of a symmetric matrix.

    Neighbours differ, and every path of four vertices has at least three colours.
    """
    n = pattern.shape[0]
    if pattern.nnz == n * n:
        return np.arange(n)
    neighbours = [[w for w in row if w != v] for v, row in enumerate(_lists(pattern))]
    orders = (range(n), _largest_first(np.diff(pattern.indptr)))
    return _fewest([_greedy_star(neighbours, order) for order in orders])


def _greedy_star(neighbours: Sequence[list[int]], order: Iterable[int]) -> Any:
    """One vertex after the other gets the first colour that closes no path of two colours.

    A vertex v may close such a path at its end, `v w x y`: then w and y have one colour, and v may
    not have that of x. These colours are kept in `ends[w]`. Or it is inside, `w v u y`: then two
    neighbours w and u have one colour, and v may not have that of any neighbour of either.
    """
    n = len(neighbours)
    bits = [0] * n  # the colour of each vertex; zero before it has one
    once, twice = [0] * n, [0] * n  # colours that are those of one neighbour, of two or more
    ends = [0] * n
    first: dict[tuple[int, int], int] = {}  # the first neighbour of a vertex that had a colour
    for v in order:
        repeated, taken = twice[v], once[v]
        for w in neighbours[v]:
            taken |= ends[w] | (once[w] if bits[w] & repeated else 0)
        bit = bits[v] = ~taken & (taken + 1)
        for w in neighbours[v]:
            colour = bits[w]
            if colour & repeated:
                ends[w] |= bit  # with v as the x of a path that begins with w's other neighbour
            if once[w] & bit:
                twice[w] |= bit
                ends[first[w, bit]] |= colour
                ends[v] |= colour
            else:
                once[w] |= bit
                first[w, bit] = v
    return np.array([bit.bit_length() - 1 for bit in bits], np.int64)


# ---- small things


def _lists(matrix: Any) -> list[list[int]]:
    """The column numbers in each row (of a CSC matrix: the row numbers in each column)."""
    numbers, ends = matrix.indices.tolist(), matrix.indptr.tolist()
    return [numbers[a:b] for a, b in pairwise(ends)]


def _fewest(colourings: Sequence[Any]) -> Any:
    return min(colourings, key=lambda colours: colours.max(initial=-1))


def _largest_first(sizes: Any) -> list[int]:
    return np.argsort(-sizes, kind="stable").tolist()
