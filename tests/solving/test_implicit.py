"""`custom_root`, `fixed_point`, `argmin`, `argmax`: derivatives against closed forms."""

from itertools import product
from math import factorial

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import ConvergenceError, ConvergenceWarning, ZeroGradientWarning

MODES = ["".join(m) for m in product("fr", repeat=3)]  # which mode is innermost, in the middle, ...


def derived(h, modes):
    """The derivative of a function of one number, in forward and in reverse mode as asked."""
    for mode in modes:
        h = _forward(h) if mode == "f" else ad.grad(h)
    return h


def _forward(h):
    return lambda t: ad.jvp(h, (t,), (1.0,))[1]


def close(found, expected, tolerance=1e-10):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# ---- Kepler's equation


def anomaly(mean, e, **options):
    return ad.custom_root(lambda x: x - e * np.sin(x) - mean, mean, **options)


def anomaly_derivatives(x, e):
    """By how often it is differentiated by the mean anomaly and by the eccentricity."""
    s, c = np.sin(x), np.cos(x)
    d = 1 - e * c
    q = s / d  # dx/de
    p = e * s * q - c  # the derivative of d by e, along the solution
    p_e = s * q + s * s / d + 2 * e * s * c * q / d - e * s * s * p / d**2
    q_e = q * (c - p) / d
    return {
        (1, 0): 1 / d,
        (0, 1): q,
        (2, 0): -e * s / d**3,
        (1, 1): -p / d**2,
        (0, 2): q_e,
        (3, 0): -e * c / d**4 + 3 * e**2 * s**2 / d**5,
        (2, 1): -s / d**3 - e * c * q / d**3 + 3 * e * s * p / d**4,
        (1, 2): -p_e / d**2 + 2 * p**2 / d**3,
        (0, 3): (q_e * (c - p) - q * (s * q + p_e)) / d - q * (c - p) * p / d**2,
    }


MEAN, E = 1.2, 0.6


def test_keplers_equation_is_solved():
    x = anomaly(MEAN, E)
    assert abs(x - E * np.sin(x) - MEAN) < 1e-15


@pytest.mark.parametrize("order", [(i, j) for i in range(4) for j in range(4) if 0 < i + j <= 3])
def test_keplers_equation_to_third_order(order):
    expected = anomaly_derivatives(anomaly(MEAN, E), E)[order]
    for modes in {m[: sum(order)] for m in MODES}:
        by_mean, by_e = modes[: order[0]], modes[order[0] :]

        def inner(e, by_mean=by_mean):
            return derived(lambda mean: anomaly(mean, e), by_mean)(MEAN)

        close(derived(inner, by_e)(E), expected, 1e-12)


def test_keplers_equation_against_high_precision():
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):

        def solution(mean, e):
            return mpmath.findroot(lambda x: x - e * mpmath.sin(x) - mean, mean)

        point = (mpmath.mpf(MEAN), mpmath.mpf(E))
        for order, found in anomaly_derivatives(anomaly(MEAN, E), E).items():
            assert abs(mpmath.diff(solution, point, order) - found) < 1e-13


def test_maps_and_compiled_functions(rng):
    means, es = rng.uniform(0, 3, 7), rng.uniform(0.1, 0.9, 7)
    third = derived(lambda mean: anomaly(mean, E), "rfr")
    close(ad.jit(third)(MEAN), third(MEAN), 1e-14)
    mapped = ad.vmap(anomaly)(means, es)
    close(mapped, [anomaly(m, e) for m, e in zip(means, es, strict=True)], 1e-14)
    slopes = ad.jit(ad.vmap(ad.grad(ad.grad(anomaly))))(means, es)
    close(slopes, [anomaly_derivatives(x, e)[2, 0] for x, e in zip(mapped, es, strict=True)])
    summed = ad.grad(lambda es: np.sum(ad.vmap(anomaly)(means, es)))(es)
    close(summed, [anomaly_derivatives(x, e)[0, 1] for x, e in zip(mapped, es, strict=True)])


# ---- fixed points in 50 dimensions

N = 50


@pytest.fixture
def weights(rng):
    return rng.normal(size=(N, N)) * 0.4 / np.sqrt(N), rng.normal(size=N), rng.normal(size=(N, N))


@pytest.mark.parametrize("modes", MODES)
def test_a_linear_fixed_point_to_third_order(modes, weights, rng):
    """X = W x + b along W + t V: the derivatives of (I - W - t V)⁻¹ b are k! (R V)ᵏ R b."""
    w, b, v = weights
    v = v / N
    u = rng.normal(size=N)
    r = np.linalg.inv(np.eye(N) - w)

    def h(t):
        return u @ ad.fixed_point(lambda x: (w + t * v) @ x + b, np.zeros(N))

    term = r @ b
    for k in range(4):
        close(derived(h, modes[:k])(0.0), factorial(k) * u @ term)
        term = r @ v @ term


def tanh_derivatives(w, x, y, v):
    """x, x', x'', x''' along b + t v, from x = tanh(y), y = W x + b + t v."""
    s1 = 1 - x**2
    s2, s3 = -2 * x * s1, (6 * x**2 - 2) * s1

    def solved(right):  # x = right + tanh'(y) W x
        return np.linalg.solve(np.eye(N) - s1[:, None] * w, right)

    x1 = solved(s1 * v)
    y1 = w @ x1 + v
    x2 = solved(s2 * y1**2)
    x3 = solved(s3 * y1**3 + 3 * s2 * y1 * (w @ x2))
    return [x, x1, x2, x3]


@pytest.mark.parametrize("modes", MODES)
@pytest.mark.parametrize("options", [{}, {"memory": 5}], ids=["plain", "anderson"])
def test_a_network_in_equilibrium_to_third_order(modes, options, weights, rng):
    w, b, _ = weights
    v, u = rng.normal(size=(2, N))

    def h(t):
        return u @ ad.fixed_point(lambda x: np.tanh(w @ x + b + t * v), np.zeros(N), **options)

    x = ad.fixed_point(lambda x: np.tanh(w @ x + b), np.zeros(N))
    close(x, np.tanh(w @ x + b), 1e-14)
    for k, term in enumerate(tanh_derivatives(w, x, w @ x + b, v)):
        close(derived(h, modes[:k])(0.0), u @ term)


def test_the_gradient_by_all_weights(weights):
    w, b, _ = weights

    def loss(w, b):
        return np.sum(ad.fixed_point(lambda x: np.tanh(w @ x + b), np.zeros(N)) ** 2)

    x = ad.fixed_point(lambda x: np.tanh(w @ x + b), np.zeros(N))
    s = 1 - x**2
    adjoint = s * np.linalg.solve((np.eye(N) - s[:, None] * w).T, 2 * x)
    by_w, by_b = ad.grad(loss, (0, 1))(w, b)
    close(by_b, adjoint)
    close(by_w, np.outer(adjoint, x))


def test_acceleration_takes_fewer_steps(weights):
    w, b, _ = weights

    def g(x):
        return np.tanh(2 * w @ x + b)

    _, plain = ad.fixed_point(g, np.zeros(N), info=True)
    _, fast = ad.fixed_point(g, np.zeros(N), memory=8, info=True)
    assert plain.converged
    assert fast.converged
    assert fast.steps < plain.steps / 1.5


# ---- ridge regression


def ridge(penalty, x, y, **options):
    def loss(w):
        return np.sum((x @ w - y) ** 2) + penalty * np.sum(w**2)

    return ad.argmin(loss, np.zeros(x.shape[1]), **options)


@pytest.fixture
def data(rng):
    return rng.normal(size=(30, 5)), rng.normal(size=30)


def ridge_series(penalty, x, y, dpenalty, dx, dy):
    """Taylor coefficients of w from (H₀ + t H₁ + t² H₂) w = r₀ + t r₁ + t² r₂."""
    eye = np.eye(x.shape[1])
    h = [x.T @ x + penalty * eye, x.T @ dx + dx.T @ x + dpenalty * eye, dx.T @ dx]
    r = [x.T @ y, x.T @ dy + dx.T @ y, dx.T @ dy, 0 * (x.T @ y)]
    w = []
    for k in range(4):
        right = r[k] - sum([h[j] @ w[k - j] for j in (1, 2) if j <= k])
        w.append(np.linalg.solve(h[0], right))
    return w


def test_ridge_regression_is_exact(data):
    x, y = data
    expected = np.linalg.solve(x.T @ x + 0.7 * np.eye(5), x.T @ y)
    close(ridge(0.7, x, y), expected, 1e-14)


@pytest.mark.parametrize("modes", MODES)
def test_ridge_regression_to_third_order(modes, data, rng):
    x, y = data
    dx, dy, u = rng.normal(size=x.shape), rng.normal(size=y.shape), rng.normal(size=5)
    for direction in [(1.0, 0 * dx, 0 * dy), (0.0, dx, 0 * dy), (0.3, dx, dy)]:

        def h(t, direction=direction):
            dpenalty, dx, dy = direction
            return u @ ridge(0.7 + t * dpenalty, x + t * dx, y + t * dy)

        for k, w in enumerate(ridge_series(0.7, x, y, *direction)):
            close(derived(h, modes[:k])(0.0), factorial(k) * u @ w)


def test_the_regularisation_path(data):
    x, y = data
    third = ad.jacfwd(ad.jacrev(ad.jacfwd(lambda penalty: ridge(penalty, x, y))))
    inverse = np.linalg.inv(x.T @ x + 0.7 * np.eye(5))
    close(third(0.7), -6 * inverse @ inverse @ inverse @ ridge(0.7, x, y), 1e-13)
    penalties = np.array([0.1, 1.0, 10.0])
    together = ad.vmap(ad.jacobian(ridge), (0, None, None))(penalties, x, y)
    close(together, [ad.jacobian(ridge)(p, x, y) for p in penalties], 1e-13)


def test_hyperparameters_are_found_by_gradients(data):
    """The bilevel problem: the derivative of a validation loss by the penalty."""
    x, y = data

    def validation(log_penalty):
        w = ridge(np.exp(log_penalty), x[:20], y[:20])
        return np.mean((x[20:] @ w - y[20:]) ** 2)

    ad.check_grads(validation, (0.3,), order=2)


# ---- containers


def test_unknowns_may_be_a_container(rng):
    def f(a, p):
        def equations(s):
            return {"u": s["u"] * a - s["v"][0], "v": (s["v"][0] ** 2 - p, s["v"][1] - s["u"])}

        return ad.custom_root(equations, {"u": np.ones(2), "v": (np.ones(2), np.zeros(2))})

    a, p = np.array([2.0, 4.0]), np.array([9.0, 16.0])
    found = f(a, p)
    close(found["u"], np.sqrt(p) / a, 1e-14)
    close(found["v"][1], found["u"], 1e-14)
    jacobian = ad.jacobian(lambda p: f(a, p)["u"])(p)
    close(jacobian, np.diag(0.5 / np.sqrt(p) / a), 1e-13)


def test_dtypes_stay():
    x = ad.custom_root(lambda x: x * x - np.float32(2), np.float32(1))
    assert x.dtype == np.float32
    close(x, np.sqrt(2), 1e-6)


def test_complex_roots():
    def root(c):
        return ad.custom_root(lambda z: z * z - c, 1.0 + 1.0j)

    c = -3.0 + 4.0j
    close(root(c), 1.0 + 2.0j, 1e-14)
    close(ad.jvp(root, (c,), (1.0 + 0.0j,))[1], 0.5 / root(c), 1e-14)
    with pytest.raises(ValueError, match="real and imaginary parts"):
        ad.custom_root(lambda z: np.conj(z) * z - c, 1.0 + 1.0j)


def test_large_systems_never_have_a_matrix():
    n = 1500

    def f(a):
        return np.sum(ad.custom_root(lambda x: x + a * np.sin(np.roll(x, 1)) - 1, np.zeros(n)))

    program = str(ad.trace(ad.grad(f))(0.1))
    assert f"f64[{n},{n}]" not in program
    close(ad.grad(f)(0.1), (f(0.1 + 1e-6) - f(0.1 - 1e-6)) / 2e-6, 1e-7)
    assert ad.custom_root(lambda x: x - np.cos(x), np.zeros(n), info=True)[1].converged


# ---- solvers of one's own


def bisection(f, x):
    """A traced solver that knows nothing of derivatives."""

    def halved(bounds):
        low, high = bounds
        middle = 0.5 * (low + high)
        above = f(middle) > 0
        return np.where(above, low, middle), np.where(above, middle, high)

    low, high = ad.fori_loop(0, 60, lambda _, bounds: halved(bounds), (x - 2.0, x + 2.0))
    return 0.5 * (low + high)


def test_a_traced_solver():
    slope = ad.grad(lambda mean: anomaly(mean, E, solve=bisection))
    close(slope(MEAN), anomaly_derivatives(anomaly(MEAN, E), E)[1, 0], 1e-13)
    close(ad.vmap(slope)(np.array([MEAN, 2.0])), [slope(MEAN), slope(2.0)], 1e-14)


def test_a_solver_may_use_what_is_differentiated():
    """What the solver does with it does not count."""

    def closed(c):
        return ad.custom_root(lambda x: x * x - c, 1.0, solve=lambda f, x: np.sqrt(c))

    close(ad.grad(ad.grad(closed))(4.0), -1 / 32, 1e-15)


def test_a_tangent_solver_of_ones_own(rng):
    a = rng.normal(size=(6, 6)) * 0.1 + np.eye(6)
    called = []

    def solve(matvec, b):
        called.append(1)
        return ad.gmres(matvec, b)[0]

    def f(b, **options):
        return ad.custom_root(lambda x: a @ x + 0.1 * x**3 - b, np.zeros(6), **options)

    b = rng.normal(size=6)
    expected = ad.jacobian(lambda b: f(b))(b)
    for jacobian in (ad.jacfwd, ad.jacrev):
        close(jacobian(lambda b: f(b, tangent_solve=solve))(b), expected)
    assert called
    second = ad.jacfwd(ad.jacrev(lambda b: f(b, tangent_solve=solve)))(b)
    close(second, ad.jacfwd(ad.jacfwd(lambda b: f(b)))(b))


def test_scipys_solvers_find_roots():
    optimize = pytest.importorskip("scipy.optimize")
    solvers = [
        lambda f, x: optimize.brentq(f, x - 2, x + 2, xtol=1e-15),
        lambda f, x: optimize.root(f, x, tol=1e-14),
        lambda f, x: optimize.root(f, x, tol=1e-14).x,
        lambda f, x: optimize.root_scalar(f, x0=x, x1=x + 0.1, xtol=1e-15),
        lambda f, x: optimize.newton(f, x, fprime=ad.grad(f), tol=1e-15),
    ]
    for solve in solvers:

        def solved(mean, solve=solve):
            return anomaly(mean, E, solve=solve, host=True)

        expected = anomaly_derivatives(solved(MEAN), E)
        for modes in ("frf", "rrr"):
            for k in (1, 2, 3):
                close(derived(solved, modes[:k])(MEAN), expected[k, 0])
        mapped = ad.jit(ad.vmap(ad.grad(solved)))(np.array([MEAN, 2.0]))
        close(mapped, [ad.grad(solved)(MEAN), ad.grad(solved)(2.0)], 1e-13)


def test_scipys_solvers_find_fixed_points_and_minima(data, weights):
    optimize = pytest.importorskip("scipy.optimize")
    w, b, v = weights

    def fixed(t):
        return ad.fixed_point(
            lambda x: np.tanh((w + t * v / N) @ x + b),
            np.zeros(N),
            lambda g, x: optimize.root(lambda x: g(x) - x, x, tol=1e-14),
            host=True,
        )

    def library(t):
        return ad.fixed_point(lambda x: np.tanh((w + t * v / N) @ x + b), np.zeros(N))

    close(ad.jacfwd(ad.jacfwd(fixed))(0.0), ad.jacfwd(ad.jacfwd(library))(0.0))
    x, y = data

    def minimise(f, w):
        return optimize.minimize(f, w, jac=ad.grad(f), method="BFGS", options={"gtol": 1e-12})

    found = ad.jacobian(lambda p: ridge(p, x, y, solve=lambda f, w: minimise(f, w).x, host=True))
    close(found(0.7), ad.jacobian(ridge)(0.7, x, y), 1e-9)


def test_what_scipy_says_did_not_converge_is_an_error():
    optimize = pytest.importorskip("scipy.optimize")
    with pytest.raises(ConvergenceError, match="the solve of custom_root"):
        ad.custom_root(lambda x: x * x + 1, 1.0, lambda f, x: optimize.root(f, x), host=True)


# ---- minima


@pytest.mark.parametrize(
    ("fun", "start", "expected"),
    [
        (lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2, [-1.2, 1.0], [1, 1]),
        (lambda p: np.sum(np.sqrt(1 + (p - 3) ** 2)), [40.0, -8.0], [3, 3]),
        (lambda p: np.sum(np.exp(p) - 2 * p), [20.0, -8.0], [np.log(2)] * 2),
        (lambda p: -np.exp(-np.sum(p**2)), [1.0, 1.5], [0, 0]),
        (lambda p: np.sum(p**4 - p**2), [0.01, -0.01], [0.5**0.5, -(0.5**0.5)]),
        (lambda p: np.sum(p**2), [0.0, 0.0], [0, 0]),
    ],
    ids=["rosenbrock", "flat", "steep", "well", "saddle", "start"],
)
def test_newtons_method_finds_minima(fun, start, expected):
    x, info = ad.argmin(fun, np.array(start), info=True)
    assert info.converged
    close(x, expected, 1e-8)


def test_the_largest_value():
    def peak(a):
        return ad.argmax(lambda x: a * x - x**4, 0.5)

    close([derived(peak, "fr"[:k])(4.0) for k in range(3)], [1, 1 / 12, -1 / 72], 1e-13)


# ---- what goes wrong


def test_no_convergence_is_an_error():
    with pytest.raises(ConvergenceError, match=r"the root of .* did not converge"):
        ad.custom_root(lambda x: x * x + 1, 0.7)
    with pytest.raises(ConvergenceError, match=r"the fixed point of .* in 50 steps"):
        ad.fixed_point(lambda x: 2 * x + 1, 1.0, max_steps=50)
    with pytest.raises(ConvergenceError, match=r"the optimum of .* in 20 steps"):
        ad.argmin(lambda x: np.exp(-x), 1.0, max_steps=20)


def test_also_in_compiled_and_mapped_functions():
    f = ad.jit(lambda c: ad.custom_root(lambda x: x * x - c, 0.7))
    close(f(4.0), 2)
    with pytest.raises(ConvergenceError):
        f(-1.0)
    with pytest.raises(ConvergenceError, match="1 of 3 mapped"):
        ad.vmap(f)(np.array([1.0, -1.0, 4.0]))


def test_or_a_warning_or_nothing():
    def f(c, on_failure):
        return ad.custom_root(lambda x: x * x - c, 0.7, on_failure=on_failure, info=True)

    for g in (f, lambda c, how: ad.vmap(lambda c: f(c, how))(np.array([c, 1.0]))):
        for _ in range(3):  # interpreted at first, then generated code
            with pytest.warns(ConvergenceWarning) as seen:
                g(-1.0, "warn")
            assert seen[0].filename == __file__
    _, info = f(-1.0, "ignore")
    assert not info.converged
    assert info.residual >= 1


def test_a_root_without_a_derivative():
    """At a double root the derivative is infinite."""
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        ad.grad(lambda c: ad.custom_root(lambda x: (x - c) ** 2, 1.0, lambda f, x: c))(3.0)


def test_the_guess_has_no_derivative():
    with pytest.warns(ZeroGradientWarning):
        assert ad.grad(lambda x0: ad.custom_root(lambda x: x - 2.0, x0))(1.0) == 0


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ad.custom_root(lambda x: x[:2], np.ones(3)), TypeError, r"f64\[3\]\n.*f64\[2\]"),
        (lambda: ad.custom_root(lambda x: (x, x), np.ones(3)), TypeError, "not like"),
        (lambda: ad.custom_root(lambda x: x - 2, 1), TypeError, r"`1\.0` for `1`"),
        (
            lambda: ad.custom_root(lambda x: x, np.ones(2), lambda f, x: x[0]),
            TypeError,
            "the result of the solve of custom_root",
        ),
        (
            lambda: ad.custom_root(lambda x: x, np.ones(2), lambda f, x: np.ones(3), host=True),
            TypeError,
            r"returned f64\[3\]; expected f64\[2\]",
        ),
        (lambda: ad.custom_root(lambda x: x, 1.0, 3), TypeError, "function of"),
        (lambda: ad.custom_root(lambda x: x, 1.0, host=True), ValueError, "`solve`"),
        (
            lambda: ad.custom_root(lambda x: x, 1.0, lambda f, x: x, info=True),
            ValueError,
            "info=True",
        ),
        (lambda: ad.custom_root(lambda x: x, 1.0, on_failure="no"), ValueError, "'raise', 'warn'"),
        (lambda: ad.fixed_point(lambda x: x, 1.0, memory=-1), ValueError, "memory"),
        (lambda: ad.fixed_point(lambda x: x, 1.0, max_steps=0), ValueError, "max_steps"),
        (lambda: ad.argmin(lambda x: x, np.ones(2)), TypeError, "np.sum"),
        (lambda: ad.argmin(lambda x: np.abs(x), 1j), TypeError, "smallest value"),
    ],
)
def test_wrong_calls_say_what_to_write(call, error, match):
    with pytest.raises(error, match=match):
        call()
