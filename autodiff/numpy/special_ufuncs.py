"""The ufuncs that are not simply one elementwise primitive.

Powers with a known exponent become products, ufuncs with two results become two primitives, a
comparison may be with a number that no element can have, and a few are another primitive in
disguise, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.ir.types import type_of
from autodiff.numpy.arguments import constant
from autodiff.numpy.promotion import Kind, as_operand, convert, kind_of
from autodiff.numpy.ufuncs import Binary, Elementwise, Unary
from autodiff.numpy.views import fresh
from autodiff.primitives import comparison
from autodiff.primitives.arithmetic import positive as positive_primitive
from autodiff.primitives.arithmetic import square
from autodiff.primitives.complexes import complex_sign
from autodiff.primitives.complexes import conj as conj_primitive
from autodiff.primitives.piecewise import abs_, clip
from autodiff.primitives.piecewise import sign as sign_primitive
from autodiff.primitives.powers import integer_power, sqrt
from autodiff.primitives.powers import power as power_primitive
from autodiff.primitives.record import Primitive
from autodiff.primitives.rounding import exponent, fraction, mantissa, trunc
from autodiff.primitives.trigonometric import deg2rad, rad2deg
from autodiff.tracing.calls import remembered_call
from autodiff.tracing.tracer import UFUNCS as TRACED
from autodiff.tracing.tracer import Tracer

__all__ = ["METHODS", "UFUNCS", "as_ufunc", "clip_ufunc"]


def as_ufunc(primitive: Primitive, ufunc: Any) -> Elementwise:
    """A primitive under the name, and with the loops, of a ufunc that it was not declared for."""
    form = {1: Unary, 2: Binary}.get(ufunc.nin, Elementwise)
    traced: Elementwise = form(primitive)
    traced.ufunc = ufunc
    return traced


# NumPy's `clip` of three operands is a ufunc, which has no public name but the one its errors show.
clip_ufunc: Any = np._core.umath.clip  # type: ignore[attr-defined]

# ---- powers

_any_power = as_ufunc(power_primitive, np.power)
_KNOWN = frozenset(
    {int, float, bool, *np.sctypeDict.values()} - {np.complex64, np.complex128, np.clongdouble}
)
_LARGEST_INTEGER = 1024


@lru_cache(4096, typed=True)
def _power_plan(base: Kind, p: Any) -> tuple[np.dtype[Any], int | float | None, Kind]:
    """The dtype of base**p; p if it is whole or 1/2, else None; how the result promotes."""
    plan = _any_power.plan((base, type(p) if type(p) in (int, float, bool) else type_of(p)))
    dtype = plan.dtypes[0]
    if base is int and type(p) is int and p < 0:  # Python's integers, unlike NumPy's
        return np.dtype(float), p, float
    if dtype.kind in "iu":
        dtype.type(p)  # raises OverflowError, as NumPy does
    if p == 0.5 and dtype.kind in "fc":
        return dtype, 0.5, plan.kind
    whole = float(p).is_integer() and abs(p) <= _LARGEST_INTEGER
    return dtype, int(p) if whole else None, plan.kind


def power(x: Any, p: Any, /) -> Any:
    """`np.power`; a whole exponent that is known, and a square root, are not left to `pow`."""
    if type(x) is not Tracer or type(p) not in _KNOWN:
        return _any_power(x, p)
    dtype, n, kind = _power_plan(x.kind, p)
    if n is None:
        return _any_power(x, p)
    x = convert(x, dtype)
    if n == 2:
        result = square(x)
    elif n == 1:
        result = fresh(x)
    else:
        result = sqrt(x) if n == 0.5 else integer_power(x, n=n)
    result.kind = kind
    return result


def power_operator(x: Tracer, p: Any, /) -> Any:
    """`x ** p`; unlike `np.power`, NumPy's operator squares truth values as int8."""
    if type(p) is int and p == 2 and x.kind is x.type and x.dtype.kind == "b":
        return np.square(x)
    return remembered_call(x, np.power, power, (x, p))


_float_power = as_ufunc(power_primitive, np.float_power)


def float_power(x: Any, p: Any, /) -> Any:
    """`np.float_power`: in double precision at least."""
    x, p = as_operand(x), as_operand(p)
    dtypes = _float_power.plan((kind_of(x), kind_of(p))).dtypes
    return power(*[convert(v, d) for v, d in zip((x, p), dtypes, strict=True)])


# ---- two results


def _pair(ufunc: Any, first: Primitive, second: Primitive) -> Callable[[Any], tuple[Any, Any]]:
    parts = as_ufunc(first, ufunc), as_ufunc(second, ufunc)

    def traced(x: Any, /) -> tuple[Any, Any]:
        return parts[0](x), parts[1](x)

    return traced


def divmod_(x: Any, y: Any, /) -> tuple[Any, Any]:
    """`np.divmod`."""
    return TRACED[np.floor_divide](x, y), TRACED[np.remainder](x, y)


# ---- comparisons

_COMPARISONS = (
    comparison.equal, comparison.not_equal, comparison.less, comparison.less_equal,
    comparison.greater, comparison.greater_equal,
)  # fmt: skip


class Comparison(Binary):
    """A comparison, which NumPy also makes with Python integers that lie beyond the dtype.

    Nothing equals None or a text, so that `x == None` and `x in (None, "auto")` have an answer.
    """

    __slots__ = ()

    def __call__(self, x: Any, y: Any) -> Any:
        """Record the comparison; of plain values, compute it."""
        if self.ufunc in (np.equal, np.not_equal):
            for array, other in ((x, y), (y, x)):
                if type(array) is Tracer and (other is None or isinstance(other, str)):
                    return constant(array._builder, self.ufunc is np.not_equal, array.shape)
        try:
            return super().__call__(x, y)
        except OverflowError:  # the answer is the same for every element
            array = x if type(x) is Tracer else y
            sample = np.zeros((), array.dtype)
            answer = self.ufunc(sample, y) if array is x else self.ufunc(x, sample)
            return constant(array._builder, bool(answer), array.shape)


# ---- what depends on whether the operand is complex

_plus = as_ufunc(positive_primitive, np.positive)
_conjugate = as_ufunc(conj_primitive, np.conjugate)
_sign = as_ufunc(sign_primitive, np.sign)
_complex_sign = as_ufunc(complex_sign, np.sign)


def positive(x: Any, /) -> Any:
    """`np.positive`: the same values, under a handle of their own."""
    if type(x) is not Tracer or x.dtype.kind == "b":
        return _plus(x)
    result = fresh(x)
    result.kind = x.kind
    return result


def conjugate(x: Any, /) -> Any:
    """`np.conjugate`; of real numbers, the numbers."""
    return fresh(x) if type(x) is Tracer and x.dtype.kind in "iuf" else _conjugate(x)


def sign(x: Any, /) -> Any:
    """`np.sign`; of a complex number, its direction."""
    return (_complex_sign if type(x) is Tracer and x.dtype.kind == "c" else _sign)(x)


METHODS = {"__pow__": power_operator}
UFUNCS: dict[Any, Callable[..., Any]] = {
    **{p.ufunc: Comparison(p) for p in _COMPARISONS},
    np.power: power,
    np.float_power: float_power,
    np.divmod: divmod_,
    np.modf: _pair(np.modf, fraction, trunc),
    np.frexp: _pair(np.frexp, mantissa, exponent),
    np.positive: positive,
    np.conjugate: conjugate,
    np.sign: sign,
    np.fabs: as_ufunc(abs_, np.fabs),
    np.degrees: as_ufunc(rad2deg, np.degrees),
    np.radians: as_ufunc(deg2rad, np.radians),
    clip_ufunc: as_ufunc(clip, clip_ufunc),
}
