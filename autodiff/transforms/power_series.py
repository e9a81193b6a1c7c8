"""Power series in one variable t, and the arithmetic of them: products, quotients, powers.

These rules are all that Taylor mode needs to know about numbers. `taylor` derives the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from autodiff.primitives.algebra import mul, neg, sum_tangents
from autodiff.primitives.arithmetic import div, reciprocal, square, sub
from autodiff.primitives.contraction import contract
from autodiff.primitives.cumulative import previous, recurrence
from autodiff.primitives.dense_systems import dense_solve
from autodiff.primitives.dtypes import scalar
from autodiff.primitives.kinds import Rule
from autodiff.primitives.powers import integer_power, power
from autodiff.primitives.record import Primitive
from autodiff.tracing.bind import bind

__all__ = ["Series", "divided", "multiplied", "rule_of"]


class Series:
    """`x[0] + x[1] t + x[2] t² + ...`; a coefficient that is None is zero (`x[0]` never is)."""

    __slots__ = ("_known", "_later")

    def __init__(self, first: Any, later: Callable[[int], Any] | None = None) -> None:
        """`later(k)` computes coefficient k > 0; a series without it is constant."""
        self._known = [first]
        self._later = later

    @classmethod
    def polynomial(cls, first: Any, coefficients: Sequence[Any]) -> Series:
        """The series with these coefficients behind the first, and no others."""
        if all(c is None for c in coefficients):
            return cls(first)
        return cls(first, lambda k: coefficients[k - 1] if k <= len(coefficients) else None)

    @property
    def is_constant(self) -> bool:
        """Whether all coefficients but the first are known to be zero."""
        return self._later is None

    def __getitem__(self, k: int) -> Any:
        """Coefficient k, computed when it is first asked for, after those before it."""
        known = self._known
        if self._later is None:
            return None if k else known[0]
        while len(known) <= k:
            known.append(self._later(len(known)))
        return known[k]

    def starting(self, first: Any) -> Series:
        """The series with another first coefficient: the same number, computed in another way."""
        return Series(first, None if self.is_constant else self.__getitem__)


def multiplied(x: Any, k: int) -> Any:
    """A coefficient times k."""
    return x if x is None or k == 1 else mul(x, scalar(x, k))


def divided(x: Any, k: int) -> Any:
    """A coefficient over k."""
    return x if x is None or k == 1 else div(x, scalar(x, k))


class Apply(Protocol):
    """What a rule can ask for: series of other primitives."""

    def apply(self, primitive: Primitive, *inputs: Series, **params: Any) -> Any:
        """The series of the result of a primitive."""

    def constant(self, value: np.generic) -> Series:
        """The series of a scalar."""

    def series(self, first: Any, later: Callable[[int], Any]) -> Series:
        """The series whose coefficient k > 0 is `later(k)`."""

    def derivative(self, x: Series) -> Series:
        """The derivative of a series by t."""

    def same(self, primitive: Primitive, inputs: tuple[Series, ...], result: Series) -> None:
        """Let this be the result of applying a primitive without params."""


def rule_of(primitive: Primitive) -> Rule | None:
    """The rule of a primitive for series, if it has one."""
    if primitive.kind == "bilinear":
        return primitive.taylor or _bilinear(primitive)
    return primitive.taylor or _RULES.get(primitive)


# ---- products


def _products(times: Rule, x: Series, y: Series, k: int, start: int = 0) -> Any:
    """The sum of x[j] * y[k - j] for j = start, ..., k."""
    pairs = [(x[j], y[k - j]) for j in range(start, k + 1)]
    return sum_tangents([times(a, b) for a, b in pairs if a is not None and b is not None])


def _bilinear(primitive: Primitive) -> Rule:
    def rule(using: Apply, inputs: Any, params: Any) -> Series:
        x, y = inputs

        def times(a: Any, b: Any) -> Any:
            return primitive(a, b, **params)

        return Series(times(x[0], y[0]), lambda k: _products(times, x, y, k))

    return rule


def _mul(using: Apply, inputs: Any, params: Any) -> Series:
    x, y = inputs
    if x is y:
        return using.apply(square, x).starting(mul(x[0], x[0]))
    return Series(mul(x[0], y[0]), lambda k: _products(mul, x, y, k))


def _square(using: Apply, inputs: Any, params: Any) -> Series:
    """As the product, in which pairs of different coefficients come twice."""
    (x,) = inputs

    def later(k: int) -> Any:
        pairs = [(x[j], x[k - j]) for j in range((k + 1) // 2)]
        half = sum_tangents([mul(a, b) for a, b in pairs if a is not None and b is not None])
        middle = x[k // 2] if k % 2 == 0 else None
        return sum_tangents([multiplied(half, 2), None if middle is None else square(middle)])

    return Series(square(x[0]), later)


# ---- quotients


def _quotient(over: Rule, times: Rule, x: Series, y: Series) -> Series:
    """The z with times(y, z) = x: of that product, the term with z[k] is times(y[0], z[k])."""

    def later(k: int) -> Any:
        rest = _products(times, y, z, k, start=1)
        if rest is None:
            return None if x[k] is None else over(x[k], y[0])
        return over(neg(rest) if x[k] is None else sub(x[k], rest), y[0])

    z = Series(over(x[0], y[0]), later)
    return z


def _div(using: Apply, inputs: Any, params: Any) -> Series:
    return _quotient(div, mul, *inputs)


def _dense_solve(using: Apply, inputs: Any, params: Any) -> Series:
    a, b = inputs
    lead = "abcdefgh"[: len(a[0].shape) - 2]

    def over(x: Any, y: Any) -> Any:
        return dense_solve(y, x, **params)

    def times(x: Any, y: Any) -> Any:
        return contract(x, y, spec=f"{lead}ij,{lead}jk->{lead}ik")

    return _quotient(over, times, b, a)


def _recurrence(using: Apply, inputs: Any, params: Any) -> Series:
    """t[n] = a[n] * t[n-1] + b[n] is a linear system, too."""
    a, b = inputs

    def over(x: Any, y: Any) -> Any:
        return recurrence(y, x, **params)

    def times(x: Any, y: Any) -> Any:  # but for the diagonal, which no coefficient after a[0] has
        return neg(mul(x, previous(y, 0, **params)))

    return _quotient(over, times, b, a)


def _reciprocal(using: Apply, inputs: Any, params: Any) -> Series:
    (x,) = inputs
    one = using.constant(scalar(x[0], 1))
    return using.apply(div, one, x).starting(reciprocal(x[0]))


def _neg(using: Apply, inputs: Any, params: Any) -> Series:
    (x,) = inputs
    y = Series(neg(x[0]), lambda k: None if x[k] is None else neg(x[k]))
    using.same(neg, (y,), x)  # the derivatives of f(x) and of f(-x) may need one another
    return y


# ---- powers


def _integer_power(using: Apply, inputs: Any, params: Any) -> Series:
    """By repeated multiplication, which is exact at 0."""
    (x,), n = inputs, params["n"]
    if n < 0:
        y = using.apply(integer_power, using.apply(reciprocal, x), n=-n)  # infinite at 0, not NaN
    elif n < 2:
        y = x if n else Series(x[0])
    elif n % 2:
        y = using.apply(mul, using.apply(integer_power, x, n=n - 1), x)
    else:
        y = using.apply(square, using.apply(integer_power, x, n=n // 2))
    return y.starting(integer_power(x[0], n=n))


def _power(using: Apply, inputs: Any, params: Any) -> Series | None:
    """Of x**p with a constant p; None, that is by the derivative, if p is computed.

    So are fractions above 0: their derivative p x**(p-1) x' leads to one below 0. There the
    derivative is p (y / x) x', which divides by x where y is infinite for x = 0 anyway.
    """
    x, p = inputs
    exponent = _plain(p[0])
    if exponent is None or (exponent > 0 and exponent % 1):
        return None
    first = bind(power, x[0], p[0])
    if exponent >= 0:
        return using.apply(integer_power, x, n=int(exponent)).starting(first)
    slopes: list[Series] = []

    def later(k: int) -> Any:
        if not slopes:
            slopes.append(
                using.apply(mul, using.apply(mul, using.apply(div, y, x), using.derivative(x)), p)
            )
        return divided(slopes[0][k - 1], k)

    y = Series(first, later)
    return y


def _plain(p: Any) -> float | None:
    """An exponent as a number, if it is a constant, real and not too large."""
    value = p.item() if isinstance(p, np.generic) else None
    if isinstance(value, complex) and value.imag == 0:
        value = value.real
    return value if isinstance(value, float) and abs(value) < 2**32 else None


_RULES: dict[Primitive, Rule] = {
    mul: _mul,
    square: _square,
    div: _div,
    dense_solve: _dense_solve,
    recurrence: _recurrence,
    reciprocal: _reciprocal,
    neg: _neg,
    integer_power: _integer_power,
    power: _power,
}
