"""The solver of `control.solve` that writes the matrix down: exact, and best for small systems."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.control.call import call
from autodiff.control.flattening import common_dtype, flat, parted
from autodiff.ir.editing import dependents, held_programs
from autodiff.ir.program import Equation, Program
from autodiff.primitives.complexes import complex_, conj, imag, real
from autodiff.primitives.dense_systems import dense_solve
from autodiff.primitives.structure import permute, reshape
from autodiff.tracing.build import build
from autodiff.transforms.basis import columns

__all__ = ["dense", "dense_matrix", "dense_step", "refuse_real_parts"]


@lru_cache(maxsize=256)
def dense(matvec: Program, constants: int) -> Program:
    """`(constants, x) -> A x` becomes `(constants, b) -> x` with A x = b."""

    def fun(*args: Any) -> Sequence[Any]:
        return dense_step(matvec, args[:constants], args[constants:], strict=True)

    return build(fun, matvec.in_types, f"solve_{matvec.name}", matvec.input_names[:constants])


def dense_step(
    matvec: Program, constants: Sequence[Any], b: Sequence[Any], *, strict: bool
) -> list[Any]:
    """X with A x = b. For a singular A an error if `strict`, otherwise NaN."""
    types = matvec.in_types[len(constants) :]
    if not any(t.size for t in types):
        return list(b)
    dtype = common_dtype(types)
    matrix = dense_matrix(matvec, constants)
    right = flat(b, dtype)
    x = dense_solve(matrix, reshape(right, shape=(*right.shape, 1)), strict=strict)
    return parted(reshape(x, shape=right.shape), types)


def dense_matrix(matvec: Program, constants: Sequence[Any]) -> Any:
    """The matrix of a linear program; entries are numbered through the arrays in order."""
    types = matvec.in_types[len(constants) :]
    size = sum([t.size for t in types])
    start = np.int64(0)
    program = columns(matvec, len(constants), size)
    images = call(*constants, start, program=program, policy=None)
    return permute(flat(images, common_dtype(types), lead=1), perm=(1, 0))


_REAL_PARTS = {conj, real, imag, complex_}


def refuse_real_parts(program: Program, constants: int, name: str) -> None:
    """Raise if a program of complex arrays is linear over the real numbers only."""
    if not any(t.dtype.kind == "c" for t in program.in_types[constants:]):
        return
    linear = dependents(program, [i >= constants for i in range(len(program.inputs))])
    for e in program.equations:
        if not linear.isdisjoint(e.inputs) and _takes_parts(e):
            raise ValueError(
                f"{name}: `{e.primitive.name}` (at {e.source}) makes the equations linear over "
                "the real numbers, but not over the complex ones. Write instead: the real and "
                "imaginary parts as two real unknowns"
            )


def _takes_parts(e: Equation) -> bool:
    held = [inner for _, program in held_programs(e) for inner in program.equations]
    return e.primitive in _REAL_PARTS or any(map(_takes_parts, held))
