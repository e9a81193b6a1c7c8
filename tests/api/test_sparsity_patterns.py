import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad

pytest.importorskip("scipy")


def test_the_picture():
    found = ad.sparsity(lambda x: x[1:] * x[0])(np.ones(3))
    assert str(found) == "2 x 3, 4 entries, 2 colours (forward)\n■ ■ ·\n■ · ■"
    assert repr(found) == "<sparsity: 2 x 3, 4 entries, 2 colours (forward)>"
    assert found.shape == (2, 3)
    assert found.matrix.dtype == bool


def test_the_picture_of_a_large_matrix_fits_the_page():
    lines = str(ad.sparsity(np.gradient)(np.ones(200))).splitlines()[1:]
    assert len(lines) == 40
    marks = np.array([[c == "■" for c in line.split()] for line in lines])
    assert_array_equal(marks, np.eye(40) + np.eye(40, k=1) + np.eye(40, k=-1))
