"""Truth values: their types, and that none has a derivative."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives import comparison

ALL = [getattr(comparison, name) for name in comparison.__all__]


@pytest.mark.parametrize("primitive", ALL, ids=lambda p: p.name)
def test_results_are_truth_values_without_derivative(primitive) -> None:
    operand = ArrayType((2,), np.float32)
    (result,) = primitive.types(*[operand] * primitive.ufunc.nin)
    assert result is ArrayType((2,), bool)
    assert primitive.jvp is None


def test_signbit_takes_real_floats_only() -> None:
    with pytest.raises(TypeError, match="real floating-point operands, not i64"):
        comparison.signbit.types(ArrayType((), np.int64))
