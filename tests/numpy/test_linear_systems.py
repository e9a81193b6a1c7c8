"""Linear systems, inverses, determinants and powers: dtypes, shapes, singular matrices, orders."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import DTYPES, check_call, check_gradient, sample

RNG = np.random.default_rng(0)
A, B, W = (RNG.normal(size=(4, 4)) for _ in range(3))
C = A + 1j * B
SINGULAR = np.ones((3, 3))


def regular(shape, dtype="f8"):
    return (sample(shape, dtype) + 5 * np.eye(shape[-1])).astype(dtype)


# ---- dtypes and shapes

UNARY = {
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "slogdet": np.linalg.slogdet,
    "matrix_power": lambda a: np.linalg.matrix_power(a, 3),
    "matrix_power-0": lambda a: np.linalg.matrix_power(a, 0),
    "matrix_power-negative": lambda a: np.linalg.matrix_power(a, -2),
}
SHAPES = [(), (0,), (3,), (2, 3), (0, 0), (1, 1), (3, 3), (2, 0, 0), (0, 2, 2), (2, 1, 3, 3)]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", [*DTYPES, "g"])
def test_dtypes(name, dtype):
    check_call(UNARY[name], regular((3, 3), dtype))


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(name, shape):
    a = regular(shape) if len(shape) > 1 and shape[-1] == shape[-2] else sample(shape)
    check_call(UNARY[name], a)


@pytest.mark.parametrize("left", ["f4", "f8", "c8", "i8", "f2"])
@pytest.mark.parametrize("right", ["f4", "c8", "i4", "?"])
def test_solve_promotes(left, right):
    check_call(np.linalg.solve, regular((3, 3), left), sample((3, 2), right))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (3, 2)),
        ((3, 3), (4, 2, 3, 1)),
        ((2, 1, 3, 3), (1, 4, 3, 2)),
        ((2, 1, 2, 2), (2, 3, 2, 1)),
        ((1, 3, 3), (2, 3, 1)),
        ((0, 3, 3), (3, 1)),
        ((0, 0), (0,)),
        ((0, 0), (0, 2)),
        ((3, 3), (3, 0)),
        ((3, 3), ()),
        ((3, 3), (2,)),
        ((3, 3), (2, 3)),
        ((2, 3), (2,)),
        ((3,), (3,)),
        ((2, 3, 3), (3, 3, 1)),
    ],
    ids=str,
)
def test_solve_shapes(a, b):
    """Those of NumPy 2: a right-hand side with one axis is a vector, any other one is matrices."""
    square = len(a) > 1 and a[-1] == a[-2]
    arrays = regular(a) if square else sample(a), sample(b)
    check_call(np.linalg.solve, *arrays)
    if square and len(b) and (b[0] if len(b) == 1 else b[-2]) == a[-1] and b[0] != 3 != a[0]:
        check_gradient(np.linalg.solve, *arrays)


def test_strides_lists_and_numbers():
    a = regular((3, 3))
    check_call(lambda x: np.linalg.solve(x[::-1, ::-1], [1, 2.5, 3]), a)
    check_call(lambda b: np.linalg.solve([[2, 1], [0, 3]], b), np.ones(2))
    check_call(lambda x: np.linalg.inv(x.T[::-1]), a)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.linalg.tensorsolve(a, np.ones((2, 3))),
        lambda a: np.linalg.tensorsolve(a.reshape(2, 6, 3), np.ones(6), axes=(0, 2)),
        lambda a: np.linalg.tensorsolve(a, np.ones(5)),
        lambda a: np.linalg.tensorinv(a, ind=2),
        lambda a: np.linalg.tensorinv(a.reshape(6, 2, 3), ind=1),
        lambda a: np.linalg.tensorinv(a, ind=0),
        lambda a: np.linalg.tensorinv(a, ind=1),
        lambda a: np.linalg.matrix_power(a.reshape(6, 6), 1),
        lambda a: np.linalg.matrix_power(a.reshape(6, 6), -7),
        lambda a: np.linalg.matrix_power(a.reshape(6, 6), 2.0),
    ],
)
def test_tensors(f):
    check_call(f, regular((6, 6)).reshape(2, 3, 6))


@pytest.mark.parametrize("ends", [(2, 2), (1, 2), (2, 1), (1, 1)])
def test_multi_dot(ends):
    shapes = ((4,) * ends[0], (4, 2), (2, 4), (4,) * ends[1])
    arrays = [sample(shape, seed=i) for i, shape in enumerate(shapes)]
    check_call(lambda *xs: np.linalg.multi_dot(xs), *arrays)
    check_call(lambda *xs: np.linalg.multi_dot([*xs[:2], np.ones((2, 2, 4)), xs[-1]]), *arrays)
    check_gradient(lambda *xs: np.linalg.multi_dot(xs), *arrays)


# ---- errors


@pytest.mark.parametrize("f", [np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(3))])
def test_singular_matrices_are_refused_as_by_numpy(f):
    stacked = ad.vmap(f)
    for run in (f, ad.grad(lambda a: np.sum(f(a))), ad.jit(f), lambda a: stacked(a[None])):
        with pytest.raises(np.linalg.LinAlgError, match=r"(?i)singular"):
            run(SINGULAR)


def test_errors_name_the_function_and_the_line():
    with pytest.raises(np.linalg.LinAlgError, match=r"(?s)linalg\.det: .*test_linear_systems"):
        ad.grad(lambda a: np.linalg.det(a))(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"(?s)3 equations.*\.\.\., None"):
        ad.grad(lambda a: np.linalg.solve(a, np.ones((2, 2))).sum())(regular((3, 3)))
    with pytest.raises(TypeError, match="float16 is unsupported"):
        ad.grad(lambda a: np.linalg.inv(a).sum())(np.eye(2, dtype="f2"))


# ---- determinants of singular matrices


def determinant_along(a, b):
    """The coefficients of det(a + t b) by t, for small matrices of integers: exact."""
    n = len(a)
    total = [0] * (n + 1)
    for columns in permutations(range(n)):
        sign = (-1) ** sum(columns[i] > columns[j] for j in range(n) for i in range(j))
        product = [sign]
        for i, j in enumerate(columns):
            left, right = int(a[i, j]), int(b[i, j])
            product = [
                left * x + right * y for x, y in zip([*product, 0], [0, *product], strict=True)
            ]
        total = [x + y for x, y in zip(total, product, strict=True)]
    return total


def along(f, a, b, order):
    """The derivative of this order along b, forward."""
    if order == 0:
        return f(a)
    return ad.jvp(lambda x: along(f, x, b, order - 1), (a,), (b,))[1]


@pytest.mark.parametrize("rank", range(5))
@pytest.mark.parametrize("order", range(5))
def test_determinants_have_derivatives_of_all_orders_at_every_rank(rank, order):
    rng = np.random.default_rng(rank)
    a = rng.integers(-3, 4, (4, rank)) @ rng.integers(-3, 4, (rank, 4))
    b = rng.integers(-3, 4, (4, 4))
    expected = determinant_along(a, b)[order] * [1, 1, 2, 6, 24][order]
    actual = along(np.linalg.det, a * 1.0, b * 1.0, order)
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-9)


def test_nearly_singular_matrices_lose_no_digits():
    """Where the second derivative by way of the inverse would lose them all."""
    rng = np.random.default_rng(3)
    u, v = (np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2))
    hessians = [
        ad.hessian(np.linalg.det)(u @ np.diag([1, 0.5, tiny]) @ v) for tiny in (1e-9, 1e-14, 0)
    ]
    np.testing.assert_allclose(hessians[0], hessians[2], atol=1e-8)
    np.testing.assert_allclose(hessians[1], hessians[2], atol=1e-13)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_cofactors_do_not_overflow_with_the_determinant(scale):
    np.testing.assert_allclose(ad.grad(np.linalg.det)(scale * np.eye(2)), scale * np.eye(2))
    graded = np.diag([scale, scale, 1 / scale, 1 / scale])
    expected = np.diag([1 / scale, 1 / scale, scale, scale])
    np.testing.assert_allclose(ad.grad(np.linalg.det)(graded), expected, rtol=1e-12)


def test_stacks_of_regular_singular_and_undefined_matrices():
    stack = np.stack([A, np.zeros((4, 4)), np.diag([1.0, 2, 3, 0]), np.full((4, 4), np.nan)])
    together = ad.grad(lambda a: np.linalg.det(a).sum())(stack)
    np.testing.assert_allclose(together[0], np.linalg.det(A) * np.linalg.inv(A).T, rtol=1e-12)
    np.testing.assert_allclose(together[1], 0)
    np.testing.assert_allclose(together[2], np.diag([0, 0, 0, 6.0]), atol=1e-14)
    assert np.isnan(together[3]).all()


def test_hessian_at_the_zero_matrix():
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1
    np.testing.assert_allclose(ad.hessian(np.linalg.det)(np.zeros((2, 2))), expected)


def test_logarithm_of_a_determinant_that_is_zero():
    sign, size = ad.jit(np.linalg.slogdet)(SINGULAR)
    assert (sign, size) == (0, -np.inf)
    with np.errstate(all="ignore"):
        assert not np.isfinite(ad.grad(lambda a: np.linalg.slogdet(a)[1])(SINGULAR)).any()


@pytest.mark.parametrize("run", [lambda f: f, ad.jit])
@pytest.mark.parametrize("dtype", [float, complex])
def test_a_guard_hides_singular_matrices(run, dtype):
    def guarded(a):
        sign, size = np.linalg.slogdet(a)
        return np.where(np.abs(np.linalg.det(a)) > 1e-9, size + sign.real, 0.0)

    a = SINGULAR.astype(dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run(ad.grad(guarded))(a), 0)
        np.testing.assert_array_equal(ad.vmap(ad.grad(guarded))(np.stack([a, np.eye(3)]))[0], 0)


# ---- derivatives, and how they are computed

COMPOSITIONS = {
    "solve": lambda xp, a: (xp.linalg.solve(a, W) ** 2).sum().real,
    "solve-right": lambda xp, a: xp.linalg.solve(W, a[:, 0]).sum().real,
    "inv": lambda xp, a: (xp.linalg.inv(a) * W).sum().real,
    "det": lambda xp, a: xp.linalg.det(a).real,
    "slogdet": lambda xp, a: xp.linalg.slogdet(a)[1],
    "slogdet-sign": lambda xp, a: xp.linalg.slogdet(a)[0].imag + xp.linalg.slogdet(a)[1],
    "matrix_power": lambda xp, a: (xp.linalg.matrix_power(a, -3) * W).sum().real,
    "tensorinv": lambda xp, a: (xp.linalg.tensorinv(a.reshape(2, 2, 4)) ** 2).sum().real,
    "tensorsolve": lambda xp, a: xp.linalg.tensorsolve(a.reshape(2, 2, 2, 2), W[:2, :2]).sum().real,
    "multi_dot": lambda xp, a: xp.linalg.multi_dot([a, a.T, W, a[0]]).sum().real,
}


@pytest.mark.parametrize("name", COMPOSITIONS)
@pytest.mark.parametrize("a", [A, C], ids=["real", "complex"])
def test_gradients_are_those_of_jax(name, a):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        expected = jax.grad(lambda x: COMPOSITIONS[name](jax.numpy, x))(a)
    actual = ad.grad(lambda x: COMPOSITIONS[name](np, x))(a)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["solve", "inv", "slogdet"])
def test_third_derivatives_are_those_of_jax(name):
    jax = pytest.importorskip("jax")
    a, f = A[:2, :2] + 3 * np.eye(2), COMPOSITIONS[name] if name == "slogdet" else None
    f = f or (lambda xp, x: xp.sum(getattr(xp.linalg, name)(x, *[W[:2, :2]] * (name == "solve"))))
    with jax.enable_x64(True):
        expected = jax.jacfwd(jax.hessian(lambda x: f(jax.numpy, x)))(a)
    actual = ad.jacfwd(ad.hessian(lambda x: f(np, x)))(a)
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


def test_one_matrix_is_factorised_once():
    """For all right-hand sides of `vmap`, and for those that are stacked on a single matrix."""
    a, b = regular((3, 3)), np.ones((5, 3))
    for f in (
        lambda a, b: ad.vmap(lambda v: np.linalg.solve(a, v))(b),
        lambda a, b: np.linalg.solve(a, b[..., None]),
    ):
        text = str(ad.trace(f)(a, b))
        assert text.count("dense_solve") == 1
        assert "f64[3,5] = dense_solve" in text


@pytest.mark.parametrize("f", [np.linalg.inv, lambda a: np.linalg.slogdet(a)[1]])
def test_gradients_take_one_inverse(f):
    text = str(ad.trace(ad.grad(lambda a: np.sum(f(a))))(regular((3, 3))))
    assert text.count("inverse[") == 1
