"""Polynomials, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, assert_same, check_call
from tests.numpy.running import traced

P, Q = [2, -3, 1, 4], [1, 2]
FLOATING = [d for d in DTYPES if d not in ("?", "u1")]


def check(f, *arrays):
    check_call(f, *arrays, compiled=False)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("name", ["polyadd", "polysub", "polymul", "polydiv"])
def test_arithmetic(name, dtype):
    f = getattr(np, name)
    p, q = np.array(P).astype(dtype), np.array(Q).astype(dtype)
    for pair in ((p, q), (q, p), (p, p)):
        check(f, *pair)
    check(lambda p: f(p, [1.0, 2.0]), p)
    check(lambda p: f(3, p), p)


def test_leading_zeros_are_dropped_where_numpy_drops_them():
    p = np.array([0.0, 0.0, 1.0, 2.0])
    check(np.polymul, p, p)
    check(np.polyadd, p, p)
    check(np.polymul, np.zeros(3), p)
    check(np.polydiv, p + 1, p[2:])
    check(np.polydiv, np.array([1.0, 3.0, 2.0]), np.array([1.0, 1.0]))  # no remainder


@pytest.mark.parametrize("dtype", FLOATING)
def test_calculus(dtype):
    p = np.array(P).astype(dtype)
    for m in (0, 1, 3):
        check_call(lambda p, m=m: np.polyder(p, m), p)
        check_call(lambda p, m=m: np.polyint(p, m), p)
    check_call(lambda p: np.polyint(p, 2, [1, 2]), p)
    for wrong in (lambda p: np.polyder(p, -1), lambda p: np.polyint(p, 3, [1, 2])):
        with pytest.raises(ValueError, match=r"[Oo]rder|k must be"):
            traced(wrong, p)


def test_constants_of_integration_are_differentiated():
    k = np.array([1.0, 2.0])
    jacobian = ad.jacobian(lambda k: np.polyint(ad.numpy.array([6.0]), 2, k))(k)
    np.testing.assert_array_equal(jacobian, [[0, 0], [1, 0], [0, 1]])


@pytest.mark.parametrize("dtype", FLOATING)
def test_poly(dtype):
    check(np.poly, np.array([1, 2, 3]).astype(dtype))


def test_poly_of_matrices_and_conjugate_roots():
    check(np.poly, np.array([1 + 2j, 1 - 2j, 3]))
    check(np.poly, np.array([1 + 2j, 1 - 3j]))
    check(np.poly, np.array([[2.0, 1.0], [1.0, 3.0]]))
    with pytest.raises(ValueError, match="1d or"):
        traced(np.poly, np.zeros((2, 3)))


@pytest.mark.parametrize(
    "p", [[1, -6, 11, -6], [0, 0, 2, -3, 0, 0], [1, 0, 1], [3], [0, 0], [2.0, 1.0]], ids=str
)
def test_roots(p):
    check(np.roots, np.array(p))
    check(np.roots, np.array(p).astype(complex))


def test_roots_move_as_the_implicit_function_theorem_says():
    p = np.array([1.0, -6.0, 11.0, -6.0])
    jacobian = ad.jacobian(lambda p: np.roots(p))(p)
    for root, row in zip(np.roots(p), jacobian, strict=True):
        expected = -(root ** np.arange(3, -1, -1)) / np.polyval(np.polyder(p), root)
        np.testing.assert_allclose(row, expected, rtol=1e-9)


def test_what_needs_values_says_so_under_jit():
    p = np.array([1.0, 2.0])
    for f, instead in [
        (lambda p: np.polymul(p, p), "np.convolve"),
        (lambda p: np.roots(p), "strip_zeros=False"),
        (lambda p: np.trim_zeros(p), "a slice"),
        (lambda p: np.polydiv(p, p), "np.linalg.solve"),
    ]:
        with pytest.raises(ad.errors.NoValueError, match=instead):
            ad.jit(f)(p)


@pytest.mark.parametrize("trim", ["fb", "f", "b"])
def test_trim_zeros(trim):
    x = np.array([[0, 0, 0], [0, 1, 0], [0, 2, 3], [0, 0, 0]])
    check(lambda x: np.trim_zeros(x[2], trim), x)
    check(lambda x: np.trim_zeros(x[0], trim), x)
    check(lambda x: np.trim_zeros(x, trim), x)
    check(lambda x: np.trim_zeros(x, trim, axis=1), x)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
def test_polyfit(dtype):
    x = np.arange(6).astype(dtype)
    y = np.array([1, 3, 2, 5, 4, 8]).astype(dtype)
    both = np.stack([y, x * 2], axis=1)
    for f in (
        lambda x, y: np.polyfit(x, y, 2),
        lambda x, y: np.polyfit(x, y, 1, w=np.arange(1, 7)),
        lambda x, y: np.polyfit(x, y, 1, cov=True),
        lambda x, y: np.polyfit(x, y, 1, cov="unscaled"),
    ):
        for values in (y, both):
            expected, found = f(x, values), traced(f, x, values)
            many = isinstance(expected, tuple)
            for e, g in zip(*((expected, found) if many else ([expected], [found])), strict=True):
                assert (g.shape, g.dtype) == (e.shape, e.dtype)
                np.testing.assert_allclose(g, e, rtol=1e-3 if dtype == "f4" else 1e-9, atol=1e-10)
    full = traced(lambda x, y: np.polyfit(x, y, 1, full=True)[:2], x, y)
    np.testing.assert_allclose(full[1], np.polyfit(x, y, 1, full=True)[1], rtol=1e-3)


def test_polyfit_refuses_what_numpy_refuses():
    x = np.arange(3.0)
    for f in (
        lambda x: np.polyfit(x, x, -1),
        lambda x: np.polyfit(x[:, None], x, 1),
        lambda x: np.polyfit(x[:0], x, 1),
        lambda x: np.polyfit(x, x[1:], 1),
        lambda x: np.polyfit(x, x, 1, w=x[1:]),
        lambda x: np.polyfit(x, x, 2, cov=True),
    ):
        with pytest.raises((TypeError, ValueError)):
            f(x)
        with pytest.raises((TypeError, ValueError)):
            traced(f, x)


def test_poly1d_of_traced_coefficients():
    def f(c):
        p = np.poly1d(c)
        q = p * p + p.deriv() - np.poly1d([1.0, 2.0]) + p.integ()
        return q(np.array([0.5, 2.0]))

    c = np.array([1.0, 2.0, 3.0])
    assert_same(traced(f, c), f(c))
    gradient = ad.grad(lambda c: np.sum(f(c)))(c)
    for i, e in enumerate(np.eye(3)):
        slope = (np.sum(f(c + 1e-6 * e)) - np.sum(f(c - 1e-6 * e))) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-7)


def test_classes_of_numpy_polynomial():
    def f(c, x):
        return np.polynomial.Chebyshev(c, domain=[-2, 2])(x)

    c, x = np.array([1.0, 2.0, 0.5]), np.array([0.3, -1.2])
    assert_same(traced(f, c, x), f(c, x))
    _, slope = ad.jvp(f, (c, x), (np.ones(3), np.ones(2)))
    expected = (f(c + 1e-6, x + 1e-6) - f(c - 1e-6, x - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope, expected, rtol=1e-7)


def test_polynomials_of_no_coefficients_and_of_several_axes():
    p, nothing, table = np.array([1.0, 2.0, 3.0]), np.zeros(0), np.ones((2, 2))
    check_call(np.polymul, p, nothing, compiled=False)
    check_call(np.polymul, nothing, nothing, compiled=False)
    for f in (np.polyadd, np.polysub):
        check_call(f, p[:2], table)
        check_call(f, p, nothing)
