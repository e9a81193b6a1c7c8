import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.api import sparse_maps
from autodiff.errors import ZeroGradientWarning
from autodiff.tracing.build import evaluate
from tests.properties.programs import arguments, programs

sparse = pytest.importorskip("scipy.sparse")

MODES = ["auto", "forward", "reverse"]


def same(found, expected):
    """A sparse matrix equals a dense Jacobian, whose axes are flattened."""
    expected = np.asarray(expected)
    assert isinstance(found, sparse.csr_array)
    assert found.dtype == expected.dtype
    assert found.has_canonical_format
    assert_allclose(found.toarray(), expected.reshape(found.shape), rtol=1e-12, atol=1e-12)


def check_jacobian(fun, *args, **options):
    for mode in MODES:
        found = ad.sparse_jacobian(fun, mode=mode, **options)(*args)
        same(found, ad.jacobian(fun, **options)(*args))


def check_hessian(fun, *args, colours):
    same(ad.sparse_hessian(fun)(*args), ad.hessian(fun)(*args))
    found = ad.sparsity(fun, order=2)(*args)
    assert (found.colours, found.mode) == (colours, "symmetric")


def tridiagonal(x):
    y = np.zeros_like(x)
    y[1:-1] = x[:-2] * x[1:-1] ** 2 - np.sin(x[2:])
    y[0], y[-1] = x[0] * x[1], x[-1] - x[-2] ** 2
    return y


def dirichlet(u):
    """The energy of a membrane, whose Hessian is the five-point Laplacian."""
    p = np.pad(u, 1)
    return 0.5 * (np.sum(np.diff(p, axis=0) ** 2) + np.sum(np.diff(p, axis=1) ** 2))


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# ---- how many products


def test_a_tridiagonal_jacobian_takes_three_products(rng, monkeypatch):
    sizes = []
    batched = ad.api.sparse_maps._batched

    def spy(program, fixed, size, transposed):
        sizes.append(size)
        return batched(program, fixed, size, transposed)

    monkeypatch.setattr(ad.api.sparse_maps, "_batched", spy)
    x = rng.normal(size=200)
    check_jacobian(tridiagonal, x)
    assert sizes == [3, 3, 3]
    assert ad.sparsity(tridiagonal)(x).colours == 3
    assert ad.sparsity(tridiagonal)(x).nnz == 598


def test_an_arrow_is_computed_in_the_better_direction(rng):
    x = rng.normal(size=30)
    row = lambda x: np.concatenate([np.sum(x**2)[None], np.sin(x[1:])])
    column = lambda x: x[0] * np.cos(x)
    assert (ad.sparsity(row)(x).colours, ad.sparsity(row)(x).mode) == (2, "reverse")
    assert (ad.sparsity(column)(x).colours, ad.sparsity(column)(x).mode) == (2, "forward")
    check_jacobian(row, x)
    check_jacobian(column, x)


def test_a_second_call_finds_no_colours(rng, monkeypatch):
    f = lambda x: np.sin(x[1:]) * x[:-1] * 23.5
    x = rng.normal(size=9)
    jac = ad.sparse_jacobian(f)
    same(jac(x), ad.jacobian(f)(x))
    monkeypatch.setattr(ad.api.sparse_maps, "by_columns", None)
    same(jac(x + 1), ad.jacobian(f)(x + 1))
    same(ad.sparse_jacobian(f)(x + 2), ad.jacobian(f)(x + 2))


def test_arrays_on_the_way_bound_how_many_products_are_computed_at_once(rng, monkeypatch):
    """Few unknowns in many terms: a batch of all products would need memory for all terms."""
    batches = []
    original = sparse_maps._batched

    def batched(program, fixed, size, transposed):
        batches.append(size)
        return original(program, fixed, size, transposed)

    monkeypatch.setattr(sparse_maps, "_batched", batched)
    monkeypatch.setattr(sparse_maps, "_AT_ONCE", 200)
    x, terms = rng.normal(size=10), rng.integers(0, 10, (100, 2))
    f = lambda x: np.sum(np.sin(x[terms[:, 0]] * x[terms[:, 1]]))
    found = ad.sparse_hessian(f)(x)
    assert_allclose(found.toarray(), ad.hessian(f)(x), atol=1e-12)
    assert max(batches) == 2


@pytest.mark.parametrize("chunk_size", [1, 2, 100])
def test_products_in_chunks(chunk_size, rng):
    x = rng.normal(size=20)
    check_jacobian(tridiagonal, x)
    for mode in MODES:
        found = ad.sparse_jacobian(tridiagonal, mode=mode, chunk_size=chunk_size)(x)
        same(found, ad.jacobian(tridiagonal)(x))
    found = ad.sparse_hessian(rosenbrock, chunk_size=chunk_size)(x)
    same(found, ad.hessian(rosenbrock)(x))


# ---- Jacobians


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.where(x > 0, x**2, x[::-1]),
        lambda x: x.reshape(4, 3) @ np.arange(6.0).reshape(3, 2),
        lambda x: np.cumsum(x) * x,
        lambda x: x - np.mean(x),
        lambda x: np.sort(x)[2:5] ** 2,
        lambda x: np.roll(x, 3) * np.flip(x),
        lambda x: x[np.array([0, 3, 3, -1])] ** 3,
        lambda x: np.max(x.reshape(3, 4), axis=1),
        lambda x: np.outer(x[:2], x[2:5]),
        lambda x: np.sqrt(np.sum(x.reshape(6, 2) ** 2, axis=1)),
    ],
)
def test_functions_of_all_kinds(fun, rng):
    check_jacobian(fun, rng.normal(size=12))


def test_blocks(rng):
    w = rng.normal(size=(5, 3, 3))
    f = lambda x: np.tanh(np.einsum("bij,bj->bi", w, x))
    check_jacobian(f, rng.normal(size=(5, 3)))
    assert ad.sparsity(f)(np.zeros((5, 3))).colours == 3


def test_assembly_of_elements(rng):
    """Meshes: indices are an argument, or captured; another mesh has another pattern."""

    def residual(u, mesh):
        ends = u[mesh]
        force = (ends[:, 1] - ends[:, 0]) ** 3
        total = np.zeros_like(u)
        np.add.at(total, mesh[:, 0], force)
        np.add.at(total, mesh[:, 1], -force)
        return total

    u = rng.normal(size=8)
    line = np.stack([np.arange(7), np.arange(1, 8)], axis=1)
    for mesh in (line, rng.permutation(8)[line], line):
        check_jacobian(residual, u, mesh)
        check_jacobian(lambda u, mesh=mesh: residual(u, mesh), u)
    assert ad.sparsity(residual)(u, line).colours == 3


def test_trees_of_arguments_and_results(rng):
    def f(p, scale):
        return {"n": 3, "y": p["a"] ** 2 * scale, "one": np.ones(2), "z": p["a"][0] * p["b"]}

    p = {"a": rng.normal(size=3), "b": 2.0, "k": 7}
    by_p = np.zeros((6, 4))  # results in the order of their keys: one, y, z
    by_p[2:5, :3] = np.diag(6 * p["a"])
    by_p[5, 0], by_p[5, 3] = 2, p["a"][0]
    by_scale = np.concatenate([np.zeros(2), p["a"] ** 2, [0]])
    assert_allclose(ad.sparse_jacobian(f)(p, 3.0).toarray(), by_p)
    both = ad.sparse_jacobian(f, argnums=(0, 1))(p, 3.0)
    assert_allclose(both.toarray(), np.column_stack([by_p, by_scale]))
    by_name = ad.sparse_jacobian(f, argnames="scale")(p, scale=3.0)
    assert_allclose(by_name.toarray()[:, 0], by_scale)


def test_aux_is_returned_as_it_is(rng):
    x = rng.normal(size=3)
    f = lambda x: (x**2, {"x": x, "label": "a"})
    jac, aux = ad.sparse_jacobian(f, has_aux=True)(x)
    same(jac, np.diag(2 * x))
    assert_array_equal(aux["x"], x)
    assert aux["label"] == "a"
    assert ad.sparsity(f, has_aux=True)(x).nnz == 3
    hess, aux = ad.sparse_hessian(lambda x: (np.sum(x**2), x[0]), has_aux=True)(x)
    same(hess, 2 * np.eye(3))
    assert aux == x[0]


def test_dtypes(rng):
    x = rng.normal(size=4).astype(np.float32)
    for mode in MODES:
        assert ad.sparse_jacobian(np.sin, mode=mode)(x).dtype == np.float32
    assert ad.sparse_hessian(rosenbrock)(x).dtype == np.float32
    mixed = ad.sparse_jacobian(lambda p: p[0] * p[1].astype(float))((np.ones(2), x[:2]))
    assert mixed.dtype == np.float64


def test_complex_numbers(rng):
    z = rng.normal(size=4) + 1j * rng.normal(size=4)
    check_jacobian(lambda z: z[1:] ** 2 * z[:-1], z)
    absolute = lambda z: np.abs(z[1:] - z[:-1]) ** 2
    same(ad.sparse_jacobian(absolute)(z), ad.jacobian(absolute)(z))
    wave = lambda x: np.exp(1j * x)
    same(ad.sparse_jacobian(wave)(z.real), ad.jacobian(wave)(z.real))
    assert ad.sparsity(absolute)(z).mode == "reverse"
    with pytest.raises(TypeError, match="from complex arguments to a real result"):
        ad.sparse_jacobian(absolute, mode="forward")(z)
    with pytest.raises(TypeError, match=r"sparse_hessian of fun by complex arguments"):
        ad.sparse_hessian(lambda z: np.sum(np.abs(z) ** 2))(z)


def test_empty_arrays():
    for mode in MODES:
        assert ad.sparse_jacobian(lambda x: 2 * x, mode=mode)(np.zeros(0)).shape == (0, 0)
        assert ad.sparse_jacobian(lambda x: np.sum(x), mode=mode)(np.zeros(0)).shape == (1, 0)
        assert ad.sparse_jacobian(lambda x: x[:0], mode=mode)(np.zeros(3)).shape == (0, 3)
    assert ad.sparse_hessian(lambda x: np.sum(x**2))(np.zeros(0)).shape == (0, 0)
    assert str(ad.sparsity(lambda x: 2 * x)(np.zeros(0))) == "0 x 0, 0 entries, 0 colours (forward)"


def test_results_that_do_not_depend_on_the_argument():
    x = np.ones(2)
    with pytest.warns(ZeroGradientWarning, match="floor"):
        jac = ad.sparse_jacobian(lambda x: [np.floor(x), np.ones(1), 3 * x])(x)
    assert_array_equal(jac.toarray(), np.vstack([np.zeros((3, 2)), 3 * np.eye(2)]))
    assert jac.nnz == 2
    assert ad.sparse_jacobian(lambda x: np.ones(3))(x).nnz == 0
    assert ad.sparse_hessian(lambda x: 2.5)(x).shape == (2, 2)
    assert ad.sparse_hessian(lambda x: np.sum(x))(x).nnz == 0


def test_scalars():
    assert_allclose(ad.sparse_jacobian(lambda x: x**3)(2.0).toarray(), [[12]])
    assert_allclose(ad.sparse_hessian(lambda x: x**3)(2.0).toarray(), [[12]])


def test_an_infinite_derivative_stays_in_its_entry():
    x = np.array([0.0, 1.0])
    assert_array_equal(ad.sparse_jacobian(np.sqrt)(x).toarray(), np.diag([np.inf, 0.5]))
    guarded = lambda x: np.where(x > 0.5, np.sqrt(x), 0.0)
    assert_array_equal(ad.sparse_jacobian(guarded)(x).toarray(), np.diag([0, 0.5]))


def test_functions_that_are_compiled_or_checkpointed(rng):
    x = rng.normal(size=6)
    check_jacobian(ad.jit(tridiagonal), x)
    check_jacobian(ad.checkpoint(tridiagonal), x)
    check_hessian(ad.checkpoint(rosenbrock), x, colours=3)


@settings(max_examples=30)
@given(programs())
def test_random_programs(program):
    args = arguments(program)
    f = lambda *xs: evaluate(program, xs)
    nums = tuple(range(len(args)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZeroGradientWarning)
        rows = ad.jacobian(f, nums)(*args)
        found = [ad.sparse_jacobian(f, nums, mode=mode)(*args) for mode in MODES]
    dense = np.vstack([
        np.hstack([
            np.reshape(b, (t.size, x.size)) for b, x in zip(row, args, strict=True)
        ])
        for row, t in zip(rows, program.out_types, strict=True)
    ])  # fmt: skip
    for jac in found:
        assert_allclose(jac.toarray(), dense, rtol=1e-10, atol=1e-10)


# ---- Hessians


def test_the_hessian_of_a_chain_is_tridiagonal(rng):
    check_hessian(rosenbrock, rng.normal(size=40), colours=3)


def test_the_hessian_of_a_membrane(rng):
    check_hessian(dirichlet, rng.normal(size=(20, 20)), colours=5)


def test_the_hessian_of_a_plate(rng):
    def bending(u):
        p = np.pad(u, 2)
        laplacian = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * p[1:-1, 1:-1]
        return np.sum(laplacian**2)

    u = rng.normal(size=(9, 9))
    same(ad.sparse_hessian(bending)(u), ad.hessian(bending)(u))
    found = ad.sparsity(bending, order=2)(u)
    assert np.diff(found.matrix.indptr).max() == 13


def test_the_hessian_of_an_arrow_takes_two_products(rng):
    f = lambda x: x[0] * np.sum(x[1:] ** 3) + np.sum(x**4)
    check_hessian(f, rng.normal(size=25), colours=2)


def test_large_hessians(rng):
    """10,000 unknowns, whose dense Hessian would take 800 MB."""
    u, v = rng.normal(size=(2, 100, 100))
    found = ad.sparse_hessian(dirichlet)(u)
    assert found.nnz == 49600
    product = ad.hvp(dirichlet)(u, (v,))
    assert_allclose(found @ v.ravel(), product.ravel(), atol=1e-12)


def test_hessians_by_several_arguments(rng):
    f = lambda p, y: np.sum(p["a"] ** 2 * y) + p["b"] * y[0]
    p, y = {"a": rng.normal(size=3), "b": 2.0}, rng.normal(size=3)
    found = ad.sparse_hessian(f, argnums=(0, 1))(p, y).toarray()
    dense = np.zeros((7, 7))
    dense[:3, :3] = np.diag(2 * y)
    dense[:3, 4:] = dense[4:, :3] = np.diag(2 * p["a"])
    dense[3, 4] = dense[4, 3] = 1
    assert_allclose(found, dense)


def test_a_guarded_function(rng):
    f = lambda x: np.sum(np.where(x > 0, x[::-1] * np.log(np.abs(x)), 0.0))
    x = np.array([0.0, 1.0, -2.0, 3.0])
    same(ad.sparse_hessian(f)(x), ad.hessian(f)(x))


def test_a_matrix_may_be_changed_without_harm(rng):
    x = rng.normal(size=6)
    jac = ad.sparse_jacobian(tridiagonal)
    first = jac(x)
    first.data[:] = 0
    first.eliminate_zeros()
    ad.sparsity(tridiagonal)(x).matrix.data[:] = False
    same(jac(x), ad.jacobian(tridiagonal)(x))


# ---- errors


def test_wrong_options():
    with pytest.raises(ValueError, match="mode='up' is none of 'auto', 'forward', 'reverse'"):
        ad.sparse_jacobian(np.sin, mode="up")
    with pytest.raises(ValueError, match="chunk_size=0"):
        ad.sparse_hessian(np.sin, chunk_size=0)
    with pytest.raises(ValueError, match="order=3: expected 1"):
        ad.sparsity(np.sin, order=3)


def test_wrong_functions():
    with pytest.raises(TypeError, match="sparse_hessian needs a function that returns one real"):
        ad.sparse_hessian(np.sin)(np.ones(2))
    with pytest.raises(TypeError, match="of dtype int64"):
        ad.sparse_jacobian(np.sin)(np.arange(2))


def test_without_scipy_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs scipy\.sparse, which is not"):
        ad.sparse_jacobian(lambda x: 17.25 * x)(np.ones(2))
