"""The dtypes that elementwise primitives take, and those of their results.

Each function maps the common type of the operands to the dtype of the result, or refuses it, as
`elementwise(dtype=...)` asks. NumPy's conversions happen before, in `autodiff.numpy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType

__all__ = [
    "complex_dtype", "floating", "inexact", "integral", "logical", "magnitude", "scalar",
]  # fmt: skip

DType = np.dtype[Any]

logical = np.dtype(bool)


def inexact(operand: ArrayType) -> DType:
    """Real and complex floating dtypes, kept."""
    return _kept(operand, "fc", "floating-point or complex")


def floating(operand: ArrayType) -> DType:
    """Real floating dtypes, kept."""
    return _kept(operand, "f", "real floating-point")


def integral(operand: ArrayType) -> DType:
    """Integers and truth values, kept."""
    return _kept(operand, "biu", "integer or bool")


def magnitude(operand: ArrayType) -> DType:
    """Any dtype; of a complex one, that of its parts."""
    dtype = operand.dtype
    return dtype.type(0).real.dtype if dtype.kind == "c" else dtype


def complex_dtype(parts: ArrayType) -> DType:
    """The complex dtype whose parts are of this real one (float16 has none)."""
    if floating(parts).itemsize < 4:
        raise TypeError(
            f"there is no complex dtype with parts of {parts.dtype}; convert to float32"
        )
    return np.result_type(parts.dtype, np.complex64)


def _kept(operand: ArrayType, kinds: str, expected: str) -> DType:
    if operand.dtype.kind not in kinds:
        raise TypeError(f"expected {expected} operands, not {operand}; convert them first")
    return operand.dtype


def scalar(like: Any, value: float) -> Any:
    """`value` as a constant in the dtype of `like`; in a program it becomes a literal."""
    return like.dtype.type(value)
