"""A derivative at a point: a linear map whose sparse matrix is yet to be computed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from autodiff.api.arguments import FlatCall, Selector
from autodiff.api.extending import KIND
from autodiff.api.hessians import gradient_halves, scalar_point
from autodiff.api.jacobians import check_complex, linear_part, loses
from autodiff.api.points import Point
from autodiff.api.sparse_maps import Layout, SparseMap, as_matrix, symmetrised
from autodiff.api.sparsity_patterns import Sparsity
from autodiff.arrays import namespace, scipy_namespace, to_host
from autodiff.backend.derived import Recipe, run
from autodiff.control.custom import custom
from autodiff.errors import EscapeError
from autodiff.ir.editing import held_programs
from autodiff.ir.program import Program
from autodiff.ir.source import here
from autodiff.tracing.bind import builder_of
from autodiff.transforms.incidence import with_empty_rows

__all__ = ["MODES", "GivenPattern", "Mode", "SparsePoint", "hessian_at", "jacobian_at"]

Mode = Literal["auto", "forward", "reverse"]
MODES = {"auto": ("forward", "reverse"), "forward": ("forward",), "reverse": ("reverse",)}


def jacobian_at(
    call: FlatCall, selector: Selector, transform: str, has_aux: bool, mode: Mode = "auto"
) -> SparsePoint:
    """The Jacobian where a function is called."""
    point = Point(call, selector, transform, has_aux=has_aux)
    ins, outs = point.arguments.types, point.results.types
    lost = {"forward": loses(ins, outs), "reverse": loses(outs, ins)}
    modes = [m for m in MODES[mode] if not lost[m]]
    if not modes:
        check_complex(ins, outs, point.name, transform, mode != "reverse")
    recipe = partial(
        _jacobian_map, active=point.active, wanted=point.results.wanted, values=has_aux
    )
    found = SparsePoint(point, recipe, transform, "sparse_jacobian", modes)
    present = point.results.present(found.map.linear.active)
    found.rows = np.repeat(np.array(present, bool), [t.size for t in outs])
    return found


def _jacobian_map(
    program: Program, active: tuple[bool, ...], wanted: tuple[bool, ...], values: bool
) -> tuple[Program, SparseMap]:
    """`x -> (outputs, if they are wanted; residuals)`, and the linear part."""
    known, linear = linear_part(program, active, wanted, transposed=False, values=values)
    return known, SparseMap(linear, sum(active))


def hessian_at(call: FlatCall, selector: Selector, transform: str, has_aux: bool) -> SparsePoint:
    """The Hessian where a function is called."""
    point = scalar_point(call, selector, transform, has_aux)
    types = point.arguments.types
    if any(t.dtype.kind == "c" for t in types):
        raise TypeError(
            f"{transform} of {point.name} by complex arguments: second derivatives by their real "
            f"and imaginary parts differ.{here()}\n"
            "Write instead: a function of the two parts as two real arguments"
        )
    make = _hessian_map if point.results.traced[0] else _zero_map
    recipe = partial(make, active=point.active, values=has_aux)
    found = SparsePoint(point, recipe, transform, "sparse_hessian", ["symmetric"])
    found.rows = np.ones(sum(t.size for t in types), bool)
    return found


def _hessian_map(
    program: Program, active: tuple[bool, ...], values: bool
) -> tuple[Program, SparseMap]:
    """`x -> (outputs, if they are wanted; residuals)`, and the linear part of the gradient."""
    known, linear = gradient_halves(program, active, values)
    return known, SparseMap(linear, sum(active), linear.active, by_rules=_holds_rules(program))


def _holds_rules(program: Program) -> bool:
    """Whether a derivative of it may be by a rule of the user's, which need not be the true one."""
    return any(
        e.primitive is custom
        or e.primitive.kind == KIND
        or any(_holds_rules(p) for _, p in held_programs(e))
        for e in program.equations
    )


def _zero_map(
    program: Program, active: tuple[bool, ...], values: bool
) -> tuple[Program, SparseMap]:
    """The same for a function whose result was not computed from anything traced."""
    nothing = (False,) * len(program.outputs)
    known, linear = linear_part(program, active, nothing, transposed=False, values=values)
    return known, SparseMap(linear, sum(active), (False,) * sum(active))


class SparsePoint:
    """A derivative at a point, of which nothing but the residuals has been computed."""

    def __init__(
        self, point: Point, recipe: Recipe, transform: str, identity: str, modes: Sequence[str]
    ) -> None:
        if builder_of(point.args) is not None:
            raise EscapeError(
                f"{transform} of {point.name} within a traced function: a sparse matrix cannot be "
                f"part of a program.{here()}\nWrite instead: a call of it outside of `ad.jit`, "
                "`ad.grad`, `ad.vmap`; or, inside, `ad.jvp`, `ad.vjp` or `ad.hvp` for products"
            )
        derived = point.derive(recipe, identity, point.has_aux)
        outs = run(derived, point.args)
        count = point.count if point.has_aux else 0
        self.point, self.modes = point, modes
        self.map: SparseMap = derived.compiled.info
        self.outputs, self.residuals = outs[:count], outs[count:]
        self.rows: Any = None  # which rows of the matrix are rows of the map's

    def sparsity(self) -> Sparsity:
        """The pattern, and what it takes to find the entries."""
        layout = self.map.layout(self.residuals)
        mode = layout.best(self.modes)
        matrix = as_matrix(np.ones(layout.pattern.nnz, bool), layout.pattern, self.rows)
        return Sparsity(matrix, layout.compression(mode).sums, mode)

    def result(self, given: GivenPattern | None, chunk_size: int | None) -> Any:
        """The matrix, and the aux, if there is one."""
        linear, residuals = self.map, self.residuals
        layout = linear.layout(residuals) if given is None else given.layout(self)
        xp = namespace(self.point.recording.inputs)
        values = linear.entries(layout, layout.best(self.modes), residuals, chunk_size, xp)
        matrix = as_matrix(values, layout.pattern, self.rows)
        if given is not None and (row := self._wrong_row(matrix, xp)) is not None:
            raise ValueError(
                f"the pattern given for {self.point.name} lacks an entry of row {row}, or of one "
                f"that is computed together with it.{here()}\n"
                "Write instead: no `pattern`; it is then found from the program"
            )
        if linear.by_rules and self._wrong_row(matrix, xp) is not None:
            raise ValueError(
                f"the Hessian of {self.point.name} is not symmetric, since a custom rule in it is "
                f"not the derivative of its function.{here()}\n"
                f"Write instead: `ad.sparse_jacobian(ad.grad({self.point.name}))`"
            )
        return (matrix, self.point.output(self.outputs)[1]) if self.point.has_aux else matrix

    def _wrong_row(self, matrix: Any, xp: Any) -> int | None:
        """A row in which the product with a random vector is not what it should be."""
        rows = xp.asarray(self.rows if self.map.present is None else self.map.present)
        vector = xp.asarray(np.random.default_rng(0).uniform(-1, 1, matrix.shape[1]))
        expected = self.map.product(self.residuals, vector, xp)
        found = (matrix @ vector)[rows]
        scale = (abs(matrix) @ abs(vector))[rows] + abs(expected)
        wrong = abs(found - expected) > np.sqrt(np.finfo(matrix.dtype).eps) * scale
        return int(xp.flatnonzero(rows)[int(wrong.argmax())]) if wrong.any() else None


class GivenPattern:
    """A pattern of the user's, and what follows from it."""

    def __init__(self, pattern: Any) -> None:
        csr = scipy_namespace(np, "sparse").csr_array
        given = pattern.matrix if isinstance(pattern, Sparsity) else to_host(pattern)
        self.pattern = csr(given).astype(bool)
        self.pattern.eliminate_zeros()
        self.pattern.sort_indices()
        self.layouts: dict[bytes, Layout] = {}

    def layout(self, at: SparsePoint) -> Layout:
        """The layout for a derivative, whose rows decide which of the pattern's are computed."""
        shape = len(at.rows), sum(t.size for t in at.map.in_types)
        if self.pattern.shape != shape:
            raise ValueError(
                f"the pattern given for {at.point.name} is of shape {self.pattern.shape}, but the "
                f"derivative of shape {shape}.{here()}"
            )
        symmetric = at.map.present is not None
        rows = at.map.present if symmetric else at.rows
        key = rows.tobytes()
        if key not in self.layouts:
            pattern = (symmetrised(self.pattern) if symmetric else self.pattern)[rows]
            if symmetric:  # a row that is no result of the map is zero, and so is its column
                pattern = symmetrised(with_empty_rows(pattern, rows), both=True)
            self.layouts[key] = Layout(pattern)
        return self.layouts[key]
