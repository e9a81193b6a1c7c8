"""`import autodiff.numpy as np`: NumPy itself outside of traces, and its calls inside them."""

import inspect
import pickle
import warnings

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as adnp
from autodiff.numpy.namespace import NAMES
from autodiff.tracing.record import record

OURS = {*NAMES, "bincount", "fft", "linalg", "roots", "unique"}


@pytest.mark.parametrize("name", sorted({*dir(np), *np.__all__}))
def test_every_name_is_numpys_or_replaced_on_purpose(name):
    own, found = getattr(np, name), getattr(adnp, name)
    if name in OURS:
        assert found is not own
    elif name not in vars(ad.numpy):  # such as `__name__`, which every module has
        assert found is own
    else:
        assert name.startswith("__"), f"a module of the package hides np.{name}"
    assert name in dir(adnp)


def test_what_is_in_no_numpy_is_an_error():
    with pytest.raises(AttributeError):
        adnp.no_such_function  # noqa: B018


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"r_", "c_", "mgrid", "ogrid"}))
def test_functions_look_like_numpys(name):
    found, own = getattr(adnp, name), getattr(np, name)
    if not isinstance(own, type):  # finfo and iinfo are classes there
        known = inspect.signature(own).parameters
        assert set(known) <= {*inspect.signature(found).parameters, "like"}
    assert pickle.loads(pickle.dumps(found)) is found


# ---- functions that make arrays

X = np.arange(6.0).reshape(2, 3)

CALLS = {
    "arange": lambda xp: xp.arange(5),
    "arange-float": lambda xp: xp.arange(0.0, 2, 0.25),
    "arange-keywords": lambda xp: xp.arange(1, stop=9, step=3, dtype=np.int8),
    "arange-down": lambda xp: xp.arange(3, -2, -2),
    "arange-empty": lambda xp: xp.arange(3, 0),
    "arange-zero-step": lambda xp: xp.arange(3, 5, 0),
    "arange-device": lambda xp: xp.arange(3, device="cpu"),
    "array": lambda xp: xp.array([[1, 2.0], [3, 4]]),
    "array-ndmin": lambda xp: xp.array(3, ndmin=2),
    "array-copy": lambda xp: xp.array(X, copy=False),
    "array-no-copy": lambda xp: xp.array([1.0], copy=False),
    "array-ragged": lambda xp: xp.array([[1], [1, 2]]),
    "array-strings": lambda xp: xp.array(["a", "bc"]),
    "array-objects": lambda xp: xp.array([None, 1]),
    "array-dates": lambda xp: xp.array(["2020-01-01"], dtype="datetime64[D]"),
    "asarray": lambda xp: xp.asarray([1, 2], dtype=np.float32),
    "asarray-device": lambda xp: xp.asarray([1, 2], device="cpu"),
    "asarray-copy": lambda xp: xp.asarray(X, copy=True),
    "asarray-same": lambda xp: xp.asarray(X, copy=False),
    "asarray-no-copy": lambda xp: xp.asarray([1], copy=False),
    "asarray-no-cast": lambda xp: xp.asarray(X, dtype=np.int8, copy=False),
    "asarray-complex": lambda xp: xp.asarray(1 + 2j),
    "asanyarray": lambda xp: xp.asanyarray([[True]]),
    "ascontiguousarray": lambda xp: xp.ascontiguousarray(3.0),
    "asfortranarray": lambda xp: xp.asfortranarray(X),
    "bartlett": lambda xp: xp.bartlett(5),
    "blackman": lambda xp: xp.blackman(5),
    "c_": lambda xp: xp.c_[1:3, [4.0, 5.0]],
    "copy": lambda xp: xp.copy([1, 2]),
    "copy-order": lambda xp: xp.copy(X.T, order="C"),
    "diag_indices": lambda xp: xp.diag_indices(3),
    "empty": lambda xp: xp.empty((2, 3), np.int16) * 0,
    "empty_like": lambda xp: xp.empty_like(X) * 0,
    "eye": lambda xp: xp.eye(3),
    "eye-k": lambda xp: xp.eye(2, 4, k=1, dtype=np.int8),
    "eye-none": lambda xp: xp.eye(2, None, k=-1),
    "frombuffer": lambda xp: xp.frombuffer(b"\1\2\3\4", dtype=np.uint8),
    "fromfunction": lambda xp: xp.fromfunction(lambda i, j: i - j, (2, 3), dtype=int),
    "fromiter": lambda xp: xp.fromiter(range(4), np.float32),
    "fromiter-count": lambda xp: xp.fromiter(range(4), np.float32, 2),
    "fromiter-short": lambda xp: xp.fromiter(range(4), np.float32, 5),
    "from_dlpack": lambda xp: xp.from_dlpack(X),
    "full": lambda xp: xp.full((2,), 3),
    "full-rows": lambda xp: xp.full((2, 3), [1, 2, 3.0]),
    "full-0d": lambda xp: xp.full((2,), np.array(3.0, np.float32)),
    "full-bool": lambda xp: xp.full((), True),
    "full-beyond": lambda xp: xp.full((2,), -1, dtype=np.uint8),
    "full-mismatch": lambda xp: xp.full((2, 3), [1, 2]),
    "full_like": lambda xp: xp.full_like(X, 2, dtype=np.complex64),
    "full_like-list": lambda xp: xp.full_like([1, 2], 2.7),
    "geomspace": lambda xp: xp.geomspace(1, 8, 4, dtype=int),
    "geomspace-negative": lambda xp: xp.geomspace(-1, [-8.0, -27.0], 4, axis=-1),
    "geomspace-spiral": lambda xp: xp.geomspace(1j, 16, 5),
    "geomspace-open": lambda xp: xp.geomspace(1, 256, 8, endpoint=False),
    "geomspace-none": lambda xp: xp.geomspace(1, 256, 0),
    "hamming": lambda xp: xp.hamming(4),
    "hanning": lambda xp: xp.hanning(4),
    "identity": lambda xp: xp.identity(3, np.float32),
    "indices": lambda xp: xp.indices((2, 3)),
    "kaiser": lambda xp: xp.kaiser(5, 2.0),
    "kaiser-one": lambda xp: xp.kaiser(1, 2.0),
    "linspace": lambda xp: xp.linspace(0, 1, 5),
    "linspace-dtype": lambda xp: xp.linspace(0, -5, 4, dtype=int),
    "linspace-float32": lambda xp: xp.linspace(np.float32(0), np.float32(1), 7),
    "linspace-rows": lambda xp: xp.linspace([0, 1], [[3], [4]], 3, axis=-1),
    "linspace-complex": lambda xp: xp.linspace(0, 1j, 3, endpoint=False),
    "linspace-none": lambda xp: xp.linspace(1, 2, 0),
    "linspace-one": lambda xp: xp.linspace(1, 2, 1),
    "linspace-step": lambda xp: xp.linspace(1, 2, 5, retstep=True),
    "linspace-negative": lambda xp: xp.linspace(1, 2, -1),
    "linspace-fraction": lambda xp: xp.linspace(1, 2, 2.5),
    "logspace": lambda xp: xp.logspace(0, 2, 3),
    "logspace-base": lambda xp: xp.logspace(0, 2, 3, base=np.array([2.0, 3.0])),
    "meshgrid": lambda xp: xp.meshgrid(xp.arange(2), xp.arange(3.0), indexing="ij"),
    "mgrid": lambda xp: xp.mgrid[0:2, 0:1:3j],
    "mgrid-line": lambda xp: xp.mgrid[0:4:2],
    "ogrid": lambda xp: xp.ogrid[0:2, 1:4],
    "ones": lambda xp: xp.ones((2, 2), np.bool_),
    "ones-number": lambda xp: xp.ones(np.int64(2)),
    "ones_like": lambda xp: xp.ones_like(X, shape=(3,)),
    "r_": lambda xp: xp.r_[1:4, 0.5, np.float32([2, 3])],
    "r_-text": lambda xp: xp.r_["0,2", 1:3, 3:5],
    "r_-axis": lambda xp: xp.r_["-1", X, X],
    "tri": lambda xp: xp.tri(2, 3, 1, dtype=int),
    "tril": lambda xp: xp.tril(xp.ones((3, 3)), -1),
    "tril_indices": lambda xp: xp.tril_indices(3, m=2),
    "vander": lambda xp: xp.vander(xp.array([1, 2, 3]), 2),
    "zeros": lambda xp: xp.zeros((2, 0, 3), order="F"),
    "zeros-list": lambda xp: xp.zeros([2, 3]),
    "zeros-none": lambda xp: xp.zeros(2, None),
    "zeros-negative": lambda xp: xp.zeros((2, -1)),
    "zeros-fraction": lambda xp: xp.zeros(2.5),
    "zeros-objects": lambda xp: xp.zeros(2, object),
    "zeros_like": lambda xp: xp.zeros_like([[1, 2]], order="F"),
    "no-such-argument": lambda xp: xp.zeros(2, wrong=1),
}
PLAIN = {  # no arrays of data to assign into: indices, and what a program cannot hold
    "array-strings", "array-objects", "array-dates", "diag_indices", "tril_indices",
    "zeros-objects", "asarray-same", "array-copy",
}  # fmt: skip


def parts(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def check(found, expected, *, rounding=0.0):
    for x, want in zip(parts(found), parts(expected), strict=True):
        assert (np.shape(x), x.dtype) == (np.shape(want), want.dtype)
        if want.dtype.kind in "fc":
            np.testing.assert_allclose(x, want, rtol=rounding, atol=rounding)
        else:
            np.testing.assert_array_equal(x, want)


def raised(call, xp):
    """The error that a call ends with, if it does."""
    try:
        call(xp)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("name", CALLS)
def test_outside_of_a_trace_it_is_numpy(name):
    call = CALLS[name]
    error = raised(call, np)
    if error is not None:
        again = raised(call, adnp)
        assert (type(again), str(again)) == (type(error), str(error))
        return
    expected, found = call(np), call(adnp)
    check(found, expected)
    assert type(found) is type(expected)
    if name in ("asarray-same", "array-copy"):
        assert found is X


@pytest.mark.parametrize("name", CALLS)
def test_inside_a_trace_arrays_are_traced(name):
    call = CALLS[name]

    def f(x):
        made = parts(call(adnp))
        assert [ad.is_traced(y) for y in made] == [name not in PLAIN] * len(made)
        if name in PLAIN:
            return check(made, expected)
        check([ad.value_of(y) for y in made], expected, rounding=1e-14)
        return made

    error = raised(call, np)
    if error is not None:
        with pytest.raises(type(error)):
            ad.trace(f)(X)
        return
    expected = call(np)
    program = ad.trace(f)(X)
    if name not in PLAIN:
        assert len(program.outputs) == len(parts(expected))
        check(ad.jit(f)(X), expected, rounding=1e-14)


ASSIGNABLE = sorted(set(NAMES) - {"finfo", "iinfo", "sort", "argsort", "ogrid"})


@pytest.mark.parametrize("name", ASSIGNABLE)
def test_traced_values_can_be_assigned(name):
    call = CALLS[name]

    def f(x):
        out = adnp.array(call(adnp)) if name in ("frombuffer", "from_dlpack") else call(adnp)
        out[..., 0] = x
        return out

    expected = np.array(call(np))
    expected[..., 0] = 7
    np.testing.assert_allclose(ad.jit(f)(np.float64(7)), expected, rtol=1e-12)


# ---- traced arguments

A, B = np.array([1.5, 2.5, -0.5]), np.array(0.75)

TRACED = {
    "array": lambda xp, a, b: xp.array([[b, 1.0], [2, a[0] * a[1]]]),
    "array-ints": lambda xp, a, b: xp.array([a, [1, 2, 3]]),
    "array-tuple": lambda xp, a, b: xp.array((b, True)),
    "asarray-dtype": lambda xp, a, b: xp.asarray([a[0], b], dtype=np.float32),
    "asarray-same": lambda xp, a, b: xp.asarray(a, copy=False) * 2,
    "asarray-copy": lambda xp, a, b: xp.asarray(a, copy=True) * 2,
    "full": lambda xp, a, b: xp.full((2, 3), a),
    "full_like": lambda xp, a, b: xp.full_like(a, b),
    "fromiter": lambda xp, a, b: xp.fromiter((v * b for v in a), float),
    "fromfunction": lambda xp, a, b: xp.fromfunction(lambda i, j: i * b + j, (2, 3)),
    "from_dlpack": lambda xp, a, b: xp.from_dlpack(a) * b,
    "linspace": lambda xp, a, b: xp.linspace(a, b, 4, axis=-1),
    "kaiser": lambda xp, a, b: xp.kaiser(4, b),
    "logspace": lambda xp, a, b: xp.logspace(b, a, 3, base=2.0),
    "logspace-base": lambda xp, a, b: xp.logspace(0, 2, 3, base=xp.abs(a)),
    "geomspace": lambda xp, a, b: xp.geomspace(xp.abs(a), b, 5),
    "meshgrid": lambda xp, a, b: xp.meshgrid(a, [b, 2.0]),
    "r_": lambda xp, a, b: xp.r_[0, a, b, 1:3],
    "r_-text": lambda xp, a, b: xp.r_["0,2", a, a * b],
    "r_-place": lambda xp, a, b: xp.r_["-1,2,0", a, [4.0, 5.0, 6.0]],
    "r_-ends": lambda xp, a, b: xp.r_[b : a[0] : 3j, 1],
    "c_": lambda xp, a, b: xp.c_[a, a**2, np.ones(3)],
    "c_-matrix": lambda xp, a, b: xp.c_[xp.outer(a, a), a],
    "mgrid": lambda xp, a, b: xp.mgrid[0:b:3j, 0 : a[0] : 2j],
    "mgrid-line": lambda xp, a, b: xp.mgrid[0:b:3j],
    "ogrid": lambda xp, a, b: xp.ogrid[0:b:3j, 0 : a[0] : 2j],
    "vander": lambda xp, a, b: xp.vander(a, 3),
    "tril": lambda xp, a, b: xp.tril(xp.outer(a, a)),
}


@pytest.mark.parametrize("name", TRACED)
def test_arguments_may_be_traced(name):
    call = TRACED[name]
    expected = call(np, A, B) if name != "fromiter" else A * B
    for f in (
        lambda a, b: parts(call(adnp, a, b)),
        ad.jit(lambda a, b: parts(call(adnp, a, b))),
    ):
        recording = record(lambda xs, f=f: f(*xs), [A, B], label="a test")
        check([ad.value_of(x) for x in recording.leaves], expected, rounding=1e-13)


@pytest.mark.parametrize("name", [n for n in TRACED if n[:2] in ("r_", "c_")])
def test_numpys_own_brackets_see_traced_values(name):
    def f(a, b):
        plain = np.r_[0:3]
        assert type(plain) is np.ndarray  # without traced values: NumPy's own
        return TRACED[name](np, a, b)

    check(ad.jit(f)(A, B), TRACED[name](np, A, B), rounding=1e-14)
    assert type(np.r_[A, B]) is np.ndarray


@pytest.mark.parametrize("name", sorted(set(TRACED) - {"asarray-dtype"}))
def test_gradients_reach_the_arguments(name):
    def f(a, b):
        return sum(np.sum(np.sin(x)) for x in parts(TRACED[name](adnp, a, b)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ad.errors.ZeroGradientWarning)
        ad.check_grads(f, (A, B), order=1)


def test_lengths_must_be_known():
    with pytest.raises(ad.errors.EscapeError, match=r"argument of np\.arange"):
        ad.grad(lambda x: adnp.arange(0, x, 0.5).sum())(2.0)
    with pytest.raises(ad.errors.NoValueError):
        ad.jit(lambda n: adnp.arange(n).sum())(3)
    assert ad.grad(lambda x, n: adnp.arange(n).sum() * x)(2.0, 3) == 3
    with pytest.raises(TypeError, match="matrix"):
        ad.jit(lambda x: adnp.r_["r", x])(A)


def test_random_numbers_are_numpys():
    rng = adnp.random.default_rng(0)
    assert ad.grad(lambda x: (adnp.asarray(rng.normal(size=3)) * x).sum())(2.0) != 0
    assert adnp.polynomial is np.polynomial
