"""Functions of matrices and matrix equations: against mpmath, JAX and PyTorch, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.primitives import matrix_functions
from autodiff.scipy import linalg

scipy_linalg = pytest.importorskip("scipy.linalg")


def matrices(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


# ---- against many digits


def exact_derivative(name, a, *directions):
    """The derivative along one direction, or two, by differences of sixty digits."""
    mp = pytest.importorskip("mpmath")
    with mp.workdps(60):
        f, step = getattr(mp, name), mp.mpf(10) ** -15
        at, *along = (mp.matrix(x.tolist()) for x in (a, *directions))
        if len(along) == 1:
            result = (f(at + step * along[0]) - f(at - step * along[0])) / (2 * step)
        else:
            u, v = (step * x for x in along)
            total = f(at + u + v) - f(at + u - v) - f(at - u + v) + f(at - u - v)
            result = total / (4 * step**2)
        return np.array([[complex(result[i, j]) for j in range(len(a))] for i in range(len(a))])


def relative(actual, expected):
    return np.abs(actual - expected).max() / np.abs(expected).max()


AWKWARD = {
    "near": np.eye(3) + 1e-3 * matrices(3, 3),
    "repeated": 2 * np.eye(3),
    "defective": np.array([[2.0, 1, 0], [0, 2, 1], [0, 0, 2]]),
    "ill": np.array([[1, 1e3, 5], [0, 1e-2, 1], [0, 0, 1e2]]),
    "rotation": np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    "large": 1e6 * (np.eye(3) + 0.3 * matrices(3, 3)),
}


@pytest.mark.filterwarnings("ignore:logm result may be inaccurate")  # SciPy's estimate
@pytest.mark.parametrize("kind", AWKWARD)
@pytest.mark.parametrize("name", ["logm", "sqrtm"])
def test_derivatives_where_eigenvalues_coincide_or_differ_widely(name, kind):
    a, e, d = AWKWARD[kind], matrices(3, 3, seed=1), matrices(3, 3, seed=2)
    f = getattr(linalg, name)
    first = ad.jvp(f, (a,), (e,))[1]
    assert relative(first, exact_derivative(name, a, e)) < 1e-13
    second = ad.jvp(lambda a: ad.jvp(f, (a,), (e,))[1], (a,), (d,))[1]
    assert relative(second, exact_derivative(name, a, e, d)) < 1e-9


@pytest.mark.parametrize("size", [0.0, 1e-8, 1.0, 10.0, 1e3])
def test_exponentials_of_small_and_large_matrices(size):
    x = matrices(4, 4)
    a, e, d = size * (x - x.T), matrices(4, 4, seed=1), matrices(4, 4, seed=2)
    allowed = 1e-15 * (10 + size)  # the condition of the problem
    first = ad.jvp(linalg.expm, (a,), (e,))[1]
    assert relative(first, exact_derivative("expm", a, e)) < allowed
    second = ad.jvp(lambda a: ad.jvp(linalg.expm, (a,), (e,))[1], (a,), (d,))[1]
    assert relative(second, exact_derivative("expm", a, e, d)) < allowed


@pytest.mark.parametrize("size", [1e-200, 1e-12, 1e12, 1e200])
def test_directions_of_any_size(size):
    a, e = matrices(3, 3), matrices(3, 3, seed=1)
    once = ad.jvp(linalg.expm, (a,), (e,))[1]
    assert relative(ad.jvp(linalg.expm, (a,), (size * e,))[1], size * once) < 1e-14


def test_the_block_that_devices_compute_is_the_derivative():
    a, e = matrices(2, 3, 3), matrices(2, 3, 3, seed=1)
    for size in (0.0, 1e-6, 1.0, 1e9):
        block = matrix_functions._block_of_exponential(np, a, size * e)
        expected = matrix_functions.frechet(a, size * e, function="expm")
        np.testing.assert_allclose(block, expected, rtol=1e-12, atol=1e-300)


# ---- against JAX and PyTorch


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_exponential_as_in_jax_and_pytorch(dtype):
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    a = matrices(3, 3).astype(dtype) + (1j * matrices(3, 3, seed=1) if dtype == "c16" else 0)
    w = matrices(3, 3, seed=2)
    ours = ad.grad(lambda a: np.sum(w * linalg.expm(a).real))(a)
    with jax.enable_x64(True):
        theirs = jax.grad(lambda a: (w * jax.scipy.linalg.expm(a).real).sum())(a)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    t = torch.tensor(a, requires_grad=True)
    (torch.tensor(w) * torch.linalg.matrix_exp(t).real).sum().backward()
    np.testing.assert_allclose(ours, t.grad.numpy().conj(), rtol=1e-10)


def test_frechet_derivative_as_in_jax():
    jax = pytest.importorskip("jax")
    a, e = matrices(3, 3), matrices(3, 3, seed=1)
    ours = ad.jvp(lambda a: linalg.expm_frechet(a, e, compute_expm=False), (a,), (e,))[1]
    with jax.enable_x64(True):
        theirs = jax.jvp(
            lambda a: jax.scipy.linalg.expm_frechet(a, e, compute_expm=False), (a,), (e,)
        )[1]
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


# ---- edges


def test_power_by_a_traced_exponent():
    a = np.array([[3.0, 1], [0.5, 2]])
    value, slope = ad.jvp(lambda t: linalg.fractional_matrix_power(a, t), (0.4,), (1.0,))
    expected = scipy_linalg.logm(a) @ scipy_linalg.fractional_matrix_power(a, 0.4)
    np.testing.assert_allclose(value, scipy_linalg.fractional_matrix_power(a, 0.4), rtol=1e-12)
    np.testing.assert_allclose(slope, expected, rtol=1e-12)


@pytest.mark.parametrize("power", [2, 2.0, -1, 0, np.int64(3)])
def test_whole_powers_are_products(power):
    a = np.array([[3.0, 1], [0.5, 2]])
    value = ad.jvp(lambda a: linalg.fractional_matrix_power(a, power), (a,), (a,))[0]
    expected = scipy_linalg.fractional_matrix_power(a, power)
    np.testing.assert_allclose(value, expected, rtol=1e-14)


@pytest.mark.parametrize("name", ["logm", "sqrtm"])
def test_a_real_matrix_without_a_real_result_is_an_error_that_says_what_to_write(name):
    f = getattr(linalg, name)
    a = np.diag([-1.0, -2.0])
    with pytest.raises(np.linalg.LinAlgError, match=r"x\.astype\(complex\)"):
        ad.grad(lambda a: np.sum(f(a)))(a)
    assert f(a).dtype == complex  # plain arrays are SciPy's business
    gradient = ad.grad(lambda a: np.sum(f(a.astype(complex)).real))(a)
    assert np.isfinite(gradient).all()


@pytest.mark.filterwarnings("ignore")  # SciPy says so, too, of the value
def test_a_singular_matrix_has_no_logarithm_to_differentiate():
    pull = ad.grad(lambda a: np.sum(linalg.logm(a)))
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        pull(np.diag([1.0, 0.0]))


def test_exponential_of_nan_is_nan_and_so_is_its_derivative():
    a = np.array([[np.nan, 1], [0, 1]])
    assert np.isnan(ad.grad(lambda a: np.sum(linalg.expm(a)))(a)).all()


def test_lists_and_numbers_that_are_no_arrays():
    gradient = ad.grad(lambda x: linalg.expm([[x, 0.0], [0.0, 1.0]])[0, 0])(0.5)
    np.testing.assert_allclose(gradient, np.exp(0.5))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_shapes_that_are_no_squares(shape):
    with pytest.raises(ValueError, match="square"):
        ad.grad(lambda a: np.sum(linalg.expm(a)))(np.ones(shape))


def test_options_without_a_traced_form():
    for f in (linalg.logm, linalg.sqrtm, linalg.signm):
        with pytest.raises(ad.errors.UnsupportedFunctionError, match="disp=False"):
            ad.grad(lambda a, f=f: np.sum(f(a, disp=False)))(np.eye(2))
    with pytest.raises(ValueError, match="Unknown solver"):
        ad.grad(lambda a: np.sum(linalg.solve_discrete_lyapunov(a, a, "other")))(np.eye(2))


def test_large_discrete_lyapunov_equations_are_solved_as_scipy_solves_them():
    a, q = 0.1 * matrices(12, 12), matrices(12, 12, seed=1)
    value = ad.jvp(lambda a: linalg.solve_discrete_lyapunov(a, q), (a,), (a,))[0]
    np.testing.assert_allclose(value, scipy_linalg.solve_discrete_lyapunov(a, q), rtol=1e-9)


def test_sylvester_with_one_matrix_for_a_stack():
    a, b, q = 3 * np.eye(2), matrices(4, 3, 3), matrices(2, 3)
    value = ad.jvp(lambda b: linalg.solve_sylvester(a, b, q), (b,), (b,))[0]
    expected = [scipy_linalg.solve_sylvester(a, b[i], q) for i in range(4)]
    np.testing.assert_allclose(value, expected, rtol=1e-12)


# ---- whole programs


def test_a_rotation_fitted_to_points():
    """Gradient descent on a generator, whose exponential turns one set of points into another."""
    points = matrices(3, 8)
    target = scipy_linalg.expm(np.array([[0, -0.7, 0.2], [0.7, 0, -0.4], [-0.2, 0.4, 0]])) @ points

    @ad.jit
    def loss(g):
        return np.sum((linalg.expm(g - g.T) @ points - target) ** 2)

    g, step = np.zeros((3, 3)), ad.jit(ad.grad(loss))
    for _ in range(100):
        g = g - 0.02 * step(g)
    assert loss(g) < 1e-12
