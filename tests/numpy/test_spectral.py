"""Eigenvalues, singular values and pseudo-inverses where values are equal, zero, or nearly so.

A function that does not depend on the choice of a basis is smooth there, so differences of NumPy's
own results say what its derivatives are.
"""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import autodiff as ad
from tests.numpy.smoothness import RNG, WEIGHTS, check, direction


def basis(n: int, dtype: Any = float) -> Any:
    """A random orthogonal or unitary matrix."""
    entries = RNG.normal(size=(n, n))
    if np.dtype(dtype).kind == "c":
        entries = entries + 1j * RNG.normal(size=(n, n))
    return np.linalg.qr(entries)[0]


def projected(columns: Any) -> Any:
    """A weighted sum over the projector on orthonormal columns."""
    n = columns.shape[0]
    return np.sum(WEIGHTS[:n, :n] * (columns @ np.conj(columns).T).real)


# ---- Hermitian matrices with equal eigenvalues

EQUAL = {
    "two-and-others": [1.0, 1, 2, 3, 4],
    "three-and-two": [1.0, 1, 1, 2, 2],
    "all": [2.0] * 5,
    "zero": [0.0] * 5,
    "rank-one": [0.0, 0, 0, 0, 2],
}
hermitian = pytest.mark.parametrize("dtype", [float, complex])
equal = pytest.mark.parametrize("values", EQUAL.values(), ids=EQUAL)


def with_eigenvalues(values: list[float], dtype: Any) -> Any:
    if len(set(values)) == 1:
        return values[0] * np.eye(len(values), dtype=dtype)
    q = basis(len(values), dtype)
    a = (q * values) @ np.conj(q).T
    return (a + np.conj(a).T) / 2


def check_hermitian(f: Any, a: Any, order: int = 2) -> None:
    """Derivatives along Hermitian directions, which are those that count."""
    check(lambda x: f((x + np.conj(x).T) / 2), a, order)


@hermitian
@equal
def test_symmetric_functions_of_equal_eigenvalues(values, dtype):
    a = with_eigenvalues(values, dtype)
    check_hermitian(lambda x: np.sum(np.sin(np.linalg.eigvalsh(x))), a, order=1)
    check_hermitian(lambda x: np.sum(np.exp(np.linalg.eigh(x)[0])), a, order=1)


@hermitian
@equal
def test_sums_over_equal_eigenvalues_to_second_order(values, dtype):
    a, n = with_eigenvalues(values, dtype), values.count(values[0])
    check_hermitian(lambda x: np.sin(np.mean(np.linalg.eigvalsh(x)[:n])), a)


@hermitian
@pytest.mark.parametrize("id", ["two-and-others", "three-and-two", "rank-one"])
def test_projectors_on_the_space_of_equal_eigenvalues_to_second_order(id, dtype):
    values = EQUAL[id]
    a, n = with_eigenvalues(values, dtype), values.count(values[0])

    def f(x):
        w, v = np.linalg.eigh(x)
        return projected(v[:, :n]) * np.sum(w[:n]) + projected(v[:, :n])

    check_hermitian(f, a)


def test_functions_of_separate_eigenvalues_of_a_matrix_to_second_order():
    a = with_eigenvalues([-1.0, 0.3, 1.0, 2.0], complex)

    def f(x):
        w, v = np.linalg.eigh(x)
        return np.sum(WEIGHTS[:4, :4] * ((v * np.exp(w)) @ np.conj(v).T).real)

    check_hermitian(f, a)


@pytest.mark.parametrize("gap", [1e-2, 1e-5, 1e-8])
def test_nearly_equal_eigenvalues_are_not_equal(gap):
    """The angle of the eigenvectors of [[gap, t], [t, 0]] turns by 1 / gap."""
    a, da = np.diag([gap, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    tangent = ad.jvp(lambda x: np.linalg.eigh(x)[1][0, 0] * np.linalg.eigh(x)[1][1, 0], (a,), (da,))
    np.testing.assert_allclose(tangent[1], -1 / gap, rtol=1e-12)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 0.0])
def test_the_second_derivative_of_a_sum_over_a_narrow_group_is_that_of_high_precision(gap):
    rng = np.random.default_rng(3)  # of its own: the error of rounding grows as the gap shrinks
    q, dx = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.normal(size=(4, 4))
    dx = dx + dx.T
    a = (q * [1.0, 1 + gap, 2.0, 3.0]) @ q.T
    a = (a + a.T) / 2

    def curvature():
        with mpmath.workdps(60):
            x, d = mpmath.matrix(a.tolist()), mpmath.matrix(dx.tolist())

            def total(t):
                w = sorted(mpmath.eigsy(x + t * d, eigvals_only=True))
                return w[0] + w[1]

            h = mpmath.mpf(10) ** -15
            return float((total(h) - 2 * total(mpmath.mpf(0)) + total(-h)) / h**2)

    def slope(x):
        return ad.jvp(lambda y: np.sum(np.linalg.eigvalsh(y)[:2]), (x,), (dx,))[1]

    np.testing.assert_allclose(ad.jvp(slope, (a,), (dx,))[1], curvature(), rtol=1e-7)


@hermitian
@pytest.mark.parametrize("k", "LU")
def test_gradients_by_a_hermitian_matrix_are_hermitian(k, dtype):
    """The value is that of one triangle; the derivative, that of a matrix which stays Hermitian."""
    a = with_eigenvalues([1.0, 2, 4], dtype)
    functions = [
        lambda x: np.sum(np.linalg.eigvalsh(x, k) ** 2),
        lambda x: np.sum(np.linalg.eigh(x, k)[0] ** 2),
        lambda x: np.sum(np.linalg.svd(x, compute_uv=False, hermitian=True) ** 2),
    ]
    for f in functions:
        np.testing.assert_allclose(ad.grad(f)(a), 2 * np.conj(a), rtol=1e-12, atol=1e-12)
    inverse = ad.grad(lambda x: np.trace(np.linalg.pinv(x, hermitian=True)).real)(a)
    np.testing.assert_allclose(inverse, -np.conj(np.linalg.inv(a @ a)), rtol=1e-10, atol=1e-12)


def test_values_and_derivatives_of_a_batch_with_equal_and_other_eigenvalues():
    batch = np.stack([with_eigenvalues(v, float) for v in EQUAL.values()])
    gradient = ad.grad(lambda x: np.sum(np.cos(np.linalg.eigvalsh(x))))
    together = ad.vmap(gradient)(batch)
    np.testing.assert_allclose(together, [gradient(x) for x in batch], atol=1e-14)
    np.testing.assert_allclose(ad.jit(gradient)(batch[0]), together[0], atol=1e-14)


def test_equal_eigenvalues_in_single_precision():
    a = with_eigenvalues(EQUAL["three-and-two"], float).astype(np.float32)
    g = ad.grad(lambda x: projected(np.linalg.eigh(x)[1][:, :3]))(a)
    exact = ad.grad(lambda x: projected(np.linalg.eigh(x)[1][:, :3]))(a.astype(float))
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, exact, atol=1e-5)


# ---- singular values that are equal or zero

SHAPES = {
    "square": ((4, 4), [3.0, 3, 2, 1]),
    "tall": ((6, 4), [3.0, 3, 2, 1]),
    "wide": ((4, 6), [3.0, 3, 2, 1]),
    "square-low-rank": ((4, 4), [3.0, 3, 0, 0]),
    "tall-low-rank": ((6, 4), [3.0, 3, 0, 0]),
    "wide-low-rank": ((3, 5), [2.0, 2, 0]),
    "tall-rank-one": ((5, 3), [2.0, 0, 0]),
}
shapes = pytest.mark.parametrize("id", SHAPES)


def with_singular_values(shape: tuple[int, int], values: list[float], dtype: Any) -> Any:
    p, q = basis(shape[0], dtype), basis(shape[1], dtype)
    n = len(values)
    return (p[:, :n] * values) @ np.conj(q[:, :n]).T


@hermitian
@shapes
@pytest.mark.parametrize("full", [False, True])
def test_spaces_of_equal_singular_values_to_second_order(id, full, dtype):
    shape, values = SHAPES[id]
    a, n = with_singular_values(shape, values, dtype), values.count(values[0])

    def f(x):
        u, s, vh = np.linalg.svd(x, full_matrices=full)
        both = np.sum(WEIGHTS[: shape[0], : shape[1]] * (u[:, :n] @ vh[:n]).real)
        rest = projected(u[:, n:]) if full else 0.0  # with the null space, if it is there
        return projected(u[:, :n]) + projected(np.conj(vh[:n]).T) + both + rest + np.sum(s[:n])

    check(f, a)


@hermitian
@shapes
def test_symmetric_functions_of_equal_singular_values(id, dtype):
    a = with_singular_values(*SHAPES[id], dtype)
    check(lambda x: np.sum(np.linalg.svdvals(x) ** 2), a, order=1)
    check(lambda x: np.sum(np.cos(np.linalg.svd(x, full_matrices=False)[1])), a, order=1)


@hermitian
@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5)])
def test_the_polar_factor_and_the_nuclear_norm_of_equal_singular_values(shape, dtype):
    a = with_singular_values(shape, [2.0] * 3, dtype)

    def polar(x):
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(WEIGHTS[: shape[0], : shape[1]] * (u @ vh).real)

    check(polar, a)
    check(lambda x: np.linalg.norm(x, "nuc"), a)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_the_zero_matrix_has_finite_derivatives(shape):
    zero = np.zeros(shape)
    for full in (False, True):
        g = ad.grad(lambda x, full=full: sum(map(np.sum, np.linalg.svd(x, full))))(zero)
        np.testing.assert_array_equal(g, 0)
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(np.linalg.svdvals(x)))(zero), 0)


def test_singular_values_far_smaller_than_others_have_derivatives():
    tiny = ad.grad(lambda x: np.linalg.svdvals(x)[2])(np.diag([1.0, 1e-10, 1e-30]))
    np.testing.assert_allclose(tiny, np.diag([0.0, 0, 1]), atol=1e-15)


@hermitian
@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5)])
@pytest.mark.parametrize("full", [False, True])
def test_a_matrix_put_together_again_has_the_derivative_of_the_matrix(shape, full, dtype):
    a = with_singular_values(shape, [3.0, 2, 1], dtype)
    weights = direction(a)

    def f(x):
        u, s, vh = np.linalg.svd(x, full_matrices=full)
        return np.sum(weights * ((u[:, :3] * s) @ vh[:3])).real

    np.testing.assert_allclose(ad.grad(f)(a), weights, atol=1e-13)
    check(f, a)


@hermitian
@pytest.mark.parametrize("shape", [(4, 4), (5, 4), (4, 6)])
def test_the_best_approximation_of_low_rank_of_a_matrix_of_low_rank(shape, dtype):
    a = with_singular_values(shape, [3.0, 2, 0, 0], dtype)

    def f(x):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(WEIGHTS[: shape[0], : shape[1]] * ((u[:, :2] * s[:2]) @ vh[:2]).real)

    check(f, a)


def test_what_eigenvalues_and_eigenvectors_cannot_tell():
    """Of a function of a matrix with equal eigenvalues, the terms between these are left out."""
    a = np.diag([1.0, 1, 2])
    found = ad.grad(lambda x: np.sum(WEIGHTS[:3, :3] * matrix_exponential(x)))(a)
    slopes = np.array([[math.e, 0], [0, math.e]])  # of the matrix exponential, all e
    np.testing.assert_allclose(found[:2, :2], slopes * WEIGHTS[:2, :2], rtol=1e-13)


def matrix_exponential(x: Any) -> Any:
    w, v = np.linalg.eigh(x)
    return (v * np.exp(w)) @ v.T


# ---- general matrices


def similar(blocks: Any) -> Any:
    n = len(blocks)
    v = np.eye(n) + 0.2 * RNG.normal(size=(n, n))
    return v @ blocks @ np.linalg.inv(v)


@pytest.mark.parametrize("values", [[1.0, 1, 2, 3], [1.0, 1, 1, 2, 2], [1.0] * 4], ids=str)
def test_equal_eigenvalues_of_a_general_matrix(values):
    a, n = similar(np.diag(values)), len(values)
    check(lambda x: np.sum(np.sin(np.linalg.eigvals(x))).real, a, order=1)

    def f(x):
        w, v = np.linalg.eig(x)
        chosen = np.flatnonzero(np.abs(ad.stop_gradient(w) - 1) < 0.5)
        left = np.linalg.inv(v)
        return np.sum(WEIGHTS[:n, :n] * (v[:, chosen] @ left[chosen]).real) + np.sum(w[chosen]).real

    check(f, a)


def test_equal_pairs_of_complex_eigenvalues():
    a = similar(np.kron(np.eye(2), [[0.0, -1], [1, 0]]))
    check(lambda x: np.sum(np.exp(np.linalg.eigvals(x))).real, a, order=1)


def test_eigenvectors_keep_their_length_and_their_real_element():
    a = similar(np.diag([1.0, 2, 3]) + np.eye(3, k=1) - 2 * np.eye(3, k=-1))
    (_, v), (_, dv) = ad.jvp(np.linalg.eig, (a,), (direction(a),))
    k = np.argmax(np.abs(v), axis=0)
    np.testing.assert_allclose(np.sum(np.conj(v) * dv, axis=0).real, 0, atol=1e-13)
    np.testing.assert_allclose(dv[k, range(3)].imag, 0, atol=1e-13)


def test_the_dtype_of_eigenvalues_is_numpys_where_values_are_known():
    real, turning = np.diag([1.0, 2]) + 0.1, np.array([[0.0, -2], [1, 0.1]])
    for a in (real, turning):
        (w, v), _ = ad.jvp(np.linalg.eig, (a,), (a,))
        expected = np.linalg.eig(a)
        assert (w.dtype, v.dtype) == (expected[0].dtype, expected[1].dtype)
    assert ad.jit(np.linalg.eigvals)(real).dtype == complex
    assert ad.vmap(np.linalg.eigvals)(np.stack([real, real])).dtype == complex
    assert ad.grad(lambda x: np.sum(np.linalg.eigvals(x)))(real).dtype == float


def test_closed_form_of_a_rotation():
    """The eigenvalues of [[c, -s], [s, c]] are exp(+-it)."""

    def f(t):
        c, s = np.cos(t), np.sin(t)
        w = np.linalg.eigvals(np.stack([np.stack([c, -s]), np.stack([s, c])]))
        return np.sum(np.abs(np.angle(w)))

    np.testing.assert_allclose(ad.grad(f)(0.3), 2.0, rtol=1e-12)
    assert math.isclose(ad.grad(ad.grad(f))(0.3), 0.0, abs_tol=1e-9)


# ---- errors


@pytest.mark.parametrize(
    ("call", "shape", "message"),
    [
        (np.linalg.eigh, (3,), "1-dimensional array given"),
        (np.linalg.eig, (2, 3), "must be square"),
        (lambda x: np.linalg.eigh(x, "X"), (2, 2), "UPLO argument must be 'L' or 'U'"),
        (lambda x: np.linalg.svd(x, hermitian=True), (2, 3), "must be square"),
        (lambda x: np.linalg.lstsq(x, np.ones(2)), (3, 2), "Incompatible dimensions"),
        (lambda x: np.linalg.lstsq(x, x), (2, 3, 2), "must be two-dimensional"),
        (lambda x: np.linalg.pinv(x, 1e-3, rtol=1e-3), (2, 2), "can't be both set"),
        (lambda x: np.linalg.matrix_rank(x, 1e-3, rtol=1e-3), (2, 2), "can't be both set"),
    ],
)
def test_refusals(call, shape, message):
    with pytest.raises((np.linalg.LinAlgError, ValueError), match=message):
        ad.jit(call)(np.ones(shape))


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_dtypes_that_lapack_does_not_know(dtype):
    with pytest.raises(TypeError, match="unsupported in linalg"):
        ad.jit(np.linalg.svdvals)(np.ones((2, 2), dtype))
