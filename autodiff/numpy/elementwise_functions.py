"""Functions that work element by element but are no ufuncs: parts of numbers, rounding, tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import EscapeError
from autodiff.numpy.arguments import apply, check_layout, deliver, operand, operands, static_int
from autodiff.numpy.promotion import broadcast_shapes, convert, result_dtype
from autodiff.numpy.selection import where
from autodiff.numpy.views import fresh, make_view
from autodiff.primitives import complexes
from autodiff.primitives.sinc import sinc as sinc_primitive
from autodiff.tracing.tracer import Tracer

__all__ = ["FUNCTIONS", "astype", "imag", "real", "round_"]


# ---- parts of complex numbers


def real(val: Any) -> Any:
    """`np.real`: a view."""
    x = operand(val)
    if x.dtype.kind != "c":
        return x
    return make_view(x, complexes.real(x), lambda z, v: complexes.complex_(v, complexes.imag(z)))


def imag(val: Any) -> Any:
    """`np.imag`: a view; of real numbers, zeros."""
    x = operand(val)
    if x.dtype.kind != "c":
        return np.zeros_like(x)
    return make_view(x, complexes.imag(x), lambda z, v: complexes.complex_(complexes.real(z), v))


def angle(z: Any, deg: bool = False) -> Any:
    """`np.angle`."""
    x = operand(z)
    result = np.arctan2(imag(x), real(x)) if x.dtype.kind == "c" else np.arctan2(0, x)
    return result * (180 / math.pi) if deg else result


def real_if_close(a: Any, tol: Any = 100) -> Any:
    """`np.real_if_close`; whether it is close must be known while tracing."""
    x = operand(a)
    if x.dtype.kind != "c":
        return x
    if tol > 1:
        tol = tol * np.finfo(x.dtype).eps
    return real(x) if bool(np.all(np.abs(imag(x)) < tol)) else x


def iscomplex(x: Any) -> Any:
    """`np.iscomplex`: which elements have an imaginary part."""
    return imag(x) != 0


def isreal(x: Any) -> Any:
    """`np.isreal`: which elements have no imaginary part."""
    return imag(x) == 0


# ---- rounding


def round_(a: Any, decimals: Any = 0, out: Any = None) -> Any:
    """`np.round`; its derivative is zero."""
    return deliver("round", _rounded(operand(a), static_int(decimals, "np.round: decimals")), out)


def _rounded(x: Any, decimals: int) -> Any:
    kind = x.dtype.kind
    if kind == "b":
        if decimals:
            raise TypeError("np.round of truth values takes no decimals")
        return convert(x, np.float16)
    if kind in "iu":
        return (
            fresh(x) if decimals >= 0 else convert(_rounded(convert(x, float), decimals), x.dtype)
        )
    if kind == "c":
        return complexes.complex_(_rounded(real(x), decimals), _rounded(imag(x), decimals))
    if decimals == 0:
        return np.rint(x)
    scale = 10.0 ** abs(decimals)
    return np.rint(x * scale) / scale if decimals > 0 else np.rint(x / scale) * scale


def fix(x: Any, out: Any = None) -> Any:
    """`np.fix`: rounded towards zero."""
    return deliver("fix", np.trunc(operand(x)), out)


def sinc(x: Any) -> Any:
    """`np.sinc`."""
    x = operand(x)
    return sinc_primitive(convert(x, float) if x.dtype.kind in "biu" else x)


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """`np.unwrap`: jumps beyond half a period are taken back."""
    x = np.moveaxis(operand(p), axis, -1)
    x = convert(x, np.result_type(x.dtype, period))
    whole = x.dtype.kind in "iu"
    high = period // 2 if whole else period / 2
    step = x[..., 1:] - x[..., :-1]
    wrapped = np.mod(step + high, period) - high
    if not whole or period % 2 == 0:  # half a period is a jump in either direction
        wrapped = where((wrapped == -high) & (step > 0), high, wrapped)
    small = np.abs(step) < (period / 2 if discont is None else discont)
    turns = np.cumsum(where(small, 0, wrapped - step), axis=-1)
    result = np.concatenate([x[..., :1], convert(x[..., 1:] + turns, x.dtype)], axis=-1)
    return np.moveaxis(result, -1, axis)


# ---- tests


def isposinf(x: Any, out: Any = None) -> Any:
    """`np.isposinf`."""
    return deliver("isposinf", _ordered(x) == np.inf, out)


def isneginf(x: Any, out: Any = None) -> Any:
    """`np.isneginf`."""
    return deliver("isneginf", _ordered(x) == -np.inf, out)


def _ordered(x: Any) -> Any:
    x = operand(x)
    if x.dtype.kind == "c":
        raise TypeError(f"This operation is not supported for {x.dtype} values: it is ambiguous.")
    return x


def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """`np.isclose`."""
    x, y = operands(a, b)
    y = convert(y, np.result_type(result_dtype(y), 1.0))
    near = apply(np.abs, x - y) <= atol + rtol * apply(np.abs, y)
    result = (near & apply(np.isfinite, y)) | (x == y)
    if equal_nan:
        result = result | (apply(np.isnan, x) & apply(np.isnan, y))
    return result


def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """`np.allclose`."""
    return np.all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """`np.array_equal`."""
    x, y = operands(a1, a2)
    if np.shape(x) != np.shape(y):
        return False
    same = x == y
    if equal_nan and result_dtype(x, y).kind in "fc":
        same = same | (apply(np.isnan, x) & apply(np.isnan, y))
    return np.all(same)


def array_equiv(a1: Any, a2: Any) -> Any:
    """`np.array_equiv`: equal once broadcast."""
    x, y = operands(a1, a2)
    try:
        broadcast_shapes(np.shape(x), np.shape(y))
    except ValueError:
        return False
    return np.all(x == y)


# ---- copies and conversion


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """`np.copy`."""
    check_layout("copy", order, subok, allowed="CFAK")
    return fresh(operand(a), c_order={"C": True, "F": False}.get(order))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """`np.astype`."""
    x = operand(x)
    new = convert(x, dtype)
    return fresh(x) if new is x and copy else new


def astype_method(
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: Any = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """`ndarray.astype`."""
    check_layout("astype", order, subok, allowed="CFAK")
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(f"Cannot cast array from {x.dtype} to {np.dtype(dtype)} by {casting!r}")
    return astype(x, dtype, copy=copy)


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """`np.copyto`: assignment."""
    if type(dst) is not Tracer:
        raise EscapeError(
            "np.copyto(array, x) would write a traced value into a plain array, and its gradient "
            "would be lost. Write instead: make the array by `np.zeros(shape, like=x)`"
        )
    (new,) = operands(src)
    if not np.can_cast(result_dtype(new), dst.dtype, casting):
        raise TypeError(f"np.copyto: cannot cast {result_dtype(new)} to {dst.dtype} by {casting!r}")
    dst[...] = new if where is True else choose(where, new, dst)


choose = where  # which `copyto` shadows by its argument of this name


FUNCTIONS = {
    np.real: real,
    np.imag: imag,
    np.angle: angle,
    np.real_if_close: real_if_close,
    np.iscomplex: iscomplex,
    np.isreal: isreal,
    np.round: round_,
    np.around: round_,
    np.fix: fix,
    np.sinc: sinc,
    np.unwrap: unwrap,
    np.isposinf: isposinf,
    np.isneginf: isneginf,
    np.isclose: isclose,
    np.allclose: allclose,
    np.array_equal: array_equal,
    np.array_equiv: array_equiv,
    np.copy: copy,
    np.astype: astype,
    np.copyto: copyto,
}
