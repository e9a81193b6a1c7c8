"""Random programs over the primitives, for hypothesis.

A program starts with a few inputs; each step applies a primitive to values made before, chosen so
that types fit. The functions are smooth and tame where they are used: what grows is squashed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autodiff.control.call import call
from autodiff.ir.program import Program
from autodiff.ir.types import ArrayType
from autodiff.primitives import (
    algebra,
    arithmetic,
    comparison,
    contraction,
    cumulative,
    exponential,
    gathering,
    indexing,
    piecewise,
    reduction,
    structure,
    trigonometric,
)
from autodiff.tracing.build import build

__all__ = ["arguments", "programs"]

Draw = Callable[[Any], Any]

SHAPES = [(), (2,), (3,), (2, 3), (3, 2), (1, 3)]
UNARY = [
    trigonometric.sin, trigonometric.cos, trigonometric.tanh, trigonometric.arctan, algebra.neg,
    exponential.logistic, exponential.log1p_exp, piecewise.abs_, arithmetic.stop_gradient,
]  # fmt: skip
BINARY = [algebra.add, arithmetic.sub, algebra.mul, piecewise.maximum, trigonometric.arctan2]
CONSTANTS = [0.0, 1.0, -1.0, 2.0, 0.5, -3.25]


def squashed(x: Any) -> Any:
    """A value within -1 and 1, whatever x is."""
    return trigonometric.tanh(x)


# ---- steps: each takes the values so far and returns a new one, or None where none fits


def unary(draw: Draw, values: list[Any]) -> Any:
    return draw(st.sampled_from(UNARY))(draw(st.sampled_from(values)))


def tame_power(draw: Draw, values: list[Any]) -> Any:
    x = squashed(draw(st.sampled_from(values)))
    kind = draw(st.sampled_from(["exp", "log1p", "sqrt", "div"]))
    if kind == "exp":
        return exponential.exp(x)
    positive = algebra.add(arithmetic.square(x), x.dtype.type(0.5))
    if kind == "log1p":
        return exponential.log(positive)
    return arithmetic.div(x, positive) if kind == "div" else arithmetic.reciprocal(positive)


def binary(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from(values))
    others = [y for y in values if y.type is x.type]
    constant = x.dtype.type(draw(st.sampled_from(CONSTANTS)))
    y = draw(st.sampled_from([*others, constant]))
    operands = (x, y) if draw(st.booleans()) else (y, x)
    return draw(st.sampled_from(BINARY))(*operands)


def guarded(draw: Draw, values: list[Any]) -> Any:
    """A `where` whose dead branch is NaN or infinite in its derivative."""
    x = draw(st.sampled_from(values))
    zero = x.dtype.type(0)
    kind = draw(st.sampled_from([exponential.log, arithmetic.reciprocal, trigonometric.arcsin]))
    if kind is trigonometric.arcsin:
        inside = comparison.less(piecewise.abs_(x), x.dtype.type(0.9))
        return arithmetic.select(inside, kind(x), x)
    inside = comparison.greater(x, x.dtype.type(0.1))
    return squashed(arithmetic.select(inside, kind(x), zero))


def reduced(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from(values))
    axes = tuple(sorted(draw(st.sets(st.sampled_from(range(x.ndim)))))) if x.ndim else ()
    reduce = draw(
        st.sampled_from([algebra.reduce_sum, reduction.reduce_max, reduction.reduce_logsumexp])
    )
    return reduce(x, axes=axes) if axes or reduce is algebra.reduce_sum else None


def spread(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from([v for v in values if v.ndim < 3] or [None]))
    if x is None:
        return None
    axis, size = draw(st.integers(0, x.ndim)), draw(st.integers(1, 3))
    shape = (*x.shape[:axis], size, *x.shape[axis:])
    return algebra.broadcast(x, shape=shape, axes=(axis,))


def moved(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from(values))
    kind = draw(st.sampled_from(["permute", "reshape", "flip", "cumsum"]))
    axes = tuple(range(x.ndim))
    if kind == "permute":
        return structure.permute(x, perm=tuple(draw(st.permutations(axes))))
    if kind == "reshape":
        return structure.reshape(x, shape=(int(np.prod(x.shape)),))
    if not axes:
        return None
    axis = draw(st.sampled_from(axes))
    if kind == "flip":
        return structure.flip(x, axes=(axis,))
    return cumulative.cumsum(x, axis=axis, reverse=draw(st.booleans()))


def joined(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from([v for v in values if v.ndim == 1] or [None]))
    if x is None:
        return None
    others = [v for v in values if v.ndim == 1 and v.dtype == x.dtype]
    return structure.concatenate(x, draw(st.sampled_from(others)), axis=0)


def part(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from([v for v in values if v.ndim and v.shape[0]] or [None]))
    if x is None:
        return None
    kind = draw(st.sampled_from(["index", "set", "gather", "pad"]))
    if kind == "pad":
        n = x.ndim
        amounts = {name: (draw(st.integers(0, 1)),) * n for name in ("low", "high", "interior")}
        return structure.pad(x, x.dtype.type(1.5), **amounts) if np.prod(x.shape) < 40 else None
    row = indexing.index(x, spec="-1")
    if kind == "index":
        return row
    if kind == "set":
        return indexing.index_set(x, algebra.mul(row, x.dtype.type(2)), spec="0")
    last = algebra.full_like(ArrayType((2,), np.dtype(np.int64)), x.shape[0] - 1)
    return gathering.gather(x, last, axis=0, batch=0)


def contracted(draw: Draw, values: list[Any]) -> Any:
    pairs = [
        (x, y, spec)
        for x in values
        for y in values
        for spec in SPECS.get((x.ndim, y.ndim), ())
        if x.dtype == y.dtype and fits(spec, x.shape, y.shape)
    ]
    if not pairs:
        return None
    x, y, spec = draw(st.sampled_from(pairs))
    return contraction.contract(squashed(x), y, spec=spec)


SPECS = {
    (1, 1): ("i,i->", "i,j->ij"),
    (2, 1): ("ij,j->i", "ij,i->j"),
    (1, 2): ("i,ij->j",),
    (2, 2): ("ij,jk->ik", "ij,ij->", "ij,kj->ik", "ij,ij->i"),
}


def fits(spec: str, *shapes: Sequence[int]) -> bool:
    sizes: dict[str, int] = {}
    labels = spec.partition("->")[0].split(",")
    return all(
        sizes.setdefault(k, d) == d
        for part_, shape in zip(labels, shapes, strict=True)
        for k, d in zip(part_, shape, strict=True)
    )


def converted(draw: Draw, values: list[Any]) -> Any:
    x = draw(st.sampled_from(values))
    there = np.dtype(np.float32 if x.dtype == np.float64 else np.float64)
    return arithmetic.convert(x, dtype=there)


def called(draw: Draw, values: list[Any]) -> Any:
    """A program within the program."""
    x = draw(st.sampled_from(values))
    policy = draw(st.sampled_from([None, "recompute", "save"]))

    def inner(y: Any) -> Any:
        local = [y]
        for _ in range(draw(st.integers(1, 3))):
            step = draw(st.sampled_from([unary, binary, guarded]))
            local.append(step(draw, local))
        return [local[-1]]

    program = build(inner, [x.type], "inner")
    return call(x, program=program, policy=policy)[0]


STEPS = [
    unary, unary, binary, binary, binary, tame_power, guarded, reduced, spread, moved, joined, part,
    contracted, called,
]  # fmt: skip


@st.composite
def programs(draw: Draw, dtypes: Sequence[Any] = (np.float64,), longest: int = 16) -> Program:
    """A program from one to three inputs to one or two outputs."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    types = [ArrayType(shape, draw(st.sampled_from(dtypes))) for shape in shapes]
    steps = STEPS if len(dtypes) == 1 else [*STEPS, converted]

    def fun(*inputs: Any) -> Any:
        values = list(inputs)
        for _ in range(draw(st.integers(min(4, longest), longest))):
            recent = [v for v in values[-5:] if np.prod(v.shape) <= 60]
            new = draw(st.sampled_from(steps))(draw, recent or list(inputs))
            if new is not None:
                values.append(new)
        others = draw(st.lists(st.sampled_from(values), max_size=1))
        return [values[-1], *others]

    return build(fun, types, "random")


def arguments(program: Program, seed: int = 0) -> list[Any]:
    """Numbers for the inputs, none of them close to one another or to a bound of a guard."""
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.uniform(0.15, 0.85, t.shape) * rng.choice([-1, 1], t.shape)).astype(t.dtype)
        for t in program.in_types
    ]
