"""Rows for counting: bincount and histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.primitives.spec import Maker, distinct, integers, uniform
from tests.surface.row import Row

X, W, PLACES = distinct((6,)), uniform(0.5, 1, (6,)), integers(0, 4, (6,))
EDGES = np.array([-2.0, -0.5, 0.1, 3.0])
OF_VALUES = dict.fromkeys(("jit", "emit", "vmap"), "how long its result is depends on values")


def moved(rng: np.random.Generator) -> Any:
    """Edges of bins, none of which is near an element of X."""
    return EDGES + rng.uniform(-0.01, 0.01, 4)


def call(name: str, *inputs: Maker, id: str = "", wrt: Any = None, **options: Any) -> Row:
    return Row(
        f"numpy.{name}", lambda *xs: getattr(np, name)(*xs, **options), inputs, id=id, wrt=wrt
    )


def flat(result: Any) -> list[Any]:
    """The histogram and the edges along each axis, in one list."""
    hist, edges = result
    return [hist, *edges]


ROWS = [
    Row("numpy.bincount", np.bincount, (PLACES,), smooth=False, without=OF_VALUES),
    Row(
        "numpy.bincount",
        lambda w: np.bincount(np.array([0, 2, 2, 5, 0, 1]), w, minlength=8),
        (W,),
        id="weights",
    ),
    Row(
        "autodiff.numpy.bincount",
        lambda x, w: ad.numpy.bincount(x, w, length=5),
        (PLACES, W),
        plain=lambda x, w: np.bincount(x, w, 5),
        id="length",
    ),
    call("histogram", X, id="counts"),
    call("histogram", X, id="range", bins=3, range=(-1.0, 1.0)),
    call("histogram", PLACES, id="integers", bins=3),
    Row(
        "numpy.histogram",
        lambda x, w: np.histogram(x, EDGES, weights=w),
        (X, W),
        wrt=(1,),
        id="weights",
    ),
    Row(
        "numpy.histogram",
        lambda x, e, w: np.histogram(x, e, weights=w, density=True),
        (X, moved, W),
        wrt=(1, 2),
        id="density-traced-edges",
    ),
    call("histogram_bin_edges", X, bins=4),
    call("histogram_bin_edges", X, id="range", bins=4, range=(0, 2)),
    Row(
        "numpy.histogram",
        lambda x: np.histogram(x, "auto"),
        (X,),
        without=OF_VALUES,
        id="auto",
    ),
    Row(
        "numpy.histogram2d",
        lambda x, y, w: np.histogram2d(x, y, [2, EDGES], weights=w),
        (X, X, W),
    ),
    Row(
        "numpy.histogramdd",
        lambda x, w: flat(np.histogramdd(x, 2, weights=w, density=True)),
        (distinct((6, 2)), W),
    ),
    Row(
        "numpy.histogramdd",
        lambda x, y: flat(np.histogramdd([x, y], (2, 3), range=((-1, 1), None))),
        (X, X),
        id="columns",
    ),
]
