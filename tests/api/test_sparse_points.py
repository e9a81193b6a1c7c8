import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.errors import EscapeError

sparse = pytest.importorskip("scipy.sparse")


def products(x):
    """Each number times the one before."""
    return x * np.roll(x, 1)


def chain(x):
    return np.sum((x[1:] - x[:-1] ** 2) ** 2)


# ---- patterns of the user's


def test_a_pattern_of_ones_own(rng):
    x = rng.normal(size=6)
    f = lambda x: np.where(np.arange(6) < 6, x**2, x[::-1])  # the other side never counts
    assert ad.sparsity(f)(x).nnz == 12
    for pattern in (np.eye(6), sparse.eye_array(6), ad.sparsity(np.sin)(x)):
        found = ad.sparse_jacobian(f, pattern=pattern)(x)
        assert_allclose(found.toarray(), np.diag(2 * x))
        assert found.nnz == 6
    loss = lambda x: np.sum(f(x))
    hess = ad.sparse_hessian(loss, pattern=np.eye(6))(x)
    assert_allclose(hess.toarray(), 2 * np.eye(6))
    partly = lambda x: [np.ones(2), f(x)]
    found = ad.sparse_jacobian(partly, pattern=np.eye(8, 6, k=-2))(x)
    assert_allclose(found.toarray(), np.vstack([np.zeros((2, 6)), np.diag(2 * x)]))


@pytest.mark.parametrize("argnums", [(0, 1), (1, 0)])
def test_a_pattern_with_entries_of_arguments_that_do_not_count(argnums):
    f = lambda x, y, both: np.sum(x**2) + (np.sum(x) * np.sum(y**3) if both else 0)
    x, y = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])
    given = ad.sparse_hessian(f, argnums=argnums, pattern=np.ones((5, 5)))
    for both in (False, True, False):
        expected = ad.sparse_hessian(f, argnums=argnums)(x, y, both)
        assert_allclose(given(x, y, both).toarray(), expected.toarray())
    assert_allclose(given(x, y, False).sum(), 6)


def test_a_pattern_that_lacks_an_entry_is_refused(rng):
    x = rng.normal(size=6)
    for mode in ("auto", "forward", "reverse"):
        with pytest.raises(ValueError, match=r"pattern given for products lacks an entry"):
            ad.sparse_jacobian(products, mode=mode, pattern=np.eye(6))(x)
    with pytest.raises(ValueError, match=r"pattern given for chain lacks an entry of row"):
        ad.sparse_hessian(chain, pattern=np.eye(6))(x)
    with pytest.raises(ValueError, match=r"of shape \(5, 6\), but the derivative of shape \(6, 6"):
        ad.sparse_jacobian(products, pattern=np.ones((5, 6)))(x)


# ---- rules of the user's


def test_a_hessian_that_is_not_symmetric_is_refused():
    @ad.custom_vjp
    def energy(x):
        return np.sum(x**2)

    energy.defvjp(lambda x: (np.sum(x**2), x), lambda x, ct: (ct * np.roll(x, 1),))
    x = np.arange(4.0)
    for f in (energy, lambda x: ad.fori_loop(0, 2, lambda i, y: y + energy(x), 0.0)):
        with pytest.raises(ValueError, match=r"(?s)not symmetric, since a custom rule.*ad.grad\("):
            ad.sparse_hessian(f)(x)
    found = ad.sparse_jacobian(ad.grad(energy))(x)
    assert_allclose(found.toarray(), ad.hessian(energy)(x))


def test_a_rule_that_is_the_derivative():
    @ad.custom_jvp
    def energy(x):
        return np.sum(x[1:] ** 2 * x[:-1])

    true = energy.fun
    energy.defjvp(lambda xs, dxs: ad.jvp(true, xs, dxs))
    x = np.arange(4.0)
    assert_allclose(ad.sparse_hessian(energy)(x).toarray(), ad.hessian(true)(x))


# ---- within other transforms


@pytest.mark.parametrize("transform", [ad.jit, ad.vmap, lambda f: ad.grad(lambda x: f(x).sum())])
def test_within_a_traced_function_it_says_what_to_do(transform):
    with pytest.raises(EscapeError, match=r"(?s)sparse_jacobian of sin within a traced .*ad.jvp"):
        transform(lambda x: ad.sparse_jacobian(np.sin)(x))(np.ones((2, 2)))


def test_constants_within_a_traced_function():
    f = lambda x: x * ad.sparse_jacobian(np.sin)(np.zeros(2)).sum()
    assert ad.jit(f)(3.0) == 6
    assert ad.grad(f)(3.0) == 2
