"""Rows for eigenvalues, singular values, least squares and pseudo-inverses.

Of complex eigenvectors and singular vectors, and of the rest of a basis, only what does not depend
on the choice of the basis is asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.primitives.spec import Maker, complex_uniform, integers, uniform
from tests.primitives.specs_spectral import spread_out
from tests.surface.row import Row

A, STACK = spread_out(3, 3), spread_out(2, 3, 3)
C = spread_out(3, 3, dtype=complex)
SINGLE, C64 = spread_out(2, 2, dtype=np.float32), spread_out(2, 2, dtype=np.complex64)
TALL, WIDE = spread_out(4, 2), spread_out(2, 3)
UNTYPED = {
    "jit": "real where all eigenvalues are, which depends on values; complex under jit",
    "vmap": "real where all eigenvalues are, which depends on values; complex under vmap",
}


def turning(*shape: int) -> Maker:
    """Real matrices with a pair of complex eigenvalues, whose eigenvectors have no two elements
    of equal size.
    """

    def make(rng: np.random.Generator) -> Any:
        fixed = np.array([[0.3, 2.0, 0.0], [-1.0, 0.2, 0.5], [0.3, 0.1, 2.0]])
        return rng.uniform(-0.1, 0.1, shape) + fixed

    return make


def row(function: str, call: Any, *makers: Maker, id: str = "", **options: Any) -> Row:
    return Row(f"numpy.linalg.{function}", call, makers, id=id, **options)


def projectors(v: Any) -> Any:
    """The projector on each eigenvector, whatever its phase."""
    return v[..., :, None, :] * np.conj(v)[..., None, :, :]


def of_hermitian(function: Any, *args: Any, **options: Any) -> Any:
    """The function of a matrix that is Hermitian, and stays so: derivatives are by such ones."""
    return lambda a: function(a + np.conj(np.swapaxes(a, -1, -2)), *args, **options)


HERMITIAN = [
    row("eigh", of_hermitian(np.linalg.eigh), A),
    row("eigh", of_hermitian(np.linalg.eigh, UPLO="U"), A, id="upper"),
    row("eigh", of_hermitian(np.linalg.eigh), STACK, id="stack"),
    row("eigh", of_hermitian(np.linalg.eigh), SINGLE, id="f32"),
    row("eigh", np.linalg.eigh, integers(-3, 4, (3, 3)), id="integers", smooth=False),
    row("eigh", np.linalg.eigh, spread_out(0, 0), id="empty"),
    row("eigvalsh", of_hermitian(np.linalg.eigvalsh), A),
    row("eigvalsh", of_hermitian(np.linalg.eigvalsh, "U"), C, id="complex-upper"),
    row("eigvalsh", of_hermitian(np.linalg.eigvalsh), C64, id="c64"),
] + [
    row(
        "eigh",
        lambda a, k=k: projectors(of_hermitian(np.linalg.eigh, k)(a)[1]),
        C,
        id=f"complex-{k}",
    )
    for k in "LU"
]  # fmt: skip

GENERAL = [
    row("eig", np.linalg.eig, A, without=UNTYPED),
    row("eig", np.linalg.eig, C, id="complex"),
    row("eig", np.linalg.eig, turning(3, 3), id="pairs"),
    row("eig", np.linalg.eig, spread_out(2, 2, 2, dtype=complex), id="stack"),
    row("eig", np.linalg.eig, C64, id="c64"),
    row("eigvals", np.linalg.eigvals, A, without=UNTYPED),
    row("eigvals", np.linalg.eigvals, turning(3, 3), id="pairs"),
    row("eigvals", np.linalg.eigvals, spread_out(2, 2, 2, dtype=complex), id="complex"),
]


def svd(**options: Any) -> Any:
    return lambda a: np.linalg.svd(a, **options)


def reconstructed(a: Any, **options: Any) -> Any:
    """What of singular vectors is determined, though they are complex."""
    u, s, vh = np.linalg.svd(a, **options)
    n = s.shape[-1]
    rest = projectors(u[..., n:]).sum(-1), projectors(np.conj(vh[n:].T)).sum(-1)
    return s, projectors(u[..., :n]), u[..., :n] @ vh[:n], *rest


SINGULAR = [
    row("svd", svd(full_matrices=full), maker, id=f"{id}{'-full' * full}")
    for full in (False, True)
    for id, maker in [
        ("square", A), ("tall", spread_out(3, 2)), ("wide", WIDE), ("f32", SINGLE),
        ("stack", spread_out(2, 2, 3)), ("no-rows", spread_out(0, 1)),
    ]
] + [
    row("svd", lambda a, full=full: reconstructed(a, full_matrices=full), maker, id=id + name)
    for full, name in [(False, ""), (True, "-full")]
    for id, maker in [
        ("complex-square", spread_out(2, 2, dtype=complex)),
        ("complex-tall", spread_out(4, 2, dtype=complex)),
        ("complex-wide", spread_out(2, 4, dtype=complex)),
    ]
] + [
    row("svd", reconstructed, TALL, id="null-space"),
    row("svd", svd(compute_uv=False), TALL, id="values"),
    row(
        "svd",
        of_hermitian(svd(hermitian=True)),
        lambda rng: STACK(rng) * [-1.0, 1, 1],
        id="hermitian",
    ),
    row("svd", of_hermitian(svd(hermitian=True, compute_uv=False)), C, id="hermitian-values"),
    row("svd", svd(), integers(-3, 4, (2, 2)), id="integers", smooth=False),
    row("svdvals", np.linalg.svdvals, WIDE),
    row("svdvals", np.linalg.svdvals, spread_out(2, 3, 2, dtype=complex), id="complex"),
    row("svdvals", np.linalg.svdvals, C64, id="c64"),
    row("svdvals", np.linalg.svdvals, spread_out(3, 0), id="empty"),
]  # fmt: skip

RANKS = [
    row("matrix_rank", np.linalg.matrix_rank, STACK, smooth=False),
    row("matrix_rank", lambda a: np.linalg.matrix_rank(a, tol=2.0), STACK, id="tol", smooth=False),
    row(
        "matrix_rank", lambda a: np.linalg.matrix_rank(a, rtol=[0.1, 0.9]), STACK,
        id="rtol", smooth=False,
    ),
    row(
        "matrix_rank", lambda a: np.linalg.matrix_rank(a, hermitian=True), C,
        id="hermitian", smooth=False,
    ),
    row("matrix_rank", np.linalg.matrix_rank, uniform(0, 1, (3,)), id="vector", smooth=False),
]  # fmt: skip

INVERSES = [
    row("pinv", np.linalg.pinv, TALL),
    row("pinv", np.linalg.pinv, spread_out(2, 2, 3), id="stack"),
    row("pinv", np.linalg.pinv, spread_out(2, 3, dtype=complex), id="complex"),
    row("pinv", of_hermitian(np.linalg.pinv, hermitian=True), C, id="hermitian"),
    row("pinv", lambda a: np.linalg.pinv(a, rcond=[1e-12, 1e-3]), STACK, id="rcond"),
    row("pinv", lambda a: np.linalg.pinv(a, rtol=None), SINGLE, id="rtol"),
    row("pinv", lambda a: np.linalg.pinv(a, rcond=0.5), TALL, id="cut-off"),
    row("pinv", np.linalg.pinv, spread_out(0, 3), id="empty"),
    row("lstsq", np.linalg.lstsq, TALL, uniform(-1, 1, (4,))),
    row("lstsq", np.linalg.lstsq, TALL, uniform(-1, 1, (4, 3)), id="columns"),
    row("lstsq", np.linalg.lstsq, WIDE, uniform(-1, 1, (2,)), id="underdetermined"),
    row(
        "lstsq", lambda a, b: np.linalg.lstsq(a, b, rcond=1e-3), spread_out(3, 2, dtype=complex),
        complex_uniform(-1, 1, (3,)), id="complex",
    ),
    row("lstsq", np.linalg.lstsq, SINGLE, uniform(-1, 1, (2,), np.float32), id="f32"),
    row(
        "lstsq", np.linalg.lstsq, spread_out(3, 2, dtype=np.float32), uniform(-1, 1, (3,)),
        id="mixed",
    ),
]  # fmt: skip

ROWS = [*HERMITIAN, *GENERAL, *SINGULAR, *RANKS, *INVERSES]
