"""`qr`: orthogonal columns times an upper triangle."""

from __future__ import annotations

from typing import Any

from autodiff.errors import MissingRuleError
from autodiff.ir.source import here
from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import add
from autodiff.primitives.arithmetic import sub
from autodiff.primitives.complexes import complex_, imag
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.matrices import (
    adjoint,
    check_matrices,
    matmul,
    part,
    transposed,
    triangle,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.structure import concatenate
from autodiff.primitives.triangular import triangular_solve

__all__ = ["qr"]

_MODES = {False: "reduced", True: "complete"}


def _types(a: ArrayType, *, complete: bool) -> tuple[ArrayType, ArrayType]:
    check_matrices("qr", a, square=False)
    *lead, m, n = a.shape
    k = m if complete else min(m, n)
    return a.with_shape((*lead, m, k)), a.with_shape((*lead, k, n))


def _jvp(xs: Any, dxs: Any, *, complete: bool) -> Any:
    """The first columns of A make Q; of the others, R holds the products with Q."""
    (a,), (da,) = xs, dxs
    m, n = a.shape[-2:]
    if complete and m > n:
        raise MissingRuleError(
            f"the derivative of a complete QR factorisation of {m} x {n} matrices, because the "
            f"last {m - n} columns of Q are any that complete a basis{here()}\nWrite instead: "
            "mode='reduced'"
        )
    q, r = qr(a, complete=complete)
    k = min(m, n)
    dq, dr = _square_jvp(q, part(r, columns=slice(k)), part(da, columns=slice(k)))
    if n > k:
        rest, drest = part(a, columns=slice(k, n)), part(da, columns=slice(k, n))
        more = add(matmul(adjoint(dq), rest), matmul(adjoint(q), drest))
        dr = concatenate(dr, more, axis=len(a.shape) - 1)
    return (q, r), (dq, dr)


def _square_jvp(q: Any, r: Any, da: Any) -> tuple[Any, Any]:
    """With X = dA R⁻¹: dQ = X + Q (S - Qᴴ X) and dR = (Qᴴ X - S) R, where S is the matrix with
    Sᴴ = -S that leaves dR upper triangular, with a real diagonal.
    """
    x = _over(da, r)
    turned = matmul(adjoint(q), x)
    low = triangle(turned, lower=True, k=-1)
    skew = sub(low, adjoint(low))
    if q.dtype.kind == "c":
        diagonal = triangle(triangle(turned, lower=True, k=0), lower=False, k=0)
        turn = imag(diagonal)
        skew = add(skew, complex_(scalar(turn, 0), turn))
    rest = sub(turned, skew)
    return sub(x, matmul(q, rest)), matmul(rest, r)


def _over(b: Any, r: Any) -> Any:
    """B R⁻¹; not finite where R is singular."""
    system = {"lower": False, "transposed": True, "unit_diagonal": False, "strict": False}
    return transposed(triangular_solve(r, transposed(b), **system))


def _cost(in_types: Any, out_types: Any, *, complete: bool) -> int:
    return 4 * in_types[0].size * min(in_types[0].shape[-2:])


qr: Primitive = Primitive(
    # a [..., m, n] -> Q [..., m, k] and R [..., k, n], where k is m if `complete`, else min(m, n)
    "qr",
    types=_types,
    run=lambda xp, a, *, complete: tuple(xp.linalg.qr(a, _MODES[complete])),
    jvp=_jvp,
    batch=lambda size, xs, mapped, *, complete: qr(*xs, complete=complete),
    python=lambda types, params: f"np.linalg.qr({{0}}, {_MODES[params['complete']]!r})",
    cost=_cost,
    multiple=True,
)
