"""`linear_solve`, `custom_linear_solve`: derivatives against NumPy's formulas."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import ConvergenceError, ConvergenceWarning

N = 6
METHODS = ["dense", "cg", "gmres", "bicgstab"]
every_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def ab(rng):
    """A matrix that is not symmetric, and a right-hand side."""
    return rng.normal(size=(N, N)) / 3 + 2 * np.eye(N), rng.normal(size=N)


def suited(a, method):
    return a @ a.T if method == "cg" else a


def close(found, expected, tolerance=1e-10):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# ---- values and gradients


@every_method
@pytest.mark.parametrize("form", ["matrix", "function"])
def test_the_gradient_by_matrix_and_right_hand_side(method, form, ab):
    a, b = suited(ab[0], method), ab[1]

    def loss(a, b):
        return np.sum(ad.linear_solve(a if form == "matrix" else lambda x: a @ x, b, method) ** 2)

    x = np.linalg.solve(a, b)
    adjoint = np.linalg.solve(a.T, 2 * x)
    by_a, by_b = ad.grad(loss, (0, 1))(a, b)
    close(by_b, adjoint)
    close(by_a, -np.outer(adjoint, x))


@every_method
def test_third_derivatives_in_both_modes(method, ab, rng):
    """X = (A + t D)⁻¹ b has the derivatives k! (-A⁻¹ D)ᵏ A⁻¹ b."""
    a, b = suited(ab[0], method), ab[1]
    d, u = suited(rng.normal(size=(N, N)) / 3, method), rng.normal(size=N)

    def h(t):
        return u @ ad.linear_solve(lambda x: (a + t * d) @ x, b, method)

    def forward(h):
        return lambda t: ad.jvp(h, (t,), (1.0,))[1]

    inverse = np.linalg.inv(a)
    term = inverse @ b
    factors = [1, 1, 2, 6]
    for k in range(4):
        for modes in [(forward, ad.grad, forward), (ad.grad, forward, ad.grad), (ad.grad,) * 3]:
            derivative = h
            for mode in modes[:k]:
                derivative = mode(derivative)
            close(derivative(0.0), factors[k] * u @ term, 1e-9)
        term = -inverse @ d @ term


@every_method
def test_a_container_of_unknowns(method, ab):
    """The system is that of the blocks of one matrix."""
    a, b = suited(ab[0], method), ab[1]

    def f(a, b):
        def multiply(x):
            y = a @ np.concatenate([x["u"].reshape(4), x["v"]])
            return {"u": y[:4].reshape(2, 2), "v": y[4:]}

        x = ad.linear_solve(multiply, {"u": b[:4].reshape(2, 2), "v": b[4:]}, method)
        return np.concatenate([x["u"].reshape(4), x["v"]])

    close(f(a, b), np.linalg.solve(a, b))
    close(ad.jacrev(f, 1)(a, b), np.linalg.inv(a))
    close(ad.jacrev(f)(a, b), ad.jacfwd(lambda a: ad.linear_solve(a, b))(a))


@every_method
def test_maps_and_compiled_functions(method, ab, rng):
    a, b = suited(ab[0], method), ab[1]

    def loss(a, b):
        return np.sum(ad.linear_solve(lambda x: a @ x, b, method) ** 2)

    close(ad.jit(ad.grad(loss))(a, b), ad.grad(loss)(a, b), 1e-14)
    many_a = np.stack([a, a + 0.1 * np.eye(N), 2 * a])
    many_b = rng.normal(size=(3, N))
    for axes in [(0, 0), (0, None), (None, 0)]:
        args = [many_a if axes[0] == 0 else a, many_b if axes[1] == 0 else b]
        found = ad.vmap(ad.grad(loss), axes)(*args)
        rows = [
            ad.grad(loss)(*[x[i] if axis == 0 else x for x, axis in zip(args, axes, strict=True)])
            for i in range(3)
        ]
        close(found, np.stack(rows), 1e-9)


def test_several_right_hand_sides(ab, rng):
    a, b = ab[0], rng.normal(size=(N, 3))
    for method in ("dense", "gmres", None):
        close(ad.linear_solve(a, b, method), np.linalg.solve(a, b))
        slope = ad.grad(lambda a: np.sum(ad.linear_solve(a, b, method) ** 2))(a)  # noqa: B023
        x = np.linalg.solve(a, b)
        close(slope, -np.linalg.solve(a.T, 2 * x) @ x.T)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, int])
def test_dtypes_are_those_of_numpys_solver(dtype, ab):
    a, b = (3 * ab[0]).astype(dtype), (5 * ab[1]).astype(dtype)
    expected = np.linalg.solve(a, b)
    found = ad.linear_solve(a, b)
    assert found.dtype == expected.dtype
    close(found, expected, 1e-5 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("method", ["dense", "gmres", "bicgstab"])
def test_complex_systems(method, ab, rng):
    a, b = ab[0] + 0.3j * rng.normal(size=(N, N)), ab[1] + 1j
    x = np.linalg.solve(a, b)

    def loss(a, b):
        return np.sum(np.abs(ad.linear_solve(lambda x: a @ x, b, method)) ** 2)

    adjoint = np.linalg.solve(a.T, 2 * np.conj(x))  # du/dx - i du/dy, without conjugation
    by_a, by_b = ad.grad(loss, (0, 1))(a, b)
    close(by_b, adjoint)
    close(by_a, -np.outer(adjoint, x))


def test_small_systems_are_written_down_and_large_ones_are_not():
    def solved(n):
        return str(ad.trace(lambda b: ad.linear_solve(lambda x: 2 * x, b))(np.ones(n)))

    assert "dense_solve" in solved(512)
    assert "f64[513,513]" not in solved(513)
    assert "while_loop" in solved(513)


# ---- options


def test_how_it_ended(ab):
    a, b = ab
    for method in ("dense", "gmres"):
        x, info = ad.linear_solve(a, b, method, info=True)
        assert info.converged
        close(info.residual, np.linalg.norm(b - a @ x), 1e-14)
    assert ad.linear_solve(a, b, "gmres", x0=x, info=True)[1].steps == 0


def test_a_preconditioner_serves_the_transposed_system(rng):
    n = 30
    scale = np.exp(rng.uniform(-3, 3, n))
    a = (rng.normal(size=(n, n)) * 0.05 + np.eye(n)) * scale
    b = rng.normal(size=n)

    def f(a, b, **options):
        return np.sum(ad.linear_solve(lambda x: a @ x, b, "bicgstab", **options) ** 2)

    for slope in (ad.grad(f), ad.jit(ad.grad(f)), ad.jacfwd(f)):
        found = slope(a, b, M=lambda r: r / scale)
        close(found, ad.grad(lambda a: np.sum(ad.linear_solve(a, b) ** 2))(a), 1e-8)


def test_preconditioner_and_guess_have_no_derivative(ab):
    a, b = ab

    def f(t):
        options = {"M": lambda r: t * r, "x0": t * b}
        return np.sum(ad.linear_solve(lambda x: t * (a @ x), b, "gmres", **options))

    exact = np.sum(np.linalg.solve(a, b))
    close(ad.grad(f)(2.0), -exact / 4)
    close(ad.grad(ad.grad(f))(2.0), exact / 4)


def test_no_convergence_is_an_error(ab):
    a, b = ab
    with pytest.raises(
        ConvergenceError, match=r"by gmres did not converge in 2 steps.*\n.*restart"
    ):
        ad.linear_solve(a, b, "gmres", max_steps=2)
    with pytest.raises(ConvergenceError, match="positive definite"):
        ad.linear_solve(-a @ a.T, b, "cg")
    with pytest.warns(ConvergenceWarning):
        ad.linear_solve(a, b, "gmres", max_steps=2, on_failure="warn")
    _, info = ad.linear_solve(a, b, "gmres", max_steps=2, on_failure="ignore", info=True)
    assert not info.converged
    with pytest.raises(ConvergenceError):
        ad.jit(lambda a: ad.linear_solve(a, b, "gmres", max_steps=2))(a)


def test_a_singular_matrix_is_an_error():
    with pytest.raises(np.linalg.LinAlgError, match="2 equations is singular"):
        ad.linear_solve(np.ones((2, 2)), np.ones(2))


# ---- solvers of one's own


def test_a_traced_solver(ab):
    a, b = ab

    def solve(matvec, b):
        return ad.gmres(matvec, b)[0]

    for transpose_solve in (None, solve):

        def loss(a, b, transpose_solve=transpose_solve):
            x = ad.custom_linear_solve(lambda x: a @ x, b, solve, transpose_solve)
            return np.sum(x**2)

        expected = ad.hessian(lambda a: np.sum(ad.linear_solve(a, b) ** 2))(a)
        close(ad.hessian(loss)(a, b), expected, 1e-9)
        close(ad.jit(ad.vmap(ad.grad(loss), (0, None)))(np.stack([a, 2 * a]), b)[0],
              ad.grad(loss)(a, b))  # fmt: skip


def test_the_solver_may_know_the_matrix(ab):
    """Then it cannot serve for the transpose, and does not."""
    a, b = ab

    def loss(a, b):
        inverse = ad.linear_solve(a, np.eye(N))
        return np.sum(ad.custom_linear_solve(lambda x: a @ x, b, lambda _, b: inverse @ b) ** 2)

    expected = ad.grad(lambda a: np.sum(ad.linear_solve(a, b) ** 2))(a)
    close(ad.grad(loss)(a, b), expected)


def test_a_symmetric_matrix_needs_one_solver(ab):
    a, b = ab[0] + ab[0].T, ab[1]
    calls = []

    def solve(matvec, b):
        calls.append(1)
        return ad.cg(matvec, b)[0]

    def loss(b):
        return np.sum(ad.custom_linear_solve(lambda x: a @ x, b, solve, symmetric=True) ** 2)

    close(ad.grad(loss)(b), np.linalg.solve(a, 2 * np.linalg.solve(a, b)))
    assert len(calls) == 1


def test_scipys_solvers(ab):
    sparse = pytest.importorskip("scipy.sparse.linalg")
    a, b = ab

    def solve(matvec, b):
        operator = sparse.LinearOperator((N, N), matvec)
        return sparse.gmres(operator, b, rtol=1e-14)[0]

    def loss(a, b):
        x = ad.custom_linear_solve(lambda x: a @ x, b, solve, solve, host=True)
        return np.sum(x**2)

    def expected(a, b):
        return np.sum(ad.linear_solve(a, b) ** 2)

    for transform in (ad.grad, ad.hessian, lambda f: ad.jit(ad.grad(f))):
        close(transform(loss)(a, b), transform(expected)(a, b))
    many = np.stack([b, 2 * b, -b])
    close(ad.vmap(ad.grad(loss, 1), (None, 0))(a, many), [ad.grad(expected, 1)(a, x) for x in many])
    close(ad.linear_solve(lambda x: a @ x, b, solve, host=True), np.linalg.solve(a, b))


# ---- what goes wrong


B = np.ones(3)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ad.linear_solve(lambda x: x * x, B), ValueError, r"mul \(at .*not linear"),
        (
            lambda: ad.linear_solve(lambda x: 2 * x + 1, B),
            ValueError,
            r"add \(at .*adds a constant",
        ),
        (lambda: ad.linear_solve(lambda x: 2 * x - B, B), ValueError, "adds a constant"),
        (lambda: ad.linear_solve(lambda x: np.floor(x), B), ValueError, "floor"),
        (lambda: ad.linear_solve(lambda x: x[:2], B), TypeError, r"f64\[3\]\n.*f64\[2\]"),
        (lambda: ad.linear_solve(lambda x: [x], B), TypeError, "not like what is solved for"),
        (lambda: ad.linear_solve(np.ones((2, 3)), B), ValueError, "square"),
        (lambda: ad.linear_solve(np.eye(3), {"b": B}), ValueError, "containers"),
        (lambda: ad.linear_solve(np.eye(3), B, "lu"), ValueError, "none of 'dense', 'cg'"),
        (lambda: ad.linear_solve(np.eye(3), B, host=True), ValueError, "a function as `method`"),
        (
            lambda: ad.linear_solve(np.eye(3), B, lambda f, b: b, tol=1e-3),
            ValueError,
            "solver of your own",
        ),
        (
            lambda: ad.linear_solve(np.eye(3), B, "cg", M=lambda r: r[:2]),
            TypeError,
            "M takes a container like b",
        ),
        (lambda: ad.linear_solve(np.eye(3), B, "cg", M=lambda r: r * r), ValueError, "not linear"),
        (
            lambda: ad.custom_linear_solve(np.eye(3), B, lambda f, b: b[:2]),
            TypeError,
            "the result of the solve of custom_linear_solve",
        ),
        (
            lambda: ad.custom_linear_solve(
                np.eye(3), B, lambda f, b: b, lambda f, b: b, symmetric=True
            ),
            ValueError,
            "leave one",
        ),
        (
            lambda: ad.custom_linear_solve(np.eye(3), B, lambda f, b: (b, 0), host=True),
            TypeError,
            "return the solution alone",
        ),
        (
            lambda: ad.linear_solve(lambda z: np.conj(z), B + 1j),
            ValueError,
            "real and imaginary parts",
        ),
    ],
)
def test_wrong_calls_say_what_to_write(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_zeros_may_be_added():
    """In a sum that starts with zeros, say."""
    for zeros in (0, 0.0, np.zeros(3)):
        close(ad.linear_solve(lambda x: zeros + 2 * x, B), B / 2, 1e-15)  # noqa: B023


def test_a_loop_that_computes_values_beside_tangents_adds_nothing():
    """What is added to a value of the loop is not added to what the system is linear in."""

    def flow(x):
        t, y = ad.while_loop(
            lambda s: s[0] < 2, lambda s: (s[0] + 1.0, 0.5 * np.sin(s[1])), (0.0, x)
        )
        return y * (t + 1.0)

    x, b = np.array([0.3, 0.6]), np.array([1.0, 2.0])
    jacobian = np.diag([3.0, 3.0]) + ad.jacobian(flow)(x)
    solution = ad.linear_solve(lambda v: 3.0 * v + ad.jvp(flow, (x,), (v,))[1], b)
    np.testing.assert_allclose(solution, np.linalg.solve(jacobian, b), rtol=1e-12)
