"""What the functions of `autodiff.scipy.linalg` do with their arguments: dtypes, shapes, triangles.

Options that only concern memory (`overwrite_a`, `lwork`) mean nothing for traced arrays.
`check_finite` does, and is the default as it is in SciPy: what it finds is known when the program
runs, and is SciPy's error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.control.require import require
from autodiff.errors import UnsupportedFunctionError
from autodiff.ir.source import here
from autodiff.numpy.arguments import traced_operands
from autodiff.numpy.promotion import broadcast_shapes, broadcast_to, convert
from autodiff.primitives.algebra import add
from autodiff.primitives.cholesky import hermitian
from autodiff.primitives.complexes import complex_, real
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.matrices import adjoint, transposed, triangle

__all__ = [
    "Systems", "check_square", "finite_only", "from_triangle", "lapack_dtype", "operands", "refuse",
    "square",
]  # fmt: skip

_SMALL = "?bBhHe"  # what SciPy computes with in single precision, in most functions


def lapack_dtype(*dtypes: np.dtype[Any], small: bool = True) -> np.dtype[Any]:
    """The dtype in which SciPy computes; `small`: of small integers in single precision."""
    single = _SMALL if small else "e"
    known = [
        np.dtype("f") if d.char in single
        else d if d.char in "fdFD"
        else np.dtype("D" if d.kind == "c" else "d")
        for d in dtypes
    ]  # fmt: skip
    return np.result_type(*known)


def operands(*xs: Any, small: bool = True, double: bool = False, finite: bool = False) -> list[Any]:
    """Tracers of the dtype in which SciPy computes (with `double`: in double precision always).

    With `finite`, it is an error if they turn out not to be.
    """
    given = traced_operands(*xs)
    dtype = lapack_dtype(*[x.dtype for x in given], small=small)
    if double:
        dtype = np.result_type(dtype, np.float64)
    checked = [finite_only(x) if finite else x for x in given]
    return [convert(x, dtype) for x in checked]


def finite_only(x: Any) -> Any:
    """`x`, or SciPy's error if it has elements that are not finite, once that is known."""
    if x.dtype.kind not in "fc":
        return x
    message = f"array must not contain infs or NaNs{here()}"
    return require(x, np.isfinite(x).all(), message=message, error="ValueError")


def check_square(name: str, *matrices: Any) -> None:
    """Raise SciPy's error unless these are square matrices, or stacks of them."""
    for a in matrices:
        if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
            raise ValueError(
                f"scipy.linalg.{name}: expected a square matrix, or a stack of them, not an array "
                f"of shape {a.shape}{here()}"
            )


def square(
    name: str, a: Any, small: bool = True, double: bool = False, finite: bool = False
) -> Any:
    """A stack of square matrices as a tracer."""
    (x,) = operands(a, small=small, double=double, finite=finite)
    check_square(name, x)
    return x


class Systems:
    """Matrices and right-hand sides with common leading axes; `b` may have been one vector."""

    def __init__(self, name: str, a: Any, b: Any) -> None:
        self.vector = b.ndim == 1
        b = b[:, None] if self.vector else b
        if b.ndim == 0 or b.shape[-2] != a.shape[-1]:
            shape = b.shape[:1] if self.vector else b.shape
            raise ValueError(
                f"scipy.linalg.{name}: shapes of a {a.shape} and b {shape} are incompatible{here()}"
            )
        lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
        self.a = broadcast_to(a, (*lead, *a.shape[-2:]))
        self.b = broadcast_to(b, (*lead, *b.shape[-2:]))

    def shaped(self, x: Any) -> Any:
        """The solution, in the shape of the right-hand sides that were given."""
        return x[..., 0] if self.vector else x


def from_triangle(a: Any, lower: bool, conjugated: bool = True) -> Any:
    """The Hermitian (or symmetric) matrix with this triangle of `a`; derivatives by it are, too."""
    a = hermitian(a, conjugated=conjugated)
    strict = triangle(a, lower=lower, k=-1 if lower else 1)
    diagonal = triangle(triangle(a, lower=True, k=0), lower=False, k=0)
    if conjugated and a.dtype.kind == "c":
        diagonal = complex_(real(diagonal), scalar(real(diagonal), 0))
    return add(add(strict, diagonal), adjoint(strict) if conjugated else transposed(strict))


def refuse(name: str, option: str, instead: str) -> UnsupportedFunctionError:
    """The error for an option without a traced form."""
    return UnsupportedFunctionError(
        f"scipy.linalg.{name} with {option} has no traced form.{here()}\nWrite instead: {instead}"
    )
