"""Ufuncs against NumPy: every one, for every dtype, with every keyword."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import EscapeError
from tests.numpy.calls import DTYPES, check_call, check_gradient, sample

UFUNCS = sorted(
    {u for u in vars(np).values() if isinstance(u, np.ufunc) and u.signature is None} - {np.isnat},
    key=lambda u: u.__name__,
)
SHARP = {np.arccosh: 2.0, np.nextafter: 0.0}  # where differences need another point
UNEVEN = {np.fmod, np.remainder, np.divmod, np.floor_divide, np.nextafter}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_same_as_numpy(ufunc, dtype):
    arrays = [sample((2, 3), dtype, seed=i) for i in range(ufunc.nin)]
    if dtype[0] == "i" and ufunc in (np.left_shift, np.right_shift, np.power, np.ldexp):
        arrays = [a % 4 for a in arrays]
    check_call(lambda *xs: ufunc(*xs), *arrays)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_gradient(ufunc):
    if "d" not in "".join(t.split("->")[1] for t in ufunc.types) or ufunc in UNEVEN:
        return
    arrays = [sample((2, 3), seed=i) * 0.35 + 0.2 + SHARP.get(ufunc, 0) for i in range(ufunc.nin)]
    if ufunc in (np.heaviside, np.ldexp, np.spacing, np.sign, np.copysign, np.floor, np.ceil):
        return  # piecewise constant, or with an integer operand: see the laws of the primitives
    try:
        check_gradient(lambda *xs: ufunc(*xs), *arrays)
    except ad.errors.ZeroGradientWarning:
        assert ufunc in (np.rint, np.trunc)


MIXED = [
    ("f8", "f4"),
    ("f4", "i4"),
    ("f4", "i8"),
    ("i4", "u1"),
    ("?", "f2"),
    ("c8", "f8"),
    ("u1", "f2"),
    ("?", "i4"),
]
BINARY = [np.add, np.multiply, np.divide, np.power, np.maximum, np.arctan2, np.less, np.hypot]


@pytest.mark.parametrize("dtypes", MIXED, ids="-".join)
@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
def test_promotion(ufunc, dtypes):
    x, y = (sample((2, 3), d, seed=i) for i, d in enumerate(dtypes))
    check_call(ufunc, x, y[0])
    check_call(lambda y: ufunc(x, y), y)
    check_call(lambda x: ufunc(x, y), x)
    for scalar in (2, 2.5, True, 1j, np.float32(2.5), np.int8(2), np.float64(2)):
        check_call(lambda x, s=scalar: ufunc(x, s), x)
        check_call(lambda y, s=scalar: ufunc(s, y), y)


EXPONENTS = [
    0,
    1,
    2,
    3,
    5,
    -1,
    -2,
    0.5,
    2.0,
    2.5,
    -0.5,
    17,
    True,
    np.int8(2),
    np.float32(3),
    np.float64(0.5),
    1 + 1j,
]


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "u1", "?", "c16", "c8"])
@pytest.mark.parametrize("p", EXPONENTS, ids=repr)
def test_power(p, dtype):
    x = (
        sample((2, 3), dtype)
        if dtype == "?"
        else np.abs(sample((2, 3), dtype))
        if dtype[0] != "c"
        else sample((2, 3), dtype)
    )
    check_call(lambda x: x**p, x)
    check_call(lambda x: np.power(x, p), x)
    check_call(lambda x: np.float_power(x, p), x)
    if dtype == "f8" and not isinstance(p, complex):
        check_gradient(lambda x: x**p + x, x + 0.3)


def test_powers_of_python_scalars_stay_weak():
    x = np.ones(2, np.float32)
    for p in (2, 0.5, -1, 1, 3):
        assert ad.jit(lambda s, x, p=p: (s**p) * x)(1.5, x).dtype == np.float32
    assert ad.grad(lambda s: s**2)(3.0) == 6.0
    assert ad.grad(lambda s: (+s) * (-s))(3.0) == -6.0


def test_squares_are_products():
    program = ad.trace(lambda x: (x**2, x**3, x**0.5, x**-1, x**1))(np.ones(3))
    assert [e.primitive.name for e in program.equations] == [
        "square",
        "integer_power",
        "sqrt",
        "integer_power",
    ]


KEYWORDS = {
    "dtype": lambda x: np.add(x, x, dtype=np.float32, casting="unsafe"),
    "dtype-complex": lambda x: np.exp(x, dtype=np.complex128),
    "dtype-forbidden": lambda x: np.sqrt(x, dtype=np.float32, casting="no"),
    "signature": lambda x: np.multiply(x, 2, signature="dd->d"),
    "casting": lambda x: np.add(x, x, casting="unsafe"),
    "order": lambda x: np.sin(x, order="C"),
    "out": lambda x: np.add(x, 1, out=np.zeros_like(x)),
    "out-tuple": lambda x: np.add(x, 1, out=(np.zeros_like(x),)),
    "out-position": lambda x: np.add(x, 1, np.zeros_like(x)),
    "out-cast": lambda x: np.multiply(x, 2.5, out=np.zeros_like(x, dtype="f4")),
    "out-shape": lambda x: np.add(x, 1, out=np.zeros_like(x, shape=(3,))),
    "out-where": lambda x: np.divide(1.0, x, out=np.full_like(x, 7, dtype=float), where=x > 0.5),
    "out-two": lambda x: np.modf(x, out=(np.zeros_like(x), None)),
    "divmod": lambda x: divmod(x, 2),
    "rdivmod": lambda x: divmod(7, x),
    "clip": lambda x: np._core.umath.clip(x, 0, 1),
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4"])
@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords(name, dtype):
    check_call(KEYWORDS[name], sample((2, 3), dtype))


@pytest.mark.parametrize("name", ["out", "out-where", "clip"])
def test_keywords_gradient(name):
    check_gradient(KEYWORDS[name], sample((2, 3)) + 0.05)


def test_guarded_division_has_the_gradient_of_what_was_divided():
    def f(x):
        return np.divide(1.0, x, out=np.zeros_like(x), where=x != 0).sum()

    np.testing.assert_array_equal(ad.grad(f)(np.array([2.0, 0.0])), [-0.25, 0.0])


AT = {
    "add": lambda x, v: np.add.at(x, [0, 2, 0], v),
    "subtract": lambda x, v: np.subtract.at(x, [0, 2, 0], v),
    "multiply": lambda x, v: np.multiply.at(x, [0, 2, 0], v),
    "maximum": lambda x, v: np.maximum.at(x, np.array([1, 1, 2]), v),
    "divide-slice": lambda x, v: np.divide.at(x, slice(0, 3), v),
    "mask": lambda x, v: np.add.at(x, np.array([True, False, True, True]), v),
    "negative": lambda x, v: np.negative.at(x, [0, 1, 0]),
}


@pytest.mark.parametrize("name", AT)
def test_at(name):
    def f(x, v):
        y = x * 1.0
        AT[name](y, v)
        return y

    check_call(f, sample((4,)), sample((3,), seed=1) + 1)
    check_gradient(f, sample((4,)), sample((3,), seed=1) + 1)


REDUCEAT = {
    "add": lambda x: np.add.reduceat(x, [0, 3, 1]),
    "multiply": lambda x: np.multiply.reduceat(x, [0, 2], axis=1),
    "maximum": lambda x: np.maximum.reduceat(x, [1, 2, 0], axis=0),
}


@pytest.mark.parametrize("name", REDUCEAT)
def test_reduceat(name):
    check_call(REDUCEAT[name], sample((4, 3)))
    check_gradient(REDUCEAT[name], sample((4, 3)))


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.less, np.power])
def test_outer(ufunc):
    check_call(lambda x, y: ufunc.outer(x, y), sample((2, 3)) + 1, sample((4,)))
    check_call(lambda x: ufunc.outer(2.0, x), sample((2, 3)))
    check_call(lambda x: ufunc.outer(x, [1, 2]), sample((2, 3)) + 1)


REFUSED = {
    "where-without-out": (lambda x: np.add(x, 1, where=x > 0), TypeError, "without out="),
    "plain-out": (lambda x: np.add(x, 1, out=np.zeros(2)), EscapeError, "plain array"),
    "plain-at": (
        lambda x: np.add.at(np.zeros(2), [0], x[0]),
        EscapeError,
        "np.zeros\\(shape, like=x\\)",
    ),
    "unknown": (lambda x: np.isnat(x), TypeError, "isnat"),
    "no-loop": (lambda x: np.bitwise_and(x, 1), TypeError, "bitwise_and"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_function(name):
    f, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        ad.grad(lambda x: np.sum(f(x)))(np.ones(2))


@pytest.mark.parametrize("ufunc", [np.less, np.equal, np.greater_equal, np.not_equal, np.maximum])
def test_python_numbers_among_themselves(ufunc):
    traced = ad.jit(lambda a, b: ufunc(a, b))
    assert traced(2, 3) == ufunc(2, 3)
    assert ad.jit(lambda a: ufunc(a, 3))(3) == ufunc(3, 3)


@pytest.mark.parametrize("ufunc", [np.hypot, np.gcd, np.logaddexp2, np.bitwise_xor])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,)])
def test_a_reduction_begins_with_the_identity(ufunc, shape):
    x = np.full(shape, -2, float if ufunc in (np.hypot, np.logaddexp2) else int)
    expected = ufunc.reduce(x)
    result = ad.jit(ufunc.reduce)(x)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-15)
