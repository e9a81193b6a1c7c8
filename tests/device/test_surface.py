"""Every row of the surface table on a device: compiled, with NumPy's values."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.device.missing import runs
from tests.device.transfer import agree, on_device
from tests.surface.table import ROWS
from tests.surface.test_laws import flat, quiet

every_row = pytest.mark.parametrize("row", [row for row in ROWS if runs(row)], ids=str)


@every_row
def test_results_on_a_device(xp, row):
    xs = row.make()
    with quiet():
        expected = [np.asarray(y) for y in flat((row.plain or row.call)(*[x.copy() for x in xs]))]
        found = flat(ad.jit(row.call)(*on_device(xp, xs)))
    agree(xp, found, expected)
