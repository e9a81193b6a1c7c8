"""Decompositions as SciPy has them: arbitrary choices, and where there is no derivative."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import linalg
from tests.calculus import difference

scipy_linalg = pytest.importorskip("scipy.linalg")


def matrices(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def slope(f, a, d):
    return difference(lambda xs: [f(*xs)], [a], [d])[0]


# ---- polar


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_polar_decompositions_multiply_to_the_matrix(shape, side):
    a, d = matrices(*shape), matrices(*shape, seed=1)
    (u, p), (du, dp) = ad.jvp(lambda a: linalg.polar(a, side), (a,), (d,))
    product = u @ p if side == "right" else p @ u
    tangent = du @ p + u @ dp if side == "right" else dp @ u + p @ du
    np.testing.assert_allclose(product, a, atol=1e-14)
    np.testing.assert_allclose(tangent, d, atol=1e-13)
    np.testing.assert_allclose(dp, dp.T, atol=1e-13)


def test_polar_factors_are_smooth_where_singular_values_coincide():
    a, d = np.eye(3), matrices(3, 3)
    du = ad.jvp(lambda a: linalg.polar(a)[0], (a,), (d,))[1]
    np.testing.assert_allclose(du, (d - d.T) / 2, atol=1e-15)
    second = ad.hvp(lambda a: np.sum(linalg.polar(a)[0] ** 3))(a, (d,))
    assert np.isfinite(second).all()


# ---- bases


def test_bases_are_orthonormal_to_second_order():
    """N N^H is the projector on the null space: its derivatives are those of 1 - pinv(A) A."""
    a, d = matrices(2, 5), matrices(2, 5, seed=1)

    def by_basis(a):
        n = linalg.null_space(a)
        return n @ n.T

    def by_inverse(a):
        return np.eye(5) - np.linalg.pinv(a) @ a

    def twice(f):
        return ad.jvp(lambda a: ad.jvp(f, (a,), (d,))[1], (a,), (d,))

    for found, expected in zip(twice(by_basis), twice(by_inverse), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-11)
    n, dn = ad.jvp(linalg.null_space, (a,), (d,))
    np.testing.assert_allclose(d @ n + a @ dn, 0, atol=1e-13)


def test_the_size_of_a_basis_is_known_outside_of_jit_only():
    a = np.array([[1.0, 1], [1, 1]])
    assert ad.jvp(linalg.null_space, (a,), (a,))[0].shape == (2, 1)
    assert ad.jvp(linalg.orth, (a,), (a,))[0].shape == (2, 1)
    with pytest.raises(ad.errors.NoValueError, match=r"np\.linalg\.svd"):
        ad.jit(linalg.orth)(a)


# ---- Schur


def invariants(output):
    """What does not depend on phases: sizes of elements, and functions of the matrix."""

    def f(a):
        t, z = linalg.schur(a, output)
        return np.concatenate(
            [abs(t).ravel(), abs(z).ravel(), (z @ (t @ t) @ z.conj().T).real.ravel()]
        )

    return f


@pytest.mark.parametrize("output", ["real", "complex"])
def test_schur_form_of_a_matrix_with_distinct_eigenvalues(output):
    a = matrices(4, 4) * 0.4 + np.diag([0.0, 2, 4, 6])
    d = matrices(4, 4, seed=1)
    tangent = ad.jvp(invariants(output), (a,), (d,))[1]
    np.testing.assert_allclose(tangent, slope(invariants(output), a, d), atol=1e-9)


def test_complex_eigenvalues_of_a_real_matrix():
    a = np.array([[1.0, -2, 0.3], [1, 1.5, 0.1], [0.2, 0.4, 5]])
    d = matrices(3, 3)
    tangent = ad.jvp(invariants("complex"), (a,), (d,))[1]
    np.testing.assert_allclose(tangent, slope(invariants("complex"), a, d), atol=1e-9)
    t = ad.jit(lambda a: linalg.schur(a)[0])(a)
    np.testing.assert_allclose(t, scipy_linalg.schur(a)[0])
    with pytest.raises(np.linalg.LinAlgError, match="output='complex'"):
        ad.jvp(lambda a: linalg.schur(a)[0], (a,), (d,))


def test_repeated_eigenvalues_and_sorting_are_refused():
    with pytest.raises(np.linalg.LinAlgError, match="repeated"):
        ad.jvp(lambda a: linalg.schur(a)[1], (np.eye(2),), (np.ones((2, 2)),))
    with pytest.raises(ad.errors.UnsupportedFunctionError, match="sort"):
        ad.jvp(lambda a: linalg.schur(a, sort="lhp")[0], (np.eye(2),), (np.eye(2),))


# ---- eigenvalues of two matrices


@pytest.mark.parametrize("type", [1, 2, 3])
@pytest.mark.parametrize("lower", [True, False])
def test_eigenvalues_of_two_matrices(type, lower):
    x, y = matrices(4, 4) + 1j * matrices(4, 4, seed=1), matrices(4, 4, seed=2)
    a, b = x + x.conj().T + np.diag([0, 2, 4, 6]), y @ y.T + np.eye(4) + 0j
    expected = scipy_linalg.eigh(a, b, lower=lower, type=type)

    def both(a, b):
        return linalg.eigh(a, b, lower=lower, type=type)

    (w, v), (dw, _) = ad.jvp(both, (a, b), (b, a))
    np.testing.assert_allclose(w, expected[0], rtol=1e-10)
    np.testing.assert_allclose(abs(v), abs(expected[1]), rtol=1e-8, atol=1e-10)

    def ahead(h):
        return scipy_linalg.eigh(a + h * b, b + h * a, type=type, eigvals_only=True)

    np.testing.assert_allclose(dw, (ahead(1e-6) - ahead(-1e-6)) / 2e-6, rtol=1e-6, atol=1e-7)


def test_options_of_eigenvalues():
    a = matrices(3, 3)
    a = a + a.T
    some = ad.jvp(lambda a: linalg.eigh(a, subset_by_index=(1, 2)), (a,), (a,))[0]
    np.testing.assert_allclose(some[0], scipy_linalg.eigh(a, subset_by_index=(1, 2))[0])
    with pytest.raises(ad.errors.UnsupportedFunctionError, match="subset_by_index"):
        ad.jvp(lambda a: linalg.eigh(a, subset_by_value=(0, 1)), (a,), (a,))
    with pytest.raises(ad.errors.UnsupportedFunctionError, match="left"):
        ad.jvp(lambda a: linalg.eig(a, left=True), (a,), (a,))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("transform", ["grad", "jit"])
def test_eigenvalues_of_a_real_matrix_come_as_scipys_do(transform, dtype):
    """In the same order, and without imaginary parts where they are real."""
    rng = np.random.default_rng(3)
    for real in (True, False):
        x = rng.normal(size=(6, 6)).astype(dtype)
        x = x + x.T + np.triu(x) * dtype(0.01) if real else x
        w, v = scipy_linalg.eig(x)
        assert (w.imag == 0).all() == real
        seen = []

        def look(a, seen=seen):
            results = (*linalg.eig(a), linalg.eig(a, right=False), linalg.eigvals(a))
            if transform == "grad":
                seen.extend(map(ad.value_of, results))
            return np.sum(np.real(results[-1])) if transform == "grad" else results

        found = getattr(ad, transform)(look)(x)
        got = seen if transform == "grad" else found
        for values in (got[0], got[2], got[3]):
            assert values.dtype == w.dtype
            np.testing.assert_allclose(values, w, rtol=30 * np.finfo(dtype).eps)
            np.testing.assert_array_equal(values.imag == 0, w.imag == 0)
        # NumPy's LAPACK call is in double precision, so that signs may be others in single.
        np.testing.assert_allclose(np.abs(got[1]), np.abs(v), atol=100 * np.finfo(dtype).eps)
        assert got[1].dtype == (v.dtype if transform == "grad" else w.dtype)
