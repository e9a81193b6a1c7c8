"""`sylvester`: the matrix X with A X + X B = Q; the equation that many derivatives lead to."""

from __future__ import annotations

from typing import Any

from autodiff.ir.types import ArrayType, type_of
from autodiff.primitives.algebra import neg, sum_tangents
from autodiff.primitives.matrices import matmul, transposed
from autodiff.primitives.record import Primitive
from autodiff.primitives.stacks import batch_stack, check_dtypes, each, scipy_linalg

__all__ = ["sylvester"]


def _types(a: ArrayType, b: ArrayType, q: ArrayType) -> tuple[ArrayType]:
    check_dtypes("sylvester", a, b, q)
    lead, core = q.shape[:-2], q.shape[-2:]
    sides = [(*lead, n, n) for n in core]
    if q.ndim < 2 or [a.shape, b.shape] != sides:
        raise ValueError(
            f"sylvester takes a: [..., m, m], b: [..., n, n] and q: [..., m, n], not {a}, {b}, {q}"
        )
    return (q,)


def _run(xp: Any, a: Any, b: Any, q: Any) -> Any:
    solve = scipy_linalg(xp, "solve_sylvester")
    return each(xp, lambda *parts: (solve(*parts),), [type_of(q)], q.ndim - 2, a, b, q)[0]


def _jvp(xs: Any, dxs: Any) -> Any:
    """A dX + dX B = dQ - dA X - X dB."""
    (a, b, _), (da, db, dq) = xs, dxs
    x = sylvester(*xs)
    terms = [
        dq,
        None if da is None else neg(matmul(da, x)),
        None if db is None else neg(matmul(x, db)),
    ]
    return x, sylvester(a, b, sum_tangents(terms))


sylvester: Primitive = Primitive(
    "sylvester",
    types=_types,
    run=_run,
    jvp=_jvp,
    transpose=lambda ct, i, a, b, q: sylvester(transposed(a), transposed(b), ct),
    batch=batch_stack(lambda: sylvester),
)
