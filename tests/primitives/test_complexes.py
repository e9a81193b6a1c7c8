"""Complex numbers: transposed without conjugation, so gradients are du/dx - i du/dy."""

import numpy as np
import pytest

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import convert
from autodiff.primitives.complexes import complex_, complex_sign, conj, imag, real
from autodiff.primitives.exponential import exp, log
from autodiff.primitives.piecewise import abs_
from tests.primitives.differentiate import pull

Z = np.array([1.2 - 0.7j, -0.4 + 2.0j, -1.5 - 0.3j])

REAL_FUNCTIONS = {
    "real": lambda z: real(mul(z, z)),
    "imag": lambda z: imag(exp(z)),
    "abs": lambda z: abs_(mul(z, z)),
    "norm": lambda z: real(mul(z, conj(z))),
    "sign": lambda z: real(mul(complex_sign(z), np.complex128(2 - 1j))),
    "log": lambda z: imag(log(z)),
    "parts": lambda z: imag(mul(complex_(imag(z), real(z)), z)),
    "convert": lambda z: convert(exp(z), dtype=np.dtype(np.float64)),
}


@pytest.mark.parametrize("name", REAL_FUNCTIONS)
def test_gradients_of_real_functions(name) -> None:
    u, h = REAL_FUNCTIONS[name], 1e-6
    by_x = (u(Z + h) - u(Z - h)) / (2 * h)
    by_y = (u(Z + 1j * h) - u(Z - 1j * h)) / (2 * h)
    np.testing.assert_allclose(pull(u, [Z])[0], by_x - 1j * by_y, rtol=1e-7)


def test_transposes_of_the_parts() -> None:
    ct = np.array([2.0, 3.0, 4.0])
    np.testing.assert_array_equal(pull(real, [Z], ct)[0], ct)
    np.testing.assert_array_equal(pull(imag, [Z], ct)[0], -1j * ct)
    np.testing.assert_array_equal(pull(conj, [Z], Z)[0], Z.conj())
    x, y = pull(complex_, [Z.real.copy(), Z.imag.copy()], Z)
    np.testing.assert_array_equal(x, Z.real)
    np.testing.assert_array_equal(y, -Z.imag)


def test_complex_keeps_infinite_and_single_precision_parts() -> None:
    assert complex_(np.float64(1), np.float64(np.inf)) == complex(1, np.inf)
    assert complex_(np.float32([1]), np.float32([2])).dtype == np.complex64
    with pytest.raises(TypeError, match="no complex dtype with parts of float16"):
        complex_.types(*[ArrayType((), np.float16)] * 2)


def test_the_direction_of_zero_is_zero_and_so_is_its_derivative() -> None:
    zero = np.zeros(1, complex)
    np.testing.assert_array_equal(complex_sign(zero), 0)
    np.testing.assert_array_equal(pull(complex_sign, [zero])[0], 0)


def test_parts_of_real_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a complex operand, not f64"):
        real.types(ArrayType((), np.float64))
