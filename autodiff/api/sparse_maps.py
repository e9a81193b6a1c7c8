"""A linear function as a sparse matrix: its pattern, the groups of its entries, and their values.

What follows from the structure alone is kept with the derived program, and the groups with the
pattern, so that a second call at another point costs no more than the products that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from autodiff.api.linear_maps import LinearMap
from autodiff.arrays import namespace, scipy_namespace, to_host
from autodiff.backend.cache import Cache, Key
from autodiff.backend.compiled import Compiled
from autodiff.backend.derived import prepare
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.transforms.batch import batch
from autodiff.transforms.colouring import Compression, by_columns, by_rows, symmetric
from autodiff.transforms.incidence import with_empty_rows
from autodiff.transforms.sparsity import Dependence
from autodiff.transforms.transpose import transpose

__all__ = ["Layout", "SparseMap", "as_matrix", "symmetrised"]

Mask = tuple[bool, ...]
_PATTERNS_KEPT = 8  # for one program: they differ where indices do
_AT_ONCE = 2**24  # so many elements any array may have in one batch of products


class Layout:
    """A pattern and the ways to find its entries, each made when it is first asked for."""

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern

    @cached_property
    def forward(self) -> Compression:
        """Entries from products with vectors."""
        return by_columns(self.pattern)

    @cached_property
    def reverse(self) -> Compression:
        """Entries from products of vectors with the matrix."""
        return by_rows(self.pattern)

    @cached_property
    def symmetric(self) -> Compression:
        """Entries of a symmetric matrix from products with vectors."""
        return symmetric(self.pattern)

    def compression(self, mode: str) -> Compression:
        """The way of this name."""
        found: Compression = getattr(self, mode)
        return found

    def best(self, modes: Sequence[str]) -> str:
        """The mode that takes the fewest products."""
        return min(modes, key=lambda mode: self.compression(mode).sums)


class SparseMap:
    """A linear program, whose results are the rows of a matrix and whose arguments the columns.

    The matrix of a Jacobian has rows for the active results only; that of a Hessian is symmetric
    and has all of its rows.
    """

    def __init__(
        self, linear: LinearMap, moving: int, like: Mask | None = None, *, by_rules: bool = False
    ) -> None:
        """`moving` linear inputs come last. `like` marks those that the results are like.

        `by_rules`: rules of the user's take part, so that it may not be symmetric after all.
        """
        self.by_rules = by_rules
        self.linear = linear
        self.program = program = linear.compiled.program
        self.fixed = len(program.inputs) - moving
        mask = (False,) * self.fixed + (True,) * moving
        self.in_types = program.in_types[self.fixed :]
        ends = (self.in_types, program.out_types)
        inside = [v.type.size for e in program.equations for v in e.outputs]
        # How many elements the largest array has on the way, or the inputs or results together.
        self.widest = max(1, *[sum(t.size for t in types) for types in ends], *inside)
        self.dependence = Dependence(program, mask)
        self.indices = prepare(self.dependence.indices)
        self.layouts: Cache[Layout] = Cache(_PATTERNS_KEPT)
        # Of a symmetric matrix: which rows are results of the program.
        self.present: Any = None
        if like is not None:
            self.present = np.repeat(np.array(like, bool), [t.size for t in self.in_types])

    def layout(self, residuals: Sequence[Any]) -> Layout:
        """The pattern for the indices that these residuals hold."""
        indices = [to_host(x) for x in self.indices(residuals)]
        key = Key(tuple([np.asarray(x).tobytes() for x in indices]))
        return self.layouts.get(key) or self.layouts.put(key, Layout(self._pattern(indices)))

    def _pattern(self, indices: Sequence[Any]) -> Any:
        pattern = self.dependence.pattern(indices)
        if self.present is None:
            return pattern
        pattern = with_empty_rows(pattern, self.present)
        return symmetrised(pattern, both=True)

    def entries(
        self, layout: Layout, mode: str, residuals: Sequence[Any], chunk_size: int | None, xp: Any
    ) -> Any:
        """The values of the entries of the pattern, row by row."""
        way, program = layout.compression(mode), self.program
        sources, targets = self.in_types, program.out_types
        groups, places, colours = xp.asarray(way.groups), xp.asarray(way.places), way.colours
        if mode == "reverse":
            sources, targets = targets, sources
        elif self.present is not None:
            places = xp.asarray(np.cumsum(self.present) - 1)[places]
        dtype = np.result_type(*self.in_types, *program.out_types)
        values = xp.zeros(len(groups), dtype)
        step = chunk_size or max(_AT_ONCE // self.widest, 1)
        for start in range(0, way.sums, step):
            count = min(step, way.sums - start)
            seeds = _seeds(xp, colours, sources, start, count)
            run = _batched(program, self.fixed, count, mode == "reverse")
            found = [y.reshape(count, -1) for y in run([*residuals, *seeds])]
            products = found[0] if len(found) == 1 else xp.concatenate(found, axis=1)
            if count == way.sums:
                return products[groups, places].astype(dtype, copy=False)
            mine = (groups >= start) & (groups < start + count)
            values[mine] = products[groups[mine] - start, places[mine]]
        return values

    def product(self, residuals: Sequence[Any], vector: Any, xp: Any) -> Any:
        """The product of the matrix with a vector, in the rows that are results of the program."""
        parts = _divided(vector, self.in_types)
        found = [y.reshape(-1) for y in self.linear.compiled([*residuals, *parts])]
        return xp.concatenate(found) if found else xp.zeros(0)


def symmetrised(pattern: Any, *, both: bool = False) -> Any:
    """The entries that are on either side of the diagonal, or those that are on both."""
    other = pattern.T.tocsr()
    found = (pattern.multiply(other) if both else pattern + other).tocsr()
    found.sort_indices()
    return found


@lru_cache(maxsize=256)
def _batched(program: Program, fixed: int, size: int, transposed: bool) -> Compiled:
    """The linear program, or its transpose, on `size` vectors at once."""
    mask = (False,) * fixed + (True,) * (len(program.inputs) - fixed)
    if transposed:
        program = transpose(program, mask)
        mask = (False,) * fixed + (True,) * (len(program.inputs) - fixed)
    return prepare(batch(program, mask, size, (True,) * len(program.outputs))[0])


def _seeds(xp: Any, colours: Any, types: Sequence[ArrayType], start: int, count: int) -> list[Any]:
    """For each colour from `start` on the sum of its basis vectors, stacked, in parts by input."""
    chosen = xp.asarray(colours) == xp.arange(start, start + count)[:, None]
    return _divided(chosen, types)


def _divided(vectors: Any, types: Sequence[ArrayType]) -> list[Any]:
    """The parts of the last axis that belong to arrays of these types, in their shapes."""
    lead, start, parts = vectors.shape[:-1], 0, []
    for t in types:
        part = vectors[..., start : start + t.size]
        parts.append(part.astype(t.dtype).reshape(*lead, *t.shape))
        start += t.size
    return parts


def as_matrix(values: Any, pattern: Any, present: Any) -> Any:
    """The values at the entries of a pattern, with empty rows where `present` is false."""
    xp = namespace([values])
    module = scipy_namespace(xp, "sparse")
    kind = module.csr_array if xp is np else module.csr_matrix
    pattern = with_empty_rows(pattern, present)
    structure = (xp.array(pattern.indices), xp.array(pattern.indptr))  # each matrix owns its own
    return kind((values, *structure), shape=pattern.shape)
