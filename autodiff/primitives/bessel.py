"""Bessel functions of real order, plain and scaled, and their kin.

Derivatives follow from recurrences over the order (DLMF 10.6, 10.29), so they are Bessel functions
again, and exact at zero: no quotient by x is formed. Those by the order are not implemented.

A scaled function is the plain one times exp(-|Im z|) (`jve`, `yve`), exp(-|Re z|) (`ive`) or exp(z)
(`kve`), where z is the argument; the first two factors are no analytic functions of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.primitives.algebra import add, mul, neg, sum_tangents
from autodiff.primitives.arithmetic import convert, select, sub
from autodiff.primitives.comparison import equal, isinf, less, logical_and, logical_not
from autodiff.primitives.complexes import imag, real
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.kinds import Partial, Push
from autodiff.primitives.parameters import fixed, raised, with_parameters
from autodiff.primitives.piecewise import sign
from autodiff.primitives.record import Primitive
from autodiff.primitives.special import special

__all__ = [
    "hankel1", "hankel1e", "hankel2", "hankel2e", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1",
    "jv", "jve", "k0", "k0e", "k1", "k1e", "kn", "kv", "kve", "y0", "y1", "yn", "yv", "yve",
]  # fmt: skip

# ---- the rules of derivatives


def _half(x: Any) -> Any:
    return mul(x, scalar(x, 0.5))


def _unless(condition: Any, x: Any) -> Any:
    return select(condition, scalar(x, 0), x)


def _half_difference(below: Any, above: Any, order: Any) -> Any:
    """Half of f(v-1) - f(v+1). At 0, one that is infinite leaves nothing of the other.

    Where both are, the larger order, counted from 0, grows the faster; that is decided here, since
    derivatives of the negligible one would be infinite, too.
    """
    left, right = isinf(below), isinf(above)
    negative = less(order, scalar(order, 0))
    both = logical_and(left, right)
    drop_above = logical_and(left, select(both, negative, scalar(both, True)))
    drop_below = logical_and(right, logical_not(drop_above))
    return _half(sub(_unless(drop_below, below), _unless(drop_above, above)))


def _slope(f: Callable[[Any, Any], Any], rule: str, v: Any, x: Any) -> Any:
    """f'(v, x) by the recurrence of its kind: "j" and "y", "i", or "k"."""
    below, above = f(raised(v, -1), x), f(raised(v, 1), x)
    if rule == "j":
        return _half_difference(below, above, v)
    total = _half(add(below, above))
    return total if rule == "i" else neg(total)


def _damping(t: Any, y: Any, x: Any, part: Callable[[Any], Any]) -> Any:
    """What the factor exp(-|part of x|) contributes to a tangent."""
    if x.dtype.kind == "f":
        return None if part is imag else neg(mul(t, mul(y, sign(x))))
    rate = mul(part(t), sign(part(x)))
    return neg(mul(convert(rate, dtype=y.dtype), y))


def _growth(slope: Any, y: Any) -> Any:
    """The derivative of a function times exp(x); the slope outgrows y where both are infinite."""
    return add(slope, _unless(isinf(slope), y))


# ---- of any real order


def _of_order(name: str, rule: str, kinds: str = "fc") -> Primitive:
    def slope(y: Any, v: Any, x: Any) -> Any:
        return _slope(new, rule, v, x)

    new = _declared(name, slope, kinds)
    return new


def _damped(name: str, rule: str, part: Callable[[Any], Any], plain: Primitive) -> Primitive:
    def at(v: Any, x: Any) -> Any:
        """SciPy has no value at 0 of order < 0, where the plain function is the same."""
        origin = logical_and(equal(x, scalar(x, 0)), less(v, scalar(v, 0)))
        return select(origin, plain(v, x), new(v, x))

    def push(t: Any, y: Any, v: Any, x: Any) -> Any:
        return sum_tangents([mul(t, _slope(at, rule, v, x)), _damping(t, y, x, part)])

    new = _declared(name, Push(push))
    return new


def _times_exp(name: str, rule: str, rate: complex, kinds: str) -> Primitive:
    """A function that is scaled by exp(rate * x)."""

    def slope(y: Any, v: Any, x: Any) -> Any:
        return _growth(_slope(new, rule, v, x), y if rate == 1 else mul(y, y.dtype.type(rate)))

    new = _declared(name, slope, kinds)
    return new


def _declared(name: str, partial: Partial, kinds: str = "fc") -> Primitive:
    partials = [fixed(name, "the order"), partial]
    return special(name, partials, types=with_parameters(name, kinds))


jv = _of_order("jv", "j")
yv = _of_order("yv", "j")
iv = _of_order("iv", "i")
kv = _of_order("kv", "k")
yn = _of_order("yn", "j", "f")
kn = _of_order("kn", "k", "f")
hankel1 = _of_order("hankel1", "j", "c")
hankel2 = _of_order("hankel2", "j", "c")

jve = _damped("jve", "j", imag, jv)
yve = _damped("yve", "j", imag, yv)
ive = _damped("ive", "i", real, iv)

kve = _times_exp("kve", "k", 1, "fc")
hankel1e = _times_exp("hankel1e", "j", -1j, "c")
hankel2e = _times_exp("hankel2e", "j", 1j, "c")

# ---- of order 0 and 1


def _second(f: Primitive, x: Any) -> Any:
    return f(scalar(x, 2), x)


def _second_damped(f: Primitive, y: Any, x: Any) -> Any:
    """SciPy has no value at infinity, where that of order 1 is 0, too."""
    return select(isinf(x), y, _second(f, x))


j0: Primitive = special("j0", [lambda y, x: neg(j1(x))])
j1: Primitive = special("j1", [lambda y, x: _half(sub(j0(x), _second(jv, x)))])

y0: Primitive = special("y0", [lambda y, x: neg(y1(x))])
y1: Primitive = special("y1", [lambda y, x: _half_difference(y0(x), _second(yv, x), scalar(x, 1))])

i0: Primitive = special("i0", [lambda y, x: i1(x)])
i1: Primitive = special("i1", [lambda y, x: _half(add(i0(x), _second(iv, x)))])

k0: Primitive = special("k0", [lambda y, x: neg(k1(x))])
k1: Primitive = special("k1", [lambda y, x: neg(_half(add(k0(x), _second(kv, x))))])

i0e: Primitive = special("i0e", [lambda y, x: sub(i1e(x), mul(sign(x), y))])
i1e: Primitive = special(
    "i1e",
    [lambda y, x: sub(_half(add(i0e(x), _second_damped(ive, y, x))), mul(sign(x), y))],
)

k0e: Primitive = special("k0e", [lambda y, x: _growth(neg(k1e(x)), y)])
k1e: Primitive = special(
    "k1e",
    [lambda y, x: _growth(neg(_half(add(k0e(x), _second_damped(kve, y, x)))), y)],
)
