"""Derivatives of higher order, against closed forms and against one another; nested derivatives."""

import numpy as np
import pytest

import autodiff as ad

# ---- third derivatives of elementary functions

# A function, points, and its third derivative.
THIRD = {
    "x**5": (lambda x: x**5, [-1.5, 0.0, 2.0], lambda x: 60 * x**2),
    "x**-1": (lambda x: 1 / x, [-1.5, 2.0], lambda x: -6 / x**4),
    "x**2.5": (lambda x: x**2.5, [0.5, 2.0], lambda x: 2.5 * 1.5 * 0.5 * x**-0.5),
    "3**x": (lambda x: 3.0**x, [-1.0, 0.5], lambda x: np.log(3) ** 3 * 3.0**x),
    "x**x": (
        lambda x: x**x,
        [0.5, 2.0],
        lambda x: x**x * ((np.log(x) + 1) ** 3 + 3 * (np.log(x) + 1) / x - 1 / x**2),
    ),
    "exp": (np.exp, [-2.0, 1.0], np.exp),
    "exp2": (np.exp2, [-2.0, 1.0], lambda x: np.log(2) ** 3 * np.exp2(x)),
    "expm1": (np.expm1, [-40.0, 1e-9, 1.0], np.exp),
    "log": (np.log, [0.1, 3.0], lambda x: 2 / x**3),
    "log2": (np.log2, [0.1, 3.0], lambda x: 2 / x**3 / np.log(2)),
    "log10": (np.log10, [0.1, 3.0], lambda x: 2 / x**3 / np.log(10)),
    "log1p": (np.log1p, [-0.5, 1e-12, 3.0], lambda x: 2 / (1 + x) ** 3),
    "sqrt": (np.sqrt, [0.25, 4.0], lambda x: 0.375 * x**-2.5),
    "cbrt": (np.cbrt, [0.25, 8.0], lambda x: 10 / 27 * x ** (-8 / 3)),
    "square": (lambda x: np.square(x) ** 2, [-1.0, 2.0], lambda x: 24 * x),
    "reciprocal": (np.reciprocal, [-1.0, 2.0], lambda x: -6 / x**4),
    "sin": (np.sin, [-1.0, 0.0, 2.0], lambda x: -np.cos(x)),
    "cos": (np.cos, [-1.0, 0.0, 2.0], np.sin),
    "tan": (
        np.tan,
        [-1.0, 0.0, 0.5],
        lambda x: (2 + 4 * np.sin(x) ** 2) / np.cos(x) ** 4,
    ),
    "sinh": (np.sinh, [-1.0, 0.0, 2.0], np.cosh),
    "cosh": (np.cosh, [-1.0, 0.0, 2.0], np.sinh),
    "tanh": (
        np.tanh,
        [-1.0, 0.0, 3.0],
        lambda x: (4 * np.sinh(x) ** 2 - 2) / np.cosh(x) ** 4,
    ),
    "arcsin": (np.arcsin, [-0.5, 0.0, 0.8], lambda x: (1 + 2 * x**2) * (1 - x**2) ** -2.5),
    "arccos": (np.arccos, [-0.5, 0.0, 0.8], lambda x: -(1 + 2 * x**2) * (1 - x**2) ** -2.5),
    "arctan": (np.arctan, [-2.0, 0.0, 1.0], lambda x: (6 * x**2 - 2) / (1 + x**2) ** 3),
    "arcsinh": (np.arcsinh, [-2.0, 0.0, 1.0], lambda x: (2 * x**2 - 1) * (1 + x**2) ** -2.5),
    "arccosh": (np.arccosh, [1.5, 3.0], lambda x: (2 * x**2 + 1) * (x**2 - 1) ** -2.5),
    "arctanh": (np.arctanh, [-0.5, 0.0, 0.8], lambda x: (6 * x**2 + 2) / (1 - x**2) ** 3),
    "sinc": (
        lambda x: np.sinc(x / np.pi),
        [0.0, 1.0],
        lambda x: np.where(
            x == 0,
            0,
            (
                3 * (x**2 - 2) * np.sin(x) / np.where(x == 0, 1, x) ** 4
                - (x**2 - 6) * np.cos(x) / np.where(x == 0, 1, x) ** 3
            ),
        ),
    ),
    "logistic": (
        lambda x: 1 / (1 + np.exp(-x)),
        [-2.0, 0.0, 3.0],
        lambda x: logistic(x) * logistic(-x) * (1 - 6 * logistic(x) * logistic(-x)),
    ),
    "softplus": (
        lambda x: np.logaddexp(x, 0.0),
        [-2.0, 0.0, 3.0],
        lambda x: logistic(x) * logistic(-x) * (logistic(-x) - logistic(x)),
    ),
    "hypot": (lambda x: np.hypot(x, 2.0), [-1.0, 3.0], lambda x: -12 * x * (x**2 + 4) ** -2.5),
    "arctan2": (
        lambda x: np.arctan2(x, 2.0),
        [-1.0, 3.0],
        lambda x: 4 * (3 * x**2 - 4) / (x**2 + 4) ** 3,
    ),
    "abs": (lambda x: np.abs(x) ** 3, [-2.0, 2.0], lambda x: 6 * np.sign(x)),
    "maximum": (
        lambda x: np.maximum(x, 1.0) ** 4,
        [0.5, 2.0],
        lambda x: np.where(x > 1, 24 * x, 0),
    ),
}


def logistic(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("name", THIRD)
def test_third_derivative_is_the_closed_form(name):
    function, points, third = THIRD[name]
    derivative = ad.grad(ad.grad(ad.grad(function)))
    exact = third(np.array(points))
    np.testing.assert_allclose([derivative(x) for x in points], exact, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", THIRD)
def test_third_derivative_in_one_batch(name):
    function, points, third = THIRD[name]
    x = np.array(points)
    found = ad.jit(ad.vmap(ad.grad(ad.grad(ad.grad(function)))))(x)
    np.testing.assert_allclose(found, third(x), rtol=1e-10, atol=1e-12)


# ---- second derivatives of composite functions


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def softmax_loss(x):
    z = x - np.max(x)
    return np.log(np.sum(np.exp(z))) - z[1]


W = np.array([[0.3, -0.5, 0.2], [0.8, 0.1, -0.4], [-0.2, 0.6, 0.7]])


def network(x):
    return np.sum(np.tanh(W @ np.tanh(W @ x)) ** 2)


def statistics(x):
    return np.std(x) * np.mean(x**3) / (1 + np.var(x))


def loop(x):
    state = x
    for _ in range(4):
        state = state + 0.1 * np.sin(state) * np.roll(state, 1)
    return np.prod(state)


def indexed(x):
    return np.sum(x[[0, 2, 2]] ** 3 * x[::-1]) * x[1]


COMPOSITE = [rosenbrock, softmax_loss, network, statistics, loop, indexed]
X = np.array([0.7, -0.4, 1.2])


def hessian_by_differences(f, x, step=1e-4):
    """Central differences of the gradient, with one step of Richardson's."""
    gradient = ad.grad(f)

    def central(h):
        return np.array(
            [(gradient(x + h * e) - gradient(x - h * e)) / (2 * h) for e in np.eye(x.size)]
        )

    return (4 * central(step / 2) - central(step)) / 3


def forward_forward(f, x):
    """d/dt of d/ds of f(x + s u + t v)."""

    def along(u):
        return lambda y: ad.jvp(f, (y,), (u,))[1]

    return np.array(
        [[ad.jvp(along(u), (x,), (v,))[1] for u in np.eye(x.size)] for v in np.eye(x.size)]
    )


def forward_reverse(f, x):
    return np.array([ad.jvp(ad.grad(f), (x,), (v,))[1] for v in np.eye(x.size)])


def reverse_forward(f, x):
    return np.array([ad.grad(lambda y, v=v: ad.jvp(f, (y,), (v,))[1])(x) for v in np.eye(x.size)])


def reverse_reverse(f, x):
    return np.array([ad.grad(lambda y, v=v: ad.grad(f)(y) @ v)(x) for v in np.eye(x.size)])


@pytest.mark.parametrize(
    "order", [forward_forward, forward_reverse, reverse_forward, reverse_reverse]
)
@pytest.mark.parametrize("f", COMPOSITE)
def test_hessian_in_every_order(f, order):
    hessian = order(f, X)
    np.testing.assert_allclose(hessian, hessian_by_differences(f, X), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(hessian, reverse_reverse(f, X), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("f", COMPOSITE)
def test_the_public_hessians_agree(f):
    exact = reverse_reverse(f, X)
    np.testing.assert_allclose(ad.hessian(f)(X), exact, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ad.jacfwd(ad.jacrev(f))(X), exact, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ad.jacrev(ad.jacfwd(f))(X), exact, rtol=1e-10, atol=1e-12)
    v = np.array([0.1, -0.2, 0.3])
    np.testing.assert_allclose(ad.hvp(f)(X, v), exact @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ad.hessian_diag(f)(X), np.diag(exact), rtol=1e-10, atol=1e-12)


# ---- perturbation confusion: an inner derivative knows nothing of an outer one


def test_an_inner_derivative_of_an_outer_variable():
    """d/dx of x * d/dy (x + y) at x = y = 1 is 1; confused systems say 2."""
    assert ad.grad(lambda x: x * ad.grad(lambda y: x + y)(1.0))(1.0) == 1


def test_the_same_in_forward_mode():
    def derivative(f, x):
        return ad.jvp(f, (x,), (1.0,))[1]

    assert derivative(lambda x: x * derivative(lambda y: x + y, 1.0), 1.0) == 1
    assert ad.grad(lambda x: x * derivative(lambda y: x + y, 1.0))(1.0) == 1
    assert derivative(lambda x: x * ad.grad(lambda y: x + y)(1.0), 1.0) == 1


def test_the_same_variable_inside_and_outside():
    def outer(x):
        return x**2 * ad.grad(lambda y: np.sin(x * y))(x)  # x^3 cos(x^2)

    x = 0.7
    exact = 3 * x**2 * np.cos(x**2) - 2 * x**4 * np.sin(x**2)
    np.testing.assert_allclose(ad.grad(outer)(x), exact, rtol=1e-12)


def test_a_shift_operator_applied_to_itself():
    """The higher-order example of Manzyuk and others: D of a curried shift."""

    def shift(offset):
        return lambda f: lambda x: f(x + offset)

    def differentiated_shift(f):
        return lambda x: ad.grad(lambda offset: shift(offset)(f)(x))(0.0)

    twice = differentiated_shift(differentiated_shift(np.exp))
    np.testing.assert_allclose(twice(1.0), np.e, rtol=1e-12)


def test_three_levels():
    def f(x):
        return ad.grad(lambda y: ad.grad(lambda z: x**2 * y**3 * z**4)(y))(
            x
        )  # 4 * 6 x^2 x^5... by hand

    # d/dz: 4 x^2 y^3 z^3 at z = y: 4 x^2 y^6 (through both); d/dy at y = x: 24 x^7; d/dx: 168 x^6
    np.testing.assert_allclose(ad.grad(f)(1.3), 168 * 1.3**6, rtol=1e-12)


def test_an_inner_derivative_that_does_not_depend_on_the_outer_variable():
    def outer(x):
        return x * ad.grad(np.sin)(0.5)

    np.testing.assert_allclose(ad.grad(outer)(2.0), np.cos(0.5), rtol=1e-15)


def test_a_closure_over_an_outer_intermediate():
    def outer(x):
        scale = np.exp(x)
        return np.sum(ad.grad(lambda y: np.sum(scale * y**2))(x))  # sum of 2 x exp(x)

    x = np.array([0.1, 0.5])
    np.testing.assert_allclose(ad.grad(outer)(x), 2 * np.exp(x) * (1 + x), rtol=1e-12)


def test_derivatives_of_a_derivative_map():
    """Vmap between two derivatives, each of which closes over the other's variable."""

    def outer(a):
        slopes = ad.vmap(ad.grad(lambda t: np.sin(a * t)))(np.array([0.1, 0.2]))
        return np.sum(slopes)

    a, t = 1.5, np.array([0.1, 0.2])
    exact = np.sum(np.cos(a * t) - a * t * np.sin(a * t))
    np.testing.assert_allclose(ad.grad(outer)(a), exact, rtol=1e-12)
