"""`determinant` and `log_determinant`, and what the derivatives of a determinant are made of.

The derivative of det A is its cofactor matrix, a polynomial in the entries of A. Where A is regular
that is det(A) A⁻ᵀ; but it is a matrix like any other where A is singular, and so are the
derivatives of all orders. `cofactors` computes them everywhere: its derivatives, and its
transposes, are `cofactors` with further directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from math import factorial, log, prod
from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul, spread, sum_tangents
from autodiff.primitives.arithmetic import div
from autodiff.primitives.complexes import complex_, imag, real
from autodiff.primitives.dense_systems import inverse
from autodiff.primitives.dtypes import magnitude, scalar
from autodiff.primitives.matrices import check_matrices, inner, transposed
from autodiff.primitives.record import Primitive

__all__ = ["cofactors", "determinant", "log_determinant"]


def _determinant_types(a: ArrayType) -> tuple[ArrayType]:
    check_matrices("determinant", a)
    return (a.with_shape(a.shape[:-2]),)


determinant: Primitive = Primitive(
    "determinant",
    types=_determinant_types,
    run=lambda xp, a: xp.linalg.det(a),
    jvp=lambda xs, dxs: (determinant(*xs), inner(cofactors(*xs), *dxs)),
    batch=lambda size, xs, mapped: determinant(*xs),
    python=lambda types, params: "np.linalg.det({0})",
    cost=lambda in_types, out_types: in_types[0].size * in_types[0].shape[-1],
)


# ---- cofactors: the gradient by A of the derivative of det A along the directions B₁, ..., Bₖ


def _cofactor_types(a: ArrayType, *directions: ArrayType) -> tuple[ArrayType]:
    check_matrices("cofactors", a)
    if any(b is not a for b in directions):
        raise TypeError(
            f"cofactors takes directions like {a}, not {', '.join(map(str, directions))}"
        )
    return (a,)


def _cofactor_run(xp: Any, a: Any, *directions: Any) -> Any:
    n, k = a.shape[-1], len(directions)
    if k >= n:  # det A is of degree n
        return xp.zeros_like(a)
    flat, *along = [x.reshape(-1, n, n) for x in (a, *directions)]
    result = xp.full_like(flat, np.nan)
    regular = _are_regular(xp, flat, k)
    singular = xp.isfinite(flat).all((-2, -1)) & ~regular
    for chosen, method in ((regular, _by_inverse), (singular, _by_singular_values)):
        if bool(chosen.any()):
            result[chosen] = method(xp, flat[chosen], [b[chosen] for b in along])
    return result.reshape(a.shape)


def _are_regular(xp: Any, a: Any, k: int) -> Any:
    """Of which matrices the inverse gives derivatives of order k to (nearly) full precision.

    The first of these has no loss, since LU puts the same small pivot into determinant and inverse.
    Later ones are differences of terms that grow as the k-th power of the condition number.
    """
    limits = np.finfo(a.dtype)
    sign, size = xp.linalg.slogdet(a)
    regular = (sign != 0) & (abs(size) < 0.8 * log(limits.max))  # also false for NaN
    if k and bool(regular.any()):
        identity = xp.eye(a.shape[-1], dtype=a.dtype)
        safe = xp.where(regular[:, None, None], a, identity)
        sizes = [xp.linalg.norm(x, axis=(-2, -1)) for x in (safe, xp.linalg.inv(safe))]
        regular &= k * (xp.log(sizes[0]) + xp.log(sizes[1])) < -0.25 * log(limits.eps)
    return regular


def _by_inverse(xp: Any, a: Any, directions: Sequence[Any]) -> Any:
    """With X = A⁻¹, D(S) the derivative of det A along the directions in S, and G(S)ᵀ its gradient:

    G(S) = D(S) X - X Σ B G(S - B), and D(S) = tr(G(S - B) B) for any B in S. (For one matrix, with
    all directions the identity, this is the algorithm of Faddeev and LeVerrier.)
    """
    x = xp.linalg.inv(a)
    gradients: dict[tuple[int, ...], Any] = {(): xp.linalg.det(a)[:, None, None] * x}
    for size in range(1, len(directions) + 1):
        for chosen in combinations(range(len(directions)), size):
            less = [gradients[tuple([j for j in chosen if j != i])] for i in chosen]
            products = [directions[i] @ g for i, g in zip(chosen, less, strict=True)]
            slope = xp.trace(products[0], axis1=-2, axis2=-1)[:, None, None]
            gradients[chosen] = slope * x - x @ sum(products)
    return xp.swapaxes(gradients[tuple(range(len(directions)))], -2, -1)


def _by_singular_values(xp: Any, a: Any, directions: Sequence[Any]) -> Any:
    """With A = U S V: the derivatives at the diagonal matrix S, where nothing is divided.

    There, det's derivative of order k + 1 is a sum over the choices of k + 1 different rows (whose
    entries come from the directions) of the product of all *other* singular values.
    """
    u, s, v = xp.linalg.svd(a)
    left, right = xp.conj(u), xp.conj(v)
    turned = [xp.swapaxes(left, -2, -1) @ b @ xp.swapaxes(right, -2, -1) for b in directions]
    count, n = len(turned) + 1, a.shape[-1]
    others = _products_of_others(xp, s, count).astype(s.dtype)
    gradient = xp.zeros_like(a)
    diagonal = xp.arange(n)
    for columns in permutations(range(count)):
        rows = [f"z{chr(97 + i)}{chr(97 + j)}" for i, j in enumerate(columns)]
        target = "za" if columns[0] == 0 else rows[0]
        terms = ",".join([f"z{''.join([chr(97 + i) for i in range(count)])}", *rows[1:]])
        term = _parity(columns) * xp.einsum(f"{terms}->{target}", others, *turned)
        if columns[0] == 0:
            gradient[:, diagonal, diagonal] += term
        else:
            gradient += term
    turn = (xp.linalg.det(u) * xp.linalg.det(v))[:, None, None]
    return turn * (left @ gradient @ right)


def _products_of_others(xp: Any, s: Any, count: int) -> Any:
    """The products of all but `count` different entries, for each choice of those (0 if not)."""
    n = s.shape[-1]
    zero = s == 0
    logs = xp.log(xp.where(zero, 1, s).astype(np.float64))
    axes = [(slice(None), *[slice(None) if i == j else None for j in range(count)])
            for i in range(count)]  # fmt: skip
    rest = logs.sum(-1).reshape(-1, *[1] * count) - sum([logs[axis] for axis in axes])
    left = zero.sum(-1).reshape(-1, *[1] * count) - sum([zero[axis] * 1 for axis in axes])
    numbers = [xp.arange(n)[None][axis] for axis in axes]
    distinct = left == 0
    for x, y in combinations(numbers, 2):
        distinct = distinct & (x != y)
    return xp.where(distinct, xp.exp(xp.where(distinct, rest, 0)), 0)


def _parity(order: Sequence[int]) -> int:
    return (-1) ** sum([a > b for a, b in combinations(order, 2)])


def _cofactor_jvp(xs: Any, dxs: Any) -> Any:
    a, *along = xs
    terms = [None if dxs[0] is None else cofactors(a, *along, dxs[0])]
    for i, db in enumerate(dxs[1:]):
        terms.append(None if db is None else cofactors(a, *along[:i], db, *along[i + 1 :]))
    return cofactors(*xs), sum_tangents(terms)


def _cofactor_transpose(ct: Any, i: int, *inputs: Any) -> Any:
    """A derivative does not depend on the order of its directions, so this is symmetric."""
    return cofactors(*inputs[:i], ct, *inputs[i + 1 :])


def _cofactor_batch(size: int, xs: Any, mapped: Any) -> Any:
    return cofactors(*[x if m else spread(x, size) for x, m in zip(xs, mapped, strict=True)])


def _cofactor_taylor(using: Any, inputs: Any, params: Any) -> Any:
    """Coefficient k takes one coefficient of each direction, and any number of those of A.

    Those of A are further directions; m times the same one comes with the factor 1 / m!.
    """
    a, *along = inputs
    n = a[0].shape[-1]

    def later(k: int) -> Any:
        terms = []
        for powers in _compositions(k, len(along)):
            taken = [b[j] for b, j in zip(along, powers, strict=True)]
            for parts in _partitions(k - sum(powers), n - 1 - len(along)):
                moved = [a[j] for j in parts]
                if all(x is not None for x in (*taken, *moved)):
                    repeated = prod([factorial(parts.count(j)) for j in set(parts)])
                    term = cofactors(a[0], *taken, *moved)
                    terms.append(term if repeated == 1 else div(term, scalar(term, repeated)))
        return sum_tangents(terms)

    return using.series(cofactors(*[x[0] for x in inputs]), later)


def _compositions(total: int, count: int) -> Iterator[tuple[int, ...]]:
    """Ways to write numbers up to `total` as ordered sums of `count` terms."""
    if count == 0:
        yield ()
    else:
        for first in range(total + 1):
            yield from ((first, *rest) for rest in _compositions(total - first, count - 1))


def _partitions(total: int, count: int, least: int = 1) -> Iterator[tuple[int, ...]]:
    """Ways to write `total` as a rising sum of at most `count` positive terms."""
    if total == 0:
        yield ()
    elif count > 0:
        for first in range(least, total + 1):
            yield from ((first, *rest) for rest in _partitions(total - first, count - 1, first))


cofactors: Primitive = Primitive(
    "cofactors",
    types=_cofactor_types,
    run=_cofactor_run,
    jvp=_cofactor_jvp,
    transpose=_cofactor_transpose,
    batch=_cofactor_batch,
    taylor=_cofactor_taylor,
    cost=lambda in_types, out_types: 4 * in_types[0].size * in_types[0].shape[-1],
)


# ---- log_determinant: the sign, and the logarithm of the absolute value


def _log_types(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    check_matrices("log_determinant", a)
    value = a.with_shape(a.shape[:-2])
    return value, value.with_dtype(magnitude(a))


def _log_jvp(xs: Any, dxs: Any) -> Any:
    """By d log det A = tr(A⁻¹ dA); its imaginary part turns the sign. Of a singular matrix: NaN."""
    sign, size = log_determinant(*xs)
    slope = inner(transposed(inverse(*xs, strict=False)), *dxs)
    if slope.dtype.kind != "c":
        return (sign, size), (None, slope)
    turn = imag(slope)
    return (sign, size), (mul(sign, complex_(scalar(turn, 0), turn)), real(slope))


log_determinant: Primitive = Primitive(
    "log_determinant",
    types=_log_types,
    run=lambda xp, a: tuple(xp.linalg.slogdet(a)),
    jvp=_log_jvp,
    batch=lambda size, xs, mapped: log_determinant(*xs),
    python=lambda types, params: "np.linalg.slogdet({0})",
    cost=lambda in_types, out_types: in_types[0].size * in_types[0].shape[-1],
    multiple=True,
)
