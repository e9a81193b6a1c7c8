"""Rows of the primitive table for everything elementwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.primitives import (
    arithmetic,
    comparison,
    complexes,
    exponential,
    integers,
    piecewise,
    powers,
    rounding,
    sinc,
    trigonometric,
)
from autodiff.primitives.algebra import add, mul, neg
from autodiff.primitives.record import Primitive
from tests.primitives.spec import (
    Maker,
    Spec,
    booleans,
    complex_uniform,
    distinct,
    uniform,
)
from tests.primitives.spec import integers as whole

Range = tuple[float, float]
Makers = Callable[[], tuple[Maker, ...]]

f32 = np.dtype(np.float32)


def real_rows(primitive: Primitive, *ranges: Range, **options: Any) -> Iterator[Spec]:
    """Real operands from these ranges, in double and in single precision."""
    for name, dtype in (("", float), ("[f32]", f32)):
        makers = tuple([uniform(low, high, dtype=dtype) for low, high in ranges])
        yield Spec(primitive, makers, id=f"{primitive.name}{name}", **options)


def complex_rows(primitive: Primitive, *ranges: Range) -> Iterator[Spec]:
    """The same with complex operands."""
    makers = tuple([complex_uniform(low, high) for low, high in ranges])
    yield Spec(primitive, makers, id=f"{primitive.name}[c128]")


def both(primitive: Primitive, *ranges: Range) -> Iterator[Spec]:
    """Real and complex operands."""
    yield from real_rows(primitive, *ranges)
    yield from complex_rows(primitive, *ranges)


def exact_rows(primitive: Primitive, *makers: Maker, id: str) -> Iterator[Spec]:
    """Operands of a dtype without derivatives."""
    yield Spec(primitive, makers, id=f"{primitive.name}[{id}]", smooth=False)


def constant(value: Any) -> Maker:
    """A scalar operand, which a program holds as a literal."""
    return lambda rng: value


def signed(low: float, high: float) -> Maker:
    """Numbers of either sign whose magnitude lies between `low` and `high`."""
    return lambda rng: rng.uniform(low, high, (2, 3)) * rng.choice([-1.0, 1.0], (2, 3))


POSITIVE, UNIT, ANY = (0.3, 2.0), (-0.8, 0.8), (-2.0, 2.0)


def vector_space() -> Iterator[Spec]:
    yield from both(add, ANY, ANY)
    yield from both(mul, ANY, ANY)
    yield from both(neg, ANY)
    yield Spec(mul, (uniform(*ANY), constant(np.float64(2.5))), id="mul[literal]")
    yield from exact_rows(add, whole(-9, 9), whole(-9, 9), id="i64")
    yield from exact_rows(mul, booleans(), booleans(), id="bool")


def arithmetic_rows() -> Iterator[Spec]:
    yield from both(arithmetic.sub, ANY, ANY)
    yield from exact_rows(arithmetic.sub, whole(-9, 9), whole(-9, 9), id="i64")
    yield from both(arithmetic.div, ANY, POSITIVE)
    yield Spec(arithmetic.div, (constant(np.float64(1.0)), uniform(*POSITIVE)), id="div[literal/]")
    yield Spec(arithmetic.div, (uniform(*ANY), constant(np.float64(3.0))), id="div[/literal]")
    yield from both(arithmetic.reciprocal, POSITIVE)
    yield from both(arithmetic.square, ANY)
    yield from exact_rows(arithmetic.square, whole(-9, 9), id="i64")
    yield from both(arithmetic.positive, ANY)
    yield Spec(arithmetic.stop_gradient, (uniform(*ANY),), smooth=False)
    yield from select_rows()
    yield from convert_rows()


def select_rows() -> Iterator[Spec]:
    select, some = arithmetic.select, booleans()
    yield Spec(select, (some, uniform(*ANY), uniform(*ANY)))
    yield Spec(select, (some, uniform(*ANY, dtype=f32), uniform(*ANY, dtype=f32)), id="select[f32]")
    yield Spec(select, (some, complex_uniform(*ANY), complex_uniform(*ANY)), id="select[c128]")
    yield Spec(select, (some, uniform(*ANY), constant(np.float64(0.0))), id="select[literal]")
    yield Spec(select, (some, constant(np.float64(1.0)), uniform(*ANY)), id="select[literal,]")
    yield Spec(select, (constant(np.True_), uniform(*ANY), uniform(*ANY)), id="select[constant]")
    yield from exact_rows(select, some, whole(-9, 9), whole(-9, 9), id="i64")


def convert_rows() -> Iterator[Spec]:
    pairs = [
        (uniform(*ANY), f32, "f64,f32"),
        (uniform(*ANY, dtype=f32), np.dtype(np.float64), "f32,f64"),
        (uniform(*ANY), np.dtype(np.complex128), "f64,c128"),
        (complex_uniform(*ANY), np.dtype(np.float64), "c128,f64"),
        (complex_uniform(*ANY), np.dtype(np.complex64), "c128,c64"),
    ]
    for maker, dtype, name in pairs:
        yield Spec(arithmetic.convert, (maker,), {"dtype": dtype}, id=f"convert[{name}]")
    exact = [
        (uniform(*ANY), np.dtype(np.int32), "f64,i32"),
        (whole(-9, 9), np.dtype(np.float64), "i64,f64"),
        (complex_uniform(*ANY), np.dtype(np.int64), "c128,i64"),
        (complex_uniform(*ANY), np.dtype(bool), "c128,bool"),
        (booleans(), np.dtype(np.int8), "bool,i8"),
    ]
    for maker, dtype, name in exact:
        params = {"dtype": dtype}
        yield Spec(arithmetic.convert, (maker,), params, id=f"convert[{name}]", smooth=False)


def complex_parts() -> Iterator[Spec]:
    for primitive in (complexes.real, complexes.imag, complexes.conj, complexes.complex_sign):
        yield from complex_rows(primitive, POSITIVE)
    yield from real_rows(complexes.conj, ANY)
    yield from real_rows(complexes.complex_, ANY, ANY)
    parts = (uniform(*ANY), constant(np.float64(0.0)))
    yield Spec(complexes.complex_, parts, id="complex[literal]")


def power_rows() -> Iterator[Spec]:
    yield from both(powers.power, POSITIVE, ANY)
    for p in (0.0, 1.0, 2.5):
        inputs = (uniform(*POSITIVE), constant(np.float64(p)))
        yield Spec(powers.power, inputs, id=f"power[{p}]")
    yield Spec(powers.power, (constant(np.float64(2.0)), uniform(*ANY)), id="power[2**]")
    yield from exact_rows(powers.power, whole(-9, 9), whole(0, 5), id="i64")
    for n in (-2, -1, 0, 1, 2, 3, 7, 20):
        params = {"n": n}
        name = f"integer_power[{n}]"
        yield Spec(powers.integer_power, (signed(0.5, 1.5),), params, id=name)
    yield Spec(powers.integer_power, (complex_uniform(*ANY),), {"n": 3}, id="integer_power[c128]")
    small = (uniform(*POSITIVE, dtype=f32),)
    yield Spec(powers.integer_power, small, {"n": -3}, id="integer_power[f32]")
    yield Spec(
        powers.integer_power, (whole(-9, 9),), {"n": 3}, id="integer_power[i64]", smooth=False
    )
    yield from both(powers.sqrt, POSITIVE)
    yield from real_rows(powers.cbrt, POSITIVE)
    yield Spec(powers.cbrt, (signed(0.3, 2.0),), id="cbrt[negative]")
    yield from real_rows(powers.hypot, ANY, POSITIVE)


def exponential_rows() -> Iterator[Spec]:
    for primitive in (exponential.exp, exponential.exp2, exponential.expm1):
        yield from both(primitive, ANY)
    for primitive in (exponential.log, exponential.log2, exponential.log10, exponential.log1p):
        yield from both(primitive, POSITIVE)
    for primitive in (exponential.logaddexp, exponential.logaddexp2):
        yield from real_rows(primitive, ANY, ANY)
    yield from real_rows(exponential.logistic, (-30.0, 30.0))
    yield from real_rows(exponential.log1p_exp, (-30.0, 30.0))


def trigonometric_rows() -> Iterator[Spec]:
    t = trigonometric
    for primitive in (t.sin, t.cos, t.sinh, t.cosh, t.tanh, t.arctan, t.arcsinh):
        yield from both(primitive, UNIT)
    for primitive in (t.tan, t.arcsin, t.arccos, t.arctanh):
        yield from both(primitive, UNIT)
    yield from both(t.arccosh, (1.2, 3.0))
    yield from real_rows(t.arctan2, ANY, POSITIVE)
    yield Spec(t.arctan2, (signed(0.3, 2.0), uniform(-2.0, -0.3)), id="arctan2[left]")
    yield from real_rows(t.deg2rad, (-180.0, 180.0))
    yield from real_rows(t.rad2deg, (-3.0, 3.0))
    yield from both(sinc.sinc, ANY)
    yield Spec(sinc.sinc, (uniform(-1e-3, 1e-3),), id="sinc[near 0]")
    for order in (1, 2, 5):
        params = {"order": order}
        name = f"sinc_derivative[{order}]"
        yield Spec(sinc.sinc_derivative, (uniform(*ANY),), params, id=name)
    yield Spec(
        sinc.sinc_derivative, (complex_uniform(*UNIT),), {"order": 1}, id="sinc_derivative[c128]"
    )


def piecewise_rows() -> Iterator[Spec]:
    p = piecewise
    yield Spec(p.abs_, (signed(0.3, 2.0),))
    yield from complex_rows(p.abs_, POSITIVE)
    yield from exact_rows(p.abs_, whole(-9, 9), id="i64")
    yield Spec(p.sign, (signed(0.3, 2.0),), smooth=False)
    yield from exact_rows(p.sign, whole(-9, 9), id="i64")
    yield Spec(p.copysign, (signed(0.3, 2.0), signed(0.3, 2.0)))
    yield Spec(p.heaviside, (signed(0.3, 2.0), uniform(*UNIT)))
    for primitive in (p.maximum, p.minimum, p.fmax, p.fmin):
        yield from real_rows(primitive, (0.0, 1.0), (0.4, 0.6))
        yield Spec(primitive, (distinct(), constant(np.float64(0.0))), id=f"{primitive.name}[0]")
        yield from exact_rows(primitive, whole(-9, 9), whole(-9, 9), id="i64")
    yield Spec(p.clip, (uniform(*ANY), uniform(-1.0, -0.5), uniform(0.5, 1.0)))
    bounds = constant(np.float64(-0.7)), constant(np.float64(0.7))
    yield Spec(p.clip, (uniform(*ANY), *bounds), id="clip[literals]")
    yield from exact_rows(p.clip, whole(-9, 9), whole(-4, 0), whole(0, 4), id="i64")


def rounding_rows() -> Iterator[Spec]:
    r = rounding
    for primitive in (r.floor, r.ceil, r.trunc, r.rint, r.spacing, r.exponent):
        yield Spec(primitive, (signed(1.1, 1.4),), smooth=False)
    yield from exact_rows(r.floor, whole(-9, 9), id="i64")
    yield Spec(r.floor_divide, (uniform(7.1, 7.4), signed(1.1, 1.2)), smooth=False)
    yield from exact_rows(r.floor_divide, whole(-9, 9), whole(1, 5), id="i64")
    for primitive in (r.remainder, r.fmod):
        yield Spec(primitive, (signed(7.3, 7.4), signed(1.1, 1.15)))
        yield from exact_rows(primitive, whole(-9, 9), whole(1, 5), id="i64")
    for primitive in (r.fraction, r.mantissa):
        yield Spec(primitive, (signed(2.3, 2.7),))
    yield Spec(r.ldexp, (uniform(*ANY), whole(-3, 3)))
    yield Spec(r.ldexp, (uniform(*ANY, dtype=f32), whole(-3, 3, dtype=np.int32)), id="ldexp[f32]")
    yield Spec(r.nextafter, (uniform(*ANY), uniform(*ANY)), smooth=False)


def comparison_rows() -> Iterator[Spec]:
    c = comparison
    compare = (c.equal, c.not_equal, c.less, c.less_equal, c.greater, c.greater_equal)
    logic = (c.logical_and, c.logical_or, c.logical_xor)
    for primitive in compare + logic:
        yield Spec(primitive, (uniform(*ANY), uniform(*ANY)), smooth=False)
        yield from exact_rows(primitive, whole(-2, 2), whole(-2, 2), id="i64")
        yield from exact_rows(primitive, booleans(), booleans(), id="bool")
    yield from exact_rows(c.less, whole(-9, 9), whole(0, 9, dtype=np.uint64), id="i64,u64")
    yield Spec(
        c.equal, (complex_uniform(*ANY), complex_uniform(*ANY)), id="equal[c128]", smooth=False
    )
    yield from exact_rows(c.logical_not, booleans(), id="bool")
    for primitive in (c.isnan, c.isinf, c.isfinite, c.signbit):
        yield Spec(primitive, (uniform(*ANY),), smooth=False)
    yield from exact_rows(c.isnan, whole(-9, 9), id="i64")


def integer_rows() -> Iterator[Spec]:
    i = integers
    for primitive in (i.bitwise_and, i.bitwise_or, i.bitwise_xor):
        yield from exact_rows(primitive, whole(-9, 9), whole(-9, 9), id="i64")
        yield from exact_rows(primitive, booleans(), booleans(), id="bool")
    for primitive in (i.left_shift, i.right_shift):
        yield from exact_rows(primitive, whole(0, 99), whole(0, 5), id="i64")
    for primitive in (i.gcd, i.lcm):
        yield from exact_rows(primitive, whole(1, 99), whole(1, 99), id="i64")
    yield from exact_rows(i.invert, whole(-9, 9, dtype=np.uint8), id="u8")
    yield from exact_rows(i.invert, booleans(), id="bool")
    yield from exact_rows(i.bitwise_count, whole(-9, 9), id="i64")


SPECS: list[Spec] = [
    *vector_space(),
    *arithmetic_rows(),
    *complex_parts(),
    *power_rows(),
    *exponential_rows(),
    *trigonometric_rows(),
    *piecewise_rows(),
    *rounding_rows(),
    *comparison_rows(),
    *integer_rows(),
]
