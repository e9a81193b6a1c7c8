"""Random programs in plain NumPy: sequences of calls, each applied to results of earlier ones.

A program is drawn while it is run on arrays, so that only steps are kept that NumPy accepts; it can
then be run again on anything that speaks NumPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = ["Program", "programs"]


@dataclass(frozen=True)
class Step:
    """A call: its name, the function, and on which of the earlier values."""

    name: str
    function: Callable[..., Any]
    operands: tuple[int, ...]

    def __repr__(self) -> str:
        return f"{self.name}{self.operands}"


# Unary and binary ufuncs that are defined nearly everywhere, or give NaN where they are not.
UNARY = (
    "absolute", "negative", "positive", "square", "sqrt", "cbrt", "exp", "expm1", "exp2", "log",
    "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh",
    "tanh", "arcsinh", "arccosh", "arctanh", "reciprocal", "sign", "rint", "floor", "ceil",
    "trunc", "fabs", "degrees", "radians", "conjugate", "isnan", "isfinite", "isinf", "signbit",
    "logical_not", "spacing",
)  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin", "power",
    "float_power", "arctan2", "hypot", "logaddexp", "copysign", "fmod", "remainder",
    "floor_divide", "heaviside", "nextafter", "greater", "less", "equal", "not_equal",
    "logical_and", "logical_or", "logical_xor",
)  # fmt: skip
REDUCTIONS = (
    "sum", "prod", "mean", "var", "std", "max", "min", "ptp", "median", "all", "any", "argmax",
    "argmin", "count_nonzero", "nansum", "nanmean", "nanmax", "nanprod", "nanvar", "cumsum",
    "cumprod", "nancumsum",
)  # fmt: skip
SHAPING = (
    "ravel", "transpose", "flipud", "atleast_2d", "squeeze", "sort", "argsort", "real", "imag",
    "angle", "diff", "copy", "nan_to_num", "sinc",
)  # fmt: skip


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, under the name of what it calls."""
    function.__name__ = name
    return function


def _call(name: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    return named(name, lambda *xs: getattr(np, name)(*xs, *args, **kwargs))


def _axis(draw: Any, x: Any) -> Any:
    return draw(st.sampled_from([None, *range(-x.ndim, x.ndim)]))


# ---- kinds of steps: (draw, operands) -> a function of the operands


def unary(draw: Any, x: Any) -> Any:
    return _call(draw(st.sampled_from(UNARY)))


def binary(draw: Any, x: Any, y: Any) -> Any:
    return _call(draw(st.sampled_from(BINARY)))


def with_scalar(draw: Any, x: Any) -> Any:
    name, c = draw(st.sampled_from(BINARY)), draw(st.sampled_from([2, -1, 0.5, 3.0, 0, True]))
    swapped = draw(st.booleans())
    return named(name, lambda x: getattr(np, name)(*((c, x) if swapped else (x, c))))


def operators(draw: Any, x: Any, y: Any) -> Any:
    symbol = draw(st.sampled_from(["+", "-", "*", "/", "**", "%", "//", "<", ">=", "==", "@"]))
    return named(symbol, eval(f"lambda x, y: x {symbol} y"))


def reduction(draw: Any, x: Any) -> Any:
    name, axis = draw(st.sampled_from(REDUCTIONS)), _axis(draw, x)
    return _call(name, axis=axis)


def kept_reduction(draw: Any, x: Any) -> Any:
    name, axis = draw(st.sampled_from(["sum", "mean", "max", "prod", "std"])), _axis(draw, x)
    return _call(name, axis=axis, keepdims=True)


def shaping(draw: Any, x: Any) -> Any:
    return _call(draw(st.sampled_from(SHAPING)))


def reshaped(draw: Any, x: Any) -> Any:
    return _call("reshape", draw(st.sampled_from([(-1,), (1, -1), (-1, 2), (2, -1), (3, -1, 1)])))


def moved(draw: Any, x: Any) -> Any:
    i, j = draw(st.integers(-2, 2)), draw(st.integers(-2, 2))
    return draw(st.sampled_from([_call("moveaxis", i, j), _call("swapaxes", i, j)]))


def rolled(draw: Any, x: Any) -> Any:
    return _call("roll", draw(st.integers(-3, 3)), axis=_axis(draw, x))


def repeated(draw: Any, x: Any) -> Any:
    return draw(st.sampled_from([_call("tile", 2), _call("repeat", 2, axis=0), _call("rot90")]))


def padded(draw: Any, x: Any) -> Any:
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap", "mean"]))
    return _call("pad", draw(st.integers(0, 2)), mode=mode)


def joined(draw: Any, x: Any, y: Any) -> Any:
    name = draw(st.sampled_from(["concatenate", "stack", "hstack", "vstack"]))
    return named(name, lambda x, y: getattr(np, name)([x, y]))


def indexed(draw: Any, x: Any) -> Any:
    keys = [0, -1, slice(None, None, -1), slice(1, None), (Ellipsis, 0), None, [0, -1]]
    key = draw(st.sampled_from(keys))
    return named(f"index {key}", lambda x: x[key])


def masked(draw: Any, x: Any) -> Any:
    bound = draw(st.sampled_from([0.0, 0.5, -1.0]))
    return draw(st.sampled_from([lambda x: np.where(x > bound, x, -x), lambda x: x[x > bound]]))


def product(draw: Any, x: Any, y: Any) -> Any:
    return _call(draw(st.sampled_from(["matmul", "dot", "inner", "outer", "vdot", "kron"])))


def summed(draw: Any, x: Any, y: Any) -> Any:
    spec = draw(st.sampled_from(["i,i->", "i,j->ij", "ij,j->i", "ij,kj->ki", "...i,...i->..."]))
    return named("einsum", lambda x, y: np.einsum(spec, x, y))


def assigned(draw: Any, x: Any, y: Any) -> Any:
    key = draw(st.sampled_from([0, -1, slice(1, None), slice(None, None, 2), Ellipsis]))
    add = draw(st.booleans())

    def change(x: Any, y: Any) -> Any:
        out = np.zeros_like(x, dtype=np.result_type(x, y, float))
        out[...] = x
        if add:
            out[key] += y
        else:
            out[key] = y
        return out

    return change


def statistics(draw: Any, x: Any) -> Any:
    q = draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
    return draw(
        st.sampled_from(
            [_call("quantile", q), _call("clip", -0.5, 1), _call("trapezoid"), _call("gradient")]
        )
    )


def converted(draw: Any, x: Any) -> Any:
    dtype = draw(st.sampled_from(["f4", "f8", "f2", "i8", "i4", "u1", "?", "c16", "c8"]))
    return named(f"astype {dtype}", lambda x: x.astype(dtype))


KINDS: list[tuple[Callable[..., Any], int]] = [
    (unary, 1), (unary, 1), (binary, 2), (binary, 2), (with_scalar, 1), (operators, 2),
    (reduction, 1), (kept_reduction, 1), (shaping, 1), (reshaped, 1), (moved, 1), (rolled, 1),
    (repeated, 1), (padded, 1), (joined, 2), (indexed, 1), (masked, 1), (product, 2), (summed, 2),
    (assigned, 2), (statistics, 1), (converted, 1),
]  # fmt: skip

SHAPES = [(), (3,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1, 3), (0,), (2, 0)]


@dataclass(frozen=True)
class Program:
    """The inputs, and the steps: what is called, and on which of the earlier values."""

    inputs: list[Any]
    steps: list[Step]

    def run(self, inputs: list[Any]) -> list[Any]:
        """All values, those of the inputs first."""
        values = list(inputs)
        for step in self.steps:
            values.append(step.function(*[values[i] for i in step.operands]))
        return values


def _array(draw: Any) -> Any:
    shape, seed = draw(st.sampled_from(SHAPES)), draw(st.integers(0, 99))
    numbers = np.random.default_rng(seed).uniform(-2, 2, shape)
    kind = draw(st.sampled_from(["f8", "f8", "f8", "f4", "i8", "?", "c16"]))
    with np.errstate(all="ignore"):
        return (numbers + 1j * numbers[::-1] if kind == "c16" and shape else numbers).astype(kind)


@st.composite
def programs(draw: Any, steps: int = 8) -> Program:
    """A program of up to so many steps that NumPy runs without an error."""
    inputs = [_array(draw) for _ in range(draw(st.integers(1, 3)))]
    program = Program(inputs, [])
    values = list(inputs)
    for _ in range(draw(st.integers(1, steps))):
        kind, arity = draw(st.sampled_from(KINDS))
        operands = tuple([draw(st.integers(0, len(values) - 1)) for _ in range(arity)])
        chosen = [values[i] for i in operands]
        try:
            function = kind(draw, *chosen)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = function(*chosen)
        except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
            continue
        if isinstance(result, np.ndarray | np.generic) and np.size(result) < 500:
            program.steps.append(Step(function.__name__, function, operands))
            values.append(result)
    return program
