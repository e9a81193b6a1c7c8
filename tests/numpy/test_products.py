"""Products of arrays against NumPy: every rank, every form of einsum."""

import numpy as np
import pytest

from tests.numpy.calls import check_call, check_gradient, sample

A, B, V, W = (2, 3), (3, 4), (3,), (2,)

PRODUCTS = {
    "matmul": (lambda x, y: x @ y, A, B),
    "matmul-vector": (lambda x, y: x @ y, A, V),
    "vector-matmul": (lambda x, y: np.matmul(x, y), W, A),
    "vector-vector": (lambda x, y: x @ y, V, V),
    "matmul-stacks": (lambda x, y: x @ y, (5, 2, 3), (5, 3, 4)),
    "matmul-broadcast": (lambda x, y: x @ y, (5, 2, 3), B),
    "matmul-broadcast-ones": (lambda x, y: x @ y, (5, 1, 2, 3), (1, 6, 3, 4)),
    "matmul-stack-vector": (lambda x, y: x @ y, (5, 2, 3), V),
    "vector-stack": (lambda x, y: x @ y, V, (5, 3, 2)),
    "matmul-empty": (lambda x, y: x @ y, (2, 0), (0, 3)),
    "matmul-mismatch": (lambda x, y: x @ y, A, A),
    "matmul-scalar": (lambda x, y: x @ y, A, ()),
    "matmul-dtype": (lambda x, y: np.matmul(x, y, dtype=np.complex64), A, B),
    "vecdot": (lambda x, y: np.vecdot(x, y), A, A),
    "vecdot-axis": (lambda x, y: np.vecdot(x, y, axis=0), A, A),
    "linalg-vecdot": (lambda x, y: np.linalg.vecdot(x, y), A, V),
    "matvec": (lambda x, y: np.matvec(x, y), (5, 2, 3), (5, 3)),
    "vecmat": (lambda x, y: np.vecmat(x, y), V, B),
    "dot": (lambda x, y: np.dot(x, y), A, B),
    "dot-method": (lambda x, y: x.T.dot(y), A, W),
    "dot-scalar": (lambda x, y: np.dot(x, y), (), A),
    "dot-python": (lambda x, y: np.dot(x, 2.5) * y, A, ()),
    "dot-tensors": (lambda x, y: np.dot(x, y), (2, 4, 3), (5, 3, 2)),
    "dot-tensor-vector": (lambda x, y: np.dot(x, y), (2, 4, 3), V),
    "dot-mismatch": (lambda x, y: np.dot(x, y), A, A),
    "vdot": (lambda x, y: np.vdot(x, y), A, A),
    "inner": (lambda x, y: np.inner(x, y), A, (4, 3)),
    "inner-vectors": (lambda x, y: np.inner(x, y), V, V),
    "inner-scalar": (lambda x, y: np.inner(x, y), A, ()),
    "outer": (lambda x, y: np.outer(x, y), A, V),
    "linalg-outer": (lambda x, y: np.linalg.outer(x, y), W, V),
    "ufunc-outer": (lambda x, y: np.subtract.outer(x, y), A, V),
    "tensordot": (lambda x, y: np.tensordot(x, y), (2, 3, 4), (3, 4, 5)),
    "tensordot-one": (lambda x, y: np.tensordot(x, y, 1), A, B),
    "tensordot-none": (lambda x, y: np.tensordot(x, y, axes=0), A, V),
    "tensordot-pairs": (lambda x, y: np.tensordot(x, y, ([1, 0], [0, 2])), (2, 3, 4), (3, 5, 2)),
    "tensordot-pair": (lambda x, y: np.tensordot(x, y, axes=(-1, 0)), A, B),
    "kron": (lambda x, y: np.kron(x, y), A, B),
    "kron-ranks": (lambda x, y: np.kron(x, y), V, (2, 2, 1)),
    "cross": (lambda x, y: np.cross(x, y), A, V),
    "cross-axes": (lambda x, y: np.cross(x, y, axisa=0, axisc=0), (3, 5), (5, 3)),
    "convolve": (lambda x, y: np.convolve(x, y), (5,), V),
    "convolve-same": (lambda x, y: np.convolve(x, y, "same"), (5,), (4,)),
    "convolve-valid": (lambda x, y: np.convolve(x, y, "valid"), V, (5,)),
    "convolve-long": (lambda x, y: np.convolve(x, y, "same"), V, (6,)),
    "correlate": (lambda x, y: np.correlate(x, y), (5,), V),
    "correlate-full": (lambda x, y: np.correlate(x, y, "full"), V, (6,)),
    "correlate-same": (lambda x, y: np.correlate(x, y, "same"), (4,), (6,)),
    "correlate-same-odd": (lambda x, y: np.correlate(x, y, "same"), (3,), (6,)),
    "correlate-same-short": (lambda x, y: np.correlate(x, y, "same"), (7,), (4,)),
    "linalg-cross": (lambda x, y: np.linalg.cross(x, y), A, A),
    "multi_dot": (lambda x, y: np.linalg.multi_dot([x, y, np.ones((4, 2)), x]), A, B),
    "multi_dot-vectors": (lambda x, y: np.linalg.multi_dot([x[0], y, np.ones(4)]), A, B),
    "out": (lambda x, y: np.dot(x, y, out=np.zeros_like(x, shape=(2, 4))), A, B),
}  # fmt: skip

EINSUMS = {
    "ij,jk->ik": (A, B),
    "ij,jk": (A, B),
    "ji,jk": (A, (2, 4)),
    "ij,ij->": (A, A),
    "ij,ij->i": (A, A),
    "i,j->ji": (W, V),
    "bij,bjk->bik": ((5, 2, 3), (5, 3, 4)),
    "...ij,...jk->...ik": ((5, 2, 3), (1, 3, 4)),
    "...ij,jk": ((5, 6, 2, 3), B),
    "i...,i...->...": (A, A),
    "ij,kj->": (A, (4, 3)),
    "ii->i": ((3, 3),),
    "ii": ((3, 3),),
    "iij->j": ((3, 3, 2),),
    "iji,j->i": ((3, 2, 3), W),
    "...ii->...": ((2, 3, 3),),
    "ij->ji": (A,),
    "ji": (A,),
    "ij->j": (A,),
    "...": (A,),
    " i j , j -> i ": (A, V),
    "i,ij,j": (W, A, V),
    "ij,jk,kl->il": (A, B, (4, 2)),
    "ij,jk,kl,lm->im": (A, B, (4, 2), (2, 3)),
    "a,b,c->abc": (W, V, (4,)),
    "ij,ij,ij->ij": (A, A, A),
    ",i->i": ((), V),
    "ij,ik->": (A, (2, 4)),
    "ij,jk->i": ((2, 1), B),
    "iij,jkk->ik": ((2, 2, 3), (3, 4, 4)),
    "i->ii": (V,),
    "ij,jk->iz": (A, B),
    "ij,k->": (A,),
    "ij,j->i": (A, W),
    "ijk->i": (A,),
    "...i->i": (A,),
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "?", "c16"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_same_as_numpy(name, dtype):
    f, left, right = PRODUCTS[name]
    check_call(f, sample(left, dtype), sample(right, dtype, seed=1))


@pytest.mark.parametrize("name", PRODUCTS)
def test_gradient(name):
    f, left, right = PRODUCTS[name]
    if not {"mismatch", "dtype", "scalar"} & set(name.split("-")[1:]) or name in (
        "dot-scalar",
        "inner-scalar",
    ):
        check_gradient(f, sample(left), sample(right, seed=1))


@pytest.mark.parametrize("name", ["matmul", "dot", "outer", "kron", "tensordot-one"])
def test_operands_of_two_dtypes(name):
    f, left, right = PRODUCTS[name]
    check_call(f, sample(left, "f4"), sample(right, "i4"))
    check_call(f, sample(left, "i4"), sample(right, "c8"))
    check_call(lambda x: f(x, np.ones(right, "i8")), sample(left, "f4"))
    check_call(lambda y: f(np.ones(left, "f4"), y), sample(right, "f8"))
    check_call(lambda y: f(np.ones(left).tolist(), y), sample(right, "f4"))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "c8"])
@pytest.mark.parametrize("spec", EINSUMS)
def test_einsum(spec, dtype):
    arrays = [sample(s, dtype, seed=i) for i, s in enumerate(EINSUMS[spec])]
    if dtype == "i1":
        arrays = [a % 3 for a in arrays]
    check_call(lambda *xs: np.einsum(spec, *xs), *arrays)
    if len(arrays) > 1:
        check_call(lambda *xs: np.einsum(spec, *xs, optimize=True), *arrays)


@pytest.mark.parametrize("spec", EINSUMS)
def test_einsum_gradient(spec):
    arrays = [sample(s, seed=i) for i, s in enumerate(EINSUMS[spec])]
    try:
        np.einsum(spec, *arrays)
    except ValueError:
        return
    check_gradient(lambda *xs: np.einsum(spec, *xs), *arrays)


def test_einsum_with_lists_of_axes():
    check_call(lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [2, 0]), sample(A), sample(B))
    check_call(lambda x, y: np.einsum(x, [30, 1], y, [1, 2]), sample(A), sample(B))
    check_call(lambda x: np.einsum(x, [..., 1], [...]), sample(A))
    check_call(
        lambda x, y: np.einsum("ij,jk", x, y, dtype=np.float32, casting="same_kind"),
        sample(A),
        sample(B),
    )


def test_chains_are_contracted_pairwise():
    """A chain of three matrices and a vector never forms a product of matrices."""
    import autodiff as ad

    n = 30
    arrays = [np.ones((n, n))] * 3 + [np.ones(n)]
    program = ad.trace(lambda *xs: np.einsum("ij,jk,kl,l->i", *xs))(*arrays)
    sizes = [e.outputs[0].type.size for e in program.equations]
    assert max(sizes) == n


def test_plain_array_on_the_left():
    x = sample(V)
    check_call(lambda x: np.ones((2, 3)) @ x, x)
    check_call(lambda x: np.ones((2, 3)).T.dot(np.ones(2)) @ x, x)
    check_gradient(lambda x: np.arange(6.0).reshape(2, 3) @ x, x)
