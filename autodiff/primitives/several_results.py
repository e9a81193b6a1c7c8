"""The kind of elementwise primitive that gives several results at once, such as sine and cosine
integrals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import aligned, elementwise_type, mul, sum_tangents
from autodiff.primitives.dtypes import floating
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special_function

__all__ = ["special_of_several_results"]


def special_of_several_results(
    name: str,
    count: int,
    *partials: Callable[..., tuple[Any, ...]],
    dtype: Callable[..., Any] = floating,
) -> Primitive:
    """The primitive that is the ufunc `scipy.special.<name>` with `count` results.

    `partials[i]` is a function `(results, *inputs)` that gives the derivatives of all results by
    input i.
    """

    def types(*operands: ArrayType) -> tuple[ArrayType, ...]:
        common = elementwise_type(name, *operands)
        return (common.with_dtype(dtype(common)),) * count

    def jvp(xs: Any, dxs: Any) -> Any:
        ys = new(*xs)
        columns = [
            [mul(t, d) for d in partial(ys, *xs)]
            for partial, t in zip(partials, dxs, strict=True)
            if t is not None
        ]
        return ys, tuple([sum_tangents(terms) for terms in zip(*columns, strict=True)])

    new: Primitive = Primitive(
        name,
        types=types,
        run=lambda xp, *xs: special_function(xp, name)(*xs),
        jvp=jvp,
        batch=lambda size, xs, mapped: new(*aligned(size, xs, mapped)),
        multiple=True,
    )
    return new
