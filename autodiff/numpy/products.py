"""Products of arrays: matmul, dot, tensordot and their kin, all by the one primitive `contract`.

What NumPy makes of two shapes is worked out once, as a spec such as `ij,jk->ik`, and remembered.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import (
    apply,
    axis_of,
    deliver,
    is_scalar,
    operands,
    traced_operands,
)
from autodiff.numpy.promotion import convert, kind_of, result_dtype
from autodiff.primitives.contraction import contract
from autodiff.primitives.structure import reshape
from autodiff.tracing.tracer import Tracer

__all__ = [
    "FUNCTIONS", "UFUNCS", "cross", "dot", "inner", "kron", "matmul", "outer", "product",
    "tensordot", "vdot",
]  # fmt: skip

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
Shape = tuple[int, ...]


class Plan(NamedTuple):
    """A contraction, after axes of length one that broadcast have been dropped."""

    left: Shape
    right: Shape
    spec: str


def product(x: Any, y: Any, spec: str) -> Any:
    """`contract`, of operands that are first converted to their common dtype."""
    if x.dtype is not y.dtype:
        dtype = result_dtype(x, y)
        x, y = convert(x, dtype), convert(y, dtype)
    return contract(x, y, spec=spec)


def _contract_by(plan: Plan, x: Any, y: Any) -> Any:
    if x.shape != plan.left:
        x = reshape(x, shape=plan.left)
    if y.shape != plan.right:
        y = reshape(y, shape=plan.right)
    return product(x, y, plan.spec)


def _conjugated(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _scaled(x: Any, y: Any) -> Any:
    """The product with a scalar, whose dtype counts here as that of an array does."""
    dtype = np.result_type(*[np.asarray(v).dtype if is_scalar(v) else v.dtype for v in (x, y)])
    return apply(np.multiply, convert(x, dtype), convert(y, dtype))


# ---- matmul and the other generalised ufuncs: core axes last, the rest broadcasts


def _core_plan(left: Shape, right: Shape, core: str) -> Plan:
    """The contraction of the `core` axes (as in `ij,jk->ik`) under broadcast leading axes."""
    sides, out = core.split("->")
    names = sides.split(",")
    leads = [s[: len(s) - len(n)] for s, n in zip((left, right), names, strict=True)]
    common = np.broadcast_shapes(*leads)
    batch = LETTERS[-len(common) :] if common else ""
    shapes, labels = [], []
    for shape, lead, name in zip((left, right), leads, names, strict=True):
        offset = len(common) - len(lead)
        kept = [i for i, d in enumerate(lead) if d == common[offset + i]]
        shapes.append((*[lead[i] for i in kept], *shape[len(lead) :]))
        labels.append("".join(batch[offset + i] for i in kept) + name)
    return Plan(shapes[0], shapes[1], f"{labels[0]},{labels[1]}->{batch}{out}")


@lru_cache(4096)
def _matmul_plan(left: Shape, right: Shape) -> Plan:
    if not left or not right:
        raise ValueError("matmul: an operand is a scalar; write `*` instead of `@`")
    rows, columns = "i" * (len(left) > 1), "k" * (len(right) > 1)
    if left[-1] != right[-2 if columns else -1]:
        raise ValueError(
            f"matmul: shapes {left} and {right} do not fit: inner lengths differ{here()}\n"
            "`x @ y` sums over the last axis of x and the last but one of y. Write instead: "
            "`x @ y.T`, `x.T @ y`, or `x * y` for the product element by element"
        )
    return _core_plan(left, right, f"{rows}j,j{columns}->{rows}{columns}")


def _factors(x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands, scalars as they are; nothing else is a factor (`operands` lets None pass)."""
    x, y = operands(x, y)
    kind_of(x), kind_of(y)
    return x, y


def matmul(x: Any, y: Any, /) -> Any:
    """`np.matmul`, `x @ y`."""
    if type(x) is not Tracer or type(y) is not Tracer:
        x, y = _factors(x, y)
    if is_scalar(x) or is_scalar(y):
        raise ValueError("matmul: an operand is a scalar; write `*` instead of `@`")
    return _contract_by(_matmul_plan(x.shape, y.shape), x, y)


@lru_cache(4096)
def _vector_plan(left: Shape, right: Shape, core: str) -> Plan:
    for shape, name in zip((left, right), core.split("->")[0].split(","), strict=True):
        if len(shape) < len(name):
            raise ValueError(f"{core}: an operand of shape {shape} has too few axes")
    return _core_plan(left, right, core)


def vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    """`np.vecdot`: the dot product along the last axes, the first operand conjugated."""
    x, y = traced_operands(x, y)
    if axis != -1:
        x, y = np.moveaxis(x, axis, -1), np.moveaxis(y, axis, -1)
    return _contract_by(_vector_plan(x.shape, y.shape, "j,j->"), _conjugated(x), y)


def matvec(x: Any, y: Any, /) -> Any:
    """`np.matvec`: matrices times vectors."""
    x, y = traced_operands(x, y)
    return _contract_by(_vector_plan(x.shape, y.shape, "ij,j->i"), x, y)


def vecmat(x: Any, y: Any, /) -> Any:
    """`np.vecmat`: vectors times matrices, the vectors conjugated."""
    x, y = traced_operands(x, y)
    return _contract_by(_vector_plan(x.shape, y.shape, "j,ji->i"), _conjugated(x), y)


# ---- products of all axes with all axes


@lru_cache(4096)
def _tensordot_spec(left: int, right: int, over_left: Shape, over_right: Shape) -> str:
    names = list(LETTERS[:left])
    others = list(LETTERS[left : left + right])
    for i, j in zip(over_left, over_right, strict=True):
        others[j] = names[i]
    kept = [n for i, n in enumerate(names) if i not in over_left]
    kept += [n for j, n in enumerate(others) if j not in over_right]
    return f"{''.join(names)},{''.join(others)}->{''.join(kept)}"


def _over(x: Any, y: Any, over_left: Shape, over_right: Shape, called: str) -> Any:
    """The sum of products over pairs of axes."""
    if [x.shape[i] for i in over_left] != [y.shape[j] for j in over_right]:
        raise ValueError(
            f"{called}: shapes {x.shape} and {y.shape} do not fit: the summed axes differ in length"
        )
    return product(x, y, _tensordot_spec(x.ndim, y.ndim, over_left, over_right))


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """`np.dot`: the last axis of `a` with the last but one of `b`; scalars multiply."""
    x, y = _factors(a, b)
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return deliver("dot", _scaled(x, y), out)
    if x.ndim <= 2 and y.ndim <= 2:
        return deliver("dot", _contract_by(_matmul_plan(x.shape, y.shape), x, y), out)
    return deliver("dot", _over(x, y, (x.ndim - 1,), (max(y.ndim - 2, 0),), "dot"), out)


def inner(a: Any, b: Any, /) -> Any:
    """`np.inner`: the sum of products over the last axes; scalars multiply."""
    x, y = _factors(a, b)
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return _scaled(x, y)
    return _over(x, y, (x.ndim - 1,), (y.ndim - 1,), "inner")


def vdot(a: Any, b: Any, /) -> Any:
    """`np.vdot`: the dot product of the elements, those of `a` conjugated."""
    x, y = (reshape(v, shape=(v.size,)) for v in traced_operands(a, b))
    return _over(_conjugated(x), y, (0,), (0,), "vdot")


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """`np.outer`: all products of an element of `a` with one of `b`."""
    x, y = (reshape(v, shape=(v.size,)) for v in traced_operands(a, b))
    return deliver("outer", product(x, y, "i,j->ij"), out)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """`np.tensordot`: over the last `axes` of `a` and the first of `b`, or over pairs of axes."""
    x, y = traced_operands(a, b)
    try:
        over_left, over_right = axes
    except TypeError:
        count = operator.index(axes)
        over_left, over_right = range(x.ndim - count, x.ndim), range(count)
    left, right = (
        tuple(axis_of(i, v.ndim) for i in (over if isinstance(over, Sequence) else (over,)))
        for v, over in ((x, over_left), (y, over_right))
    )
    if len(left) != len(right):
        raise ValueError("tensordot: the number of axes differs between the operands")
    return _over(x, y, left, right, "tensordot")


def kron(a: Any, b: Any) -> Any:
    """`np.kron`: blocks of `b`, one for each element of `a`."""
    x, y = traced_operands(a, b)
    ndim = max(x.ndim, y.ndim)
    x, y = (reshape(v, shape=(1,) * (ndim - v.ndim) + v.shape) for v in (x, y))
    left, right = LETTERS[:ndim], LETTERS[ndim : 2 * ndim]
    mixed = "".join(i + j for i, j in zip(left, right, strict=True))
    shape = tuple(m * n for m, n in zip(x.shape, y.shape, strict=True))
    return reshape(product(x, y, f"{left},{right}->{mixed}"), shape=shape)


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """`np.cross`, of vectors of three components."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = traced_operands(a, b)
    x, y = np.moveaxis(x, axisa, -1), np.moveaxis(y, axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ValueError(
            f"cross: both operands must be vectors of three components, not {x.shape[-1]} and "
            f"{y.shape[-1]}; for two write `x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]`"
        )
    x1, x2, x3 = (x[..., i] for i in range(3))
    y1, y2, y3 = (y[..., i] for i in range(3))
    parts = [x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1]
    return np.moveaxis(np.stack(parts, axis=-1), -1, axisc)


def linalg_cross(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    """`np.linalg.cross`."""
    return cross(x, y, axis=axis)


def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """`np.linalg.multi_dot`: in the cheapest order that a greedy choice finds."""
    xs = traced_operands(*arrays)
    if len(xs) < 2:
        raise ValueError("np.linalg.multi_dot: expecting at least two arrays")
    ends = (xs[0].ndim, xs[-1].ndim)
    if not {*ends} <= {1, 2} or any(x.ndim != 2 for x in xs[1:-1]):
        shown = ", ".join([str(x.shape) for x in xs])
        raise np.linalg.LinAlgError(
            f"np.linalg.multi_dot: arrays of shapes {shown} given. The first and the last must be "
            f"vectors or matrices, those between matrices{here()}"
        )
    terms = [LETTERS[i : i + x.ndim] for i, x in enumerate(xs)]
    terms[0] = LETTERS[1] if xs[0].ndim == 1 else terms[0]
    kept = LETTERS[0] * (ends[0] == 2) + LETTERS[len(xs)] * (ends[1] == 2)
    return deliver("multi_dot", np.einsum(f"{','.join(terms)}->{kept}", *xs), out)


UFUNCS = {
    np.matmul: matmul,
    np.vecdot: vecdot,
    np.matvec: matvec,
    np.vecmat: vecmat,
}

FUNCTIONS = {
    np.dot: dot,
    np.inner: inner,
    np.vdot: vdot,
    np.outer: outer,
    np.tensordot: tensordot,
    np.kron: kron,
    np.cross: cross,
    np.linalg.matmul: matmul,
    np.linalg.outer: outer,
    np.linalg.tensordot: tensordot,
    np.linalg.vecdot: vecdot,
    np.linalg.cross: linalg_cross,
    np.linalg.multi_dot: multi_dot,
}
