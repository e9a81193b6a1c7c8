"""Code that knows nothing of this library is differentiated as it is.

The code is in the modules beside this one, and in NumPy and SciPy themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from tests.third_party import (
    gaussian_process,
    geometry,
    heat,
    kalman,
    learning,
    nbody,
    ray_marcher,
    sequences,
    smoothing,
    spectral,
)
from tests.third_party.checks import check

RNG = np.random.default_rng(5)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_the_code_mentions_nothing_of_this_library():
    here = Path(__file__).parent
    code = [p for p in here.glob("*.py") if not p.name.startswith("test_") and p.stem != "checks"]
    assert len(code) >= 12
    for path in code:
        assert "autodiff" not in path.read_text()


# ---- NumPy and SciPy


def test_rosen():
    optimize = pytest.importorskip("scipy.optimize")
    x = normal(6)
    (gradient,) = check(optimize.rosen, x)
    weight = np.random.default_rng(11).uniform(0.5, 1.5, ())
    np.testing.assert_allclose(gradient, weight * optimize.rosen_der(x), rtol=1e-12)
    np.testing.assert_allclose(ad.grad(optimize.rosen)(x), optimize.rosen_der(x), rtol=1e-12)
    np.testing.assert_allclose(ad.hessian(optimize.rosen)(x), optimize.rosen_hess(x), atol=1e-11)
    p = normal(6, seed=1)
    hvp = ad.hvp(optimize.rosen)(x, p)
    np.testing.assert_allclose(hvp, optimize.rosen_hess_prod(x, p), rtol=1e-11, atol=1e-10)


def test_rosen_where_scipy_dispatches_by_the_array_api():
    pytest.importorskip("scipy.optimize")
    program = """
import numpy as np, autodiff as ad
from scipy.optimize import rosen, rosen_der, rosen_hess
x = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
assert np.allclose(ad.grad(rosen)(x), rosen_der(x), rtol=1e-12)
assert np.allclose(ad.hessian(rosen)(x), rosen_hess(x), rtol=1e-11)
assert np.allclose(ad.jit(ad.grad(rosen))(x), rosen_der(x), rtol=1e-12)
"""
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_derivatives_of_rosen_are_differentiated():
    optimize = pytest.importorskip("scipy.optimize")
    x = normal(5)
    check(optimize.rosen_der, x)
    np.testing.assert_allclose(
        ad.jacobian(optimize.rosen_der)(x), optimize.rosen_hess(x), rtol=1e-12, atol=1e-11
    )


@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
@pytest.mark.parametrize("terms", [1, 2, 3, 6])
def test_chebval(shape, terms):
    x, c = np.random.default_rng(0).uniform(-1, 1, shape), normal(terms)
    chebyshev = np.polynomial.chebyshev
    check(chebyshev.chebval, x, c, second=terms > 1)
    if terms > 1:
        slope = ad.grad(lambda x: np.sum(chebyshev.chebval(x, c)))(x)
        np.testing.assert_allclose(slope, chebyshev.chebval(x, chebyshev.chebder(c)), rtol=1e-11)
    basis = ad.jacobian(lambda c: chebyshev.chebval(x, c))(c)
    expected = chebyshev.chebvander(x, terms - 1).reshape(*shape, terms)
    np.testing.assert_allclose(basis, expected, atol=1e-13)


def test_chebval_of_several_series():
    x, c = np.linspace(-0.9, 0.8, 4), normal(5, 3)
    check(np.polynomial.chebyshev.chebval, x, c)
    check(lambda x, c: np.polynomial.chebyshev.chebval(x, c, tensor=False), x[:3], c)


@pytest.mark.parametrize("name", ["polynomial.polyval", "legendre.legval", "hermite.hermval"])
def test_other_series(name):
    module, function = name.split(".")
    check(getattr(getattr(np.polynomial, module), function), np.linspace(-1, 1, 4), normal(5))


@pytest.mark.parametrize("name", ["trapezoid", "simpson", "cumulative_trapezoid"])
def test_integrate(name):
    integrate = pytest.importorskip("scipy.integrate")
    x = np.cumsum(np.random.default_rng(1).uniform(0.3, 0.6, 7))
    rule = getattr(integrate, name)
    check(lambda y: rule(y, x=x), normal(7), second=False)
    check(lambda y: rule(y, dx=0.3), normal(6), second=False)
    check(lambda y, x: rule(y, x=x), normal(7), x)


# ---- finance


def option() -> tuple[np.ndarray, ...]:
    return (
        np.array([90.0, 100.0, 120.0]), np.array([100.0, 95.0, 110.0]), np.array(0.03),
        np.array([0.2, 0.3, 0.4]), np.array([0.5, 1.0, 2.0]),
    )  # fmt: skip


@pytest.mark.parametrize("call", [True, False])
def test_black_scholes(call):
    pytest.importorskip("scipy.special")
    from tests.third_party.finance import black_scholes

    check(lambda *xs: black_scholes(*xs, call=call), *option(), step=1e-2)


def test_greeks():
    pytest.importorskip("scipy.special")
    from tests.third_party.finance import black_scholes, greeks

    args = option()
    found = ad.grad(lambda *xs: np.sum(black_scholes(*xs)), argnums=(0, 2, 3, 4))(*args)
    delta, rho, vega, theta = found
    expected = greeks(*args)
    np.testing.assert_allclose(delta, expected["delta"], rtol=1e-12)
    np.testing.assert_allclose(vega, expected["vega"], rtol=1e-11)
    np.testing.assert_allclose(-theta, expected["theta"], rtol=1e-11)
    np.testing.assert_allclose(rho, np.sum(expected["rho"]), rtol=1e-11)
    gamma = ad.hessian_diag(lambda s: np.sum(black_scholes(s, *args[1:])))(args[0])
    np.testing.assert_allclose(gamma, expected["gamma"], rtol=1e-10)


# ---- equations of physics


@pytest.mark.parametrize("name", ["in_place", "double_buffered", "history", "with_ufuncs"])
def test_heat_equation(name):
    u0 = normal(9)
    step = getattr(heat, name)
    check(lambda u0, alpha: step(u0, alpha, 4), u0, 0.2)
    if name != "history":
        np.testing.assert_allclose(step(u0, 0.2, 4), heat.in_place(u0, 0.2, 4), rtol=1e-13)


def test_heat_of_a_plate():
    check(lambda u0, alpha: heat.plate(u0, alpha, 3), normal(5, 6), 0.1)


def test_heat_flows_as_its_matrix_says():
    """The Jacobian of n linear steps is the n-th power of that of one."""
    one = ad.jacobian(lambda u: heat.in_place(u, 0.2, 1))(normal(7))
    many = ad.jacobian(lambda u: heat.double_buffered(u, 0.2, 6))(normal(7))
    np.testing.assert_allclose(many, np.linalg.matrix_power(one, 6), atol=1e-14)


def test_n_body():
    position, velocity, mass = normal(4, 3), normal(4, 3, seed=1), np.array([1.0, 2.0, 0.5, 1.5])
    check(lambda p, v, m: nbody.leapfrog(p, v, m, steps=3)[0], position, velocity, mass)
    force = -ad.grad(lambda p: nbody.energy(p, velocity, mass))(position)
    expected = mass[:, None] * nbody.acceleration(position, mass, 0.1)
    np.testing.assert_allclose(force, expected, rtol=1e-11)


def test_ray_marcher():
    centre, radius = np.array([0.1, 0.2, 0.3]), np.array(0.8)
    light = np.array([0.5, 0.7, -0.5])
    check(ray_marcher.render, centre, radius, light, jit=False, vmap=False, step=1e-4, second=False)


def test_burgers():
    u0 = np.sin(np.arange(12) * 2 * np.pi / 12) + 0.1 * normal(12)
    check(spectral.burgers, u0, 0.05)


def test_burgers_on_an_odd_grid():
    check(spectral.burgers, np.sin(np.arange(9) * 2 * np.pi / 9) + 0.1 * normal(9), 0.05)


def test_korteweg_de_vries():
    check(spectral.korteweg_de_vries, normal(12), 1.2)


def test_poisson():
    f = normal(6, 5)
    check(spectral.poisson, f, second=False)
    jacobian = ad.jacobian(spectral.poisson)(f).reshape(30, 30)
    np.testing.assert_allclose(jacobian, jacobian.T, atol=1e-14)


# ---- estimation


def test_kalman_filter():
    noise, measured = np.array([0.3, 0.2]), normal(6)
    check(lambda n, z: kalman.tracking(n, z)[1], noise, measured)
    check(lambda n, z: kalman.tracking(n, z)[0], noise, measured)


def test_gaussian_process():
    x, y, theta = normal(7, 2), normal(7, seed=1), np.array([0.1, 0.3, -1.0])
    check(gaussian_process.log_marginal_likelihood, theta, x, y)
    check(lambda t: gaussian_process.by_determinant(t, x, y), theta)
    for likelihood in (gaussian_process.log_marginal_likelihood, gaussian_process.by_determinant):
        gradient = ad.grad(likelihood)(theta, x, y)
        expected = gaussian_process.closed_form_gradient(theta, x, y)
        np.testing.assert_allclose(gradient, expected, rtol=1e-10)


@pytest.mark.parametrize(("order", "deriv"), [(2, 0), (3, 1)])
def test_savitzky_golay(order, deriv):
    y = np.cumsum(np.abs(normal(12)) + 0.1)
    check(lambda y: smoothing.savitzky_golay(y, 5, order, deriv), y, second=False)


def test_savitzky_golay_by_fits():
    y = normal(9)
    check(lambda y: smoothing.local_fits(y, 5, 2), y, second=False)
    np.testing.assert_allclose(
        smoothing.local_fits(y, 5, 2), smoothing.savitzky_golay(y, 5, 2)[2:-2], rtol=1e-10
    )


def test_ridge_regression():
    x, y, penalty = normal(6, 3), normal(6, seed=1), np.array(0.7)
    check(learning.ridge, x, y, penalty)
    slope = ad.jacobian(learning.ridge, argnums=2)(x, y, penalty)
    inverse = np.linalg.inv(x.T @ x + penalty * np.eye(3))
    np.testing.assert_allclose(slope, -inverse @ inverse @ x.T @ y, rtol=1e-10)


# ---- learning


def test_softmax_regression():
    weights, bias, x = normal(3, 4), normal(4, seed=1), normal(5, 3, seed=2)
    labels = np.array([0, 3, 1, 2, 3])
    check(lambda w, b, x: learning.softmax_regression(w, b, x, labels), weights, bias, x)
    gradient = ad.grad(lambda w: learning.softmax_regression(w, bias, x, labels))(weights)
    scores = np.exp(x @ weights + bias)
    wrong = scores / scores.sum(1, keepdims=True) - np.eye(4)[labels]
    np.testing.assert_allclose(gradient, x.T @ wrong / 5 + 0.02 * weights, rtol=1e-11)


def test_k_means_step():
    centres, points = np.array([[-2.0, 0.0], [2.0, 0.5]]), normal(8, 2)
    check(lambda c, p: learning.k_means_step(c, p)[1], centres, points, jit=False, vmap=False)
    moved = lambda c, p: learning.k_means_step(c, p)[0]  # the means of the points
    check(moved, centres, points, jit=False, vmap=False, second=False)


def test_principal_components():
    x = normal(8, 4) * np.array([4.0, 2.0, 1.0, 0.5])
    check(lambda x: learning.principal_components(x, 2)[0], x)
    check(lambda x: learning.principal_components(x, 2)[1], x)


def test_lstm():
    sizes = [(3, 2), (4,), (4,), (16, 2), (16, 4), (16,)]
    args = [0.5 * normal(*shape, seed=i) for i, shape in enumerate(sizes)]
    check(lambda *xs: learning.lstm(*xs)[0], *args)


def test_convolutional_layer():
    check(
        learning.convolutional_layer,
        normal(2, 6, 5, 2), normal(2, 3, 2, 3, seed=1), normal(3, seed=2), step=1e-4, second=False,
    )  # fmt: skip


def test_batch_norm_and_attention():
    check(learning.batch_norm, normal(5, 3), normal(3, seed=1), normal(3, seed=2))
    check(learning.attention, normal(2, 4, 3), normal(2, 4, 3, seed=1), normal(2, 4, 3, seed=2))


# ---- sequences


OBSERVED = [0, 2, 1, 1, 0]


def model() -> tuple[np.ndarray, ...]:
    def logs(*shape: int, seed: int) -> np.ndarray:
        p = np.random.default_rng(seed).uniform(0.2, 1, shape)
        return np.log(p / p.sum(axis=-1, keepdims=True))

    return logs(3, seed=0), logs(3, 3, seed=1), logs(3, 3, seed=2)


@pytest.mark.parametrize("name", ["forward", "forward_in_place"])
def test_forward_algorithm(name):
    function = getattr(sequences, name)
    check(lambda *xs: function(*xs, OBSERVED), *model())


def test_scaled_forward_algorithm():
    start, step, emit = map(np.exp, model())
    check(lambda *xs: sequences.scaled_forward(*xs, OBSERVED), start, step, emit)
    expected = sequences.forward(*model(), OBSERVED)
    np.testing.assert_allclose(sequences.scaled_forward(start, step, emit, OBSERVED), expected)


def test_gradient_by_start_is_the_posterior():
    """The derivative of the log-likelihood by log p(first state) sums to one."""
    gradient = ad.grad(sequences.forward)(*model(), OBSERVED)
    np.testing.assert_allclose(gradient.sum(), 1, rtol=1e-12)


def test_viterbi():
    args = model()
    path, score = sequences.viterbi(*args, OBSERVED)
    check(
        lambda *xs: sequences.viterbi(*xs, OBSERVED)[1], *args, jit=False, vmap=False, second=False
    )
    gradient = ad.grad(lambda *xs: sequences.viterbi(*xs, OBSERVED)[1], argnums=1)(*args)
    counts = np.zeros((3, 3))
    for step in pairwise(path):
        counts[step] += 1
    np.testing.assert_allclose(gradient, counts)
    assert np.isfinite(score)


# ---- geometry


def test_rotations():
    check(geometry.rotate, normal(4), normal(5, 3, seed=1))
    check(geometry.rodrigues, normal(3))
    turn = ad.value_of(geometry.rotation_matrix(normal(4)))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-14)


def test_bilinear_sampling():
    image = normal(5, 6)
    x, y = np.array([0.3, 2.7, 4.4]), np.array([3.2, 0.6, 1.9])
    check(geometry.bilinear, image, x, y)


def test_curves():
    check(geometry.arc_length, normal(6, 2))
    check(geometry.polygon_area, normal(5, 2))
