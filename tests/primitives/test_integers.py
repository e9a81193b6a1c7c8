"""Bits: result types, and what is refused."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives import integers


def test_bits_are_counted_in_bytes() -> None:
    assert integers.bitwise_count.types(ArrayType((2,), np.int64))[0] is ArrayType((2,), np.uint8)


@pytest.mark.parametrize("name", integers.__all__)
def test_floats_are_refused(name) -> None:
    primitive = getattr(integers, name)
    operands = [ArrayType((2,), np.float64)] * primitive.ufunc.nin
    with pytest.raises(TypeError, match="expected integer or bool operands, not f64"):
        primitive.types(*operands)
