"""`scipy.linalg` on traced arrays: the same names and arguments, and on plain arrays SciPy itself.

| module | what it has |
|---|---|
| `linear_systems` | systems, triangular systems, Cholesky and LU factorisations, determinants |
| `structured` | banded, Toeplitz and circulant systems; matrices made of vectors and blocks |
| `matrix_functions` | exponentials, logarithms, roots, sines; Sylvester and Lyapunov equations |
| `decompositions` | eigenvalues, singular values, Schur, polar, QR; bases, least squares |

Options that only concern memory mean nothing here. Parts of a matrix that SciPy does not read (the
other triangle of a triangular one, the corners of a band) have zero derivatives. But a matrix that
is said to be Hermitian or symmetric is so for derivatives, too, as in `autodiff.numpy.matrices`.
"""

from __future__ import annotations

from autodiff.scipy.decompositions import (
    eig,
    eigh,
    eigvals,
    eigvalsh,
    lstsq,
    norm,
    null_space,
    orth,
    pinv,
    polar,
    qr,
    schur,
    svd,
    svdvals,
)
from autodiff.scipy.forms import own_of_scipy
from autodiff.scipy.linear_systems import (
    cho_factor,
    cho_solve,
    cholesky,
    det,
    inv,
    lu,
    lu_factor,
    lu_solve,
    solve,
    solve_triangular,
)
from autodiff.scipy.matrix_functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    fractional_matrix_power,
    logm,
    signm,
    sinhm,
    sinm,
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_lyapunov,
    solve_sylvester,
    sqrtm,
    tanhm,
    tanm,
)
from autodiff.scipy.structured import (
    block_diag,
    circulant,
    companion,
    hankel,
    khatri_rao,
    matmul_toeplitz,
    solve_banded,
    solve_circulant,
    solve_toeplitz,
    solveh_banded,
    toeplitz,
)

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "companion", "coshm", "cosm",
    "det", "eig", "eigh", "eigvals", "eigvalsh", "expm", "expm_frechet", "fractional_matrix_power",
    "hankel", "inv", "khatri_rao", "logm", "lstsq", "lu", "lu_factor", "lu_solve",
    "matmul_toeplitz", "norm", "null_space", "orth", "pinv", "polar", "qr", "schur", "signm",
    "sinhm", "sinm", "solve", "solve_banded", "solve_circulant", "solve_continuous_lyapunov",
    "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester", "solve_toeplitz",
    "solve_triangular", "solveh_banded", "sqrtm", "svd", "svdvals", "tanhm", "tanm", "toeplitz",
]  # fmt: skip

__getattr__ = own_of_scipy("linalg")
