"""Calls that have no meaning on traced arrays: the error names the line and says what to write."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.numpy.calls import sample

X = sample((3, 4)) + 1
MASKED = np.ma.ones((3, 4))
OBJECTS = np.array([1, None, 2, "x"], dtype=object)
RECORD = np.dtype([("a", float)])
PLUS_ONE = np.frompyfunc(lambda v: v + 1, 1, 1)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    MATRIX = np.matrix([[1.0, 2.0, 3.0, 4.0]])

# What the error says of the call (its beginning), and the alternative (a part of it).
BYTES = {
    "np.fromstring": (lambda x: np.fromstring(x, sep=" "), "read the data before"),
    "np.frombuffer": (lambda x: np.frombuffer(x), "x.astype(dtype)"),
    "np.ndarray.view": (lambda x: x.view("i8"), "x.astype(dtype)"),
    "np.lib.stride_tricks.as_strided": (
        lambda x: np.lib.stride_tricks.as_strided(x, (2,)), "sliding_window_view",
    ),
    "np.nditer": (lambda x: list(np.nditer(x)), "np.ndenumerate"),
    "np.save ": (lambda x: np.save("nowhere", x), "return the value"),
    "np.savez ": (lambda x: np.savez("nowhere", x), "return the value"),
    "np.savetxt ": (lambda x: np.savetxt("nowhere", x), "return the value"),
}  # fmt: skip
NOT_NUMERIC = {
    "object": (lambda x: x.astype(object), "numeric dtype"),
    "object-array": (lambda x: np.array(x, dtype=object), "numeric dtype"),
    "object-list": (lambda x: np.array([x[0, 0], None], dtype=object), "numeric dtype"),
    "object-operand": (lambda x: x * OBJECTS, "numeric dtype"),
    "object-sum": (lambda x: np.sum(x, dtype=object), "numeric dtype"),
    "str": (lambda x: x + "a", "number"),
    "NoneType": (lambda x: x * None, "number"),
    "<U": (lambda x: x.astype(str), "numeric dtype"),
    "datetime64": (lambda x: np.datetime64("2020") + x, "numeric dtype"),
    "('a', '<f8')": (lambda x: x.astype(RECORD), "numeric dtype"),
    "isnat": (lambda x: np.isnat(x), "ad.value_of"),
    "numpy.busday_count": (lambda x: np.busday_count(x, x), "ad.value_of"),
}
FUNCTIONS = {
    "<lambda> (vectorized)": (lambda x: PLUS_ONE(x), "ad.vmap"),
    "np.vectorize(signature=": (
        lambda x: np.vectorize(np.sum, signature="(n)->()")(x), "ad.vmap",
    ),
    "np.fromiter": (lambda x: np.fromiter((2 * v for v in x[0]), float), "Write instead"),
}  # fmt: skip
SUBCLASSES = {
    "np.asmatrix": (lambda x: np.asmatrix(x), "x @ y"),
    "np.matrix": (lambda x: np.matrix(x), "x @ y"),
    "np.matrix-product": (lambda x: MATRIX * x.T, "x @ y"),
    "matrix": (lambda x: np.add(x, MATRIX), "x @ y"),
    "numpy.matrix": (lambda x: x.view(np.matrix), "x @ y"),
    "np.bmat": (lambda x: np.bmat([[x, x]]), "np.block"),
    "np.ma.MaskedArray": (lambda x: np.ma.array(x, mask=x > 2), "np.where"),
    "np.ma.MaskedArray-mean": (lambda x: np.ma.mean(x), "np.where"),
    "np.ma.masked_where": (lambda x: np.ma.masked_where(x > 2, x), "np.where"),
    "np.ma.where": (lambda x: np.ma.where(x > 2, x, 0), "np.where"),
    "MaskedArray": (lambda x: x + MASKED, "np.where"),
    "MaskedArray-first": (lambda x: MASKED + x, "np.where"),
    "MaskedArray-invalid": (lambda x: np.ma.masked_invalid(x), "np.where"),
    "recarray": (lambda x: x.view(np.recarray), "dict of arrays"),
}

# Under `jit` and `vmap`, where a length is part of the type.
DEPENDING_ON_VALUES: dict[str, tuple[Any, str]] = {
    "np.unique": (lambda x: np.unique(x), "ad.numpy.unique(x, size=n)"),
    "np.unique_all": (lambda x: np.unique_all(x), "size=n"),
    "np.unique_counts": (lambda x: np.unique_counts(x), "size=n"),
    "np.unique_inverse": (lambda x: np.unique_inverse(x), "size=n"),
    "np.unique_values": (lambda x: np.unique_values(x), "size=n"),
    "np.union1d": (lambda x: np.union1d(x, x), "size=n"),
    "np.intersect1d": (lambda x: np.intersect1d(x, x), "np.isin"),
    "np.setdiff1d": (lambda x: np.setdiff1d(x, x), "np.isin"),
    "np.setxor1d": (lambda x: np.setxor1d(x, x), "np.isin"),
    "np.nonzero": (lambda x: np.nonzero(x), "np.where(condition"),
    "a traced mask as an index": (lambda x: x[x > 2], "np.where(mask, x, 0)"),
    "np.bincount": (lambda x: np.bincount(x[0].astype(int)), "length=n"),
    "np.roots": (lambda x: np.roots(x[0]), "strip_zeros=False"),
    "np.polymul": (lambda x: np.polymul(x[0], x[1]), "np.convolve"),
    "np.polydiv": (lambda x: np.polydiv(x[0], x[1]), "np.linalg.solve"),
    "np.trim_zeros": (lambda x: np.poly1d(x[0])(2.0), "np.polyval"),
    "np.histogram": (lambda x: np.histogram(x, "auto"), "number of bins"),
    "np.emath.sqrt": (lambda x: np.emath.sqrt(x), "x.astype(complex)"),
    "the truth of a traced value": (lambda x: 1 if x[0, 0] > 0 else 2, "np.where"),
}

ANYWHERE: dict[str, tuple[Any, str]] = BYTES | NOT_NUMERIC | FUNCTIONS | SUBCLASSES


def check_refused(way: Any, name: str, call: Any, instead: str, expected: type[Exception]) -> None:
    """The error names the call, the line in this file, and the alternative."""
    with pytest.raises(expected) as found:
        way(lambda x: np.sum(x) + 0 * len([call(x)]))(X)
    text = "\n".join([str(found.value), *getattr(found.value, "__notes__", [])])
    assert re.search(r"\n  at test_impossible\.py:\d+", text), text
    assert "Write instead" in text, text
    for said in (name.split("-")[0], instead):
        assert said in text, text


@pytest.mark.parametrize("way", [ad.jit, ad.grad])
@pytest.mark.parametrize("name", ANYWHERE)
def test_what_makes_no_sense(name, way):
    call, instead = ANYWHERE[name]
    check_refused(way, name, call, instead, TypeError)


@pytest.mark.parametrize("way", [ad.jit, lambda f: lambda x: ad.vmap(f)(x[None])])
@pytest.mark.parametrize("name", DEPENDING_ON_VALUES)
def test_what_depends_on_values(name, way):
    call, instead = DEPENDING_ON_VALUES[name]
    check_refused(way, name, call, instead, ad.errors.NoValueError)


@pytest.mark.parametrize("name", DEPENDING_ON_VALUES)
def test_what_depends_on_values_works_where_there_are_some(name):
    call, _ = DEPENDING_ON_VALUES[name]
    gradient = ad.grad(lambda x: np.sum(x) + 0 * len([call(x)]))(X)
    np.testing.assert_array_equal(gradient, 1)


def test_a_view_as_a_plain_array_is_one():
    gradient = ad.grad(lambda x: np.sum(x.view(np.ndarray) ** 2 + x.view(type=np.ndarray)))(X)
    np.testing.assert_allclose(gradient, 2 * X + 1)


def test_classes_are_themselves_again_after_a_trace():
    before = vars(np.matrix)["__new__"], vars(np.ma.MaskedArray)["__new__"]
    ad.jit(lambda x: np.asarray(x) + np.ma.ones(4).sum())(X)
    assert before == (vars(np.matrix)["__new__"], vars(np.ma.MaskedArray)["__new__"])
    assert np.ma.array([1.0, 2.0], mask=[True, False]).sum() == 2
