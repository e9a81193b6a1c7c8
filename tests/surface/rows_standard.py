"""Rows for what `autodiff.numpy` takes beyond NumPy's own functions, and for copies and views."""

from __future__ import annotations

import numpy as np

import autodiff.numpy as adnp
from tests.primitives.spec import distinct
from tests.surface.row import Row

X = distinct((2, 3))


def _descending(x):
    return np.flip(np.sort(x, axis=-1), -1)


ROWS = [
    Row("autodiff.numpy.sort", lambda x: adnp.sort(x, descending=True), (X,), plain=_descending),
    Row(
        "autodiff.numpy.argsort",
        lambda x: adnp.argsort(x, axis=0, descending=True, stable=True),
        (X,),
        plain=lambda x: np.argsort(-x, axis=0, stable=True),
        smooth=False,
    ),
    Row("autodiff.numpy.from_dlpack", adnp.from_dlpack, (X,), plain=np.copy),
]
