"""SciPy's optimisers with derivatives from here: every gradient method, as it is and jitted.

    scipy.optimize.minimize(ad.value_and_grad(f), x0, jac=True)

Second derivatives: `hess=ad.hessian(f)`, or products `hessp=lambda x, p: ad.hvp(f)(x, (p,))`, since
SciPy passes the direction as an array and `hvp` takes one for each argument, in a tuple.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad

optimize = pytest.importorskip("scipy.optimize")

FIRST_ORDER = ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "trust-constr"]
BY_PRODUCTS = ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"]
BY_MATRICES = ["Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "dogleg", "trust-constr"]

START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
NEAR = np.array([1.02, 1.03, 1.05, 1.1, 1.2])  # where the Hessian is positive, as dogleg demands


def rosen(x):
    """Written for NumPy; the minimum is at ones."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def bowl(x, weight, offset=0.0):
    """A function of more arguments, which SciPy passes as `args`."""
    return weight * np.sum((x - offset) ** 2) + np.sum(np.cosh(x - offset))


wraps = pytest.mark.parametrize("wrap", [lambda f: f, ad.jit], ids=["as it is", "jit"])


def reached(result, point=1.0, tolerance=1e-3):
    np.testing.assert_allclose(result.x, np.broadcast_to(point, result.x.shape), atol=tolerance)


@wraps
@pytest.mark.parametrize("method", FIRST_ORDER)
@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")  # of trust-constr, near the minimum
def test_first_order_methods(method, wrap):
    options = {"maxfun": 2000} if method == "TNC" else {"maxiter": 1000}
    result = optimize.minimize(
        wrap(ad.value_and_grad(rosen)), START, jac=True, method=method, options=options
    )
    reached(result, tolerance=1e-2 if method == "TNC" else 1e-3)


@wraps
@pytest.mark.parametrize("method", BY_PRODUCTS)
def test_products_with_the_hessian(method, wrap):
    result = optimize.minimize(
        wrap(ad.value_and_grad(rosen)),
        START,
        jac=True,
        hessp=wrap(lambda x, p: ad.hvp(rosen)(x, (p,))),
        method=method,
    )
    reached(result)


@wraps
@pytest.mark.parametrize("method", BY_MATRICES)
def test_whole_hessians(method, wrap):
    result = optimize.minimize(
        wrap(ad.value_and_grad(rosen)),
        NEAR,
        jac=True,
        hess=wrap(ad.hessian(rosen)),
        method=method,
    )
    reached(result)


@wraps
def test_sparse_hessians_as_dense_ones(wrap):
    hess = ad.sparse_hessian(rosen)
    result = optimize.minimize(
        wrap(ad.value_and_grad(rosen)), START, jac=True, hess=hess, method="trust-constr"
    )
    reached(result)


@wraps
@pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "trust-ncg"])
def test_further_arguments(method, wrap):
    second = {} if method == "BFGS" else {"hess": wrap(ad.hessian(bowl))}
    result = optimize.minimize(
        wrap(ad.value_and_grad(bowl)), START, args=(2.0, 0.5), jac=True, method=method, **second
    )
    reached(result, 0.5, 1e-4)


def test_separate_value_and_gradient():
    result = optimize.minimize(rosen, START, jac=ad.grad(rosen), method="BFGS")
    reached(result)


def test_bounds_and_constraints():
    value_and_grad = ad.jit(ad.value_and_grad(rosen))
    circle = lambda x: 2.0 - np.sum(x**2)
    constraint = {"type": "ineq", "fun": circle, "jac": ad.grad(circle)}
    result = optimize.minimize(
        value_and_grad, 0.3 * START, jac=True, method="SLSQP", constraints=[constraint]
    )
    assert circle(result.x) > -1e-6
    nonlinear = optimize.NonlinearConstraint(
        circle, 0, np.inf, jac=ad.grad(circle), hess=lambda x, v: v[0] * ad.hessian(circle)(x)
    )
    other = optimize.minimize(
        value_and_grad,
        0.3 * START,
        jac=True,
        hess=ad.hessian(rosen),
        method="trust-constr",
        constraints=[nonlinear],
    )
    np.testing.assert_allclose(other.x, result.x, atol=2e-3)
    inside = optimize.minimize(
        value_and_grad, 0.3 * START, jac=True, method="L-BFGS-B", bounds=[(0, 0.5)] * 5
    )
    assert inside.x.max() <= 0.5


# ---- residuals and roots

TIMES = np.linspace(0, 2, 20)
TRUE = np.array([2.5, 1.3, 0.5])
DATA = TRUE[0] * np.exp(-TRUE[1] * TIMES) + TRUE[2]


def residuals(p):
    return p[0] * np.exp(-p[1] * TIMES) + p[2] - DATA


@wraps
@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method, wrap):
    result = optimize.least_squares(
        residuals, np.array([1.0, 1.0, 0.0]), jac=wrap(ad.jacobian(residuals)), method=method
    )
    np.testing.assert_allclose(result.x, TRUE, rtol=1e-6)


def test_curve_fit():
    model = lambda t, a, b, c: a * np.exp(-b * t) + c
    jac = lambda t, *p: np.stack(ad.jacobian(model, argnums=(1, 2, 3))(t, *p), axis=1)
    fitted = optimize.curve_fit(model, TIMES, DATA, p0=(1.0, 1.0, 0.0), jac=jac)[0]
    np.testing.assert_allclose(fitted, TRUE, rtol=1e-6)


def equations(x):
    return np.array([x[0] ** 2 + x[1] - 2, np.sin(x[0]) - x[1] ** 3 + 0.2])


@wraps
@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_roots(method, wrap):
    jac = wrap(ad.jacobian(equations))
    result = optimize.root(equations, np.array([1.0, 1.0]), jac=jac, method=method)
    assert result.success
    np.testing.assert_allclose(equations(result.x), 0, atol=1e-8)


@pytest.mark.parametrize("method", ["newton", "halley"])
def test_roots_of_one_number(method):
    f = lambda x: np.exp(x) - 3 * x**2
    extra = {"fprime2": ad.grad(ad.grad(f))} if method == "halley" else {}
    root = optimize.root_scalar(f, x0=0.8, fprime=ad.grad(f), method=method, **extra).root
    assert abs(f(root)) < 1e-10


# ---- SciPy's own functions


def test_a_function_of_scipys_is_differentiated_as_it_is():
    gradient = ad.grad(optimize.rosen)(START)
    np.testing.assert_allclose(gradient, optimize.rosen_der(START), rtol=1e-12)
    hessian = ad.hessian(optimize.rosen)(START)
    np.testing.assert_allclose(hessian, optimize.rosen_hess(START), rtol=1e-12, atol=1e-10)
    direction = np.arange(5.0)
    product = ad.hvp(optimize.rosen)(START, (direction,))
    np.testing.assert_allclose(product, optimize.rosen_hess_prod(START, direction), rtol=1e-11)


def test_gradients_of_single_precision():
    result = optimize.minimize(
        ad.value_and_grad(rosen), START.astype(np.float32), jac=True, method="L-BFGS-B"
    )
    reached(result, tolerance=2e-2)
