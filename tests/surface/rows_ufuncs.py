"""Rows for the ufuncs of NumPy: each on real numbers where it is smooth, and what else it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.primitives.spec import booleans, complex_uniform, distinct, integers, uniform
from tests.surface.row import Row

Range = tuple[float, float]
ANY, UNIT, POSITIVE, LARGE = (-2.0, 2.0), (-0.9, 0.9), (0.2, 2.0), (1.1, 3.0)

ON_REALS: dict[str, tuple[Range, ...]] = {
    "absolute": (POSITIVE,), "arccos": (UNIT,), "arccosh": (LARGE,), "arcsin": (UNIT,),
    "arcsinh": (ANY,), "arctan": (ANY,), "arctanh": (UNIT,), "cbrt": (POSITIVE,),
    "conjugate": (ANY,), "cos": (ANY,), "cosh": (ANY,), "deg2rad": (ANY,), "degrees": (ANY,),
    "exp": (ANY,), "exp2": (ANY,), "expm1": (ANY,), "fabs": (POSITIVE,), "log": (POSITIVE,),
    "log10": (POSITIVE,), "log1p": (POSITIVE,), "log2": (POSITIVE,), "negative": (ANY,),
    "positive": (ANY,), "rad2deg": (ANY,), "radians": (ANY,), "reciprocal": (POSITIVE,),
    "sin": (ANY,), "sinh": (ANY,), "sqrt": (POSITIVE,), "square": (ANY,), "tan": (UNIT,),
    "tanh": (ANY,), "modf": ((0.1, 0.9),), "frexp": ((1.1, 1.9),),
    "add": (ANY, ANY), "subtract": (ANY, ANY), "multiply": (ANY, ANY), "divide": (ANY, LARGE),
    "arctan2": (ANY, POSITIVE), "copysign": (POSITIVE, POSITIVE), "float_power": (POSITIVE, ANY),
    "fmod": ((4.1, 4.9), (1.1, 1.3)), "remainder": ((4.1, 4.9), (1.1, 1.3)),
    "divmod": ((4.1, 4.9), (1.1, 1.3)), "hypot": (POSITIVE, ANY), "logaddexp": (ANY, ANY),
    "logaddexp2": (ANY, ANY), "maximum": (ANY, LARGE), "minimum": (ANY, LARGE),
    "fmax": (UNIT, LARGE), "fmin": (UNIT, LARGE), "power": (POSITIVE, ANY),
}  # fmt: skip

ON_COMPLEX = (
    "absolute", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "conjugate",
    "cos", "cosh", "divide", "exp", "exp2", "expm1", "float_power", "log", "log10", "log1p",
    "log2", "multiply", "negative", "positive", "power", "reciprocal", "sign", "sin", "sinh",
    "sqrt", "square", "subtract", "tan", "tanh",
)  # fmt: skip

STEPS = ("ceil", "floor", "rint", "trunc", "sign", "signbit", "isfinite", "isinf", "isnan")
SPACES = ("spacing",)
COMPARISONS = (
    "equal", "greater", "greater_equal", "less", "less_equal", "not_equal", "floor_divide",
    "heaviside", "nextafter",
)  # fmt: skip
ON_INTEGERS = (
    "bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm", "left_shift", "right_shift",
    "floor_divide", "remainder", "power", "fmod",
)  # fmt: skip
ON_BOOLEANS = ("logical_and", "logical_or", "logical_xor", "bitwise_and", "maximum", "equal")


def smooth_rows() -> Iterator[Row]:
    for name, ranges in ON_REALS.items():
        ufunc = getattr(np, name)
        makers = tuple([uniform(low, high) for low, high in ranges])
        yield Row(f"numpy.{name}", ufunc, makers)
        single = tuple([uniform(low, high, dtype=np.float32) for low, high in ranges])
        yield Row(f"numpy.{name}", ufunc, single, id="f32", order=1)
        if len(ranges) == 2:
            wide = (uniform(*ranges[0], shape=(3, 1)), uniform(*ranges[1], shape=(4,)))
            yield Row(f"numpy.{name}", ufunc, wide, id="broadcast", order=1)
    for name in ON_COMPLEX:
        ufunc = getattr(np, name)
        yield Row(f"numpy.{name}", ufunc, (complex_uniform(0.3, 0.9),) * ufunc.nin, id="complex")


def stepped_rows() -> Iterator[Row]:
    def row(name: str, makers: tuple[Any, ...], id: str = "") -> Row:
        return Row(f"numpy.{name}", getattr(np, name), makers, id=id, smooth=False)

    small, flags = integers(1, 6), booleans()
    yield from [row(name, (distinct(),), "steps") for name in STEPS + SPACES]
    yield from [row(name, (distinct(), uniform(1, 2)), "steps") for name in COMPARISONS]
    yield from [row(name, (small, small), "integers") for name in ON_INTEGERS]
    yield from [row(name, (small,), "integers") for name in ("invert", "bitwise_count", "absolute")]
    yield from [row(name, (flags, flags), "booleans") for name in ON_BOOLEANS]
    yield row("logical_not", (flags,))
    yield Row("numpy.ldexp", np.ldexp, (uniform(*ANY), small))
    yield Row(
        "numpy.clip", lambda x, low, high: np.clip(x, low, high),
        (uniform(*ANY), uniform(-3, -2.5, (3,)), uniform(0.5, 1, (3,))), id="ufunc",
    )  # fmt: skip


def method_rows() -> Iterator[Row]:
    x, y, z = uniform(0.5, 2), uniform(0.5, 2, (3,)), complex_uniform(-1, 1)
    yield Row("numpy.ufunc.reduce", lambda x: np.multiply.reduce(x, axis=1), (x,))
    yield Row(
        "numpy.ufunc.reduce", lambda x: np.logaddexp.reduce(x, axis=None), (x,), id="logaddexp"
    )
    yield Row("numpy.ufunc.reduce", lambda x: np.maximum.reduce(x), (distinct(),), id="maximum")
    yield Row("numpy.ufunc.accumulate", lambda x: np.add.accumulate(x, axis=1), (x,))
    yield Row("numpy.ufunc.accumulate", np.maximum.accumulate, (distinct(),), id="maximum")
    yield Row("numpy.ufunc.outer", np.subtract.outer, (x, y))
    yield Row(
        "numpy.ufunc.reduceat", lambda x: np.add.reduceat(x, [0, 1, 0]), (uniform(0, 1, (4,)),)
    )

    def scattered(x: Any, y: Any) -> Any:
        x = x.copy()
        np.add.at(x, np.array([0, 2, 0]), y)
        return x

    yield Row("numpy.ufunc.at", scattered, (uniform(-1, 1, (4,)), y))
    yield Row("numpy.matvec", np.matvec, (uniform(-1, 1, (2, 4, 3)), y))
    yield Row("numpy.vecmat", np.vecmat, (y, uniform(-1, 1, (2, 3, 4))))
    yield Row("numpy.vecdot", np.vecdot, (x, y))
    yield Row("numpy.vecdot", np.vecdot, (z, z), id="complex")


ROWS = [*smooth_rows(), *stepped_rows(), *method_rows()]
