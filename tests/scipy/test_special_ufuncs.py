"""Ufuncs of `scipy.special` on traced arrays: dtypes, shapes, kinds of operands, JAX's values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

sp = pytest.importorskip("scipy.special")

NAMES = (
    "beta", "betainc", "betaincc", "betainccinv", "betaincinv", "betaln", "binom", "boxcox",
    "boxcox1p", "cbrt", "cosdg", "cosm1", "cotdg", "dawsn", "entr", "erf", "erfc", "erfcinv",
    "erfcx", "erfi", "erfinv", "exp10", "exp2", "expit", "expm1", "exprel", "gamma", "gammainc",
    "gammaincc", "gammainccinv", "gammaincinv", "gammaln", "huber", "inv_boxcox", "inv_boxcox1p",
    "kl_div", "log1p", "log_expit", "log_ndtr", "loggamma", "logit", "ndtr", "ndtri", "ndtri_exp",
    "poch", "powm1", "pseudo_huber", "psi", "radian", "rel_entr", "rgamma", "sindg", "tandg",
    "xlog1py", "xlogy",
)  # fmt: skip
DTYPES = ("f2", "f4", "f8", "g", "i8", "u1", "?", "c8", "c16")
X = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_dtypes_are_scipys(name, dtype):
    f = getattr(sp, name)
    for shape in ((), (0,), (2, 1)):
        xs = [np.full(shape, 0.4 if np.dtype(dtype).kind in "fc" else 1, dtype)] * f.nin
        with np.errstate(all="ignore"):
            try:
                want = np.asarray(f(*xs))
            except TypeError:
                with pytest.raises(TypeError):
                    ad.jit(f)(*xs)
                continue
            found = np.asarray(ad.jit(f)(*xs))
            assert (found.dtype, found.shape) == (want.dtype, want.shape)
            np.testing.assert_allclose(found, want, rtol=1e-3 if dtype == "f2" else 1e-6)
            if np.dtype(dtype).kind in "fc":
                _, pull = ad.vjp(lambda *v: np.sum(f(*v)), *xs)
                back = pull(np.ones((), want.dtype))
                assert {(ct.dtype, ct.shape) for ct in back} == {(np.dtype(dtype), shape)}


def test_operands_of_every_kind():
    slopes = ad.grad(lambda x: np.sum(sp.gammainc([1, 2, 3], x)))(X)
    np.testing.assert_allclose(slopes, X ** (X - 1) * np.exp(-X) / sp.gamma(X))
    mirrored = ad.grad(lambda x: np.sum(sp.gammainc(np.array([3, 2, 1]), x[::-1])))(X)
    np.testing.assert_allclose(mirrored, slopes)
    table = ad.grad(lambda x: np.sum(sp.xlogy.outer(x, X)))(X)
    np.testing.assert_allclose(table, np.full(3, np.sum(np.log(X))))
    assert ad.grad(lambda x: np.sum(sp.xlogy(2, x)))(np.float32([1, 2])).dtype == np.float32


def test_keyword_arguments_of_ufuncs():
    def into(x: Any) -> Any:
        out = np.zeros(3, like=x)
        sp.erf(x, out=out)
        return np.sum(out)

    bell = 2 / np.sqrt(np.pi) * np.exp(-(X**2))
    np.testing.assert_allclose(ad.grad(into)(X), bell)
    chosen = ad.grad(lambda x: np.sum(sp.erf(x, where=x > 1, out=np.zeros_like(x))))(X)
    np.testing.assert_allclose(chosen, np.where(X > 1, bell, 0))
    assert ad.jit(lambda x: sp.erf(x, dtype=np.float32))(np.float32(X)).dtype == np.float32


def test_an_unknown_ufunc_is_named():
    with pytest.raises(ad.errors.UnsupportedFunctionError, match="kelvin"):
        ad.grad(lambda x: sp.kelvin(x)[0].real)(1.0)


def test_a_python_function_of_scipys_names_its_traced_form():
    with pytest.raises(ad.errors.EscapeError, match=r"`autodiff\.scipy\.special\.multigammaln`"):
        ad.grad(lambda x: sp.multigammaln(x, 2))(3.0)


JAX = [
    "erf", "erfc", "erfinv", "gammaln", "digamma", "expit", "logit", "ndtr", "ndtri", "log_ndtr",
    "entr", "i0", "i1",
]  # fmt: skip


@pytest.mark.parametrize("name", JAX)
def test_gradients_of_one_operand_are_those_of_jax(name):
    jax = pytest.importorskip("jax")
    f, same = getattr(sp, name), getattr(jax.scipy.special, name)
    x = np.linspace(0.1, 0.9, 9)
    with jax.enable_x64(True):
        for order in (ad.grad, lambda g: ad.grad(ad.grad(g))):
            theirs = jax.grad(same) if order is ad.grad else jax.grad(jax.grad(same))
            np.testing.assert_allclose(ad.vmap(order(f))(x), jax.vmap(theirs)(x), rtol=2e-10)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "xlogy", "xlog1py", "rel_entr", "beta"])
def test_gradients_of_two_operands_are_those_of_jax(name):
    jax = pytest.importorskip("jax")
    f, same = getattr(sp, name), getattr(jax.scipy.special, name)
    rng = np.random.default_rng(0)
    a, x = rng.uniform(0.2, 8, (2, 30))
    with jax.enable_x64(True):
        theirs = jax.vmap(jax.grad(same, argnums=(0, 1)))(a, x)
        ours = ad.vmap(ad.grad(f, argnums=(0, 1)))(a, x)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", ["erf", "erfcx", "dawsn", "gamma", "loggamma", "rgamma", "psi"])
@pytest.mark.parametrize("z", [1 + 2j, -3.3 + 0.4j, 0.2 - 0.1j])
def test_complex_derivatives_are_those_of_a_holomorphic_function(name, z):
    f, step = getattr(sp, name), 1e-5
    _, along = ad.jvp(f, (z,), (1.0 + 0j,))
    _, across = ad.jvp(f, (z,), (1j,))
    slope = (f(z + step) - f(z - step)) / (2 * step)
    np.testing.assert_allclose(along, slope, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(across, 1j * along, rtol=1e-13)
