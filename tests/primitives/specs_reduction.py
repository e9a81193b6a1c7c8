"""Rows for reductions and for running totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.primitives.algebra import reduce_any, reduce_sum
from autodiff.primitives.cumulative import (
    cumlogsumexp,
    cummax,
    cummin,
    cumprod,
    cumsum,
    recurrence,
)
from autodiff.primitives.record import Primitive
from autodiff.primitives.reduction import (
    argmax,
    argmin,
    exp_below,
    reduce_all,
    reduce_and,
    reduce_logsumexp,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_xor,
)
from tests.primitives.spec import (
    Maker,
    Spec,
    booleans,
    complex_uniform,
    distinct,
    integers,
    uniform,
)

F32 = np.float32


def x(*shape: int, dtype: Any = float) -> Maker:
    return uniform(-1, 1, shape, dtype)


def z(*shape: int) -> Maker:
    return complex_uniform(-1, 1, shape)


def fixed(values: Any, dtype: Any = float) -> Maker:
    """Always these numbers."""
    return lambda rng: np.array(values, dtype)


def with_zeros(*zeros: int) -> Maker:
    """Six numbers, some of them zero."""

    def make(rng: np.random.Generator) -> Any:
        numbers = rng.uniform(0.5, 1.5, 6)
        numbers[list(zeros)] = 0
        return numbers.reshape(2, 3)

    return make


def over(primitive: Primitive, maker: Maker, axes: Sequence[int], name: str, **more: Any) -> Spec:
    return Spec(primitive, (maker,), {"axes": tuple(axes)}, f"{primitive.name}-{name}", **more)


def sums() -> list[Spec]:
    rows = []
    for primitive in (reduce_sum, reduce_prod):
        rows += [
            over(primitive, x(2, 3), [1], "rows"),
            over(primitive, x(2, 3), [0], "columns"),
            over(primitive, x(2, 3, 2), [0, 2], "two"),
            over(primitive, x(2, 3), [0, 1], "all"),
            over(primitive, x(2, 3), [], "none"),
            over(primitive, x(), [], "0d"),
            over(primitive, x(2, 3, dtype=F32), [1], "f32"),
            over(primitive, z(2, 3), [1], "complex"),
            over(primitive, integers(-3, 4, (2, 3), np.int32), [0], "int"),
            over(primitive, x(0, 3), [0], "empty"),
            over(primitive, x(0, 3), [1], "empty-kept"),
        ]
    return rows


PRODUCTS = [
    over(reduce_prod, with_zeros(1), [1], "one-zero"),
    over(reduce_prod, with_zeros(0, 1, 4), [1], "two-zeros"),
    over(reduce_prod, with_zeros(0, 1, 2, 3, 4, 5), [0, 1], "zeros"),
]


def extremes() -> list[Spec]:
    tied = fixed([[1, 2, 2], [3, 3, 3]])
    rows = []
    for primitive in (reduce_max, reduce_min):
        rows += [
            over(primitive, distinct((2, 3)), [1], "rows"),
            over(primitive, distinct((2, 3, 2)), [0, 2], "two"),
            over(primitive, distinct((2, 3)), [0, 1], "all"),
            over(primitive, distinct((2, 3)), [], "none"),
            over(primitive, x(), [], "0d"),
            over(primitive, distinct((2, 3), F32), [0], "f32"),
            over(primitive, integers(-9, 9, (2, 3)), [0], "int"),
            over(primitive, booleans((2, 3)), [0], "bool"),
            over(primitive, x(0, 3), [1], "empty-kept"),
            over(primitive, tied, [1], "tied", smooth=False),
        ]
    for primitive in (argmax, argmin):
        rows += [
            Spec(primitive, (distinct((2, 3)),), {"axis": 1}),
            Spec(primitive, (tied,), {"axis": 0}, id=f"{primitive.name}-tied"),
            Spec(primitive, (integers(0, 9, (3,)),), {"axis": 0}, id=f"{primitive.name}-int"),
        ]
    return rows


LOGIC = [
    over(primitive, booleans((2, 3)), axes, name)
    for primitive in (reduce_any, reduce_all, reduce_and, reduce_or, reduce_xor)
    for axes, name in ([[1], "rows"], [[0, 1], "all"], [[], "none"])
] + [
    over(primitive, integers(0, 256, (2, 3), dtype), [1], np.dtype(dtype).name)
    for primitive in (reduce_and, reduce_or, reduce_xor)
    for dtype in (np.uint8, np.int64)
]

INFINITE = [[1.0, np.inf, -np.inf], [-np.inf, -np.inf, -np.inf], [np.inf, np.inf, 0.0]]

EXPONENTIALS = [
    over(reduce_logsumexp, x(2, 3), [1], "rows"),
    over(reduce_logsumexp, x(2, 3, 2), [0, 2], "two"),
    over(reduce_logsumexp, x(2, 3), [], "none"),
    over(reduce_logsumexp, x(), [], "0d"),
    over(reduce_logsumexp, x(2, 3, dtype=F32), [0], "f32"),
    over(reduce_logsumexp, uniform(900, 901, (3,)), [0], "large"),
    over(reduce_logsumexp, x(0, 3), [0], "empty", smooth=False),
    over(reduce_logsumexp, fixed(INFINITE), [1], "infinite", smooth=False),
    Spec(exp_below, (uniform(-2, -1, (3,)), x(3))),
    Spec(exp_below, (uniform(-2, -1, (3,), F32), x(3, dtype=F32)), id="exp_below-f32"),
]


def along(primitive: Primitive, maker: Maker, name: str, axis: int = 0, **more: Any) -> list[Spec]:
    """A row for each direction."""
    return [
        Spec(primitive, (maker,), {"axis": axis, "reverse": reverse}, f"{label}-{name}", **more)
        for reverse, label in ((False, primitive.name), (True, f"{primitive.name}-reverse"))
    ]


def running() -> list[Spec]:
    rows = []
    for primitive, maker in ((cumsum, uniform), (cumprod, uniform), (cumlogsumexp, uniform)):
        rows += along(primitive, maker(-1, 1, (4,)), "1d")
        rows += along(primitive, maker(-1, 1, (2, 3)), "rows", axis=1)
        rows += along(primitive, maker(-1, 1, (3, 2), F32), "f32")
        rows += along(primitive, maker(-1, 1, (0, 2)), "empty")
    for primitive in (cumsum, cumprod):
        rows += along(primitive, z(2, 3), "complex", axis=1)
        rows += along(primitive, integers(-3, 4, (4,), np.int32), "int")
    for primitive in (cummax, cummin):
        rows += along(primitive, distinct((5,)), "1d")
        rows += along(primitive, distinct((2, 3)), "rows", axis=1)
        rows += along(primitive, distinct((3, 2), F32), "f32")
        rows += along(primitive, integers(-3, 4, (4,)), "int")
        rows += along(primitive, x(0, 2), "empty")
        rows += along(primitive, fixed([1, 3, 3, 2, 3, 1, 1]), "tied", smooth=False)
    rows += along(cumlogsumexp, uniform(900, 901, (3,)), "large")
    return rows


RECURRENCES = [
    Spec(recurrence, (maker(4, *rest), maker(4, *rest)), {"axis": 0, "reverse": reverse}, name)
    for maker, rest, reverse, name in (
        (x, (), False, "recurrence-1d"),
        (x, (2,), True, "recurrence-reverse"),
        (x, (3, 3), False, "recurrence-many"),
        (z, (2,), False, "recurrence-complex"),
        (lambda *s: x(*s, dtype=F32), (), False, "recurrence-f32"),
        (lambda *s: x(0, 2), (), False, "recurrence-empty"),
    )
] + [Spec(recurrence, (x(2, 3), x(2, 3)), {"axis": 1, "reverse": False}, "recurrence-rows")]

SPECS: list[Spec] = [
    *sums(), *PRODUCTS, *extremes(), *LOGIC, *EXPONENTIALS, *running(), *RECURRENCES,
]  # fmt: skip
