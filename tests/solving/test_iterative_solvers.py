"""`cg`, `bicgstab`, `gmres`: against NumPy's solver."""

import numpy as np
import pytest

import autodiff as ad

METHODS = [ad.cg, ad.bicgstab, ad.gmres]
DTYPES = [np.float32, np.float64, np.complex64, np.complex128]
N = 40

every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: m.__name__)


def system(rng, method, dtype=float):
    """A matrix that the method is for, and a right-hand side."""
    dtype = np.dtype(dtype)
    a, b = rng.normal(size=(N, N)), rng.normal(size=N)
    if dtype.kind == "c":
        a, b = a + 1j * rng.normal(size=(N, N)), b + 1j * rng.normal(size=N)
    if method is ad.cg:
        a = a @ a.conj().T / N + np.eye(N)
    else:
        a = a / (2 * np.sqrt(N)) + 1.5 * np.eye(N)
    return a.astype(dtype), b.astype(dtype)


@every_method
@pytest.mark.parametrize("dtype", DTYPES)
def test_they_solve_what_they_are_for(method, dtype, rng):
    a, b = system(rng, method, dtype)
    x, info = method(a, b)
    assert x.dtype == dtype
    assert info.converged
    assert 0 < info.steps <= N
    residual = np.linalg.norm(b - a @ x)
    single = np.finfo(dtype).eps > 1e-10
    np.testing.assert_allclose(info.residual, residual, rtol=1e-2, atol=1e-4 if single else 1e-13)
    assert residual <= (1e-4 if single else 1e-11) * np.linalg.norm(b)


@every_method
def test_a_function_will_do_for_the_matrix(method, rng):
    a, b = system(rng, method)
    expected, _ = method(a, b)
    np.testing.assert_allclose(method(lambda x: a @ x, b)[0], expected, rtol=1e-13)


@every_method
def test_unknowns_may_be_a_container(method, rng):
    a, b = system(rng, method)

    def multiply(x):
        y = a @ np.concatenate([x["u"].reshape(30), x["v"]])
        return {"u": y[:30].reshape(5, 6), "v": y[30:]}

    x, info = method(multiply, {"u": b[:30].reshape(5, 6), "v": b[30:]})
    assert info.converged
    flat = np.concatenate([x["u"].ravel(), x["v"]])
    np.testing.assert_allclose(a @ flat, b, rtol=1e-9, atol=1e-10)


@every_method
def test_traced_compiled_and_mapped(method, rng):
    a, b = system(rng, method)
    expected = np.linalg.solve(a, b)
    np.testing.assert_allclose(ad.jit(method)(a, b)[0], expected, rtol=1e-8, atol=1e-10)
    scales = np.array([1.0, 2.0, 0.5])
    x, info = ad.vmap(lambda s: method(s * a + (s - 1) * np.eye(N), b))(scales)
    rows = [method(s * a + (s - 1) * np.eye(N), b) for s in scales]
    np.testing.assert_allclose(x, [row[0] for row in rows], rtol=1e-8, atol=1e-10)
    assert list(info.steps) == [row[1].steps for row in rows]


@every_method
def test_a_good_guess_saves_steps(method, rng):
    a, b = system(rng, method)
    exact = np.linalg.solve(a, b)
    assert method(a, b, exact)[1].steps == 0
    cold, warm = method(a, b)[1], method(a, b, exact + 1e-6 * rng.normal(size=N))[1]
    assert warm.steps < cold.steps


@every_method
def test_a_preconditioner_saves_steps(method, rng):
    a, b = system(rng, method)
    scale = np.exp(rng.uniform(-3, 3, N))
    a = scale[:, None] * a * scale
    plain, info = method(a, b, max_steps=1000)[1], method(a, b, M=lambda r: r / np.diag(a))[1]
    assert info.converged
    assert info.steps < plain.steps / 2


@every_method
def test_nothing_to_do(method):
    x, info = method(np.eye(3), np.zeros(3))
    assert (list(x), info.converged, info.steps) == ([0, 0, 0], True, 0)
    x, info = method(lambda x: x, [])
    assert x == []
    assert info.converged


@every_method
def test_tolerances(method, rng):
    a, b = system(rng, method)
    size = np.linalg.norm(b)
    for options in ({"tol": 1e-3}, {"tol": 0.0, "atol": 1e-3 * size}):
        _, info = method(a, b, **options)
        assert info.converged
        assert info.residual <= 1e-3 * size
        assert info.steps < method(a, b)[1].steps


@every_method
def test_giving_up_is_told(method, rng):
    a, b = system(rng, method)
    x, info = method(a, b, max_steps=2)
    assert not info.converged
    assert info.steps == 2
    np.testing.assert_allclose(info.residual, np.linalg.norm(b - a @ x), rtol=1e-12)


@every_method
def test_a_singular_matrix_does_not_converge(method):
    x, info = method(np.diag([1.0, 0.0]), np.ones(2))
    assert not info.converged
    assert np.all(np.isfinite(x))


@every_method
def test_an_infinite_right_hand_side_has_no_solution(method):
    assert not method(np.eye(2), np.array([np.inf, 1.0]))[1].converged


def test_what_rounding_leaves_over_is_not_passed_off_as_converged(rng):
    """The residual that the method carries along is small in the end, the true one is not."""
    q = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    a = (q * np.geomspace(1, 1e-10, 20)) @ q.T
    for method in (ad.cg, ad.bicgstab):
        _, info = method(a, np.ones(20), max_steps=3000)
        assert info.converged == (info.residual <= 1.5e-8 * np.sqrt(20))


@every_method
def test_derivatives_may_also_go_through_the_iteration(method, rng):
    """They are those of what the iteration computes: close to those of the solution."""
    a, b = system(rng, method)
    found = ad.jvp(lambda b: method(a, b)[0], (b,), (np.ones(N),))[1]
    np.testing.assert_allclose(found, np.linalg.solve(a, np.ones(N)), rtol=1e-5, atol=1e-5)


def test_cg_stops_where_the_matrix_is_not_positive_definite():
    _, info = ad.cg(-np.eye(3), np.ones(3))
    assert not info.converged
    assert info.steps == 1


def test_gmres_begins_again(rng):
    a, b = system(rng, ad.gmres)
    expected = np.linalg.solve(a, b)
    whole, few = ad.gmres(a, b, restart=N)[1], ad.gmres(a, b, restart=4)
    np.testing.assert_allclose(few[0], expected, rtol=1e-8, atol=1e-10)
    assert few[1].steps >= whole.steps


def test_gmres_ends_after_as_many_steps_as_unknowns(rng):
    a = rng.normal(size=(8, 8))
    x, info = ad.gmres(a, np.ones(8))
    assert info.converged
    assert info.steps <= 8
    np.testing.assert_allclose(a @ x, np.ones(8), rtol=1e-9)


def test_gmres_on_a_rotation():
    """The first step makes no progress at all."""
    x, info = ad.gmres(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(x, [-3, 1], atol=1e-15)
    assert info.steps == 2


@every_method
def test_scipy_agrees(method, rng):
    sparse = pytest.importorskip("scipy.sparse.linalg")
    a, b = system(rng, method)
    expected, _ = getattr(sparse, method.__name__)(a, b, rtol=1e-12)
    np.testing.assert_allclose(method(a, b)[0], expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ad.cg(np.ones((2, 3)), np.ones(2)), ValueError, "square matrix"),
        (lambda: ad.cg(np.eye(3), np.ones(2)), ValueError, "a row for each row of b"),
        (lambda: ad.cg(np.ones((2, 2, 2)), np.ones(2)), ValueError, "ad.vmap"),
        (lambda: ad.cg("matrix", np.ones(2)), TypeError, "a matrix, or the function"),
        (lambda: ad.cg(lambda x: x[:1], np.ones(2)), TypeError, r"f64\[2\]\n.*f64\[1\]"),
        (lambda: ad.cg(lambda x: x, np.ones(2), np.ones(3)), TypeError, "x0 is not like"),
        (
            lambda: ad.cg(lambda x: x, np.ones(2), M=lambda r: r.astype(np.float32)),
            TypeError,
            r"M\(x\) is not like",
        ),
        (lambda: ad.cg(lambda x: x, "b"), TypeError, "unknowns are arrays"),
        (lambda: ad.gmres(np.eye(2), np.ones(2), restart=0), ValueError, "restart=0"),
    ],
)
def test_wrong_calls_say_what_to_write(call, error, match):
    with pytest.raises(error, match=match):
        call()
