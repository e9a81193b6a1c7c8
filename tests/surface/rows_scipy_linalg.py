"""Rows for `autodiff.scipy.linalg`, each beside the function of SciPy's whose name it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.scipy import linalg as traced
from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.primitives.specs_banded_systems import band, column
from tests.primitives.specs_dense_systems import regular
from tests.primitives.specs_matrix_functions import spread_out
from tests.surface.row import Row

linalg = pytest.importorskip("scipy.linalg")

F32 = np.float32
A, B, C = regular(3, 3), uniform(-1, 1, (3, 2)), complex_uniform(-1, 1, (2, 2))
V, V4, SQUARE = (uniform(-1, 1, shape) for shape in ((3,), (4,), (3, 3)))
KNOWN = dict.fromkeys(("jit", "emit", "vmap"), "its shape depends on values")
AC = regular(2, 2, dtype=complex)
STACK, STACKED = regular(2, 3, 3), uniform(-1, 1, (2, 3, 2))


def positive(n: int, *lead: int, dtype: Any = float) -> Maker:
    """Hermitian positive definite matrices, exactly."""

    def make(rng: np.random.Generator) -> Any:
        x = rng.uniform(-1, 1, (*lead, n, n))
        if np.dtype(dtype).kind == "c":
            x = x + 1j * rng.uniform(-1, 1, x.shape)
        product = x @ np.swapaxes(x, -1, -2).conj() + 2 * np.eye(n)
        return ((product + np.swapaxes(product, -1, -2).conj()) / 2).astype(dtype)

    return make


# What SciPy for a device has none of.
ON_HOST = {"cupy": "CuPy has no such function; it can be computed on the host"}
HOST_ONLY = (
    "eig", "eigvals", "fractional_matrix_power", "logm", "schur", "signm", "solve_banded",
    "solve_continuous_lyapunov", "solve_sylvester", "solve_toeplitz", "solveh_banded", "sqrtm",
)  # fmt: skip


def row(name: str, call: Callable[..., Any], *inputs: Maker, id: str = "", **options: Any) -> Row:
    """`call` gets the module whose function it is to call: ours, or SciPy's."""
    options = {"without": ON_HOST if name in HOST_ONLY else None, **options}
    return Row(
        f"autodiff.scipy.linalg.{name}",
        lambda *xs: call(traced, *xs),
        inputs,
        id=id,
        plain=lambda *xs: call(linalg, *xs),
        **options,
    )


def h(a: Any) -> Any:
    """A matrix that is Hermitian, and stays so: some derivatives are by such ones."""
    return (a + np.conj(np.swapaxes(a, -1, -2))) / 2


def upper(x: Any) -> Any:
    return np.triu(x)


SYSTEMS = [
    row("solve_triangular", lambda m, a, b: m.solve_triangular(a, b), A, B),
    row("solve_triangular", lambda m, a, b: m.solve_triangular(a, b, 1, True), A, V, id="lower-T"),
    row(
        "solve_triangular",
        lambda m, a, b: m.solve_triangular(a, b, trans="C", unit_diagonal=True),
        AC,
        C,
        id="adjoint-unit",
    ),
    row("solve_triangular", lambda m, a, b: m.solve_triangular(a, b), STACK, STACKED, id="stack"),
    row("cholesky", lambda m, a: m.cholesky(h(a)), positive(3)),
    row("cholesky", lambda m, a: m.cholesky(h(a), True), positive(2, dtype=complex), id="lower"),
    row("cho_factor", lambda m, a: upper(m.cho_factor(h(a))[0]), positive(3)),
    row("cho_solve", lambda m, c, b: m.cho_solve((c, True), b), A, B, id="lower"),
    row("cho_solve", lambda m, c, b: m.cho_solve((c, False), b), AC, C, id="complex"),
    row("cho_solve", lambda m, a, b: m.cho_solve(m.cho_factor(h(a)), b), positive(3), V, id="both"),
    row("lu", lambda m, a: m.lu(a), A),
    row("lu", lambda m, a: m.lu(a, permute_l=True), uniform(-1, 1, (4, 3)), id="permuted-tall"),
    row("lu", lambda m, a: m.lu(a, p_indices=True), uniform(-1, 1, (2, 3)), id="indices-wide"),
    row("lu", lambda m, a: m.lu(a), C, id="complex"),
    row("lu_factor", lambda m, a: m.lu_factor(a), SQUARE),
    row("lu_solve", lambda m, a, b: m.lu_solve(m.lu_factor(a), b), SQUARE, B),
    row("lu_solve", lambda m, a, b: m.lu_solve(m.lu_factor(a), b, 1), SQUARE, V, id="T"),
    row("lu_solve", lambda m, a, b: m.lu_solve(m.lu_factor(a), b, 2), C, C, id="adjoint"),
    row("solve", lambda m, a, b: m.solve(a, b), A, B),
    row("solve", lambda m, a, b: m.solve(a, b), regular(2, 3, 3), V, id="stack"),
    row("solve", lambda m, a, b: m.solve(a, b, transposed=True), A, V, id="T"),
    row("solve", lambda m, a, b: m.solve(h(a), b, assume_a="pos"), positive(3), B, id="pos"),
    row("solve", lambda m, a, b: m.solve(a + a.T, b, assume_a="sym", lower=True), AC, C, id="sym"),
    row("solve", lambda m, a, b: m.solve(h(a), b, assume_a="her"), AC, C, id="her"),
    row("solve", lambda m, a, b: m.solve(a, b), regular(3, 3, dtype=F32), V, id="f32-f64"),
    row("inv", lambda m, a: m.inv(a), A),
    row("inv", lambda m, a: m.inv(a), regular(2, 2, dtype=complex), id="complex"),
    row("det", lambda m, a: m.det(a), A),
    row("det", lambda m, a: m.det(a), integers(-3, 3, (2, 2)), id="integers", smooth=False),
]

STRUCTURED = [
    row(
        "solve_banded",
        lambda m, ab, b: m.solve_banded((2, 1), ab, b),
        band(2, 1, 4),
        V4,
    ),
    row(
        "solve_banded",
        lambda m, ab, b: m.solve_banded((1, 1), ab, b),
        band(1, 1, 3),
        B,
        id="tridiagonal",
    ),
    row(
        "solve_banded",
        lambda m, ab, b: m.solve_banded((0, 1), ab, b),
        band(0, 1, 2, dtype=complex),
        C,
        id="complex",
    ),
    row(
        "solve_banded",
        lambda m, ab, b: m.solve_banded((1, 1), ab, b),
        band(1, 1, 3, dtype=F32),
        uniform(-1, 1, (3,), F32),
        id="f32",
    ),
    row("solveh_banded", lambda m, ab, b: m.solveh_banded(ab, b), band(0, 2, 4), V4),
    row(
        "solveh_banded",
        lambda m, ab, b: m.solveh_banded(ab[::-1], b, lower=True),
        band(0, 1, 2, dtype=complex),
        C,
        id="lower-complex",
    ),
    row("toeplitz", lambda m, c, r: m.toeplitz(c, r), V, V4),
    row("toeplitz", lambda m, c: m.toeplitz(c), complex_uniform(-1, 1, (3,)), id="hermitian"),
    row("hankel", lambda m, c, r: m.hankel(c, r), V4, V),
    row("hankel", lambda m, c: m.hankel(c), V, id="of-a-column"),
    row("circulant", lambda m, c: m.circulant(c), V4),
    row("solve_toeplitz", lambda m, c, r, b: m.solve_toeplitz((c, r), b), column(3), V, B),
    row(
        "solve_toeplitz",
        lambda m, c, b: m.solve_toeplitz(c, b),
        column(3, complex),
        V,
        id="complex",
    ),
    row("matmul_toeplitz", lambda m, c, r, x: m.matmul_toeplitz((c, r), x), V4, V, B),
    row(
        "matmul_toeplitz",
        lambda m, c, x: m.matmul_toeplitz(c, x),
        complex_uniform(-1, 1, (3,)),
        V,
        id="complex",
    ),
    row("solve_circulant", lambda m, c, b: m.solve_circulant(c, b), column(3), B),
    row(
        "solve_circulant",
        lambda m, c, b: m.solve_circulant(c, b, "lstsq"),
        column(4, complex),
        V4,
        id="complex-lstsq",
    ),
    row("block_diag", lambda m, a, b, c: m.block_diag(a, b, c), B, V, uniform(-1, 1, (1, 1))),
    row("companion", lambda m, a: m.companion(a), uniform(1, 2, (4,))),
    row("khatri_rao", lambda m, a, b: m.khatri_rao(a, b), B, uniform(-1, 1, (4, 2))),
]

FUNCTIONS = [
    row("expm", lambda m, a: m.expm(a), SQUARE),
    row("expm", lambda m, a: m.expm(a), uniform(-1, 1, (2, 2, 2)), id="stack"),
    row("expm", lambda m, a: m.expm(a), uniform(-1, 1, (2, 2), F32), id="f32"),
    row("expm", lambda m, a: m.expm(a), C, id="complex"),
    row("expm", lambda m, a: m.expm(a), uniform(-1, 1, (0, 0)), id="empty"),
    row("logm", lambda m, a: m.logm(a), regular(2, 2)),
    row("logm", lambda m, a: m.logm(a), AC, id="complex"),
    row("sqrtm", lambda m, a: m.sqrtm(a), A),
    row("sqrtm", lambda m, a: m.sqrtm(a), AC, id="complex"),
    row("sqrtm", lambda m, a: m.sqrtm(a), regular(2, 2, dtype=F32), id="f32"),
    row("signm", lambda m, a: m.signm(a), spread_out(2, 2)),
    row("cosm", lambda m, a: m.cosm(a), SQUARE),
    row("sinm", lambda m, a: m.sinm(a), C, id="complex"),
    row("tanm", lambda m, a: m.tanm(a), SQUARE),
    row("coshm", lambda m, a: m.coshm(a), SQUARE),
    row("sinhm", lambda m, a: m.sinhm(a), SQUARE),
    row("tanhm", lambda m, a: m.tanhm(a), SQUARE),
    row("expm_frechet", lambda m, a, e: m.expm_frechet(a, e), SQUARE, SQUARE),
    row("fractional_matrix_power", lambda m, a: m.fractional_matrix_power(a, 0.3), positive(2)),
    row("fractional_matrix_power", lambda m, a: m.fractional_matrix_power(a, -2), A, id="whole"),
    row("solve_sylvester", lambda m, a, b, q: m.solve_sylvester(a, b, q), A, regular(2, 2), B),
    row("solve_sylvester", lambda m, a, b: m.solve_sylvester(a, b, a), AC, AC, id="complex"),
    row("solve_continuous_lyapunov", lambda m, a, q: m.solve_continuous_lyapunov(a, q), A, SQUARE),
    row(
        "solve_continuous_lyapunov",
        lambda m, a, q: m.solve_continuous_lyapunov(a, q),
        AC,
        C,
        id="complex",
    ),
    row("solve_discrete_lyapunov", lambda m, a, q: m.solve_discrete_lyapunov(a, q), A, SQUARE),
    row(
        "solve_discrete_lyapunov",
        lambda m, a, q: m.solve_discrete_lyapunov(a, q, "bilinear"),
        AC,
        C,
        id="bilinear-complex",
        without=ON_HOST,
    ),
]

DECOMPOSITIONS = [
    row("eigh", lambda m, a: (m.eigh(h(a))[0], abs(m.eigh(h(a))[1])), spread_out(3, 3)),
    row(
        "eigh",
        lambda m, a, b: (m.eigh(h(a), h(b))[0], abs(m.eigh(h(a), h(b))[1])),
        spread_out(3, 3),
        positive(3),
        id="two",
    ),
    row(
        "eigh",
        lambda m, a, b: m.eigh(h(a), h(b), type=3, lower=False, eigvals_only=True),
        spread_out(3, 3),
        positive(3),
        id="two-values",
    ),
    row("eigvalsh", lambda m, a: m.eigvalsh(h(a), subset_by_index=(1, 2)), spread_out(3, 3)),
    row("eig", lambda m, a: m.eig(a)[0], spread_out(2, 2)),
    row("eigvals", lambda m, a: m.eigvals(a), spread_out(2, 2)),
    row("eigvals", lambda m, a: m.eigvals(a), spread_out(2, 2, dtype=complex), id="complex"),
    row("schur", lambda m, a: [abs(x) for x in m.schur(a)], spread_out(3, 3)),
    row(
        "schur",
        lambda m, a: [abs(x) for x in m.schur(a, "complex")],
        spread_out(2, 2, dtype=complex),
        id="complex",
    ),
    row(
        "svd",
        lambda m, a: (m.svd(a)[1], abs(m.svd(a, full_matrices=False)[0])),
        uniform(-1, 1, (3, 2)),
    ),
    row("svdvals", lambda m, a: m.svdvals(a), uniform(-1, 1, (3, 2))),
    row("pinv", lambda m, a: m.pinv(a), uniform(-1, 1, (3, 2))),
    row("lstsq", lambda m, a, b: m.lstsq(a, b)[0], uniform(-1, 1, (4, 2)), V4),
    row("norm", lambda m, a: m.norm(a), SQUARE),
    row("norm", lambda m, a: m.norm(a, 2), SQUARE, id="spectral"),
    row("polar", lambda m, a: m.polar(a), A),
    row("polar", lambda m, a: m.polar(a), uniform(-1, 1, (2, 3)), id="wide"),
    row(
        "polar", lambda m, a: m.polar(a, "left"), complex_uniform(-1, 1, (3, 2)), id="left-complex"
    ),
    row("qr", lambda m, a: m.qr(a, mode="economic"), uniform(-1, 1, (3, 2))),
    row("qr", lambda m, a: m.qr(a, mode="r")[0], SQUARE, id="r"),
    row(
        "null_space",
        lambda m, a: (n := m.null_space(a)) @ n.T,
        uniform(-1, 1, (2, 4)),
        without=KNOWN,
    ),
    row(
        "orth",
        lambda m, a: (n := m.orth(a)) @ n.T.conj(),
        complex_uniform(-1, 1, (3, 2)),
        without=KNOWN,
    ),
]

ROWS = SYSTEMS + STRUCTURED + FUNCTIONS + DECOMPOSITIONS
