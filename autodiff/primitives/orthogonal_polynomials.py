"""The classical orthogonal polynomials of SciPy, `eval_legendre(n, x)` and its like.

Each derivative is a polynomial of one degree less (DLMF 18.9), with nothing to divide by at the
ends of the interval. The degree and the other parameters are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.arithmetic import convert, select, sub
from autodiff.primitives.comparison import equal, less, logical_or
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.parameters import fixed, raised, with_parameters
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = [
    "eval_chebyt", "eval_chebyu", "eval_gegenbauer", "eval_genlaguerre", "eval_hermite",
    "eval_hermitenorm", "eval_jacobi", "eval_laguerre", "eval_legendre",
]  # fmt: skip


def _polynomial(name: str, slope: Callable[..., Any], *others: str, kinds: str = "fc") -> Primitive:
    """A polynomial whose derivative is `slope(degree - 1, *others, x)`, or 0 if it is constant."""

    def derivative(y: Any, n: Any, *xs: Any) -> Any:
        lowered = slope(raised(n, -1), *xs)
        return select(equal(n, scalar(n, 0)), scalar(y, 0), lowered)

    partials = [fixed(name, parameter) for parameter in ("the degree", *others)]
    return special(name, [*partials, derivative], types=with_parameters(name, kinds))


def _of_any_degree(name: str, slope: Callable[..., Any], top: int) -> Primitive:
    """The same for one that SciPy has for degrees below 0, too, where it is that of `top - n`.

    Chebyshev's of the second kind changes its sign, and is 0 halfway (degree -1).
    """

    def derivative(y: Any, n: Any, x: Any) -> Any:
        mirrored = less(n, scalar(n, 0))
        m = select(mirrored, sub(scalar(n, top), n), n)
        lowered = slope(raised(m, -1), x)
        if top == -2:
            lowered = select(mirrored, neg(lowered), lowered)
        constant = logical_or(equal(m, scalar(m, 0)), equal(m, scalar(m, -1)))
        return select(constant, scalar(y, 0), lowered)

    return special(name, [fixed(name, "the degree"), derivative], types=with_parameters(name, "fc"))


def _times(factor: Any, f: Any) -> Any:
    """A real factor times a function that may be complex."""
    return mul(convert(factor, dtype=f.dtype), f)


def _like(x: Any, value: float) -> Any:
    """A real parameter in the precision of the argument."""
    return scalar(x, value).real


def _gegenbauer(n: Any, alpha: Any, x: Any) -> Any:
    return _times(mul(scalar(alpha, 2), alpha), eval_gegenbauer(n, raised(alpha, 1), x))


def _jacobi(n: Any, alpha: Any, beta: Any, x: Any) -> Any:
    degree = convert(n, dtype=alpha.dtype)
    factor = mul(add(raised(degree, 2), add(alpha, beta)), scalar(alpha, 0.5))
    return _times(factor, eval_jacobi(n, raised(alpha, 1), raised(beta, 1), x))


eval_gegenbauer: Primitive = _polynomial("eval_gegenbauer", _gegenbauer, "alpha")
eval_jacobi: Primitive = _polynomial("eval_jacobi", _jacobi, "alpha", "beta")
eval_legendre = _of_any_degree(
    "eval_legendre", lambda n, x: _gegenbauer(n, _like(x, 0.5), x), top=-1
)
eval_chebyu = _of_any_degree("eval_chebyu", lambda n, x: _gegenbauer(n, _like(x, 1), x), top=-2)
eval_chebyt = _of_any_degree(
    "eval_chebyt", lambda n, x: _times(raised(n, 1), eval_chebyu(n, x)), top=0
)
eval_genlaguerre: Primitive = _polynomial(
    "eval_genlaguerre",
    lambda n, alpha, x: _times(scalar(alpha, -1), eval_genlaguerre(n, raised(alpha, 1), x)),
    "alpha",
)
eval_laguerre = _polynomial(
    "eval_laguerre",
    lambda n, x: _times(_like(x, -1), eval_genlaguerre(n, _like(x, 1), x)),
)
eval_hermite: Primitive = _polynomial(
    "eval_hermite",
    lambda n, x: _times(mul(raised(n, 1), scalar(n, 2)), eval_hermite(n, x)),
    kinds="f",
)
eval_hermitenorm: Primitive = _polynomial(
    "eval_hermitenorm", lambda n, x: _times(raised(n, 1), eval_hermitenorm(n, x)), kinds="f"
)
