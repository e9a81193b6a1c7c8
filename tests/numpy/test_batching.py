"""`vmap` of every call in the tables of this folder is a loop over the calls."""

import warnings

import numpy as np
import pytest

import autodiff as ad
from tests.numpy import (
    test_creation,
    test_elementwise_functions,
    test_idioms,
    test_products,
    test_reductions,
    test_shapes,
    test_ufuncs,
)
from tests.numpy.calls import assert_same, outputs, sample

SIZE = 3
NEED_VALUES = {
    "where-one",
    "real_if_close",
    "branching",
    "branching-other",
    "by mask",
    "print",
    "in",
    "integer of array",
}


def rows():
    """Name, function and operand shapes of every call."""
    yield from ((f"reductions {n}", f, (2, 3)) for n, f in test_reductions.ALL.items())
    yield from ((f"shapes {n}", f, (2, 3, 4)) for n, f in test_shapes.ALL.items())
    yield from ((f"products {n}", *row) for n, row in test_products.PRODUCTS.items())
    yield from ((f"elementwise {n}", f, (2, 3)) for n, f in test_elementwise_functions.ALL.items())
    yield from ((f"creation {n}", f, (2, 3)) for n, f in test_creation.CALLS.items())
    yield from ((f"idioms {n}", f, (3,)) for n, f in test_idioms.VECTOR.items())
    yield from ((f"idioms {n}", f, (3, 3)) for n, f in test_idioms.MATRIX.items())
    yield from ((f"einsum {s}", _einsum(s), *shapes) for s, shapes in test_products.EINSUMS.items())
    yield from ((f"ufuncs {u.__name__}", u, *[(2, 3)] * u.nin) for u in test_ufuncs.UFUNCS)


def _einsum(spec):
    return lambda *xs: np.einsum(spec, *xs)


ROWS = {name: row for name, *row in rows() if name.split(" ", 1)[1] not in NEED_VALUES}


@pytest.mark.parametrize("name", ROWS)
def test_vmap_is_a_loop(name):
    f, *shapes = ROWS[name]
    batches = [
        [sample(s, seed=i + 10 * b) + 0.03 for i, s in enumerate(shapes)] for b in range(SIZE)
    ]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = [outputs(f, *[np.array(a) for a in arrays]) for arrays in batches]
        except (TypeError, ValueError, IndexError):
            return  # it fails without vmap, too, as the tests of the table check
        stacked = [np.stack(arrays) for arrays in zip(*batches, strict=True)]
        found = ad.vmap(lambda *xs: outputs(f, *xs))(*stacked)
    for got, *want in zip(found, *expected, strict=True):
        assert_same(got, np.stack(want))
