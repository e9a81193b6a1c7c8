"""Elementwise functions: all dtypes, shapes, broadcasting, Python scalars; and the operators."""

import operator

import numpy as np
import pytest

from tests.array_api.excused import EXCUSED
from tests.array_api.modes import DTYPES, Check, data, verify

UNARY = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "bitwise_invert", "ceil", "conj",
    "cos", "cosh", "exp", "expm1", "floor", "imag", "isfinite", "isinf", "isnan", "log", "log10",
    "log1p", "log2", "logical_not", "negative", "positive", "real", "reciprocal", "round", "sign",
    "signbit", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
)  # fmt: skip
BINARY = (
    "add", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "copysign", "divide", "equal", "floor_divide", "greater", "greater_equal",
    "hypot", "less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor",
    "maximum", "minimum", "multiply", "nextafter", "not_equal", "pow", "remainder", "subtract",
)  # fmt: skip
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne, "@": operator.matmul,
}  # fmt: skip
IN_PLACE = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": operator.imod, "**=": operator.ipow, "&=": operator.iand,
    "|=": operator.ior, "^=": operator.ixor, "<<=": operator.ilshift, ">>=": operator.irshift,
}  # fmt: skip
PREFIXES = {"+x": operator.pos, "-x": operator.neg, "~x": operator.invert, "abs": abs}
# Of exponents, distances of shifts and divisors, only some are valid among integers.
CAREFUL = {
    "pow", "**", "**=", "<<", ">>", "<<=", ">>=", "/", "//", "%", "/=", "//=", "%=", "divide",
    "bitwise_left_shift", "bitwise_right_shift", "floor_divide", "remainder",
}  # fmt: skip

SHAPES = [(), (0,), (3,), (2, 3), (2, 0, 3)]
PAIRS = [((), ()), ((3,), (3,)), ((3,), (2, 3)), ((2, 3), ()), ((2, 1), (1, 3)), ((0,), (1,)),
         ((1, 0), (3, 1))]  # fmt: skip
SCALARS = {"?": [True], "i": [3, 1], "u": [2], "f": [2, -1.5, 0.0], "c": [2, 0.5, 1 - 2j]}


def second(name, dtype, shape):
    """A second operand that is valid, whatever the function."""
    x = data(dtype, shape, seed=1)
    return np.asarray(abs(x) % 7 + 1, dtype) if name in CAREFUL and dtype[0] in "iu" else x


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    checks = [
        Check(f"{name} {d}{list(s)}", lambda xp, x: getattr(xp, name)(x), (data(d, s),))
        for d in DTYPES
        for s in SHAPES
    ]
    verify(checks, EXCUSED)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    def call(xp, x, y):
        return getattr(xp, name)(x, y)

    checks = [
        Check(f"{name} {d}{list(s)} {e}{list(t)}", call, (data(d, s), second(name, e, t)))
        for d in DTYPES
        for e in DTYPES
        for s, t in (PAIRS if d == e else PAIRS[2:3])
    ]
    verify(checks + with_scalars(name, lambda xp: getattr(xp, name)), EXCUSED)


def with_scalars(name, function):
    """Calls with a Python number on either side."""
    checks = []
    for d in DTYPES:
        for s in SCALARS[d[0]]:
            x, y = data(d, (2, 3)), second(name, d, (2, 3))
            checks += [
                Check(f"{name} {d} {s}", lambda xp, x, s=s: function(xp)(x, s), (x,)),
                Check(f"{name} {s} {d}", lambda xp, y, s=s: function(xp)(s, y), (y,)),
            ]
    return checks


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    f = OPERATORS[name]
    shapes = [((3,), (2, 3)), ((), ())] if name != "@" else [((2, 3), (3, 2)), ((3,), (3,))]
    checks = [
        Check(
            f"{name} {d} {e}{list(s)}", lambda xp, x, y: f(x, y), (data(d, s), second(name, e, t))
        )
        for d in DTYPES
        for e in DTYPES
        for s, t in shapes
    ]
    verify(checks + (with_scalars(name, lambda xp: f) if name != "@" else []), EXCUSED)


@pytest.mark.parametrize("name", IN_PLACE)
def test_operators_in_place(name):
    def call(xp, x, y):
        new = xp.asarray(x, copy=True)
        return IN_PLACE[name](new, y), new

    checks = [
        Check(f"{name} {d} {e}{list(t)}", call, (data(d, (2, 3)), second(name, e, t)))
        for d in DTYPES
        for e in DTYPES
        for t in [(2, 3), (3,)]
    ]
    verify(checks, EXCUSED)


@pytest.mark.parametrize("name", PREFIXES)
def test_prefixes(name):
    checks = [
        Check(f"{name} {d}", lambda xp, x: PREFIXES[name](x), (data(d, s),))
        for d in DTYPES
        for s in SHAPES
    ]
    verify(checks, EXCUSED)


def test_clip():
    bounds = {"low": (0, None), "high": (None, 2), "both": (-1, 1), "none": (None, None)}
    checks = [
        Check(f"clip {d} {n}", lambda xp, x, b=b: xp.clip(x, *b), (data(d, s),))
        for d in DTYPES
        if d[0] in "if"
        for s in SHAPES
        for n, b in bounds.items()
    ]
    checks += [
        Check(
            f"clip {d} arrays",
            lambda xp, x, y: xp.clip(x, min=y - xp.ones_like(y), max=y),
            (data(d, (2, 3)), data(d, t, 1)),
        )
        for d in DTYPES
        for t in [(2, 3), (3,), ()]
    ]
    verify(checks, EXCUSED)
