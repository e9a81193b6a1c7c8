"""Dtypes and values equal NumPy's, operation by operation, to the last bit.

Every ufunc, on every pair of dtypes that it takes, with Python's and NumPy's scalars on either
side; and every reduction. Operands hold the extremes of integers, infinities, NaNs and zeros of
either sign, lie in memory with gaps and backwards, and have no elements or no axes.
"""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest

import autodiff as ad
from autodiff.tracing.record import record

DTYPES = "?bhilBHILefdgFDG"
UFUNCS = sorted(
    {u for u in vars(np).values() if isinstance(u, np.ufunc) and u.signature is None} - {np.isnat},
    key=lambda u: u.__name__,
)
SCALARS = [
    0, 1, 2, -1, 3, 300, 2**40, True, 2.5, 0.5, -1.0, 2.0, 1j, np.float32(1.5), np.int8(3),
    np.float64(2), np.longdouble(1.5), np.uint64(3), np.bool_(True), np.float16(0.5),
    np.complex64(1j),
]  # fmt: skip


def operand(dtype, shape, seed, special=True):
    """Numbers at the edges of a dtype; without the special ones, finite and not large."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if kind in "iu":
        info = np.iinfo(dtype)
        edges = [info.max, info.max - 1, info.min] if special else [4, 6]
        pool = [0, 1, 2, 3, 5, 7, *edges, *([-1, -2, -7] if kind == "i" else [])]
        return np.asarray(rng.choice(np.array(pool, dtype), shape))
    edges = [np.inf, -np.inf, np.nan] if special else [4.0]
    pool = np.array([0.0, -0.0, 1, -1, 0.5, 2.5, -3.25, 7, 1e-3, *edges])
    x = rng.choice(pool, shape)
    if kind == "c":
        x = x + 1j * rng.choice(np.array([0.0, -0.0, 1, -2.5, 0.25]), shape)
    return np.asarray(x, dtype)


@contextmanager
def quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def flat(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def same(found, want, rounding=0.0):
    """Whether two results are the same to the last bit (NaNs have no sign), or nearly so."""
    found, want = np.asarray(found), np.asarray(want)
    if (found.dtype, found.shape) != (want.dtype, want.shape):
        return False
    if want.dtype.kind == "c":
        return same(found.real, want.real, rounding) and same(found.imag, want.imag, rounding)
    if want.dtype.kind != "f":
        return bool(np.all(found == want))
    if rounding:
        near = rounding * np.finfo(want.dtype).eps
        return bool(np.all(np.isclose(found, want, rtol=near, atol=near, equal_nan=True)))
    alike = (found == want) & (np.signbit(found) == np.signbit(want))
    return bool(np.all(alike | (np.isnan(found) & np.isnan(want))))


def traced_values(f, xs):
    """What a function returns on traced arrays that have values."""
    recording = record(lambda ts: f(*ts), list(xs), label="a test")
    return recording.output([ad.value_of(x) for x in recording.leaves])


def verify(calls, rounding=None):
    """`calls`: name -> (function, operands). In a trace and compiled they mean what NumPy does.

    Calls that NumPy refuses must be refused in a trace, for the same kind of reason.
    """
    able, refused = {}, {}
    with quiet():
        for name, (f, xs) in calls.items():
            try:
                able[name] = flat(f(*xs))
            except (TypeError, ValueError, OverflowError) as error:
                refused[name] = TypeError if isinstance(error, TypeError) else type(error)
        given = [x for name in able for x in calls[name][1]]

        def program(xs):
            rest = iter(xs)
            return [flat(f(*[next(rest) for _ in args])) for f, args in map(calls.get, able)]

        traced = traced_values(lambda *xs: program(xs), given)
        compiled = ad.jit(lambda *xs: program(xs))
        interpreted, generated = compiled(*given), compiled(*given)
    for results in (traced, interpreted, generated):
        for (name, expected), found in zip(able.items(), results, strict=True):
            allowed = (rounding or {}).get(name[0], 0.0)
            for x, want in zip(found, expected, strict=True):
                assert same(x, want, allowed), f"{name}: {x!r} instead of {want!r}"
    for name, kind in refused.items():
        with quiet(), pytest.raises(kind):
            traced_values(*calls[name])


@pytest.mark.parametrize("ufunc", [u for u in UFUNCS if u.nin == 1], ids=lambda u: u.__name__)
def test_ufuncs_of_one_operand(ufunc):
    calls = {}
    for d in DTYPES:
        layouts = {
            "plain": operand(d, (2, 5), 1), "backwards": operand(d, (5, 4), 2)[::-2, ::3],
            "transposed": operand(d, (3, 2), 3).T, "none": operand(d, (2, 0), 4),
            "one": operand(d, (1,), 5), "scalar": operand(d, (), 6),
        }  # fmt: skip
        calls |= {(ufunc.__name__, d, n): (ufunc, (x,)) for n, x in layouts.items()}
    verify(calls)


@pytest.mark.parametrize("ufunc", [u for u in UFUNCS if u.nin == 2], ids=lambda u: u.__name__)
def test_ufuncs_of_two_operands(ufunc):
    shapes = [((3, 2), (3, 2)), ((2,), (3, 1)), ((), (2,)), ((), ()), ((0,), (2, 1))]
    calls = {}
    for n, d in enumerate(DTYPES):
        for m, e in enumerate(DTYPES):
            s, t = shapes[(n + m) % len(shapes)] if d != e else shapes[0]
            x, y = operand(d, s, 1), operand(e, t, 2)
            if s == (3, 2):
                x, y = operand(d, (6, 4), 1)[::-2, ::2], operand(e, (2, 3), 2).T
            calls[ufunc.__name__, d, e, s, t] = (ufunc, (x, y))
    verify(calls)


# NumPy takes the root and the power of a scalar exponent by other means than ours; to rounding.
POWERS = (np.power, np.float_power)


@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize(
    "ufunc", [u for u in UFUNCS if u.nin == 2 and u not in POWERS], ids=lambda u: u.__name__
)
def test_scalars_are_weak_or_not_as_in_numpy(ufunc, share):
    calls = {}
    for n, d in enumerate(DTYPES):
        # Compiled, `z * 1` and `z / -1` are z and -z, also where parts of z are infinite or zero.
        rewritten = d in "FDG" and ufunc in (np.multiply, np.divide)
        x = operand(d, (2, 3), 3, special=not rewritten)
        name = "rewritten" if rewritten else ufunc.__name__
        for s in SCALARS[n % share :: share]:
            calls[name, d, repr(s)] = (lambda x, s=s: ufunc(x, s), (x,))
            calls[name, repr(s), d] = (lambda x, s=s: ufunc(s, x), (x,))
    verify(calls, rounding={"rewritten": 1.0})


@pytest.mark.parametrize("scalar", SCALARS, ids=repr)
def test_powers_with_scalars(scalar):
    calls = {}
    for d in DTYPES:
        x = np.abs(operand(d, (2, 3), 3, special=False)) + np.asarray(1, d)
        calls["power", d] = (lambda x: np.power(x, scalar), (x,))
        calls["**", d] = (lambda x: x**scalar, (x,))
        calls["rpower", d] = (lambda x: np.power(scalar, x), (x,))
        calls["float_power", d] = (lambda x: np.float_power(x, scalar), (x,))
    verify(calls, rounding={"power": 4.0, "**": 4.0, "rpower": 4.0, "float_power": 4.0})


# ---- reductions

EXACT = ("max", "min", "amax", "amin", "any", "all", "argmax", "argmin", "count_nonzero", "ptp",
         "nanargmax", "nanargmin", "nanmax", "nanmin", "sort")  # fmt: skip
ROUNDED = ("sum", "prod", "cumsum", "cumprod", "mean", "std", "var", "median", "average", "nansum",
           "nanprod", "nanmean", "nanstd", "nanvar", "nanmedian", "nancumsum", "nancumprod",
           "trace", "diff")  # fmt: skip
OPTIONS = [{}, {"axis": 0}, {"axis": -1}]
NO_AXIS = {"trace"}
# What NumPy does with no element, or with complex numbers that are ordered, is its own affair.
NEEDS_ELEMENTS = {"median", "nanmedian", "average", "nanargmax", "nanargmin"}


@pytest.mark.parametrize("name", EXACT + ROUNDED)
def test_reductions(name):
    f = getattr(np, name)
    calls = {}
    for d in DTYPES:
        for shape in [(2, 3), (1,), (0, 3), (2, 0)]:
            if (0 in shape and name in NEEDS_ELEMENTS) or (len(shape) < 2 and name in NO_AXIS):
                continue
            if name == "nanmedian" and d in "?FDG":  # which is refused on traced arrays
                continue
            x = operand(d, shape, 4, special=name in EXACT)
            if shape == (2, 3):
                x = operand(d, (3, 4), 4, special=name in EXACT)[:, ::-2].T
            for options in [{}] if name in NO_AXIS else OPTIONS:
                calls[name, d, shape, str(options)] = (
                    lambda x, o=options: f(x, **o),
                    (x,),
                )
    verify(calls, rounding={name: 16.0} if name in ROUNDED else None)


FOLDS = [u for u in UFUNCS if u.nin == 2 and u.nout == 1]
# NumPy's vectorised loops of these read what they have just written, and its results are wrong; the
# two operands of `ldexp` have different dtypes.
BROKEN = {np.arctan2, np.power, np.float_power, np.ldexp}


@pytest.mark.parametrize("ufunc", FOLDS, ids=lambda u: u.__name__)
def test_methods_of_ufuncs(ufunc):
    calls = {}
    for d in DTYPES:
        for shape in [(2, 3), (1,), ()]:
            x = operand(d, shape, 4, special=False)
            for method in ("reduce", "accumulate", "outer"):
                if ufunc in BROKEN and method != "outer":
                    continue
                apply = getattr(ufunc, method)
                f = (lambda x, a=apply: a(x, x)) if method == "outer" else apply
                calls[method, d, shape] = (f, (x,))
    powers = {"outer": 4.0} if ufunc in POWERS else {}
    verify(calls, rounding={"reduce": 16.0, "accumulate": 16.0, **powers})


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32, complex])
def test_the_smallest_dtype_of_an_array_is_its_own(dtype):
    asked = []
    ad.jit(lambda x: asked.append(np.min_scalar_type(x)) or x)(np.zeros(2, dtype))
    ad.trace(lambda x: asked.append(np.min_scalar_type(x)) or x)(np.float64(3.0))
    assert asked == [np.dtype(dtype), np.dtype(np.float16)]


@pytest.mark.parametrize("f", [np.matmul, np.dot, np.vdot, np.kron, np.convolve, np.take])
def test_none_is_no_operand(f):
    for given in (lambda x: f(x, None), lambda x: f(None, x) if f is not np.take else f(x, None)):
        with pytest.raises((TypeError, ValueError)):
            ad.jit(given)(np.ones(2))
