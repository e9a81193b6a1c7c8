"""Every other function of the main namespace: calls on arrays of all dtypes that it takes."""

import array_api_strict as strict
import numpy as np
import pytest

from tests.array_api.excused import EXCUSED
from tests.array_api.modes import DTYPES, MODES, Check, data, verify
from tests.array_api.test_elementwise import BINARY, UNARY

A = ((2, 3), (3,), (), (0, 3), (2, 1, 3))  # shapes for functions that take any
M = ((2, 3), (3, 2), (2, 0, 3))  # with two axes at least
V = ((3,), (5,), (1,), (0,))  # with one


# function -> shapes of its one array -> calls
ONE = {
    "all": (A, [{}, {"axis": -1}, {"keepdims": True}, {"axis": 0, "keepdims": True}]),
    "any": (A, [{}, {"axis": -1}, {"keepdims": True}]),
    "argmax": (M[:2], [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"keepdims": True}]),
    "argmin": (M[:2], [{}, {"axis": 1}, {"axis": -1, "keepdims": True}]),
    "argsort": (M, [{}, {"axis": 0}, {"descending": True}, {"axis": 0, "descending": True}]),
    "count_nonzero": (A, [{}, {"axis": -1}, {"axis": -1, "keepdims": True}]),
    "cumulative_prod": (V, [{}, {"axis": 0}, {"include_initial": True}, {"dtype": "float64"}]),
    "cumulative_sum": (V, [{}, {"axis": -1}, {"include_initial": True}, {"dtype": "float64"}]),
    "diff": (M, [{}, {"axis": 0}, {"n": 2}, {"n": 0}]),
    "expand_dims": (A, [{"axis": 0}, {"axis": -1}]),
    "flip": (A, [{}, {"axis": -1}, {"axis": 0}]),
    "matrix_transpose": (M, [{}]),
    "max": (M[:2], [{}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}]),
    "mean": (A, [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": ()}]),
    "min": (M[:2], [{}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}]),
    "moveaxis": (M, [{"source": 0, "destination": -1}, {"source": (0, 1), "destination": (1, 0)}]),
    "permute_dims": (M, [{"axes": (1, 0)}, {"axes": (2, 0, 1)}]),
    "prod": (A, [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"dtype": "float64"}]),
    "repeat": (M, [{"repeats": 2}, {"repeats": 2, "axis": 0}, {"repeats": 0, "axis": -1}]),
    "reshape": (
        M,
        [{"shape": (-1,)}, {"shape": (3, -1)}, {"shape": (1, 6)}, {"shape": (-1,), "copy": True}],
    ),
    "roll": (A, [{"shift": 1}, {"shift": -2, "axis": -1}, {"shift": (1, 2), "axis": (0, 1)}]),
    "sort": (
        M,
        [{}, {"axis": 0}, {"descending": True}, {"axis": 0, "descending": True, "stable": True}],
    ),
    "squeeze": (((1, 3), (2, 1)), [{"axis": 0}, {"axis": -1}, {"axis": 1}]),
    "std": (M[:2], [{}, {"axis": 0}, {"correction": 1.0}, {"axis": 1, "keepdims": True}]),
    "sum": (A, [{}, {"axis": 0}, {"axis": (0, -1)}, {"keepdims": True}, {"dtype": "float64"}]),
    "tile": (A, [{"repetitions": (2,)}, {"repetitions": (2, 1, 2)}, {"repetitions": (0,)}]),
    "tril": (M, [{}, {"k": 1}, {"k": -1}]),
    "triu": (M, [{}, {"k": 1}, {"k": -1}]),
    "unstack": (M, [{}, {"axis": 1}, {"axis": -1}]),
    "var": (M[:2], [{}, {"axis": 0}, {"correction": 1.0}, {"axis": 1, "keepdims": True}]),
    "zeros_like": (A, [{}, {"dtype": "int8"}]),
    "ones_like": (A, [{}, {"dtype": "complex64"}]),
    "full_like": (A, [{"fill_value": 1}, {"fill_value": 1, "dtype": "float32"}]),
    "broadcast_to": (((3,), (1, 3), ()), [{"shape": (2, 3)}, {"shape": (0, 3)}]),
    "nonzero": (((2, 3), (3,), (0,)), [{}]),
    "unique_all": (A, [{}]),
    "unique_counts": (A, [{}]),
    "unique_inverse": (A, [{}]),
    "unique_values": (A, [{}]),
    "asarray": (A, [{}, {"copy": True}, {"dtype": "float64"}, {"device": None}]),
    "empty_like": (A, [{}, {"dtype": "int8"}]),
}
POSITIONAL = ("shape", "axes", "repeats", "shift", "source", "destination", "repetitions",
              "fill_value")  # fmt: skip
# Of these, only the shape and the dtype are known.
UNFILLED = {"empty_like"}
VALUE_DEPENDENT = {"nonzero", "unique_all", "unique_counts", "unique_inverse", "unique_values"}


def one_array_call(name, options):
    """A call of a function as the standard writes it: some arguments by position only."""

    def call(xp, x):
        given = {k: getattr(xp, v) if k == "dtype" else v for k, v in options.items()}
        first = [given.pop(k) for k in POSITIONAL if k in given]
        result = getattr(xp, name)(x, *first, **given)
        if name in UNFILLED:
            return xp.zeros_like(result)
        if name == "unique_values":  # in any order
            return result.size, xp.sum(result)
        return list(result) if isinstance(result, tuple) else result

    return call


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_array(name):
    shapes, variants = ONE[name]
    checks = [
        Check(f"{name}({options}) {d}{list(s)}", one_array_call(name, options), (data(d, s),))
        for d in DTYPES
        for s in shapes
        for options in variants
    ]
    modes = MODES[:2] if name in VALUE_DEPENDENT else MODES
    verify(checks, EXCUSED, modes)


PLACES = np.array([2, 0, 1, 2])
GRID = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0]])
TWO = {  # function -> shapes of its arrays -> calls
    "broadcast_arrays": ([((3,), (2, 1)), ((), (2,))], lambda xp, x, y: xp.broadcast_arrays(x, y)),
    "concat": ([((2, 3), (1, 3)), ((0, 3), (2, 3))], lambda xp, x, y: xp.concat([x, y])),
    "concat-axis": ([((2, 3), (2, 1))], lambda xp, x, y: xp.concat((x, y), axis=-1)),
    "concat-flat": ([((2, 3), (2,))], lambda xp, x, y: xp.concat((x, y), axis=None)),
    "diff": ([((2, 3), (2, 1))], lambda xp, x, y: xp.diff(x, prepend=y, append=y)),
    "matmul": (
        [((2, 3), (3, 2)), ((3,), (3,)), ((4, 2, 3), (3,)), ((3,), (2, 3, 1)), ((2, 0), (0, 3))],
        lambda xp, x, y: xp.matmul(x, y),
    ),
    "meshgrid": ([((2,), (3,)), ((), (2,))], lambda xp, x, y: xp.meshgrid(x, y)),
    "meshgrid-ij": ([((2,), (3,))], lambda xp, x, y: xp.meshgrid(x, y, indexing="ij")),
    "stack": ([((2, 3), (2, 3)), ((), ())], lambda xp, x, y: xp.stack([x, y])),
    "stack-axis": ([((2, 3), (2, 3)), ((), ())], lambda xp, x, y: xp.stack((x, y), axis=-1)),
    "tensordot": ([((2, 3), (3, 2)), ((3,), (3,))], lambda xp, x, y: xp.tensordot(x, y, axes=1)),
    "tensordot-pairs": (
        [((2, 3, 4), (4, 2))],
        lambda xp, x, y: xp.tensordot(x, y, axes=((0, 2), (1, 0))),
    ),
    "tensordot-none": ([((2,), (3,))], lambda xp, x, y: xp.tensordot(x, y, axes=0)),
    "vecdot": ([((2, 3), (3,)), ((3,), (3,))], lambda xp, x, y: xp.vecdot(x, y)),
    "vecdot-axis": ([((3, 2), (3, 1))], lambda xp, x, y: xp.vecdot(x, y, axis=-2)),
    "where": (
        [((2, 3), (3,)), ((), (2,))],
        lambda xp, x, y: xp.where(xp.astype(x, xp.bool), x, y),
    ),
    "searchsorted": (
        [((5,), (3,)), ((5,), (2, 2)), ((0,), (2,))],
        lambda xp, x, y: [xp.searchsorted(xp.sort(x), y, side=s) for s in ("left", "right")],
    ),
    "searchsorted-sorter": (
        [((5,), (3,))],
        lambda xp, x, y: xp.searchsorted(x, y, sorter=xp.argsort(x)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arrays(name):
    shapes, call = TWO[name]
    pairs = [(d, d) for d in DTYPES] + [("f4", "f8"), ("i1", "i4"), ("u1", "i2"), ("f4", "c16")]
    checks = [
        Check(f"{name} {d} {e} {s} {t}", call, (data(d, s), data(e, t, 1)))
        for d, e in pairs
        for s, t in shapes
    ]
    verify(checks, EXCUSED)


def like(xp, x):
    """The dtypes of the kind of an array's."""
    kinds = ("bool", "integral", "real floating", "complex floating")
    (kind,) = [k for k in kinds if xp.isdtype(x.dtype, k)]
    names = ("bool", "int8", "int64", "uint8", "float32", "float64", "complex64", "complex128")
    return [d for d in (getattr(xp, n) for n in names) if xp.isdtype(d, kind)]


WITH_PLACES = {
    "take": lambda xp, x: xp.take(x, xp.asarray(PLACES), axis=0),
    "take-empty": lambda xp, x: xp.take(x, xp.asarray(PLACES[:0]), axis=0),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, xp.asarray(GRID), axis=1),
    "repeat-array": lambda xp, x: xp.repeat(x, xp.asarray([1, 0, 2]), axis=0),
    "reshape-view": lambda xp, x: xp.reshape(xp.permute_dims(x, (1, 0)), (-1,)),
    "astype": lambda xp, x: [xp.astype(x, d) for d in (xp.float64, xp.complex64)],
    "astype-same": lambda xp, x: xp.astype(x, x.dtype, copy=False),
    "from_dlpack": lambda xp, x: xp.from_dlpack(x),
    "isdtype": lambda xp, x: [
        xp.isdtype(x.dtype, kind)
        for kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating",
                     "complex floating", "numeric", xp.float32, ("bool", xp.int8))
    ],
    "finfo": lambda xp, x: [
        float(getattr(xp.finfo(y), name)) for y in (x.dtype, x)
        for name in ("eps", "max", "min", "smallest_normal", "bits")
    ],
    "finfo-dtype": lambda xp, x: xp.finfo(x).dtype == xp.abs(x).dtype,
    "iinfo": lambda xp, x: [
        getattr(xp.iinfo(y), name) for y in (x.dtype, x) for name in ("bits", "max", "min")
    ],
    "result_type": lambda xp, x: [
        str(d).split(".")[-1]
        for d in (xp.result_type(x, xp.int8), xp.result_type(x, x.dtype), xp.result_type(x, 1))
    ],
    "can_cast": lambda xp, x: [xp.can_cast(y, d) for y in (x, x.dtype) for d in like(xp, x)],
    "broadcast_shapes": lambda xp, x: list(np.broadcast_shapes(x.shape, (1, 1))),
    "attributes": lambda xp, x: [
        x.ndim, x.size, *x.shape, x.device == xp.asarray(0).device, x.T, x.mT,
        x.to_device(x.device),
    ],
    "index": lambda xp, x: [
        x[0, 1], x[..., 0], x[1:, ::-1], x[None, 0, ...], x[-1, ...], x[:, None, :], x[...],
    ],
    "index-mask": lambda xp, x: x[xp.asarray([True, False, True])],
    "index-places": lambda xp, x: x[xp.asarray(PLACES), xp.asarray([0, 1, 0, 1])],
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_PLACES)
def test_functions_with_other_arguments(name):
    call = WITH_PLACES[name]
    verify([Check(f"{name} {d}", call, (data(d, (3, 2)),)) for d in DTYPES], EXCUSED)


def assigned(key, value):
    def call(xp, x):
        new = xp.asarray(x, copy=True)
        new[key(xp)] = value(xp, x)
        return new

    return call


ASSIGNED = {
    "number": assigned(lambda xp: (0, 1), lambda xp, x: 1),
    "row": assigned(lambda xp: (1, ...), lambda xp, x: x[0, ...]),
    "part": assigned(lambda xp: (slice(None, None, 2), -1), lambda xp, x: x[0, 0]),
    "all": assigned(lambda xp: ..., lambda xp, x: x[::-1, ...]),
    "mask": assigned(lambda xp: xp.asarray([True, False, True]), lambda xp, x: 1),
}


@pytest.mark.parametrize("name", ASSIGNED)
def test_assignment(name):
    checks = [Check(f"x[{name}] {d}", ASSIGNED[name], (data(d, (3, 2)),)) for d in DTYPES]
    verify(checks, EXCUSED)


DTYPE_NAMES = ("bool", "int8", "uint16", "int64", "float32", "float64", "complex64", "complex128")


def made(name, *args, **options):
    def call(xp):
        given = {k: getattr(xp, v) if k == "dtype" else v for k, v in options.items()}
        result = getattr(xp, name)(*args, **given)
        return xp.zeros_like(result) if name == "empty" else result

    return Check(f"{name}({args}, {options})", call, ())


CREATION = {
    "arange": [made("arange", *a, **o) for a in [(3,), (1, 4), (5, 0, -2), (0.0, 1.0, 0.3), (3, 1)]
               for o in [{}, {"dtype": "float32"}, {"dtype": "int8"}]],
    "empty": [made("empty", s, **o) for s in [3, (2, 3), (), (0, 2)]
              for o in [{}, {"dtype": "int8"}]],
    "eye": [made("eye", *a, **o) for a in [(3,), (2, 4), (0,)]
            for o in [{}, {"k": 1}, {"k": -1}, {"dtype": "int8"}]],
    "full": [made("full", s, v, **o) for s in [3, (2, 3), (), (0,)] for v in [1, 2.5, True, 1j]
             for o in [{}, {"dtype": "complex128"}]],
    "linspace": [made("linspace", *a, **o)
                 for a in [(0, 1, 5), (2.0, -1.0, 4), (0, 1j, 3), (0, 1, 1), (0, 1, 0)]
                 for o in [{}, {"endpoint": False}, {"dtype": "complex64"}, {"dtype": "float32"}]],
    "ones": [made("ones", s, dtype=d) for s in [3, (2, 0), ()] for d in DTYPE_NAMES],
    "zeros": [made("zeros", s, dtype=d) for s in [3, (2, 0), ()] for d in DTYPE_NAMES],
    "asarray": [made("asarray", v, **o)
                for v in [1, 2.5, True, 1j, [1, 2], [[1.0, 2.0]], [], [True]]
                for o in [{}, {"dtype": "complex64"}, {"copy": True}]],
    "device": [made(n, 3, device=None) for n in ("zeros", "ones", "empty", "eye", "arange")],
}  # fmt: skip


@pytest.mark.parametrize("name", CREATION)
def test_creation(name):
    verify(CREATION[name], EXCUSED)


def test_every_function_of_the_standard_has_checks():
    listed = {*UNARY, *BINARY, *ONE, *CREATION, *[n.split("-")[0] for n in [*TWO, *WITH_PLACES]]}
    listed |= {"clip", "__array_namespace_info__"}
    flags = {
        n
        for n in strict.__all__
        if "array_api_strict" in n or n in ("Device", "ArrayAPIStrictFlags")
    }
    names = {n for n in strict.__all__ if callable(getattr(strict, n))} - flags
    types = {n for n in names if isinstance(getattr(strict, n), strict._dtypes.DType)}
    assert names - types - listed <= {"isin"}  # of the version after
