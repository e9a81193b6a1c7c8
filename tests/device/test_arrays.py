"""Which library an array belongs to; that the stand-in is as strict as it says; what CuPy has."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autodiff.arrays import (
    is_array,
    is_device_array,
    is_device_class,
    namespace,
    on_device,
    to_host,
)
from tests.device import record_api
from tests.device.fakecupy import API, Counter, library, ndarray

VECTOR = np.arange(3.0)


def test_classes(xp):
    x = xp.asarray(VECTOR)
    assert is_device_class(xp.ndarray)
    assert is_device_array(x)
    assert is_array(x)
    for other in (VECTOR, np.float64(1), 1.0, [x], None):
        assert not is_device_array(other)


def test_namespace(xp):
    x = xp.asarray(VECTOR)
    assert namespace([]) is np
    assert namespace([VECTOR, 1.0]) is np
    assert namespace([1.0, np.float32(2), x]) is xp


def test_namespace_of_a_mixture(xp):
    x = xp.asarray(VECTOR)
    for values in ([x, np.ones((2, 3), bool)], [np.ones((2, 3), bool), x]):
        with pytest.raises(TypeError, match=r"bool\[2, 3\].*float64\[3\].*cupy\.asarray"):
            namespace(values)


def test_moving(xp):
    x = on_device(xp, np.float32(2))
    assert isinstance(x, xp.ndarray)
    assert x.dtype == np.float32
    assert on_device(xp, x) is x
    assert to_host(x) == 2
    assert to_host(VECTOR) is VECTOR


# ---- the stand-in

x = library.asarray(np.arange(6.0).reshape(2, 3))

REFUSED = {
    "ufunc of numpy": lambda: np.exp(x),
    "function of numpy": lambda: np.concatenate([x, x]),
    "implicit conversion": lambda: np.asarray(x),
    "operand on the host": lambda: x + np.ones(3),
    "operand on the host, first": lambda: np.ones(3) + x,
    "condition on the host": lambda: library.where(np.ones(3, bool), x, x),
    "ufunc of scalars": lambda: library.exp(np.float64(1)),
    "function of scalars": lambda: library.sum(np.float64(1)),
    "a scalar to concatenate": lambda: library.concatenate([x, 1.0]),
    "range": lambda: library.moveaxis(x, range(1), range(1, 2)),
    "keyword": lambda: x.sum(initial=1),
    "dtype": lambda: library.floor(x.astype(complex)),
    "dtype of at": lambda: library.add.at(x.astype(complex), library.asarray([0]), 1.0),
    "index": lambda: [1, 2][library.asarray(1)],
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_the_stand_in_refuses(attempt):
    with pytest.raises(TypeError):
        attempt()


@pytest.mark.parametrize("name", ["geomspace", "spacing", "insert", "errstate"])
def test_the_stand_in_lacks_what_cupy_lacks(name):
    with pytest.raises(AttributeError, match=name):
        getattr(library, name)


def test_elements_are_views_and_reductions_arrays():
    y = library.array(x)
    element = y[1, 2]
    element += 10
    assert float(y[1, 2]) == 15
    assert isinstance(y.sum(), ndarray)


def test_indices_wrap_around_and_the_first_write_stays():
    y = library.asarray(np.arange(3.0))
    assert y[library.asarray([4])].tolist() == [1.0]
    assert y.take(library.asarray([4])).tolist() == [1.0]
    y[library.asarray([0, 0])] = library.asarray([7.0, 8.0])
    assert y.tolist() == [7.0, 1.0, 2.0]


def test_memory_is_not_zero():
    assert np.isnan(library.empty((2,)).get()).all()


def test_syncs_are_counted():
    before = Counter.syncs
    for ask in (float, bool, int, repr, lambda x: x.item(), lambda x: x.get()):
        ask(x[0, 0])
    x[x > 1]
    assert Counter.syncs == before + 7


def test_the_record_is_that_of_the_installed_cupy():
    cupy = pytest.importorskip("cupy", reason="needs CuPy, but no GPU")
    if cupy.__version__ != API["version"]:
        pytest.skip(f"the record is of CuPy {API['version']}")
    assert json.loads(json.dumps(record_api.record(cupy))) == API
