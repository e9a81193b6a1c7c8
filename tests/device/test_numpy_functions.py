"""The NumPy surface on a device: what NumPy's functions record runs there, with NumPy's results."""

import warnings

import numpy as np
import pytest

import autodiff as ad
from tests.device.transfer import agree, on_device
from tests.numpy.calls import outputs, sample
from tests.numpy.test_batching import ROWS

MISSING = {"ufuncs spacing"}  # CuPy has no such function


@pytest.mark.parametrize("name", [name for name in ROWS if name not in MISSING])
def test_results_on_a_device(xp, name):
    f, *shapes = ROWS[name]
    arrays = [sample(s, seed=i) + 0.03 for i, s in enumerate(shapes)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = outputs(f, *[np.array(a) for a in arrays])
        except (TypeError, ValueError, IndexError):
            return
        found = ad.jit(lambda *xs: outputs(f, *xs))(*on_device(xp, arrays))
    agree(xp, list(found), [np.asarray(e) for e in expected])
