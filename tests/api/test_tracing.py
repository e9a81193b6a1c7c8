import numpy as np
import pytest

import autodiff as ad
from autodiff.errors import NoValueError

# ---- eval_types


def test_types_of_results_without_computing_them():
    def f(x, y, n, *, label):
        assert not x.shape or ad.is_traced(x)
        return {"z": x @ y, "sums": [np.sum(x)] * n, "label": label, "none": None, "one": 1.0}

    types = ad.eval_types(f)(np.ones((2, 3)), ad.ArrayType((3,), np.float32), 2, label="a")
    scalar = ad.ArrayType((), float)
    assert types == {
        "z": ad.ArrayType((2,), float),
        "sums": [scalar, scalar],
        "label": "a",
        "none": None,
        "one": scalar,
    }


def test_numbers_promote_as_in_numpy():
    x = ad.ArrayType((2,), np.float32)
    assert ad.eval_types(lambda t, x: t * x)(2.0, x) is x
    assert ad.eval_types(lambda t, x: t * x)(np.float64(2), x) is x.with_dtype(float)
    assert ad.eval_types(lambda n: np.zeros(n, bool))(3) is ad.ArrayType((3,), bool)


def test_nothing_large_is_made():
    big = ad.ArrayType((10**6, 10**6), float)
    assert ad.eval_types(lambda x: np.sum(np.exp(x @ x), axis=0))(big).shape == (10**6,)


def test_asking_for_a_value_raises():
    def f(x):
        return x if x > 0 else -x

    with pytest.raises(NoValueError, match=r"`x`, which has no value while f \(under eval_types\)"):
        ad.eval_types(f)(1.0)
