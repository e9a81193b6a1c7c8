"""`polygamma`, `zeta`, `multigammaln`, `factorial`, `comb`, `perm` on traced arrays."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.scipy import special

sp = pytest.importorskip("scipy.special")
mp = pytest.importorskip("mpmath")

NUMBERS = np.array([3.0, 5.5, -1.0, 0.0, np.nan])


def same(f, plain, *xs):
    found, want = np.asarray(ad.jit(f)(*xs)), np.asarray(plain(*xs))
    assert (found.dtype, found.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(found, want, rtol=1e-13)


@pytest.mark.parametrize("dtype", [float, np.float32, int])
@pytest.mark.parametrize("n", [0, 1, 3, np.array([[0], [2]])], ids=str)
def test_polygamma(n, dtype):
    x = np.array([1, 2, 5]).astype(dtype)
    same(lambda x: special.polygamma(n, x), lambda x: sp.polygamma(n, x), x)


@pytest.mark.parametrize("order", range(4))
def test_polygamma_differentiated(order):
    slope = ad.grad(lambda x: special.polygamma(order, x))(1.3)
    np.testing.assert_allclose(slope, float(mp.psi(order + 1, 1.3)), rtol=1e-13)


def test_zeta_by_scipys_own_name_and_ours():
    same(sp.zeta, sp.zeta, np.array([2.0, -0.5, 30.0]))
    same(special.zeta, sp.zeta, np.array([2.0, 3.0]), np.array([0.5, 4.0]))
    with pytest.raises(ad.errors.MissingRuleError, match="complex"):
        ad.jvp(sp.zeta, (2 + 1j,), (1 + 0j,))


def test_multigammaln():
    same(lambda a: special.multigammaln(a, 3), lambda a: sp.multigammaln(a, 3), np.array([2.5, 4]))
    exact = sum(float(mp.digamma(4.2 - j / 2)) for j in range(3))
    np.testing.assert_allclose(ad.grad(lambda a: special.multigammaln(a, 3))(4.2), exact)
    with pytest.raises(ValueError, match="not met"):
        ad.grad(lambda a: special.multigammaln(a, 5))(1.5)
    with pytest.raises(ValueError, match="positive integer"):
        ad.grad(lambda a: special.multigammaln(a, 2.5))(4.0)


@pytest.mark.parametrize("x", [NUMBERS, np.float32([1, -2]), np.array([3, -1]), np.uint8([5])])
def test_factorial(x):
    same(special.factorial, sp.factorial, x)


def test_factorial_of_complex_numbers_and_refusals():
    z = np.array([1 + 2j, 0.5j])
    same(
        lambda z: special.factorial(z, extend="complex"),
        lambda z: sp.factorial(z, extend="complex"),
        z,
    )
    with pytest.raises(ValueError, match="extend"):
        ad.jit(special.factorial)(z)
    with pytest.raises(TypeError, match="exact=False"):
        ad.jit(lambda n: special.factorial(n, exact=True))(np.array([3]))


@pytest.mark.parametrize("options", [{}, {"repetition": True}], ids=str)
@pytest.mark.parametrize("k", [0, 2, 2.5, np.array([[1.0], [4.0]])], ids=str)
def test_comb_and_perm(k, options):
    n = np.array([3.0, 5.5, -1.0, 0.0])
    same(lambda n: special.comb(n, k, **options), lambda n: sp.comb(n, k, **options), n)
    if not options:
        same(lambda n: special.perm(n, k), lambda n: sp.perm(n, k), n)
        same(lambda k: special.comb(7, k), lambda k: sp.comb(7, k), np.array([0, 3, 9]))
