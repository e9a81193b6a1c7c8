"""Arithmetic beyond the vector-space operations of `algebra`: differences, quotients, squares.

And three operations on which the transforms themselves are built: `select`, `convert` and
`stop_gradient`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import aligned, elementwise_type, mul, neg
from autodiff.primitives.comparison import logical_not
from autodiff.primitives.dtypes import inexact, scalar
from autodiff.primitives.kinds import Push, elementwise
from autodiff.primitives.masked import Masked
from autodiff.primitives.record import Primitive

__all__ = [
    "convert", "div", "positive", "reciprocal", "select", "square", "stop_gradient", "sub",
]  # fmt: skip

sub = elementwise(
    "sub",
    [1, -1],
    ufunc=np.subtract,
    transpose=lambda ct, i, x, y: neg(ct) if i else ct,
    text="{0} - {1}",
)

div: Primitive = elementwise(
    "div",
    [Push(lambda t, z, x, y: div(t, y)), lambda z, x, y: neg(div(z, y))],
    dtype=inexact,
    ufunc=np.divide,
    transpose=lambda ct, i, x, y: div(ct, y),  # linear in the dividend only
    text="{0} / {1}",
)

reciprocal = elementwise("reciprocal", [lambda y, x: neg(mul(y, y))], ufunc=np.reciprocal)

square = elementwise("square", [lambda y, x: mul(scalar(x, 2), x)], ufunc=np.square)

positive = elementwise(
    "positive", [1], ufunc=np.positive, transpose=lambda ct, i, x: ct, text="+{0}"
)

stop_gradient = elementwise("stop_gradient", [None], run=lambda xp, x: x, text="{0}", view=True)


# ---- select: a where c holds, b elsewhere


def _select_types(c: ArrayType, a: ArrayType, b: ArrayType) -> tuple[ArrayType]:
    if c.dtype.kind != "b":
        raise TypeError(f"the condition of select is of dtype bool, not {c}")
    if a.dtype is not b.dtype != a.dtype:
        raise TypeError(f"select takes two operands of one dtype, not {a} and {b}")
    return (elementwise_type("select", c.with_dtype(a.dtype), a, b.with_dtype(a.dtype)),)


def _select_jvp(xs: Any, dxs: Any) -> Any:
    (c, a, b), (_, da, db) = xs, dxs
    # One select for both. It never multiplies: what is not chosen is gone, even if it is infinite.
    zero = scalar(a, 0)
    return select(c, a, b), select(c, zero if da is None else da, zero if db is None else db)


def _select_transpose(ct: Any, i: int, c: Any, a: Any, b: Any) -> Any:
    if isinstance(c, np.generic):
        return ct if bool(c) == (i == 1) else None
    return Masked(ct, c if i == 1 else logical_not(c))


select: Primitive = Primitive(
    "select",
    types=_select_types,
    run=lambda xp, c, a, b: xp.where(c, a, b)[()],  # [()]: of scalars, a scalar
    jvp=_select_jvp,
    transpose=_select_transpose,
    batch=lambda size, xs, mapped: select(*aligned(size, xs, mapped)),
    python=lambda types, params: "np.where({0}, {1}, {2})",
    mask="same",
    kind="elementwise",
    cheap=True,
)


# ---- convert: NumPy's `astype`; what leaves the inexact dtypes loses its derivative


def _convert_run(xp: Any, x: Any, *, dtype: Any) -> Any:
    return (x.real if _drops_imaginary(x, dtype) else x).astype(dtype)


def _convert_text(types: tuple[ArrayType, ...], params: dict[str, Any]) -> str:
    dtype = params["dtype"]
    part = ".real" if _drops_imaginary(types[0], dtype) else ""
    return f"{{0}}{part}.astype('{np.dtype(dtype).name}')"


def _drops_imaginary(x: Any, dtype: Any) -> bool:
    """Whether only the real part counts (for the truth of a complex number, both do)."""
    return x.dtype.kind == "c" and np.dtype(dtype).kind not in "cb"


convert: Primitive = elementwise(
    "convert",
    [Push(lambda t, y, x, *, dtype: convert(t, dtype=dtype) if y.dtype.kind in "fc" else None)],
    types=lambda x, *, dtype: (x.with_dtype(dtype),),
    run=_convert_run,
    transpose=lambda ct, i, x, *, dtype: convert(ct, dtype=x.dtype),
    text=_convert_text,
)
