"""`sparse_solve`: patterns as SciPy has them, one factorisation for all, and nothing dense."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
from autodiff.primitives import sparse_systems

sparse = pytest.importorskip("scipy.sparse")
sparse_linalg = pytest.importorskip("scipy.sparse.linalg")


def matrix(n, seed=0, dtype=float):
    """A random sparse matrix whose diagonal dominates."""
    rng = np.random.default_rng(seed)
    a = sparse.random(n, n, min(1.0, 3 / n), format="csr", random_state=rng)
    return (a + sparse.diags_array(rng.uniform(3, 4, n))).tocsr().astype(dtype)


def vector(*shape, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


@pytest.fixture
def factorisations(monkeypatch):
    """How often SciPy is asked to factorise."""
    monkeypatch.setattr(sparse_systems, "_known", [])
    count = []
    own = sparse_linalg.splu
    monkeypatch.setattr(sparse_linalg, "splu", lambda a: count.append(a) or own(a))
    return count


# ---- values and derivatives


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", ["f", "d", "F", "D"])
@pytest.mark.parametrize("columns", [(), (1,), (3,)])
def test_values_and_gradients_are_those_of_the_dense_system(dtype, columns, transposed):
    a = matrix(8, dtype=dtype)
    if dtype in "FD":
        a.data = a.data * np.exp(0.5j * np.arange(a.nnz)).astype(dtype)
        a = a + (6 * sparse.eye_array(8, dtype=dtype)).tocsr()
    b, rows = vector(8, *columns).astype(dtype), np.repeat(np.arange(8), np.diff(a.indptr))
    weights = vector(8, *columns, seed=2).astype(dtype)

    def loss(x):
        return np.sum((weights * x * x).real)

    def by_pattern(data, b):
        return loss(ad.sparse_solve(data, a.indices, a.indptr, b, transposed=transposed))

    def by_matrix(data, b):
        dense = np.zeros((8, 8), dtype, like=data)
        dense[rows, a.indices] = data
        return loss(np.linalg.solve(dense.T if transposed else dense, b))

    allowed = 2e-4 if dtype in "fF" else 1e-10
    found, expected = (
        ad.value_and_grad(f, argnums=(0, 1))(a.data, b) for f in (by_pattern, by_matrix)
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=allowed)
    for mine, theirs in zip(found[1], expected[1], strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(mine, theirs, rtol=allowed, atol=allowed)


def test_second_derivatives_in_data_and_right_hand_sides():
    a, b = matrix(5), vector(5)

    def loss(data, b):
        return np.sum(ad.sparse_solve(data, a.indices, a.indptr, b) ** 3)

    ad.check_grads(loss, (a.data, b), order=2)


def test_gradient_in_data_as_in_jax():
    jax = pytest.importorskip("jax")
    from jax.experimental.sparse.linalg import spsolve

    a, b = matrix(6), vector(6)
    ours = ad.grad(lambda d, b: np.sum(ad.sparse_solve(d, a.indices, a.indptr, b) ** 2), (0, 1))
    with jax.enable_x64(True):
        theirs = jax.grad(lambda d, b: (spsolve(d, a.indices, a.indptr, b) ** 2).sum(), (0, 1))
        expected = theirs(a.data, b)
    for mine, its in zip(ours(a.data, b), expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-9)


def test_entries_in_any_order_and_repeated_are_added_up():
    indices, indptr = np.array([1, 0, 1, 1, 0, 1]), np.array([0, 4, 6])
    data, b = np.array([0.5, 3, 1, -2, 1, 4]), vector(2)
    expected = sparse.csr_array((data, indices, indptr)).toarray()
    x, pull = ad.vjp(lambda data: ad.sparse_solve(data, indices, indptr, b), data)
    np.testing.assert_allclose(x, np.linalg.solve(expected, b))
    (gradient,) = pull(np.ones(2))
    assert gradient[0] == gradient[2] == gradient[3]  # of one element
    assert gradient.shape == data.shape


def test_integers_and_mixed_dtypes():
    a, b = matrix(4), vector(4)
    whole = np.round(4 * a.data).astype(int)
    x = ad.jit(lambda data, b: ad.sparse_solve(data, a.indices, a.indptr, b))
    assert x(whole, np.arange(4)).dtype == float
    assert x(a.data.astype("f"), b).dtype == float
    assert x(a.data.astype("f"), b * 1j).dtype == complex
    gradient = ad.grad(lambda data: np.sum(x(data, b)))(a.data.astype("f"))
    assert gradient.dtype == np.float32
    unsigned = ad.sparse_solve(a.data, a.indices.astype("u4"), a.indptr.astype("u8"), b)
    np.testing.assert_allclose(unsigned, x(a.data, b))
    lists = ad.sparse_solve([2.0, 4.0], [0, 1], [0, 1, 2], [2.0, 8.0])
    np.testing.assert_allclose(lists, [1, 2])


def test_a_traced_pattern():
    a, b = matrix(4), vector(4)
    x = ad.jit(ad.sparse_solve)(a.data, a.indices, a.indptr, b)
    np.testing.assert_allclose(x, sparse_linalg.spsolve(a.tocsc(), b))


def test_no_equations_and_no_columns():
    assert ad.sparse_solve([], np.zeros(0, int), [0], []).shape == (0,)
    a = matrix(3)
    gradient = ad.grad(lambda d: np.sum(ad.sparse_solve(d, a.indices, a.indptr, np.ones((3, 0)))))
    assert not gradient(a.data).any()


# ---- one factorisation


def test_the_transposed_solve_uses_the_factorisation_of_the_solve(factorisations):
    a, b = matrix(20), vector(20)
    ad.grad(lambda d: np.sum(ad.sparse_solve(d, a.indices, a.indptr, b) ** 2))(a.data)
    assert len(factorisations) == 1


@pytest.mark.parametrize("wrap", [lambda f: f, ad.jit], ids=["as it is", "jit"])
def test_second_derivatives_use_it_too(factorisations, wrap):
    a, b = matrix(20), vector(20)

    def f(d):
        return np.sum(ad.sparse_solve(d * 1.0, a.indices, a.indptr, b) ** 2)

    wrap(lambda d: ad.hvp(f)(d, (d,)))(a.data)
    assert len(factorisations) == 1


def test_many_right_hand_sides_share_it(factorisations):
    a, b = matrix(20), vector(7, 20)
    solve = lambda d, b: ad.sparse_solve(d, a.indices, a.indptr, b)
    x = ad.vmap(solve, in_axes=(None, 0))(a.data, b)
    np.testing.assert_allclose(x, np.linalg.solve(a.toarray(), b.T).T)
    assert len(factorisations) == 1
    ad.jacobian(lambda b: solve(a.data, b))(b[0])
    assert len(factorisations) == 1


def test_many_matrices_are_solved_one_by_one():
    a, b = matrix(6), vector(6)
    data = a.data + 0.1 * vector(3, a.nnz)
    loss = lambda d: np.sum(ad.sparse_solve(d, a.indices, a.indptr, b) ** 2)
    found = ad.vmap(ad.grad(loss))(data)
    np.testing.assert_allclose(found, [ad.grad(loss)(d) for d in data], rtol=1e-12)


def test_data_that_are_changed_in_place_are_factorised_anew(factorisations):
    a, b = matrix(5), vector(5)
    first = ad.sparse_solve(a.data, a.indices, a.indptr, b)
    a.data *= 2
    np.testing.assert_allclose(ad.sparse_solve(a.data, a.indices, a.indptr, b), first / 2)
    assert len(factorisations) == 2


def test_a_factorisation_lives_no_longer_than_its_data(factorisations):
    a, b = matrix(5), vector(5)
    data = a.data.copy()
    ad.sparse_solve(data, a.indices, a.indptr, b)
    assert len(sparse_systems._known) == 1
    del data
    factorisations.clear()
    gc.collect()
    assert sparse_systems._known == []


def test_only_the_last_few_are_kept(factorisations):
    matrices = [matrix(5, seed) for seed in range(10)]
    for a in matrices:
        ad.sparse_solve(a.data, a.indices, a.indptr, vector(5))
    assert len(sparse_systems._known) == sparse_systems._KEPT


# ---- nothing dense


def test_a_large_system_never_has_a_dense_matrix():
    n = 20_000
    a = sparse.diags_array(
        [-np.ones(n - 1), 3 * np.ones(n), -np.ones(n - 1)], offsets=[-1, 0, 1]
    ).tocsr()
    b = vector(n)
    f = lambda d, b: np.sum(ad.sparse_solve(d, a.indices, a.indptr, b) ** 2)
    tracemalloc.start()
    try:
        gradient = ad.grad(f, argnums=(0, 1))(a.data, b)
        tangent = ad.jvp(f, (a.data, b), (a.data, b))[1]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200 * b.nbytes
    np.testing.assert_allclose(gradient[0] @ a.data + gradient[1] @ b, tangent, atol=1e-6)


# ---- errors


@pytest.mark.parametrize("wrap", [lambda f: f, ad.jit], ids=["as it is", "jit"])
def test_singular_matrices_raise(wrap):
    indices, indptr = np.array([0, 1, 0, 1]), np.array([0, 2, 4])
    solve = wrap(lambda data: ad.sparse_solve(data, indices, indptr, np.ones(2)))
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        solve(np.array([1.0, 2, 2, 4]))
    with pytest.raises(np.linalg.LinAlgError, match="not finite"):
        solve(np.array([np.nan, 2, 2, 4]))
    with pytest.raises(np.linalg.LinAlgError, match="no entries"):
        ad.sparse_solve(np.zeros(0), np.zeros(0, int), [0, 0, 0], np.ones(2))
    with pytest.raises(np.linalg.LinAlgError, match="singular"):  # an empty row
        ad.sparse_solve([1.0], [0], [0, 1, 1], np.ones(2))


@pytest.mark.parametrize(
    ("error", "match", "arguments"),
    [
        (TypeError, "indices must hold integers", ([1.0], [0.0], [0, 1], [1.0])),
        (TypeError, "float16 is not supported", (np.ones(1, "e"), [0], [0, 1], np.ones(1, "e"))),
        (ValueError, r"A\.data, A\.indices", ([1.0, 2.0], [0], [0, 1], [1.0])),
        (ValueError, "b must have shape", ([1.0], [0], [0, 1], [1.0, 2.0])),
        (ValueError, "b must have shape", ([1.0], [0], [0, 1], 1.0)),
        (ValueError, "rise from 0", ([1.0], [0], [0, 2], [1.0])),
        (ValueError, "rise from 0", ([1.0, 1.0], [0, 1], [0, 3, 2], [1.0, 1.0])),
        (ValueError, "between 0 and 0", ([1.0], [1], [0, 1], [1.0])),
        (ValueError, "between 0 and 0", ([1.0], [-1], [0, 1], [1.0])),
    ],
)
def test_errors_say_what_was_wrong(error, match, arguments):
    with pytest.raises(error, match=match):
        ad.sparse_solve(*arguments)
