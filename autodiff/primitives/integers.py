"""Bits and divisors: the operations that only integers (and truth values) have."""

from __future__ import annotations

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.dtypes import integral
from autodiff.primitives.kinds import elementwise

__all__ = [
    "bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "gcd", "invert", "lcm",
    "left_shift", "right_shift",
]  # fmt: skip

_TWO = (None, None)

bitwise_and = elementwise(
    "bitwise_and", _TWO, dtype=integral, ufunc=np.bitwise_and, text="{0} & {1}"
)
bitwise_or = elementwise("bitwise_or", _TWO, dtype=integral, ufunc=np.bitwise_or, text="{0} | {1}")
bitwise_xor = elementwise(
    "bitwise_xor", _TWO, dtype=integral, ufunc=np.bitwise_xor, text="{0} ^ {1}"
)
left_shift = elementwise("left_shift", _TWO, dtype=integral, ufunc=np.left_shift, text="{0} << {1}")
right_shift = elementwise(
    "right_shift", _TWO, dtype=integral, ufunc=np.right_shift, text="{0} >> {1}"
)
invert = elementwise("invert", [None], dtype=integral, ufunc=np.invert, text="~{0}")

gcd = elementwise("gcd", _TWO, dtype=integral, ufunc=np.gcd)
lcm = elementwise("lcm", _TWO, dtype=integral, ufunc=np.lcm)


def _count_dtype(operand: ArrayType) -> np.dtype[np.uint8]:
    integral(operand)
    return np.dtype(np.uint8)


bitwise_count = elementwise("bitwise_count", [None], dtype=_count_dtype, ufunc=np.bitwise_count)
