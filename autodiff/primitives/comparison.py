"""Comparisons, logic and tests: whatever answers with truth values, and so has no derivative."""

from __future__ import annotations

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import elementwise_type
from autodiff.primitives.dtypes import floating, logical
from autodiff.primitives.kinds import elementwise
from autodiff.primitives.record import Primitive

__all__ = [
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal", "signbit",
]  # fmt: skip


def _comparison(name: str, operator: str) -> Primitive:
    def types(x: ArrayType, y: ArrayType) -> tuple[ArrayType]:
        if x.dtype.kind + y.dtype.kind in ("iu", "ui"):  # NumPy compares these without conversion
            y = y.with_dtype(x.dtype)
        return (elementwise_type(name, x, y).with_dtype(logical),)

    return elementwise(
        name,
        [None, None],
        types=types,
        ufunc=getattr(np, name),
        text=f"{{0}} {operator} {{1}}",
    )


equal = _comparison("equal", "==")
not_equal = _comparison("not_equal", "!=")
less = _comparison("less", "<")
less_equal = _comparison("less_equal", "<=")
greater = _comparison("greater", ">")
greater_equal = _comparison("greater_equal", ">=")

logical_and = elementwise("logical_and", [None, None], dtype=logical, ufunc=np.logical_and)
logical_or = elementwise("logical_or", [None, None], dtype=logical, ufunc=np.logical_or)
logical_xor = elementwise("logical_xor", [None, None], dtype=logical, ufunc=np.logical_xor)
logical_not = elementwise("logical_not", [None], dtype=logical, ufunc=np.logical_not)

isnan = elementwise("isnan", [None], dtype=logical, ufunc=np.isnan)
isinf = elementwise("isinf", [None], dtype=logical, ufunc=np.isinf)
isfinite = elementwise("isfinite", [None], dtype=logical, ufunc=np.isfinite)


def _signbit_dtype(operand: ArrayType) -> np.dtype[np.bool]:
    floating(operand)
    return logical


signbit = elementwise("signbit", [None], dtype=_signbit_dtype, ufunc=np.signbit)
