"""`scipy.linalg`: functions of matrices, and matrix equations.

Their derivatives are exact, to any order, and also where eigenvalues coincide.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to
from autodiff.primitives import matrix_functions as primitives
from autodiff.primitives.dense_systems import dense_solve
from autodiff.primitives.matrices import adjoint, identity
from autodiff.primitives.matrix_equations import sylvester
from autodiff.scipy.forms import traced_form
from autodiff.scipy.lapack import check_square, operands, refuse, square

__all__ = [
    "coshm", "cosm", "expm", "expm_frechet", "fractional_matrix_power", "logm", "signm", "sinhm",
    "sinm", "solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_lyapunov",
    "solve_sylvester", "sqrtm", "tanhm", "tanm",
]  # fmt: skip

_DIRECT = 10  # unknowns below which SciPy writes a discrete Lyapunov equation as one large system


def _matrix(name: str, a: Any, double: bool = False) -> Any:
    return square(name, a, small=False, double=double)


# ---- exponential and logarithm


@traced_form("linalg")
def expm(A: Any) -> Any:
    """`scipy.linalg.expm`: the exponential of a matrix, or of each of a stack."""
    return primitives.expm(_matrix("expm", A))


@traced_form("linalg")
def logm(A: Any, disp: Any = True) -> Any:
    """`scipy.linalg.logm`; of a real matrix without a real logarithm, an error that says so."""
    _only_results("logm", disp)
    return primitives.logm(_matrix("logm", A, double=True))


@traced_form("linalg")
def sqrtm(A: Any, disp: Any = True, blocksize: Any = 64) -> Any:
    """`scipy.linalg.sqrtm`; of a real matrix without a real root, an error that says so."""
    _only_results("sqrtm", disp)
    return primitives.sqrtm(_matrix("sqrtm", A))


@traced_form("linalg")
def signm(A: Any, disp: Any = True) -> Any:
    """`scipy.linalg.signm`, as A (A²)^(-1/2)."""
    _only_results("signm", disp)
    a = _matrix("signm", A)
    return np.linalg.solve(primitives.sqrtm(a @ a), a)


def _only_results(name: str, disp: Any) -> None:
    if disp is False:
        raise refuse(name, "disp=False", f"`{name}(a)`")


@traced_form("linalg")
def expm_frechet(
    A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True
) -> Any:
    """`scipy.linalg.expm_frechet`: the derivative of `expm` at A in the direction E."""
    if method not in (None, "SPS", "blockEnlarge"):
        raise ValueError(f"Unknown implementation {method}{here()}")
    a, e = operands(A, E, small=False, double=True, finite=check_finite)
    check_square("expm_frechet", a, e)
    if a.shape != e.shape:
        raise ValueError(f"expected A and E to be the same shape{here()}")
    along = primitives.frechet(a, e, function="expm")
    return (primitives.expm(a), along) if compute_expm else along


@traced_form("linalg")
def fractional_matrix_power(A: Any, t: Any) -> Any:
    """`scipy.linalg.fractional_matrix_power`, as exp(t log A); the power may be traced."""
    (a,) = traced_operands(A)
    check_square("fractional_matrix_power", a)
    try:
        return np.linalg.matrix_power(a, operator.index(t))
    except TypeError:
        pass
    if isinstance(t, float) and t.is_integer():
        return np.linalg.matrix_power(a, int(t))
    return primitives.expm(t * primitives.logm(_matrix("fractional_matrix_power", a, double=True)))


# ---- sines and cosines


def _waves(name: str, A: Any) -> tuple[Any, Any]:
    """Cosine and sine of a matrix."""
    a = _matrix(name, A)
    if a.dtype.kind == "c":
        ahead, back = primitives.expm(1j * a), primitives.expm(-1j * a)
        return 0.5 * (ahead + back), -0.5j * (ahead - back)
    both = primitives.expm(1j * a)
    return both.real, both.imag


def _growths(name: str, A: Any) -> tuple[Any, Any]:
    """Hyperbolic cosine and sine of a matrix."""
    a = _matrix(name, A)
    ahead, back = primitives.expm(a), primitives.expm(-a)
    return 0.5 * (ahead + back), 0.5 * (ahead - back)


@traced_form("linalg")
def cosm(A: Any) -> Any:
    """`scipy.linalg.cosm`."""
    return _waves("cosm", A)[0]


@traced_form("linalg")
def sinm(A: Any) -> Any:
    """`scipy.linalg.sinm`."""
    return _waves("sinm", A)[1]


@traced_form("linalg")
def tanm(A: Any) -> Any:
    """`scipy.linalg.tanm`."""
    return dense_solve(*_waves("tanm", A), strict=True)


@traced_form("linalg")
def coshm(A: Any) -> Any:
    """`scipy.linalg.coshm`."""
    return _growths("coshm", A)[0]


@traced_form("linalg")
def sinhm(A: Any) -> Any:
    """`scipy.linalg.sinhm`."""
    return _growths("sinhm", A)[1]


@traced_form("linalg")
def tanhm(A: Any) -> Any:
    """`scipy.linalg.tanhm`."""
    return dense_solve(*_growths("tanhm", A), strict=True)


# ---- matrix equations


def _stacked(*matrices: Any) -> list[Any]:
    """The matrices with common leading axes."""
    lead = broadcast_shapes(*[a.shape[:-2] for a in matrices])
    return [broadcast_to(a, (*lead, *a.shape[-2:])) for a in matrices]


@traced_form("linalg")
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """`scipy.linalg.solve_sylvester`: A X + X B = Q."""
    a, b, q = operands(a, b, q, small=False)
    check_square("solve_sylvester", a, b)
    return sylvester(*_stacked(a, b, q))


@traced_form("linalg")
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """`scipy.linalg.solve_continuous_lyapunov`: A X + X Aᴴ = Q."""
    a, q = operands(a, q, small=False)
    check_square("solve_continuous_lyapunov", a, q)
    a, q = _stacked(a, q)
    return sylvester(a, adjoint(a), q)


solve_lyapunov = solve_continuous_lyapunov


@traced_form("linalg")
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """`scipy.linalg.solve_discrete_lyapunov`: A X Aᴴ - X + Q = 0."""
    a, q = operands(a, q, small=False, double=True)
    check_square("solve_discrete_lyapunov", a, q)
    n = a.shape[-1]
    chosen = method.lower() if method else "direct" if n < _DIRECT else "bilinear"
    if chosen not in ("direct", "bilinear"):
        raise ValueError(f"Unknown solver {method}{here()}")
    a, q = _stacked(a, q)
    one = identity(a)
    if chosen == "bilinear":
        back = dense_solve(adjoint(a) + one, identity(a), strict=True)
        b = (adjoint(a) - one) @ back
        right = 2 * (adjoint(back) @ q @ back)
        return sylvester(adjoint(b), b, -right)
    pairs = a[..., :, None, :, None] * np.conjugate(a)[..., None, :, None, :]
    flat = pairs.reshape(*a.shape[:-2], n * n, n * n)
    x = dense_solve(identity(flat) - flat, q.reshape(*q.shape[:-2], n * n, 1), strict=True)
    return x.reshape(q.shape)
