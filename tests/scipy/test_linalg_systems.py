"""Systems and factorisations as SciPy has them: what is not read, structures, options, dtypes."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import linalg
from autodiff.tracing.record import record

scipy_linalg = pytest.importorskip("scipy.linalg")


def matrices(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def symmetric(n, seed=0):
    x = matrices(n, n, seed=seed)
    return x @ x.T + n * np.eye(n)


# ---- what is not read


@pytest.mark.parametrize("lower", [False, True])
def test_the_other_triangle_is_not_read_and_has_zero_gradients(lower):
    good = symmetric(3)
    other = np.triu(np.ones((3, 3), bool), 1) if lower else np.tri(3, k=-1, dtype=bool)
    a, b = np.where(other, np.nan, good), matrices(3)
    calls = [
        lambda m, a: m.solve_triangular(a, b, lower=lower, check_finite=False),
        lambda m, a: m.cho_solve((a, lower), b, check_finite=False),
    ]
    for call in calls:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gradient = ad.grad(lambda a, call=call: np.sum(call(linalg, a)))(a)
        assert (gradient[other] == 0).all()
        plain = ad.grad(lambda a, call=call: np.sum(call(linalg, a)))(good)
        np.testing.assert_allclose(gradient[~other], plain[~other])


@pytest.mark.parametrize("assumed", ["pos", "sym", "her"])
@pytest.mark.parametrize("lower", [False, True])
def test_of_a_matrix_assumed_symmetric_one_triangle_is_read_and_both_count(assumed, lower):
    a, b = symmetric(3), matrices(3)
    a = a + np.where(np.tri(3, k=-1, dtype=bool), 0.1, 0)  # which is not symmetric
    call = {"assume_a": assumed, "lower": lower}
    value, pull = ad.vjp(lambda a: linalg.solve(a, b, **call), a)
    np.testing.assert_allclose(value, scipy_linalg.solve(a, b, **call), rtol=1e-12)
    (gradient,) = pull(np.ones(3))
    np.testing.assert_allclose(gradient, gradient.T)
    whole = np.tril(a) + np.tril(a, -1).T if lower else np.triu(a) + np.triu(a, 1).T
    y = np.linalg.solve(whole, np.ones(3))
    np.testing.assert_allclose(gradient, -(np.outer(y, value) + np.outer(value, y)) / 2)


@pytest.mark.parametrize(
    "assumed", [None, "gen", "diagonal", "tridiagonal", "upper triangular", "lower triangular"]
)
def test_a_structure_leaves_its_part_of_the_matrix(assumed):
    a, b = symmetric(4), matrices(4, 2)
    kept = {
        "diagonal": np.diag(np.diag(a)),
        "tridiagonal": np.triu(np.tril(a, 1), -1),
        "upper triangular": np.triu(a),
        "lower triangular": np.tril(a),
    }.get(assumed, a)
    value, pull = ad.vjp(lambda a: linalg.solve(a, b, assume_a=assumed), a)
    np.testing.assert_allclose(value, np.linalg.solve(kept, b), rtol=1e-12)
    (gradient,) = pull(np.ones((4, 2)))
    np.testing.assert_array_equal(gradient != 0, kept != 0)


def test_corners_of_a_band_are_not_read():
    ab = matrices(4, 5)
    ab[1] += 4
    unread = np.zeros((4, 5), bool)
    unread[0, 0] = unread[2, 4] = unread[3, 3:] = True
    b = matrices(5)
    for corner in (np.nan, np.inf):
        hidden = np.where(unread, corner, ab)
        f = lambda ab, b: np.sum(linalg.solve_banded((2, 1), ab, b, check_finite=False) ** 2)
        found = ad.grad(f, argnums=(0, 1))(hidden, b)
        expected = ad.grad(f, argnums=(0, 1))(ab, b)
        assert not found[0][unread].any()
        np.testing.assert_allclose(found[0], np.where(unread, 0, expected[0]))
        np.testing.assert_allclose(found[1], expected[1])


# ---- against JAX


def jax_gradient(f, *xs):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        return jax.grad(lambda *xs: f(jax.scipy.linalg, *xs), argnums=tuple(range(len(xs))))(*xs)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
def test_triangular_systems_as_in_jax(trans, lower):
    a = matrices(3, 3) + 1j * matrices(3, 3, seed=1) + 3 * np.eye(3)
    b = matrices(3, 2) + 0j
    f = lambda m, a, b: (abs(m.solve_triangular(a, b, trans=trans, lower=lower)) ** 2).sum()
    ours = ad.grad(lambda a, b: f(linalg, a, b), argnums=(0, 1))(a, b)
    for mine, theirs in zip(ours, jax_gradient(f, a, b), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("lower", [False, True])
def test_a_gaussian_process_by_cho_solve_as_in_jax(lower):
    x, y = matrices(6), matrices(6, seed=1)

    def likelihood(m, scale, y):
        k = 1.5 * ad.numpy.eye(6) if m is linalg else 1.5 * np.eye(6)
        k = k + scale * np.exp(-((x[:, None] - x) ** 2))
        factor = m.cho_factor(k, lower=lower)
        return (y * m.cho_solve(factor, y)).sum() + m.det(k)

    ours = ad.grad(lambda s, y: likelihood(linalg, s, y), argnums=(0, 1))(0.7, y)
    for mine, theirs in zip(ours, jax_gradient(likelihood, 0.7, y), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10)


@pytest.mark.parametrize("trans", [0, 1, 2])
def test_lu_as_in_jax(trans):
    a, b = matrices(4, 4) + 1j * matrices(4, 4, seed=1), matrices(4) + 0j

    def f(m, a, b):
        x = m.lu_solve(m.lu_factor(a), b, trans=trans)
        low, up = m.lu(a)[1:]
        return (abs(x) ** 2).sum() + abs(low).sum() + (abs(up) ** 2).sum()

    ours = ad.grad(lambda a, b: f(linalg, a, b), argnums=(0, 1))(a, b)
    for mine, theirs in zip(ours, jax_gradient(f, a, b), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_toeplitz_and_block_diagonal_matrices_as_in_jax():
    c, r, a = matrices(4), matrices(3, seed=1), matrices(3, 3)

    def f(m, c, r, a):
        return (m.toeplitz(c, r) ** 3).sum() + (m.block_diag(a, a**2) ** 2).sum()

    ours = ad.grad(lambda *xs: f(linalg, *xs), argnums=(0, 1, 2))(c, r, a)
    for mine, theirs in zip(ours, jax_gradient(f, c, r, a), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


# ---- bands of any length


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_tridiagonal_system_takes_memory_of_the_band_only(mode):
    n = 100_000
    ab = matrices(3, n)
    ab[1] += 4
    b = matrices(n)
    solve = lambda ab, b: linalg.solve_banded((1, 1), ab, b)
    tracemalloc.start()
    try:
        if mode == "forward":
            _, dx = ad.jvp(solve, (ab, b), (ab, b))
            np.testing.assert_allclose(dx, 0, atol=1e-13)  # both grow alike, and x stays
        else:
            g, h = ad.grad(lambda ab, b: np.sum(solve(ab, b)), argnums=(0, 1))(ab, b)
            np.testing.assert_allclose(-np.sum(g * ab), np.sum(h * b), rtol=1e-8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * b.nbytes


def test_hermitian_bands_are_the_whole_matrix():
    ab = matrices(3, 5)
    ab[2] += 6
    dense = sum(np.diag(ab[2 - k, k:], k) for k in range(3))
    dense = dense + np.triu(dense, 1).T
    b = matrices(5, 2)
    x = ad.jit(linalg.solveh_banded)(ab, b)
    np.testing.assert_allclose(x, np.linalg.solve(dense, b), rtol=1e-12)
    with pytest.raises(np.linalg.LinAlgError):
        ad.jit(linalg.solveh_banded)(-ab, b)


# ---- errors


def fails(error, match, f, *xs):
    with pytest.raises(error, match=match):
        ad.grad(lambda *xs: np.sum(f(*xs)))(*xs)


def test_errors_say_what_was_wrong():
    a, b = symmetric(3), matrices(3)
    fails(ValueError, "incompatible", lambda a: linalg.solve(a, b[:2]), a)
    fails(ValueError, "square", lambda a: linalg.solve(a, b), a[:2])
    fails(ValueError, "not a recognized", lambda a: linalg.solve(a, b, assume_a="odd"), a)
    fails(ValueError, "trans must be", lambda a: linalg.solve_triangular(a, b, trans=3), a)
    fails(ValueError, "does not equal", lambda a: linalg.solve_banded((1, 2), a, b), a)
    fails(ValueError, "not compatible", lambda a: linalg.solve_banded((1, 1), a, b[:2]), a)
    fails(ValueError, "Incompatible", lambda a: linalg.solve_toeplitz(a[0], b[:2]), a)
    fails(ValueError, "columns", lambda a: linalg.khatri_rao(a, a[:, :2]), a)
    fails(
        NotImplementedError,
        "transposed|complex",
        lambda a: linalg.solve(a * 1j, b, transposed=True).real,
        a,
    )
    fails(np.linalg.LinAlgError, "singular", lambda a: linalg.solve(0 * a, b), a)
    fails(np.linalg.LinAlgError, "singular", lambda a: linalg.solve_triangular(0 * a, b), a)
    fails(np.linalg.LinAlgError, "positive", lambda a: linalg.cho_factor(-a)[0], a)
    fails(np.linalg.LinAlgError, "positive", lambda a: linalg.solve(-a, b, assume_a="pos"), a)
    fails(
        ad.errors.UnsupportedFunctionError, "pivoting", lambda a: linalg.qr(a, pivoting=True)[1], a
    )
    fails(ad.errors.UnsupportedFunctionError, "ldl", lambda a: linalg.ldl(a)[0], a)


def test_a_near_singular_circulant_system():
    fails(
        np.linalg.LinAlgError,
        "near singular",
        lambda c: linalg.solve_circulant(c, np.arange(4.0)),
        np.ones(4),
    )
    c, b = np.ones(4), np.arange(4.0)
    x = ad.jvp(lambda b: linalg.solve_circulant(c, b, "lstsq"), (b,), (b,))[0]
    np.testing.assert_allclose(x, scipy_linalg.solve_circulant(c, b, "lstsq"))


# ---- dtypes

A = np.array([[4, 1], [1, 3]])
CALLS = {
    "solve": lambda m, a: m.solve(a, a),
    "solve_triangular": lambda m, a: m.solve_triangular(a, a[0]),
    "cholesky": lambda m, a: m.cholesky(a),
    "cho_solve": lambda m, a: m.cho_solve((a, True), a),
    "lu": lambda m, a: m.lu(a),
    "lu-indices": lambda m, a: m.lu(a, p_indices=True),
    "lu_factor": lambda m, a: m.lu_factor(a),
    "det": lambda m, a: [m.det(a)],
    "inv": lambda m, a: m.inv(a),
    "expm": lambda m, a: m.expm(a),
    "logm": lambda m, a: m.logm(a),
    "sqrtm": lambda m, a: m.sqrtm(a),
    "cosm": lambda m, a: m.cosm(a),
    "signm": lambda m, a: m.signm(a),
    "expm_frechet": lambda m, a: m.expm_frechet(a, a),
    "solve_sylvester": lambda m, a: m.solve_sylvester(a, a, a),
    "solve_discrete_lyapunov": lambda m, a: m.solve_discrete_lyapunov(a, a),
    "solve_banded": lambda m, a: m.solve_banded((1, 0), a, a),
    "solveh_banded": lambda m, a: m.solveh_banded(a, a),
    "solve_toeplitz": lambda m, a: m.solve_toeplitz(a[0], a),
    "polar": lambda m, a: m.polar(a),
    "schur": lambda m, a: m.schur(a),
    "toeplitz": lambda m, a: m.toeplitz(a[0]),
    "hankel": lambda m, a: m.hankel(a[0]),
    "circulant": lambda m, a: m.circulant(a[0]),
    "block_diag": lambda m, a: m.block_diag(a, a[0]),
    "companion": lambda m, a: m.companion(a[0]),
    "khatri_rao": lambda m, a: m.khatri_rao(a, a),
    "pinv": lambda m, a: m.pinv(a),
    "svdvals": lambda m, a: [m.svdvals(a)],
    "eigvalsh": lambda m, a: [m.eigvalsh(a)],
    "eigvals": lambda m, a: [m.eigvals(a)],
}


@pytest.mark.parametrize("dtype", ["e", "f", "d", "F", "D", "b", "i", "l"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore")  # SciPy's of accuracy, in single precision
def test_dtypes_are_those_of_scipy(name, dtype):
    call, a = CALLS[name], A.astype(dtype)
    try:
        expected = call(scipy_linalg, a)
    except Exception:
        pytest.skip("SciPy does not take this dtype")
    recording = record(lambda xs: list(call(linalg, xs[0])), [a], label="a test")
    for leaf, want in zip(recording.leaves, expected, strict=True):
        value = ad.value_of(leaf)
        assert (leaf.dtype, value.shape) == (want.dtype, np.shape(want))
        np.testing.assert_allclose(value, want, rtol=2e-3 if dtype == "e" else 1e-4, atol=1e-5)


def test_plain_arrays_are_scipys_own():
    a = np.array([[2, 1], [0, 3]], np.float32)
    assert linalg.expm(a).tobytes() == scipy_linalg.expm(a).tobytes()
    assert linalg.hilbert(2).tobytes() == scipy_linalg.hilbert(2).tobytes()
    assert set(linalg.__all__) <= set(dir(scipy_linalg))


# ---- shapes at the edge

EMPTY = [
    lambda m, a, b: m.solve(a, b),
    lambda m, a, b: m.solve_triangular(a, b),
    lambda m, a, b: m.cho_solve((a, True), b),
    lambda m, a, b: m.lu_solve(m.lu_factor(a), b),
    lambda m, a, b: m.solve_sylvester(a, a, a),
    lambda m, a, b: m.solve_discrete_lyapunov(a, a),
    lambda m, a, b: m.solve_banded((0, 0), np.ones((1, 0)), b),
    lambda m, a, b: m.solve_circulant(b[:, 0], b),
    lambda m, a, b: m.khatri_rao(b, b),
    lambda m, a, b: m.block_diag(a, b, [[]]),
    lambda m, a, b: m.expm(a),
    lambda m, a, b: m.sqrtm(a),
    lambda m, a, b: m.schur(a)[0],
    lambda m, a, b: m.polar(b)[1],
]


@pytest.mark.parametrize("call", EMPTY)
def test_matrices_without_elements(call):
    a, b = np.zeros((0, 0)), np.zeros((0, 2))
    value, pull = ad.vjp(lambda a, b: call(linalg, a, b), a, b)
    expected = call(scipy_linalg, a, b)
    assert (value.shape, value.dtype) == (expected.shape, expected.dtype)
    assert [ct.shape for ct in pull(np.zeros(value.shape))] == [(0, 0), (0, 2)]


def test_numbers_lists_and_reversed_arrays_as_operands():
    x = np.arange(1.0, 5).reshape(2, 2)[::-1, ::-1]

    def f(m, x):
        a = m.block_diag(x, 2.0, [3, 4])
        return m.toeplitz(2.0, [1.0, 5]).sum() + m.solve(x, [1.0, 2]).sum() + (a**2).sum()

    value, slope = ad.jvp(lambda x: f(linalg, x), (x,), (np.ones((2, 2)),))
    np.testing.assert_allclose(value, f(scipy_linalg, x))
    step = 1e-6
    expected = (f(scipy_linalg, x + step) - f(scipy_linalg, x - step)) / (2 * step)
    np.testing.assert_allclose(slope, expected, rtol=1e-7)


def test_least_squares_as_scipy_shapes_them():
    a = matrices(5, 2)
    for b in (matrices(5), matrices(5, 3)):
        found = ad.jvp(lambda b: linalg.lstsq(a, b)[:2], (b,), (b,))[0]
        for x, want in zip(found, scipy_linalg.lstsq(a, b)[:2], strict=True):
            assert np.shape(x) == np.shape(want)
            np.testing.assert_allclose(x, want)


def test_hankel_matrices_of_several_axes_are_refused():
    fails(ad.errors.UnsupportedFunctionError, "vmap", linalg.hankel, np.ones((2, 3)))
