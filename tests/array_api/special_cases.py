"""The special cases of the standard as data: for which operands a function must give which result.

One case stands in each line: operands, an arrow, the result. A letter stands for several operands:

| letter | stands for |
|---|---|
| `z` | both zeros |
| `f` | finite numbers |
| `n` | finite numbers other than zero |
| `p`, `m` | positive and negative finite numbers |
| `i` | both infinities |
| `g`, `l` | what is greater and what is less than zero |
| `w` | everything but NaN |
| `v` | everything |

Complex operands are two numbers, and so are their results. `~` before a result says that its sign
is not specified, and `|` stands between two results that are both allowed; `a` and `b` in a result
are the operands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

__all__ = ["BINARY", "COMPLEX", "COMPLEX_TESTS", "REAL", "ROTATED", "Case", "cases"]

INF, NAN = math.inf, math.nan
LETTERS = {
    "z": (0.0, -0.0),
    "f": (0.0, -0.0, 0.5, -0.5, 3.0, -3.0),
    "n": (0.5, -0.5, 3.0, -3.0),
    "p": (0.5, 1.0, 3.0),
    "m": (-0.5, -1.0, -3.0),
    "i": (INF, -INF),
    "g": (0.5, 3.0, INF),
    "l": (-0.5, -3.0, -INF),
    "w": (0.0, -0.0, 0.5, -0.5, 3.0, -3.0, INF, -INF),
    "v": (0.0, -0.0, 0.5, -0.5, 3.0, -3.0, INF, -INF, NAN),
}
NUMBERS = {"inf": INF, "-inf": -INF, "nan": NAN, "-0": -0.0}
NAMES = {
    "inf": INF, "nan": NAN, "pi": math.pi, "cos": math.cos, "sin": math.sin, "abs": abs,
    "copysign": math.copysign, "max": max, "min": min,
}  # fmt: skip


class Case(NamedTuple):
    """Operands, and for each part of the result what it may be and whether its sign matters."""

    operands: tuple[float, ...]
    wanted: tuple[tuple[Any, ...], ...]
    signed: tuple[bool, ...]


def cases(text: str) -> Iterator[Case]:
    """The cases of a table."""
    for line in filter(None, map(str.strip, text.splitlines())):
        left, right = line.split("->")
        words = right.split()
        signed = tuple([not word.startswith("~") for word in words])
        for operands in product(*[LETTERS.get(w) or (_number(w),) for w in left.split()]):
            known = NAMES | dict(zip("ab", operands, strict=False))
            allowed = [[_result(w, known) for w in word.lstrip("~").split("|")] for word in words]
            yield Case(operands, tuple(map(tuple, allowed)), signed)


def _number(word: str) -> float:
    return NUMBERS[word] if word in NUMBERS else float(word)


def _result(word: str, known: dict[str, Any]) -> Any:
    if word in NUMBERS:
        return NUMBERS[word]
    value = eval(word, {"__builtins__": {}}, known)
    return value if isinstance(value, bool) else float(value)


_ODD = "nan -> nan\n0 -> 0\n-0 -> -0\n"  # of functions that are about x near zero
_WHOLE = _ODD + "inf -> inf\n-inf -> -inf\n3 -> 3\n-3 -> -3\n"
_LOG = "nan -> nan\nl -> nan\nz -> -inf\n1 -> 0\ninf -> inf\n"

# ---- one real operand

REAL = {
    "abs": "nan -> nan\n-0 -> 0\n-inf -> inf\ninf -> inf",
    "acos": "nan -> nan\n3 -> nan\n-3 -> nan\ni -> nan\n1 -> 0",
    "acosh": "nan -> nan\nl -> nan\nz -> nan\n0.5 -> nan\n1 -> 0\ninf -> inf",
    "asin": _ODD + "3 -> nan\n-3 -> nan\ni -> nan",
    "asinh": _ODD + "inf -> inf\n-inf -> -inf",
    "atan": _ODD + "inf -> pi/2\n-inf -> -pi/2",
    "atanh": _ODD + "3 -> nan\n-3 -> nan\n1 -> inf\n-1 -> -inf",
    "ceil": _WHOLE + "0.5 -> 1\n-0.5 -> -0",
    "cos": "nan -> nan\nz -> 1\ni -> nan",
    "cosh": "nan -> nan\nz -> 1\ni -> inf",
    "exp": "nan -> nan\nz -> 1\ninf -> inf\n-inf -> 0",
    "expm1": _ODD + "inf -> inf\n-inf -> -1",
    "floor": _WHOLE + "0.5 -> 0\n-0.5 -> -1",
    "isfinite": "f -> True\ni -> False\nnan -> False",
    "isinf": "f -> False\ni -> True\nnan -> False",
    "isnan": "w -> False\nnan -> True",
    "log": _LOG,
    "log10": _LOG,
    "log1p": _ODD + "-3 -> nan\n-inf -> nan\n-1 -> -inf\ninf -> inf",
    "log2": _LOG,
    "negative": "0 -> -0\n-0 -> 0\ninf -> -inf\n-inf -> inf\nnan -> nan",
    "positive": "0 -> 0\n-0 -> -0\ninf -> inf\n-inf -> -inf\nnan -> nan",
    "reciprocal": "nan -> nan\n0 -> inf\n-0 -> -inf\ninf -> 0\n-inf -> -0",
    "round": _WHOLE + "0.5 -> 0\n-0.5 -> -0\n1.5 -> 2\n2.5 -> 2\n-1.5 -> -2\n-2.5 -> -2",
    "sign": "l -> -1\nz -> 0\ng -> 1\nnan -> nan",
    "signbit": "0 -> False\n-0 -> True\ng -> False\nl -> True\nnan -> False",
    "sin": _ODD + "i -> nan",
    "sinh": _ODD + "inf -> inf\n-inf -> -inf",
    "sqrt": _ODD + "l -> nan\ninf -> inf",
    "square": "nan -> nan\nz -> 0\ni -> inf",
    "tan": _ODD + "i -> nan",
    "tanh": _ODD + "inf -> 1\n-inf -> -1",
    "trunc": _WHOLE + "0.5 -> 0\n-0.5 -> -0",
}

# ---- two real operands

_NAN = "nan v -> nan\nv nan -> nan\n"
BINARY = {
    "add": _NAN
    + """
        inf -inf -> nan\n-inf inf -> nan\ninf inf -> inf\n-inf -inf -> -inf
        inf f -> inf\n-inf f -> -inf\nf inf -> inf\nf -inf -> -inf
        -0 -0 -> -0\n-0 0 -> 0\n0 -0 -> 0\n0 0 -> 0\nz n -> b\nn z -> a\n3 -3 -> 0\n-3 3 -> 0""",
    "subtract": _NAN
    + """
        inf inf -> nan\n-inf -inf -> nan\ninf -inf -> inf\n-inf inf -> -inf
        inf f -> inf\n-inf f -> -inf\nf inf -> -inf\nf -inf -> inf
        -0 0 -> -0\n-0 -0 -> 0\n0 0 -> 0\n0 -0 -> 0\nz n -> -b\nn z -> a\n3 3 -> 0""",
    "atan2": _NAN
    + """
        g z -> pi/2\nl z -> -pi/2\n0 g -> 0\n0 0 -> 0\n0 -0 -> pi\n0 l -> pi
        -0 g -> -0\n-0 0 -> -0\n-0 -0 -> -pi\n-0 l -> -pi
        p inf -> 0\np -inf -> pi\nm inf -> -0\nm -inf -> -pi\ninf f -> pi/2\n-inf f -> -pi/2
        inf inf -> pi/4\ninf -inf -> 3*pi/4\n-inf inf -> -pi/4\n-inf -inf -> -3*pi/4""",
    "copysign": """
        w l -> -abs(a)\nw -0 -> -abs(a)\nw 0 -> abs(a)\nw g -> abs(a)\nw nan -> abs(a)\nnan w -> nan
        nan nan -> nan""",
    "divide": _NAN
    + """
        i i -> nan\nz z -> nan\n0 g -> 0\n-0 g -> -0\n0 l -> -0\n-0 l -> 0
        g 0 -> inf\ng -0 -> -inf\nl 0 -> -inf\nl -0 -> inf
        inf p -> inf\ninf m -> -inf\n-inf p -> -inf\n-inf m -> inf
        p inf -> 0\np -inf -> -0\nm inf -> -0\nm -inf -> 0\nn n -> a/b""",
    "equal": "nan v -> False\nv nan -> False\ninf inf -> True\n-inf -inf -> True\nz z -> True\n"
    "f f -> a==b\ninf -inf -> False\n-inf inf -> False\nf i -> False\ni f -> False",
    "not_equal": "nan v -> True\nv nan -> True\ninf -inf -> True\n-inf inf -> True\nf f -> a!=b\n"
    "inf inf -> False\n-inf -inf -> False\nf i -> True\ni f -> True",
    "less": "nan v -> False\nv nan -> False\nw w -> a<b",
    "less_equal": "nan v -> False\nv nan -> False\nw w -> a<=b",
    "greater": "nan v -> False\nv nan -> False\nw w -> a>b",
    "greater_equal": "nan v -> False\nv nan -> False\nw w -> a>=b",
    "floor_divide": _NAN
    + """
        i i -> nan\nz z -> nan\n0 g -> 0\n-0 g -> -0\n0 l -> -0\n-0 l -> 0
        g 0 -> inf\ng -0 -> -inf\nl 0 -> -inf\nl -0 -> inf
        inf p -> inf|nan\ninf m -> -inf|nan\n-inf p -> -inf|nan\n-inf m -> inf|nan
        p inf -> 0\np -inf -> -0|-1\nm inf -> -0|-1\nm -inf -> 0\np p -> a//b\nn n -> a//b""",
    "hypot": "i v -> inf\nv i -> inf\nz w -> abs(b)\nw z -> abs(a)\nf nan -> nan\nnan f -> nan\n"
    "nan nan -> nan",
    "logaddexp": "nan v -> nan\nv nan -> nan\ninf w -> inf\nw inf -> inf",
    "maximum": _NAN + "n n -> max(a,b)\ninf w -> inf\nw inf -> inf",
    "minimum": _NAN + "n n -> min(a,b)\n-inf w -> -inf\nw -inf -> -inf",
    "multiply": _NAN
    + """
        i z -> nan\nz i -> nan\ni i -> a*b\ni n -> a*b\nn i -> a*b\nf f -> a*b""",
    "nextafter": _NAN + "-0 0 -> 0\n0 -0 -> -0\ninf inf -> inf\n3 3 -> 3",
    "pow": """
        v z -> 1\n0 nan -> nan\n-0 nan -> nan\n3 nan -> nan\n-3 nan -> nan\ni nan -> nan
        nan nan -> nan\nnan g -> nan\nnan l -> nan\n3 inf -> inf\n-3 inf -> inf\ni inf -> inf
        3 -inf -> 0\n-3 -inf -> 0\ni -inf -> 0\n1 i -> 1\n-1 i -> 1\n1 w -> 1
        0.5 inf -> 0\n-0.5 inf -> 0\nz inf -> 0\n0.5 -inf -> inf\n-0.5 -inf -> inf\nz -inf -> inf
        inf g -> inf\ninf l -> 0\n-inf 3 -> -inf\n-inf 2 -> inf\n-inf 0.5 -> inf\n-inf inf -> inf
        -inf -3 -> -0\n-inf -2 -> 0\n-inf -0.5 -> 0\n-inf -inf -> 0
        0 g -> 0\n0 l -> inf\n-0 3 -> -0\n-0 2 -> 0\n-0 0.5 -> 0\n-0 inf -> 0
        -0 -3 -> -inf\n-0 -2 -> inf\n-0 -0.5 -> inf\n-0 -inf -> inf\nm 0.5 -> nan\nm -0.5 -> nan""",
    "remainder": _NAN
    + """
        i i -> nan\nz z -> nan\nz g -> 0\nz l -> -0\ng z -> nan\nl z -> nan\ni n -> nan
        p inf -> a\np -inf -> b\nm inf -> b\nm -inf -> a\nn n -> a%b""",
}

# ---- one complex operand

_ANY_NAN = "nan nan -> nan nan\n"
_ASINH = """
    0 0 -> 0 0\np inf -> inf pi/2\nf nan -> nan nan\ninf p -> inf 0\ninf inf -> inf pi/4
    nan 0 -> nan 0\nnan n -> nan nan\nnan inf -> ~inf nan\nnan nan -> nan nan"""
_ATANH = """
    0 0 -> 0 0\n0 nan -> 0 nan\n1 0 -> inf 0\np inf -> 0 pi/2\nn nan -> nan nan\ninf p -> 0 pi/2
    inf inf -> 0 pi/2\ninf nan -> 0 nan\nnan f -> nan nan\nnan inf -> ~0 pi/2\nnan nan -> nan nan"""
_COSH = """
    0 0 -> 1 0\n0 inf -> nan ~0\n0 nan -> nan ~0\nn inf -> nan nan\nn nan -> nan nan\ninf 0 -> inf 0
    inf n -> inf*cos(b) inf*sin(b)\ninf inf -> ~inf nan\ninf nan -> inf nan\nnan z -> nan ~0
    nan n -> nan nan\nnan nan -> nan nan"""
_SINH = """
    0 0 -> 0 0\n0 inf -> ~0 nan\n0 nan -> ~0 nan\np inf -> nan nan\np nan -> nan nan\ninf 0 -> inf 0
    inf p -> inf*cos(b) inf*sin(b)\ninf inf -> ~inf nan\ninf nan -> ~inf nan\nnan 0 -> nan 0
    nan n -> nan nan\nnan nan -> nan nan"""
_TANH = """
    0 0 -> 0 0\nn inf -> nan nan\n0 inf -> 0 nan\nn nan -> nan nan\n0 nan -> 0 nan
    inf p -> 1 copysign(0,sin(2*b))\ninf inf -> 1 ~0\ninf nan -> 1 ~0\nnan 0 -> nan 0
    nan n -> nan nan\nnan nan -> nan nan"""

COMPLEX = {
    "abs": "i v -> inf\nv i -> inf\nz n -> abs(b)\nn z -> abs(a)\nnan f -> nan\nf nan -> nan\n"
    "nan nan -> nan",
    "acos": _ANY_NAN
    + """
        z 0 -> pi/2 -0\nz nan -> pi/2 nan\nf inf -> pi/2 -inf\nn nan -> nan nan\n-inf p -> pi -inf
        inf p -> 0 -inf\n-inf inf -> 3*pi/4 -inf\ninf inf -> pi/4 -inf\ni nan -> nan ~inf
        nan f -> nan nan\nnan inf -> nan -inf""",
    "acosh": _ANY_NAN
    + """
        z 0 -> 0 pi/2\nf inf -> inf pi/2\nn nan -> nan nan\n0 nan -> nan ~pi/2\n-inf p -> inf pi
        inf p -> inf 0\n-inf inf -> inf 3*pi/4\ninf inf -> inf pi/4\ni nan -> inf nan
        nan f -> nan nan\nnan inf -> inf nan""",
    "asinh": _ASINH,
    "atanh": _ATANH,
    "cosh": _COSH,
    "exp": _ANY_NAN
    + """
        z 0 -> 1 0\nf inf -> nan nan\nf nan -> nan nan\ninf 0 -> inf 0\n-inf f -> 0*cos(b) 0*sin(b)
        inf n -> inf*cos(b) inf*sin(b)\n-inf inf -> ~0 ~0\ninf inf -> ~inf nan\n-inf nan -> ~0 ~0
        inf nan -> ~inf nan\nnan 0 -> nan 0\nnan n -> nan nan\nnan i -> nan nan""",
    "expm1": _ANY_NAN
    + """
        z 0 -> 0 0\nf inf -> nan nan\nf nan -> nan nan\ninf 0 -> inf 0\n-inf f -> -1 0*sin(b)
        inf n -> inf*cos(b) inf*sin(b)\n-inf inf -> -1 ~0\ninf inf -> ~inf nan\n-inf nan -> -1 ~0
        inf nan -> ~inf nan\nnan 0 -> nan 0\nnan n -> nan nan\nnan i -> nan nan""",
    "log": _ANY_NAN
    + """
        -0 0 -> -inf pi\n0 0 -> -inf 0\nf inf -> inf pi/2\nf nan -> nan nan\n-inf p -> inf pi
        inf p -> inf 0\n-inf inf -> inf 3*pi/4\ninf inf -> inf pi/4\ni nan -> inf nan
        nan f -> nan nan\nnan inf -> inf nan""",
    "log1p": _ANY_NAN
    + """
        -1 0 -> -inf 0\nf inf -> inf pi/2\nf nan -> nan nan\n-inf p -> inf pi\ninf p -> inf 0
        -inf inf -> inf 3*pi/4\ninf inf -> inf pi/4\ni nan -> inf nan\nnan f -> nan nan
        nan inf -> inf nan""",
    "round": "0.5 2.5 -> 0 2\n-0 -0.5 -> -0 -0\ninf nan -> inf nan\n1.5 -inf -> 2 -inf",
    "sign": "z z -> 0 0\nnan v -> nan nan\nv nan -> nan nan",
    "sinh": _SINH,
    "sqrt": _ANY_NAN
    + """
        z 0 -> 0 0\nv inf -> inf inf\nf nan -> nan nan\n-inf p -> 0 inf\ninf p -> inf 0
        -inf nan -> nan ~inf\ninf nan -> inf nan\nnan f -> nan nan""",
    "tanh": _TANH,
}
# What the standard says of these is what it says of another function of 1j*x: name -> (that one,
# whether its result is multiplied by -1j).
ROTATED = {
    "asin": ("asinh", True), "atan": ("atanh", True), "cos": ("cosh", False),
    "sin": ("sinh", True), "tan": ("tanh", True),
}  # fmt: skip
COMPLEX_TESTS = {
    "isfinite": "f f -> True\nnan v -> False\nv nan -> False\ni v -> False\nv i -> False",
    "isinf": "i v -> True\nv i -> True\nf f -> False\nf nan -> False\nnan f -> False",
    "isnan": "nan v -> True\nv nan -> True\nw w -> False",
}
