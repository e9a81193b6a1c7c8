"""The array object of the standard: a traced array is one."""

import inspect
import operator

import array_api_strict as strict
import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as adnp
from autodiff.errors import EscapeError, NoValueError
from autodiff.tracing.on_demand import load_all
from autodiff.tracing.record import record
from autodiff.tracing.tracer import FUNCTIONS
from tests.array_api.modes import DTYPES, data

X = np.arange(6.0).reshape(2, 3)
N = np.arange(3)
NOT_STANDARD = {"__annotations__", "__buffer__", "__dict__", "__module__"}  # of Python's classes
STANDARD = sorted(
    {n for n in dir(strict.asarray(1.0)) if n[:2] == "__" or n[0] != "_"} - NOT_STANDARD
)


def traced(f, *arrays):
    """What a function returns on traced arrays that have values."""
    return record(lambda xs: f(*xs), list(arrays), label="a test").leaves


@pytest.mark.parametrize("name", STANDARD)
def test_traced_arrays_have_what_the_standard_names(name):
    traced(lambda x: getattr(x, name), X)


def test_functions_are_those_of_autodiff_numpy():
    def f(x):
        for version in (None, "2022.12", "2023.12", "2024.12"):
            assert x.__array_namespace__(api_version=version) is adnp
        with pytest.raises(ValueError, match="1999"):
            x.__array_namespace__(api_version="1999")
        return x

    ad.jit(f)(X)
    traced(f, X)


def test_what_the_namespace_says_of_itself():
    assert adnp.__array_api_version__ >= "2024.12"
    info, numpys = adnp.__array_namespace_info__(), np.__array_namespace_info__()
    assert info.capabilities() == numpys.capabilities()
    assert info.default_device() == "cpu"
    assert info.devices() == ["cpu"]
    assert info.default_dtypes()["real floating"] == adnp.float64
    assert set(info.dtypes(kind="integral")) >= {"int8", "uint64"}
    assert (adnp.pi, adnp.e, adnp.inf, adnp.newaxis) == (np.pi, np.e, np.inf, None)
    assert adnp.isnan(adnp.nan)


def test_devices():
    def f(x):
        assert x.device == "cpu"
        assert x.to_device("cpu") is x
        assert x.to_device("cpu", stream=None) is x
        with pytest.raises(TypeError, match="gpu"):
            x.to_device("gpu")
        return adnp.zeros(3, device=x.device) + adnp.asarray(x, device="cpu")[0, 0]

    assert ad.jit(f)(X).shape == (3,)


# ---- questions for the value


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars_of_python(dtype):
    x = np.asarray(data(dtype, (1,))[0])
    for kind in (bool, int, float, complex, operator.index):
        try:
            expected = kind(x)
        except TypeError:
            with pytest.raises(TypeError):
                traced(kind, x)
            continue
        (found,) = traced(kind, x)
        assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("x", [X, np.zeros(0), np.array([True, False])], ids=str)
@pytest.mark.parametrize("kind", [bool, int, float, complex, operator.index])
def test_only_single_numbers_are_scalars(kind, x):
    with pytest.raises((TypeError, ValueError)):
        kind(x)
    with pytest.raises((TypeError, ValueError)):
        traced(kind, x)


def test_values_may_leave_where_no_derivative_is_lost():
    assert traced(lambda x: np.from_dlpack(x), X)[0].tolist() == X.tolist()
    assert traced(lambda x: x.__dlpack_device__(), X) == [1, 0]
    with pytest.raises(EscapeError, match="__array_namespace__"):
        ad.grad(lambda x: np.from_dlpack(x).sum())(X)
    with pytest.raises(NoValueError):
        ad.jit(lambda x: np.from_dlpack(x))(X)
    assert ad.grad(lambda x: adnp.from_dlpack(x)[0, 1] ** 2)(X)[0, 1] == 2.0
    assert ad.grad(lambda x, n: x[0, 0] * np.from_dlpack(n)[2])(X, N)[0, 0] == 2.0


# ---- operators with what is no array

OPERANDS = [1, -1, 2.5, 1j, True, 300, 2**40, None, "text", np.float32(2.5), np.int8(3)]
PAIRS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "&": operator.and_,
    "<<": operator.lshift, "<": operator.lt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne,
}  # fmt: skip


def outcome(f, *args):
    """The result as an array, or the class of error."""
    with np.errstate(all="ignore"):
        try:
            return np.asarray(f(*args))
        except (TypeError, ValueError, OverflowError) as error:
            return TypeError if isinstance(error, TypeError) else type(error)


@pytest.mark.parametrize("other", OPERANDS, ids=repr)
@pytest.mark.parametrize("name", PAIRS)
def test_operators_with_python_numbers(name, other):
    for dtype in DTYPES:
        x = data(dtype, (2, 3))
        for f in (lambda x: PAIRS[name](x, other), lambda x: PAIRS[name](other, x)):
            expected = outcome(f, x)
            found = outcome(lambda x, f=f: ad.value_of(traced(f, x)[0]), x)
            compiled = outcome(ad.jit(f), x)
            if isinstance(expected, type):
                assert (found, compiled) == (expected, expected), dtype
            elif expected.dtype.kind in "biufc":  # Python formats `"text" % x`
                for got in (found, compiled):
                    assert got.dtype == expected.dtype, dtype
                    np.testing.assert_allclose(got, expected, rtol=1e-6)


# ---- signatures


def takes(function, standard):
    """Whether a function can be called with the standard's arguments."""
    own = inspect.signature(function).parameters.values()
    kinds = inspect.Parameter
    if any(p.kind is kinds.VAR_KEYWORD for p in own):
        return True
    by_position = {kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD}
    room = [p for p in own if p.kind in by_position]
    unlimited = any(p.kind is kinds.VAR_POSITIONAL for p in own)
    places = [p for p in standard if p.kind in by_position]
    named = {p.name for p in own if p.kind not in (kinds.POSITIONAL_ONLY, kinds.VAR_POSITIONAL)}
    wanted = {p.name for p in standard if p.kind is kinds.KEYWORD_ONLY}
    return (len(room) >= len(places) or unlimited) and wanted <= named


NAMESPACES = {"": (strict, adnp, np), "linalg.": (strict.linalg, adnp.linalg, np.linalg),
              "fft.": (strict.fft, adnp.fft, np.fft)}  # fmt: skip
FUNCTIONS_OF_THE_STANDARD = [
    (prefix, name)
    for prefix, (module, _, _) in NAMESPACES.items()
    for name in module.__all__
    if inspect.isfunction(getattr(module, name)) and "array_api_strict" not in name
]
LATER = {"isin", "broadcast_shapes"}  # of the version after


@pytest.mark.parametrize(("prefix", "name"), FUNCTIONS_OF_THE_STANDARD, ids="".join)
def test_functions_take_the_arguments_of_the_standard(prefix, name):
    module, ours, numpys = NAMESPACES[prefix]
    load_all()
    standard = list(inspect.signature(getattr(module, name)).parameters.values())
    found = getattr(ours, name)
    forms = [found]
    if getattr(numpys, name, None) in FUNCTIONS and found is getattr(numpys, name):
        forms.append(FUNCTIONS[found])
    for form in forms:
        if not isinstance(form, np.ufunc | type) and not (name in LATER and prefix == ""):
            assert takes(form, standard), f"{form} cannot be called as the standard's {name}"
