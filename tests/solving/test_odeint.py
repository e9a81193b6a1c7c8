"""`odeint`: solutions against closed forms, derivatives against differences, and failures."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import ConvergenceError
from tests.calculus import difference

EXACT = {"rtol": 1e-10, "atol": 1e-10}
ADJOINTS = ["checkpointed", "direct", "backsolve"]
TS = np.array([0.0, 0.4, 1.0, 1.1, 2.5])


def decay(y, t, rate):
    return -rate * y


def oscillator(y, t, w):
    return {"x": y["v"], "v": -(w**2) * y["x"]}


def lotka_volterra(y, t, p):
    prey, hunters = y
    return np.stack([(p[0] - p[1] * hunters) * prey, (p[3] * prey - p[2]) * hunters])


def van_der_pol(y, t, mu):
    return np.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


RATES, PAIR = np.array([1.5, 1.0, 3.0, 1.0]), np.array([1.0, 1.2])


def hosted(method="LSODA", tolerance=1e-11):
    integrators = pytest.importorskip("scipy.integrate")

    def solve(f, y0, ts):
        found = integrators.solve_ivp(
            lambda t, y: f(y, t),
            (ts[0], ts[-1]),
            y0,
            method,
            t_eval=ts,
            rtol=tolerance,
            atol=tolerance,
        )
        return found.y.T

    return solve


def slope_error(f, args, gradient, step=1e-3):
    """How far a gradient is from central differences, relative to its size."""
    expected = []
    for i, x in enumerate(args):
        for j in np.ndindex(np.shape(x)):
            unit = np.zeros(np.shape(x))
            unit[j] = 1.0
            along = [unit if k == i else None for k in range(len(args))]
            expected.append(float(difference(lambda xs: [f(*xs)], args, along, step)[0]))
    flat = np.concatenate([np.ravel(g) for g in gradient])
    return np.max(np.abs(flat - expected)) / np.max(np.abs(expected))


# ---- values


@pytest.mark.parametrize("tolerance", [1e-6, 1e-9, 1e-12])
def test_decay_is_as_exact_as_asked(tolerance):
    ys = ad.odeint(decay, 2.0, TS, 1.3, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ys, 2 * np.exp(-1.3 * TS), rtol=0, atol=5 * tolerance)


def test_a_container_with_closed_form():
    ys = ad.odeint(oscillator, {"x": 1.0, "v": np.zeros(2)[0]}, TS, 3.0, **EXACT)
    np.testing.assert_allclose(ys["x"], np.cos(3 * TS), atol=2e-9)
    np.testing.assert_allclose(ys["v"], -3 * np.sin(3 * TS), atol=6e-9)


def test_the_time_counts():
    ys = ad.odeint(lambda y, t: y * np.cos(t), 1.0, TS, **EXACT)
    np.testing.assert_allclose(ys, np.exp(np.sin(TS)), rtol=1e-9)


def test_between_steps_it_is_as_exact_as_at_their_ends():
    """Many more times than steps: the interpolation has its own order, and takes no steps."""
    ts = np.linspace(0, 3, 400)
    options = {"rtol": 1e-8, "atol": 1e-8, "max_steps": 60}
    ys = ad.odeint(decay, 1.0, ts, 1.0, **options)
    np.testing.assert_allclose(ys, np.exp(-ts), atol=3e-8)
    few = ad.odeint(decay, 1.0, ts[[0, -1]], 1.0, **options)
    np.testing.assert_allclose(ys[-1], few[-1], rtol=1e-14)


def test_backwards_and_standing_still():
    back = ad.odeint(decay, 2.0, -TS, 1.3, **EXACT)
    np.testing.assert_allclose(back, 2 * np.exp(1.3 * TS), rtol=1e-9)
    still = ad.odeint(decay, 2.0, np.array([1.0, 1.0, 2.0, 2.0]), 1.3, **EXACT)
    expected = 2 * np.exp(-1.3 * np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(still, expected, rtol=1e-9)
    assert ad.odeint(decay, 2.0, np.array([5.0]), 1.3).tolist() == [2.0]


def test_against_scipy():
    expected = hosted("DOP853", 1e-12)(lambda y, t: lotka_volterra(y, t, RATES), PAIR, TS)
    ys = ad.odeint(lotka_volterra, PAIR, TS, RATES, **EXACT)
    np.testing.assert_allclose(ys, expected, rtol=1e-8)


def test_single_precision_and_complex_states():
    y0 = np.array([1, 2], np.float32)
    ys = ad.odeint(lambda y, t: -y * t, y0, TS, rtol=1e-5, atol=1e-5)
    assert ys.dtype == np.float32
    np.testing.assert_allclose(ys, y0 * np.exp(-(TS[:, None] ** 2) / 2), rtol=1e-4, atol=1e-4)
    zs = ad.odeint(lambda z, t: 1j * z, 1.0 + 0j, TS, **EXACT)
    np.testing.assert_allclose(zs, np.exp(1j * TS), rtol=1e-9)
    both = ad.odeint(lambda y, t: (1j * y[0], -y[1]), (1j, np.float32(1)), TS, rtol=1e-6)
    assert [y.dtype for y in both] == [np.complex128, np.float32]


@pytest.mark.parametrize("adjoint", ADJOINTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_late_times_have_few_digits_left_for_steps(adjoint, dtype):
    def f(y0, ts):
        return ad.odeint(lambda y, t: 1 - y, y0, ts, rtol=1e-5, atol=1e-5, adjoint=adjoint)[-1]

    ts = dtype(1e4 if dtype == np.float32 else 1e12) + np.array([0, 5], dtype)
    y, (dy0, dts) = ad.value_and_grad(f, (0, 1))(dtype(0), ts)
    assert [a.dtype for a in (y, dy0, dts)] == [dtype] * 3
    np.testing.assert_allclose([1 - y, dy0, -dts[0], dts[1]], np.exp(-5), rtol=0, atol=3e-5)


def test_no_state():
    assert ad.odeint(decay, np.zeros((0, 3)), TS, 1.0).shape == (5, 0, 3)


def test_integers_become_floats():
    ys = ad.odeint(decay, 2, [0, 1, 2], 1)
    assert ys.dtype == float
    np.testing.assert_allclose(ys, 2 * np.exp([0.0, -1, -2]), rtol=1e-7)


# ---- derivatives


def summed(adjoint):
    def loss(y0, p, ts):
        ys = ad.odeint(lotka_volterra, y0, ts, p, adjoint=adjoint, **EXACT)
        return np.sum(np.sin(ys) * np.arange(1.0, 3))

    return loss


@pytest.mark.parametrize("adjoint", ADJOINTS)
@pytest.mark.parametrize("ts", [TS[:3], pytest.param(-0.3 * TS, marks=pytest.mark.slow)])
def test_lotka_volterra(adjoint, ts):
    """By the state, the parameters and the times, also backwards in time."""
    loss = summed(adjoint)
    args = (PAIR, RATES, ts)
    gradient = ad.grad(loss, argnums=(0, 1, 2))(*args)
    assert slope_error(loss, args, gradient) < 1e-7
    along = [np.cos(1 + np.arange(x.size)) for x in args]
    forward = ad.jvp(loss, args, tuple(along))[1]
    reverse = sum(np.sum(g * d) for g, d in zip(gradient, along, strict=True))
    np.testing.assert_allclose(forward, reverse, rtol=1e-7 if adjoint == "backsolve" else 1e-12)


@pytest.mark.parametrize(
    "adjoint", ["checkpointed", *(pytest.param(a, marks=pytest.mark.slow) for a in ADJOINTS[1:])]
)
def test_second_order(adjoint):
    def last(y0, p):
        return np.prod(ad.odeint(lotka_volterra, y0, TS[:3], p, adjoint=adjoint, **EXACT)[-1])

    by_forward = ad.hessian(last, argnums=(0, 1))(PAIR, RATES)
    by_reverse = ad.jacrev(ad.grad(last, argnums=1), argnums=0)(PAIR, RATES)
    gradient = ad.grad(last, argnums=1)
    for j, unit in enumerate(np.eye(2)):
        (expected,) = difference(lambda xs: [gradient(*xs)], (PAIR, RATES), (unit, None))
        np.testing.assert_allclose(by_forward[1][0][:, j], expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(by_reverse[:, j], expected, rtol=1e-6, atol=1e-6)


def test_second_order_of_the_adjoint_equation():
    """The second derivative of y0 exp(-r t), from equations that are solved four deep."""

    def last(r):
        return ad.odeint(decay, 2.0, TS[[0, -1]], r, adjoint="backsolve", **EXACT)[-1]

    expected = 2 * TS[-1] ** 2 * np.exp(-1.3 * TS[-1])
    np.testing.assert_allclose(ad.grad(ad.grad(last))(1.3), expected, rtol=1e-7)
    np.testing.assert_allclose(ad.hessian(last)(1.3), expected, rtol=1e-7)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_what_the_equation_captures_is_differentiated(adjoint):
    def last(w):
        scale = np.exp(w)
        return ad.odeint(lambda y, t: -scale * y, 1.0, TS, adjoint=adjoint, **EXACT)[-1]

    w = 0.3
    expected = -TS[-1] * np.exp(w) * np.exp(-np.exp(w) * TS[-1])
    np.testing.assert_allclose(ad.grad(last)(w), expected, rtol=1e-8)
    np.testing.assert_allclose(ad.jvp(last, (w,), (1.0,))[1], expected, rtol=1e-8)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_containers_and_passengers(adjoint):
    """Arguments that are no numbers, integers, and parameters in a dict."""

    def field(y, t, p, mode, n):
        assert mode == "fast"
        return {"x": p["w"] * y["v"] * n, "v": -p["w"] * y["x"] * n}

    def last(y0, p):
        ys = ad.odeint(field, y0, TS, p, "fast", np.array(2), adjoint=adjoint, **EXACT)
        return ys["x"][-1]

    by_y, by_p = ad.grad(last, argnums=(0, 1))({"x": 0.5, "v": 1.0}, {"w": 0.7})
    angle = 2 * 0.7 * TS[-1]
    np.testing.assert_allclose([by_y["x"], by_y["v"]], [np.cos(angle), np.sin(angle)], atol=1e-8)
    slope = 2 * TS[-1] * (np.cos(angle) - 0.5 * np.sin(angle))
    np.testing.assert_allclose(by_p["w"], slope, rtol=1e-8)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_complex_derivatives(adjoint):
    def last(w):
        return ad.odeint(lambda z, t: w * z, 1.0 + 0j, TS, adjoint=adjoint, **EXACT)[-1]

    w, dw = -0.3 + 0.8j, 0.6 - 0.1j
    expected = TS[-1] * np.exp(w * TS[-1])
    np.testing.assert_allclose(ad.jvp(last, (w,), (dw,))[1], expected * dw, rtol=1e-8)
    np.testing.assert_allclose(ad.vjp(last, w)[1](dw)[0], expected * dw, rtol=1e-8)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_derivatives_by_times_are_slopes(adjoint):
    def at(ts):
        return ad.odeint(decay, 2.0, ts, 1.3, adjoint=adjoint, **EXACT)

    jacobian = ad.jacrev(at)(TS)
    slopes = -1.3 * 2 * np.exp(-1.3 * TS)
    expected = np.diag(slopes)
    expected[:, 0] -= slopes
    np.testing.assert_allclose(jacobian, expected, atol=1e-7)
    np.testing.assert_allclose(ad.jacfwd(at)(TS), expected, atol=1e-7)


def test_the_shortest_of_steps_does_not_spoil_the_derivative_by_time():
    ts = np.array([0.0, 1.0, 1.0 + 1e-13])
    rows = ad.jacrev(lambda ts: ad.odeint(decay, 2.0, ts, 1.3, **EXACT))(ts)
    assert abs(rows[2, 2] + 2.6 * np.exp(-1.3)) < 1e-8


# ---- a stiff equation


@pytest.mark.parametrize(
    ("mu", "end"), [(10.0, 20.0), pytest.param(100.0, 180.0, marks=pytest.mark.slow)]
)
def test_stiff_van_der_pol(mu, end):
    """A full cycle and more, with its two jumps: back through the steps that were taken."""

    def loss(y0, mu):
        ys = ad.odeint(van_der_pol, y0, np.array([0.0, end / 2, end]), mu, **EXACT)
        return np.sum(ys[:, 0])

    args = (np.array([2.0, 0.1]), mu)
    gradient = ad.grad(loss, argnums=(0, 1))(*args)
    assert slope_error(loss, args, gradient, step=2e-3) < 1e-6


def test_tolerances_control_the_error_of_a_stiff_solution():
    def last(tolerance):
        ts = np.array([0.0, 12.0])
        return ad.odeint(
            van_der_pol, np.array([2.0, 0.0]), ts, 10.0, rtol=tolerance, atol=tolerance
        )

    exact = hosted("Radau", 1e-12)(lambda y, t: van_der_pol(y, t, 10.0), [2.0, 0.0], [0.0, 12.0])
    errors = [np.max(np.abs(last(10.0**-k)[-1] - exact[-1])) for k in (5, 7, 9)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert errors[2] < 1e-7


def test_what_is_damped_cannot_be_solved_backwards():
    """The price of constant memory: the adjoint method says that it failed, it does not guess."""

    def loss(y0):
        ys = ad.odeint(van_der_pol, y0, np.array([0.0, 20.0]), 10.0, adjoint="backsolve", **EXACT)
        return ys[-1, 0]

    with pytest.raises(ConvergenceError, match="odeint cannot go on from t = "):
        ad.grad(loss)(np.array([2.0, 0.0]))


# ---- solvers on the host


def test_a_solver_on_the_host():
    def loss(y0, p, ts):
        return np.sum(np.sin(ad.odeint(lotka_volterra, y0, ts, p, solver=hosted())))

    args = (PAIR, RATES, TS)
    own = ad.odeint(lotka_volterra, *args[::2], RATES, **EXACT)
    np.testing.assert_allclose(
        ad.odeint(lotka_volterra, PAIR, TS, RATES, solver=hosted()), own, rtol=1e-8
    )
    gradient = ad.grad(loss, argnums=(0, 1, 2))(*args)
    assert slope_error(loss, args, gradient) < 1e-7
    jitted = ad.jit(ad.grad(loss, argnums=(0, 1, 2)))(*args)
    for a, b in zip(jitted, gradient, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    along = tuple(np.cos(1 + np.arange(x.size)) for x in args)
    forward = ad.jvp(loss, args, along)[1]
    reverse = sum(np.sum(g * d) for g, d in zip(gradient, along, strict=True))
    np.testing.assert_allclose(forward, reverse, rtol=1e-7)


def test_a_stiff_solver_on_the_host_with_rows_and_containers():
    """A reaction whose fast part is damped away at once; implicit steps do not mind."""
    solver = hosted("Radau", 1e-9)

    def reaction(y, t, k):
        return {"slow": -y["slow"], "fast": k * (y["slow"] - y["fast"])}

    def last(k, start):
        y0 = {"slow": start, "fast": 0.0 * start}
        return ad.odeint(reaction, y0, np.array([0.0, 1.0]), k, solver=solver)["fast"][-1]

    ks, starts = np.array([1e3, 1e4]), np.array([1.0, 2.0])
    expected = starts * np.exp(-1) * ks / (ks - 1)
    np.testing.assert_allclose(ad.vmap(last)(ks, starts), expected, rtol=1e-6)
    moved = ad.vmap(lambda k, s: ad.jvp(lambda s: last(k, s), (s,), (1.0,))[1])(ks, starts)
    np.testing.assert_allclose(moved, expected / starts, rtol=1e-6)


def test_a_solver_that_stops_early():
    with pytest.raises(ConvergenceError, match=r"the solver early returned an array of shape"):
        ad.odeint(decay, 1.0, TS, 1.0, solver=early)
    with pytest.raises(ConvergenceError, match=r"returned values that are not finite"):
        ad.odeint(decay, 1.0, TS, 1.0, solver=lambda f, y0, ts: np.full((5, 1), np.nan))


def early(f, y0, ts):
    return np.zeros((2, 1))


# ---- other transforms


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_rows_take_their_own_steps(adjoint):
    def final(y0, rate, ts):
        return ad.odeint(decay, y0, ts, rate, adjoint=adjoint, **EXACT)[-1]

    y0, rates = np.array([1.0, 2.0, -1.0]), np.array([0.1, 1.0, 30.0])
    axes = (0, 0, None)
    exact = y0 * np.exp(-rates * 2.5)
    np.testing.assert_allclose(ad.vmap(final, axes)(y0, rates, TS), exact, atol=1e-9)
    alone = [ad.grad(final, argnums=(0, 1, 2))(y, r, TS) for y, r in zip(y0, rates, strict=True)]
    together = ad.vmap(ad.grad(final, argnums=(0, 1, 2)), axes)(y0, rates, TS)
    outside = ad.grad(lambda *xs: np.sum(ad.vmap(final, axes)(*xs)), argnums=(0, 1, 2))
    for row, each in enumerate(zip(*together, strict=True)):
        for a, b in zip(each, alone[row], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)
    by_y, by_rate, by_ts = outside(y0, rates, TS)
    np.testing.assert_allclose(by_y, together[0], atol=1e-8)
    np.testing.assert_allclose(by_rate, together[1], atol=1e-8)
    np.testing.assert_allclose(by_ts, np.sum(together[2], axis=0), atol=1e-7)


def test_a_row_alone_takes_the_steps_that_it_takes_among_others():
    f = ad.vmap(lambda r: ad.odeint(decay, 1.0, TS, r))
    rates = np.array([0.1, 3.0])
    np.testing.assert_allclose(f(rates), [ad.odeint(decay, 1.0, TS, r) for r in rates], rtol=1e-13)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_jit(adjoint):
    loss = summed(adjoint)
    args = (PAIR, RATES, TS)
    np.testing.assert_allclose(ad.jit(loss)(*args), loss(*args), rtol=1e-13)
    jitted = ad.jit(ad.grad(loss, argnums=(0, 1, 2)))
    for a, b in zip(jitted(*args), ad.grad(loss, argnums=(0, 1, 2))(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.slow
def test_against_jax():
    jax = pytest.importorskip("jax")
    odeint = pytest.importorskip("jax.experimental.ode").odeint

    def loss(odeint, sin, field):
        return lambda y0, p: sin(odeint(field, y0, TS, p, rtol=1e-11, atol=1e-11)).sum()

    def field(y, t, p):
        return jax.numpy.stack([(p[0] - p[1] * y[1]) * y[0], (p[3] * y[0] - p[2]) * y[1]])

    with jax.enable_x64(True):
        theirs = jax.grad(loss(odeint, jax.numpy.sin, field), argnums=(0, 1))(PAIR, RATES)
        ours = ad.grad(loss(ad.odeint, np.sin, lotka_volterra), argnums=(0, 1))(PAIR, RATES)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, np.asarray(b), rtol=1e-8)


def test_the_text_of_a_program_is_the_program():
    for options in ({}, {"adjoint": "backsolve"}):
        program = ad.trace(lambda y, ts, o=options: ad.odeint(decay, y, ts, 2.0, **o))(1.0, TS)
        assert str(ad.parse(str(program))) == str(program)
        (ys,) = ad.run(ad.parse(str(program)), 1.0, TS)
        np.testing.assert_allclose(ys, ad.odeint(decay, 1.0, TS, 2.0), rtol=1e-14)


# ---- errors


def test_too_many_steps():
    with pytest.raises(ConvergenceError, match=r"gave up at t = 0\.\d+ after max_steps=10 steps"):
        ad.odeint(decay, 1.0, TS, 1.0, max_steps=10)
    gradient = ad.grad(lambda y: ad.odeint(decay, y, TS, 1.0, max_steps=10)[-1])
    with pytest.raises(ConvergenceError, match="max_steps=10"):
        gradient(1.0)  # also where only the derivative is asked for
    with pytest.raises(ConvergenceError, match="max_steps=10"):
        ad.jit(gradient)(1.0)
    with pytest.raises(ConvergenceError, match="max_steps=60"):
        ad.vmap(lambda r: ad.odeint(decay, 1.0, TS, r, max_steps=60))(np.array([0.1, 50.0]))


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_a_solution_that_ends(adjoint):
    """The solution of y' = y² is infinite at t = 1."""
    with pytest.raises(ConvergenceError, match=r"cannot go on from t = (1\.0|0\.9999)"):
        ad.odeint(lambda y, t: y**2, 1.0, TS, adjoint=adjoint)


def test_what_is_not_a_number():
    with pytest.raises(ConvergenceError, match=r"cannot go on from t = 0\.0"):
        ad.odeint(lambda y, t: y * np.nan, 1.0, TS)
    with pytest.raises(ConvergenceError, match=r"cannot go on from t = 0\.0"):
        ad.odeint(decay, np.nan, TS, 1.0)
    with pytest.raises(ValueError, match="not finite numbers in order"):
        ad.odeint(decay, 1.0, np.array([0.0, np.inf]), 0.0)


def test_times_that_are_not_in_order():
    wrong = np.array([0.0, 2.0, 1.0])
    with pytest.raises(
        ValueError, match=r"the times ts are not finite numbers in order\.\n  at test_odeint"
    ):
        ad.odeint(decay, 1.0, wrong, 1.0)
    with pytest.raises(ConvergenceError, match="the times ts are not finite numbers in order"):
        ad.jit(lambda ts: ad.odeint(decay, 1.0, ts, 1.0))(wrong)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ad.odeint(lambda y, t: (y, y), 1.0, TS), TypeError, "must return something like"),
        (lambda: ad.odeint(lambda y, t: TS, 1.0, TS), TypeError, r"which is f64\[\], not f64\[5\]"),
        (lambda: ad.odeint(lambda y, t: 1j * y, 1.0, TS), TypeError, "y0.astype.complex"),
        (lambda: ad.odeint(decay, "one", TS, 1), TypeError, "y0 is str"),
        (lambda: ad.odeint(decay, (1.0, "one"), TS, 1), TypeError, r"y0\[1\] is str"),
        (lambda: ad.odeint(decay, 1.0, 2.0, 1), ValueError, r"times of shape \(n,\)"),
        (lambda: ad.odeint(decay, 1.0, TS, 1, rtol=0), ValueError, "must be positive"),
        (lambda: ad.odeint(decay, np.float32(1), TS, 1), ValueError, "state of float32 can tell"),
        (
            lambda: ad.odeint(decay, 1.0, TS, 1, adjoint="best"),
            ValueError,
            "none of 'checkpointed'",
        ),
        (
            lambda: ad.odeint(decay, 1.0, TS, 1, adjoint="direct", solver=early),
            ValueError,
            "adjoint='backsolve'",
        ),
    ],
)
def test_wrong_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()
