"""Powers and roots.

Conventions: 0**0 = 1; the derivative of x**p by x is exact at x = 0 for p = 0, 1, 2, ...; the one
by p is 0 at x = 0 (for p >= 0) and NaN for negative x; sqrt'(0) = inf; hypot'(0, 0) = (0, 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ir.types import ArrayType
from autodiff.primitives.algebra import mul
from autodiff.primitives.arithmetic import div, select, sub
from autodiff.primitives.comparison import equal, logical_and
from autodiff.primitives.dtypes import floating, inexact, scalar
from autodiff.primitives.exponential import log
from autodiff.primitives.kinds import Push, elementwise

__all__ = ["cbrt", "hypot", "integer_power", "power", "sqrt"]


# ---- x**p


def _power_by_base(t: Any, y: Any, x: Any, p: Any) -> Any:
    """The derivative p * x**(p-1), which for p = 0 is zero even where x is."""
    if isinstance(p, np.generic):
        if p == 0:
            return None
        base = x
    else:
        both = logical_and(equal(x, scalar(x, 0)), equal(p, scalar(p, 0)))
        base = select(both, scalar(x, 1), x)
    return mul(t, mul(p, power(base, sub(p, scalar(p, 1)))))


def _power_by_exponent(t: Any, y: Any, x: Any, p: Any) -> Any:
    """The derivative x**p * log(x), which is zero where x is."""
    return mul(t, mul(y, log(select(equal(x, scalar(x, 0)), scalar(x, 1), x))))


power = elementwise(
    "power", [Push(_power_by_base), Push(_power_by_exponent)], ufunc=np.power, cheap=False
)


# ---- x**n with n known

_LARGEST_PRODUCT = 16  # up to here products are about as accurate as `power`, and much faster


def _integer_power_types(x: ArrayType, *, n: int) -> tuple[ArrayType]:
    if n < 0 and not x.inexact:
        raise ValueError("Integers to negative integer powers are not allowed.")
    return (x,)


def _integer_power_run(xp: Any, x: Any, *, n: int) -> Any:
    if abs(n) > _LARGEST_PRODUCT:
        return xp.power(x, x.dtype.type(n))
    if n < 0:
        return xp.reciprocal(_product(xp, x, -n))
    return _product(xp, x, n) if n > 1 else +x if n else xp.ones_like(x)[()]


def _product(xp: Any, x: Any, n: int) -> Any:
    if n == 1:
        return x
    return xp.square(_product(xp, x, n // 2)) if n % 2 == 0 else _product(xp, x, n - 1) * x


def _integer_power_text(types: Any, params: dict[str, Any]) -> str:
    n = params["n"]
    if abs(n) > _LARGEST_PRODUCT:
        return f"np.power({{0}}, {float(n) if types[0].inexact else n})"
    if n < 0:
        return f"np.reciprocal({_product_text(-n)})"
    return _product_text(n) if n > 1 else "+{0}" if n else "np.ones_like({0})"


def _product_text(n: int) -> str:
    if n == 1:
        return "{0}"
    half = _product_text(n // 2)
    return f"np.square({half})" if n % 2 == 0 else f"{_product_text(n - 1)} * {{0}}"


def _integer_power_push(t: Any, y: Any, x: Any, *, n: int) -> Any:
    if n == 0:
        return None
    return t if n == 1 else mul(t, mul(scalar(x, n), integer_power(x, n=n - 1)))


integer_power = elementwise(
    "integer_power",
    [Push(_integer_power_push)],
    types=_integer_power_types,
    run=_integer_power_run,
    text=_integer_power_text,
)


# ---- roots

sqrt = elementwise("sqrt", [lambda y, x: div(scalar(y, 0.5), y)], dtype=inexact, ufunc=np.sqrt)

cbrt = elementwise(
    "cbrt",
    [lambda y, x: div(scalar(y, 1 / 3), mul(y, y))],
    dtype=floating,
    ufunc=np.cbrt,
    cheap=False,
)


def _nonzero(x: Any) -> Any:
    """`x`, with ones for zeros: a divisor."""
    return select(equal(x, scalar(x, 0)), scalar(x, 1), x)


hypot = elementwise(
    "hypot",
    [lambda h, x, y: div(x, _nonzero(h)), lambda h, x, y: div(y, _nonzero(h))],
    dtype=floating,
    ufunc=np.hypot,
    cheap=False,
)
