"""Bessel functions on traced values: derivatives against mpmath, and the edges of their domains."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad
from autodiff.errors import MissingRuleError

mp = pytest.importorskip("mpmath")
inf, nan = np.inf, np.nan

REFERENCES = {
    "jv": lambda v, x: mp.besselj(v, x),
    "yv": lambda v, x: mp.bessely(v, x),
    "iv": lambda v, x: mp.besseli(v, x),
    "kv": lambda v, x: mp.besselk(v, x),
    "ive": lambda v, x: mp.besseli(v, x) * mp.exp(-abs(x)),
    "kve": lambda v, x: mp.besselk(v, x) * mp.exp(x),
}
ZERO_AND_ONE = {
    f"{kind}{v}{scaled}": (f"{kind}v{scaled}", v)
    for kind, scaled in (("j", ""), ("y", ""), ("i", ""), ("k", ""), ("i", "e"), ("k", "e"))
    for v in (0, 1)
}


def derivatives(f, x):
    """The first three."""
    first = ad.grad(f)
    second = ad.grad(first)
    return [g(x) for g in (first, second, ad.grad(second))]


def exact(f, v, x):
    """The same by mpmath, which is quick at orders that are not whole."""
    with mp.workdps(90):
        order = v + mp.mpf(10) ** -30
        coefficients = mp.taylor(lambda t: f(order, t), mp.mpf(x), 3)
        return [float(c * k) for c, k in zip(coefficients[1:], (1, 2, 6), strict=True)]


@pytest.mark.parametrize("name", ZERO_AND_ONE)
@pytest.mark.parametrize("x", [1e-2, 2.5, 12.0])
def test_derivatives_of_order_zero_and_one(name, x):
    reference, v = ZERO_AND_ONE[name]
    expected = exact(REFERENCES[reference], v, x)
    # of a scaled function, whose factors nearly cancel far out, relative to the function itself
    size = abs(getattr(sp, name)(x)) if name.endswith("e") else 0
    np.testing.assert_allclose(
        derivatives(getattr(sp, name), x), expected, rtol=3e-14, atol=3e-14 * size
    )


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize(("v", "x"), [(0.5, 1e-2), (2.7, 2.5), (-1.3, 4.0), (20.0, 7.0)])
def test_derivatives_of_real_order(name, v, x):
    f = getattr(sp, name)
    size = abs(f(v, x)) if name.endswith("e") else 0
    found = derivatives(lambda t: f(v, t), x)
    expected = exact(REFERENCES[name], v, x)
    np.testing.assert_allclose(found, expected, rtol=2e-13, atol=2e-13 * size)


@pytest.mark.filterwarnings("ignore::autodiff.errors.ZeroGradientWarning")
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (sp.j0, [0, -0.5, 0]),
        (sp.j1, [0.5, 0, -0.375]),
        (lambda x: sp.jv(2, x), [0, 0.25, 0]),
        (lambda x: sp.jv(-1, x), [-0.5, 0, 0.375]),
        (lambda x: sp.jv(0.5, x), [inf, -inf, inf]),
        (sp.y0, [inf, -inf, inf]),
        (sp.y1, [inf, -inf, inf]),
        (lambda x: sp.yv(-1, x), [-inf, inf, -inf]),
        (lambda x: sp.yn(3, x), [inf, -inf, inf]),
        (sp.i0, [0, 0.5, 0]),
        (sp.i1, [0.5, 0, 0.375]),
        (sp.i0e, [0, 0.5, 0]),  # a kink: the mean of both sides, as for |x|
        (sp.k0, [-inf, inf, -inf]),
        (sp.k1, [-inf, inf, -inf]),
        (sp.k0e, [-inf, inf, -inf]),
        (sp.k1e, [-inf, inf, -inf]),
        (lambda x: sp.kve(0.5, x), [-inf, inf, -inf]),
        (lambda x: sp.kn(2, x), [-inf, inf, -inf]),
    ],
)
def test_derivatives_at_zero(f, expected):
    np.testing.assert_allclose(derivatives(f, 0.0), expected, atol=1e-16)


@pytest.mark.parametrize("name", ["y0", "y1", "k0", "k1", "k0e", "k1e"])
def test_functions_of_the_second_kind_have_no_derivative_left_of_zero(name):
    assert np.isnan(ad.grad(getattr(sp, name))(-1.0))


@pytest.mark.parametrize("name", ["j0", "j1", "i0", "i1", "i0e", "i1e"])
def test_symmetry(name):
    slope = ad.grad(getattr(sp, name))
    sign = 1 if name[1] == "1" else -1
    assert slope(-2.0) == sign * slope(2.0)


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv", "jve", "yve", "ive", "kve", "hankel1e"])
@pytest.mark.parametrize("z", [0.7 + 0.4j, -1.2 - 2.0j, 3.0 - 0.5j])
def test_complex_argument(name, z):
    f, h = getattr(sp, name), 1e-4
    for direction in (1.0, 1j, 0.6 - 0.8j):
        steps = np.array([-2, -1, 1, 2]) * h * direction
        expected = np.dot([1, -8, 8, -1], f(0.7, z + steps)) / (12 * h)
        found = ad.jvp(lambda t: f(0.7, t), (z,), (complex(direction),))[1]
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_order_and_argument_are_broadcast():
    orders, x = np.arange(3.0)[:, None], np.array([0.5, 1.0, 2.0, 4.0])
    found = ad.jvp(lambda t: sp.jv(orders, t), (x,), (np.ones(4),))[1]
    np.testing.assert_allclose(found, sp.jvp(orders, x), rtol=1e-13, atol=1e-15)
    traced_order = ad.vmap(lambda v: ad.grad(lambda t: sp.jv(v, t))(2.0))(orders[:, 0])
    np.testing.assert_allclose(traced_order, sp.jvp(orders[:, 0], 2.0), rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "name"), [(sp.jv, "jv"), (sp.kve, "kve"), (sp.kn, "kn"), (sp.hankel1, "hankel1")]
)
def test_the_derivative_by_the_order_is_refused(f, name):
    z = 1.5 + 0j if f is sp.hankel1 else 1.5
    with pytest.raises(MissingRuleError, match=f"{name} has no derivative by the order"):
        ad.grad(lambda v: abs(f(v, z)))(2.0)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "?"])
def test_dtypes(dtype):
    x = np.array([1, 1], dtype)
    for f in (sp.j0, sp.i0e, lambda t: sp.jv(1, t), lambda t: sp.yn(2, t)):
        found = ad.jit(f)(x)
        assert found.dtype == f(x).dtype
        np.testing.assert_allclose(found, f(x), rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3)])
def test_shapes(shape):
    x = np.full(shape, 0.7)
    slope = ad.grad(lambda t: np.sum(sp.jv(0.3, t[..., None][..., 0])))(x)
    assert slope.shape == shape
    np.testing.assert_allclose(slope, np.full(shape, sp.jvp(0.3, 0.7)))


# ---- airy, spherical


def test_airy_functions_solve_their_equation():
    x = np.array([-7.0, -1.0, 0.0, 0.5, 3.0])

    def parts(i):
        return ad.vmap(ad.grad(ad.grad(lambda t: sp.airy(t)[i])))(x)

    ai, ai_slope, bi, bi_slope = sp.airy(x)
    expected = [x * ai, ai + x * ai_slope, x * bi, bi + x * bi_slope]
    np.testing.assert_allclose([parts(i) for i in range(4)], expected, rtol=1e-14)


@pytest.mark.parametrize("name", ["spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_scipys_own_spherical_functions_take_traced_values(name, n):
    f = getattr(sp, name)
    for x in (0.5, np.array([0.3, 2.0, 8.0])):
        slope = ad.grad(lambda t: np.sum(f(n, t)))(x)
        np.testing.assert_allclose(slope, f(n, x, derivative=True), rtol=1e-13)


def test_spherical_functions_at_zero():
    traced = ad.scipy.special
    for n, expected in ((0, 0.0), (1, 1 / 3), (2, 0.0)):
        assert ad.grad(lambda t, n=n: traced.spherical_jn(n, t))(0.0) == pytest.approx(expected)
        assert ad.grad(lambda t, n=n: traced.spherical_yn(n, t))(0.0) == inf
        assert ad.grad(lambda t, n=n: traced.spherical_kn(n, t))(0.0) == -inf
    with pytest.raises(TypeError, match="order must be an integer"):
        ad.jit(lambda t: traced.spherical_jn(0.5, t))(1.0)
