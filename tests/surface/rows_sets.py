"""Rows for arrays as sets, and for sorting complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.primitives.spec import complex_uniform, distinct, integers, uniform
from tests.surface.row import Row

X, Y = distinct((6,)), distinct((2, 3))
W = uniform(5, 9, (2, 2))
NUMBERS, OTHERS = integers(0, 4, (6,)), integers(2, 6, (5,))
NO_JIT = dict.fromkeys(("jit", "emit", "vmap"), "how long its result is depends on values")


def repeated(rng: np.random.Generator) -> Any:
    """Numbers some of which occur twice."""
    x = X(rng)
    return np.concatenate([x, x[:2]])


def call(name: str, *inputs: Any, id: str = "", **options: Any) -> Row:
    smooth = inputs[0] not in (NUMBERS, repeated)  # what is pulled apart is no longer equal
    without = None if name == "isin" else NO_JIT
    return Row(
        f"numpy.{name}", lambda *xs: getattr(np, name)(*xs, **options), inputs, id=id,
        smooth=smooth, without=without,
    )  # fmt: skip


EVERYTHING: Any = {"return_index": True, "return_inverse": True, "return_counts": True}


def sized(x: Any) -> Any:
    return ad.numpy.unique(x, size=8, fill_value=0, **EVERYTHING)


def padded(x: Any) -> Any:
    """What `sized` gives, from what NumPy gives."""
    values, index, inverse, counts = np.unique(x, **EVERYTHING)
    missing = 8 - len(values)
    return (
        np.pad(values, (0, missing)),
        np.pad(index, (0, missing), constant_values=index[0]),
        inverse,
        np.pad(counts, (0, missing)),
    )


ROWS = [
    call("unique", X),
    call("unique", repeated, id="repeated"),
    call("unique", NUMBERS, id="everything", **EVERYTHING),
    call("unique", Y, id="rows", axis=0),
    Row("autodiff.numpy.unique", sized, (X,), plain=padded, id="size"),
    Row("autodiff.numpy.unique", sized, (repeated,), plain=padded, smooth=False, id="size-equal"),
    Row(
        "autodiff.numpy.unique",
        lambda x: ad.numpy.unique(x, axis=1, size=3),
        (Y,),
        plain=lambda x: np.unique(x, axis=1),
        id="size-columns",
    ),
    call("unique_all", X),
    call("unique_counts", repeated),
    call("unique_inverse", Y),
    call("unique_values", NUMBERS),
    call("isin", NUMBERS, OTHERS),
    call("isin", NUMBERS, OTHERS, id="invert", invert=True),
    call("union1d", NUMBERS, OTHERS),
    call("union1d", X, W, id="floats"),
    call("intersect1d", NUMBERS, OTHERS, return_indices=True),
    call("setdiff1d", NUMBERS, OTHERS),
    call("setdiff1d", X, OTHERS, id="floats"),
    call("setxor1d", NUMBERS, OTHERS),
    call("setxor1d", X, OTHERS, id="floats"),
    Row("numpy.sort_complex", np.sort_complex, (complex_uniform(-1, 1, (4,)),)),
    Row("numpy.sort_complex", np.sort_complex, (X,), id="real"),
]
